/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy becomes: bits, digests, closed networks, ports and rules. */
#include "test_policy.h"

#include <errno.h>

#define V "version: 1\n"

/* The bits of the list that a rule asks for: the rules are named by index. */
static __u64 asked(const struct hg_compiled *c, __u32 rule)
{
	return c->rules[rule].match.sni;
}

static __u64 name_sets(const struct hg_compiled *c, const char *name)
{
	return hg_compiled_name_sets(c, (const __u8 *)name, (__u32)strlen(name));
}

static const char names_policy[] = V
	"sets:\n"
	"  s: {kind: domains, names: [one.example, .two.example]}\n"
	"rules:\n"
	"  - {name: set, match: {sni: \"@s\"}, action: count}\n"
	"  - {name: mix, match: {sni: [\"@s\", \"*.three.example\"]}, action: count}\n"
	"  - {name: in1, match: {sni: [a.example, one.example]}, action: count}\n"
	"  - {name: in2, match: {not: {sni: [one.example, a.example]}}, action: count}\n";

static void lists_are_bits(void **state)
{
	struct hg_compiled *c = policy_compiled_of(names_policy);

	(void)state;
	assert_int_equal(c->bit_count[HG_BIT_NAMES], 3);
	assert_string_equal(c->bits[HG_BIT_NAMES][0].name, "s");
	assert_int_equal(c->bits[HG_BIT_NAMES][0].entries, 2);
	assert_null(c->bits[HG_BIT_NAMES][1].name);
	assert_int_equal(c->bits[HG_BIT_NAMES][1].place.line, 6);
	assert_int_equal(asked(c, 0), 1);
	assert_int_equal(asked(c, 1), 1 | 2);
	assert_int_equal(asked(c, 2), 4);
	assert_int_equal(c->rules[3].except.sni, 4); /* the same list in another order */
	assert_int_equal(c->names, 4);
	hg_compiled_free(c);
}

static void names_are_found(void **state)
{
	static const struct {
		const char *name;
		__u64 sets;
	} rows[] = {
		{ "one.example", 1 | 4 }, { "a.example", 4 },	    { "x.one.example", 0 },
		{ "two.example", 1 },	  { "x.two.example", 1 },   { "x.y.two.example", 1 },
		{ "three.example", 0 },	  { "x.three.example", 2 }, { "xthree.example", 0 },
		{ "example", 0 },	  { "two.example.com", 0 }, { "", 0 },
		{ ".two.example", 1 },	  { "ONE.example", 0 },
	};
	struct hg_compiled *c = policy_compiled_of(names_policy);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (name_sets(c, rows[i].name) != rows[i].sets)
			fail_msg("\"%s\": %#llx", rows[i].name,
				 (unsigned long long)name_sets(c, rows[i].name));
	assert_int_equal(c->policy.name_depths, 1 << 2);
	hg_compiled_free(c);
}

/* policy.h in words: the sum of key[i] * (byte + 1), i counting from the end. */
static void digests_are_those_of_the_kernel(void **state)
{
	struct hg_compiled *c = policy_compiled_of(
		V "rules:\n  - {name: a, match: {sni: www.Example}, action: count}\n");
	const char name[] = "www.example";
	__uint128_t sum[2] = { 0, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		for (int lane = 0; lane < 2; lane++)
			sum[lane] += (__uint128_t)c->policy.name_key[lane][i] *
				     ((unsigned char)name[sizeof(name) - 2 - i] + 1u);
	assert_int_equal(c->names, 1);
	assert_int_equal(c->name_keys[0].hash[0], (uint64_t)sum[0] >> 8);
	assert_int_equal(c->name_keys[0].hash[1], (uint64_t)sum[1] >> 8);
	assert_int_equal(c->name_sets[0].exact, 1);
	assert_int_equal(c->name_sets[0].below, 0);
	hg_compiled_free(c);
}

static void depths_have_a_last_bit(void **state)
{
	struct hg_compiled *c = policy_compiled_of(
		V "rules:\n  - name: a\n    action: count\n    match:\n      sni:\n"
		  "      - one\n      - .a.b.c.d.e\n"
		  "      - a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a.b.c.d.e.f.g\n");

	(void)state;
	assert_int_equal(c->policy.name_depths, 1U << 1 | 1U << 5 | 1U << 31);
	assert_int_equal(name_sets(c, "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a.b.c."
				      "d.e.f.g"),
			 1);
	assert_int_equal(name_sets(c, "b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a.b.c."
				      "d.e.f.g"),
			 0);
	hg_compiled_free(c);
}

static void a_name_deeper_than_all_bits_is_found(void **state)
{
	struct hg_compiled *c = policy_compiled_of(
		V "rules:\n  - name: a\n    action: count\n    match:\n      sni: "
		  "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a.b.c.d.e.f.g\n");

	(void)state;
	assert_int_equal(c->policy.name_depths, 1U << 31);
	assert_int_equal(name_sets(c, "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a.b.c."
				      "d.e.f.g"),
			 1);
	hg_compiled_free(c);
}

static void many_names_are_sorted_and_found(void **state)
{
	enum { COUNT = 20000 };
	char *yaml = NULL, name[64];
	struct hg_compiled *c;
	size_t len;
	FILE *out = open_memstream(&yaml, &len);

	(void)state;
	fputs(V "sets:\n  s:\n    kind: domains\n    names:\n", out);
	for (int i = 0; i < COUNT; i++)
		fprintf(out, "    - h%d.z%d.example\n", i % (COUNT / 2), i % 7);
	fputs("rules:\n  - {name: a, match: {sni: \"@s\"}, action: count}\n", out);
	fclose(out);
	c = policy_compiled_of(yaml);
	for (size_t i = 1; i < c->names; i++)
		assert_true(c->name_keys[i - 1].hash[0] < c->name_keys[i].hash[0]);
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "h%d.z%d.example", i % (COUNT / 2), i % 7);
		assert_int_equal(name_sets(c, name), 1);
		name[0] = 'g';
		assert_int_equal(name_sets(c, name), 0);
	}
	hg_compiled_free(c);
	free(yaml);
}

