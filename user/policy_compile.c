/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "policy_index.h"
#include "policy_shadow.h"
#include "say.h"

#define HG_NAMES_MAX (16 * 1024 * 1024)

struct compiler {
	const struct hg_policy_model *model;
	struct hg_diagnostics *diagnostics;
	struct hg_compiled *c;
	struct hg_lists lists;
	struct hg_arena scratch;
};

static const char *keep(struct compiler *x, const char *text)
{
	return text ? hg_arena_text(&x->c->arena, text, strlen(text)) : NULL;
}

static struct hg_place keep_place(const struct compiler *x, struct hg_place place)
{
	place.file = x->c->file;
	return place;
}

/* ---- bits ---- */

/* A new bit, or HG_SETS after saying that there is none left. */
static __u32 new_bit(struct compiler *x, enum hg_bit_kind kind, const char *name,
		     struct hg_place place, size_t entries)
{
	static const char *const texts[HG_BIT_KINDS] = {
		[HG_BIT_NAMES] = "lists of names",	     [HG_BIT_NETS] = "lists of networks",
		[HG_BIT_PORTS] = "lists of ports",	     [HG_BIT_CIPHERS] = "lists of ciphers",
		[HG_BIT_GROUPS] = "lists of groups",	     [HG_BIT_ALPN] = "lists of protocols",
		[HG_BIT_INTERFACES] = "lists of interfaces",
	};
	__u32 bit = x->c->bit_count[kind];

	if (bit == HG_SETS) {
		hg_diagnose_error(x->diagnostics, place,
				  "more than %d different %s; put some together into a set",
				  HG_SETS, texts[kind]);
		return HG_SETS;
	}
	x->c->bits[kind][bit] =
		(struct hg_bit_about){ keep(x, name), keep_place(x, place), entries };
	x->c->bit_count[kind]++;
	return bit;
}

static __u64 bit_mask(__u32 bit)
{
	return bit < HG_SETS ? 1ULL << bit : 0;
}

static bool same_names(const struct hg_name_list *a, const struct hg_name_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (hg_name_order(&a->items[i], &b->items[i]))
			return false;
	return true;
}

/* The bit of a list of names; lists that say the same have the same. */
static __u64 name_bit(struct compiler *x, const struct hg_name_list *list, const char *set,
		      struct hg_place place)
{
	__u32 bits = x->c->bit_count[HG_BIT_NAMES], bit;

	for (bit = 0; bit < bits; bit++) {
		const struct hg_name_list *other = x->lists.names[bit];

		if (other == list ||
		    (!set && !x->c->bits[HG_BIT_NAMES][bit].name && same_names(other, list)))
			return bit_mask(bit);
	}
	bit = new_bit(x, HG_BIT_NAMES, set, place, list->count);
	if (bit < HG_SETS)
		x->lists.names[bit] = list;
	return bit_mask(bit);
}

/*
 * The bit of a set.  Its exceptions have the next one, which no rule asks for:
 * where both are found, neither counts.
 */
static __u64 set_bit(struct compiler *x, const struct hg_set *set)
{
	__u32 known = x->c->bit_count[HG_BIT_NAMES], bit;
	__u64 mask = name_bit(x, &set->names, set->name, set->place);

	if (!set->exceptions.count || x->c->bit_count[HG_BIT_NAMES] == known)
		return mask;
	bit = new_bit(x, HG_BIT_NAMES, set->name, set->place, set->exceptions.count);
	if (bit == HG_SETS)
		return mask;
	x->lists.names[bit] = &set->exceptions;
	x->c->policy.name_exceptions |= bit_mask(bit);
	return mask;
}

static struct hg_name_list *sorted_names(struct compiler *x, const struct hg_name_list *list)
{
	struct hg_name_list *copy = hg_arena_get(&x->scratch, sizeof(*copy));

	hg_name_list_reserve(&x->scratch, copy, list->count);
	copy->count = list->count;
	memcpy(copy->items, list->items, list->count * sizeof(*list->items));
	qsort(copy->items, copy->count, sizeof(*copy->items), hg_name_order);
	return copy;
}

static __u64 name_mask(struct compiler *x, const struct hg_members *m, struct hg_place place)
{
	__u64 mask = 0;

	for (size_t i = 0; i < m->sets.count; i++) {
		const struct hg_set *set = m->sets.items[i];

		mask |= set_bit(x, set);
	}
	if (m->names.count)
		mask |= name_bit(x, sorted_names(x, &m->names), NULL, place);
	return mask;
}

