/* SPDX-License-Identifier: BSD-2-Clause */

/* The capture reader's messages are larger than the kernel's. */
#define HG_WIDE

#include "handshake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A handshake in the table, its message behind it in the same memory. */
struct open {
	struct hg_handshake h; /* first: what callers hold */
	struct hg_ja *digests;
	struct open *next; /* of its chain */
	struct open *older, *younger;
	struct hg_ja3 ja3;
	char *ja3_string;    /* NULL: not asked for yet */
	bool gone;	     /* closed as lost: waits for an END that is late */
	bool chains_refused; /* they made room for others' */
	char ja3_hash[HG_JA3_HASH_SIZE];
	char ja4[HG_JA4_SIZE];
	__u8 message[];
};

struct hg_handshakes {
	struct hg_handshakes_ops ops;
	void *ctx;
	struct hg_handshakes_counts counts;
	struct hg_ja *digests;
	struct hg_capture *capture; /* where messages are parsed */
	struct hg_parse parse;
	struct open *oldest, *youngest;
	struct open *chained;	  /* none that is older holds certificates */
	size_t chain_bytes;	  /* of all of them */
	unsigned int kept, limit; /* open and gone */
	unsigned int mask;
	struct open *chains[];
};

/* ---- certificates: memory that strangers fill, and so bounded for all together ---- */

static void drop_chains(struct hg_handshakes *t, struct open *o)
{
	for (int side = 0; side < 2; side++) {
		t->chain_bytes -= o->h.chain[side].room;
		hg_chain_clear(&o->h.chain[side]);
	}
}

/* Of the oldest first: most likely it has ended well, and only lives on. */
static void keep_chains_bounded(struct hg_handshakes *t)
{
	for (; t->chain_bytes > HG_CHAINS_MAX && t->chained; t->chained = t->chained->younger) {
		struct open *o = t->chained;

		t->counts.chains_dropped += o->h.chain[0].room || o->h.chain[1].room;
		drop_chains(t, o);
		o->chains_refused = true;
	}
}

static int add_to_chain(struct hg_handshakes *t, struct open *o, const struct hg_event_chunk *chunk,
			const void *bytes)
{
	struct hg_chain *chain = &o->h.chain[chunk->from];
	const __u32 room = chain->room;
	int r;

	if (o->chains_refused)
		return -ENOSPC;
	r = hg_chain_add(chain, bytes, chunk->len, chunk->offset, chunk->total);
	t->chain_bytes += chain->room;
	t->chain_bytes -= room;
	keep_chains_bounded(t);
	return r;
}

/* ---- the table: chains by flow_id, which is a keyed hash, and a list by age ---- */

static struct open **chain_of(struct hg_handshakes *t, __u64 flow_id)
{
	struct open **at = &t->chains[flow_id & t->mask];

	while (*at && (*at)->h.facts.flow_id != flow_id)
		at = &(*at)->next;
	return at;
}

static void insert(struct hg_handshakes *t, struct open **at, struct open *o)
{
	*at = o;
	o->next = NULL;
	o->younger = NULL;
	o->older = t->youngest;
	if (!t->chained)
		t->chained = o;
	*(t->youngest ? &t->youngest->younger : &t->oldest) = o;
	t->youngest = o;
	t->kept++;
}

static void take_out(struct hg_handshakes *t, struct open **at)
{
	struct open *o = *at;

	*at = o->next;
	if (t->chained == o)
		t->chained = o->younger;
	*(o->older ? &o->older->younger : &t->oldest) = o->younger;
	*(o->younger ? &o->younger->older : &t->youngest) = o->older;
	t->kept--;
}

static void release(struct hg_handshakes *t, struct open *o)
{
	drop_chains(t, o);
	free(o->ja3_string);
	free(o);
}

/* ---- making and freeing ---- */

struct hg_handshakes *hg_handshakes_new(unsigned int limit, const struct hg_handshakes_ops *ops,
					void *ctx)
{
	unsigned int chains = 1;
	struct hg_handshakes *t;

	while (chains < limit && chains < 1U << 30)
		chains <<= 1;
	t = calloc(1, sizeof(*t) + chains * sizeof(t->chains[0]));
	if (!t)
		return NULL;
	t->mask = chains - 1;
	t->limit = limit;
	t->ops = *ops;
	t->ctx = ctx;
	t->digests = hg_ja_new();
	t->capture = calloc(1, sizeof(*t->capture));
	if (!t->digests || !t->capture) {
		hg_handshakes_free(t);
		return NULL;
	}
	return t;
}

void hg_handshakes_free(struct hg_handshakes *t)
{
	if (!t)
		return;
	while (t->oldest) {
		struct open *o = t->oldest;

		t->oldest = o->younger;
		release(t, o);
	}
	hg_ja_free(t->digests);
	free(t->capture);
	free(t);
}

