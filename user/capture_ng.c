/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture_ng.h"

#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

/* Block types of pcapng (draft-ietf-opsawg-pcapng, section 11.1). */
#define BLOCK_SECTION 0x0a0d0d0aU
#define BLOCK_INTERFACE 1
#define BLOCK_PACKET 2
#define BLOCK_SIMPLE 3
#define BLOCK_ENHANCED 6
#define BYTE_ORDER_MAGIC 0x1a2b3c4dU
#define BLOCK_MAX (16U << 20)
#define INTERFACES_MAX 1024
#define ONE_SNAPLEN 262144

struct ng {
	FILE *in;
	__u8 *block; /* the block at hand, rewritten */
	__u32 len;
	__u32 at; /* of it, what has been read */
	bool pcapng;
	bool swapped; /* the section is not of our byte order */
	bool ended;
	unsigned int interfaces;      /* of this section, as libpcap will count them */
	__u32 number[INTERFACES_MAX]; /* in the rewritten file; ~0: left out */
	unsigned int seen;	      /* of this section, as in the file */
	int first_link;		      /* -1: not known */
	unsigned long left_out;
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

static void begin_section(struct ng *n)
{
	n->interfaces = 0;
	n->seen = 0;
	n->first_link = -1;
}

/* An interface block: true to keep it. */
static bool rewrite_interface(struct ng *n)
{
	unsigned int seen = n->seen++;
	int link;

	if (n->len < 20 || seen >= INTERFACES_MAX)
		return true;
	link = get16(n, n->block + 8);
	if (n->first_link < 0)
		n->first_link = link;
	if (link != n->first_link) {
		n->number[seen] = ~0U;
		return false;
	}
	n->number[seen] = n->interfaces++;
	put32(n, n->block + 12, ONE_SNAPLEN);
	return true;
}

/* A packet block carries the interface's number, which may have moved. */
static bool rewrite_packet(struct ng *n, bool old_form)
{
	__u32 interface;

	if (n->len < 28)
		return true;
	interface = old_form ? get16(n, n->block + 8) : get32(n, n->block + 8);
	if (interface >= n->seen || interface >= INTERFACES_MAX)
		return true; /* libpcap will say what is wrong */
	if (n->number[interface] == ~0U) {
		n->left_out++;
		return false;
	}
	if (old_form)
		put16(n, n->block + 8, (__u16)n->number[interface]);
	else
		put32(n, n->block + 8, n->number[interface]);
	return true;
}

static bool rewrite(struct ng *n)
{
	switch (get32(n, n->block)) {
	case BLOCK_SECTION:
		begin_section(n);
		return true;
	case BLOCK_INTERFACE:
		return rewrite_interface(n);
	case BLOCK_ENHANCED:
		return rewrite_packet(n, false);
	case BLOCK_PACKET:
		return rewrite_packet(n, true);
	default:
		return true;
	}
}

/* Read one block; what breaks the format is passed on as it is. */
static bool read_block(struct ng *n)
{
	__u8 head[12];
	size_t got = fread(head, 1, sizeof(head), n->in);
	__u32 total;

	n->at = 0;
	n->len = (__u32)got;
	if (got)
		memcpy(n->block, head, got);
	if (got < sizeof(head)) {
		n->ended = true;
		return got > 0;
	}
	if (get32(n, head) == BLOCK_SECTION)
		n->swapped = memcmp(head + 8, &(__u32){ BYTE_ORDER_MAGIC }, 4) != 0;
	total = get32(n, head + 4);
	if (total < sizeof(head) || total > BLOCK_MAX || total & 3) {
		n->pcapng = false; /* damaged: hand over the rest as it is */
		return true;
	}
	n->len += (__u32)fread(n->block + sizeof(head), 1, total - sizeof(head), n->in);
	n->ended = n->len < total;
	return true;
}

static bool next_block(struct ng *n)
{
	while (!n->ended && n->pcapng) {
		if (!read_block(n))
			return false;
		if (n->ended || !n->pcapng || rewrite(n))
			return true;
	}
	if (n->ended)
		return false;
	n->at = 0;
	n->len = (__u32)fread(n->block, 1, 65536, n->in);
	n->ended = !n->len;
	return n->len > 0;
}

static ssize_t ng_read(void *cookie, char *to, size_t size)
{
	struct ng *n = cookie;
	size_t left;

	if (n->at == n->len && !next_block(n))
		return 0;
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

	if (n->left_out)
		hg_warn("%lu packets of interfaces with another link type were left out",
			n->left_out);
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

FILE *hg_capture_ng_open(const char *path)
{
	cookie_io_functions_t io = { .read = ng_read, .close = ng_close };
	struct ng *n = calloc(1, sizeof(*n));
	FILE *out;

	if (!n)
		return NULL;
	n->in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	n->block = malloc(BLOCK_MAX + 16);
	if (!n->in || !n->block) {
		int error = errno;

		free(n->block);
		free(n);
		errno = error;
		return NULL;
	}
	n->pcapng = is_pcapng(n);
	begin_section(n);
	out = fopencookie(n, "r", io);
	if (!out)
		ng_close(n);
	return out;
}
