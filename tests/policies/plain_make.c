/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plain_make.c - policies and flows by chance.
 */
#include "plain.h"

#include <string.h>

#include "../../user/terms.h"

/* ---- chance ---- */

static unsigned int state;

void plain_seed(unsigned int seed)
{
	state = seed;
}

unsigned int plain_roll(unsigned int sides)
{
	state = state * 1103515245u + 12345u;
	return (state >> 16) % sides;
}

bool plain_chance(unsigned int in)
{
	return plain_roll(in) == 0;
}

#define PICK(from) from[plain_roll(sizeof(from) / sizeof((from)[0]))]

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

static const char *const ciphers[] = { "0x1301", "0x000a", "0xc02f", "0x0005", "0x1300" };
static const char *const counts[] = { "<2", "<=1", "2", ">=2", ">1", "=0" };
static const char *const groups[] = { "0x001d", "0x11ec", "0x0017", "0x0100" };
static const char *const protocols[] = { "h2", "http/1.1", "h", "none" };
static const char *const interfaces[] = { "eth0", "eth1", "a-fifteen-bytes" };

static void fill(struct plain_list *list, const char *const *from, unsigned int size, int at_most)
{
	list->count = 1 + (int)plain_roll((unsigned int)at_most);
	for (int i = 0; i < list->count; i++)
		list->items[i] = from[plain_roll(size)];
}

#define FILL(list, from, at_most) fill(list, from, sizeof(from) / sizeof((from)[0]), at_most)

static void fill_terms(struct plain_list *list, const char *(*text_of)(unsigned int),
		       unsigned int count)
{
	list->count = 1 + (int)plain_roll(2);
	for (int i = 0; i < list->count; i++)
		list->items[i] = text_of(plain_roll(count));
}

static void make_offers(struct plain_match *m, unsigned int rarity)
{
	if (plain_chance(rarity))
		FILL(&m->version_min, version_texts, 2);
	if (!m->weak && plain_chance(rarity))
		FILL(&m->cipher, ciphers, 2);
	if (plain_chance(rarity))
		FILL(&m->count, counts, 1);
	if (plain_chance(rarity))
		FILL(&m->group, groups, 2);
	if (plain_chance(rarity))
		FILL(&m->alpn, protocols, 2);
	if (plain_chance(rarity))
		fill_terms(&m->ech, hg_ech_text, HG_ECH_COUNT);
	if (plain_chance(rarity))
		FILL(&m->interface, interfaces, 2);
	if (plain_chance(rarity))
		m->resumed = 1 + (int)plain_roll(2);
}

static void make_match(struct plain_match *m, unsigned int rarity, bool sets)
{
	if (plain_chance(rarity))
		FILL(&m->sni, names, 3);
	if (sets && m->sni.count && plain_chance(3))
		m->sni.items[0] = "@names";
	if (!m->sni.count && plain_chance(2 * rarity))
		m->none = true;
	if (!m->none && plain_chance(3 * rarity))
		fill_terms(&m->state, hg_sni_state_text, HG_SNI_COUNT);
	if (plain_chance(rarity))
		FILL(&m->src, networks, 2);
	if (sets && m->src.count && plain_chance(3))
		m->src.items[0] = "@nets";
	if (plain_chance(2 * rarity))
		FILL(&m->dst, networks, 2);
	if (plain_chance(rarity))
		FILL(&m->port, port_texts, 2);
	if (plain_chance(rarity))
		FILL(&m->version, version_texts, 2);
	m->weak = plain_chance(2 * rarity);
	make_offers(m, 5 * rarity);
	if (plain_chance(2 * rarity))
		fill_terms(&m->coverage, hg_bucket_text, HG_BUCKET_COUNT);
	if (plain_chance(2 * rarity))
		fill_terms(&m->flag, hg_flag_text, HG_FLAG_COUNT);
	if (plain_chance(rarity))
		FILL(&m->ja4, ja4_globs, 2);
	if (plain_chance(3 * rarity))
		FILL(&m->ja3, ja3_globs, 1);
}

void plain_policy_make(struct plain_policy *p)
{
	memset(p, 0, sizeof(*p));
	p->mode = (int)plain_roll(2);
	p->default_action = plain_chance(2) ? HG_ACTION_allow : HG_ACTION_reset;
	p->unread_action = plain_chance(2) ? HG_ACTION_allow : HG_ACTION_reset;
	FILL(&p->set_names, names, PLAIN_ITEMS);
	FILL(&p->set_nets, networks, PLAIN_ITEMS);
	if (plain_chance(3))
		FILL(&p->protect_sni, names, 2);
	if (plain_chance(3))
		FILL(&p->protect_src, networks, 2);
	p->count = (int)plain_roll(PLAIN_RULES + 1);
	for (int i = 0; i < p->count; i++) {
		struct plain_rule *r = &p->rules[i];

		snprintf(r->name, sizeof(r->name), "r%d", i);
		make_match(&r->match, 3, true);
		if (plain_chance(2))
			make_match(&r->except, 3, true);
		r->action = (int)plain_roll(HG_ACTION_COUNT);
		r->mode = (int)plain_roll(3) - 1;
		r->on_undecided = plain_chance(2) ? HG_ACTION_allow : HG_ACTION_reset;
		r->expires = plain_chance(6) ? 1 + (int)plain_roll(2) : 0;
	}
}

