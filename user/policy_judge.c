/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_judge.h"

#include <string.h>

#include "generation.h"
#include "policy_compile.h"
#include "policy_reach.h"
#include "policy_values.h"
#include "say.h"

/* ---- membership: what the kernel asks its maps ---- */

static bool find_name(const struct hg_compiled *c, struct hg_name_key key, struct hg_name_sets *out)
{
	size_t lo = 0, hi = c->names;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->name_keys[mid].hash[0] < key.hash[0])
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == c->names || c->name_keys[lo].hash[0] != key.hash[0] ||
	    c->name_keys[lo].hash[1] != key.hash[1])
		return false;
	*out = c->name_sets[lo];
	return true;
}

static bool find_text(const struct hg_compiled *c, struct hg_name_key key, struct hg_name_sets *out)
{
	if (c->live)
		return hg_generation_text(c->live, &key, out);
	for (size_t i = 0; i < c->texts; i++) {
		if (memcmp(&c->text_keys[i], &key, sizeof(key)))
			continue;
		*out = c->text_sets[i];
		return true;
	}
	return false;
}

static __u64 look_up(const struct hg_compiled *c, const __u64 sum[2], __u32 labels, bool whole)
{
	struct hg_name_key key = hg_text_digest(sum[0], sum[1], HG_TEXT_NAME);
	struct hg_name_sets sets;

	if (!(c->policy.name_depths >> (labels < 31 ? labels : 31) & 1) ||
	    !(c->live ? hg_generation_text(c->live, &key, &sets) : find_name(c, key, &sets)))
		return 0;
	return whole ? sets.exact : sets.below;
}

/* As in bpf/match.h: from the right; at each dot, the suffix behind it. */
__u64 hg_compiled_name_sets(const struct hg_compiled *c, const __u8 *name, __u32 len)
{
	const struct hg_policy *p = &c->policy;
	__u64 sum[2] = { 0, 0 }, sets = 0;
	__u32 labels = 0;

	if (!len)
		return 0;
	for (__u32 i = 0; i < len; i++) {
		__u8 byte = name[len - 1 - i];

		if (byte == '.')
			sets |= look_up(c, sum, ++labels, false);
		sum[0] += hg_name_hash_byte(p->name_key[0][i & (HG_NAME_SIZE - 1)], byte);
		sum[1] += hg_name_hash_byte(p->name_key[1][i & (HG_NAME_SIZE - 1)], byte);
	}
	return hg_without_exceptions(p, sets | look_up(c, sum, labels + 1, true));
}

static int compare_net(const struct hg_net_key *net, const __u8 addr[16])
{
	return memcmp(net->addr, addr, 16);
}

static bool covers(const struct hg_net_key *net, const __u8 addr[16])
{
	__u32 bytes = net->prefixlen / 8, bits = net->prefixlen % 8;

	if (memcmp(net->addr, addr, bytes))
		return false;
	return !bits || !((net->addr[bytes] ^ addr[bytes]) & (__u8)(0xff00 >> bits));
}

/* The last network that does not begin behind the address, or one above it. */
__u64 hg_compiled_net_sets(const struct hg_compiled *c, const __u8 addr[16])
{
	size_t lo = 0, hi = c->nets;
	__u32 at;

	if (c->live)
		return hg_generation_net(c->live, addr);
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_net(&c->net_keys[mid], addr) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	at = lo ? (__u32)lo - 1 : HG_NO_NET;
	while (at != HG_NO_NET && !covers(&c->net_keys[at], addr))
		at = c->net_parent[at];
	return at == HG_NO_NET ? 0 : c->net_sets[at];
}

static __u64 number_sets(const struct hg_compiled *c, enum hg_number_kind kind, __u16 number)
{
	__u32 key = (__u32)kind << 16 | number;

	if (c->live)
		return hg_generation_number(c->live, kind, number);
	return key < c->number_count ? c->numbers[key] : 0;
}

/* Three bytes each (RFC 5246, appendix E.2), of which the first is 0 in those of TLS. */
static __u64 sslv2_cipher_sets(const struct hg_compiled *c, const struct hg_bytes *list)
{
	__u64 sets = 0;

	for (__u32 i = 0; i + 3 <= list->len; i += 3)
		if (!list->at[i])
			sets |= number_sets(c, HG_NUMBER_CIPHER,
					    (__u16)(list->at[i + 1] << 8 | list->at[i + 2]));
	return sets;
}

