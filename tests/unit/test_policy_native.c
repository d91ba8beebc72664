/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random policies in the native data path, and random ClientHellos as packets: the
 * verdict on the event against plain_judge().  tests/policies/kernel.c asks the
 * programs in the kernel the same.
 *
 * HG_SEED and HG_POLICIES (default 400, 60 flows each) choose what is tried.
 */
#include "test_policy.h"

#include "../policies/plain_wire.h"
#include "event.h"
#include "read_path.h"

#define FLOWS 60
#define ISN 4000
#define A_DAY_IN_2027 1800000000000000000ULL

static const struct hg_read_path *path = &hg_read_path_kernel_limits;

struct seen {
	unsigned int hellos;
	struct hg_verdict verdict;
};

static void on_event(void *arg, const void *event, size_t len)
{
	const struct hg_event *e = event;
	struct seen *seen = arg;

	assert_true(len >= sizeof(*e));
	if (e->type != HG_EVENT_HELLO)
		return;
	seen->hellos++;
	seen->verdict = e->verdict;
}

static void send(const struct conn *c, unsigned int flags, const void *data, __u32 from, __u32 to)
{
	struct segment s = { .flags = (__u8)flags, .seq = ISN + (flags & TCP_SYN ? 0 : 1) + from };
	static struct frame frame;

	s.data = (const __u8 *)data + from;
	s.len = to - from;
	frame_build(&frame, c, &s);
	assert_int_equal(path->frame(frame.at, frame.len, A_DAY_IN_2027), 0);
}

/* Whole, or in two segments. */
static void connection(const struct plain_flow *f, __u16 client_port)
{
	static struct octets stream;
	struct conn conn = plain_conn(f, client_port);
	__u32 first;

	plain_stream(f, &stream);
	first = f->bucket == HG_BUCKET_reassembled ? 40 : stream.len;
	send(&conn, TCP_SYN, stream.at, 0, 0);
	send(&conn, TCP_ACK, stream.at, 0, first);
	if (first < stream.len)
		send(&conn, TCP_ACK, stream.at, first, stream.len);
}

struct tally {
	unsigned long flows, rules, defaults, unread;
};

/* Nobody is there to judge what the data path cannot, nor does it know an interface. */
static void try_flow(const struct plain_policy *p, const struct hg_compiled *c, __u16 port,
		     struct seen *seen, struct tally *tally)
{
	const char *got;
	struct plain_verdict want;
	struct plain_flow f;

	plain_flow_make_real(&f);
	f.last_word = true;
	f.interface = NULL;
	want = plain_judge(p, &f);
	seen->hellos = 0;
	connection(&f, port);
	tally->flows++;
	tally->rules += want.rule[0] == 'r';
	tally->defaults += want.rule[0] == 'd';
	tally->unread += want.rule[0] == 'u';
	if (seen->hellos != 1)
		fail_msg("%u hellos were read: %s", seen->hellos, plain_flow_text(&f));
	got = hg_compiled_rule_name(c, seen->verdict.rule);
	if (strcmp(got, want.rule) || seen->verdict.action != want.action ||
	    seen->verdict.mode != want.mode || seen->verdict.pending)
		fail_msg("%s\nwant %d by %s, got %d by %s\n%s", plain_flow_text(&f), want.action,
			 want.rule, seen->verdict.action, got, plain_policy_text(p));
}

static void try_policy(struct tally *tally)
{
	struct seen seen = { 0 };
	struct plain_policy p;
	struct hg_compiled *c;
	char *yaml;

	plain_policy_make(&p);
	yaml = plain_policy_text(&p);
	c = policy_compiled_of(yaml);
	assert_int_equal(path->open(c, &(struct hg_read_options){ 0 }, on_event, &seen), 0);
	for (__u16 i = 0; i < FLOWS; i++)
		try_flow(&p, c, (__u16)(1024 + i), &seen, tally);
	path->close();
	hg_compiled_free(c);
	free(yaml);
}

static unsigned int setting(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned int)strtoul(text, NULL, 0) : otherwise;
}

static void policies_by_chance(void **state)
{
	unsigned int policies = setting("HG_POLICIES", 400), seed = setting("HG_SEED", 1);
	struct tally t = { 0 };

	(void)state;
	for (unsigned int i = 0; i < policies; i++) {
		plain_seed(seed * 1000003u + i);
		try_policy(&t);
	}
	print_message("# %lu flows: %lu by rules, %lu default, %lu unread\n", t.flows, t.rules,
		      t.defaults, t.unread);
	/* often enough to mean something */
	assert_true(t.rules > t.flows / 6 && t.defaults > t.flows / 20 && t.unread > t.flows / 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_by_chance),
	};

	return cmocka_run_group_tests_name("policy native", tests, NULL, NULL);
}