/* ---- keys ---- */

static int draws;

/* The first key makes every name the same; the next are good enough for a test. */
static int draw_badly_once(void *bytes, size_t size, void *arg)
{
	int bad = *(int *)arg;

	memset(bytes, 0, size);
	if (draws++ < bad)
		return 0;
	srand(7);
	for (size_t i = 0; i < size; i++)
		((unsigned char *)bytes)[i] = (unsigned char)rand();
	return 0;
}

static int draw_nothing(void *bytes, size_t size, void *arg)
{
	(void)bytes;
	(void)size;
	(void)arg;
	return -ENOSYS;
}

static void names_that_collide_get_another_key(void **state)
{
	struct hg_policy_model *m = policy_model_of(names_policy);
	struct hg_diagnostics d = {};
	struct hg_compiled *c = NULL;
	int bad = 1;

	(void)state;
	draws = 0;
	assert_int_equal(hg_policy_compile_drawn(m, &d, draw_badly_once, &bad, &c), HG_OK);
	assert_int_equal(draws, 2);
	assert_int_equal(c->names, 4);
	assert_int_equal(name_sets(c, "a.example"), 4);
	hg_compiled_free(c);
	hg_diagnostics_free(&d);
	hg_policy_model_free(m);
}

static void a_key_that_cannot_be_drawn_is_told(void **state)
{
	struct hg_policy_model *m = policy_model_of(names_policy);
	struct hg_diagnostics d = {};
	struct hg_compiled *c = NULL;
	int bad = 1000;

	(void)state;
	draws = 0;
	assert_int_equal(hg_policy_compile_drawn(m, &d, draw_badly_once, &bad, &c), HG_INVALID);
	assert_int_equal(draws, 16);
	assert_int_equal(hg_policy_compile_drawn(m, &d, draw_nothing, NULL, &c), HG_INVALID);
	assert_string_equal(d.items[1].text, "no key for the names: Function not implemented");
	assert_null(c);
	hg_diagnostics_free(&d);
	hg_policy_model_free(m);
}

static void keys_are_random(void **state)
{
	struct hg_compiled *a = policy_compiled_of(names_policy);
	struct hg_compiled *b = policy_compiled_of(names_policy);

	(void)state;
	for (int lane = 0; lane < 2; lane++)
		for (int i = 0; i < HG_NAME_SIZE; i++)
			assert_int_not_equal(a->policy.name_key[lane][i],
					     b->policy.name_key[lane][i]);
	hg_compiled_free(a);
	hg_compiled_free(b);
}

/* ---- networks ---- */

static __u64 net_sets(const struct hg_compiled *c, const char *address)
{
	char why[HG_WHY_MAX];
	__u8 addr[16];

	assert_int_equal(hg_address_parse(address, addr, why), 0);
	return hg_compiled_net_sets(c, addr);
}