/* Of a list of two bytes each. */
static __u64 list_sets(const struct hg_compiled *c, enum hg_number_kind kind,
		       const struct hg_bytes *list)
{
	__u64 sets = 0;

	for (__u32 i = 0; i + 2 <= list->len; i += 2)
		sets |= number_sets(c, kind, (__u16)(list->at[i] << 8 | list->at[i + 1]));
	return sets;
}

static __u64 text_sets(const struct hg_compiled *c, enum hg_text_kind kind, const __u8 *text,
		       __u32 len)
{
	struct hg_name_sets sets;

	return find_text(c, hg_text_hash(&c->policy, kind, text, len), &sets) ? sets.exact : 0;
}

/* No protocol at all is one of no bytes. */
static __u64 protocol_sets(const struct hg_compiled *c, const struct hg_bytes *list)
{
	__u64 sets = 0;

	if (!list->len)
		return text_sets(c, HG_TEXT_ALPN, NULL, 0);
	for (__u32 at = 0; at < list->len; at += list->at[at] + 1U) {
		__u32 len = list->at[at];

		if (len && at + len < list->len)
			sets |= text_sets(c, HG_TEXT_ALPN, &list->at[at + 1], len);
	}
	return sets;
}

/* ---- facts ---- */

/* As bpf/match.h: a set must hold both candidates, and of more nothing is known. */
static void facts_of_candidates(const struct hg_compiled *c, const struct hg_hello *h,
				struct hg_facts *f)
{
	__u64 second = hg_compiled_name_sets(c, h->second, h->second_len);

	f->sni_unknown = h->sni_names == 2 ? f->sni ^ second : ~0ULL;
	f->sni &= second;
}

static void facts_of_hello(const struct hg_compiled *c, const struct hg_hello *h,
			   struct hg_facts *f)
{
	f->known |= HG_COND_HELLO;
	f->sni = hg_compiled_name_sets(c, h->name, h->name_len);
	f->sni_state = h->sni_state;
	f->ech = h->ech;
	f->ciphers = h->cipher_count_no_grease;
	f->version = hg_version_rank(h->version_max);
	f->version_min_lo = hg_version_min_floor(h);
	f->version_min_hi = hg_version_min_ceiling(h);
	f->all_weak = (h->features & HG_HELLO_ALL_WEAK) != 0;
	f->resumed = hg_hello_resumes(h);
	if (h->sni_state == HG_SNI_ambiguous)
		facts_of_candidates(c, h, f);
}

static void facts_of_lists(const struct hg_compiled *c, const struct hg_flow_view *v,
			   struct hg_facts *f)
{
	if (c->policy.needs & HG_COND_CIPHER)
		f->cipher = v->hello->features & HG_HELLO_SSLV2
				    ? sslv2_cipher_sets(c, &v->ciphers)
				    : list_sets(c, HG_NUMBER_CIPHER, &v->ciphers);
	if (c->policy.needs & HG_COND_GROUP)
		f->group = list_sets(c, HG_NUMBER_GROUP, &v->groups);
	if (c->policy.needs & HG_COND_ALPN)
		f->alpn = protocol_sets(c, &v->alpn);
}

void hg_flow_view_lists(struct hg_flow_view *v, const struct hg_hello *hello, const __u8 *message)
{
	v->ciphers = (struct hg_bytes){ message + hello->ciphers.at, hello->ciphers.len };
	v->groups = (struct hg_bytes){ message + hello->groups.at, hello->groups.len };
	v->alpn = (struct hg_bytes){ message + hello->alpn.at, hello->alpn.len };
}

/* `unread` never touches what may be no TLS, or is older than the attach. */
static bool is_spared(const struct hg_flow_view *v)
{
	return v->flags & HG_FLAG(missed_start) || v->bucket == HG_BUCKET_not_tls ||
	       v->bucket == HG_BUCKET_no_data || v->bucket == HG_BUCKET_tcp_refused;
}

void hg_flow_facts(const struct hg_compiled *c, const struct hg_flow_view *v,
		   struct hg_facts *facts)
{
	struct hg_facts f = {};

