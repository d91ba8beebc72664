/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random policies and flows: the verdict of the compiled policy against that
 * of a reading of the contract in plain terms: strings, addresses, lists.
 *
 * HG_SEED and HG_POLICIES (default 600, 60 flows each) choose what is tried.
 */
#include "test_policy.h"

#include "policy_values.h"
#include "../../user/terms.h"

#define FLOWS 60
#define LIST_MAX 4
#define RULES_MAX 9

enum truth { NO, YES, DUNNO };

/* ---- a policy, as the reference sees it ---- */

struct list {
	int count;
	const char *items[LIST_MAX];
};

struct plain_match {
	struct list sni, src, dst, port, version, state, coverage, flag, ja4, ja3;
	bool none; /* sni: none */
	bool weak;
};

struct plain_rule {
	char name[16];
	struct plain_match match;
	struct plain_match except;
	int action; /* enum hg_action */
	int mode;   /* -1: the policy's */
	int on_undecided;
};

struct plain_policy {
	int mode, default_action, unread_action;
	struct list protect_sni, protect_src;
	struct list set_names, set_nets;
	int count;
	struct plain_rule rules[RULES_MAX];
};

struct plain_flow {
	bool read;
	const char *name;
	int state; /* enum hg_sni_state */
	const char *src, *dst;
	int port;
	int version; /* enum hg_version */
	bool weak;
	int bucket;
	unsigned int flags;
	const char *ja4, *ja3; /* NULL: not known */
	__u32 unknown;
	bool last_word;
};

/* ---- chance ---- */

static unsigned int seed_state;

static unsigned int roll(unsigned int sides)
{
	seed_state = seed_state * 1103515245u + 12345u;
	return (seed_state >> 16) % sides;
}

static bool chance(unsigned int in)
{
	return roll(in) == 0;
}

#define PICK(from) from[roll(sizeof(from) / sizeof((from)[0]))]

static const char *const names[] = { "a.example",     ".a.example",  "*.a.example", "b.a.example",
				     "*.b.a.example", ".example",    "c.example",   "*.example",
				     "example",	      "d.c.example", "x.test",	    ".test" };
static const char *const flow_names[] = { "a.example", "b.a.example", "z.b.a.example",
					  "c.example", "d.c.example", "example",
					  "x.test",    "test",	      "xa.example",
					  "q.y.x.test" };
static const char *const networks[] = { "10.0.0.0/8",	 "10.1.0.0/16",	   "10.1.2.3",
					"0.0.0.0/0",	 "192.0.2.128/25", "::/0",
					"2001:db8::/32", "2001:db8::1",	   "8000::/1",
					"::/2" };
static const char *const addresses[] = { "10.0.0.1",	"10.1.0.1",    "10.1.2.3",    "192.0.2.1",
					 "192.0.2.200", "2001:db8::1", "2001:db8::2", "fd00::1",
					 "4000::1",	"::1" };
static const char *const port_texts[] = {
	"443", "1-1024", "8443", "400-450", "65535", "8000-9000"
};
static const int flow_ports[] = { 443, 80, 8443, 440, 451, 65535, 1, 1024, 1025, 9001 };
static const char *const version_texts[] = {
	"<1.2", "<=1.2", "1.0", ">=1.2", ">1.2", "ssl3", "=1.3"
};
static const char *const ja4_globs[] = { "t13*", "t12d_??", "*_aa", "q13_aa" };
static const char *const ja4_texts[] = { "t13d_aa", "t12d_bb", "t12d_aa", "q13_aa", "t10" };
static const char *const ja3_globs[] = { "0a*", "ffff" };
static const char *const ja3_texts[] = { "0abc", "ffff", "1234" };

static void fill(struct list *list, const char *const *from, unsigned int size, int at_most)
{
	list->count = 1 + (int)roll((unsigned int)at_most);
	for (int i = 0; i < list->count; i++)
		list->items[i] = from[roll(size)];
}

