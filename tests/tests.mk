# SPDX-License-Identifier: BSD-2-Clause
#
# Included by ../Makefile: how hellogate is shown, tested, measured, checked and
# installed.  A target with "##" behind it is a row of `make help`.
#
# Tests are programs that print TAP; prove runs them and sums up.  Those that are
# compiled, those of the corpus and those that keep no time run two at a time, then all
# others one by one: they expect the machine for themselves.  JOBS=1 runs all in turn;
# PROVE_FLAGS=-v prints all.

JOBS ?= 2
SIDE_BY_SIDE := captures complete errors help no_policy policy_certificate policy_cli policy_diff policy_lists \
	prometheus run_config run_http run_reload run_schema run_user stats status status_check
PROVE := CMOCKA_MESSAGE_OUTPUT=TAP prove --norc --exec '' --jobs $(JOBS) --rules 'par=$(BUILD)/tests/**' \
	--rules 'par=tests/corpus/*' $(SIDE_BY_SIDE:%=--rules 'par=tests/e2e/%.t') $(PROVE_FLAGS)
AS_ROOT := $(filter 0,$(shell id -u))

.PHONY: help
help: ## these lines
	@sed -n 's/^\([a-z0-9-]*\):.* ## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

# ---- packages ----

.PHONY: deps
deps: ## install what is missing of packaging/deps.txt (as root)
	packaging/deps.sh

# ---- the demonstration ----

.PHONY: demo
demo: ## install what is missing, build, and show it at work (as root; STAY=1: with its page, until Ctrl-C)
	@packaging/deps.sh build demo $(if $(STAY),page)
	@echo "building $(BUILD)/hellogate"
	@$(MAKE) --silent --no-print-directory $(BUILD)/hellogate tools
	@STAY=$(STAY) tests/demo/demo.sh

# ---- test programs ----

# One file each, on a libc and nothing else.
TOOLS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/tools/*.c))

$(BUILD)/tests/tools $(BUILD)/tests/unit:
	mkdir -p $@

$(BUILD)/tests/tools/%: tests/tools/%.c | $(BUILD)/tests/tools
	$(CC) -std=gnu11 $(WARNINGS) $(CFLAGS) $(LDFLAGS) $< -o $@

.PHONY: tools
tools: $(TOOLS)

# One file each, linked with everything of user space but main.
UNIT_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))

$(UNIT_TESTS:=.o): $(BUILD)/tests/unit/%.o: tests/unit/%.c | $(BUILD)/tests/unit $(BUILD)/hellogate.skel.h
	$(CC) $(HG_CFLAGS) -c $< -o $@

$(UNIT_TESTS): %: %.o $(BUILD)/libhellogate.a
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -lcmocka $(LIBS) -o $@

$(BUILD)/tests/unit/test_again: $(BUILD)/tests/wire/frames.o $(BUILD)/tests/wire/hellos.o

# Directories with rules of their own have a file for them: tests/kernel/kernel.mk
# sets KERNEL_TESTS, tests/parity/parity.mk PARITY_TESTS, tests/policies/policies.mk
# POLICIES_TESTS, tests/bench/bench.mk BENCHES.
include $(wildcard tests/*/*.mk)

# Without root no program loads: then a test that says so stands in for them.
NEEDS_ROOT := $(BUILD)/tests/kernel/needs_root
KERNEL_RUN := $(if $(AS_ROOT),$(KERNEL_TESTS) $(PARITY_TESTS) $(POLICIES_TESTS),$(NEEDS_ROOT))

$(NEEDS_ROOT): | $(BUILD)/tests/kernel
	printf '#!/bin/sh\necho "1..0 # SKIP needs root: the kernel tests load programs"\n' >$@
	chmod +x $@

# Another build, by other compilers: what a running one is replaced with.
OTHER := $(BUILD)/other
OTHER_BUILD := $(MAKE) BUILD=$(OTHER) CC=clang-14 CLANG='clang-19 -Werror' CFLAGS='-O2 -g -Werror'

