/* SPDX-License-Identifier: BSD-2-Clause */
/* Which rule decides: unknown is not false, ambiguous is left to unread, protect protects. */
#include "test_policy.h"

#include "policy_explain.h"
#include "policy_flow.h"

#define V "version: 1\nmode: enforce\n"

struct row {
	const char *flow;    /* "field=value field=value ..." */
	const char *verdict; /* "action rule" and " monitor", " pending" or the decider */
};

static void describe(struct hg_flow_spec *spec, const char *flow)
{
	char why[HG_WHY_MAX], text[256], *save = NULL;

	hg_flow_spec_begin(spec);
	snprintf(text, sizeof(text), "%s", flow);
	for (char *field = strtok_r(text, " ", &save); field; field = strtok_r(NULL, " ", &save)) {
		char *value = strchr(field, '=');

		if (!strcmp(field, "live")) {
			spec->view.last_word = false;
			continue;
		}
		assert_non_null(value);
		*value++ = 0;
		if (hg_flow_spec_set(spec, field, value, why))
			fail_msg("%s: %s", field, why);
	}
}

static void in_words(const struct hg_compiled *c, const struct hg_verdict *v, char *out,
		     size_t size)
{
	snprintf(out, size, "%s %s%s%s%s",
		 v->action == HG_ACTION_allow	? "allow"
		 : v->action == HG_ACTION_reset ? "reset"
		 : v->action == HG_ACTION_drop	? "drop"
						: "count",
		 hg_compiled_rule_name(c, v->rule), v->mode == HG_MODE_monitor ? " monitor" : "",
		 v->pending ? " pending" : "",
		 v->decided_by == HG_DECIDER_user      ? " user"
		 : v->decided_by == HG_DECIDER_timeout ? " timeout"
						       : "");
}

static void check(const char *yaml, const struct row *rows, size_t count)
{
	struct hg_compiled *c = policy_compiled_of(yaml);

	for (size_t i = 0; i < count; i++) {
		struct hg_flow_spec spec;
		struct hg_flow_view view;
		struct hg_verdict verdict;
		char got[128];

		describe(&spec, rows[i].flow);
		view = hg_flow_spec_view(&spec);
		assert_int_equal(hg_policy_judge(c, &view, 0, &verdict), HG_OK);
		in_words(c, &verdict, got, sizeof(got));
		if (strcmp(got, rows[i].verdict))
			fail_msg("row %zu (%s): expected \"%s\", got \"%s\"", i, rows[i].flow,
				 rows[i].verdict, got);
	}
	hg_compiled_free(c);
}

#define CHECK(yaml, rows) check(yaml, rows, sizeof(rows) / sizeof((rows)[0]))

static void the_first_match_wins(void **state)
{
	static const struct row rows[] = {
		{ "sni=a.example port=443", "count first" },
		{ "sni=b.example port=443", "reset second" },
		{ "sni=b.example port=444", "drop third monitor" },
		{ "sni=c.example port=444", "allow default" },
		{ "sni=none port=444", "reset none" },
	};

	(void)state;
	CHECK(V "rules:\n"
		"  - {name: first, match: {sni: a.example}, action: count}\n"
		"  - {name: second, match: {port: 443}, action: reset}\n"
		"  - {name: third, match: {sni: b.example}, action: drop, mode: monitor}\n"
		"  - {name: none, match: {sni: none}, action: reset}\n",
	      rows);
}

static void conditions_and_lists_or(void **state)
{
	static const struct row rows[] = {
		{ "sni=a.example src=10.0.0.1 dst=::1 port=443 version_max=1.1 ciphers=all-weak",
		  "reset all" },
		{ "sni=b.example src=10.0.0.1 dst=::1 port=8443 version_max=ssl2 ciphers=all-weak",
		  "reset all" },
		{ "sni=x.example src=10.0.0.1 dst=::1 port=443 version_max=1.1 ciphers=all-weak",
		  "allow default" },
		{ "sni=a.example src=11.0.0.1 dst=::1 port=443 version_max=1.1 ciphers=all-weak",
		  "allow default" },
		{ "sni=a.example src=10.0.0.1 dst=::2 port=443 version_max=1.1 ciphers=all-weak",
		  "allow default" },
		{ "sni=a.example src=10.0.0.1 dst=::1 port=80 version_max=1.1 ciphers=all-weak",
		  "allow default" },
		{ "sni=a.example src=10.0.0.1 dst=::1 port=443 version_max=1.2 ciphers=all-weak",
		  "allow default" },
		{ "sni=a.example src=10.0.0.1 dst=::1 port=443 version_max=1.1 ciphers=strong",
		  "allow default" },
	};

	(void)state;
	CHECK(V
	      "rules:\n"
	      "  - {name: all, match: {sni: [a.example, b.example], src: 10.0.0.0/8, dst: \"::1\", "
	      "port: [443, 8443], version_max: \"<1.2\", ciphers: all-weak}, action: reset}\n",
	      rows);
}