	f.coverage = 1U << (v->bucket & 31);
	f.flags = v->flags;
	f.unread = !v->hello;
	f.spared = is_spared(v);
	f.src = hg_compiled_net_sets(c, v->client);
	f.dst = hg_compiled_net_sets(c, v->server);
	f.port = number_sets(c, HG_NUMBER_PORT, v->server_port);
	f.tai_ns = v->time_ns;
	f.known = HG_COND_SRC | HG_COND_DST | HG_COND_PORT | HG_COND_COVERAGE | HG_COND_FLAG;
	if (v->hello)
		facts_of_hello(c, v->hello, &f);
	if (v->hello)
		facts_of_lists(c, v, &f);
	if (v->interface) {
		f.known |= HG_COND_INTERFACE;
		f.interface = text_sets(c, HG_TEXT_INTERFACE, (const __u8 *)v->interface,
					(__u32)strlen(v->interface));
	}
	f.known &= ~v->unknown;
	if (v->unknown & HG_COND_SNI)
		f.sni_unknown = 0; /* not known is not ambiguous */
	*facts = f;
}

/* ---- what only user space knows ---- */

static __u32 any_glob(const char **globs, __u32 count, const char *text)
{
	if (!count)
		return HG_TRUE;
	if (!text)
		return HG_UNKNOWN;
	for (__u32 i = 0; i < count; i++)
		if (hg_glob_matches(globs[i], text))
			return HG_TRUE;
	return HG_FALSE;
}

static __u32 failures_truth(const struct hg_failures_asked *asked, const struct hg_flow_view *v)
{
	if (!asked->at_least)
		return HG_TRUE;
	if (!v->failures)
		return HG_UNKNOWN;
	return v->failures(v->failures_ctx, v->client, asked) >= asked->at_least;
}

static __u32 certificate_truth(__u32 asked, const struct hg_flow_view *v)
{
	if (!asked)
		return HG_TRUE;
	if (!v->certificate_known)
		return HG_UNKNOWN;
	return (v->findings & asked) != 0;
}

struct hg_user_truths hg_user_truths(const struct hg_compiled *c, const struct hg_flow_view *v,
				     __u32 index, bool except)
{
	const struct hg_rule_about *about = &c->about[index];
	const struct hg_user_match *m = except ? &about->except : &about->match;

	return (struct hg_user_truths){
		.ja4 = any_glob(m->ja4, m->ja4_count, v->ja4),
		.ja3 = any_glob(m->ja3, m->ja3_count, v->ja3),
		.failures = failures_truth(&m->failures, v),
		.certificate = certificate_truth(m->certificate, v),
	};
}

__u32 hg_user_truth(const struct hg_compiled *c, const struct hg_flow_view *v, __u32 index,
		    bool except)
{
	struct hg_user_truths t = hg_user_truths(c, v, index, except);

	return hg_and(hg_and(t.ja4, t.ja3), hg_and(t.failures, t.certificate));
}

/* ---- the walk ---- */

struct walk {
	const struct hg_compiled *c;
	const struct hg_flow_view *v;
	struct hg_facts facts;
	struct hg_decision decision;
	bool over;	 /* when its class is known, the flow is over: nothing is judged */
	bool by_user;	 /* a rule on the way was for user space to judge */
	bool by_timeout; /* and could not be judged */
};

/* Can what user space does not know of this flow still come? */
static bool may_still_come(const struct walk *w, __u32 user, __u32 user_except)
{
	return w->v->hello && (user == HG_UNKNOWN || user_except == HG_UNKNOWN);
}

static __u32 ask(struct walk *w, __u32 index, __u32 *user, __u32 *user_except)
{
	const struct hg_rule *r = &w->c->rules[index];

	*user = hg_user_truth(w->c, w->v, index, false);
	*user_except = hg_user_truth(w->c, w->v, index, true);
	return hg_rule_truth(r, &w->facts, *user, *user_except);
}

static bool may_act(const struct hg_rule *r)
{
	return r->action == HG_ACTION_reset || r->action == HG_ACTION_drop;
}

/* Where the kernel would have stopped: who decides from there on? */
static void note_decider(struct walk *w, const struct hg_rule *r, bool waits)
{
	if (w->decision.protect && may_act(r))
		return;
	if (hg_rule_truth(r, &w->facts, HG_UNKNOWN, HG_UNKNOWN) != HG_UNKNOWN)
		return;
	w->by_user = true;
	w->by_timeout |= waits;
}

