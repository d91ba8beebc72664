/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flight.h - what a side says behind the hello, from bytes to facts (RFC 8446,
 * sections 4 and 5; RFC 5246, sections 6 and 7).
 *
 * One source for the kernel and the capture reader.  A walker goes from field to
 * field: it wants a few bytes, which may come in several segments and several
 * records, and then knows how many to step over.  What is encrypted is stepped
 * over whole; its size is noted.  Nothing is kept but the field at hand.
 */
#ifndef HG_FLIGHT_H
#define HG_FLIGHT_H

#include "bytes.h"
#include "loop.h"
#include "tls_record.h"

#define HG_CONTENT_APPLICATION_DATA 23
#define HG_CONTENT_HEARTBEAT 24

enum hg_handshake_type {
	HG_HANDSHAKE_SERVER_HELLO = 2,
	HG_HANDSHAKE_CERTIFICATE = 11,
	HG_HANDSHAKE_SERVER_KEY_EXCHANGE = 12,
	HG_HANDSHAKE_CERTIFICATE_REQUEST = 13,
	HG_HANDSHAKE_SERVER_HELLO_DONE = 14,
	HG_HANDSHAKE_CLIENT_KEY_EXCHANGE = 16,
};

#define HG_MESSAGE(type) (1U << (type))

/* An alert and the least Finished in a record of TLS 1.3, with the content type. */
#define HG_ALERT_SIZE (2 + 1)
#define HG_FINISHED_SIZE (4 + 32 + 1)

/* Bits of hg_side_facts.seen. */
#define HG_SEEN_CCS (1U << 0)		  /* ChangeCipherSpec */
#define HG_SEEN_FINISHED (1U << 1)	  /* an encrypted record that holds a Finished */
#define HG_SEEN_ENCRYPTED_ALERT (1U << 2) /* a record of that type; not in TLS 1.3 */
#define HG_SEEN_DATA (1U << 3)		  /* application data, of TLS <= 1.2 */
#define HG_SEEN_NOT_TLS (1U << 4)	  /* the first bytes are no record */
#define HG_SEEN_LOST (1U << 5)		  /* bytes were missed or make no sense: no more is known */
#define HG_SEEN_MISSED (1U << 7)      /* with LOST: bytes that were not seen, or came too early */
#define HG_SEEN_ALERT_SIZED (1U << 6) /* a record of TLS 1.3 that may well be an alert */

#define HG_SIZES_MAX 8
#define HG_ALERTS_MAX 2

/* Stages of a side; times are microseconds since the hello, plus one; 0: not seen. */
enum hg_stage {
	HG_STAGE_FIRST, /* the first record */
	HG_STAGE_CERTIFICATE,
	HG_STAGE_DONE, /* ServerHelloDone, ClientKeyExchange */
	HG_STAGE_FINISHED,
	HG_STAGE_ALERT,
	HG_STAGE_DATA,
	HG_STAGE_COUNT,
};

struct hg_alert {
	__u8 level;
	__u8 code;
};

/* What one side said behind the hello. */
struct hg_side_facts {
	__u32 messages;		 /* HG_MESSAGE() of those that came in clear, below 32 */
	__u32 certificate_bytes; /* of the Certificate message, its header included */
	__u32 certificate_list;	 /* of its list */
	__u32 encrypted_bytes;	 /* of encrypted records, without their headers */
	__u32 at_us[HG_STAGE_COUNT];
	__u16 sizes[HG_SIZES_MAX]; /* of the first encrypted records */
	__u16 encrypted;	   /* how many there were */
	__u16 records;		   /* of all kinds */
	__u16 certificates;
	__u8 seen;
	__u8 alert_count; /* in clear */
	struct hg_alert alerts[HG_ALERTS_MAX];
};

/* Bits of hg_server_facts.features. */
#define HG_SERVER_HELLO_RETRY (1U << 0)
#define HG_SERVER_PSK (1U << 1)
#define HG_SERVER_TICKET (1U << 2) /* promises one */
#define HG_SERVER_EXTENSIONS (1U << 3)

#define HG_ALPN_SHOWN 13