static void networks_are_closed(void **state)
{
	static const struct {
		const char *address;
		__u64 sets;
	} rows[] = {
		{ "10.1.2.3", 1 | 2 | 4 },
		{ "10.1.3.1", 1 | 2 },
		{ "10.2.0.1", 1 },
		{ "10.1.2.4", 1 | 2 },
		{ "11.0.0.1", 0 },
		{ "2001:db8::1", 8 | 16 },
		{ "2001:db9::1", 8 },
		{ "::ffff:10.2.0.1", 1 },
		{ "9.255.255.255", 0 },
		{ "ffff::", 8 },
		{ "::", 8 },
		{ "255.255.255.255", 0 },
	};
	struct hg_compiled *c = policy_compiled_of(
		V
		"rules:\n"
		"  - {name: a, match: {src: 10.0.0.0/8}, action: count}\n"
		"  - {name: b, match: {dst: 10.1.0.0/16}, action: count}\n"
		"  - {name: c, match: {src: 10.1.2.3}, action: count}\n"
		"  - {name: d, match: {src: \"::/0\"}, action: count}\n"
		"  - {name: e, match: {src: \"2001:db8::/32\", dst: 10.0.0.0/8}, action: count}\n");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (net_sets(c, rows[i].address) != rows[i].sets)
			fail_msg("%s: %#llx", rows[i].address,
				 (unsigned long long)net_sets(c, rows[i].address));
	assert_int_equal(c->nets, 6); /* and all of IPv4, where ::/0 ends */
	assert_int_equal(c->rules[4].match.src, 16);
	assert_int_equal(c->rules[4].match.dst, 1);
	for (size_t i = 0; i < c->nets; i++)
		if (c->net_keys[i].prefixlen == 128)
			assert_int_equal(c->net_sets[i], 1 | 2 | 4);
	hg_compiled_free(c);
}

static void no_networks_hold_nothing(void **state)
{
	struct hg_compiled *c = policy_compiled_of(V);

	(void)state;
	assert_int_equal(c->nets, 0);
	assert_int_equal(net_sets(c, "10.0.0.1"), 0);
	assert_int_equal(name_sets(c, "a.example"), 0);
	assert_null(c->numbers);
	hg_compiled_free(c);
}

/* ---- ports, rules ---- */

static void ports_are_bits(void **state)
{
	struct hg_compiled *c = policy_compiled_of(
		V "rules:\n"
		  "  - {name: a, match: {port: 443}, action: count}\n"
		  "  - {name: b, match: {port: [440-450, 65535]}, action: count}\n"
		  "  - {name: c, match: {port: [443], sni: none}, action: count}\n");

	(void)state;
	assert_int_equal(c->bit_count[HG_BIT_PORTS], 2);
	assert_int_equal(c->numbers[443], 1 | 2);
	assert_int_equal(c->numbers[440], 2);
	assert_int_equal(c->numbers[450], 2);
	assert_int_equal(c->numbers[65535], 2);
	assert_int_equal(c->numbers[451] | c->numbers[439] | c->numbers[0] | c->numbers[65534], 0);
	assert_int_equal(c->rules[2].match.port, 1);
	hg_compiled_free(c);
}

static void rules_carry_what_they_say(void **state)
{
	struct hg_compiled *c = policy_compiled_of(
		V
		"mode: enforce\ndefault: reset\nunread: reset\ndecision_timeout: 250ms\n"
		"protect: {sni: .p.example, src: [10.0.0.0/8, 192.0.2.1]}\n"
		"rules:\n"
		"  - {name: x, match: {version_max: \"<1.2\", ciphers: all-weak}, action: reset, "
		"to: client, mode: monitor}\n"
		"  - {name: y, match: {ja4: \"t13*\", not: {ja3: abc, flag: [overlap, one_sided]}}, "
		"action: drop, on_undecided: reset, owner: me}\n");
	const struct hg_rule *x = &c->rules[2], *y = &c->rules[3];

	(void)state;
	assert_int_equal(c->policy.rules, 4);
	assert_int_equal(c->protect_rules, 2);
	assert_int_equal(c->rules[0].protect, 1);
	assert_int_equal(c->rules[0].match.conditions, HG_COND_SNI);
	assert_int_equal(c->rules[1].protect, 1);
	assert_int_equal(c->rules[1].match.conditions, HG_COND_SRC);
	assert_int_equal(c->policy.mode, HG_MODE_enforce);
	assert_int_equal(c->policy.default_action, HG_ACTION_reset);
	assert_int_equal(c->policy.unread_action, HG_ACTION_reset);
	assert_int_equal(c->policy.decision_timeout_ms, 250);
	assert_int_equal(c->policy.needs, HG_COND_SNI | HG_COND_SRC | HG_COND_VERSION_MAX |
						  HG_COND_ALL_WEAK | HG_COND_USER | HG_COND_FLAG);
	assert_int_equal(x->match.conditions, HG_COND_VERSION_MAX | HG_COND_ALL_WEAK);
	assert_int_equal(x->match.version_max, 1U << HG_VERSION_ssl2 | 1U << HG_VERSION_ssl3 |
						       1U << HG_VERSION_tls1_0 |
						       1U << HG_VERSION_tls1_1);
	assert_int_equal(x->match.all_weak, 1);
	assert_int_equal(x->to, HG_TO_client);
	assert_int_equal(x->mode, HG_MODE_monitor);
	assert_int_equal(x->protect, 0);
	assert_int_equal(x->except.conditions, 0);
	assert_int_equal(y->match.conditions, HG_COND_USER);
	assert_int_equal(y->except.conditions, HG_COND_USER | HG_COND_FLAG);
	assert_int_equal(y->except.flags, HG_FLAG(overlap) | HG_FLAG(one_sided));
	assert_int_equal(y->action, HG_ACTION_drop);
	assert_int_equal(y->mode, HG_MODE_enforce);
	assert_int_equal(y->to, HG_TO_both);
	assert_int_equal(y->on_undecided, HG_ACTION_reset);
	assert_string_equal(c->about[3].match.ja4[0], "t13*");
	assert_string_equal(c->about[3].except.ja3[0], "abc");
	assert_string_equal(c->about[3].owner, "me");
	assert_int_equal(c->about[3].place.line, 9);
	hg_compiled_free(c);
}

