/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * match.h - from a hello to the verdict of the active policy generation.
 */
#ifndef HG_MATCH_H
#define HG_MATCH_H

#include "offers.h"

/* ---- names ---- */

struct hg_name_step {
	struct hg_scratch *scratch;
	const struct hg_policy *policy;
	void *names;
	const __u8 *name;
};

HG_INLINE void hg_name_look_up(struct hg_name_step *n, bool whole)
{
	struct hg_scratch *s = n->scratch;
	struct hg_name_walk *w = &s->walk;
	struct hg_name_key key = hg_text_digest(w->sum[0], w->sum[1], HG_TEXT_NAME);
	__u32 depth = w->labels < 31 ? w->labels : 31;
	const struct hg_name_sets *sets;

	if (!(n->policy->name_depths >> depth & 1))
		return;
	sets = hg_inner_lookup(n->names, &key);
	if (sets)
		s->facts.sni |= whole ? sets->exact : sets->below;
}

/* One byte, from the right: at each dot, the suffix behind it is looked up. */
HG_STEP long hg_name_byte_step(__u32 i, struct hg_name_step *n)
{
	struct hg_scratch *s = n->scratch;
	struct hg_name_walk *w = &s->walk;
	__u32 done = w->done;
	__u8 byte;

	(void)i;
	if (done >= w->len)
		return 1;
	w->done = done + 1;
	byte = n->name[(w->len - 1 - done) & (HG_NAME_SIZE - 1)];
	if (byte == '.') {
		w->labels++;
		hg_name_look_up(n, false);
	}
	w->sum[0] += hg_name_hash_byte(n->policy->name_key[0][done & (HG_NAME_SIZE - 1)], byte);
	w->sum[1] += hg_name_hash_byte(n->policy->name_key[1][done & (HG_NAME_SIZE - 1)], byte);
	return 0;
}

/* The sets that hold a name. */
HG_SUBPROG __u64 hg_walk_name(struct hg_name_step *n, const __u8 *name, __u32 len)
{
	struct hg_name_walk *w = &n->scratch->walk;

	n->name = name;
	n->scratch->facts.sni = 0;
	w->sum[0] = 0;
	w->sum[1] = 0;
	w->labels = 0;
	w->done = 0;
	w->len = len;
	if (!len)
		return 0;
	hg_loop_few(24, HG_NAME_MAX, hg_name_byte_step, n);
	w->labels++;
	hg_name_look_up(n, true);
	n->scratch->facts.sni = hg_without_exceptions(n->policy, n->scratch->facts.sni);
	return n->scratch->facts.sni;
}

/*
 * Fills scratch->facts.sni and .sni_unknown.  Of two candidates a set must hold
 * both, and is unknown if it holds one; of more, all sets are.
 */
HG_INLINE void hg_match_name(struct hg_scratch *s, const struct hg_generation *g)
{
	struct hg_name_step step = { .scratch = s, .policy = g->policy, .names = g->names };
	const struct hg_hello *h = &s->parse.hello;
	__u64 first = hg_walk_name(&step, h->name, h->name_len), second;

	if (h->sni_state != HG_SNI_ambiguous)
		return;
	second = hg_walk_name(&step, h->second, h->second_len);
	s->facts.sni_unknown = h->sni_names == 2 ? first ^ second : ~0ULL;
	s->facts.sni = first & second;
}

/* ---- the key of server_names ---- */

struct hg_name_key_step {
	const __u8 *name;
	const __u64 *key;
	__u32 len;
	__u64 sum[2];
};

/*
 * NH (Black et al., "UMAC: Fast and Secure Message Authentication", 1999) over
 * words of eight bytes, twice: two names collide with a probability of 2^-64.
 */
HG_STEP long hg_name_key_step(__u32 i, struct hg_name_key_step *n)
{
	__u32 at = i * 8;
	__u64 word;

	if (at >= n->len)
		return 1;
	hg_opaque(at);
	if (at > HG_NAME_SIZE - 8)
		return 1;
	__builtin_memcpy(&word, &n->name[at], 8);
	if (n->len - at < 8)
		word &= ~0ULL >> (8 * (8 - (n->len - at)) & 63);
	n->sum[0] += hg_nh(word, n->key[at / 8]);
	n->sum[1] += hg_nh(word, n->key[at / 8 + HG_NAME_SIZE / 8]);
	return 0;
}

