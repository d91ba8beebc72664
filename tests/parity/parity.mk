# SPDX-License-Identifier: BSD-2-Clause
#
# Included by tests/tests.mk.  Links statically, as the kernel tests do.

PARITY_TESTS := $(BUILD)/tests/parity/parity

$(BUILD)/tests/parity:
	mkdir -p $@

$(BUILD)/tests/parity/%.o: tests/parity/%.c $(BUILD)/hellogate.skel.h | $(BUILD)/tests/parity
	$(CC) $(HG_CFLAGS) -c $< -o $@

$(PARITY_TESTS): $(addprefix $(BUILD)/tests/,parity/parity.o parity/pair.o parity/streams.o parity/datagrams.o kernel/harness.o \
		wire/frames.o wire/hellos.o wire/initials.o wire/tunnel.o) \
		$(BUILD)/user/read_kernel_limits.o $(BUILD)/user/native_bpf.o
	$(CC) $(CFLAGS) -static $^ -lbpf -lelf -lz -o $@
