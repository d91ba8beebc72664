# SPDX-License-Identifier: BSD-2-Clause
#
# Included by tests/tests.mk.  Every shape of a hello, through every road.

# Rows name what they need and leave out the rest.
CONFORMANCE_CFLAGS := $(HG_CFLAGS) -Wno-missing-field-initializers
CONFORMANCE := $(BUILD)/tests/conformance
CONFORMANCE_LIB := $(addprefix $(CONFORMANCE)/,script.o wire.o fragment.o shape.o judge.o \
	$(patsubst tests/conformance/%.c,%.o,$(wildcard tests/conformance/shapes_*.c))) \
	$(addprefix $(BUILD)/tests/wire/,frames.o hellos.o tunnel.o)
CONFORMANCE_PROGRAMS := $(addprefix $(CONFORMANCE)/,kernel captures score live \
	serve_openssl serve_gnutls)
CONFORMANCE_TESTS := $(wildcard tests/conformance/*.t)

$(CONFORMANCE):
	mkdir -p $@

$(CONFORMANCE)/%.o: tests/conformance/%.c $(BUILD)/hellogate.skel.h | $(CONFORMANCE)
	$(CC) $(CONFORMANCE_CFLAGS) -c $< -o $@

# Static, so that the same binary runs in the virtual machines.
$(CONFORMANCE)/kernel: $(CONFORMANCE)/kernel.o $(CONFORMANCE_LIB) $(BUILD)/tests/kernel/harness.o
	$(CC) $(CFLAGS) -static $^ -lbpf -lelf -lz -o $@

$(CONFORMANCE)/captures: $(CONFORMANCE)/captures.o $(CONFORMANCE_LIB)
	$(CC) $(CFLAGS) $^ -o $@

$(CONFORMANCE)/score: $(addprefix $(CONFORMANCE)/,score.o answers.o) $(CONFORMANCE_LIB)
	$(CC) $(CFLAGS) $^ -ljansson -o $@

$(CONFORMANCE)/live: $(CONFORMANCE)/live.o $(CONFORMANCE_LIB)
	$(CC) $(CFLAGS) $^ -o $@

$(CONFORMANCE)/serve_openssl: $(addprefix $(CONFORMANCE)/,serve_openssl.o serve.o)
	$(CC) $(CFLAGS) $^ -pthread -lssl -lcrypto -o $@

$(CONFORMANCE)/serve_gnutls: $(addprefix $(CONFORMANCE)/,serve_gnutls.o serve.o)
	$(CC) $(CFLAGS) $^ -pthread -lgnutls -o $@

# The whole suite as captures, by every road, beside other programs: docs/conformance.md.
HELLOS := $(BUILD)/hellos

.PHONY: hellos
hellos: $(BUILD)/hellogate $(CONFORMANCE_PROGRAMS) tools ## the shapes as captures, and the table of who sees them (as root)
	packaging/deps.sh build test peers
	rm -rf $(HELLOS)
	mkdir -p $(HELLOS)
	$(CONFORMANCE)/captures $(HELLOS) >/dev/null
	$(CONFORMANCE)/captures --all $(HELLOS)/all.pcap >/dev/null
	HG_RESULTS=$(abspath $(HELLOS)) $(E2E_PROVE) $(CONFORMANCE_TESTS)
	tests/conformance/peers.sh $(CONFORMANCE)/score $(HELLOS)/all.pcap >$(HELLOS)/peers.tsv
	$(CONFORMANCE)/score rows >$(HELLOS)/rows.txt
	tests/conformance/table.sh $(HELLOS)/rows.txt $(HELLOS)/*.tsv >$(HELLOS)/conformance.md
	$(if $(AS_ROOT),cp $(HELLOS)/conformance.md docs/conformance.md)
	@grep 'rows that are right' $(HELLOS)/conformance.md
