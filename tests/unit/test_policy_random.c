/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random policies and flows: the verdict of the compiled policy, in user space,
 * against that of plain_judge().  tests/policies/kernel.c asks the kernel.
 *
 * HG_SEED and HG_POLICIES (default 1700, 60 flows each) choose what is tried.
 */
#include "test_policy.h"

#include "../../user/terms.h"
#include "../policies/plain.h"

#define FLOWS 60

/* ---- the flow, as the judge sees it ---- */

/* A list of the hello, as it is on the wire. */
static struct hg_bytes numbers(const struct plain_list *list, __u8 *room)
{
	for (int i = 0; i < list->count; i++) {
		unsigned long number = strtoul(list->items[i], NULL, 16);

		room[2 * i] = (__u8)(number >> 8);
		room[2 * i + 1] = (__u8)number;
	}
	return (struct hg_bytes){ room, (__u32)list->count * 2 };
}

static struct hg_bytes protocol_list(const struct plain_list *list, __u8 *room)
{
	__u32 len = 0;

	for (int i = 0; i < list->count; i++) {
		room[len] = (__u8)strlen(list->items[i]);
		memcpy(room + len + 1, list->items[i], room[len]);
		len += room[len] + 1U;
	}
	return (struct hg_bytes){ room, len };
}

static struct hg_flow_view view_of(const struct plain_flow *f, struct hg_hello *hello)
{
	static const __u16 wire[] = { 0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304 };
	static __u8 rooms[3][64];
	struct hg_flow_view view = { .hello = f->read ? hello : NULL };
	char why[HG_WHY_MAX];

	memset(hello, 0, sizeof(*hello));
	memcpy(hello->name, f->name, strlen(f->name));
	hello->name_len = (__u8)strlen(f->name);
	hello->sni_state = (__u8)f->state;
	hello->version_max = wire[f->version];
	hello->version_min = f->lowest < 0 ? 0 : wire[f->lowest];
	hello->features = (f->weak ? HG_HELLO_ALL_WEAK : 0) | (f->resumed ? HG_HELLO_PSK : 0);
	hello->cipher_count_no_grease = (__u16)f->cipher.count;
	hello->ech = (__u8)f->ech;
	hg_address_parse(f->src, view.client, why);
	hg_address_parse(f->dst, view.server, why);
	view.server_port = (__u16)f->port;
	view.flags = f->flags;
	view.bucket = (__u32)f->bucket;
	view.ciphers = numbers(&f->cipher, rooms[0]);
	view.groups = numbers(&f->group, rooms[1]);
	view.alpn = protocol_list(&f->alpn, rooms[2]);
	view.interface = f->interface;
	view.time_ns = 1800000000ULL * 1000000000ULL; /* 2027 */
	view.ja4 = f->ja4;
	view.ja3 = f->ja3;
	view.unknown = f->unknown;
	view.last_word = f->last_word;
	return view;
}

static bool same(const struct hg_compiled *c, const struct hg_verdict *got,
		 const struct plain_verdict *want)
{
	return !strcmp(hg_compiled_rule_name(c, got->rule), want->rule) &&
	       got->action == want->action && got->mode == want->mode &&
	       !!got->pending == want->pending;
}

struct tally {
	unsigned long flows, rules, defaults, unread, pending;
};

static void try_flow(const struct plain_policy *p, const struct hg_compiled *c, const char *yaml,
		     struct tally *tally)
{
	struct plain_flow f;
	struct plain_verdict want;
	struct hg_hello hello;
	struct hg_flow_view view;
	struct hg_verdict got;

	plain_flow_make(&f);
	view = view_of(&f, &hello);
	want = plain_judge(p, &f);
	assert_int_equal(hg_policy_judge(c, &view, 0, &got), HG_OK);
	if (!same(c, &got, &want))
		fail_msg("%s\n%s\nwant %s by %s%s, got %s by %s%s", yaml, plain_flow_text(&f),
			 hg_action_text((unsigned int)want.action), want.rule,
			 want.pending ? " pending" : "", hg_action_text(got.action),
			 hg_compiled_rule_name(c, got.rule), got.pending ? " pending" : "");
	tally->flows++;
	tally->rules += want.rule[0] == 'r';
	tally->defaults += want.rule[0] == 'd';
	tally->unread += want.rule[0] == 'u';
	tally->pending += want.pending;
}

static unsigned int setting(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned int)strtoul(text, NULL, 0) : otherwise;
}

static void random_policies_are_judged_alike(void **state)
{
	unsigned int policies = setting("HG_POLICIES", 1700), seed = setting("HG_SEED", 1);
	struct tally tally = {};

	(void)state;
	for (unsigned int i = 0; i < policies; i++) {
		struct plain_policy p;
		struct hg_compiled *c;
		char *yaml;

		plain_seed(seed * 1000003u + i);
		plain_policy_make(&p);
		yaml = plain_policy_text(&p);
		c = policy_compiled_of(yaml);
		for (int flow = 0; flow < FLOWS; flow++)
			try_flow(&p, c, yaml, &tally);
		hg_compiled_free(c);
		free(yaml);
	}
	print_message("# seed %u: %lu flows: %lu by rules, %lu pending, %lu default, %lu unread\n",
		      seed, tally.flows, tally.rules, tally.pending, tally.defaults, tally.unread);
	/* every way to end was taken often enough to mean something */
	assert_true(tally.rules > tally.flows / 5);
	assert_true(tally.defaults > tally.flows / 20);
	assert_true(tally.unread > tally.flows / 20);
	assert_true(tally.pending > tally.flows / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_policies_are_judged_alike),
	};

	return cmocka_run_group_tests_name("policy random", tests, NULL, NULL);
}