/* Up to two of each; of protocols "none" is none. */
static void make_lists(struct plain_flow *f)
{
	FILL(&f->cipher, ciphers, 2);
	FILL(&f->group, groups, 2);
	FILL(&f->alpn, protocols, 2);
	f->cipher.count -= plain_chance(4) ? f->cipher.count : 0;
	f->group.count -= plain_chance(4) ? f->group.count : 0;
	for (int i = 0; i < f->alpn.count; i++)
		if (!strcmp(f->alpn.items[i], "none"))
			f->alpn.count = i;
}

void plain_flow_make(struct plain_flow *f)
{
	static const __u32 conditions[] = { HG_COND_SNI | HG_COND_SNI_STATE,
					    HG_COND_SRC,
					    HG_COND_DST,
					    HG_COND_PORT,
					    HG_COND_VERSION_MAX,
					    HG_COND_ALL_WEAK,
					    HG_COND_VERSION_MIN,
					    HG_COND_CIPHER,
					    HG_COND_CIPHER_COUNT,
					    HG_COND_GROUP,
					    HG_COND_ALPN,
					    HG_COND_ECH,
					    HG_COND_RESUMED };

	memset(f, 0, sizeof(*f));
	f->bucket = plain_chance(4) ? (int)plain_roll(HG_BUCKET_COUNT) : HG_BUCKET_single_segment;
	f->read = f->bucket == HG_BUCKET_single_segment || f->bucket == HG_BUCKET_reassembled ||
		  f->bucket == HG_BUCKET_ambiguous || f->bucket == HG_BUCKET_conflicting_overlap;
	f->state = plain_chance(3) ? (int)plain_roll(HG_SNI_COUNT) : HG_SNI_ok;
	f->name = f->state == HG_SNI_none || f->state == HG_SNI_empty ? "" : PICK(flow_names);
	f->src = PICK(addresses);
	f->dst = PICK(addresses);
	f->port = PICK(flow_ports);
	f->version = (int)plain_roll(HG_VERSION_COUNT);
	f->lowest = plain_chance(2) ? -1 : (int)plain_roll((unsigned int)f->version + 1);
	make_lists(f);
	f->ech = (int)plain_roll(HG_ECH_COUNT);
	f->resumed = plain_chance(2);
	f->interface = plain_chance(4) ? NULL : PICK(interfaces);
	f->weak = plain_chance(3);
	f->flags = plain_chance(3)
			   ? 1U << plain_roll(HG_FLAG_COUNT) | 1U << plain_roll(HG_FLAG_COUNT)
			   : 0;
	f->ja4 = plain_chance(3) ? NULL : PICK(ja4_texts);
	f->ja3 = plain_chance(3) ? NULL : PICK(ja3_texts);
	f->unknown = plain_chance(4) ? PICK(conditions) | PICK(conditions) : 0;
	f->last_word = plain_chance(2);
}

/* ---- what packets make ---- */

static bool any_strong(const struct plain_list *ciphers_)
{
	for (int i = 0; i < ciphers_->count; i++)
		if (strcmp(ciphers_->items[i], "0x000a") && strcmp(ciphers_->items[i], "0x0005"))
			return true;
	return false;
}

void plain_flow_make_real(struct plain_flow *f)
{
	plain_flow_make(f);
	f->read = true;
	f->bucket = plain_chance(4) ? HG_BUCKET_reassembled : HG_BUCKET_single_segment;
	if (f->state == HG_SNI_ambiguous)
		f->bucket = HG_BUCKET_ambiguous;
	if (f->state == HG_SNI_invalid)
		f->name = "a!example";
	while (!strcmp(f->src, "::1")) /* what begins with zeros is "any" to tests/kernel */
		f->src = PICK(addresses);
	while (!strcmp(f->dst, "::1") || !strchr(f->src, '.') != !strchr(f->dst, '.'))
		f->dst = PICK(addresses);
	while (f->version < HG_VERSION_ssl3)
		f->version = (int)plain_roll(HG_VERSION_COUNT);
	if (f->lowest >= 0 && f->lowest < HG_VERSION_ssl3)
		f->lowest = HG_VERSION_ssl3;
	f->alpn.count = f->alpn.count > 1 ? 1 : f->alpn.count;
	f->weak = !any_strong(&f->cipher);
	f->flags = 0;
	f->interface = "eth0";
	f->ja4 = NULL;
	f->ja3 = NULL;
	f->unknown = 0;
}
