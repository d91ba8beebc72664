/* SPDX-License-Identifier: BSD-2-Clause */
/* Every fault of a policy file is told, at its line and column, in one pass. */
#include "test_policy.h"

#define V "version: 1\n"
#define RULE(match) V "rules:\n  - {name: a, match: {" match "}, action: reset}\n"
#define MATCH_COLUMN "3:23"

static const struct {
	const char *yaml;
	const char *complaints; /* all of them, exactly */
} cases[] = {
	/* good ones say nothing */
	{ V, "" },
	{ V "mode: enforce\ndefault: reset\nunread: reset\nquic: allow\ndecision_timeout: 500ms\n",
	  "" },
	{ RULE("sni: [a.example, .b.example, \"*.c.example\"]"), "" },
	{ RULE("sni: none"), "" },
	{ RULE("sni_state: [none, empty, ambiguous, invalid]"), "" },
	{ RULE("port: [443, 8000-8100], version_max: \"<1.2\", ciphers: all-weak"), "" },
	{ RULE("version_max: [\"1.0\", \"1.1\"]"), "" },
	{ RULE("ja4: [\"t13d*\"], ja3: \"0123456789abcdef0123456789abcdef\""), "" },
	{ RULE("not: {src: 10.0.0.0/8, dst: \"::1\"}"), "" },
	{ V "rules:\n  - {name: a, match: {}, action: count}\n", "" },

	/* QUIC: names are not known there */
	{ V "quic: drop\nprotect: {src: 10.0.0.0/8}\n", "" },
	{ V "quic: allow\nprotect: {sni: a.example}\n", "" },
	{ V "quic: drop\nprotect: {sni: a.example}\n",
	  "p.yaml:3:16: warning: quic: drop drops QUIC to protected names, too: only \"src\" "
	  "protects from it\n" },
	{ V "quic: reset\n", "p.yaml:2:7: error: \"reset\" is unknown here: allow, drop\n" },

	/* YAML */
	{ "", "p.yaml:1:1: error: the file is empty\n" },
	{ "# nothing\n", "p.yaml:1:1: error: the file is empty\n" },
	{ V "mode: enforce\nrules: [{name: a, match: {sni: [a.example]}, action: reset}\n",
	  "p.yaml:3:8: error: not YAML: while parsing a flow sequence, did not find expected ',' or "
	  "']'\n" },
	{ V "rules:\n\t- a\n",
	  "p.yaml:3:1: error: not YAML: while scanning for the next token, found character that "
	  "cannot start any token; indent with spaces\n" },
	{ RULE("sni: [*.a.example]"),
	  "p.yaml:3:30: error: not YAML: while scanning an alias, did not find expected alphabetic "
	  "or numeric character; quote what begins with *, as \"*.example.com\"\n" },
	{ RULE("sni: @set"),
	  "p.yaml:3:28: error: not YAML: while scanning for the next token, found character that "
	  "cannot start any token; quote what begins with @, as \"@set\"\n" },
	{ RULE("sni: *x"),
	  "p.yaml:3:28: error: aliases are not taken; quote what begins with *, or name a set\n" },
	{ V "mode: \"a\\0b\"\n", "p.yaml:2:7: error: a NUL byte in a text\n" },
	{ V "mode: \xff\n", "p.yaml:2:7: error: not YAML: invalid leading UTF-8 octet\n" },
	{ V "---\nversion: 1\n", "p.yaml:2:1: error: a second document; one file is one policy\n" },
	{ "- a\n", "p.yaml:1:1: error: a policy is a map of keys and values, not a list\n" },
	{ V "[a]: b\n", "p.yaml:2:1: error: a list cannot be a key\n" },
	{ V "rules: [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]\n",
	  "p.yaml:2:23: error: nested more than 16 deep\n" },

	/* keys */
	{ V "mdoe: enforce\ndefault: allow\n",
	  "p.yaml:2:1: error: unknown key \"mdoe\" in a policy; did you mean \"mode\"?\n" },
	{ V "mode: monitor\nmode: enforce\n",
	  "p.yaml:3:1: error: the key \"mode\" was given already in line 2\n" },
	{ "mode: monitor\n", "p.yaml:1:1: error: \"version: 1\" is missing\n" },
	{ "version: 99\n",
	  "p.yaml:1:10: error: version 99 of the policy language is not known; this is version 1\n" },
	{ RULE("prot: 443"),
	  "p.yaml:" MATCH_COLUMN
	  ": error: unknown key \"prot\" in \"match\"; did you mean \"port\"?\n" },
	{ RULE("not: {snii: a.example}"),
	  "p.yaml:3:29: error: unknown key \"snii\" in \"not\"; did you mean \"sni\"?\n" },
	{ RULE("not: {}"), "p.yaml:3:28: error: an empty \"not\" excludes everything\n" },
	{ RULE("not: {not: {sni: a}}"), "p.yaml:3:29: error: unknown key \"not\" in \"not\"; did "
					"you mean \"dst\"?\n" },

	/* values */
	{ V "mode: enforced\ndefault: perhaps\nunread: drop\n",
	  "p.yaml:2:7: error: \"enforced\" is unknown here; did you mean \"enforce\"?\n"
	  "p.yaml:3:10: error: \"perhaps\" is unknown here: allow, reset\n"
	  "p.yaml:4:9: error: \"drop\" is unknown here: allow, reset\n" },
	{ V "mode: [enforce]\n", "p.yaml:2:7: error: \"mode\": a text is needed, not a list\n" },
	{ V "mode:\n", "p.yaml:2:6: error: \"mode\": a text is needed, not nothing\n" },
	{ V "mode: \"\"\n", "p.yaml:2:7: error: \"mode\": a text is needed, not an empty one\n" },
	{ V "decision_timeout: 5\n",
	  "p.yaml:2:19: error: \"5\" is not a duration, as 500ms or 1s\n" },
	{ RULE("port: 70000"), "p.yaml:3:29: error: \"70000\" is not a port (1 to 65535) or range "
			       "(8000-8100)\n" },
	{ RULE("port: []"), "p.yaml:3:29: error: an empty list\n" },
	{ RULE("src: [300.0.0.0/8]"), "p.yaml:3:29: error: \"300.0.0.0/8\" is not a network\n" },
	{ RULE("src: {a: b}"), "p.yaml:3:28: error: \"src\": a text is needed, not a map\n" },
	{ RULE("version_max: \"<1.7\""),
	  "p.yaml:3:36: error: \"1.7\" is not a TLS version: ssl2, ssl3, 1.0, 1.1, 1.2 or 1.3\n" },
	{ RULE("version_max: [\"1.0\", \"1.9\"]"),
	  "p.yaml:3:44: error: \"1.9\" is not a TLS version: ssl2, ssl3, 1.0, 1.1, 1.2 or 1.3\n" },
	{ RULE("sni: [a..b, ok.example, \"x y\"]"),
	  "p.yaml:3:29: error: \"a..b\" is not a name: an empty label (two dots, or one in front)\n"
	  "p.yaml:3:47: error: \"x y\" is not a name: a character that no host name has\n" },
	{ RULE("sni: [none, a.example]"),
	  "p.yaml:3:29: error: \"none\" stands alone (sni: none), not in a list of names\n" },
	{ RULE("sni: none, sni_state: [none]"),
	  "p.yaml:3:28: error: \"sni: none\" is short for sni_state: [none]; give one\n" },
	{ RULE("ciphers: all-week"),
	  "p.yaml:3:32: error: \"all-week\" is unknown here; did you mean \"all-weak\"?\n" },
	{ RULE("coverage: [ambigous]"),
	  "p.yaml:3:34: error: \"ambigous\" is unknown here; did you mean \"ambiguous\"?\n" },
	{ RULE("flag: fragmented"),
	  "p.yaml:3:29: error: \"fragmented\" is unknown here; did you mean \"fragmented_ip\"?\n" },
	{ RULE("ja4: \"T13\""), "p.yaml:3:28: error: \"T13\" is not a fingerprint: lower-case "
				"letters, digits, _ and the wildcards * and ?\n" },

	/* rules */
	{ V "rules: {a: b}\n", "p.yaml:2:8: error: \"rules\" is a list, not a map\n" },
	{ V "rules: [a]\n", "p.yaml:2:9: error: a rule is a map of keys and values, not a text\n" },
	{ V "rules:\n  - {owner: me}\n",
	  "p.yaml:3:5: error: the rule has no \"name\"\n"
	  "p.yaml:3:5: error: the rule has no \"action\": allow, reset, drop or count\n"
	  "p.yaml:3:5: error: the rule has no \"match\" (match: {} takes every hello that was "
	  "read)\n" },
	{ V "rules:\n  - {name: a, match: {sni: a.b}, action: rezet}\n",
	  "p.yaml:3:42: error: \"rezet\" is unknown here; did you mean \"reset\"?\n" },
	{ V "rules:\n"
	    "  - {name: a, match: {sni: a.b}, action: allow}\n"
	    "  - {name: a, match: {sni: a.c}, action: allow}\n",
	  "p.yaml:4:12: error: the rule in line 3 has the name \"a\" already\n" },
	{ V "rules:\n  - {name: default, match: {sni: a.b}, action: allow}\n",
	  "p.yaml:3:12: error: \"default\" means something already; name the rule otherwise\n" },
	{ V "rules:\n  - {name: \"a b\", match: {sni: a.b}, action: allow}\n",
	  "p.yaml:3:12: error: \"a b\" cannot be a name: letters, digits, _ . -, at most 63\n" },
	{ V "rules:\n  - {name: a, match: {sni: a.b}, action: drop, to: client, on_undecided: "
	    "skip}\n",
	  "p.yaml:3:52: warning: \"to\" changes nothing: the action is not reset\n"
	  "p.yaml:3:74: warning: on_undecided changes nothing: the kernel decides this rule\n" },
	{ V "rules:\n  - {name: a, match: {}, action: reset}\n",
	  "p.yaml:3:22: warning: an empty match takes every hello; default: reset says so more "
	  "plainly\n" },

	/* what user space knows */
	{ V "rules:\n  - {name: a, match: {certificate: expired}, action: reset, hold: true}\n",
	  "p.yaml:3:67: warning: hold keeps the hello from the server: no certificate comes\n" },
	{ RULE("certificate: [expired, self_signd]"),
	  "p.yaml:3:46: error: \"self_signd\" is unknown here; did you mean \"self_signed\"?\n" },
	{ RULE("failures: 20"),
	  "p.yaml:3:33: error: \"failures\" is a map of keys and values, not a text\n" },
	{ RULE("failures: {at_least: 65, cause: [timeot]}"),
	  "p.yaml:3:33: error: \"failures\" needs \"at_least\" and \"within\"\n"
	  "p.yaml:3:44: error: \"65\" is not a number of 1 to 64\n"
	  "p.yaml:3:56: error: \"timeot\" is unknown here; did you mean \"timeout\"?\n" },

	/* what a hello offers */
	{ RULE("ciphers: [weak, all-weak]"),
	  "p.yaml:3:39: error: \"all-weak\" stands alone (ciphers: all-weak), not in a list\n" },
	{ RULE("ciphers: [0x1301, TLS_AES_128_GCM_SHA255]"),
	  "p.yaml:3:41: error: \"TLS_AES_128_GCM_SHA255\" is no cipher suite that is known by "
	  "name; did you mean \"TLS_AES_128_GCM_SHA256\"?\n" },
	{ RULE("ciphers: [0x12345]"), "p.yaml:3:33: error: \"0x12345\" is no cipher suite that is "
				      "known by name; give its number, as 0x000a\n" },
	{ RULE("ciphers: {has: 0x1301, count: 3, some: 1}"),
	  "p.yaml:3:56: error: unknown key \"some\" in \"ciphers\"\n" },
	{ RULE("ciphers: {}"), "p.yaml:3:32: error: \"ciphers\" asks for nothing: has, count\n" },
	{ RULE("ciphers: {count: 3}, cipher_count: 4"),
	  "p.yaml:3:58: error: the number of ciphers is asked for twice\n" },
	{ RULE("cipher_count: \"<0\""), "p.yaml:3:37: error: no number is \"<0\"\n" },
	{ RULE("cipher_count: many"),
	  "p.yaml:3:37: error: \"many\" is not a number of 0 to 65535, as \"<3\"\n" },
	{ RULE("cipher_count: \"=<3\""),
	  "p.yaml:3:37: error: \"=<3\": compare by <, <=, =, >= or >\n" },
	{ RULE("groups: [x25518]"), "p.yaml:3:32: error: \"x25518\" is no group that is known by "
				    "name; did you mean \"x25519\"?\n" },
	{ RULE("groups: post_quantum"),
	  "p.yaml:3:31: error: \"post_quantum\" is unknown here; did you mean "
	  "\"post-quantum\"?\n" },
	{ RULE("ech: [otter]"),
	  "p.yaml:3:29: error: \"otter\" is unknown here; did you mean \"outer\"?\n" },
	{ RULE("resumed: maybe"), "p.yaml:3:32: error: \"maybe\" is unknown here: false, true\n" },
	{ RULE("interface: [a-name-of-sixteen]"),
	  "p.yaml:3:35: error: \"a-name-of-sixteen\": the name of an interface has at most 15 "
	  "bytes\n" },

	/* limit, hold, expires */
	{ V "rules:\n  - {name: a, match: {sni: a.b}, action: reset, limit: {}}\n",
	  "p.yaml:3:56: error: \"limit\" has no \"resets_per_second\"\n" },
	{ V "rules:\n  - {name: a, match: {sni: a.b}, action: reset, limit: "
	    "{resets_per_second: 0, on_exceed: kep}}\n",
	  "p.yaml:3:76: error: \"0\" is not a rate of 1 to 1000000 a second\n"
	  "p.yaml:3:90: error: \"kep\" is unknown here; did you mean \"keep\"?\n" },
	{ V "rules:\n  - {name: a, match: {sni: a.b}, action: count, limit: "
	    "{resets_per_second: 9}, hold: true}\n",
	  "p.yaml:3:56: warning: \"limit\" changes nothing: the action is not reset or drop\n"
	  "p.yaml:3:86: warning: hold changes nothing: the kernel decides this rule\n" },
	{ V "rules:\n  - {name: a, match: {sni: a.b}, action: reset, expires: tomorrow}\n",
	  "p.yaml:3:58: error: \"tomorrow\" is not a day (2027-06-30, from midnight UTC) or a time "
	  "with its zone (2027-06-30T18:00:00Z)\n" },
	{ V "rules:\n  - {name: a, match: {sni: a.b}, action: reset, expires: "
	    "\"2027-06-30T18:00:00\"}\n",
	  "p.yaml:3:58: error: \"2027-06-30T18:00:00\" is not a day (2027-06-30, from midnight "
	  "UTC) or a time with its zone (2027-06-30T18:00:00Z)\n" },
	{ V "rules:\n  - {name: a, match: {sni: a.b}, action: reset, expires: 2001-01-31}\n",
	  "p.yaml:3:58: warning: the rule has expired: it matches nothing\n" },

	/* sets */
	{ RULE("sni: \"@nowhere\""), "p.yaml:3:28: error: no set is named \"@nowhere\"\n" },
	{ V "sets: {one: {kind: domains, names: [a.b]}}\n"
	    "rules:\n  - {name: a, match: {sni: \"@onee\", src: \"@one\"}, action: reset}\n",
	  "p.yaml:4:28: error: no set is named \"@onee\"; did you mean \"@one\"?\n"
	  "p.yaml:4:42: error: the set \"@one\" holds domains, and networks are needed\n" },
	{ V "sets: {one: {kind: domains, names: [a.b]}}\n",
	  "p.yaml:2:8: warning: no rule asks for the set \"one\"\n" },
	{ V "sets:\n  a: {kind: domain}\n  b: {names: []}\n  c: x\n",
	  "p.yaml:3:13: error: \"domain\" is unknown here; did you mean \"domains\"?\n"
	  "p.yaml:4:3: error: the set \"b\" has no kind: domains or networks\n"
	  "p.yaml:4:14: error: an empty list\n"
	  "p.yaml:5:6: error: a set is a map of keys and values, not a text\n" },
	{ V "sets: {a: {kind: domains, files: absent.txt}}\n",
	  "p.yaml:2:34: error: cannot read \"absent.txt\": No such file or directory\n" },
	{ V "sets: {a: {kind: domains, names: [\"@b\"]}}\n",
	  "p.yaml:2:35: error: no set is named \"@b\"\n" },
	{ V "sets: {a: {kind: networks, names: [a.b]}}\n",
	  "p.yaml:2:35: error: a set of networks has \"nets\", not \"names\"\n" },
	{ V "sets: {a: {kind: domains}}\nprotect: {sni: \"@a\"}\n",
	  "p.yaml:2:8: warning: the set \"a\" is empty\n" },
	{ V "protect: {dst: 10.0.0.0/8}\n",
	  "p.yaml:2:11: error: unknown key \"dst\" in \"protect\"\n" },

	/* shadowed rules */
	{ V "rules:\n"
	    "  - {name: a, match: {}, action: allow}\n"
	    "  - {name: b, match: {sni: b.example}, action: reset}\n"
	    "  - {name: c, match: {coverage: malformed}, action: reset}\n",
	  "p.yaml:4:5: warning: rule \"b\" can never match: rule \"a\" in line 3 takes all that it "
	  "would\n" },
	{ V
	  "rules:\n"
	  "  - {name: a, match: {port: 400-500, version_max: \"<1.3\"}, action: reset}\n"
	  "  - {name: b, match: {port: 443, version_max: \"1.0\", sni: x.example}, action: reset}\n"
	  "  - {name: c, match: {port: 443, version_max: \"1.3\"}, action: reset}\n"
	  "  - {name: d, match: {port: [443, 501], version_max: \"1.0\"}, action: reset}\n",
	  "p.yaml:4:5: warning: rule \"b\" can never match: rule \"a\" in line 3 takes all that it "
	  "would\n" },
	{ V "rules:\n"
	    "  - {name: a, match: {sni: x.example, not: {src: 10.0.0.0/8}}, action: reset}\n"
	    "  - {name: b, match: {sni: x.example}, action: reset}\n"
	    "  - {name: c, match: {sni: x.example, not: {src: 10.0.0.0/8}}, action: drop}\n",
	  "p.yaml:5:5: warning: rule \"c\" can never match: rule \"a\" in line 3 takes all that it "
	  "would\n" },
	{ V "protect: {src: 10.0.0.0/8}\nrules:\n"
	    "  - {name: a, match: {sni: x.example}, action: reset}\n"
	    "  - {name: b, match: {sni: x.example}, action: count}\n",
	  "" },
	{ V "rules:\n"
	    "  - {name: a, match: {ja4: \"a*\"}, action: reset}\n"
	    "  - {name: b, match: {ja4: \"b*\"}, action: reset}\n"
	    "  - {name: c, match: {ja4: \"a*\", port: 443}, action: reset}\n",
	  "p.yaml:5:5: warning: rule \"c\" can never match: rule \"a\" in line 3 takes all that it "
	  "would\n" },
	{ V "rules:\n"
	    "  - {name: a, match: {not: {sni: x.example}}, action: reset}\n"
	    "  - {name: b, match: {sni_state: ambiguous}, action: reset}\n",
	  "p.yaml:4:5: warning: rule \"b\" can never match: where a name is ambiguous, \"a\" in "
	  "line 3 already leaves the flow to `unread`\n" },

	{ V "rules:\n"
	    "  - {name: a, match: {sni: x.example, port: 443}, action: reset}\n"
	    "  - {name: b, match: {sni: y.example, port: 443}, action: reset}\n"
	    "  - {name: c, match: {port: 443}, action: reset}\n",
	  "" },

	/* what nothing can act on */
	{ RULE("coverage: [malformed, truncated, evicted]"),
	  "p.yaml:3:45: warning: no rule acts on \"truncated\": it is known only when the flow is "
	  "over\n" },
	{ RULE("coverage: no_data"),
	  "p.yaml:3:33: warning: no rule acts on \"no_data\": it is known only when the flow is "
	  "over\n" },
	{ RULE("flag: [overlap, one_sided], not: {flag: decoy_ttl}"),
	  "p.yaml:3:39: warning: no rule acts on \"one_sided\": it is known only when the flow is "
	  "over\n"
	  "p.yaml:3:63: warning: no rule acts on \"decoy_ttl\": this version gives it to no flow\n" },

	/* what is told comes in the order of the file, not of the reader */
	{ V "tests: a\nrules: b\nmode: c\n",
	  "p.yaml:2:8: error: \"tests\" is a list, not a text\n"
	  "p.yaml:3:8: error: \"rules\" is a list, not a text\n"
	  "p.yaml:4:7: error: \"c\" is unknown here: monitor, enforce\n" },

	/* tests */
	{ V "tests:\n  - {name: a, flow: {snii: a.b}, expect: {action: allow}}\n"
	    "  - {name: b, flow: {sni: a..b, port: 1-2, version_max: \"1.9\", flag: [x]}}\n"
	    "  - {name: c, flow: {}, expect: {rule: nix}}\n"
	    "  - {name: d, flow: {}, expect: {}}\n",
	  "p.yaml:3:22: error: unknown key \"snii\" in \"flow\"; did you mean \"sni\"?\n"
	  "p.yaml:4:5: error: the test has no \"expect\"\n"
	  "p.yaml:4:27: error: \"a..b\" is not a name: an empty label (two dots, or one in front)\n"
	  "p.yaml:4:39: error: \"1-2\": a flow has one port\n"
	  "p.yaml:4:57: error: \"1.9\" is unknown here; did you mean \"1.0\"?\n"
	  "p.yaml:4:71: error: \"x\" is unknown here\n"
	  "p.yaml:5:40: error: no rule is named \"nix\"\n"
	  "p.yaml:6:33: error: the test expects nothing\n" },
};