/* What the ServerHello chose. */
struct hg_server_facts {
	__u16 version; /* as selected, else legacy_version; 0: not seen */
	__u16 legacy_version;
	__u16 cipher;
	__u16 group;	   /* of key_share or ServerKeyExchange; 0: none */
	__u16 retry_group; /* that a HelloRetryRequest asks for */
	__u16 dh_bits;	   /* of the prime, where there is one */
	__u8 compression;
	__u8 session_id_len;
	__u8 features;
	__u8 alpn_len; /* of the name, which may be longer than what is kept */
	__u8 alpn[HG_ALPN_SHOWN];
	__u8 reserved[3];
};

enum hg_want {
	HG_WANT_MESSAGE, /* type and length of a handshake message */
	HG_WANT_ALERT,
	HG_WANT_SERVER_HELLO, /* version, and the first of the random */
	HG_WANT_SESSION_ID,
	HG_WANT_CIPHER,	      /* and compression */
	HG_WANT_CIPHER_ALONE, /* early drafts of TLS 1.3 */
	HG_WANT_EXTENSIONS,
	HG_WANT_EXTENSION,
	HG_WANT_SELECTED_VERSION,
	HG_WANT_KEY_SHARE,
	HG_WANT_ALPN,
	HG_WANT_KEY_EXCHANGE,
	HG_WANT_CERTIFICATE_LIST,
	HG_WANT_CERTIFICATE,
};

#define HG_FIELD_MAX 16

/* How far a side was read. */
struct hg_flight {
	__u32 next;	    /* sequence number of the first byte that is not read */
	__u32 message_left; /* bytes of the message at hand */
	__u32 skip;	    /* of those, not to be looked at */
	__u16 record_left;
	__u16 extension_left;
	__u16 certificates; /* of the list at hand */
	__u16 reserved;
	__u8 begun;
	__u8 content; /* of the record at hand, enum hg_content_type */
	__u8 opaque;  /* it is encrypted, or of no interest */
	__u8 message; /* enum hg_handshake_type */
	__u8 want;    /* enum hg_want */
	__u8 need;    /* bytes of that */
	__u8 have;
	__u8 header_have;
	__u8 header[HG_RECORD_HEADER + 3];
	__u8 field[HG_FIELD_MAX];
};

/* Bytes of a Certificate message, for user space. */
struct hg_chunk {
	__u32 at; /* in the capture */
	__u32 len;
	__u32 offset; /* in the message, behind its header */
};

#define HG_CHUNKS_MAX 16
#define HG_CHUNK_MAX HG_COPY_CHUNK /* bytes of one: there are so many behind any offset */

/*
 * Below TLS: what tells the hosts' own packets from those that somebody else
 * sends in their name.  Index: enum hg_direction.
 */
struct hg_path_facts {
	__u32 rtt_us;	   /* from the SYN to its answer; 0: not seen */
	__u32 hello_have;  /* bytes of the hello that came without a hole */
	__u32 hello_need;  /* that its last record promises; 0: not known */
	__u32 close_at_us; /* of the FIN or RST that ended it; 0: none */
	__s32 close_seq;   /* its sequence number, less what was due next */
	__u16 ip_id[2];	   /* of the last packet before it; IPv4 */
	__u16 window[2];
	__u16 close_ip_id;
	__u16 close_window;
	__u8 ttl[2]; /* or hop limit: of the SYN and its answer, or of the first packet seen */
	__u8 close_ttl;
	__u8 hello_resent;   /* segments of the hello that came again, up to 255 */
	__u8 hello_acked;    /* the server has acknowledged all of it */
	__u8 server_packets; /* with data, up to 255 */
	__u8 reserved[2];
};

/* All that is known of a handshake behind its hello: END brings it. */
struct hg_answer_facts {
	struct hg_side_facts side[2]; /* enum hg_direction */
	struct hg_server_facts server;
	struct hg_path_facts path;
} __attribute__((aligned(8)));

/* A walk through one segment: what it carries from step to step. */
struct hg_walk {
	__u32 seq; /* of the capture's first byte */
	__u32 at;  /* offset of flight->next in the capture */
	__u32 end;
	__u32 now_us;
	__u32 chunk_count;
	__u32 chunks_lost; /* more than there is room for */
	struct hg_chunk chunks[HG_CHUNKS_MAX];
};