#define FILL(list, from, at_most) fill(list, from, sizeof(from) / sizeof((from)[0]), at_most)

static void fill_terms(struct list *list, const char *(*text_of)(unsigned int), unsigned int count)
{
	list->count = 1 + (int)roll(2);
	for (int i = 0; i < list->count; i++)
		list->items[i] = text_of(roll(count));
}

static void make_match(struct plain_match *m, unsigned int rarity, bool sets)
{
	if (chance(rarity))
		FILL(&m->sni, names, 3);
	if (sets && m->sni.count && chance(3))
		m->sni.items[0] = "@names";
	if (!m->sni.count && chance(2 * rarity))
		m->none = true;
	if (!m->none && chance(3 * rarity))
		fill_terms(&m->state, hg_sni_state_text, HG_SNI_COUNT);
	if (chance(rarity))
		FILL(&m->src, networks, 2);
	if (sets && m->src.count && chance(3))
		m->src.items[0] = "@nets";
	if (chance(2 * rarity))
		FILL(&m->dst, networks, 2);
	if (chance(rarity))
		FILL(&m->port, port_texts, 2);
	if (chance(rarity))
		FILL(&m->version, version_texts, 1);
	m->weak = chance(2 * rarity);
	if (chance(2 * rarity))
		fill_terms(&m->coverage, hg_bucket_text, HG_BUCKET_COUNT);
	if (chance(2 * rarity))
		fill_terms(&m->flag, hg_flag_text, HG_FLAG_COUNT);
	if (chance(rarity))
		FILL(&m->ja4, ja4_globs, 2);
	if (chance(3 * rarity))
		FILL(&m->ja3, ja3_globs, 1);
}

static void make_policy(struct plain_policy *p)
{
	memset(p, 0, sizeof(*p));
	p->mode = (int)roll(2);
	p->default_action = chance(2) ? HG_ACTION_allow : HG_ACTION_reset;
	p->unread_action = chance(2) ? HG_ACTION_allow : HG_ACTION_reset;
	FILL(&p->set_names, names, LIST_MAX);
	FILL(&p->set_nets, networks, LIST_MAX);
	if (chance(3))
		FILL(&p->protect_sni, names, 2);
	if (chance(3))
		FILL(&p->protect_src, networks, 2);
	p->count = (int)roll(RULES_MAX + 1);
	for (int i = 0; i < p->count; i++) {
		struct plain_rule *r = &p->rules[i];

		snprintf(r->name, sizeof(r->name), "r%d", i);
		make_match(&r->match, 3, true);
		if (chance(2))
			make_match(&r->except, 3, true);
		r->action = (int)roll(HG_ACTION_COUNT);
		r->mode = (int)roll(3) - 1;
		r->on_undecided = chance(2) ? HG_ACTION_allow : HG_ACTION_reset;
	}
}

static void make_flow(struct plain_flow *f)
{
	static const __u32 conditions[] = { HG_COND_SNI | HG_COND_SNI_STATE,
					    HG_COND_SRC,
					    HG_COND_DST,
					    HG_COND_PORT,
					    HG_COND_VERSION_MAX,
					    HG_COND_ALL_WEAK };

	memset(f, 0, sizeof(*f));
	f->bucket = chance(4) ? (int)roll(HG_BUCKET_COUNT) : HG_BUCKET_single_segment;
	f->read = f->bucket == HG_BUCKET_single_segment || f->bucket == HG_BUCKET_reassembled ||
		  f->bucket == HG_BUCKET_ambiguous || f->bucket == HG_BUCKET_conflicting_overlap;
	f->state = chance(3) ? (int)roll(HG_SNI_COUNT) : HG_SNI_ok;
	f->name = f->state == HG_SNI_none || f->state == HG_SNI_empty ? "" : PICK(flow_names);
	f->src = PICK(addresses);
	f->dst = PICK(addresses);
	f->port = PICK(flow_ports);
	f->version = (int)roll(HG_VERSION_COUNT);
	f->weak = chance(3);
	f->flags = chance(3) ? 1U << roll(HG_FLAG_COUNT) | 1U << roll(HG_FLAG_COUNT) : 0;
	f->ja4 = chance(3) ? NULL : PICK(ja4_texts);
	f->ja3 = chance(3) ? NULL : PICK(ja3_texts);
	f->unknown = chance(4) ? PICK(conditions) | PICK(conditions) : 0;
	f->last_word = chance(2);
}

