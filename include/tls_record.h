/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls_record.h - from a byte stream to the first handshake message in it
 * (RFC 8446, section 5.1).
 *
 * hg_records_scan() walks the record headers as far as the stream has grown
 * and says whether the message is whole; hg_records_unwrap() copies a message
 * that several records carry into one piece.  Both follow what servers do, not
 * what they ought to do: any record version, empty records, and alerts or a
 * ChangeCipherSpec ahead of the hello are stepped over and noted as flags.
 */
#ifndef HG_TLS_RECORD_H
#define HG_TLS_RECORD_H

#include "bytes.h"
#include "loop.h"
#include "terms.h"

#define HG_RECORD_HEADER 5
#define HG_HANDSHAKE_HEADER 4
#define HG_RECORD_PAYLOAD_MAX (16384 + 2048) /* RFC 5246's ciphertext bound: be generous */

enum hg_content_type {
	HG_CONTENT_CHANGE_CIPHER_SPEC = 20,
	HG_CONTENT_ALERT = 21,
	HG_CONTENT_HANDSHAKE = 22,
};

#define HG_HANDSHAKE_CLIENT_HELLO 1

enum hg_scan {
	HG_SCAN_MORE,	   /* needs more bytes */
	HG_SCAN_COMPLETE,  /* the message is whole */
	HG_SCAN_NOT_TLS,   /* not a ClientHello at all */
	HG_SCAN_MALFORMED, /* began as one, then broke the record layer */
	HG_SCAN_TOO_LARGE, /* larger than a capture or HG_HELLO_MAX */
};

/* Lives in the flow, so that each segment goes on where the last one stopped. */
struct hg_records {
	__u32 next;	 /* stream offset of the next record header */
	__u32 body;	 /* stream offset of the first handshake byte */
	__u32 have;	 /* handshake bytes in whole records */
	__u32 need;	 /* size of the message, header included; 0: unknown */
	__u32 head;	 /* its first four bytes, as they come in */
	__u32 flags;	 /* HG_FLAG(...) bits found on the way */
	__u32 promised;	 /* stream offset where the record at hand will end, if it is not whole */
	__u16 records;	 /* handshake records, empty ones included */
	__u16 version;	 /* of the first handshake record, as on the wire */
	__u8 scan;	 /* enum hg_scan */
	__u8 contiguous; /* one record carries the whole message, at `body` */
	__u8 sslv2;	 /* an SSLv2 record: two-byte header, message at `body` */
	__u8 reserved;
};

struct hg_records_step {
	const struct hg_capture *capture;
	struct hg_records *records;
	__u32 filled; /* contiguous bytes of the capture */
};

/*
 * SSL 2.0 CLIENT-HELLO (RFC 5246, appendix E.2): a two-byte header with the
 * high bit set, message type 1, a version that some server would answer.
 */
HG_INLINE bool hg_sslv2_begins(const struct hg_capture *c, __u32 filled)
{
	__u32 version = hg_be16(c, 3);

	if (filled < 1 || !(hg_byte(c, 0) & 0x80))
		return false;
	if (filled < 5)
		return filled < 3 || hg_byte(c, 2) == HG_HANDSHAKE_CLIENT_HELLO;
	return hg_byte(c, 2) == HG_HANDSHAKE_CLIENT_HELLO &&
	       (version == 0x0002 || version >> 8 == 3);
}

/* An alert, or a ChangeCipherSpec, which OpenSSL takes without its byte, too. */
HG_INLINE bool hg_leading_len(__u32 type, __u32 len)
{
	return type == HG_CONTENT_ALERT ? len == 2 : len <= 1;
}

/* The first byte of a direction: could a hello begin like this? */
HG_INLINE bool hg_hello_may_begin(const struct hg_capture *c, __u32 filled)
{
	__u8 type = hg_byte(c, 0);

	if (type == HG_CONTENT_HANDSHAKE)
		return filled < 6 || hg_be16(c, 3) == 0 ||
		       hg_byte(c, 5) == HG_HANDSHAKE_CLIENT_HELLO;
	if (type == HG_CONTENT_ALERT || type == HG_CONTENT_CHANGE_CIPHER_SPEC)
		return (filled < 2 || hg_byte(c, 1) == 3) &&
		       (filled < 5 || hg_leading_len(type, hg_be16(c, 3)));
	return hg_sslv2_begins(c, filled);
}