static __u64 net_bit(struct compiler *x, const struct hg_net_list *list, const char *set,
		     struct hg_place place)
{
	__u32 bits = x->c->bit_count[HG_BIT_NETS], bit;

	for (bit = 0; bit < bits; bit++) {
		const struct hg_net_list *other = x->lists.nets[bit];

		if (other == list ||
		    (!set && !x->c->bits[HG_BIT_NETS][bit].name && other->count == list->count &&
		     !memcmp(other->items, list->items, list->count * sizeof(*list->items))))
			return bit_mask(bit);
	}
	bit = new_bit(x, HG_BIT_NETS, set, place, list->count);
	if (bit < HG_SETS)
		x->lists.nets[bit] = list;
	return bit_mask(bit);
}

static __u64 net_mask(struct compiler *x, const struct hg_members *m, struct hg_place place)
{
	__u64 mask = 0;

	for (size_t i = 0; i < m->sets.count; i++) {
		const struct hg_set *set = m->sets.items[i];

		mask |= net_bit(x, &set->nets, set->name, set->place);
	}
	if (m->nets.count)
		mask |= net_bit(x, &m->nets, NULL, place);
	return mask;
}

static bool same_numbers(const struct hg_number_list *a, const struct hg_number_list *b)
{
	return a->count == b->count && !memcmp(a->items, b->items, a->count * sizeof(*a->items));
}

/* Of ports, cipher suites or groups. */
static __u64 number_mask(struct compiler *x, enum hg_number_kind kind,
			 const struct hg_match_model *m, struct hg_place place)
{
	const struct hg_number_list *list = &m->numbers[kind], **lists = x->lists.numbers[kind];
	enum hg_bit_kind of = HG_BIT_PORTS + kind;
	__u32 bits = x->c->bit_count[of], bit;

	for (bit = 0; bit < bits; bit++)
		if (same_numbers(lists[bit], list))
			return bit_mask(bit);
	bit = new_bit(x, of, NULL, place, list->count);
	if (bit < HG_SETS)
		lists[bit] = list;
	return bit_mask(bit);
}

static bool same_texts(const struct hg_text_list *a, const struct hg_text_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]))
			return false;
	return true;
}

/* Of protocols or interfaces. */
static __u64 text_mask(struct compiler *x, enum hg_bit_kind kind, const struct hg_text_list *list,
		       struct hg_place place)
{
	const struct hg_text_list **lists = kind == HG_BIT_ALPN ? x->lists.alpn
								: x->lists.interfaces;
	__u32 bits = x->c->bit_count[kind], bit;

	for (bit = 0; bit < bits; bit++)
		if (same_texts(lists[bit], list))
			return bit_mask(bit);
	bit = new_bit(x, kind, NULL, place, list->count);
	if (bit < HG_SETS)
		lists[bit] = list;
	return bit_mask(bit);
}

/* ---- rules ---- */

static const struct hg_place *place_of(const struct hg_match_model *m, __u32 condition)
{
	return &m->at[__builtin_ctz(condition)];
}

static void compile_lists(struct compiler *x, const struct hg_match_model *m, struct hg_match *out)
{
	if (m->conditions & HG_COND_SNI)
		out->sni = name_mask(x, &m->sni, *place_of(m, HG_COND_SNI));
	if (m->conditions & HG_COND_SRC)
		out->src = net_mask(x, &m->src, *place_of(m, HG_COND_SRC));
	if (m->conditions & HG_COND_DST)
		out->dst = net_mask(x, &m->dst, *place_of(m, HG_COND_DST));
	if (m->conditions & HG_COND_PORT)
		out->port = number_mask(x, HG_NUMBER_PORT, m, *place_of(m, HG_COND_PORT));
	if (m->conditions & HG_COND_CIPHER)
		out->cipher = number_mask(x, HG_NUMBER_CIPHER, m, *place_of(m, HG_COND_CIPHER));
	if (m->conditions & HG_COND_GROUP)
		out->group = number_mask(x, HG_NUMBER_GROUP, m, *place_of(m, HG_COND_GROUP));
	if (m->conditions & HG_COND_ALPN)
		out->alpn = text_mask(x, HG_BIT_ALPN, &m->alpn, *place_of(m, HG_COND_ALPN));
	if (m->conditions & HG_COND_INTERFACE)
		out->interface = text_mask(x, HG_BIT_INTERFACES, &m->interfaces,
					   *place_of(m, HG_COND_INTERFACE));
}

