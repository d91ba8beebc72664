/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bytes.h - reading a captured byte stream: the only place that checks bounds.
 *
 * A capture is HG_STREAM_CAP bytes of one TCP direction and HG_COPY_CHUNK
 * bytes of slack, so that a checked offset may be read eight bytes wide.  A
 * window is [at, end) inside a capture.  A length prefix yields a window that
 * lies inside its parent and so can only narrow (the idea of BoringSSL's CBS).
 * Reading beyond a window fails; reading beyond a capture returns zero.
 */
#ifndef HG_BYTES_H
#define HG_BYTES_H

#include "bounds.h"
#include "types.h"

struct hg_capture {
	__u8 head[HG_CAPTURE_HEAD]; /* room for an event header in front of a message */
	__u8 bytes[HG_STREAM_CAP + HG_COPY_CHUNK];
};

struct hg_window {
	__u32 at;
	__u32 end;
};

/* A piece of a handshake message, as offset from the message's first byte. */
struct hg_span {
	__u32 at;
	__u32 len;
};

HG_INLINE __u8 hg_byte(const struct hg_capture *c, __u32 at)
{
	hg_opaque(at);
	if (at >= HG_STREAM_CAP)
		return 0;
	return c->bytes[at];
}

HG_INLINE __u16 hg_be16(const struct hg_capture *c, __u32 at)
{
	hg_opaque(at);
	if (at >= HG_STREAM_CAP)
		return 0;
	return (__u16)(c->bytes[at] << 8 | c->bytes[at + 1]);
}

HG_INLINE __u32 hg_be24(const struct hg_capture *c, __u32 at)
{
	hg_opaque(at);
	if (at >= HG_STREAM_CAP)
		return 0;
	return (__u32)c->bytes[at] << 16 | (__u32)c->bytes[at + 1] << 8 | c->bytes[at + 2];
}

/* Eight bytes in memory order: for work on several bytes at a time. */
HG_INLINE __u64 hg_word(const struct hg_capture *c, __u32 at)
{
	__u64 word;

	hg_opaque(at);
	if (at >= HG_STREAM_CAP)
		return 0;
	__builtin_memcpy(&word, &c->bytes[at], sizeof(word));
	return word;
}

HG_INLINE __u32 hg_left(const struct hg_window *w)
{
	return w->end - w->at;
}

/* Step over `n` bytes: false if the window does not hold them. */
HG_INLINE bool hg_skip(struct hg_window *w, __u32 n)
{
	if (n > w->end - w->at)
		return false;
	w->at += n;
	return true;
}

HG_INLINE bool hg_take8(const struct hg_capture *c, struct hg_window *w, __u32 *value)
{
	__u32 at = w->at;

	if (!hg_skip(w, 1))
		return false;
	*value = hg_byte(c, at);
	return true;
}

HG_INLINE bool hg_take16(const struct hg_capture *c, struct hg_window *w, __u32 *value)
{
	__u32 at = w->at;

	if (!hg_skip(w, 2))
		return false;
	*value = hg_be16(c, at);
	return true;
}

/* A vector with an 8-bit or 16-bit length (RFC 8446, section 3.4). */
HG_INLINE bool hg_vector8(const struct hg_capture *c, struct hg_window *w, struct hg_window *body)
{
	__u32 len;

	if (!hg_take8(c, w, &len))
		return false;
	body->at = w->at;
	body->end = w->at + len;
	return hg_skip(w, len);
}

HG_INLINE bool hg_vector16(const struct hg_capture *c, struct hg_window *w, struct hg_window *body)
{
	__u32 len;

	if (!hg_take16(c, w, &len))
		return false;
	body->at = w->at;
	body->end = w->at + len;
	return hg_skip(w, len);
}

#endif /* HG_BYTES_H */