const struct hg_handshakes_counts *hg_handshakes_counts(const struct hg_handshakes *t)
{
	return &t->counts;
}

/* ---- callbacks ---- */

static void tell(struct hg_handshakes *t, void (*op)(void *, struct hg_handshake *), struct open *o)
{
	if (op)
		op(t->ctx, &o->h);
}

static bool we_acted(const struct hg_event *facts)
{
	return facts->close == HG_CLOSE_our_reset || facts->close == HG_CLOSE_our_drop;
}

static void tell_end(struct hg_handshakes *t, struct open *o)
{
	tell(t, t->ops.end, o);
	if (we_acted(&o->h.facts))
		tell(t, t->ops.drop, o);
}

/* ---- events ---- */

/* The message, parsed by the same source as in the kernel. */
static void read_message(struct hg_handshakes *t, struct open *o, const void *message, size_t len)
{
	memcpy(o->message, message, len);
	memcpy(t->capture->bytes, message, len);
	/* Bytes of the last message behind this one must not seem to be its own. */
	memset(t->capture->bytes + len, 0, sizeof(__u64));
	if (!hg_hello_parse(t->capture, &t->parse, 0, (__u32)len, o->h.facts.sslv2)) {
		t->counts.unreadable++;
		return;
	}
	o->h.hello = t->parse.hello;
	o->h.message = o->message;
	o->h.read = true;
}

static struct open *make(struct hg_handshakes *t, const struct hg_event *event, const void *message,
			 size_t len)
{
	struct open *o = malloc(sizeof(*o) + len);

	if (!o)
		return NULL;
	memset(o, 0, sizeof(*o));
	o->h.facts = *event;
	o->digests = t->digests;
	if (len)
		read_message(t, o, message, len);
	return o;
}

static int on_hello(struct hg_handshakes *t, struct open **at, const struct hg_event *event,
		    const void *message, size_t len)
{
	struct open *o = *at;

	if (o && (o->gone || !event->again)) {
		t->counts.repeated++;
		return 0;
	}
	if (o) {
		take_out(t, at);
		at = chain_of(t, event->flow_id);
		release(t, o);
		t->counts.open--;
		t->counts.hellos--;
	}
	t->counts.hellos++;
	o = make(t, event, message, len);
	if (!o) {
		t->counts.not_kept++;
		return -ENOMEM;
	}
	tell(t, t->ops.hello, o);
	if (t->kept >= t->limit) {
		t->counts.not_kept++;
		release(t, o);
		return 0;
	}
	insert(t, at, o);
	t->counts.open++;
	return 0;
}

/* What END says holds, but for facts of the hello that it does not have. */
static void take_facts(struct hg_event *facts, const struct hg_event *end)
{
	struct hg_hello_facts hello = facts->hello;

	*facts = *end;
	if (!facts->hello.bytes)
		facts->hello = hello;
}

static int on_end(struct hg_handshakes *t, struct open **at, const struct hg_event *event,
		  const void *answer)
{
	struct open *o = *at;

	if (o && o->gone) {
		t->counts.late++;
		take_out(t, at);
		release(t, o);
		return 0;
	}
	t->counts.ends++;
	if (o) {
		take_out(t, at);
		t->counts.open--;
		take_facts(&o->h.facts, event);
	} else {
		o = make(t, event, NULL, 0);
		if (!o)
			return -ENOMEM;
	}
	memcpy(&o->h.answer, answer, sizeof(o->h.answer));
	memcpy(&o->h.name, (const __u8 *)answer + HG_END_NAME, sizeof(o->h.name));
	t->counts.without_hello += !o->h.read;
	tell_end(t, o);
	release(t, o);
	return 0;
}

/* By itself: there is no HELLO that it would belong to. */
static int on_attempt(struct hg_handshakes *t, const struct hg_event *event, const void *answer)
{
	struct open *o = make(t, event, NULL, 0);

	if (!o)
		return -ENOMEM;
	o->h.attempt = true;
	memcpy(&o->h.answer, answer, sizeof(o->h.answer));
	t->counts.attempts++;
	tell(t, t->ops.attempt, o);
	release(t, o);
	return 0;
}

static int on_survived(struct hg_handshakes *t, const struct hg_event *event)
{
	struct open *o = make(t, event, NULL, 0);

	if (!o)
		return -ENOMEM;
	t->counts.survived++;
	tell(t, t->ops.survived, o);
	release(t, o);
	return 0;
}

int hg_handshakes_event(struct hg_handshakes *t, const struct hg_event *event, const void *message,
			size_t len)
{
	struct open **at = chain_of(t, event->flow_id);

	if (event->type == HG_EVENT_END && len == HG_END_LEN)
		return on_end(t, at, event, message);
	if (event->type == HG_EVENT_ATTEMPT && len == HG_END_LEN)
		return on_attempt(t, event, message);
	if (event->type == HG_EVENT_SURVIVED && !len)
		return on_survived(t, event);
	if (event->type == HG_EVENT_HELLO && event->message_len == len && len <= HG_HELLO_MAX)
		return on_hello(t, at, event, message, len);
	t->counts.invalid++;
	return -EINVAL;
}

