# SPDX-License-Identifier: BSD-2-Clause
#
# Included by tests/tests.mk.  One program per behaviour; each links statically,
# so that the same binary runs here and in the virtual machines.

KERNEL_TEST_C := $(filter-out %/harness.c %/talk.c,$(wildcard tests/kernel/*.c))
KERNEL_TESTS := $(KERNEL_TEST_C:tests/kernel/%.c=$(BUILD)/tests/kernel/%)
KERNEL_LIB := $(addprefix $(BUILD)/tests/,kernel/harness.o kernel/talk.o wire/frames.o wire/hellos.o wire/initials.o wire/tunnel.o)

$(BUILD)/tests/kernel:
	mkdir -p $@

$(BUILD)/tests/kernel/%.o: tests/kernel/%.c $(BUILD)/hellogate.skel.h | $(BUILD)/tests/kernel
	$(CC) $(HG_CFLAGS) -Itests/kernel -Itests/wire -c $< -o $@

$(KERNEL_TESTS): $(BUILD)/tests/kernel/%: $(BUILD)/tests/kernel/%.o $(KERNEL_LIB)
	$(CC) $(CFLAGS) -static $^ -lbpf -lelf -lz -o $@