static void unknown_is_not_false(void **state)
{
	static const struct row rows[] = {
		{ "sni=a.example src=10.0.0.1", "reset both" },
		{ "sni=a.example src=192.0.2.1", "allow default" },
		{ "sni=a.example", "allow default" }, /* src is unknown, and so is its not */
		{ "src=10.0.0.1", "allow default" },  /* sni is */
		{ "sni=none src=10.0.0.1", "count nameless" },
		{ "version_max=1.2", "allow default" },
	};

	(void)state;
	CHECK(V
	      "rules:\n"
	      "  - {name: both, match: {sni: a.example, not: {src: 192.0.2.0/24}}, action: reset}\n"
	      "  - {name: nameless, match: {not: {sni: .example}}, action: count}\n"
	      "  - {name: old, match: {version_max: \"<1.2\"}, action: reset}\n",
	      rows);
}

static void names_compare_as_the_hello_has_them(void **state)
{
	static const struct row rows[] = {
		{ "sni=a.example", "count in" },
		{ "sni=A.Example.", "count in" },
		{ "sni=b.example", "allow default" },
		{ "sni=none", "allow default" }, /* name conditions are false, not unknown */
		{ "sni_state=empty", "allow default" },
		{ "sni=a.example sni_state=invalid", "count in" },
	};
	static const struct row not_rows[] = {
		{ "sni=a.example", "allow default" },
		{ "sni=b.example", "reset out" },
		{ "sni=none", "reset out" },
		{ "sni_state=empty", "reset out" },
	};

	(void)state;
	CHECK(V "rules:\n  - {name: in, match: {sni: a.example}, action: count}\n", rows);
	CHECK(V "rules:\n  - {name: out, match: {not: {sni: a.example}}, action: reset}\n",
	      not_rows);
}

static void ambiguous_names_are_left_to_unread(void **state)
{
	static const struct row rows[] = {
		{ "sni_state=ambiguous port=443", "reset unread" },
		{ "sni_state=ambiguous port=80", "count early" },
		{ "sni_state=ambiguous port=443 flag=overlap", "drop overlap" },
		{ "sni_state=ambiguous port=443 flag=missed_start", "allow unread" },
		{ "sni=a.example port=443", "allow allowed" },
		{ "sni=b.example port=443", "reset others" },
	};

	(void)state;
	CHECK(V
	      "unread: reset\nsets: {s: {kind: domains, names: [.a.example]}}\nrules:\n"
	      "  - {name: early, match: {port: 80}, action: count}\n"
	      "  - {name: others, match: {not: {sni: \"@s\"}}, action: reset}\n"
	      "  - {name: allowed, match: {port: 443, sni_state: [ok, ambiguous]}, action: allow}\n"
	      "  - {name: overlap, match: {flag: overlap}, action: drop}\n",
	      rows);
}

static void what_was_not_read_meets_its_own_rules(void **state)
{
	static const struct row rows[] = {
		{ "coverage=malformed", "reset unread" },
		{ "coverage=ambiguous", "drop class" },
		{ "coverage=hello_too_large flag=overlap", "count flags" },
		{ "coverage=hello_too_large flag=overlap src=10.0.0.1", "count flags" },
		{ "coverage=not_tls", "allow unread" },
		{ "coverage=truncated", "allow ?" },	/* the flow is over: no verdict */
		{ "coverage=evicted", "reset unread" }, /* no room for it: it is not read */
		{ "coverage=evicted flag=overlap", "count flags" },
		{ "coverage=no_data", "allow ?" },
		{ "coverage=tcp_refused", "allow ?" },
		{ "coverage=conflicting_overlap", "drop class" },
		{ "coverage=malformed flag=missed_start", "allow unread" },
		{ "coverage=malformed port=443", "reset port" },
		{ "coverage=hello_too_large", "reset unread" }, /* not: {sni} is unknown */
		{ "sni=a.example coverage=reassembled flag=overlap", "reset all" },
	};

	(void)state;
	CHECK(V
	      "unread: reset\nrules:\n"
	      "  - {name: class, match: {coverage: [ambiguous, conflicting_overlap]}, action: drop}\n"
	      "  - {name: named, match: {coverage: hello_too_large, not: {sni: x.example}}, action: "
	      "drop}\n"
	      "  - {name: port, match: {coverage: malformed, port: 443}, action: reset}\n"
	      "  - {name: all, match: {}, action: reset}\n"
	      "  - {name: flags, match: {flag: [overlap, one_sided]}, action: count}\n",
	      rows);
}

