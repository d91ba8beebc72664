# SPDX-License-Identifier: BSD-2-Clause
#
# Included by tests/tests.mk.  Each harness is one program, proved by cbmc.

CBMC_HARNESSES := $(wildcard tests/cbmc/*.c)

.PHONY: cbmc
cbmc: ## bounded model checking of the byte window and the walkers (CBMC=program)
	$(PROVE) tests/cbmc/prove.t
