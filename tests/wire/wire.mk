# SPDX-License-Identifier: BSD-2-Clause
#
# Included by tests/tests.mk.  What goes over the wire: hellos and frames, for every
# test that makes its own traffic.

$(BUILD)/tests/wire:
	mkdir -p $@

$(BUILD)/tests/wire/%.o: tests/wire/%.c | $(BUILD)/tests/wire
	$(CC) $(HG_CFLAGS) -c $< -o $@
