/* SPDX-License-Identifier: BSD-2-Clause */
#include "knowledge.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "eve.h"

/* A server, and a name or none: compared as bytes. */
struct subject {
	__u8 addr[16];
	__u16 port;
	__u16 name_len;
	__u8 name[HG_NAME_SIZE];
};

struct entry {
	struct hg_known known;
	struct hg_known fresh; /* of that, the last half of a span at most */
	struct subject subject;
	struct entry *next; /* of its chain */
	struct entry *older, *younger;
};

struct hg_knowledge {
	unsigned int limit, count, mask;
	__u64 seed; /* names are written by clients: nobody chooses whose chain is long */
	__u64 forgotten;
	struct entry *oldest, *youngest;
	struct entry *chains[];
};

struct hg_knowledge *hg_knowledge_new(unsigned int limit)
{
	struct hg_knowledge *k;
	unsigned int chains = 1;

	while (chains < limit && chains < 1U << 24)
		chains <<= 1;
	k = calloc(1, sizeof(*k) + chains * sizeof(k->chains[0]));
	if (!k)
		return NULL;
	k->limit = limit;
	k->mask = chains - 1;
	if (getrandom(&k->seed, sizeof(k->seed), GRND_NONBLOCK) != sizeof(k->seed))
		k->seed = (__u64)(size_t)k;
	return k;
}

void hg_knowledge_free(struct hg_knowledge *k)
{
	struct entry *next;

	for (struct entry *e = k ? k->oldest : NULL; e; e = next) {
		next = e->younger;
		free(e);
	}
	free(k);
}

__u64 hg_knowledge_forgotten(const struct hg_knowledge *k)
{
	return k->forgotten;
}

/* ---- the table: chains by subject, and a list by use ---- */

static size_t subject_size(const struct subject *s)
{
	return offsetof(struct subject, name) + s->name_len;
}

static struct entry **chain_of(struct hg_knowledge *k, const struct subject *s)
{
	const __u8 *bytes = (const __u8 *)s;
	__u64 hash = k->seed;

	for (size_t i = 0; i < subject_size(s); i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ULL; /* FNV-1a, from a seed */
	return &k->chains[hg_mix(hash) & k->mask];
}

static struct entry *look_up(struct hg_knowledge *k, const struct subject *s)
{
	struct entry *e = *chain_of(k, s);

	while (e && memcmp(&e->subject, s, subject_size(s)) != 0)
		e = e->next;
	return e;
}

static void unlink_age(struct hg_knowledge *k, struct entry *e)
{
	*(e->older ? &e->older->younger : &k->oldest) = e->younger;
	*(e->younger ? &e->younger->older : &k->youngest) = e->older;
}

static void make_youngest(struct hg_knowledge *k, struct entry *e)
{
	e->younger = NULL;
	e->older = k->youngest;
	*(k->youngest ? &k->youngest->younger : &k->oldest) = e;
	k->youngest = e;
}

static void forget(struct hg_knowledge *k, struct entry *e)
{
	struct entry **at = chain_of(k, &e->subject);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	unlink_age(k, e);
	k->count--;
	k->forgotten++;
	free(e);
}

static struct entry *add(struct hg_knowledge *k, const struct subject *s)
{
	struct entry **at, *e;