/* Returns true where the walk ends. */
static bool judge_rule(struct walk *w, __u32 index, struct hg_judged *judged)
{
	const struct hg_rule *r = &w->c->rules[index];
	__u32 user, user_except;
	bool waits;

	judged->index = index;
	judged->skipped = w->over || (w->decision.unread && !r->protect && !hg_rule_for_unread(r));
	if (judged->skipped)
		return false;
	if (hg_rule_is_over(r, &w->facts)) {
		judged->expired = true;
		return false;
	}
	judged->truth = ask(w, index, &user, &user_except);
	waits = judged->truth == HG_UNKNOWN && may_still_come(w, user, user_except);
	if (hg_rule_asks_user(r))
		note_decider(w, r, waits);
	if (hg_rule_asks_user(r) && judged->truth == HG_UNKNOWN && !waits) {
		/* No fingerprint can help: unknown as any other rule is. */
		if (w->facts.sni_unknown &&
		    (r->match.conditions | r->except.conditions) & HG_COND_SNI)
			w->decision.unread = 1;
		return false;
	}
	judged->decides = hg_decide_rule(&w->decision, index, r, &w->facts, user, user_except);
	return judged->decides;
}

/* The rules that the kernel has walked already. */
static void judge_again(struct walk *w, __u32 from)
{
	for (__u32 i = 0; i < from && i < w->c->policy.rules; i++) {
		struct hg_judged judged = {};

		if (!judge_rule(w, i, &judged))
			continue;
		w->decision.decided = 0;
		memset(&w->decision.verdict, 0, sizeof(w->decision.verdict));
	}
}

static void begin(struct walk *w, const struct hg_compiled *c, const struct hg_flow_view *v)
{
	*w = (struct walk){ .c = c, .v = v, .over = !hg_bucket_is_judged(v->bucket) };
	hg_flow_facts(c, v, &w->facts);
	hg_decision_begin(&w->decision, &c->policy, &w->facts, v->last_word);
}

static void finish(struct walk *w, struct hg_verdict *out)
{
	const struct hg_policy *p = &w->c->policy;

	if (w->over) {
		*out = (struct hg_verdict){ .rule = HG_NO_RULE, .mode = p->mode };
		return;
	}
	hg_decide_rest(&w->decision, p, &w->facts);
	w->decision.verdict.revision = p->revision;
	w->decision.verdict.decided_by = HG_DECIDER_kernel;
	if (w->by_user && !w->decision.verdict.pending)
		w->decision.verdict.decided_by = w->by_timeout ? HG_DECIDER_timeout
							       : HG_DECIDER_user;
	*out = w->decision.verdict;
}

int hg_policy_judge(const struct hg_compiled *c, const struct hg_flow_view *v, __u32 from,
		    struct hg_verdict *out)
{
	struct walk w;

	begin(&w, c, v);
	judge_again(&w, from);
	for (__u32 i = from; i < c->policy.rules; i++) {
		struct hg_judged judged = {};

		if (judge_rule(&w, i, &judged))
			break;
	}
	finish(&w, out);
	return HG_OK;
}

int hg_policy_judge_each(const struct hg_compiled *c, const struct hg_flow_view *v,
			 hg_judged_fn each, void *arg, struct hg_verdict *out)
{
	struct hg_verdict verdict = {};
	bool ended = false;
	struct walk w;

	begin(&w, c, v);
	for (__u32 i = 0; i < c->policy.rules; i++) {
		struct hg_judged judged = { .after = ended };
		__u32 user, user_except;

		if (!ended) {
			ended = judge_rule(&w, i, &judged);
			if (ended)
				finish(&w, &verdict);
		} else {
			judged.index = i;
			judged.truth = ask(&w, i, &user, &user_except);
			judged.expired = hg_rule_is_over(&c->rules[i], &w.facts);
			judged.skipped = w.decision.unread && !hg_rule_for_unread(&c->rules[i]);
		}
		each(&judged, arg);
	}
	if (!ended)
		finish(&w, &verdict);
	*out = verdict;
	return HG_OK;
}