struct hg_flight_step {
	const struct hg_capture *capture;
	struct hg_walk *walk;
	struct hg_flight *flight;
	struct hg_side_facts *side;
	const struct hg_side_facts *other;
	struct hg_server_facts *server;
	__u32 from_server;
};

/* TLS 1.3, its drafts (0x7f00 and their number), and what browsers tried out meanwhile. */
HG_INLINE bool hg_is_tls13(__u16 version)
{
	return version == 0x0304 || version >> 8 == 0x7f || version >> 8 == 0x7e ||
	       version >> 8 == 0xfb;
}

HG_INLINE void hg_stage(struct hg_flight_step *s, enum hg_stage stage)
{
	if (!s->side->at_us[stage])
		s->side->at_us[stage] = s->walk->now_us;
}

/* ---- what comes next ---- */

/* `need` bytes of the message at hand, or its end where it has not so many. */
HG_INLINE void hg_want(struct hg_flight *f, enum hg_want want, __u32 need)
{
	f->want = want;
	f->need = need;
	f->have = 0;
	if (want == HG_WANT_MESSAGE || f->message_left >= f->skip + need)
		return;
	f->skip = f->message_left;
	f->want = HG_WANT_MESSAGE;
	f->need = HG_HANDSHAKE_HEADER;
}

HG_INLINE void hg_want_next_message(struct hg_flight *f)
{
	f->skip = f->message_left;
	hg_want(f, HG_WANT_MESSAGE, HG_HANDSHAKE_HEADER);
}

HG_INLINE void hg_flight_lost(struct hg_flight_step *s)
{
	s->side->seen |= s->side->records ? HG_SEEN_LOST : HG_SEEN_LOST | HG_SEEN_NOT_TLS;
}

/* ---- records ---- */

/*
 * Behind a ChangeCipherSpec all is encrypted, but for TLS 1.3, where it says
 * nothing and handshake records are always in clear.  A HelloRetryRequest is of
 * TLS 1.3, also while the hello behind it has not said so yet.
 */
HG_INLINE bool hg_record_is_clear(const struct hg_flight_step *s)
{
	return !(s->side->seen & HG_SEEN_CCS) || hg_is_tls13(s->server->version) ||
	       s->server->features & HG_SERVER_HELLO_RETRY;
}

/* Bytes that encryption adds (RFC 8446, appendix B.4). */
HG_INLINE __u32 hg_tag_size(__u16 cipher)
{
	return cipher == 0x1305 ? 8 : 16;
}

/*
 * A record of TLS 1.3, of which only the size is in clear.  What the server sends
 * behind the client's Finished answers it, unless it is an alert.
 */
HG_INLINE void hg_record13_encrypted(struct hg_flight_step *s, __u32 len)
{
	__u32 tag = hg_tag_size(s->server->cipher), size = len - tag;
	struct hg_side_facts *side = s->side;
	bool finished = side->seen & HG_SEEN_FINISHED;

	if (len < tag) /* and so it is none */
		return;
	if (size == HG_ALERT_SIZE && !(side->seen & HG_SEEN_ALERT_SIZED)) {
		side->seen |= HG_SEEN_ALERT_SIZED;
		hg_stage(s, HG_STAGE_ALERT);
	} else if (!finished && size >= HG_FINISHED_SIZE) {
		side->seen |= HG_SEEN_FINISHED;
		hg_stage(s, HG_STAGE_FINISHED);
	} else if (finished && (!s->from_server || s->other->seen & HG_SEEN_FINISHED)) {
		side->seen |= HG_SEEN_DATA;
		hg_stage(s, HG_STAGE_DATA);
	}
}

HG_INLINE void hg_record_encrypted(struct hg_flight_step *s, __u32 len)
{
	struct hg_side_facts *side = s->side;

	if (side->encrypted < HG_SIZES_MAX)
		side->sizes[side->encrypted & (HG_SIZES_MAX - 1)] = len;
	side->encrypted += side->encrypted != 0xffff;
	side->encrypted_bytes += len;
	if (hg_is_tls13(s->server->version)) {
		hg_record13_encrypted(s, len);
	} else if (s->flight->content == HG_CONTENT_ALERT) {
		side->seen |= HG_SEEN_ENCRYPTED_ALERT;
		hg_stage(s, HG_STAGE_ALERT);
	} else if (s->flight->content == HG_CONTENT_HANDSHAKE) {
		side->seen |= HG_SEEN_FINISHED;
		hg_stage(s, HG_STAGE_FINISHED);
	} else if (s->flight->content == HG_CONTENT_APPLICATION_DATA && side->seen & HG_SEEN_CCS) {
		side->seen |= HG_SEEN_DATA;
		hg_stage(s, HG_STAGE_DATA);
	}
}