static void versions_may_have_gaps(void **state)
{
	static const struct row rows[] = {
		{ "sni=a.example version_max=1.0", "reset max" },
		{ "sni=a.example version_max=1.1", "allow default" },
		{ "sni=a.example version_max=1.3", "reset max" },
		{ "sni=a.example version_max=1.2 version_min=1.0", "drop min" },
		{ "sni=a.example version_max=1.2 version_min=1.1", "allow default" },
		{ "sni=a.example version_max=1.2 version_min=1.2", "drop min" },
		{ "sni=a.example version_max=1.2", "allow default" }, /* the lowest is not known */
	};

	(void)state;
	CHECK(V "rules:\n"
		"  - {name: max, match: {version_max: [\"1.0\", \"1.3\"]}, action: reset}\n"
		"  - {name: min, match: {version_min: [\"1.0\", \"1.2\"]}, action: drop}\n",
	      rows);
}

static void certificates_say_what_a_hello_does_not(void **state)
{
	static const struct row rows[] = {
		{ "sni=a.example certificate=expired", "reset bad user" },
		{ "sni=a.example certificate=ok", "drop plain user" },
		{ "sni=a.example certificate=weak_key", "allow weak user" },
		{ "sni=a.example certificate=weak_key certificate=self_signed", "reset bad user" },
		{ "sni=a.example", "reset bad timeout" },
		{ "live sni=a.example", "reset bad pending" },
		{ "sni=none", "count named" },
	};

	(void)state;
	CHECK(V "rules:\n"
		"  - {name: named, match: {sni: none}, action: count}\n"
		"  - {name: bad, match: {certificate: [expired, self_signed]}, action: reset, "
		"on_undecided: reset}\n"
		"  - {name: weak, match: {certificate: weak_key}, action: allow}\n"
		"  - {name: plain, match: {not: {certificate: [name_mismatch]}}, action: drop}\n",
	      rows);
}

static void protected_flows_are_not_touched(void **state)
{
	static const struct row rows[] = {
		{ "sni=x.p.example src=192.0.2.1 port=443", "allow default" },
		{ "sni=a.example src=10.1.1.1 port=443", "allow default timeout" },
		{ "sni=none src=10.1.1.1 port=443 ja4=t13", "allow default user" },
		{ "sni=a.example src=192.0.2.1 port=443 ja4=t12", "drop all user" },
		{ "sni=a.example src=192.0.2.1 port=443 ja4=t13", "reset ja4 user" },
		{ "sni=a.example src=192.0.2.1 port=443", "reset ja4 timeout" },
		{ "sni=x.p.example src=192.0.2.1 port=8443", "count counted" },
		{ "sni=x.p.example src=192.0.2.1 port=9443", "allow allowed" },
		{ "sni=a.example src=10.1.1.1 port=443 ja4=q1", "count watched user" },
		{ "live sni=a.example src=10.1.1.1 port=443", "count watched pending" },
		{ "coverage=malformed src=10.1.1.1", "allow unread" },
		{ "coverage=ambiguous src=10.1.1.1", "allow unread" },
		{ "coverage=ambiguous src=192.0.2.1", "drop class" },
		{ "coverage=malformed src=192.0.2.1", "reset unread" },
	};

	(void)state;
	CHECK(V "default: reset\nunread: reset\n"
		"protect: {sni: .p.example, src: [10.0.0.0/8]}\nrules:\n"
		"  - {name: class, match: {coverage: ambiguous}, action: drop}\n"
		"  - {name: counted, match: {port: 8443}, action: count}\n"
		"  - {name: ja4, match: {ja4: \"t13*\"}, action: reset, on_undecided: reset}\n"
		"  - {name: allowed, match: {port: 9443}, action: allow}\n"
		"  - {name: watched, match: {ja4: \"q*\", src: 10.1.0.0/16}, action: count, "
		"on_undecided: reset}\n"
		"  - {name: all, match: {port: 1-65535}, action: drop}\n",
	      rows);
}