/* ---- the same policy as text ---- */

static void print_list(FILE *out, const char *key, const struct list *list, const char **comma)
{
	if (!list->count)
		return;
	fprintf(out, "%s%s: [", *comma, key);
	for (int i = 0; i < list->count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", list->items[i]);
	fputs("]", out);
	*comma = ", ";
}

static bool is_empty(const struct plain_match *m)
{
	return !(m->sni.count + m->src.count + m->dst.count + m->port.count + m->version.count +
		 m->state.count + m->coverage.count + m->flag.count + m->ja4.count + m->ja3.count +
		 m->none + m->weak);
}

static void print_match(FILE *out, const struct plain_match *m, const struct plain_match *except)
{
	const char *comma = "";

	fputs("{", out);
	print_list(out, "sni", &m->sni, &comma);
	if (m->none) {
		fprintf(out, "%ssni: none", comma);
		comma = ", ";
	}
	print_list(out, "sni_state", &m->state, &comma);
	print_list(out, "src", &m->src, &comma);
	print_list(out, "dst", &m->dst, &comma);
	print_list(out, "port", &m->port, &comma);
	print_list(out, "version_max", &m->version, &comma);
	if (m->weak) {
		fprintf(out, "%sciphers: all-weak", comma);
		comma = ", ";
	}
	print_list(out, "coverage", &m->coverage, &comma);
	print_list(out, "flag", &m->flag, &comma);
	print_list(out, "ja4", &m->ja4, &comma);
	print_list(out, "ja3", &m->ja3, &comma);
	if (except && !is_empty(except)) {
		fprintf(out, "%snot: ", comma);
		print_match(out, except, NULL);
	}
	fputs("}", out);
}

static char *print_policy(const struct plain_policy *p)
{
	const char *comma = "";
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fprintf(out, "version: 1\nmode: %s\ndefault: %s\nunread: %s\n",
		hg_mode_text((unsigned int)p->mode),
		hg_action_text((unsigned int)p->default_action),
		hg_action_text((unsigned int)p->unread_action));
	fputs("sets:\n  names: {kind: domains, ", out);
	print_list(out, "names", &p->set_names, &comma);
	comma = "";
	fputs("}\n  nets: {kind: networks, ", out);
	print_list(out, "nets", &p->set_nets, &comma);
	comma = "";
	fputs("}\nprotect: {", out);
	print_list(out, "sni", &p->protect_sni, &comma);
	print_list(out, "src", &p->protect_src, &comma);
	fputs("}\nrules:\n", out);
	for (int i = 0; i < p->count; i++) {
		const struct plain_rule *r = &p->rules[i];

		fprintf(out, "  - {name: %s, action: %s, on_undecided: %s, ", r->name,
			hg_action_text((unsigned int)r->action),
			r->on_undecided == HG_ACTION_reset ? "reset" : "skip");
		if (r->mode >= 0)
			fprintf(out, "mode: %s, ", hg_mode_text((unsigned int)r->mode));
		fputs("match: ", out);
		print_match(out, &r->match, &r->except);
		fputs("}\n", out);
	}
	if (!p->count)
		fputs("  []\n", out);
	fclose(out);
	return text;
}

/* ---- the reference ---- */

static bool ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && !strcmp(text + strlen(text) - strlen(end), end);
}

