/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * hello.h - from a capture to the facts of a hello.
 *
 * Global functions over scalars: the verifier proves each once, whatever the
 * program that calls it.  In and out by way of the scratch.
 */
#ifndef HG_HELLO_H
#define HG_HELLO_H

#include "maps.h"

/* A message in several records, or far into the stream, is copied to the front. */
HG_NOINLINE int hg_hello_unwrap(__u32 index, __u32 cpu)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_capture *stream = hg_capture(index), *message = hg_capture(nr_cpus + cpu);

	if (!s || !stream || !message)
		return 0;
	hg_records_unwrap(stream, &s->records, &s->unwrap, message);
	return 0;
}

HG_NOINLINE int hg_hello_parse_at(__u32 index, __u32 at)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_capture *c = hg_capture(index);

	if (!s || !c)
		return 0;
	return hg_hello_parse(c, &s->parse, at, s->records.need, s->records.sslv2);
}

HG_NOINLINE int hg_hello_scan(__u32 index, __u32 filled)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_capture *c = hg_capture(index);

	if (!s || !c)
		return HG_SCAN_NOT_TLS;
	return hg_records_scan(c, &s->records, filled);
}

/* What the first bytes of a payload look like. */
#define HG_LOOKS_MAYBE 1  /* a hello could begin so */
#define HG_LOOKS_SURELY 2 /* a hello begins here, whatever came before */
#define HG_LOOK_BYTES 16

HG_NOINLINE int hg_looks(__u32 index, __u32 filled)
{
	struct hg_capture *c = hg_capture(index);

	if (!c)
		return 0;
	return (hg_hello_may_begin(c, filled) ? HG_LOOKS_MAYBE : 0) |
	       (hg_hello_surely_begins(c, filled) ? HG_LOOKS_SURELY : 0);
}

/* The length of one preamble, or of a proxy's header and what the client told the proxy. */
HG_NOINLINE int hg_preambles_len(__u32 index, __u32 filled)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_capture *c = hg_capture(index);
	__u32 first;

	if (!s || !c)
		return 0;
	first = hg_preamble_len(c, &s->preamble, 0, filled);
	if (!first)
		return 0;
	return first + hg_preamble_len(c, &s->preamble, first, filled);
}

/*
 * Read the hello in the first `filled` bytes of capture `index`.  Returns enum
 * hg_scan; COMPLETE means scratch->parse holds it, and message_index and
 * message_at say where it lies.
 */
HG_INLINE __u32 hg_hello_read(struct hg_scratch *s, __u32 index, __u32 cpu, __u32 filled)
{
	__u32 scan = hg_hello_scan(index, filled);

	if (scan != HG_SCAN_COMPLETE)
		return scan;
	s->message_index = index;
	s->message_at = s->records.body;
	if (!s->records.contiguous || s->records.body > HG_MESSAGE_AT_MAX) {
		hg_hello_unwrap(index, cpu);
		s->message_index = nr_cpus + cpu;
		s->message_at = 0;
	}
	if (!hg_hello_parse_at(s->message_index, s->message_at))
		return HG_SCAN_MALFORMED;
	return HG_SCAN_COMPLETE;
}

#endif /* HG_HELLO_H */
