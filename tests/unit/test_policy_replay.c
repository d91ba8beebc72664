/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `policy explain` says of a flow in words, against what the data path
 * does with its packets, natively and with the kernel's bounds.
 */
#include "test_policy.h"

#include <arpa/inet.h>
#include <glob.h>

#include "../../user/terms.h"
#include "event.h"
#include "hello_text.h"
#include "policy_reach.h"
#include "read_path.h"

#define V "version: 1\nmode: enforce\n"

/* ---- packets ---- */

struct stream {
	unsigned char at[32768];
	size_t len;
};

#define SYN 0x02
#define ACK 0x10

static void send_segment(__u32 seq, unsigned int flags, const void *payload, size_t len)
{
	static unsigned char frame[65536];
	unsigned char *ip = frame + 14, *tcp = ip + 20;
	__u16 total = htons((__u16)(40 + len));

	memset(frame, 0, 54);
	frame[12] = 0x08;
	memcpy(ip, (unsigned char[]){ 0x45, [8] = 64, 6, [12] = 192, 0, 2, 1, 198, 51, 100, 1 },
	       20);
	memcpy(ip + 2, &total, 2);
	seq = htonl(seq);
	memcpy(tcp, (unsigned char[]){ 0xc0, 0x01, 0x01, 0xbb }, 4); /* 49153 -> 443 */
	memcpy(tcp + 4, &seq, 4);
	tcp[12] = 0x50;
	tcp[13] = (unsigned char)flags;
	if (len)
		memcpy(tcp + 20, payload, len);
	assert_int_equal(hg_read_path_kernel_limits.frame(frame, (__u32)(54 + len), 1000000), 0);
}

static void send_part(const struct stream *s, size_t from, size_t to)
{
	send_segment(100 + (__u32)from, ACK, s->at + from, to - from);
}

/* ---- streams ---- */

static void in_a_record(struct stream *s, const void *message, size_t len)
{
	s->at[0] = 22;
	s->at[1] = 3;
	s->at[2] = 1;
	s->at[3] = (unsigned char)(len >> 8);
	s->at[4] = (unsigned char)len;
	memcpy(s->at + 5, message, len);
	s->len = len + 5;
}

/* A hello with these names, each in an extension of its own. */
static void hello_with(struct stream *s, const char *sni, const char *more)
{
	struct hello_text t = { .ciphers = "1301 c02f", .exts = "0000,002b" };
	const struct hello_bytes *b;

	t.sni = sni;
	t.versions = "0304 0303";
	t.more = more;
	b = hello_of(&t);
	in_a_record(s, b->at, b->len);
}

#define SECOND_NAME "0000 000e 000c 00 0009 622e6578616d706c65" /* b.example */

static void whole(struct stream *s)
{
	send_part(s, 0, s->len);
}

static void two_segments(struct stream *s)
{
	send_part(s, 0, 40);
	send_part(s, 40, s->len);
}

static void half(struct stream *s)
{
	send_part(s, 0, 40);
}

/* Bytes that say something else come behind those that they repeat. */
static void contradiction(struct stream *s)
{
	send_part(s, 40, s->len);
	send_segment(100 + 50, ACK, "\xff\xff\xff\xff", 4);
	send_part(s, 0, 40);
}

/* The length of the extensions is beyond the message. */
static void broken(struct stream *s)
{
	s->at[5 + 4 + 34 + 1 + 2 + 4 + 2] = 0x7f;
	send_part(s, 0, s->len);
}

/* The first record of a message of 20 KB. */
static void large(struct stream *s)
{
	s->at[7] = 0x50;
	send_part(s, 0, s->len);
}

static void not_a_hello(struct stream *s)
{
	s->at[5] = 2;
	send_part(s, 0, s->len);
}

/* ---- both sides ---- */

static const struct row {
	const char *name, *second;
	void (*send)(struct stream *s);
	bool no_syn;
	const char *flow; /* the same in words */
} rows[] = {
	{ "a.example", NULL, whole, false, "sni=a.example" },
	{ "c.example", NULL, whole, false, "sni=c.example" },
	{ "a.example", NULL, whole, true, "sni=a.example flag=missed_start" },
	{ "a.example", NULL, two_segments, false, "sni=a.example coverage=reassembled" },
	{ "a.example", NULL, contradiction, false,
	  "sni=a.example coverage=conflicting_overlap flag=out_of_order flag=overlap flag=retransmitted" },
	{ "c.example", NULL, contradiction, false,
	  "coverage=conflicting_overlap sni=c.example flag=out_of_order flag=overlap flag=retransmitted" },
	{ "a.example", SECOND_NAME, whole, false, "sni_state=ambiguous" },
	{ "a.example", SECOND_NAME, whole, false, "coverage=ambiguous" },
	{ "a.example", SECOND_NAME, whole, false, "sni=a.example coverage=ambiguous" },
	{ "a.example", SECOND_NAME, two_segments, false,
	  "coverage=reassembled sni_state=ambiguous" },
	{ "a.example", SECOND_NAME, contradiction, false,
	  "sni_state=ambiguous coverage=conflicting_overlap flag=out_of_order flag=overlap" },
	{ "a.example", NULL, broken, false, "coverage=malformed" },
	{ "a.example", NULL, broken, true, "coverage=malformed flag=missed_start" },
	{ "a.example", NULL, large, false, "coverage=hello_too_large" },
	{ "a.example", NULL, not_a_hello, false, "coverage=not_tls" },
	{ "a.example", NULL, half, false, "coverage=truncated" },
};

