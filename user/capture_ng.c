/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture_ng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Block types of pcapng (draft-ietf-opsawg-pcapng, section 11.1). */
#define BLOCK_SECTION 0x0a0d0d0aU
#define BLOCK_INTERFACE 1
#define BLOCK_PACKET 2
#define BLOCK_SIMPLE 3
#define BLOCK_ENHANCED 6
#define BYTE_ORDER_MAGIC 0x1a2b3c4dU
#define BLOCK_HEAD 12 /* type, length, and of a section the byte order */
#define BLOCK_MAX (16U << 20)
#define READ_STEP 65536U
#define INTERFACE_MIN 20 /* bytes of an interface block without options */
#define PACKET_HEAD 28	 /* bytes in front of the packet's own */
#define SIMPLE_HEAD 12
#define INTERFACES_MAX 1024
#define ONE_SNAPLEN 262144 /* the most that libpcap takes */

struct ng {
	FILE *in;
	__u8 *block; /* the block at hand, rewritten */
	__u32 room;
	__u32 len;
	__u32 at; /* of it, what has been read */
	bool pcapng;
	bool swapped; /* the section is not of our byte order */
	bool ended;
	unsigned int interfaces; /* of this section, so far */
	__u32 link[INTERFACES_MAX];
	__u32 snaplen; /* of its first interface, as in the file; 0: no limit */
};

static __u32 get32(const struct ng *n, const __u8 *p)
{
	__u32 v;

	memcpy(&v, p, 4);
	return n->swapped ? __builtin_bswap32(v) : v;
}

static void put32(const struct ng *n, __u8 *p, __u32 v)
{
	v = n->swapped ? __builtin_bswap32(v) : v;
	memcpy(p, &v, 4);
}

static __u16 get16(const struct ng *n, const __u8 *p)
{
	__u16 v;

	memcpy(&v, p, 2);
	return n->swapped ? __builtin_bswap16(v) : v;
}

static void put16(const struct ng *n, __u8 *p, __u16 v)
{
	v = n->swapped ? __builtin_bswap16(v) : v;
	memcpy(p, &v, 2);
}

static void put_block_len(struct ng *n, __u32 len)
{
	n->len = len;
	put32(n, n->block + 4, len);
	put32(n, n->block + len - 4, len);
}

static void rewrite_interface(struct ng *n)
{
	if (n->len < INTERFACE_MIN)
		return;
	if (n->interfaces < INTERFACES_MAX)
		n->link[n->interfaces] = get16(n, n->block + 8);
	if (!n->interfaces)
		n->snaplen = get32(n, n->block + 12);
	n->interfaces++;
	put16(n, n->block + 8, HG_LINK_NG);
	put32(n, n->block + 12, ONE_SNAPLEN);
}

/* The link type goes in front of the packet's bytes. */
static void rewrite_packet(struct ng *n, __u32 interface)
{
	struct hg_capture_ng_link link = { ~0U };
	__u32 captured = get32(n, n->block + 20), original = get32(n, n->block + 24);

	if (interface >= n->interfaces || captured > n->len - PACKET_HEAD - 4)
		return; /* libpcap will say what is wrong */
	if (interface < INTERFACES_MAX)
		link.link = n->link[interface];
	if (captured > ONE_SNAPLEN - sizeof(link))
		captured = ONE_SNAPLEN - sizeof(link);
	memmove(n->block + PACKET_HEAD + sizeof(link), n->block + PACKET_HEAD,
		n->len - PACKET_HEAD);
	memcpy(n->block + PACKET_HEAD, &link, sizeof(link));
	put32(n, n->block + 20, captured + (__u32)sizeof(link));
	put32(n, n->block + 24, original + (__u32)sizeof(link));
	put_block_len(n, n->len + (__u32)sizeof(link));
}

/* A simple packet is of the first interface and has no time: as an enhanced one. */
static void rewrite_simple(struct ng *n)
{
	__u32 more = PACKET_HEAD - SIMPLE_HEAD, original, captured;

	if (n->len < SIMPLE_HEAD + 4)
		return;
	original = captured = get32(n, n->block + 8);
	if (n->snaplen && captured > n->snaplen)
		captured = n->snaplen;
	memmove(n->block + PACKET_HEAD, n->block + SIMPLE_HEAD, n->len - SIMPLE_HEAD);
	memset(n->block + 8, 0, 12);
	put32(n, n->block, BLOCK_ENHANCED);
	put32(n, n->block + 20, captured);
	put32(n, n->block + 24, original);
	put_block_len(n, n->len + more);
	rewrite_packet(n, 0);
}