static const char user_policy[] = V
	"default: reset\nrules:\n"
	"  - {name: early, match: {sni: early.example}, action: allow}\n"
	"  - {name: bots, match: {ja4: [\"t13d19*\", \"t12*\"], not: {src: 192.0.2.0/24}}, action: "
	"drop}\n"
	"  - {name: good, match: {sni: .good.example}, action: allow}\n"
	"  - {name: known, match: {not: {ja3: \"abc*\"}}, action: count, on_undecided: reset}\n";

static void user_space_goes_on_where_the_kernel_stops(void **state)
{
	static const struct row rows[] = {
		/* before the first user rule the kernel decides */
		{ "live sni=early.example src=10.0.0.1", "allow early" },
		/* not known yet: the kernel stops here */
		{ "live sni=x.example src=10.0.0.1", "drop bots pending" },
		{ "live sni=x.good.example src=10.0.0.1", "drop bots pending" },
		/* the kernel's part is false: it does not wait */
		{ "live sni=x.good.example src=192.0.2.1", "allow good" },
		/* known: decided */
		{ "live sni=x.good.example src=10.0.0.1 ja4=t13d1900_a_b", "drop bots user" },
		{ "live sni=x.good.example src=10.0.0.1 ja4=t13d1700_a_b", "allow good user" },
		{ "live sni=x.example src=10.0.0.1 ja4=t13d1700_a_b", "count known pending" },
		{ "live sni=x.example src=10.0.0.1 ja4=t13d1700_a_b ja3=abcd",
		  "reset default user" },
		{ "live sni=x.example src=10.0.0.1 ja4=t13d1700_a_b ja3=abd", "count known user" },
		/* the last word: as if undecided */
		{ "sni=x.good.example src=10.0.0.1", "allow good timeout" },
		{ "sni=x.example src=10.0.0.1", "reset known timeout" },
		{ "sni=x.example src=192.0.2.1 ja3=abd", "count known user" },
		/* no hello: no fingerprint will come */
		{ "live coverage=malformed", "allow unread" },
	};

	(void)state;
	CHECK(user_policy, rows);
}

static void an_ambiguous_name_does_not_wait_for_nothing(void **state)
{
	static const struct row one_rule[] = {
		{ "live sni_state=ambiguous", "reset both pending" },
		{ "live sni_state=ambiguous ja4=t13", "reset unread user" },
		{ "live sni_state=ambiguous ja4=t12", "allow default user" },
	};
	static const struct row two_rules[] = {
		{ "sni_state=ambiguous", "reset unread timeout" },
		{ "live sni_state=ambiguous ja4=t12", "reset unread user" },
	};

	(void)state;
	CHECK(V "unread: reset\nrules:\n"
		"  - {name: both, match: {sni: a.example, ja4: t13}, action: reset}\n",
	      one_rule);
	CHECK(V "unread: reset\nrules:\n"
		"  - {name: print, match: {ja4: t13}, action: reset}\n"
		"  - {name: name, match: {sni: a.example}, action: reset}\n",
	      two_rules);
}

static void a_coverage_rule_with_a_fingerprint_is_not_for_what_was_not_read(void **state)
{
	static const struct row rows[] = {
		{ "live coverage=malformed", "reset unread user" },
		{ "live coverage=reassembled", "drop frag pending" },
		{ "live coverage=reassembled ja4=t13", "drop frag user" },
	};

	(void)state;
	CHECK(V
	      "unread: reset\nrules:\n"
	      "  - {name: frag, match: {coverage: [malformed, reassembled], ja4: t13}, action: drop}\n",
	      rows);
}