static void counters_go_by_name(void **state)
{
	struct hg_compiled *c = policy_compiled_of(names_policy);

	(void)state;
	assert_int_equal(c->stats, 6);
	assert_string_equal(c->stats_names[c->policy.default_stats], "default");
	assert_string_equal(c->stats_names[c->policy.unread_stats], "unread");
	for (__u32 i = 0; i < c->policy.rules; i++)
		assert_string_equal(c->stats_names[c->rules[i].stats], c->about[i].name);
	assert_string_equal(hg_compiled_rule_name(c, 1), "mix");
	assert_string_equal(hg_compiled_rule_name(c, HG_RULE_DEFAULT), "default");
	assert_string_equal(hg_compiled_rule_name(c, HG_RULE_UNREAD), "unread");
	assert_string_equal(hg_compiled_rule_name(c, 99), "?");
	hg_compiled_free(c);
}

static void too_many_lists_are_refused(void **state)
{
	char *yaml = NULL, *said;
	size_t len;
	FILE *out = open_memstream(&yaml, &len);

	(void)state;
	fputs(V "rules:\n", out);
	for (int i = 0; i < 65; i++)
		fprintf(out,
			"  - {name: r%d, match: {sni: n%d.example, src: 10.0.0.%d, port: %d}, "
			"action: count}\n",
			i, i, i, i + 1);
	fclose(out);
	said = policy_complaints(yaml);
	assert_string_equal(
		said,
		"p.yaml:67:30: error: more than 64 different lists of names; put some together "
		"into a set\n"
		"p.yaml:67:48: error: more than 64 different lists of networks; put some together "
		"into a set\n"
		"p.yaml:67:65: error: more than 64 different lists of ports; put some together "
		"into a set\n");
	free(said);
	free(yaml);
}

static void protect_counts_among_the_rules(void **state)
{
	char *yaml = NULL, *said;
	size_t len;
	FILE *out = open_memstream(&yaml, &len);

	(void)state;
	fputs(V "protect: {sni: a.example}\nrules:\n", out);
	for (int i = 0; i < HG_RULES; i++)
		fprintf(out, "  - {name: r%d, match: {sni: none}, action: count}\n", i);
	fclose(out);
	said = policy_complaints(yaml);
	assert_string_equal(said, "p.yaml:1027:5: error: more than 1024 rules (protect counts as "
				  "1)\n");
	free(said);
	free(yaml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_bits),
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(digests_are_those_of_the_kernel),
		cmocka_unit_test(depths_have_a_last_bit),
		cmocka_unit_test(a_name_deeper_than_all_bits_is_found),
		cmocka_unit_test(many_names_are_sorted_and_found),
		cmocka_unit_test(names_that_collide_get_another_key),
		cmocka_unit_test(a_key_that_cannot_be_drawn_is_told),
		cmocka_unit_test(keys_are_random),
		cmocka_unit_test(networks_are_closed),
		cmocka_unit_test(no_networks_hold_nothing),
		cmocka_unit_test(ports_are_bits),
		cmocka_unit_test(rules_carry_what_they_say),
		cmocka_unit_test(counters_go_by_name),
		cmocka_unit_test(too_many_lists_are_refused),
		cmocka_unit_test(protect_counts_among_the_rules),
	};

	return cmocka_run_group_tests_name("policy compile", tests, NULL, NULL);
}
