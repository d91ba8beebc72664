/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client_hello.h - a ClientHello, from bytes to facts (RFC 8446, section
 * 4.1.2; RFC 5246, section 7.4.1.2 and appendix E.2; RFC 6101).
 *
 * One source for the kernel, the capture reader and the fuzzers.  The input is
 * a whole handshake message in one piece inside a capture; the output is a
 * struct hg_hello whose lists stay where they are: a span says where in the
 * message.  Truncation is decided before (tls_record.h); here every length
 * that points outside its parent makes the message malformed, except inside
 * extensions whose contents servers judge for themselves: a damaged SNI is
 * `invalid`, a damaged list of groups is no list.
 */
#ifndef HG_CLIENT_HELLO_H
#define HG_CLIENT_HELLO_H

#include "bytes.h"
#include "loop.h"
#include "terms.h"
#include "tls_record.h"

enum hg_extension {
	HG_EXT_SERVER_NAME = 0,
	HG_EXT_SUPPORTED_GROUPS = 10,
	HG_EXT_EC_POINT_FORMATS = 11,
	HG_EXT_SIGNATURE_ALGORITHMS = 13,
	HG_EXT_ALPN = 16,
	HG_EXT_SESSION_TICKET = 35,
	HG_EXT_PRE_SHARED_KEY = 41,
	HG_EXT_EARLY_DATA = 42,
	HG_EXT_SUPPORTED_VERSIONS = 43,
	HG_EXT_KEY_SHARE = 51,
	HG_EXT_ECH = 0xfe0d,
	HG_EXT_ESNI = 0xffce,
};

/* What the hello says of itself, beyond its lists. */
#define HG_HELLO_PQ (1U << 0)	  /* offers a post-quantum group */
#define HG_HELLO_TICKET (1U << 1) /* a session ticket that is not empty */
#define HG_HELLO_PSK (1U << 2)
#define HG_HELLO_EARLY_DATA (1U << 3)
#define HG_HELLO_ALL_WEAK (1U << 4)   /* see hg_cipher_is_weak() */
#define HG_HELLO_EXTENSIONS (1U << 5) /* has an extensions block */
#define HG_HELLO_SSLV2 (1U << 6)      /* SSLv2 format; ciphers are three bytes each */
#define HG_HELLO_GREASE (1U << 7)

struct hg_hello {
	__u32 bytes; /* of the message, its four-byte header included */
	__u16 legacy_version;
	__u16 version_max; /* highest offered without GREASE, else legacy_version */
	__u16 cipher_count;
	__u16 cipher_count_no_grease;
	__u16 ext_count;
	__u16 sni_names; /* host names found, over all server_name extensions */
	__u32 features;	 /* HG_HELLO_* */
	__u8 session_id_len;
	__u8 sni_state;	   /* enum hg_sni_state */
	__u8 ech;	   /* enum hg_ech_state */
	__u8 name_len;	   /* of `name` */
	__u16 version_min; /* lowest in supported_versions without GREASE; 0: it has none */
	__u16 padding;
	struct hg_span session_id;
	struct hg_span ciphers;
	struct hg_span compression;
	struct hg_span extensions;
	struct hg_span sni; /* the first host name, raw */
	struct hg_span alpn;
	struct hg_span groups;
	struct hg_span point_formats;
	struct hg_span signature_algorithms;
	struct hg_span versions;
	struct hg_span key_shares;
	/*
	 * The server name: lower-case, without its trailing dot, ended by a zero
	 * byte.  Raw and cut to what fits when sni_state is `invalid`.
	 */
	__u8 name[HG_NAME_SIZE];
	/* The other candidate, where there are two: alike, and as long as it fits. */
	__u8 second[HG_NAME_SIZE];
	__u32 second_len;
	__u32 reserved;
};

