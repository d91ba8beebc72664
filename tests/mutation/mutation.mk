# SPDX-License-Identifier: BSD-2-Clause
#
# Included by tests/tests.mk.

.PHONY: mutation
mutation: $(BUILD)/hellogate ## each comparison of the data path made wrong: do the tests notice? (FILES="include/bytes.h")
	BUILD=$(BUILD) JOBS=$(JOBS) tests/mutation/mutate $(FILES)