static const char *const policies[] = {
	V "unread: reset\nrules:\n  - {name: name, match: {sni: a.example}, action: count}\n",
	V "unread: reset\nrules:\n  - {name: rest, match: {not: {sni: a.example}}, action: drop}\n",
	V "default: reset\nrules:\n"
	  "  - {name: class, match: {coverage: [conflicting_overlap, ambiguous]}, action: drop}\n"
	  "  - {name: name, match: {sni: a.example}, action: allow}\n",
	V
	"default: reset\nunread: reset\nprotect: {sni: a.example}\nrules:\n"
	"  - {name: broken, match: {coverage: [malformed, hello_too_large, truncated]}, action: drop}\n"
	"  - {name: flags, match: {flag: [overlap, missed_start]}, action: count}\n",
	V "default: reset\nrules:\n"
	  "  - {name: both, match: {flag: overlap, sni: a.example}, action: drop}\n"
	  "  - {name: unsure, match: {coverage: [not_tls], port: 443}, action: reset}\n",
};

static void keep_end(void *arg, const void *event, size_t len)
{
	struct hg_event *end = arg;

	assert_true(len >= sizeof(*end));
	if (((const struct hg_event *)event)->type == HG_EVENT_END || !end->type)
		memcpy(end, event, sizeof(*end));
}

static void words_of(const struct hg_compiled *c, const struct hg_verdict *v, bool judged,
		     char *out, size_t size)
{
	if (judged)
		snprintf(out, size, "%s by %s (%s)", hg_action_text(v->action),
			 hg_compiled_rule_name(c, v->rule), hg_mode_text(v->mode));
	else
		snprintf(out, size, "not judged");
}

/* What the data path does; a flow without an event was counted and no more. */
static void replay(const struct hg_compiled *c, const struct row *row, char *out, size_t size,
		   struct hg_event *end)
{
	const struct hg_read_path *path = &hg_read_path_kernel_limits;
	static struct stream s;

	memset(end, 0, sizeof(*end));
	assert_int_equal(path->open(c, &(struct hg_read_options){ 0 }, keep_end, end), 0);
	hello_with(&s, row->name, row->second);
	if (!row->no_syn)
		send_segment(99, SYN, NULL, 0);
	row->send(&s);
	assert_int_equal(path->sweep(2000000, 1), 0);
	words_of(c, &end->verdict, end->verdict.revision != 0, out, size);
	path->close();
}

static void describe(struct hg_flow_spec *spec, const char *text)
{
	char copy[256], why[HG_WHY_MAX], *save, *word, *value;

	hg_flow_spec_begin(spec);
	snprintf(copy, sizeof(copy), "port=443 src=192.0.2.1 dst=198.51.100.1 %s", text);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		value = strchr(word, '=');
		*value++ = 0;
		if (hg_flow_spec_set(spec, word, value, why))
			fail_msg("%s: %s", text, why);
	}
}

static void explain_says_what_the_data_path_does(void **state)
{
	(void)state;
	for (size_t p = 0; p < sizeof(policies) / sizeof(policies[0]); p++) {
		struct hg_compiled *c = policy_compiled_of(policies[p]);

		c->policy.revision = 1;
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			char did[128], said[128];
			struct hg_flow_spec spec;
			struct hg_flow_view view;
			struct hg_verdict v;
			struct hg_event end;

			replay(c, &rows[i], did, sizeof(did), &end);
			if (!end.type) /* not_tls: no handshake was begun */
				continue;
			describe(&spec, rows[i].flow);
			view = hg_flow_spec_view(&spec);
			assert_string_equal(hg_bucket_text(view.bucket),
					    hg_bucket_text(end.bucket));
			hg_policy_judge(c, &view, 0, &v);
			words_of(c, &v, v.rule != HG_NO_RULE, said, sizeof(said));
			if (strcmp(did, said) != 0)
				fail_msg("%s\n%s\nthe data path: %s\nexplain: %s", policies[p],
					 rows[i].flow, did, said);
		}
		hg_compiled_free(c);
	}
}

/* ---- flags: the list of those that are never set, against the sources ---- */

static __u32 flags_in(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[512], *at;
	__u32 flags = 0;

	while (file && fgets(line, sizeof(line), file)) {
		for (at = line; (at = strstr(at, "HG_FLAG(")); at++)
			for (unsigned int bit = 0; bit < HG_FLAG_COUNT; bit++) {
				const char *text = hg_flag_text(bit);
				size_t len = strlen(text);

				if (!strncmp(at + 8, text, len) && at[8 + len] == ')')
					flags |= 1U << bit;
			}
	}
	if (file)
		fclose(file);
	return flags;
}

static void the_flags_said_to_be_never_set_are_the_ones(void **state)
{
	__u32 set = 0;
	glob_t sources;

	(void)state;
	if (glob("bpf/*.h", 0, NULL, &sources) || glob("include/*.h", GLOB_APPEND, NULL, &sources))
		skip(); /* not run from the top of the tree */
	for (size_t i = 0; i < sources.gl_pathc; i++)
		set |= flags_in(sources.gl_pathv[i]);
	globfree(&sources);
	for (unsigned int bit = 0; bit < HG_FLAG_COUNT; bit++)
		if (!(set >> bit & 1) != !!(HG_FLAGS_NEVER_SET >> bit & 1))
			fail_msg("%s is %s in bpf/ and include/: see HG_FLAGS_NEVER_SET",
				 hg_flag_text(bit), set >> bit & 1 ? "named" : "not named");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explain_says_what_the_data_path_does),
		cmocka_unit_test(the_flags_said_to_be_never_set_are_the_ones),
	};

	return cmocka_run_group_tests_name("policy replay", tests, NULL, NULL);
}