/* Too short to be encrypted; or several, before anything is. */
HG_INLINE bool hg_alerts_are_clear(const struct hg_flight_step *s, __u32 len)
{
	if (s->flight->content != HG_CONTENT_ALERT)
		return false;
	return len == 2 || (len && !(len & 1) && len <= 8 && !(s->side->seen & HG_SEEN_CCS) &&
			    !hg_is_tls13(s->server->version));
}

HG_INLINE void hg_record_begins(struct hg_flight_step *s, __u32 len)
{
	struct hg_flight *f = s->flight;

	f->opaque = 1;
	if (f->content == HG_CONTENT_CHANGE_CIPHER_SPEC) {
		s->side->seen |= HG_SEEN_CCS;
	} else if (f->content == HG_CONTENT_HANDSHAKE && hg_record_is_clear(s)) {
		f->opaque = 0;
		if (!f->message_left && f->want != HG_WANT_MESSAGE)
			hg_want(f, HG_WANT_MESSAGE, HG_HANDSHAKE_HEADER);
	} else if (hg_alerts_are_clear(s, len)) {
		f->opaque = 0;
		f->message = 0;
		f->message_left = len;
		f->skip = 0;
		hg_want(f, HG_WANT_ALERT, 2);
	} else if (len) {
		hg_record_encrypted(s, len);
	}
}

HG_INLINE long hg_record_header_read(struct hg_flight_step *s)
{
	struct hg_flight *f = s->flight;
	__u32 len = (__u32)f->header[3] << 8 | f->header[4];

	f->header_have = 0;
	if (f->header[0] < HG_CONTENT_CHANGE_CIPHER_SPEC || f->header[0] > HG_CONTENT_HEARTBEAT ||
	    f->header[1] != 3 || len > HG_RECORD_PAYLOAD_MAX) {
		hg_flight_lost(s);
		return 1;
	}
	hg_stage(s, HG_STAGE_FIRST);
	s->side->records += s->side->records != 0xffff;
	f->content = f->header[0];
	f->record_left = len;
	hg_record_begins(s, len);
	return 0;
}

/* ---- bytes ---- */

HG_INLINE void hg_flight_advance(struct hg_flight_step *s, __u32 n)
{
	s->walk->at += n;
	s->flight->next += n;
}

/* Take up to `need` bytes in all to `to`; returns how many more. */
HG_INLINE __u32 hg_flight_gather(const struct hg_flight_step *s, __u8 *to, __u32 have, __u32 need,
				 __u32 most, const __u32 room)
{
	__u32 n = need - have;

	if (n > most)
		n = most;
	HG_NO_UNROLL for (__u32 i = 0; i < room; i++)
	{
		if (i >= have && i < have + n)
			to[i] = hg_byte(s->capture, s->walk->at + i - have);
	}
	return n;
}

HG_INLINE long hg_flight_header(struct hg_flight_step *s)
{
	struct hg_flight *f = s->flight;
	__u32 n = hg_flight_gather(s, f->header, f->header_have, HG_RECORD_HEADER,
				   s->walk->end - s->walk->at, HG_RECORD_HEADER);

	hg_flight_advance(s, n);
	f->header_have += n;
	return f->header_have < HG_RECORD_HEADER ? 1 : hg_record_header_read(s);
}

/* What is not looked at is stepped over, also what has not come yet. */
HG_INLINE long hg_flight_step_over(struct hg_flight_step *s)
{
	struct hg_flight *f = s->flight;
	__u32 n = f->record_left;

	hg_flight_advance(s, n);
	f->record_left = 0;
	return 0;
}

