# SPDX-License-Identifier: BSD-2-Clause
#
# Included by tests/tests.mk.  A tool that loads a BPF program of its own.

$(BUILD)/tests/slab:
	mkdir -p $@

$(BUILD)/tests/slab/slab.bpf.o: tests/slab/slab.bpf.c | $(BUILD)/tests/slab
	$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BUILD)/tests/slab/slab.skel.h: $(BUILD)/tests/slab/slab.bpf.o
	$(BPFTOOL) gen skeleton $< name slab_bpf > $@.tmp
	mv $@.tmp $@

$(BUILD)/tests/tools/slab: tests/slab/slab.c $(BUILD)/tests/slab/slab.skel.h | $(BUILD)/tests/tools
	$(CC) $(HG_CFLAGS) -I$(BUILD)/tests/slab $(LDFLAGS) $< -lbpf -lelf -lz -o $@

tools test-programs: $(BUILD)/tests/tools/slab