static void faults_are_told_at_their_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *said = policy_complaints(cases[i].yaml);

		if (strcmp(said, cases[i].complaints))
			fail_msg("case %zu:\n%s--- expected\n%s--- got\n%s", i, cases[i].yaml,
				 cases[i].complaints, said);
		free(said);
	}
}

static void a_failed_parse_leaves_out_alone(void **state)
{
	struct hg_policy_model *model = (struct hg_policy_model *)0x1;
	struct hg_diagnostics d = {};

	(void)state;
	assert_int_equal(hg_policy_parse_text("p.yaml", "x", 1, &d, &model), HG_INVALID);
	assert_ptr_equal(model, (void *)0x1);
	hg_diagnostics_free(&d);
}

static void fields_reach_the_model(void **state)
{
	struct hg_policy_model *m = policy_model_of(
		V
		"mode: enforce\ndecision_timeout: 2s\nunread: reset\n"
		"sets: {s: {kind: domains, names: [a.example]}}\n"
		"rules:\n"
		"  - {name: r, match: {sni: [\"@s\", .b.example], not: {port: [1, 5-7]}}, action: "
		"reset, to: server, mode: monitor, owner: me, log: all, on_undecided: reset}\n");
	const struct hg_rule_model *r = &m->rules[0];

	(void)state;
	assert_int_equal(m->mode, HG_MODE_enforce);
	assert_int_equal(m->decision_timeout_ms, 2000);
	assert_int_equal(m->unread_action, HG_ACTION_reset);
	assert_int_equal(m->default_action, HG_ACTION_allow);
	assert_int_equal(m->rule_count, 1);
	assert_string_equal(r->name, "r");
	assert_string_equal(r->owner, "me");
	assert_int_equal(r->log, HG_LOG_ALL);
	assert_int_equal(r->to, HG_TO_server);
	assert_int_equal(r->mode, HG_MODE_monitor);
	assert_int_equal(r->on_undecided, HG_ACTION_reset);
	assert_int_equal(r->match.conditions, HG_COND_SNI);
	assert_int_equal(r->match.sni.sets.count, 1);
	assert_int_equal(r->match.sni.names.count, 1);
	assert_int_equal(r->except.conditions, HG_COND_PORT);
	assert_int_equal(r->except.numbers[HG_NUMBER_PORT].count, 2);
	assert_int_equal(r->except.numbers[HG_NUMBER_PORT].items[1].last, 7);
	assert_int_equal(r->place.line, 7);
	assert_int_equal(r->place.column, 5);
	assert_string_equal(r->match.said[0], "@s, .b.example");
	hg_policy_model_free(m);
}

static void too_many_rules_are_refused(void **state)
{
	char *yaml = NULL, *said;
	size_t len;
	FILE *out = open_memstream(&yaml, &len);

	(void)state;
	fputs(V "rules:\n", out);
	for (int i = 0; i <= HG_RULES; i++)
		fprintf(out, "  - {name: r%d, match: {port: 443, sni_state: ok}, action: count}\n",
			i);
	fclose(out);
	said = policy_complaints(yaml);
	assert_string_equal(said, "p.yaml:1027:5: error: more than 1024 rules\n");
	free(said);
	free(yaml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_are_told_at_their_place),
		cmocka_unit_test(a_failed_parse_leaves_out_alone),
		cmocka_unit_test(fields_reach_the_model),
		cmocka_unit_test(too_many_rules_are_refused),
	};

	return cmocka_run_group_tests_name("policy parse", tests, NULL, NULL);
}