/* The working memory of a parse: loops keep here what they carry. */
struct hg_parse {
	struct hg_hello hello;
	__u32 start; /* capture offset of the message */
	__u32 malformed;
	struct hg_window ext;	 /* extensions still to walk */
	struct hg_window list;	 /* the list that a loop is in */
	struct hg_window sni[2]; /* server_name extensions, in absolute offsets */
	__u32 sni_extensions;
	__u32 grease;
	__u32 strong;
	struct hg_window name;	 /* the first host name, raw, in absolute offsets */
	struct hg_window second; /* the second */
	__u32 name_bad;		 /* holds a byte that no host name has */
};

struct hg_parse_step {
	const struct hg_capture *capture;
	struct hg_parse *parse;
	/* where a name is written, and the raw one that is read */
	__u8 *to;
	struct hg_window from;
};

/* A byte in each byte of a word. */
#define HG_EACH(byte) (0x0101010101010101ULL * (byte))

/* RFC 8701: 0x?A?A with equal bytes. */
HG_INLINE bool hg_is_grease(__u16 value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

HG_INLINE bool hg_is_scsv(__u16 cipher)
{
	return cipher == 0x00ff || cipher == 0x5600;
}

/*
 * A weak suite: NULL, anonymous, EXPORT, RC2, RC4, DES or 3DES, by the IANA
 * registry and the suites of NSS and OpenSSL that never reached it.  Bit n of
 * word w is suite 64 * w + n of its page.
 */
HG_INLINE bool hg_cipher_is_weak(__u16 cipher)
{
	__u64 page = 0;

	switch (cipher >> 6) {
	case 0x0000 >> 6:
		page = 0x0c107fdddfffff7fULL;
		break;
	case 0x0040 >> 6:
		page = 0x0000307f00000040ULL;
		break;
	case 0x0080 >> 6:
		page = 0x833300c0080cce0cULL;
		break;
	case 0x00c0 >> 6: /* 0xc5: DH_anon with Camellia */
		page = 0x0000000000000020ULL;
		break;
	case 0xc000 >> 6:
		page = 0x0e1800001fe739ceULL;
		break;
	case 0xc040 >> 6:
		page = 0x000000000c0000c0ULL;
		break;
	case 0xc080 >> 6: /* 0xb4, 0xb5: RFC 9150, integrity only */
		page = 0x0030000000000030ULL;
		break;
	case 0xfec0 >> 6: /* NSS: SSL_RSA_FIPS_WITH_{DES,3DES}_... */
		page = 0xc000000000000000ULL;
		break;
	case 0xffc0 >> 6: /* the same under older numbers: 0xffe0, 0xffe1 */
		page = 0x0000000300000000ULL;
		break;
	}
	return page >> (cipher & 63) & 1;
}

/* Groups that hold a post-quantum key encapsulation, drafts included. */
HG_INLINE bool hg_group_is_pq(__u16 group)
{
	return (group >= 0x11eb && group <= 0x11ee) || (group >= 0x0200 && group <= 0x0202) ||
	       group == 0x6399 || group == 0x639a || group == 0xfe30 || group == 0xfe31 ||
	       group == 0x4138;
}

/* Drafts of TLS 1.3 count as 1.3; what is above 1.3 counts as 1.3. */
HG_INLINE __u8 hg_version_rank(__u16 version)
{
	if (version < 0x0300)
		return HG_VERSION_ssl2;
	if (version == 0x0300)
		return HG_VERSION_ssl3;
	if (version == 0x0301)
		return HG_VERSION_tls1_0;
	if (version == 0x0302)
		return HG_VERSION_tls1_1;
	if (version == 0x0303)
		return HG_VERSION_tls1_2;
	return HG_VERSION_tls1_3;
}

/*
 * Does the client ask to resume a session?  By a pre-shared key, by a ticket, or
 * by a session id where it offers no TLS 1.3, which fills that in any case (RFC
 * 8446, section 4.1.2).
 */
HG_INLINE bool hg_hello_resumes(const struct hg_hello *h)
{
	return h->features & (HG_HELLO_PSK | HG_HELLO_TICKET) ||
	       (h->session_id_len && h->version_max < 0x0304);
}

/*
 * The lowest version that is offered lies in [floor, ceiling]: without
 * supported_versions a client may take any down from its best.
 */
HG_INLINE __u8 hg_version_min_ceiling(const struct hg_hello *h)
{
	return hg_version_rank(h->version_min ? h->version_min : h->version_max);
}

HG_INLINE __u8 hg_version_min_floor(const struct hg_hello *h)
{
	__u8 ceiling = hg_version_min_ceiling(h);

	if (h->version_min || h->features & HG_HELLO_SSLV2 || ceiling < HG_VERSION_ssl3)
		return h->version_min ? ceiling : HG_VERSION_ssl2;
	return HG_VERSION_ssl3;
}

HG_INLINE void hg_span_set(struct hg_parse *p, struct hg_span *span, const struct hg_window *w)
{
	span->at = w->at - p->start;
	span->len = w->end - w->at;
}

/* ---- cipher suites ---- */

/*
 * How many of the four 16-bit lanes of a word hold GREASE: a lane is zero in z
 * if both of its bytes are alike and end in 0xa.  Either byte order will do.
 */
HG_INLINE __u32 hg_grease_lanes(__u64 word)
{
	__u64 z = ((word & HG_EACH(0x0f)) ^ HG_EACH(0x0a)) |
		  ((word ^ word >> 8) & 0x00ff00ff00ff00ffULL);
	__u64 set = ((z & 0x7fff7fff7fff7fffULL) + 0x7fff7fff7fff7fffULL) | z;

	return 4 - (((set >> 15 & 0x0001000100010001ULL) * 0x0001000100010001ULL) >> 48);
}

HG_INLINE bool hg_cipher_is_strong(__u16 cipher)
{
	return !hg_is_grease(cipher) && !hg_is_scsv(cipher) && !hg_cipher_is_weak(cipher);
}

/* Four suites: how many are GREASE? */
HG_STEP long hg_grease_step(__u32 i, struct hg_parse_step *s)
{
	struct hg_parse *p = s->parse;
	__u32 at = p->list.at, left = p->list.end - at;
	__u64 word;

	(void)i;
	if (at >= p->list.end)
		return 1;
	p->list.at = at + 8;
	word = hg_word(s->capture, at);
	if (left < 8)
		word |= ~0ULL << (8 * left & 63); /* 0xffff is no GREASE */
	p->grease += hg_grease_lanes(word);
	return 0;
}

/* One suite: is it a strong one? */
HG_STEP long hg_strong_step(__u32 i, struct hg_parse_step *s)
{
	struct hg_parse *p = s->parse;
	__u32 at = p->list.at;

	(void)i;
	if (at >= p->list.end)
		return 1;
	p->list.at = at + 2;
	p->strong = hg_cipher_is_strong(hg_be16(s->capture, at));
	return p->strong;
}

HG_INLINE void hg_parse_ciphers(struct hg_parse_step *s, const struct hg_window *list)
{
	struct hg_parse *p = s->parse;
	struct hg_hello *h = &p->hello;

	hg_span_set(p, &h->ciphers, list);
	h->cipher_count = (list->end - list->at) / 2;
	p->grease = 0;
	p->strong = 0;
	p->list.at = list->at;
	p->list.end = list->at + 2 * h->cipher_count; /* an odd byte at the end is none */
	hg_loop_few(8, HG_CIPHERS_MAX / 4, hg_grease_step, s);
	p->list.at = list->at;
	hg_loop_few(3, HG_CIPHERS_MAX, hg_strong_step, s);
	h->cipher_count_no_grease = h->cipher_count - p->grease;
	if (p->grease)
		h->features |= HG_HELLO_GREASE;
	if (!p->strong)
		h->features |= HG_HELLO_ALL_WEAK;
}

/* ---- the extensions block ---- */

HG_INLINE void hg_extension_seen(struct hg_parse *p, __u32 type, const struct hg_window *body)
{
	struct hg_hello *h = &p->hello;
	struct hg_span *span = NULL;

	switch (type) {
	case HG_EXT_SERVER_NAME:
		if (p->sni_extensions < 2)
			p->sni[p->sni_extensions & 1] = *body;
		p->sni_extensions++;
		return;
	case HG_EXT_SUPPORTED_GROUPS:
		span = &h->groups;
		break;
	case HG_EXT_EC_POINT_FORMATS:
		span = &h->point_formats;
		break;
	case HG_EXT_SIGNATURE_ALGORITHMS:
		span = &h->signature_algorithms;
		break;
	case HG_EXT_ALPN:
		span = &h->alpn;
		break;
	case HG_EXT_SUPPORTED_VERSIONS:
		span = &h->versions;
		break;
	case HG_EXT_KEY_SHARE:
		span = &h->key_shares;
		break;
	case HG_EXT_SESSION_TICKET:
		if (body->end != body->at)
			h->features |= HG_HELLO_TICKET;
		return;
	case HG_EXT_PRE_SHARED_KEY:
		h->features |= HG_HELLO_PSK;
		return;
	case HG_EXT_EARLY_DATA:
		h->features |= HG_HELLO_EARLY_DATA;
		return;
	case HG_EXT_ECH:
		h->ech = HG_ECH_outer;
		return;
	case HG_EXT_ESNI:
		h->ech = HG_ECH_esni;
		return;
	default:
		return;
	}
	if (!span->at)
		hg_span_set(p, span, body);
}

HG_STEP long hg_extension_step(__u32 i, struct hg_parse_step *s)
{
	const struct hg_capture *c = s->capture;
	struct hg_parse *p = s->parse;
	struct hg_window w = p->ext, body;
	__u32 type;

	(void)i;
	if (w.at >= w.end)
		return 1;
	if (!hg_take16(c, &w, &type) || !hg_vector16(c, &w, &body)) {
		p->malformed = 1;
		return 1;
	}
	p->hello.ext_count++;
	p->ext = w;
	hg_extension_seen(p, type, &body);
	if (type == HG_EXT_ECH && body.at != body.end && hg_byte(c, body.at) == 1)
		p->hello.ech = HG_ECH_inner;
	return 0;
}

/* ---- server_name (RFC 6066, section 3) ---- */

/*
 * Walk the names of one server_name extension.  Servers differ where it holds
 * more than one host name, or another name type: every host name is counted,
 * the first one kept.
 */
HG_STEP long hg_server_name_step(__u32 i, struct hg_parse_step *s)
{
	const struct hg_capture *c = s->capture;
	struct hg_parse *p = s->parse;
	struct hg_window w = p->list, name;
	__u32 type;

	(void)i;
	if (w.at >= w.end)
		return 1;
	if (!hg_take8(c, &w, &type) || !hg_vector16(c, &w, &name)) {
		p->name_bad = 1;
		return 1;
	}
	p->list = w;
	if (type != 0)
		return 0;
	if (!p->hello.sni_names)
		p->name = name;
	else if (p->hello.sni_names == 1)
		p->second = name;
	p->hello.sni_names++;
	return 0;
}

HG_INLINE void hg_parse_server_names(struct hg_parse_step *s, __u32 which)
{
	struct hg_parse *p = s->parse;
	struct hg_window w = p->sni[which & 1], list;

	if (w.at == w.end)
		return;
	if (!hg_vector16(s->capture, &w, &list)) {
		/* An older hello may leave the list length out of a lone zero. */
		p->name_bad = 1;
		p->name = w;
		return;
	}
	p->list = list;
	hg_loop_few(2, HG_HELLO_MAX / 3, hg_server_name_step, s);
}

/*
 * Eight bytes at a time: to lower case, and a mask of bytes that no host name
 * has.  Letters, digits, hyphen, dot and underscore pass (the underscore is in
 * use, whatever RFC 952 says).  The arithmetic keeps each byte below 0x80 and
 * so never carries into the next one.
 */
/* 0x80 in each byte of w (all below 0x80) that lies in [low, high]. */
#define HG_IN_RANGE(w, low, high)                                                                  \
	(((w) + HG_EACH(0x80 - (low))) & ~((w) + HG_EACH(0x7f - (high))) & HG_EACH(0x80))

HG_INLINE __u64 hg_lower(__u64 word)
{
	__u64 ascii = word & HG_EACH(0x7f);
	__u64 upper = HG_IN_RANGE(ascii, 'A', 'Z') & ~word;

	return word | upper >> 2;
}

HG_INLINE __u64 hg_not_ldh(__u64 lower)
{
	__u64 ascii = lower & HG_EACH(0x7f);
	__u64 good = HG_IN_RANGE(ascii, 'a', 'z') | HG_IN_RANGE(ascii, '0', '9') |
		     HG_IN_RANGE(ascii, '-', '.') | HG_IN_RANGE(ascii, '_', '_');

	return ~(good & ~lower) & HG_EACH(0x80);
}

HG_STEP long hg_name_step(__u32 i, struct hg_parse_step *s)
{
	__u32 done = i * 8, len = s->from.end - s->from.at, left = len - done;
	__u64 bad, lower;

	if (done >= len || done >= HG_NAME_SIZE)
		return 1;
	lower = hg_lower(hg_word(s->capture, s->from.at + done));
	bad = hg_not_ldh(lower);
	if (left < 8) {
		__u64 keep = ~0ULL >> (8 * (8 - left) & 63);

		lower &= keep;
		bad &= keep;
	}
	if (bad)
		s->parse->name_bad = 1;
	hg_opaque(done);
	if (done <= HG_NAME_SIZE - 8)
		__builtin_memcpy(&s->to[done], &lower, sizeof(lower));
	return 0;
}

/* `invalid` compares raw bytes: put back the case that lower-casing took. */
HG_STEP long hg_raw_name_step(__u32 i, struct hg_parse_step *s)
{
	hg_opaque(i);
	if (i >= s->from.end - s->from.at || i >= HG_NAME_MAX)
		return 1;
	s->to[i] = hg_byte(s->capture, s->from.at + i);
	return 0;
}

/* Normalise the name in s->from to s->to.  Returns its length. */
HG_INLINE __u32 hg_parse_name(struct hg_parse_step *s)
{
	struct hg_parse *p = s->parse;
	__u32 len = s->from.end - s->from.at, last = len - 1;

	hg_loop_short(HG_NAME_SIZE / 8, hg_name_step, s);
	hg_opaque(len);
	if (len < HG_NAME_SIZE)
		s->to[len] = 0;
	if (len > HG_NAME_MAX || (len == 1 && s->to[0] == '.')) /* the root is no host */
		p->name_bad = 1;
	if (p->name_bad) {
		hg_loop(HG_NAME_SIZE, hg_raw_name_step, s);
		s->to[HG_NAME_MAX] = 0;
		return len < HG_NAME_MAX ? len : HG_NAME_MAX;
	}
	hg_opaque(last);
	if (last < HG_NAME_MAX && s->to[last] == '.') {
		s->to[last] = 0;
		return last;
	}
	return len;
}

/* Both candidates of an ambiguous name; a third is beyond what is compared. */
HG_INLINE void hg_parse_names(struct hg_parse_step *s)
{
	struct hg_parse *p = s->parse;
	struct hg_hello *h = &p->hello;
	__u32 bad;

	if (p->name.at == p->name.end)
		return;
	h->sni.at = p->name.at - p->start;
	h->sni.len = p->name.end - p->name.at;
	s->to = h->name;
	s->from = p->name;
	h->name_len = hg_parse_name(s);
	if (h->sni_names < 2)
		return;
	bad = p->name_bad;
	p->name_bad = 0;
	s->to = h->second;
	s->from = p->second;
	h->second_len = hg_parse_name(s);
	p->name_bad |= bad;
}

HG_INLINE void hg_parse_sni(struct hg_parse_step *s)
{
	struct hg_parse *p = s->parse;
	struct hg_hello *h = &p->hello;

	h->sni_state = HG_SNI_none;
	if (!p->sni_extensions)
		return;
	hg_parse_server_names(s, 0);
	if (p->sni_extensions > 1)
		hg_parse_server_names(s, 1);
	hg_parse_names(s);
	if (p->sni_extensions > 2 && h->sni_names < 3)
		h->sni_names = 3; /* more than were walked: there may be others */
	if (h->sni_names > 1 || p->sni_extensions > 1)
		h->sni_state = HG_SNI_ambiguous;
	else if (p->name_bad)
		h->sni_state = HG_SNI_invalid;
	else
		h->sni_state = h->sni.len ? HG_SNI_ok : HG_SNI_empty;
}

/* ---- supported_versions (RFC 8446, section 4.2.1) ---- */

HG_STEP long hg_version_step(__u32 i, struct hg_parse_step *s)
{
	struct hg_parse *p = s->parse;
	__u32 at = p->list.at;
	__u16 version;

	(void)i;
	if (at + 2 > p->list.end)
		return 1;
	version = hg_be16(s->capture, at);
	p->list.at = at + 2;
	if (hg_is_grease(version)) {
		p->hello.features |= HG_HELLO_GREASE;
		return 0;
	}
	if (version > p->hello.version_max)
		p->hello.version_max = version;
	if (!p->hello.version_min || version < p->hello.version_min)
		p->hello.version_min = version;
	return 0;
}

HG_INLINE void hg_parse_versions(struct hg_parse_step *s)
{
	struct hg_parse *p = s->parse;
	struct hg_hello *h = &p->hello;
	struct hg_window w = { p->start + h->versions.at, 0 }, list;
	__u16 legacy = h->version_max;

	w.end = w.at + h->versions.len;
	if (!h->versions.len || !hg_vector8(s->capture, &w, &list)) {
		h->versions.len = 0;
		return;
	}
	hg_span_set(p, &h->versions, &list);
	p->list = list;
	h->version_max = 0;
	hg_loop_few(4, 128, hg_version_step, s);
	if (!h->version_max)
		h->version_max = legacy;
}

/* ---- lists with a 16-bit length ---- */

HG_STEP long hg_group_step(__u32 i, struct hg_parse_step *s)
{
	struct hg_parse *p = s->parse;
	__u32 at = p->list.at;

	(void)i;
	if (at + 2 > p->list.end)
		return 1;
	p->list.at = at + 2;
	if (!hg_group_is_pq(hg_be16(s->capture, at)))
		return 0;
	p->hello.features |= HG_HELLO_PQ;
	return 1;
}

/* Narrow a span from the extension's body to the list inside it. */
HG_INLINE bool hg_parse_list16(struct hg_parse_step *s, struct hg_span *span)
{
	struct hg_parse *p = s->parse;
	struct hg_window w = { p->start + span->at, p->start + span->at + span->len }, list;

	if (!span->len)
		return false;
	if (!hg_vector16(s->capture, &w, &list)) {
		span->len = 0;
		return false;
	}
	hg_span_set(p, span, &list);
	p->list = list;
	return true;
}

HG_INLINE void hg_parse_point_formats(struct hg_parse_step *s)
{
	struct hg_parse *p = s->parse;
	struct hg_span *span = &p->hello.point_formats;
	struct hg_window w = { p->start + span->at, p->start + span->at + span->len }, list;

	if (!span->len || !hg_vector8(s->capture, &w, &list)) {
		span->len = 0;
		return;
	}
	hg_span_set(p, span, &list);
}

HG_INLINE void hg_parse_lists(struct hg_parse_step *s)
{
	struct hg_hello *h = &s->parse->hello;

	hg_parse_versions(s);
	if (hg_parse_list16(s, &h->groups))
		hg_loop_few(6, HG_CIPHERS_MAX, hg_group_step, s);
	hg_parse_point_formats(s);
	hg_parse_list16(s, &h->signature_algorithms);
	hg_parse_list16(s, &h->alpn);
	hg_parse_list16(s, &h->key_shares);
}

/* ---- the message ---- */

HG_INLINE bool hg_parse_body(struct hg_parse_step *s, struct hg_window w)
{
	const struct hg_capture *c = s->capture;
	struct hg_parse *p = s->parse;
	struct hg_hello *h = &p->hello;
	struct hg_window list;
	__u32 version;

	if (!hg_take16(c, &w, &version) || !hg_skip(&w, 32) || !hg_vector8(c, &w, &list))
		return false;
	h->legacy_version = version;
	h->version_max = version;
	h->session_id_len = list.end - list.at;
	hg_span_set(p, &h->session_id, &list);
	if (!hg_vector16(c, &w, &list))
		return false;
	hg_parse_ciphers(s, &list);
	if (!hg_vector8(c, &w, &list))
		return false;
	hg_span_set(p, &h->compression, &list);
	if (w.at == w.end)
		return true; /* SSL 3.0 and TLS 1.0 hellos may end here */
	if (!hg_vector16(c, &w, &list))
		return false;
	h->features |= HG_HELLO_EXTENSIONS;
	hg_span_set(p, &h->extensions, &list);
	p->ext = list;
	hg_loop_few(16, HG_EXTENSIONS_MAX, hg_extension_step, s);
	return !p->malformed;
}

/* SSLv2 CLIENT-HELLO: type, version, three lengths, ciphers of three bytes. */
HG_INLINE bool hg_parse_sslv2(struct hg_parse_step *s, struct hg_window w)
{
	const struct hg_capture *c = s->capture;
	struct hg_parse *p = s->parse;
	struct hg_hello *h = &p->hello;
	__u32 type, version, ciphers, session_id, challenge;

	if (!hg_take8(c, &w, &type) || !hg_take16(c, &w, &version) || !hg_take16(c, &w, &ciphers) ||
	    !hg_take16(c, &w, &session_id) || !hg_take16(c, &w, &challenge))
		return false;
	if (ciphers + session_id + challenge > hg_left(&w) || ciphers % 3 || session_id > 32)
		return false;
	h->features |= HG_HELLO_SSLV2;
	h->legacy_version = version;
	h->version_max = version;
	h->session_id_len = session_id;
	h->ciphers.at = w.at - p->start;
	h->ciphers.len = ciphers;
	h->cipher_count = ciphers / 3;
	h->cipher_count_no_grease = h->cipher_count;
	h->session_id.at = h->ciphers.at + ciphers;
	h->session_id.len = session_id;
	return true;
}

HG_INLINE bool hg_hello_parse_message(struct hg_parse_step *s, __u32 start, __u32 len)
{
	struct hg_window w = { start + HG_HANDSHAKE_HEADER, start + len };

	if (len < HG_HANDSHAKE_HEADER || !hg_parse_body(s, w))
		return false;
	hg_parse_lists(s);
	hg_parse_sni(s);
	return true;
}

/*
 * What a parse begins with.  Names are written as far as they go and end in a
 * zero byte; clearing all of their room would cost more than the parse.
 */
HG_INLINE void hg_parse_begin(struct hg_parse *p, __u32 start)
{
	__builtin_memset(&p->hello, 0, offsetof(struct hg_hello, name));
	p->hello.name[0] = 0;
	p->hello.second[0] = 0;
	p->hello.second_len = 0;
	p->start = start;
	p->malformed = 0;
	p->sni_extensions = 0;
	p->name_bad = 0;
	p->name = (struct hg_window){ 0, 0 };
	p->second = (struct hg_window){ 0, 0 };
}

/*
 * Parse the message of `len` bytes at `start` of the capture.  p->hello holds
 * the facts; where it returns false the message is malformed and holds what
 * was read before the damage.
 */
HG_INLINE bool hg_hello_parse(const struct hg_capture *c, struct hg_parse *p, __u32 start,
			      __u32 len, bool sslv2)
{
	struct hg_parse_step step = { .capture = c, .parse = p };

	hg_parse_begin(p, start);
	p->hello.bytes = len;
	p->hello.sni_state = HG_SNI_none;
	if (sslv2)
		return hg_parse_sslv2(&step, (struct hg_window){ start, start + len });
	return hg_hello_parse_message(&step, start, len);
}

#endif /* HG_CLIENT_HELLO_H */