static void going_on_from_a_rule_keeps_what_earlier_ones_told(void **state)
{
	struct hg_compiled *c = policy_compiled_of(
		V "unread: reset\nprotect: {src: 10.0.0.0/8}\nrules:\n"
		  "  - {name: gone, match: {port: 443}, action: drop}\n"
		  "  - {name: name, match: {sni: a.example}, action: drop}\n"
		  "  - {name: bots, match: {ja4: t13}, action: reset}\n"
		  "  - {name: rest, match: {ciphers: all-weak}, action: reset}\n");
	struct hg_flow_spec spec;
	struct hg_flow_view view;
	struct hg_verdict v;

	(void)state;
	describe(&spec, "live sni=b.example port=443 src=192.0.2.1 ciphers=all-weak ja4=t13");
	view = hg_flow_spec_view(&spec);
	hg_policy_judge(c, &view, 0, &v);
	assert_int_equal(v.rule, 1);
	hg_policy_judge(c, &view, 3, &v); /* rules before it had their turn */
	assert_int_equal(v.rule, 3);
	assert_int_equal(v.action, HG_ACTION_reset);
	assert_int_equal(v.decided_by, HG_DECIDER_user);
	hg_policy_judge(c, &view, 4, &v);
	assert_int_equal(v.rule, 4);
	hg_policy_judge(c, &view, 5, &v);
	assert_int_equal(v.rule, HG_RULE_DEFAULT);
	hg_policy_judge(c, &view, 1000, &v);
	assert_int_equal(v.rule, HG_RULE_DEFAULT);

	describe(&spec, "live sni=b.example port=443 src=10.0.0.1 ciphers=all-weak ja4=t13");
	view = hg_flow_spec_view(&spec);
	hg_policy_judge(c, &view, 3, &v);
	assert_int_equal(v.rule, HG_RULE_DEFAULT);
	assert_int_equal(v.action, HG_ACTION_allow);

	describe(&spec, "live sni_state=ambiguous port=80 src=192.0.2.1 ciphers=all-weak ja4=t13");
	view = hg_flow_spec_view(&spec);
	hg_policy_judge(c, &view, 3, &v);
	assert_int_equal(v.rule, HG_RULE_UNREAD);
	assert_int_equal(v.action, HG_ACTION_reset);
	hg_compiled_free(c);
}

/* ---- explain ---- */

struct told {
	char text[4096];
	size_t len;
};

static void tell(const struct hg_explained *e, void *arg)
{
	struct told *t = arg;

	t->len += (size_t)snprintf(t->text + t->len, sizeof(t->text) - t->len, "%s%s %s: %s%s\n",
				   e->judged.decides ? "-> " : "", e->name, e->matches, e->why,
				   e->judged.after ? " (after)" : "");
}

static const struct {
	const char *flow;
	const char *told;
	const char *verdict;
} explained[] = {
	{ "sni=b.example src=10.0.0.1 ja4=t12_x",
	  "protect no: sni b.example is not in .p.example\n"
	  "listed no: sni b.example is not in @s, c.example\n"
	  "bots no: ja4 t12_x is not like t13*\n"
	  "port unknown: port is not known; version_max is not known\n"
	  "-> others yes: sni b.example is not in @s; src 10.0.0.1 is not in 192.0.2.0/24\n"
	  "flags no: flag (none) is not in overlap (after)\n",
	  "reset by rule others" },
	{ "sni=x.p.example port=443 version_max=1.3 ja4=t13_x ja3=0a flag=overlap src=::1",
	  "protect yes: sni x.p.example is in .p.example\n"
	  "listed no: sni x.p.example is not in @s, c.example\n"
	  "bots yes: ja4 t13_x is like t13*; ja3 0a is like 0*; but the flow is protected\n"
	  "port no: version_max 1.3 is not <1.2\n"
	  "others yes: sni x.p.example is not in @s; src ::1 is not in 192.0.2.0/24; but the flow "
	  "is protected\n"
	  "flags yes: flag overlap is in overlap; but the flow is protected\n",
	  "allow by default" },
	{ "coverage=malformed",
	  "protect unknown: sni is not known\n"
	  "listed skipped: no hello was read, and this rule names no coverage or flag\n"
	  "bots skipped: no hello was read, and this rule names no coverage or flag\n"
	  "port skipped: no hello was read, and this rule names no coverage or flag\n"
	  "others skipped: no hello was read, and this rule names no coverage or flag\n"
	  "flags no: flag (none) is not in overlap\n",
	  "reset by unread (monitor: counted, not done)" },
	{ "sni=a.example",
	  "protect no: sni a.example is not in .p.example\n"
	  "-> listed yes: sni a.example is in @s, c.example\n"
	  "bots unknown: ja4 is not known; ja3 is not known (after)\n"
	  "port unknown: port is not known; version_max is not known (after)\n"
	  "others unknown: src is not known (after)\n"
	  "flags no: flag (none) is not in overlap (after)\n",
	  "allow by rule listed" },
	{ "sni=d.example port=443 version_max=1.1",
	  "protect no: sni d.example is not in .p.example\n"
	  "listed no: sni d.example is not in @s, c.example\n"
	  "bots unknown: ja4 is not known; ja3 is not known; on_undecided: skip\n"
	  "-> port yes: port 443 is in 443; version_max 1.1 is <1.2\n"
	  "others yes: sni d.example is not in @s (after)\n"
	  "flags no: flag (none) is not in overlap (after)\n",
	  "reset by rule port (monitor: counted, not done)" },
	{ "sni=d.example src=10.0.0.1 ja4=t12 port=80 dst=10.0.0.1 ciphers=strong coverage=reassembled "
	  "version_max=1.3",
	  "protect no: sni d.example is not in .p.example\n"
	  "listed no: sni d.example is not in @s, c.example\n"
	  "bots no: ja4 t12 is not like t13*\n"
	  "port no: port 80 is not in 443; version_max 1.3 is not <1.2\n"
	  "-> others yes: sni d.example is not in @s; src 10.0.0.1 is not in 192.0.2.0/24\n"
	  "flags no: flag (none) is not in overlap (after)\n",
	  "reset by rule others" },
};

