# SPDX-License-Identifier: BSD-2-Clause
#
# make          build/hellogate
# make demo     install what is missing, build, and show it at work
# make test     every test that needs no virtual machine
# make vmtest   on other kernels, by both compilers (KERNEL=6.1, 6.12, newest)
# make bench    nanoseconds per packet, as ratios within one run
# make check    format, warnings, static analysis, both compilers
# make help     all of it

BUILD ?= build
CLANG ?= clang-14
ifeq ($(origin CC),default)
CC := gcc
endif
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
PREFIX ?= /usr/local
VERSION := $(shell cat VERSION)
REVISION := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-sign-compare
CFLAGS ?= -O2 -g
HG_CFLAGS := -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) -Iinclude -Iuser -I$(BUILD) -MMD -MP \
	-DHG_VERSION='"$(VERSION)"' -DHG_REVISION='"$(REVISION)"'
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Wno-unused-function -Wno-sign-compare \
	-Iinclude -I. -Ibpf -MMD -MP
LIBS := -lmicrohttpd -lbpf -lelf -lz -lpcap -lyaml -lssl -lcrypto -lidn2 -lpsl -lsmartcols -lmnl -lsystemd -ljansson -lncursesw -larchive

USER_C := $(filter-out user/read_path.c,$(wildcard user/*.c))
USER_O := $(USER_C:user/%.c=$(BUILD)/user/%.o) $(BUILD)/user/read_kernel_limits.o \
	$(BUILD)/user/read_wide.o $(BUILD)/user/page_data.o
LIB_O := $(filter-out $(BUILD)/user/main.o,$(USER_O))

.PHONY: all
all: $(BUILD)/hellogate

# ---- BPF ----

$(BUILD)/hellogate.bpf.o: bpf/hellogate.bpf.c | $(BUILD)/user
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BUILD)/hellogate.skel.h: $(BUILD)/hellogate.bpf.o
	$(BPFTOOL) gen skeleton $< name hellogate_bpf > $@.tmp
	mv $@.tmp $@

# ---- user space ----

$(BUILD)/user:
	mkdir -p $@

$(BUILD)/user/%.o: user/%.c $(BUILD)/hellogate.skel.h | $(BUILD)/user
	$(CC) $(HG_CFLAGS) -c $< -o $@

# The data path once more, over plain memory: with the kernel's bounds, and wide.
$(BUILD)/user/read_kernel_limits.o: user/read_path.c | $(BUILD)/user
	$(CC) $(HG_CFLAGS) -Ibpf -DHG_READ_PATH=hg_read_path_kernel_limits -c $< -o $@

$(BUILD)/user/read_wide.o: user/read_path.c | $(BUILD)/user
	$(CC) $(HG_CFLAGS) -Ibpf -DHG_WIDE -DHG_READ_PATH=hg_read_path_wide -c $< -o $@

# ---- the page ----

PAGE_FILES := $(wildcard user/page/*.js user/page/*.css user/page/*.html user/page/*.json user/page/*.txt) user/page/build

$(BUILD)/page/built: $(PAGE_FILES)
	user/page/build $(@D)

$(BUILD)/user/page_data.o: user/page_data.S $(BUILD)/page/built | $(BUILD)/user
	$(CC) -I$(BUILD)/page -c $< -o $@

.PHONY: page
page: ## build the page anew, as where npm was missing: then make
	rm -rf $(BUILD)/page
	$(MAKE) $(BUILD)/page/built

# ---- the binary ----

$(BUILD)/libhellogate.a: $(LIB_O)
	rm -f $@
	ar rcs $@ $^

$(BUILD)/hellogate: $(BUILD)/user/main.o $(BUILD)/libhellogate.a
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

-include $(wildcard $(BUILD)/*.d $(BUILD)/user/*.d $(BUILD)/tests/*/*.d)

# ---- tests ----

include tests/tests.mk

.PHONY: clean
clean:
	rm -rf $(BUILD)