static void compile_match(struct compiler *x, const struct hg_match_model *m, struct hg_match *out)
{
	compile_lists(x, m, out);
	out->conditions = m->conditions;
	out->coverage = m->coverage;
	out->flags = m->flags;
	out->sni_states = m->sni_states;
	out->ech_states = m->ech_states;
	out->version_max = m->versions_max;
	out->version_min = m->versions_min;
	out->ciphers_lo = m->cipher_count.first;
	out->ciphers_hi = m->cipher_count.last;
	out->all_weak = m->conditions & HG_COND_ALL_WEAK ? 1 : 0;
	out->resumed = m->resumed;
	x->c->policy.needs |= m->conditions;
}

static const char **keep_globs(struct compiler *x, const struct hg_text_list *list)
{
	const char **globs = hg_arena_get(&x->c->arena, list->count * sizeof(*globs));

	for (size_t i = 0; i < list->count; i++)
		globs[i] = keep(x, list->items[i]);
	return globs;
}

static void describe_match(struct compiler *x, const struct hg_match_model *m,
			   struct hg_user_match *user, const char **said)
{
	for (int i = 0; i < HG_CONDITIONS; i++)
		said[i] = keep(x, m->said[i]);
	user->ja4 = keep_globs(x, &m->ja4.globs);
	user->ja4_count = (__u32)m->ja4.globs.count;
	user->ja4_said = keep(x, m->ja4.said);
	user->ja3 = keep_globs(x, &m->ja3.globs);
	user->ja3_count = (__u32)m->ja3.globs.count;
	user->ja3_said = keep(x, m->ja3.said);
	user->failures = m->failures;
	user->failures_said = keep(x, m->failures_said);
	user->certificate = m->certificate;
	user->certificate_said = keep(x, m->certificate_said);
	x->c->asks_certificate |= m->certificate != 0;
}

static void add_protect(struct compiler *x, const struct hg_match_model *m)
{
	struct hg_compiled *c = x->c;
	struct hg_rule *rule = &c->rules[c->policy.rules];
	struct hg_rule_about *about = &c->about[c->policy.rules];

	if (!m->given)
		return;
	compile_match(x, m, &rule->match);
	rule->protect = 1;
	rule->action = HG_ACTION_allow;
	rule->mode = c->policy.mode;
	rule->to = HG_TO_both;
	*about = (struct hg_rule_about){ .name = "protect", .log = -1 };
	about->place = keep_place(x, m->place);
	describe_match(x, m, &about->match, about->match_said);
	c->policy.rules++;
	c->protect_rules++;
}

static void add_rule(struct compiler *x, const struct hg_rule_model *m)
{
	struct hg_compiled *c = x->c;
	struct hg_rule *rule = &c->rules[c->policy.rules];
	struct hg_rule_about *about = &c->about[c->policy.rules];

	compile_match(x, &m->match, &rule->match);
	if (m->except.given)
		compile_match(x, &m->except, &rule->except);
	rule->action = (__u8)m->action;
	rule->mode = m->mode < 0 ? c->policy.mode : (__u8)m->mode;
	rule->to = m->to < 0 ? HG_TO_both : (__u8)m->to;
	rule->on_undecided = m->on_undecided < 0 ? HG_ACTION_allow : (__u8)m->on_undecided;
	rule->hold = m->hold;
	rule->expires_ns = m->expires_ns;
	rule->stats = (__u16)c->stats;
	if (m->expires_ns)
		c->policy.needs |= HG_NEEDS_CLOCK;
	*about = (struct hg_rule_about){ .name = keep(x, m->name), .log = m->log };
	about->limit = m->limit;
	about->place = keep_place(x, m->place);
	about->owner = keep(x, m->owner);
	describe_match(x, &m->match, &about->match, about->match_said);
	describe_match(x, &m->except, &about->except, about->except_said);
	c->stats_names[c->stats++] = about->name;
	c->policy.rules++;
}