static void only_the_exclusion_is_told_where_it_excludes(void **state)
{
	struct hg_compiled *c = policy_compiled_of(
		V "rules:\n"
		  "  - {name: r, match: {port: 443, not: {sni: a.example}}, action: reset}\n");
	struct hg_flow_spec spec;
	struct hg_flow_view view;
	struct told told = { .len = 0 };
	struct hg_verdict v;

	(void)state;
	describe(&spec, "sni=a.example port=443");
	view = hg_flow_spec_view(&spec);
	hg_policy_explain(c, &view, tell, &told, &v);
	assert_string_equal(told.text, "r no: sni a.example is in a.example\n");
	told.len = 0;
	describe(&spec, "sni=b.example port=443");
	view = hg_flow_spec_view(&spec);
	hg_policy_explain(c, &view, tell, &told, &v);
	assert_string_equal(told.text,
			    "-> r yes: port 443 is in 443; sni b.example is not in a.example\n");
	hg_compiled_free(c);
}

static void rules_are_explained(void **state)
{
	struct hg_compiled *c = policy_compiled_of(
		"version: 1\nunread: reset\n"
		"sets: {s: {kind: domains, names: [a.example]}}\n"
		"protect: {sni: .p.example}\nrules:\n"
		"  - {name: listed, match: {sni: [\"@s\", c.example]}, action: allow}\n"
		"  - {name: bots, match: {ja4: \"t13*\", ja3: \"0*\"}, action: reset}\n"
		"  - {name: port, match: {port: 443, version_max: \"<1.2\"}, action: reset}\n"
		"  - {name: others, match: {not: {sni: \"@s\", src: 192.0.2.0/24}}, action: reset, "
		"mode: enforce}\n"
		"  - {name: flags, match: {flag: overlap}, action: reset}\n");

	(void)state;
	for (size_t i = 0; i < sizeof(explained) / sizeof(explained[0]); i++) {
		struct hg_flow_spec spec;
		struct hg_flow_view view;
		struct hg_verdict v;
		struct told told = { .len = 0 };
		char words[HG_EXPLAINED_MAX];

		describe(&spec, explained[i].flow);
		view = hg_flow_spec_view(&spec);
		hg_policy_explain(c, &view, tell, &told, &v);
		if (strcmp(told.text, explained[i].told))
			fail_msg("%s\n--- expected\n%s--- got\n%s", explained[i].flow,
				 explained[i].told, told.text);
		assert_string_equal(hg_verdict_words(c, &v, words), explained[i].verdict);
	}
	hg_compiled_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_match_wins),
		cmocka_unit_test(conditions_and_lists_or),
		cmocka_unit_test(unknown_is_not_false),
		cmocka_unit_test(names_compare_as_the_hello_has_them),
		cmocka_unit_test(ambiguous_names_are_left_to_unread),
		cmocka_unit_test(what_was_not_read_meets_its_own_rules),
		cmocka_unit_test(versions_may_have_gaps),
		cmocka_unit_test(certificates_say_what_a_hello_does_not),
		cmocka_unit_test(protected_flows_are_not_touched),
		cmocka_unit_test(user_space_goes_on_where_the_kernel_stops),
		cmocka_unit_test(an_ambiguous_name_does_not_wait_for_nothing),
		cmocka_unit_test(a_coverage_rule_with_a_fingerprint_is_not_for_what_was_not_read),
		cmocka_unit_test(going_on_from_a_rule_keeps_what_earlier_ones_told),
		cmocka_unit_test(rules_are_explained),
		cmocka_unit_test(only_the_exclusion_is_told_where_it_excludes),
	};

	return cmocka_run_group_tests_name("policy judge", tests, NULL, NULL);
}