/* Bytes of a certificate go to user space. */
HG_INLINE void hg_flight_show(struct hg_flight_step *s, __u32 len)
{
	const struct hg_flight *f = s->flight;
	__u32 last = s->walk->chunk_count - 1;
	struct hg_chunk *c;

	if (f->message != HG_HANDSHAKE_CERTIFICATE)
		return;
	hg_opaque(last);
	if (last < HG_CHUNKS_MAX) {
		c = &s->walk->chunks[last];
		if (c->at + c->len == s->walk->at && c->len + len <= HG_CHUNK_MAX) {
			c->len += len;
			return;
		}
	}
	last = s->walk->chunk_count;
	hg_opaque(last);
	if (last >= HG_CHUNKS_MAX) {
		s->walk->chunks_lost++;
		return;
	}
	c = &s->walk->chunks[last];
	c->at = s->walk->at;
	c->len = len;
	c->offset = s->side->certificate_bytes - HG_HANDSHAKE_HEADER - f->message_left;
	s->walk->chunk_count++;
}

/* Bytes of the message that are not looked at, inside this record and segment. */
HG_INLINE long hg_flight_skip(struct hg_flight_step *s)
{
	struct hg_flight *f = s->flight;
	__u32 n = f->skip;

	if (n > f->record_left)
		n = f->record_left;
	if (n > s->walk->end - s->walk->at)
		n = s->walk->end - s->walk->at;
	if (n > HG_CHUNK_MAX)
		n = HG_CHUNK_MAX;
	hg_flight_show(s, n);
	hg_flight_advance(s, n);
	f->record_left -= n;
	f->message_left -= n;
	f->skip -= n;
	if (!f->message_left && f->message == HG_HANDSHAKE_CERTIFICATE)
		s->side->certificates = f->certificates; /* the list is whole */
	return 0;
}

/* ---- fields ---- */

HG_INLINE __u32 hg_field16(const struct hg_flight *f, __u32 at)
{
	return (__u32)f->field[at] << 8 | f->field[at + 1];
}

HG_INLINE __u32 hg_field24(const struct hg_flight *f, __u32 at)
{
	return (__u32)f->field[at] << 16 | hg_field16(f, at + 1);
}

HG_INLINE void hg_message_begins(struct hg_flight_step *s)
{
	struct hg_flight *f = s->flight;

	f->message = f->field[0];
	f->message_left = hg_field24(f, 1);
	f->skip = 0;
	if (f->message < 32)
		s->side->messages |= HG_MESSAGE(f->message);
	switch (f->message) {
	case HG_HANDSHAKE_SERVER_HELLO:
		hg_want(f, HG_WANT_SERVER_HELLO, 8);
		return;
	case HG_HANDSHAKE_CERTIFICATE:
		s->side->certificate_bytes = f->message_left + HG_HANDSHAKE_HEADER;
		s->side->certificates = 0;
		f->certificates = 0;
		hg_stage(s, HG_STAGE_CERTIFICATE);
		hg_want(f, HG_WANT_CERTIFICATE_LIST, 3);
		return;
	case HG_HANDSHAKE_SERVER_KEY_EXCHANGE:
		hg_want(f, HG_WANT_KEY_EXCHANGE, 3);
		return;
	case HG_HANDSHAKE_SERVER_HELLO_DONE:
	case HG_HANDSHAKE_CLIENT_KEY_EXCHANGE:
		hg_stage(s, HG_STAGE_DONE);
	}
	hg_want_next_message(f);
}

HG_INLINE void hg_alert_read(struct hg_flight_step *s)
{
	struct hg_side_facts *side = s->side;
	struct hg_flight *f = s->flight;

	/* Behind warnings the one that ends it is worth more than the last of them. */
	if (side->alert_count < HG_ALERTS_MAX)
		side->alert_count++;
	else if (f->field[0] != 2)
		goto next;
	side->alerts[(side->alert_count - 1) & (HG_ALERTS_MAX - 1)] =
		(struct hg_alert){ f->field[0], f->field[1] };
	hg_stage(s, HG_STAGE_ALERT);
next:
	if (f->message_left >= 2)
		hg_want(f, HG_WANT_ALERT, 2);
	else
		hg_want(f, HG_WANT_MESSAGE, HG_HANDSHAKE_HEADER);
}

