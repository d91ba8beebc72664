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

	if (c->live)
		return hg_generation_name(c->live, &key, out);
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

static __u64 look_up(const struct hg_compiled *c, const __u64 sum[2], __u32 labels, bool whole)
{
	struct hg_name_sets sets;

	if (!(c->policy.name_depths >> (labels < 31 ? labels : 31) & 1) ||
	    !find_name(c, hg_name_digest(sum[0], sum[1]), &sets))
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
	return sets | look_up(c, sum, labels + 1, true);
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

static __u64 port_sets(const struct hg_compiled *c, __u16 port)
{
	if (c->live)
		return hg_generation_port(c->live, port);
	return c->ports ? c->ports[port] : 0;
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
	f->known |= HG_COND_SNI | HG_COND_SNI_STATE | HG_COND_VERSION_MAX | HG_COND_ALL_WEAK;
	f->sni = hg_compiled_name_sets(c, h->name, h->name_len);
	f->sni_state = h->sni_state;
	f->version = hg_version_rank(h->version_max);
	f->all_weak = (h->features & HG_HELLO_ALL_WEAK) != 0;
	if (h->sni_state == HG_SNI_ambiguous)
		facts_of_candidates(c, h, f);
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
	f.port = port_sets(c, v->server_port);
	f.known = HG_COND_SRC | HG_COND_DST | HG_COND_PORT | HG_COND_COVERAGE | HG_COND_FLAG;
	if (v->hello)
		facts_of_hello(c, v->hello, &f);
	f.known &= ~v->unknown;
	if (v->unknown & HG_COND_SNI)
		f.sni_unknown = 0; /* not known is not ambiguous */
	*facts = f;
}

/* ---- fingerprints ---- */

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

__u32 hg_user_truth(const struct hg_compiled *c, const struct hg_flow_view *v, __u32 index,
		    bool except)
{
	const struct hg_rule_about *about = &c->about[index];
	const struct hg_user_match *m = except ? &about->except : &about->match;

	return hg_and(any_glob(m->ja4, m->ja4_count, v->ja4),
		      any_glob(m->ja3, m->ja3_count, v->ja3));
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
			judged.skipped = w.decision.unread && !hg_rule_for_unread(&c->rules[i]);
		}
		each(&judged, arg);
	}
	if (!ended)
		finish(&w, &verdict);
	*out = verdict;
	return HG_OK;
}
