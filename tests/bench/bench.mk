# SPDX-License-Identifier: BSD-2-Clause
#
# Included by tests/tests.mk.

BENCHES := $(BUILD)/tests/bench/bench

$(BUILD)/tests/bench:
	mkdir -p $@

$(BUILD)/tests/bench/vary.bpf.o: tests/bench/vary.bpf.c | $(BUILD)/tests/bench
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BUILD)/tests/bench/vary.skel.h: $(BUILD)/tests/bench/vary.bpf.o
	$(BPFTOOL) gen skeleton $< name vary_bpf > $@.tmp
	mv $@.tmp $@

$(BUILD)/tests/bench/%.o: tests/bench/%.c $(BUILD)/hellogate.skel.h $(BUILD)/tests/bench/vary.skel.h
	$(CC) $(HG_CFLAGS) -I$(BUILD)/tests/bench -c $< -o $@

$(BENCHES): $(addprefix $(BUILD)/tests/,bench/bench.o bench/clockwork.o kernel/harness.o \
		wire/frames.o wire/hellos.o wire/tunnel.o)
	$(CC) $(CFLAGS) $^ -lbpf -lelf -lz -o $@

.PHONY: bench-gateway
bench-gateway: $(BUILD)/hellogate tools ## a million names under a flood of hellos, beside iptables, nginx and HAProxy (as root)
	packaging/deps.sh build bench
	HELLOGATE=$(abspath $(BUILD)/hellogate) HG_TOOLS=$(abspath $(BUILD)/tests/tools) tests/bench/gateway.sh
