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
#include "hellos.h"
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

static void stream(const struct conn *c, const struct octets *bytes, __u32 first)
{
	send(c, TCP_SYN, bytes->at, 0, 0);
	send(c, TCP_ACK, bytes->at, 0, first);
	if (first < bytes->len)
		send(c, TCP_ACK, bytes->at, first, bytes->len);
}

/* Whole, or in two segments. */
static void connection(const struct plain_flow *f, __u16 client_port)
{
	static struct octets bytes;
	struct conn conn = plain_conn(f, client_port);

	plain_stream(f, &bytes);
	stream(&conn, &bytes, f->bucket == HG_BUCKET_reassembled ? 40 : bytes.len);
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

/* ---- what chance does not make ---- */

/* SSLv2 (RFC 5246, appendix E.2): 16 bytes of challenge, no session id, these suites. */
static void sslv2_with(struct octets *to, const char *hex, __u32 len)
{
	put_be(to, 2, (__u16)(0x8000 | (9 + len + 16)));
	put_be(to, 1, 1);
	put_be(to, 2, 0x0301);
	put_be(to, 2, (__u16)len);
	put_be(to, 2, 0);
	put_be(to, 2, 16);
	put(to, hex, len);
	put(to, "0123456789abcdef", 16);
}

static void two_names(struct octets *to)
{
	static const __u8 names[] = { 0, 8, 0, 0, 1, 'a', 0, 0, 1, 'b' };
	struct hello_spec spec = { .sni_body = names, .sni_body_len = sizeof(names) };
	static struct octets message;

	hello_build(&message, &spec);
	record_whole(to, &message);
}

static void sslv2_rc4(struct octets *to)
{
	sslv2_with(to, "\x01\x00\x80\x00\x00\x05\x00\x00\x0a", 9);
}

/* The suites of SSL 2.0 alone: their last two bytes are those of others. */
static void sslv2_own(struct octets *to)
{
	sslv2_with(to, "\x05\x00\x05\x07\x00\x0a", 6);
}

#define V "version: 1\nmode: enforce\nunread: reset\nrules:\n  - {name: one, match: "

static const struct {
	const char *what, *match;
	void (*hello)(struct octets *to);
	const char *rule;
} fixed[] = {
	{ "two names, in no set", "{not: {sni: c}}", two_names, "one" },
	{ "two names, one of them in it", "{not: {sni: b}}", two_names, "unread" },
	{ "two names, both in it", "{sni: [a, b]}", two_names, "one" },
	{ "the last suite", "{ciphers: [0x000a]}", sslv2_rc4, "one" },
	{ "the one in the middle", "{ciphers: [0x0005]}", sslv2_rc4, "one" },
	{ "none of them", "{ciphers: [0x002f]}", sslv2_rc4, "default" },
	{ "a suite of SSL 2.0", "{ciphers: [0x0080]}", sslv2_rc4, "default" },
	{ "no suite of TLS", "{ciphers: [0x0005, 0x000a]}", sslv2_own, "default" },
};

static void hellos_that_chance_does_not_make(void **state)
{
	struct conn conn = { .client = { 192, 0, 2, 1 },
			     .server = { 192, 0, 2, 2 },
			     .client_port = 4000,
			     .server_port = 443 };
	static struct octets bytes;
	char yaml[512];

	(void)state;
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		struct seen seen = { 0 };
		struct hg_compiled *c;

		snprintf(yaml, sizeof(yaml), V "%s, action: drop}\n", fixed[i].match);
		c = policy_compiled_of(yaml);
		bytes.len = 0;
		fixed[i].hello(&bytes);
		assert_int_equal(path->open(c, &(struct hg_read_options){ 0 }, on_event, &seen), 0);
		stream(&conn, &bytes, bytes.len);
		path->close();
		print_message("# %s\n", fixed[i].what);
		assert_int_equal(seen.hellos, 1);
		assert_string_equal(hg_compiled_rule_name(c, seen.verdict.rule), fixed[i].rule);
		hg_compiled_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_by_chance),
		cmocka_unit_test(hellos_that_chance_does_not_make),
	};

	return cmocka_run_group_tests_name("policy native", tests, NULL, NULL);
}