/*
 * Where nothing says that a hello is due (no SYN was seen, or other data came
 * first), demand a plausible record, handshake and version before believing.
 */
HG_INLINE bool hg_hello_surely_begins(const struct hg_capture *c, __u32 filled)
{
	__u32 record = hg_be16(c, 3);
	__u32 message = hg_be24(c, 6);

	return filled >= 11 && hg_byte(c, 0) == HG_CONTENT_HANDSHAKE && hg_byte(c, 1) == 3 &&
	       hg_byte(c, 5) == HG_HANDSHAKE_CLIENT_HELLO && hg_byte(c, 9) == 3 && record >= 4 &&
	       record <= HG_RECORD_PAYLOAD_MAX && message >= 38 && message < HG_HELLO_MAX;
}

HG_INLINE __u8 hg_sslv2_scan(const struct hg_capture *c, struct hg_records *r, __u32 filled)
{
	__u32 len = hg_be16(c, 0) & 0x7fff;

	if (filled < 5) /* less does not tell it from what is no TLS: hg_sslv2_begins() */
		return HG_SCAN_MORE;
	if (len + 2 > HG_STREAM_CAP)
		return HG_SCAN_TOO_LARGE;
	r->sslv2 = 1;
	r->body = 2;
	r->need = len;
	r->have = len;
	r->records = 1;
	r->contiguous = 1;
	if (filled < len + 2)
		return HG_SCAN_MORE;
	r->flags |= HG_FLAG(sslv2_hello);
	return HG_SCAN_COMPLETE;
}

/* The first bytes of the message say its type and size, however cut up. */
HG_INLINE void hg_records_head(const struct hg_capture *c, struct hg_records *r, __u32 at,
			       __u32 len)
{
	__u32 had = r->have, i;

	for (i = 0; i < HG_HANDSHAKE_HEADER; i++) {
		if (had + i >= HG_HANDSHAKE_HEADER || i >= len)
			break;
		r->head = r->head << 8 | hg_byte(c, at + i);
	}
	if (had < HG_HANDSHAKE_HEADER && had + len >= HG_HANDSHAKE_HEADER)
		r->need = (r->head & 0xffffff) + HG_HANDSHAKE_HEADER;
}

HG_INLINE __u8 hg_record_leading(struct hg_records *r, __u32 type, __u32 len)
{
	if (r->have)
		return HG_SCAN_MALFORMED; /* may not interleave (RFC 8446, 5.1) */
	if (!hg_leading_len(type, len))
		return HG_SCAN_NOT_TLS;
	r->flags |= HG_FLAG(leading_record);
	return HG_SCAN_MORE;
}

HG_INLINE __u8 hg_record_handshake(const struct hg_capture *c, struct hg_records *r, __u32 at,
				   __u32 len)
{
	if (!r->records)
		r->version = hg_be16(c, at - 4);
	if (hg_be16(c, at - 4) < 0x0300 || hg_be16(c, at - 4) > 0x0303)
		r->flags |= HG_FLAG(odd_record_version);
	r->records++;
	if (!len) {
		r->flags |= HG_FLAG(empty_record);
		return HG_SCAN_MORE;
	}
	if (!r->have)
		r->body = at;
	else
		r->flags |= HG_FLAG(record_fragmented);
	hg_records_head(c, r, at, len);
	r->contiguous = !r->have;
	r->have += len;
	if (r->have < HG_HANDSHAKE_HEADER)
		return HG_SCAN_MORE;
	if (r->head >> 24 != HG_HANDSHAKE_CLIENT_HELLO)
		return HG_SCAN_NOT_TLS;
	if (r->need > HG_HELLO_MAX)
		return HG_SCAN_TOO_LARGE;
	if (r->have > r->need)
		r->flags |= HG_FLAG(trailing_bytes);
	return r->have < r->need ? HG_SCAN_MORE : HG_SCAN_COMPLETE;
}

