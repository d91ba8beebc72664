/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * offers.h - the sets of a policy that hold what a hello offers: its cipher
 * suites, groups and application protocols; and the interface it came in by.
 *
 * Lists are walked to their end, whatever their length: a list that were read
 * in part only would be a way around a rule.
 */
#ifndef HG_OFFERS_H
#define HG_OFFERS_H

#include "maps.h"

/* The inner maps of one generation. */
struct hg_generation {
	struct hg_policy *policy;
	void *rules;
	void *names;
	void *nets;
	void *numbers;
};

struct hg_offer_step {
	struct hg_scratch *scratch;
	const struct hg_capture *capture;
	const struct hg_policy *policy;
	void *map; /* numbers, or names */
};

/* ---- numbers ---- */

HG_INLINE __u64 hg_sets_of_number(void *numbers, __u32 kind, __u32 number)
{
	__u32 key = kind << 16 | (number & 0xffff);
	const __u64 *sets = hg_inner_lookup(numbers, &key);

	return sets ? *sets : 0;
}

HG_STEP long hg_number_step(__u32 i, struct hg_offer_step *n)
{
	struct hg_list_walk *w = &n->scratch->list;
	__u32 at = w->at;

	(void)i;
	if (at + 2 > w->end)
		return 1;
	w->at = at + 2;
	w->sets |= hg_sets_of_number(n->map, w->kind, hg_be16(n->capture, at));
	return 0;
}

/* SSLv2 (RFC 5246, appendix E.2): three bytes, of which the first is 0 in those of TLS. */
HG_STEP long hg_sslv2_cipher_step(__u32 i, struct hg_offer_step *n)
{
	struct hg_list_walk *w = &n->scratch->list;
	__u32 at = w->at;

	(void)i;
	if (at + 3 > w->end)
		return 1;
	w->at = at + 3;
	if (!hg_byte(n->capture, at))
		w->sets |= hg_sets_of_number(n->map, w->kind, hg_be16(n->capture, at + 1));
	return 0;
}

HG_INLINE void hg_list_begin(struct hg_scratch *s, const struct hg_span *span)
{
	s->list.sets = 0;
	s->list.at = s->parse.start + span->at;
	s->list.end = s->list.at + span->len;
}

HG_SUBPROG __u64 hg_match_numbers(struct hg_offer_step *n, const struct hg_span *span, __u32 kind)
{
	struct hg_scratch *s = n->scratch;

	hg_list_begin(s, span);
	s->list.kind = kind;
	if (kind == HG_NUMBER_CIPHER && s->parse.hello.features & HG_HELLO_SSLV2)
		hg_loop(HG_HELLO_MAX / 3, hg_sslv2_cipher_step, n);
	else
		hg_loop(HG_CIPHERS_MAX, hg_number_step, n);
	return s->list.sets;
}

/* ---- texts ---- */

HG_INLINE __u64 hg_sets_of_text(const struct hg_offer_step *n, enum hg_text_kind kind)
{
	const __u64 *sum = n->scratch->list.sum;
	struct hg_name_key key = hg_text_digest(sum[0], sum[1], kind);
	const struct hg_name_sets *sets = hg_inner_lookup(n->map, &key);

	return sets ? sets->exact : 0;
}

/* One more byte of a text, which has `left` bytes behind it. */
HG_INLINE void hg_text_byte(struct hg_offer_step *n, __u32 left, __u8 byte)
{
	__u64 *sum = n->scratch->list.sum;

	left &= HG_NAME_SIZE - 1;
	sum[0] += hg_name_hash_byte(n->policy->name_key[0][left], byte);
	sum[1] += hg_name_hash_byte(n->policy->name_key[1][left], byte);
}

/* One byte of a ProtocolNameList (RFC 7301, section 3.1): a length, or of a name. */
HG_STEP long hg_protocol_step(__u32 i, struct hg_offer_step *n)
{
	struct hg_list_walk *w = &n->scratch->list;
	__u32 at = w->at;
	__u8 byte;

	(void)i;
	if (at >= w->end)
		return 1;
	w->at = at + 1;
	byte = hg_byte(n->capture, at);
	if (!w->left) {
		w->left = byte;
		w->sum[0] = 0;
		w->sum[1] = 0;
		return 0;
	}
	w->left--;
	hg_text_byte(n, w->left, byte);
	if (!w->left)
		w->sets |= hg_sets_of_text(n, HG_TEXT_ALPN);
	return 0;
}

/* No protocol at all is one of no bytes. */
HG_SUBPROG __u64 hg_match_protocols(struct hg_offer_step *n, const struct hg_span *span)
{
	struct hg_list_walk *w = &n->scratch->list;

	hg_list_begin(n->scratch, span);
	w->left = 0;
	w->sum[0] = 0;
	w->sum[1] = 0;
	if (!span->len)
		return hg_sets_of_text(n, HG_TEXT_ALPN);
	hg_loop(HG_HELLO_MAX, hg_protocol_step, n);
	return w->sets;
}

/* Fills scratch->facts.cipher, .group and .alpn. */
HG_INLINE void hg_match_offers(struct hg_scratch *s, const struct hg_generation *g)
{
	struct hg_offer_step step = { .scratch = s, .policy = g->policy };
	const struct hg_hello *h = &s->parse.hello;
	__u32 needs = g->policy->needs;

	if (!(needs & (HG_COND_CIPHER | HG_COND_GROUP | HG_COND_ALPN)))
		return;
	step.capture = hg_capture(s->message_index);
	if (!step.capture)
		return;
	step.map = g->numbers;
	if (needs & HG_COND_CIPHER)
		s->facts.cipher = hg_match_numbers(&step, &h->ciphers, HG_NUMBER_CIPHER);
	if (needs & HG_COND_GROUP)
		s->facts.group = hg_match_numbers(&step, &h->groups, HG_NUMBER_GROUP);
	step.map = g->names;
	if (needs & HG_COND_ALPN)
		s->facts.alpn = hg_match_protocols(&step, &h->alpn);
}

/* Fills scratch->facts.interface, where the name is known. */
HG_INLINE void hg_match_interface(struct hg_scratch *s, const struct hg_generation *g)
{
	struct hg_offer_step step = { .scratch = s, .policy = g->policy, .map = g->names };
	__u32 len = 0;

	if (!(g->policy->needs & HG_COND_INTERFACE) || !interface_name[0])
		return;
	s->list.sum[0] = 0;
	s->list.sum[1] = 0;
	while (len < sizeof(interface_name) - 1 && interface_name[len])
		len++;
	for (__u32 i = 0; i < sizeof(interface_name) - 1 && i < len; i++)
		hg_text_byte(&step, len - 1 - i, interface_name[i]);
	s->facts.interface = hg_sets_of_text(&step, HG_TEXT_INTERFACE);
	s->facts.known |= HG_COND_INTERFACE;
}

#endif /* HG_OFFERS_H */