HG_INLINE __u64 hg_server_name_key(const struct hg_hello *h, const struct hg_control *c)
{
	struct hg_name_key_step step = { .name = h->name, .key = c->name_key, .len = h->name_len };

	if (!h->name_len)
		return 0;
	step.sum[0] = h->name_len;
	hg_loop_short(HG_NAME_SIZE / 8, hg_name_key_step, &step);
	return (hg_mix(step.sum[0]) ^ hg_mix(step.sum[1] + 1) * 0x9e3779b97f4a7c15ULL) | 1;
}

/* ---- facts ---- */

HG_INLINE __u64 hg_match_net(void *nets, const __be32 addr[4])
{
	struct hg_net_key key = { .prefixlen = 128 };
	const __u64 *sets;

	__builtin_memcpy(key.addr, addr, sizeof(key.addr));
	sets = hg_inner_lookup(nets, &key);
	return sets ? *sets : 0;
}

HG_INLINE void hg_facts_of_flow(struct hg_facts *f, const struct hg_packet *p,
				const struct hg_generation *g)
{
	bool client = p->from == HG_FROM_CLIENT;
	__u32 port = bpf_ntohs(client ? p->dport : p->sport), needs = g->policy->needs;

	if (needs & HG_COND_SRC)
		f->src = hg_match_net(g->nets, client ? p->src : p->dst);
	if (needs & HG_COND_DST)
		f->dst = hg_match_net(g->nets, client ? p->dst : p->src);
	if (needs & HG_COND_PORT)
		f->port = hg_sets_of_number(g->numbers, HG_NUMBER_PORT, port);
	if (needs & HG_NEEDS_CLOCK)
		f->tai_ns = hg_now_tai();
	f->known = HG_COND_SRC | HG_COND_DST | HG_COND_PORT | HG_COND_COVERAGE | HG_COND_FLAG;
}

HG_INLINE void hg_facts_of_hello(struct hg_facts *f, const struct hg_hello *h)
{
	f->known |= HG_COND_HELLO;
	f->sni_state = h->sni_state;
	f->ech = h->ech;
	f->ciphers = h->cipher_count_no_grease;
	f->version = hg_version_rank(h->version_max);
	f->version_min_lo = hg_version_min_floor(h);
	f->version_min_hi = hg_version_min_ceiling(h);
	f->all_weak = (h->features & HG_HELLO_ALL_WEAK) != 0;
	f->resumed = hg_hello_resumes(h);
}

/* ---- rules ---- */

struct hg_rule_step {
	struct hg_scratch *scratch;
	void *rules;
	__u32 count;
};

HG_STEP long hg_rule_step(__u32 i, struct hg_rule_step *r)
{
	const struct hg_rule *rule;
	__u32 index = i;

	if (i >= r->count)
		return 1;
	rule = hg_inner_lookup(r->rules, &index);
	if (!rule)
		return 1;
	return hg_decide_rule(&r->scratch->decision, i, rule, &r->scratch->facts, HG_UNKNOWN,
			      HG_UNKNOWN);
}

HG_INLINE void hg_match_rules(struct hg_scratch *s, const struct hg_generation *g, __u32 skip_user)
{
	struct hg_rule_step step = { s, g->rules, g->policy->rules };

	hg_decision_begin(&s->decision, g->policy, &s->facts, skip_user);
	hg_loop(HG_RULES, hg_rule_step, &step);
	hg_decide_rest(&s->decision, g->policy, &s->facts);
}

HG_INLINE struct hg_policy *hg_policy_at(__u32 index)
{
	__u32 zero = 0;
	void *inner;

	if (index >= HG_GENERATIONS)
		return NULL;
	inner = hg_outer_lookup(&policy, &index);
	return inner ? hg_inner_lookup(inner, &zero) : NULL;
}

