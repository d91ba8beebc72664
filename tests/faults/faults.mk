# SPDX-License-Identifier: BSD-2-Clause
#
# Included by tests/tests.mk.

$(BUILD)/tests/faults:
	mkdir -p $@

WALLCLOCK := $(BUILD)/tests/faults/wallclock.so

$(WALLCLOCK): tests/faults/wallclock.c | $(BUILD)/tests/faults
	$(CC) -std=gnu11 $(WARNINGS) $(CFLAGS) -shared -fPIC $< -o $@

NEIGHBOURS := $(BUILD)/tests/faults/neighbours

$(NEIGHBOURS): tests/faults/neighbours.c | $(BUILD)/tests/faults
	$(CC) $(HG_CFLAGS) $(LDFLAGS) $< -lbpf -o $@

.PHONY: faults
faults: $(BUILD)/hellogate tools other $(WALLCLOCK) $(NEIGHBOURS) ## what goes wrong around it, under traffic (as root; KILLS=200, T="vanish": some)
	packaging/deps.sh build test
	$(E2E_ENV) WALLCLOCK_SO=$(abspath $(WALLCLOCK)) NEIGHBOURS=$(abspath $(NEIGHBOURS)) \
		KILLS=$(KILLS) tests/faults/faults.sh $(T)
