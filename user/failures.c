/* SPDX-License-Identifier: BSD-2-Clause */
#include "failures.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../include/flow.h"

struct failure {
	__u64 at_ns;
	__u8 cause; /* enum hg_cause */
};

struct client {
	__u8 addr[16];
	struct client *next; /* of its chain */
	struct client *older, *younger;
	unsigned int total; /* since it is known; the last are kept, by number */
	struct failure last[HG_FAILURES_KEPT];
};

struct hg_failures {
	unsigned int limit, count, mask;
	__u64 seed; /* addresses are chosen by clients: nobody chooses whose chain is long */
	__u64 forgotten;
	struct client *oldest, *youngest;
	struct client *chains[];
};

struct hg_failures *hg_failures_new(unsigned int clients)
{
	struct hg_failures *f;
	unsigned int chains = 1;

	while (chains < clients && chains < 1U << 24)
		chains <<= 1;
	f = calloc(1, sizeof(*f) + chains * sizeof(f->chains[0]));
	if (!f)
		return NULL;
	f->limit = clients;
	f->mask = chains - 1;
	if (getrandom(&f->seed, sizeof(f->seed), GRND_NONBLOCK) != sizeof(f->seed))
		f->seed = (__u64)(size_t)f;
	return f;
}

void hg_failures_free(struct hg_failures *f)
{
	struct client *next;

	for (struct client *c = f ? f->oldest : NULL; c; c = next) {
		next = c->younger;
		free(c);
	}
	free(f);
}

__u64 hg_failures_forgotten(const struct hg_failures *f)
{
	return f->forgotten;
}

/* An IPv6 host has as many addresses as it likes. */
static void subject_of(const __u8 client[16], __u8 out[16])
{
	static const __u8 v4[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(out, client, 16);
	if (memcmp(client, v4, sizeof(v4)) != 0)
		memset(out + 8, 0, 8);
}

static struct client **chain_of(const struct hg_failures *f, const __u8 addr[16])
{
	__u64 words[2];

	memcpy(words, addr, sizeof(words));
	return (struct client **)&f
		->chains[hg_mix(hg_mix(words[0] ^ f->seed) ^ words[1]) & f->mask];
}

static struct client *look_up(const struct hg_failures *f, const __u8 addr[16])
{
	struct client *c = *chain_of(f, addr);

	while (c && memcmp(c->addr, addr, sizeof(c->addr)) != 0)
		c = c->next;
	return c;
}

/* ---- by age ---- */

static void unlink_age(struct hg_failures *f, struct client *c)
{
	*(c->older ? &c->older->younger : &f->oldest) = c->younger;
	*(c->younger ? &c->younger->older : &f->youngest) = c->older;
}

static void make_youngest(struct hg_failures *f, struct client *c)
{
	c->younger = NULL;
	c->older = f->youngest;
	*(f->youngest ? &f->youngest->younger : &f->oldest) = c;
	f->youngest = c;
}

/* The room of the oldest, taken out of the table. */
static struct client *reuse_oldest(struct hg_failures *f)
{
	struct client *c = f->oldest, **at = chain_of(f, c->addr);

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	unlink_age(f, c);
	f->forgotten++;
	return c;
}

/* ---- counting ---- */

static struct client *add_client(struct hg_failures *f, const __u8 addr[16])
{
	struct client *c, **chain;

	if (f->count == f->limit)
		c = reuse_oldest(f);
	else
		c = malloc(sizeof(*c));
	if (!c)
		return NULL;
	f->count += f->count < f->limit;
	chain = chain_of(f, addr);
	memcpy(c->addr, addr, sizeof(c->addr));
	c->total = 0;
	c->next = *chain;
	*chain = c;
	make_youngest(f, c);
	return c;
}

void hg_failures_add(struct hg_failures *f, const __u8 client[16], __u64 now_ns,
		     enum hg_cause cause)
{
	struct client *c;
	__u8 addr[16];

	subject_of(client, addr);
	c = look_up(f, addr);
	if (c) {
		unlink_age(f, c);
		make_youngest(f, c);
	} else {
		c = add_client(f, addr);
	}
	if (!c) {
		f->forgotten++; /* no memory: as if there were no room */
		return;
	}
	c->last[c->total++ % HG_FAILURES_KEPT] = (struct failure){ now_ns, (__u8)cause };
}

unsigned int hg_failures_count(const struct hg_failures *f, const __u8 client[16], __u64 now_ns,
			       __u64 within_ns, __u64 causes)
{
	const struct client *c;
	unsigned int kept, found = 0;
	__u8 addr[16];

	subject_of(client, addr);
	c = look_up(f, addr);
	kept = !c ? 0 : c->total < HG_FAILURES_KEPT ? c->total : HG_FAILURES_KEPT;
	for (unsigned int i = 0; i < kept; i++)
		found += c->last[i].at_ns + within_ns > now_ns && causes >> c->last[i].cause & 1;
	return found;
}