/*
 * The generation in force: the one that was loaded last or, if that was not
 * confirmed in time, the one before it, whatever processes are there.  See
 * hg_generation_in_force() in user/generation.c, which must say the same.
 */
HG_INLINE bool hg_generation_get(const struct hg_control *c, __u64 now, struct hg_generation *g)
{
	__u32 index = c->generation - 1;

	g->policy = hg_policy_at(index);
	if (g->policy && hg_policy_lapsed(g->policy, now)) {
		index = g->policy->fallback - 1;
		g->policy = hg_policy_at(index);
	}
	if (!g->policy)
		return false;
	g->rules = hg_outer_lookup(&policy_rules, &index);
	g->names = hg_outer_lookup(&policy_names, &index);
	g->nets = hg_outer_lookup(&policy_nets, &index);
	g->numbers = hg_outer_lookup(&policy_numbers, &index);
	return g->rules && g->names && g->nets && g->numbers;
}

/*
 * Judge the flow at hand.  With `unread` there is no hello: only rules that
 * name a coverage class or a flag apply.  scratch->facts.coverage and .flags
 * are set by the caller.  Out: scratch->verdict, ->fallback, ->name.
 */
HG_NOINLINE int hg_judge(__u32 unread)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_control *c = hg_control();
	struct hg_generation g = {};
	__u32 bits, flags;
	bool ruled;

	if (!s || !c)
		return 0;
	bits = s->facts.coverage;
	flags = s->facts.flags;
	__builtin_memset(&s->facts, 0, sizeof(s->facts));
	__builtin_memset(&s->verdict, 0, sizeof(s->verdict));
	s->facts.coverage = bits;
	s->facts.flags = flags;
	s->facts.unread = unread;
	s->facts.spared = flags & HG_FLAG(missed_start) || bits & (1U << HG_BUCKET_not_tls);
	s->name = 0;
	s->verdict.rule = HG_NO_RULE;
	ruled = hg_generation_get(c, s->now, &g);
	if (ruled) {
		hg_facts_of_flow(&s->facts, &s->packet, &g);
		hg_match_interface(s, &g);
	}
	if (!unread) {
		s->name = hg_server_name_key(&s->parse.hello, c);
		if (ruled && g.policy->needs & HG_COND_SNI)
			hg_match_name(s, &g);
		if (ruled)
			hg_match_offers(s, &g);
		hg_facts_of_hello(&s->facts, &s->parse.hello);
	}
	if (!ruled)
		return 0;
	hg_match_rules(s, &g, 0);
	s->verdict = s->decision.verdict;
	if (!s->verdict.pending)
		return 0;
	hg_match_rules(s, &g, 1);
	s->fallback = s->decision.verdict;
	s->fallback.decided_by = HG_DECIDER_timeout;
	if (!hg_user_is_there(s->now)) {
		s->verdict = s->fallback;
		return 0;
	}
	return g.policy->decision_timeout_ms;
}

/* ---- which sets were met ---- */

struct hg_hit_step {
	__u64 sets;
	__u32 first;
};

HG_STEP long hg_hit_step(__u32 i, struct hg_hit_step *h)
{
	__u32 at = h->first + i;
	__u64 *hits;

	if (!h->sets)
		return 1;
	hits = h->sets & 1 ? bpf_map_lookup_elem(&set_hits, &at) : NULL;
	if (hits)
		(*hits)++;
	h->sets >>= 1;
	return 0;
}

/* The hello that was judged: what holds its name, or one of its addresses. */
HG_NOINLINE int hg_count_set_hits(void)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_hit_step names = {}, nets = {};

	if (!s || !s->verdict.revision)
		return 0;
	names.sets = s->facts.sni;
	names.first = hg_set_hits_at(s->verdict.slot, false);
	if (names.sets)
		hg_loop(HG_SETS, hg_hit_step, &names);
	nets.sets = s->facts.src | s->facts.dst;
	nets.first = hg_set_hits_at(s->verdict.slot, true);
	if (nets.sets)
		hg_loop(HG_SETS, hg_hit_step, &nets);
	return 0;
}

#endif /* HG_MATCH_H */