	if (k->count >= k->limit)
		forget(k, k->oldest);
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	memcpy(&e->subject, s, subject_size(s));
	at = chain_of(k, s);
	e->next = *at;
	*at = e;
	make_youngest(k, e);
	k->count++;
	return e;
}

/* ---- subjects ---- */

static void server_of(const struct hg_handshake *h, struct subject *s)
{
	struct hg_endpoint client, server;

	memset(s, 0, offsetof(struct subject, name));
	hg_flow_endpoints(&h->facts, &client, &server);
	memcpy(s->addr, server.addr, sizeof(s->addr));
	s->port = server.port;
}

/* False if the hello has no name, or was not kept. */
static bool name_of(const struct hg_handshake *h, struct subject *s)
{
	server_of(h, s);
	if (!h->read || h->hello.sni_state != HG_SNI_ok)
		return false;
	s->name_len = h->hello.name_len;
	memcpy(s->name, h->hello.name, s->name_len);
	return s->name_len;
}

const struct hg_known *hg_known_of_server(struct hg_knowledge *k, const struct hg_handshake *h)
{
	struct subject s;
	struct entry *e;

	server_of(h, &s);
	e = look_up(k, &s);
	return e ? &e->known : NULL;
}

const struct hg_known *hg_known_of_name(struct hg_knowledge *k, const struct hg_handshake *h)
{
	struct subject s;
	struct entry *e = name_of(h, &s) ? look_up(k, &s) : NULL;

	return e ? &e->known : NULL;
}

/* ---- learning ---- */

static void learn_number(__u16 *list, __u8 *count, unsigned int room, __u16 value)
{
	for (unsigned int i = 0; i < *count; i++)
		if (list[i] == value)
			return;
	if (value && *count < room)
		list[(*count)++] = value;
}

static void learn_certificate(struct hg_known *n, const struct hg_handshake *h, __u32 findings)
{
	__u32 bytes = h->answer.side[HG_FROM_SERVER].certificate_bytes;

	if (!bytes)
		return;
	if (n->certificate_bytes && n->certificate_bytes != bytes) {
		n->certificate_before = n->certificate_bytes;
		n->certificate_changed_ns = h->facts.hello_ns;
	}
	n->certificate_bytes = bytes;
	n->findings = findings;
	if (h->facts.outcome == HG_OUTCOME_established && bytes > n->certificate_taken)
		n->certificate_taken = bytes;
}

static void learn_answer(struct hg_known *n, const struct hg_handshake *h, bool named)
{
	const struct hg_server_facts *server = &h->answer.server;
	__u16 offered = h->facts.hello.version_max;

	n->answered++;
	n->answered_with_sni += named;
	n->answered_without_sni += !named;
	if (offered && (!n->least_answered || offered < n->least_answered))
		n->least_answered = offered;
	learn_number(n->ciphers, &n->cipher_count, HG_KNOWN_CIPHERS, server->cipher);
	learn_number(n->groups, &n->group_count, HG_KNOWN_GROUPS, server->group);
}

static void learn_path(struct hg_known *n, const struct hg_path_facts *path)
{
	if (!path->ttl[1])
		return;
	n->ttl_varies |= n->ttl && n->ttl != path->ttl[1];
	n->ttl = path->ttl[1];
}

/* Of a hello that never came whole, its end. */
static __u64 time_of(const struct hg_handshake *h)
{
	return h->facts.hello_ns ? h->facts.hello_ns : h->facts.time_ns;
}

static void learn(struct hg_known *n, const struct hg_handshake *h, __u32 findings)
{
	bool named = h->facts.hello.sni_state != HG_SNI_none;

	n->ended++;
	n->established += h->facts.outcome == HG_OUTCOME_established;
	if (!n->first_ns)
		n->first_ns = time_of(h);
	n->last_ns = time_of(h);
	if (h->answer.server.version)
		learn_answer(n, h, named);
	else if (!named && h->facts.outcome == HG_OUTCOME_failed)
		n->refused_without_sni++;
	learn_certificate(n, h, findings);
	learn_path(n, &h->answer.path);
}

/*
 * What a server did long ago is not what it does.  `known` covers the last half to
 * whole span: it begins anew from what was learned since half a span.
 */
static void grow_old(struct entry *e, __u64 now)
{
	/* Signed: they do not end in the order in which they began. */
	if ((__s64)(now - e->fresh.first_ns) <= (__s64)(HG_KNOWN_SPAN / 2) || !e->fresh.ended)
		return;
	/* Of a certificate that was not seen lately, the last one is still the best guess. */
	if (!e->fresh.certificate_bytes) {
		e->fresh.certificate_bytes = e->known.certificate_bytes;
		e->fresh.certificate_taken = e->known.certificate_taken;
		e->fresh.findings = e->known.findings;
	}
	if (!e->fresh.certificate_before) {
		e->fresh.certificate_before = e->known.certificate_before;
		e->fresh.certificate_changed_ns = e->known.certificate_changed_ns;
	}
	e->known = e->fresh;
	memset(&e->fresh, 0, sizeof(e->fresh));
}

static void learn_of(struct hg_knowledge *k, const struct subject *s, const struct hg_handshake *h,
		     __u32 findings)
{
	struct entry *e = look_up(k, s);

	if (e) {
		unlink_age(k, e);
		make_youngest(k, e);
	} else {
		e = add(k, s);
	}
	if (!e)
		return;
	grow_old(e, time_of(h));
	learn(&e->known, h, findings);
	learn(&e->fresh, h, findings);
}

void hg_knowledge_learn(struct hg_knowledge *k, const struct hg_handshake *h, __u32 findings)
{
	struct subject s;

	if (name_of(h, &s))
		learn_of(k, &s, h, findings);
	server_of(h, &s);
	learn_of(k, &s, h, findings);
}