/* One record: true to stop, with the reason in records->scan. */
HG_INLINE long hg_record_step(const struct hg_capture *c, struct hg_records *r, __u32 filled)
{
	__u32 at = r->next, type, len;

	r->scan = HG_SCAN_MORE;
	if (at + HG_RECORD_HEADER > HG_STREAM_CAP) {
		r->scan = HG_SCAN_TOO_LARGE;
		return 1;
	}
	if (at >= filled)
		return 1;
	type = hg_byte(c, at);
	if (type < HG_CONTENT_CHANGE_CIPHER_SPEC || type > HG_CONTENT_HANDSHAKE) {
		r->scan = r->have ? HG_SCAN_MALFORMED : HG_SCAN_NOT_TLS;
		return 1;
	}
	if (filled - at < HG_RECORD_HEADER)
		return 1;
	len = hg_be16(c, at + 3);
	if (len > HG_RECORD_PAYLOAD_MAX) {
		r->scan = r->have ? HG_SCAN_MALFORMED : HG_SCAN_NOT_TLS;
		return 1;
	}
	if (at + HG_RECORD_HEADER + len > HG_STREAM_CAP) {
		r->scan = HG_SCAN_TOO_LARGE;
		return 1;
	}
	r->promised = at + HG_RECORD_HEADER + len;
	if (filled - at < HG_RECORD_HEADER + len)
		return 1;
	r->next = at + HG_RECORD_HEADER + len;
	r->scan = type == HG_CONTENT_HANDSHAKE
			  ? hg_record_handshake(c, r, at + HG_RECORD_HEADER, len)
			  : hg_record_leading(r, type, len);
	return r->scan != HG_SCAN_MORE;
}

HG_STEP long hg_records_step(__u32 i, struct hg_records_step *s)
{
	(void)i;
	return hg_record_step(s->capture, s->records, s->filled);
}

/* Returns enum hg_scan for the first `filled` bytes of the stream. */
HG_INLINE __u8 hg_records_scan(const struct hg_capture *c, struct hg_records *r, __u32 filled)
{
	struct hg_records_step step = { c, r, filled };

	if (r->next == 0 && hg_sslv2_begins(c, filled)) {
		r->scan = hg_sslv2_scan(c, r, filled);
		return r->scan;
	}
	hg_loop_few(2, HG_RECORDS_MAX, hg_records_step, &step);
	return r->scan;
}

/*
 * Unwrapping: eight bytes a step, from record to record.  Each store may write
 * up to seven bytes too many, which the next one writes again.
 */
struct hg_unwrap {
	__u32 from;    /* next byte to copy, in the stream */
	__u32 end;     /* of the record that holds it */
	__u32 written; /* bytes of the message */
};

struct hg_unwrap_step {
	const struct hg_capture *stream;
	struct hg_capture *message;
	struct hg_unwrap *state;
	__u32 need;
};

HG_STEP long hg_unwrap_step(__u32 i, struct hg_unwrap_step *s)
{
	struct hg_unwrap *u = s->state;
	__u32 to = u->written, n = u->end - u->from;
	__u64 word;

	(void)i;
	if (to >= s->need)
		return 1;
	if (!n) {
		u->end = u->from + HG_RECORD_HEADER + hg_be16(s->stream, u->from + 3);
		if (hg_byte(s->stream, u->from) == HG_CONTENT_HANDSHAKE)
			u->from += HG_RECORD_HEADER;
		else
			u->from = u->end;
		return 0;
	}
	if (n > 8)
		n = 8;
	word = hg_word(s->stream, u->from);
	hg_opaque(to);
	if (to >= HG_STREAM_CAP)
		return 1;
	__builtin_memcpy(&s->message->bytes[to], &word, sizeof(word));
	u->from += n;
	u->written = to + n;
	return 0;
}

/* Copy the whole message of a completed scan to `message`, from its byte 0. */
HG_INLINE void hg_records_unwrap(const struct hg_capture *stream, const struct hg_records *r,
				 struct hg_unwrap *u, struct hg_capture *message)
{
	struct hg_unwrap_step step = { stream, message, u, r->need };

	u->from = 0;
	u->end = 0;
	u->written = 0;
	hg_loop(HG_STREAM_CAP / 8 + 2 * HG_RECORDS_MAX, hg_unwrap_step, &step);
}

#endif /* HG_TLS_RECORD_H */