/* Those of a handshake that was told already, or was never kept, are nobody's. */
static int on_chunk(struct hg_handshakes *t, const void *record, size_t len)
{
	struct hg_event_chunk chunk;
	struct open *o;
	int r = -EINVAL;

	if (len < sizeof(chunk)) {
		t->counts.invalid++;
		return r;
	}
	memcpy(&chunk, record, sizeof(chunk));
	o = *chain_of(t, chunk.flow_id);
	if (o && !o->gone && chunk.len == len - sizeof(chunk) && chunk.from < 2)
		r = add_to_chain(t, o, &chunk, (const __u8 *)record + sizeof(chunk));
	t->counts.chunks_lost += r != 0;
	if (!r && chunk.from == HG_FROM_SERVER && hg_chain_whole(&o->h.chain[HG_FROM_SERVER]))
		tell(t, t->ops.certificate, o);
	return 0;
}

int hg_handshakes_record(struct hg_handshakes *t, const void *record, size_t len)
{
	struct hg_event event; /* a copy, since a record need not be aligned */

	if (len && *(const __u8 *)record == HG_EVENT_CHUNK)
		return on_chunk(t, record, len);
	if (len < sizeof(event)) {
		t->counts.invalid++;
		return -EINVAL;
	}
	memcpy(&event, record, sizeof(event));
	return hg_handshakes_event(t, &event, (const __u8 *)record + sizeof(event),
				   len - sizeof(event));
}

/* ---- ends that did not come ---- */

/* Told now; its place is kept, so that an END after all is known as late. */
static void close_lost(struct hg_handshakes *t, struct open *o)
{
	o->h.lost = true;
	o->gone = true;
	t->counts.lost++;
	t->counts.open--;
	tell(t, t->ops.end, o);
	drop_chains(t, o);
}

static void forget(struct hg_handshakes *t, struct open *o)
{
	take_out(t, chain_of(t, o->h.facts.flow_id));
	release(t, o);
}

/* From now on it ages anew. */
static void make_youngest(struct hg_handshakes *t, struct open *o, __u64 now_ns)
{
	struct open **at = chain_of(t, o->h.facts.flow_id);

	take_out(t, at);
	o->h.facts.time_ns = now_ns;
	insert(t, chain_of(t, o->h.facts.flow_id), o);
}

unsigned int hg_handshakes_expire(struct hg_handshakes *t, __u64 now_ns, __u64 age_ns,
				  bool (*alive)(void *ctx, const struct hg_event *facts))
{
	struct open *o = t->oldest, *younger;
	unsigned int closed = 0;

	for (; o && o->h.facts.time_ns + age_ns < now_ns; o = younger) {
		younger = o->younger;
		if (alive && alive(t->ctx, &o->h.facts))
			continue;
		if (o->gone) {
			forget(t, o);
			continue;
		}
		close_lost(t, o);
		make_youngest(t, o, now_ns);
		closed++;
	}
	return closed;
}

unsigned int hg_handshakes_close(struct hg_handshakes *t)
{
	unsigned int closed = 0;

	while (t->oldest) {
		if (!t->oldest->gone) {
			close_lost(t, t->oldest);
			closed++;
		}
		forget(t, t->oldest);
	}
	return closed;
}

/* ---- fingerprints ---- */

const char *hg_handshake_ja4(struct hg_handshake *h)
{
	struct open *o = (struct open *)h;

	if (!h->read)
		return NULL;
	if (!o->ja4[0] && !hg_ja4(o->digests, &h->hello, h->message, o->ja4))
		o->ja4[0] = '\0';
	return o->ja4[0] ? o->ja4 : NULL;
}

static bool compute_ja3(struct open *o)
{
	struct hg_handshake *h = &o->h;
	size_t len;
	const char *string = hg_ja3_string(o->digests, &h->hello, h->message, &len);

	if (!string)
		return false;
	o->ja3_string = malloc(len + 1);
	if (!o->ja3_string)
		return false;
	memcpy(o->ja3_string, string, len);
	o->ja3_string[len] = '\0';
	o->ja3 = (struct hg_ja3){ .string = o->ja3_string, .len = len };
	if (hg_ja3_hash(o->digests, string, len, o->ja3_hash))
		o->ja3.hash = o->ja3_hash;
	return true;
}

const struct hg_ja3 *hg_handshake_ja3(struct hg_handshake *h)
{
	struct open *o = (struct open *)h;

	if (!h->read || (!o->ja3_string && !compute_ja3(o)))
		return NULL;
	return &o->ja3;
}
