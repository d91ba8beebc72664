# SPDX-License-Identifier: BSD-2-Clause
#
# Included by tests/tests.mk.  Programs of libFuzzer under sanitizers, one a target;
# README.md says how they are run.  They link with everything of user space but main,
# built once more, in $(BUILD)/fuzz, where this file is read again.

FUZZ_BUILD := $(BUILD)/fuzz
FUZZ_FLAGS := -O2 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link \
	-fno-sanitize=alignment -fno-sanitize-recover=all
FUZZ_NAMES := hello hello_wide openssl stream flight policy lists config http_guard capture event
FUZZ_TARGETS := $(addprefix $(BUILD)/tests/fuzz/,$(FUZZ_NAMES))
FUZZ_LIB := $(addprefix $(BUILD)/tests/,fuzz/wire_mutator.o wire/frames.o wire/hellos.o) \
	$(BUILD)/libhellogate.a

$(BUILD)/tests/fuzz:
	mkdir -p $@

$(BUILD)/tests/fuzz/%.o: tests/fuzz/%.c $(BUILD)/hellogate.skel.h | $(BUILD)/tests/fuzz
	$(CC) $(HG_CFLAGS) -c $< -o $@

$(BUILD)/tests/fuzz/hello_wide.o: tests/fuzz/hello.c | $(BUILD)/tests/fuzz
	$(CC) $(HG_CFLAGS) -DHG_WIDE -c $< -o $@

$(FUZZ_TARGETS): %: %.o $(FUZZ_LIB)
	$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) $^ $(LIBS) -o $@

FUZZ_SEEDS := $(BUILD)/tests/fuzz/seeds

$(FUZZ_SEEDS): %: %.o $(addprefix $(BUILD)/tests/wire/,frames.o hellos.o) $(BUILD)/libhellogate.a
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

# Links statically, as tests/parity does.
FUZZ_KERNEL := $(BUILD)/tests/fuzz/kernel

$(FUZZ_KERNEL): %: %.o $(addprefix $(BUILD)/tests/,parity/pair.o parity/streams.o parity/datagrams.o \
		kernel/harness.o wire/frames.o wire/hellos.o wire/initials.o wire/tunnel.o) \
		$(BUILD)/user/read_kernel_limits.o $(BUILD)/user/native_bpf.o
	$(CC) $(CFLAGS) -static $^ -lbpf -lelf -lz -o $@

.PHONY: fuzz fuzz-kernel fuzz-programs fuzz-smoke fuzz-keep
fuzz-programs:
	+$(MAKE) BUILD=$(FUZZ_BUILD) CC=clang-14 CFLAGS='$(FUZZ_FLAGS)' \
		$(addprefix $(FUZZ_BUILD)/tests/fuzz/,$(FUZZ_NAMES))

fuzz: fuzz-programs ## libFuzzer on everything that strangers write (TIME=60 seconds each, RUNS=, JOBS=, T="hello policy")
	packaging/deps.sh --check fuzz
	TIME=$(or $(TIME),60) RUNS=$(RUNS) JOBS=$(JOBS) tests/fuzz/run $(FUZZ_BUILD)/tests/fuzz $(or $(T),$(FUZZ_NAMES))

fuzz-kernel: $(FUZZ_KERNEL) ## the programs in the kernel against the native path, by chance (as root; TIME=60, SEED=)
	mkdir -p $(FUZZ_BUILD)
	$(FUZZ_KERNEL) $(or $(TIME),60) $(or $(SEED),$$(date +%s)) $(FUZZ_BUILD)/differs.steps

FUZZ_SMOKE := tests/fuzz/smoke.t
FUZZ_SMOKE_ENV := FUZZ_PROGRAMS=$(FUZZ_BUILD)/tests/fuzz FUZZ_NAMES='$(FUZZ_NAMES)'

fuzz-smoke: fuzz-programs ## every fuzzing target over its kept corpus, once
	$(FUZZ_SMOKE_ENV) $(PROVE) $(FUZZ_SMOKE)

# What runs have found, and the seeds, into tests/fuzz/corpus.
fuzz-keep: fuzz-programs $(FUZZ_SEEDS)
	$(FUZZ_SEEDS) $(FUZZ_BUILD)/tests/fuzz/corpus
	tests/fuzz/keep $(FUZZ_BUILD)/tests/fuzz $(or $(T),$(FUZZ_NAMES))
