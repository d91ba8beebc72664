# SPDX-License-Identifier: BSD-2-Clause
#
# Failed handshakes, and good ones beside them, played by real clients and servers.

SCENES_TESTS := $(wildcard tests/scenes/*.t)

.PHONY: scenes
scenes: $(BUILD)/hellogate tools ## failed handshakes, played by real clients and servers (as root; S="s6": some)
	HG_SCENES='$(S)' $(E2E_PROVE) $(SCENES_TESTS)
