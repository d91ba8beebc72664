# SPDX-License-Identifier: BSD-2-Clause
#
# Included by tests/tests.mk.  Policies by chance, judged by user space and by the
# kernel, against a reference in plain terms.

POLICIES_LIB := $(addprefix $(BUILD)/tests/policies/,plain_make.o plain_text.o plain_judge.o)
POLICIES_TESTS := $(BUILD)/tests/policies/kernel

$(BUILD)/tests/policies:
	mkdir -p $@

$(BUILD)/tests/policies/%.o: tests/policies/%.c $(BUILD)/hellogate.skel.h | $(BUILD)/tests/policies
	$(CC) $(HG_CFLAGS) -Itests/kernel -Itests/wire -c $< -o $@

$(BUILD)/tests/unit/test_policy_random: $(POLICIES_LIB)
$(BUILD)/tests/unit/test_policy_native.o: HG_CFLAGS += -Itests/wire
$(BUILD)/tests/unit/test_policy_native: $(POLICIES_LIB) \
	$(addprefix $(BUILD)/tests/,policies/plain_wire.o wire/frames.o wire/hellos.o)

$(POLICIES_TESTS): $(BUILD)/tests/policies/kernel.o $(POLICIES_LIB) $(BUILD)/tests/policies/plain_wire.o $(KERNEL_LIB) \
		$(BUILD)/libhellogate.a
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@