/* RFC 8446, section 4.1.3: the random of a HelloRetryRequest, as far as it is looked at. */
HG_INLINE bool hg_is_retry(const struct hg_flight *f)
{
	return hg_field24(f, 2) == 0xcf21ad && hg_field24(f, 5) == 0x74e59a;
}

HG_INLINE void hg_server_hello_begins(struct hg_flight_step *s)
{
	struct hg_server_facts *server = s->server;
	struct hg_flight *f = s->flight;

	server->legacy_version = hg_field16(f, 0);
	server->version = server->legacy_version;
	server->features &= HG_SERVER_HELLO_RETRY;
	if (hg_is_retry(f))
		server->features |= HG_SERVER_HELLO_RETRY;
	f->skip = 26;
	if (server->version >> 8 == 0x7f)
		hg_want(f, HG_WANT_CIPHER_ALONE, 2);
	else
		hg_want(f, HG_WANT_SESSION_ID, 1);
}

HG_INLINE void hg_extension_begins(struct hg_flight_step *s)
{
	struct hg_flight *f = s->flight;
	__u32 type = hg_field16(f, 0), len = hg_field16(f, 2);

	f->extension_left = len;
	switch (type) {
	case 43: /* supported_versions */
		if (len < 2)
			break;
		hg_want(f, HG_WANT_SELECTED_VERSION, 2);
		return;
	case 40: /* key_share of drafts up to 22 */
	case 51: /* key_share */
		if (len < 2)
			break;
		hg_want(f, HG_WANT_KEY_SHARE, 2);
		return;
	case 16: /* application_layer_protocol_negotiation */
		hg_want(f, HG_WANT_ALPN, len < HG_FIELD_MAX ? len : HG_FIELD_MAX);
		return;
	case 35:
		s->server->features |= HG_SERVER_TICKET;
		break;
	case 41:
		s->server->features |= HG_SERVER_PSK;
		break;
	}
	f->skip = len < f->message_left ? len : f->message_left;
	hg_want(f, HG_WANT_EXTENSION, 4);
}

/* The rest of the extension whose first `took` bytes were the field. */
HG_INLINE void hg_extension_ends(struct hg_flight *f, __u32 took)
{
	__u32 rest = f->extension_left > took ? f->extension_left - took : 0;

	f->skip = rest < f->message_left ? rest : f->message_left;
	hg_want(f, HG_WANT_EXTENSION, 4);
}

HG_INLINE void hg_alpn_read(struct hg_flight_step *s)
{
	struct hg_server_facts *server = s->server;
	struct hg_flight *f = s->flight;

	server->alpn_len = f->need > 3 && f->field[2] + 3U <= f->extension_left ? f->field[2] : 0;
	__builtin_memcpy(server->alpn, f->field + 3, HG_ALPN_SHOWN);
	hg_extension_ends(f, f->need);
}

HG_INLINE void hg_key_share_read(struct hg_flight_step *s)
{
	__u32 group = hg_field16(s->flight, 0);

	/* Of a HelloRetryRequest the group is all there is. */
	if (s->flight->extension_left == 2)
		s->server->retry_group = group;
	else
		s->server->group = group;
	hg_extension_ends(s->flight, 2);
}

/* RFC 8422, section 5.4: a named curve; RFC 5246, section 7.4.3: the length of a prime. */
HG_INLINE void hg_key_exchange_read(struct hg_flight_step *s)
{
	struct hg_flight *f = s->flight;
	__u32 bytes = hg_field16(f, 0);

	/* A prime of 6144 bits begins like a named curve, and is longer. */
	if (bytes >= 32 && bytes <= 1024 && bytes <= f->message_left)
		s->server->dh_bits = bytes * 8;
	else if (f->field[0] == 3)
		s->server->group = hg_field16(f, 1);
	hg_want_next_message(f);
}

HG_INLINE void hg_certificate_begins(struct hg_flight_step *s)
{
	struct hg_flight *f = s->flight;
	__u32 len = hg_field24(f, 0);

	if (len > f->message_left) { /* and so it is no list */
		f->certificates = 0;
		hg_want_next_message(f);
		return;
	}
	f->certificates++;
	f->skip = len;
	hg_want(f, HG_WANT_CERTIFICATE, 3);
}