static void rewrite(struct ng *n)
{
	switch (get32(n, n->block)) {
	case BLOCK_SECTION:
		n->interfaces = 0;
		break;
	case BLOCK_INTERFACE:
		rewrite_interface(n);
		break;
	case BLOCK_ENHANCED:
		if (n->len >= PACKET_HEAD + 4)
			rewrite_packet(n, get32(n, n->block + 8));
		break;
	case BLOCK_PACKET:
		if (n->len >= PACKET_HEAD + 4)
			rewrite_packet(n, get16(n, n->block + 8));
		break;
	case BLOCK_SIMPLE:
		rewrite_simple(n);
		break;
	}
}

/* Room for a block of `len` bytes, and for what rewriting puts in. */
static bool make_room(struct ng *n, __u32 len)
{
	__u32 room = len + PACKET_HEAD;
	__u8 *block;

	if (room <= n->room)
		return true;
	block = realloc(n->block, room);
	if (!block)
		return false;
	n->block = block;
	n->room = room;
	return true;
}

/*
 * Up to `total` bytes of the block in all.  What a length promises is only
 * believed as far as bytes come.  False if there is no memory.
 */
static bool read_up_to(struct ng *n, __u32 total)
{
	while (n->len < total && !n->ended) {
		__u32 step = total - n->len < READ_STEP ? total - n->len : READ_STEP;
		__u32 got;

		if (!make_room(n, n->len + step))
			return false;
		got = (__u32)fread(n->block + n->len, 1, step, n->in);
		n->len += got;
		n->ended = got < step;
	}
	return true;
}

/* Read one block; what breaks the format is passed on as it is. */
static bool read_block(struct ng *n)
{
	__u32 total;

	if (!read_up_to(n, BLOCK_HEAD))
		return false;
	if (n->ended)
		return true;
	if (get32(n, n->block) == BLOCK_SECTION)
		n->swapped = memcmp(n->block + 8, &(__u32){ BYTE_ORDER_MAGIC }, 4) != 0;
	total = get32(n, n->block + 4);
	if (total < BLOCK_HEAD || total > BLOCK_MAX || total & 3) {
		n->pcapng = false; /* damaged: hand over the rest as it is */
		return true;
	}
	return read_up_to(n, total);
}

/* False if there is no memory; at the end, a block without bytes. */
static bool next_block(struct ng *n)
{
	n->at = n->len = 0;
	if (n->ended)
		return true;
	if (!n->pcapng)
		return read_up_to(n, READ_STEP);
	if (!read_block(n))
		return false;
	if (!n->ended && n->pcapng)
		rewrite(n);
	return true;
}

static ssize_t ng_read(void *cookie, char *to, size_t size)
{
	struct ng *n = cookie;
	size_t left;

	if (n->at == n->len && !next_block(n)) {
		errno = ENOMEM;
		return -1;
	}
	left = n->len - n->at;
	if (size > left)
		size = left;
	memcpy(to, n->block + n->at, size);
	n->at += (__u32)size;
	return (ssize_t)size;
}

static int ng_close(void *cookie)
{
	struct ng *n = cookie;

	if (n->in != stdin)
		fclose(n->in);
	free(n->block);
	free(n);
	return 0;
}

/* The first byte tells the formats apart: only pcapng begins with a line feed. */
static bool is_pcapng(struct ng *n)
{
	int first = getc(n->in);

	if (first != EOF)
		ungetc(first, n->in);
	return first == '\n';
}

FILE *hg_capture_ng_open(const char *path, bool *pcapng)
{
	cookie_io_functions_t io = { .read = ng_read, .close = ng_close };
	struct ng *n = calloc(1, sizeof(*n));
	FILE *out;

	if (!n)
		return NULL;
	n->in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	if (!n->in) {
		int error = errno;

		free(n);
		errno = error;
		return NULL;
	}
	n->pcapng = *pcapng = is_pcapng(n);
	out = fopencookie(n, "r", io);
	if (!out)
		ng_close(n);
	return out;
}