static bool name_in(const char *name, const char *pattern)
{
	if (!*name)
		return false;
	if (pattern[0] == '*')
		return strlen(name) > strlen(pattern + 1) && ends_with(name, pattern + 1);
	if (pattern[0] == '.')
		return !strcmp(name, pattern + 1) || ends_with(name, pattern);
	return !strcmp(name, pattern);
}

/* Is the address in the network?  Each family has its own; bit by bit. */
static bool address_in(const char *address, const char *network)
{
	char text[64], *slash, why[HG_WHY_MAX];
	bool v4 = strchr(address, '.') != NULL;
	int bits = v4 ? 32 : 128;
	__u8 a[16], n[16];

	if (v4 != (strchr(network, '.') != NULL))
		return false;
	snprintf(text, sizeof(text), "%s", network);
	slash = strchr(text, '/');
	if (slash) {
		*slash = 0;
		bits = atoi(slash + 1);
	}
	assert_int_equal(hg_address_parse(address, a, why) | hg_address_parse(text, n, why), 0);
	for (int i = v4 ? 96 : 0; bits > 0; i++, bits--)
		if ((a[i / 8] ^ n[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

static enum truth any_name(const struct plain_policy *p, const struct list *list,
			   const struct plain_flow *f)
{
	if (!f->read || f->unknown & HG_COND_SNI || f->state == HG_SNI_ambiguous)
		return DUNNO;
	for (int i = 0; i < list->count; i++) {
		if (!strcmp(list->items[i], "@names")) {
			for (int k = 0; k < p->set_names.count; k++)
				if (name_in(f->name, p->set_names.items[k]))
					return YES;
		} else if (name_in(f->name, list->items[i])) {
			return YES;
		}
	}
	return NO;
}

static enum truth any_net(const struct plain_policy *p, const struct list *list,
			  const char *address, bool unknown)
{
	if (unknown)
		return DUNNO;
	for (int i = 0; i < list->count; i++) {
		if (!strcmp(list->items[i], "@nets")) {
			for (int k = 0; k < p->set_nets.count; k++)
				if (address_in(address, p->set_nets.items[k]))
					return YES;
		} else if (address_in(address, list->items[i])) {
			return YES;
		}
	}
	return NO;
}

static enum truth any_port(const struct list *list, const struct plain_flow *f)
{
	if (f->unknown & HG_COND_PORT)
		return DUNNO;
	for (int i = 0; i < list->count; i++) {
		int first, last, got = sscanf(list->items[i], "%d-%d", &first, &last);

		if (f->port >= first && f->port <= (got == 2 ? last : first))
			return YES;
	}
	return NO;
}

static enum truth any_version(const struct list *list, const struct plain_flow *f)
{
	static const char *const order[] = { "ssl2", "ssl3", "1.0", "1.1", "1.2", "1.3" };

	if (!f->read || f->unknown & HG_COND_VERSION_MAX)
		return DUNNO;
	for (int i = 0; i < list->count; i++) {
		const char *text = list->items[i] + strspn(list->items[i], "<>=");
		bool eq = list->items[i][0] != '<' && list->items[i][0] != '>';
		int than = 0;

		while (strcmp(order[than], text))
			than++;
		eq |= text > list->items[i] && text[-1] == '=';
		if ((eq && f->version == than) || (list->items[i][0] == '<' && f->version < than) ||
		    (list->items[i][0] == '>' && f->version > than))
			return YES;
	}
	return NO;
}

static enum truth any_word(const struct list *list, const char *word)
{
	for (int i = 0; i < list->count; i++)
		if (!strcmp(list->items[i], word))
			return YES;
	return NO;
}

static enum truth any_flag(const struct list *list, const struct plain_flow *f)
{
	for (unsigned int bit = 0; bit < HG_FLAG_COUNT; bit++)
		if (f->flags >> bit & 1 && any_word(list, hg_flag_text(bit)))
			return YES;
	return NO;
}

static bool like(const char *glob, const char *text)
{
	if (!*glob)
		return !*text;
	if (*glob == '*')
		return like(glob + 1, text) || (*text && like(glob, text + 1));
	return *text && (*glob == '?' || *glob == *text) && like(glob + 1, text + 1);
}

static enum truth any_glob(const struct list *list, const char *text)
{
	if (!text)
		return DUNNO;
	for (int i = 0; i < list->count; i++)
		if (like(list->items[i], text))
			return YES;
	return NO;
}

static enum truth both(enum truth a, enum truth b)
{
	if (a == NO || b == NO)
		return NO;
	return a == DUNNO || b == DUNNO ? DUNNO : YES;
}

static enum truth prints_truth(const struct plain_match *m, const struct plain_flow *f)
{
	enum truth t = YES;

	if (m->ja4.count)
		t = both(t, any_glob(&m->ja4, f->ja4));
	if (m->ja3.count)
		t = both(t, any_glob(&m->ja3, f->ja3));
	return t;
}

static enum truth match_truth(const struct plain_policy *p, const struct plain_match *m,
			      const struct plain_flow *f)
{
	bool state_known = f->read && !(f->unknown & HG_COND_SNI_STATE);
	bool weak_known = f->read && !(f->unknown & HG_COND_ALL_WEAK);
	enum truth t = prints_truth(m, f);

	if (m->sni.count)
		t = both(t, any_name(p, &m->sni, f));
	if (m->none)
		t = both(t, !state_known ? DUNNO : f->state == HG_SNI_none ? YES : NO);
	if (m->state.count)
		t = both(t, !state_known ? DUNNO
					 : any_word(&m->state,
						    hg_sni_state_text((unsigned int)f->state)));
	if (m->src.count)
		t = both(t, any_net(p, &m->src, f->src, f->unknown & HG_COND_SRC));
	if (m->dst.count)
		t = both(t, any_net(p, &m->dst, f->dst, f->unknown & HG_COND_DST));
	if (m->port.count)
		t = both(t, any_port(&m->port, f));
	if (m->version.count)
		t = both(t, any_version(&m->version, f));
	if (m->weak)
		t = both(t, !weak_known ? DUNNO : f->weak ? YES : NO);
	if (m->coverage.count)
		t = both(t, any_word(&m->coverage, hg_bucket_text((unsigned int)f->bucket)));
	if (m->flag.count)
		t = both(t, any_flag(&m->flag, f));
	return t;
}

static enum truth rule_truth(const struct plain_policy *p, const struct plain_rule *r,
			     const struct plain_flow *f)
{
	enum truth except = is_empty(&r->except) ? NO : match_truth(p, &r->except, f);

	return both(match_truth(p, &r->match, f), except == YES ? NO : except == NO ? YES : DUNNO);
}

/* May a fingerprint still come, of those that the rule asks for? */
static bool waits(const struct plain_rule *r, const struct plain_flow *f)
{
	return f->read &&
	       (prints_truth(&r->match, f) == DUNNO || prints_truth(&r->except, f) == DUNNO);
}

struct plain_verdict {
	const char *rule;
	int action, mode;
	bool pending;
};

static bool acts(int action)
{
	return action == HG_ACTION_reset || action == HG_ACTION_drop;
}

static bool is_spared(const struct plain_flow *f)
{
	return f->flags & HG_FLAG(missed_start) || f->bucket == HG_BUCKET_not_tls;
}

/* What is known only when the flow is over meets no verdict. */
static bool is_over(const struct plain_flow *f)
{
	return f->bucket == HG_BUCKET_truncated || f->bucket == HG_BUCKET_no_data ||
	       f->bucket == HG_BUCKET_tcp_refused;
}

static struct plain_verdict judge(const struct plain_policy *p, const struct plain_flow *f)
{
	bool ambiguous = f->read && f->state == HG_SNI_ambiguous && !(f->unknown & HG_COND_SNI);
	bool unread = !f->read || (ambiguous && p->protect_sni.count), protected;

	if (is_over(f))
		return (struct plain_verdict){ "?", HG_ACTION_allow, p->mode, false };
	protected = (p->protect_sni.count && any_name(p, &p->protect_sni, f) == YES) ||
		    (p->protect_src.count &&
		     any_net(p, &p->protect_src, f->src, f->unknown & HG_COND_SRC) == YES);
	for (int i = 0; i < p->count; i++) {
		const struct plain_rule *r = &p->rules[i];
		int mode = r->mode < 0 ? p->mode : r->mode;
		enum truth t;

		if (unread && !r->match.coverage.count && !r->match.flag.count)
			continue;
		t = rule_truth(p, r, f);
		if (t == NO || (protected && acts(r->action)))
			/* an ambiguous name that a protected flow skips is still ambiguous */
			;
		else if (t == YES)
			return (struct plain_verdict){ r->name, r->action, mode, false };
		else if (waits(r, f) && !f->last_word)
			return (struct plain_verdict){ r->name, r->action, mode, true };
		else if (waits(r, f) && !protected && r->on_undecided == HG_ACTION_reset)
			return (struct plain_verdict){ r->name, HG_ACTION_reset, mode, false };
		if (t == DUNNO && !waits(r, f) && ambiguous &&
		    (r->match.sni.count || r->except.sni.count))
			unread = true;
	}
	if (unread)
		return (struct plain_verdict){ "unread",
					       protected || is_spared(f) ? HG_ACTION_allow
									 : p->unread_action,
					       p->mode, false };
	return (struct plain_verdict){ "default", protected ? HG_ACTION_allow : p->default_action,
				       p->mode, false };
}

/* ---- the flow, as the judge sees it ---- */

static struct hg_flow_view view_of(const struct plain_flow *f, struct hg_hello *hello)
{
	static const __u16 wire[] = { 0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304 };
	struct hg_flow_view view = { .hello = f->read ? hello : NULL };
	char why[HG_WHY_MAX];

	memset(hello, 0, sizeof(*hello));
	memcpy(hello->name, f->name, strlen(f->name));
	hello->name_len = (__u8)strlen(f->name);
	hello->sni_state = (__u8)f->state;
	hello->version_max = wire[f->version];
	hello->features = f->weak ? HG_HELLO_ALL_WEAK : 0;
	hg_address_parse(f->src, view.client, why);
	hg_address_parse(f->dst, view.server, why);
	view.server_port = (__u16)f->port;
	view.flags = f->flags;
	view.bucket = (__u32)f->bucket;
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

	make_flow(&f);
	view = view_of(&f, &hello);
	want = judge(p, &f);
	assert_int_equal(hg_policy_judge(c, &view, 0, &got), HG_OK);
	if (!same(c, &got, &want))
		fail_msg(
			"%s\nsni %s (%s) src %s dst %s port %d version %s weak %d %s flags %#x ja4 "
			"%s ja3 %s unknown %#x%s\nwant %s by %s%s, got %s by %s%s",
			yaml, f.name, hg_sni_state_text((unsigned int)f.state), f.src, f.dst,
			f.port, hg_version_text((unsigned int)f.version), f.weak,
			hg_bucket_text((unsigned int)f.bucket), f.flags, f.ja4 ? f.ja4 : "?",
			f.ja3 ? f.ja3 : "?", f.unknown, f.last_word ? " last word" : "",
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
	unsigned int policies = setting("HG_POLICIES", 600), seed = setting("HG_SEED", 1);
	struct tally tally = {};

	(void)state;
	for (unsigned int i = 0; i < policies; i++) {
		struct plain_policy p;
		struct hg_compiled *c;
		char *yaml;

		seed_state = seed * 1000003u + i;
		make_policy(&p);
		yaml = print_policy(&p);
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