static void add_rules(struct compiler *x)
{
	const struct hg_policy_model *m = x->model;
	struct hg_compiled *c = x->c;
	size_t room = m->rule_count + 2;

	c->rules = hg_arena_get(&c->arena, room * sizeof(*c->rules));
	c->about = hg_arena_get(&c->arena, room * sizeof(*c->about));
	c->stats_names = hg_arena_get(&c->arena, room * sizeof(*c->stats_names));
	c->stats_names[HG_STATS_DEFAULT] = "default";
	c->stats_names[HG_STATS_UNREAD] = "unread";
	c->stats = HG_STATS_UNREAD + 1;
	c->policy.default_stats = HG_STATS_DEFAULT;
	c->policy.unread_stats = HG_STATS_UNREAD;
	add_protect(x, &m->protect_sni);
	add_protect(x, &m->protect_src);
	for (size_t i = 0; i < m->rule_count; i++) {
		if (c->policy.rules == HG_RULES) {
			hg_diagnose_error(x->diagnostics, m->rules[i].place,
					  "more than %d rules (protect counts as %u)", HG_RULES,
					  c->protect_rules);
			return;
		}
		add_rule(x, &m->rules[i]);
	}
}

/* ---- the whole ---- */

static int draw_random(void *bytes, size_t size, void *arg)
{
	(void)arg;
	for (size_t done = 0; done < size;) {
		ssize_t got = getrandom((char *)bytes + done, size - done, 0);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0)
			done += (size_t)got;
	}
	return 0;
}

static struct hg_compiled *new_compiled(const struct hg_policy_model *m)
{
	struct hg_arena arena = {};
	struct hg_compiled *c = hg_arena_get(&arena, sizeof(*c));

	c->file = hg_arena_text(&arena, m->file, strlen(m->file));
	c->policy.mode = m->mode;
	c->policy.default_action = m->default_action;
	c->policy.unread_action = m->unread_action;
	c->policy.quic_action = m->quic_action;
	c->policy.decision_timeout_ms = m->decision_timeout_ms;
	c->arena = arena; /* it lives in its own arena */
	return c;
}

/* More than this takes gigabytes of the kernel's memory, for each of four policies. */
static int check_names(struct compiler *x)
{
	size_t names = 0;

	for (__u32 bit = 0; bit < x->c->bit_count[HG_BIT_NAMES]; bit++)
		names += x->lists.names[bit]->count;
	if (names <= HG_NAMES_MAX)
		return HG_OK;
	hg_diagnose_error(x->diagnostics, (struct hg_place){ x->model->file, 0, 0 },
			  "%zu names: a policy may have %d; leave out lists, or names that an "
			  "entry above them covers",
			  names, HG_NAMES_MAX);
	return HG_INVALID;
}

static int build_index(struct compiler *x, hg_draw_fn draw, void *arg)
{
	int rc = check_names(x);

	if (rc)
		return rc;
	rc = hg_index_names(x->c, &x->lists, draw, arg);
	if (rc) {
		hg_diagnose_error(x->diagnostics, (struct hg_place){ x->model->file, 0, 0 },
				  "no key for the names: %s", strerror(-rc));
		return HG_INVALID;
	}
	hg_index_nets(x->c, &x->lists);
	hg_index_numbers(x->c, &x->lists);
	hg_index_texts(x->c, &x->lists);
	return HG_OK;
}

int hg_policy_compile_drawn(const struct hg_policy_model *model, struct hg_diagnostics *d,
			    hg_draw_fn draw, void *arg, struct hg_compiled **out)
{
	struct compiler x = { .model = model, .diagnostics = d };
	unsigned int errors = d->errors;
	int rc = HG_INVALID;

	x.c = new_compiled(model);
	add_rules(&x);
	if (d->errors == errors)
		rc = build_index(&x, draw, arg);
	hg_arena_free(&x.scratch);
	if (rc) {
		hg_compiled_free(x.c);
		return rc;
	}
	hg_policy_warn_shadowed(x.c, d);
	*out = x.c;
	return HG_OK;
}

int hg_policy_compile(const struct hg_policy_model *model, struct hg_diagnostics *d,
		      struct hg_compiled **out)
{
	return hg_policy_compile_drawn(model, d, draw_random, NULL, out);
}

void hg_compiled_free(struct hg_compiled *c)
{
	struct hg_arena arena;

	if (!c)
		return;
	arena = c->arena;
	hg_arena_free(&arena);
}

const char *hg_compiled_rule_name(const struct hg_compiled *c, __u32 rule)
{
	if (rule == HG_RULE_DEFAULT)
		return "default";
	if (rule == HG_RULE_UNREAD)
		return "unread";
	return rule < c->policy.rules ? c->about[rule].name : "?";
}