.PHONY: other
other:
	+$(OTHER_BUILD) $(OTHER)/hellogate

.PHONY: test-programs
test-programs: $(UNIT_TESTS) $(KERNEL_TESTS) $(PARITY_TESTS) $(POLICIES_TESTS) $(KERNEL_RUN) $(TOOLS) \
	$(CONFORMANCE_PROGRAMS)

# ---- tests ----

E2E_TESTS := $(wildcard tests/e2e/*.t)
E2E_ENV = HELLOGATE=$(abspath $(BUILD)/hellogate) HELLOGATE2=$(abspath $(OTHER)/hellogate) \
	HG_TOOLS=$(abspath $(BUILD)/tests/tools) HG_MAN=$(abspath $(BUILD)/man)
E2E_PROVE = $(E2E_ENV) HG_CONFORMANCE=$(abspath $(BUILD)/tests/conformance) \
	HG_MBEDTLS=$(abspath $(BUILD))/tests/mbedtls/ssl_client2 $(PROVE)
CORPUS_TESTS := tests/corpus/score tests/corpus/answers

.PHONY: test
test: ## every test that needs no virtual machine, after installing what is missing
	packaging/deps.sh build page test fuzz
	$(MAKE) $(BUILD)/hellogate man test-programs other fuzz-programs
	$(FUZZ_SMOKE_ENV) $(E2E_PROVE) $(FUZZ_SMOKE) $(UNIT_TESTS) $(KERNEL_RUN) $(CORPUS_TESTS) tests/corpus/parity \
		$(E2E_TESTS) $(SCENES_TESTS) $(CONFORMANCE_TESTS)

.PHONY: unit
unit: $(UNIT_TESTS) ## user space, a file at a time
	$(PROVE) $(UNIT_TESTS)

.PHONY: kernel-tests
kernel-tests: $(KERNEL_RUN) ## the BPF programs, by BPF_PROG_TEST_RUN (as root)
	$(PROVE) $(KERNEL_RUN)

.PHONY: bench bench-programs
bench-programs: $(BENCHES)

bench: bench-programs $(BUILD)/hellogate tools ## nanoseconds per packet, as ratios within one run (as root)
	set -e; for bench in $(BENCHES); do $$bench; done
	$(E2E_ENV) tests/bench/traffic.sh
	$(E2E_ENV) tests/bench/daemon.sh

.PHONY: soak
soak: $(BUILD)/hellogate tools ## mixed traffic at full speed: memory flat, sums exact (as root; TIME=600 seconds)
	packaging/deps.sh build test
	$(E2E_ENV) tests/soak/soak.sh $(TIME)

.PHONY: parity
parity: $(BUILD)/hellogate $(PARITY_TESTS) ## the kernel's reading against user space's (as root)
	HELLOGATE=$(abspath $(BUILD)/hellogate) $(PROVE) $(PARITY_TESTS) tests/corpus/parity

.PHONY: corpus
corpus: $(BUILD)/hellogate ## captures against their ground truth (CORPUS=DIR)
	HELLOGATE=$(abspath $(BUILD)/hellogate) $(PROVE) $(CORPUS_TESTS)

.PHONY: e2e
e2e: $(BUILD)/hellogate man tools other ## real traffic between namespaces (as root; T="status.t": some)
	$(E2E_PROVE) $(if $(T),$(addprefix tests/e2e/,$(T)),$(E2E_TESTS))

.PHONY: conformance
conformance: $(BUILD)/hellogate $(CONFORMANCE_PROGRAMS) tools ## every shape of a hello, by every road (as root)
	$(E2E_PROVE) $(CONFORMANCE_TESTS)

.PHONY: vm-programs
vm-programs: $(BUILD)/hellogate $(KERNEL_TESTS) $(PARITY_TESTS) $(TOOLS)

# Without KERNEL: 6.1, 6.12 and the newest that Debian has.
.PHONY: vmtest
vmtest: ## on other kernels, in QEMU, by clang 14 and 19: kernel tests, parity, real traffic (KERNEL=6.1)
	packaging/deps.sh build test vm
	$(MAKE) vm-programs
	+$(OTHER_BUILD) CC=gcc vm-programs
	BUILDS='$(BUILD) $(OTHER)' BRIEF=$(BRIEF) tests/vm/suites $(addprefix --kernel ,$(KERNEL)) $(T)

# Headers are read where the packet has them, aligned or not, as the kernel reads them.
SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize=alignment \
	-fno-sanitize-recover=all

.PHONY: asan
asan: ## unit tests and the capture reader under address and undefined-behaviour sanitizers
	$(MAKE) BUILD=$(BUILD)/asan CFLAGS='$(SANITIZE)' unit corpus

# ---- the manual ----

# Pages are made of what the program says of its options, of docs/, and of what stands in
# packaging/man; nothing that is made is kept.
MAN_IN := $(filter-out %/options.in,$(wildcard packaging/man/*.in))
MAN_PAGES := $(MAN_IN:packaging/man/%.in=$(BUILD)/man/%)
MAN_DOCS := docs/policy.md docs/running.md

.PHONY: man
man: $(MAN_PAGES) ## the manual, as build/man/*

$(BUILD)/man:
	mkdir -p $@

$(BUILD)/man/model: $(BUILD)/hellogate | $(BUILD)/man
	$< complete --model >$@.tmp
	mv $@.tmp $@

$(BUILD)/man/%: packaging/man/%.in $(BUILD)/man/model packaging/man/options.in \
		packaging/man/page.awk packaging/man/markdown.awk $(MAN_DOCS)
	awk -v page=$* -v markdown=packaging/man/markdown.awk -f packaging/man/page.awk \
		$(BUILD)/man/model packaging/man/options.in $< >$@.tmp
	mv $@.tmp $@

# ---- checks ----

C_FILES := $(wildcard $(addsuffix /*.[ch],bpf include user tests/*))
SCRIPTS := $(wildcard packaging/*.sh packaging/completions/*.bash tests/demo/*.sh tests/e2e/*.t tests/e2e/*.sh user/page/build tests/scenes/*.t tests/scenes/*.sh \
	tests/conformance/*.t tests/conformance/*.sh tests/bench/*.sh tests/soak/*.sh tests/faults/*.sh tests/fuzz/*.t tests/fuzz/run tests/fuzz/keep \
	tests/cbmc/*.t tests/cbmc/obtain \
	tests/vm/run tests/vm/suites tests/vm/init tests/vm/replay tests/vm/*.t .ci/run)

.PHONY: check check-format check-warnings check-stack check-analysis check-scripts check-manual check-monitoring check-marks
check: check-format check-warnings check-stack check-analysis check-scripts check-manual check-monitoring check-marks ## all that is found without running it

check-format: ## layout, by clang-format
	clang-format-14 --dry-run -Werror $(C_FILES)

check-warnings: ## warnings are errors: user space by gcc and clang, programs by clang 14 and 19
	$(MAKE) BUILD=$(BUILD)/check CC=gcc CLANG='clang-14 -Werror' CFLAGS='-O2 -g -Werror' \
		$(BUILD)/check/hellogate test-programs bench-programs
	+$(OTHER_BUILD) $(OTHER)/hellogate

check-stack: check-warnings ## the programs and the 512 bytes of stack that Linux 6.1 gives them, by both compilers
	tests/kernel/stack $(BUILD)/check/hellogate.bpf.o $(OTHER)/hellogate.bpf.o

check-analysis: ## static analysis, by cppcheck
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppressions-list=packaging/cppcheck.txt --error-exitcode=1 -j $(JOBS) \
		-Iinclude -Iuser -Ibpf '-DLIBBPF_OPTS(type, name, ...)=struct type name = { __VA_ARGS__ }' \
		$(filter-out %.bpf.c,$(filter user/%.c tests/%.c,$(C_FILES)))

check-scripts: ## static analysis of the scripts, by shellcheck
	shellcheck -x $(SCRIPTS)

# Whether it says all that --help says, tests/e2e/help.t finds out.
check-manual: man ## the manual, by mandoc
	mandoc -T lint -W warning $(MAN_PAGES)

# Their expressions meet real metrics in tests/e2e/prometheus.t.
MONITORING := packaging/monitoring

check-monitoring: ## dashboards and alerts: as their source has them, and promtool lets each alert fire and stay quiet
	$(MONITORING)/generate --check
	promtool check rules $(MONITORING)/prometheus/*.rules.yml
	promtool test rules $(MONITORING)/prometheus/*.tests.yml

.PHONY: monitoring
monitoring: ## write dashboards, alerts and docs/monitoring.md from packaging/monitoring/monitoring.yaml
	$(MONITORING)/generate

# One of the marks is TAP's, too: the end-to-end tests print it.
check-marks: ## no unfinished marks, and a licence in each C file
	@! grep -nwE 'T[O]DO|F[I]XME|X[X]X|H[A]CK' $(C_FILES) $(SCRIPTS) Makefile tests/tests.mk | \
		grep -v '# T[O]DO $$HG_T[O]DO'
	@! grep -L 'SPDX-License-Identifier: ' $(C_FILES) Makefile tests/tests.mk | sed 's/$$/: no licence/' | \
		grep .

# ---- installation ----

# What goes where below PREFIX: one list, so that uninstall cannot forget any of it.
COMPLETIONS := packaging/completions
into = $(foreach file,$(1),$(file):$(2)/$(notdir $(file)))
section = $(patsubst .%,%,$(suffix $(1)))

INSTALLED = \
	$(BUILD)/hellogate.service:lib/systemd/system/hellogate.service \
	$(foreach page,$(MAN_PAGES),$(page):share/man/man$(call section,$(page))/$(notdir $(page))) \
	$(COMPLETIONS)/hellogate.bash:share/bash-completion/completions/hellogate \
	$(COMPLETIONS)/_hellogate:share/zsh/site-functions/_hellogate \
	$(COMPLETIONS)/hellogate.fish:share/fish/vendor_completions.d/hellogate.fish \
	$(call into,$(wildcard packaging/examples/*),share/hellogate/examples) \
	$(call into,$(wildcard $(MONITORING)/grafana/*.json),share/hellogate/grafana) \
	$(call into,$(wildcard $(MONITORING)/prometheus/*.rules.yml),share/hellogate/prometheus) \
	$(call into,README.md LICENSE $(wildcard docs/*.md),share/doc/hellogate) \
	$(call into,$(wildcard docs/schema/*.json),share/doc/hellogate/schema)

from = $(word 1,$(subst :, ,$(1)))
to = $(DESTDIR)$(PREFIX)/$(word 2,$(subst :, ,$(1)))

define newline


endef

# By the PREFIX of this run, whatever the last one was.
.PHONY: $(BUILD)/hellogate.service
$(BUILD)/hellogate.service: packaging/systemd/hellogate.service.in | $(BUILD)/user
	sed 's|@PREFIX@|$(PREFIX)|g' $< >$@

.PHONY: install
install: $(BUILD)/hellogate $(BUILD)/hellogate.service man ## all of it: binary, unit, manual, completions, examples, dashboards (DESTDIR=, PREFIX=/usr/local)
	install -D -m 755 $(BUILD)/hellogate $(DESTDIR)$(PREFIX)/bin/hellogate
	$(foreach one,$(INSTALLED),install -D -m 644 $(call from,$(one)) $(call to,$(one))$(newline)	)

.PHONY: uninstall
uninstall: ## what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/hellogate $(foreach one,$(INSTALLED),$(call to,$(one)))
	rm -rf $(DESTDIR)$(PREFIX)/share/hellogate $(DESTDIR)$(PREFIX)/share/doc/hellogate