HG_INLINE void hg_field_read(struct hg_flight_step *s)
{
	struct hg_flight *f = s->flight;

	switch (f->want) {
	case HG_WANT_MESSAGE:
		hg_message_begins(s);
		break;
	case HG_WANT_ALERT:
		hg_alert_read(s);
		break;
	case HG_WANT_SERVER_HELLO:
		hg_server_hello_begins(s);
		break;
	case HG_WANT_SESSION_ID:
		s->server->session_id_len = f->field[0];
		f->skip = f->field[0] < f->message_left ? f->field[0] : f->message_left;
		hg_want(f, HG_WANT_CIPHER, 3);
		break;
	case HG_WANT_CIPHER:
		s->server->cipher = hg_field16(f, 0);
		s->server->compression = f->field[2];
		hg_want(f, HG_WANT_EXTENSIONS, 2);
		break;
	case HG_WANT_CIPHER_ALONE:
		s->server->cipher = hg_field16(f, 0);
		hg_want(f, HG_WANT_EXTENSIONS, 2);
		break;
	case HG_WANT_EXTENSIONS:
		s->server->features |= HG_SERVER_EXTENSIONS;
		hg_want(f, HG_WANT_EXTENSION, 4);
		break;
	case HG_WANT_EXTENSION:
		hg_extension_begins(s);
		break;
	case HG_WANT_SELECTED_VERSION:
		s->server->version = hg_field16(f, 0);
		hg_extension_ends(f, 2);
		break;
	case HG_WANT_KEY_SHARE:
		hg_key_share_read(s);
		break;
	case HG_WANT_ALPN:
		hg_alpn_read(s);
		break;
	case HG_WANT_KEY_EXCHANGE:
		hg_key_exchange_read(s);
		break;
	case HG_WANT_CERTIFICATE_LIST:
		s->side->certificate_list = hg_field24(f, 0);
		hg_want(f, HG_WANT_CERTIFICATE, 3);
		break;
	case HG_WANT_CERTIFICATE:
		hg_certificate_begins(s);
		break;
	}
}

HG_INLINE long hg_flight_field(struct hg_flight_step *s)
{
	struct hg_flight *f = s->flight;
	__u32 most = s->walk->end - s->walk->at, n;

	if (most > f->record_left)
		most = f->record_left;
	n = hg_flight_gather(s, f->field, f->have, f->need, most, HG_FIELD_MAX);
	if (f->want != HG_WANT_MESSAGE) {
		hg_flight_show(s, n);
		f->message_left -= n;
	}
	hg_flight_advance(s, n);
	f->record_left -= n;
	f->have += n;
	if (f->have >= f->need)
		hg_field_read(s);
	return 0;
}

HG_STEP long hg_flight_step(__u32 i, struct hg_flight_step *s)
{
	struct hg_flight *f = s->flight;
	long done;

	(void)i;
	if (s->walk->at >= s->walk->end || s->side->seen & HG_SEEN_LOST)
		return 1;
	if (!f->record_left)
		done = hg_flight_header(s);
	else if (f->opaque)
		done = hg_flight_step_over(s);
	else
		done = f->skip ? hg_flight_skip(s) : hg_flight_field(s);
	/* 6.1 wants to see that it is 0 or 1, and clang takes any register that holds a 0. */
	hg_opaque(done);
	return done & 1;
}

/* Could a server begin like this: with a ServerHello, or an alert? */
HG_INLINE bool hg_answer_looks(const struct hg_capture *c)
{
	__u32 len = hg_be16(c, 3);

	if (hg_byte(c, 1) != 3)
		return false;
	if (hg_byte(c, 0) == HG_CONTENT_ALERT)
		return len == 2;
	return hg_byte(c, 0) == HG_CONTENT_HANDSHAKE && len >= HG_HANDSHAKE_HEADER &&
	       len <= HG_RECORD_PAYLOAD_MAX && hg_byte(c, 5) == HG_HANDSHAKE_SERVER_HELLO;
}

/* Enough for 17 KB of certificates, or 500 empty records. */
#define HG_FLIGHT_STEPS 1024

/* Walk the bytes [walk->at, walk->end) of the capture. */
HG_INLINE void hg_flight_walk(struct hg_flight_step *step)
{
	hg_loop(HG_FLIGHT_STEPS, hg_flight_step, step);
}

#endif /* HG_FLIGHT_H */
