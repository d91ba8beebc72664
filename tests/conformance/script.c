/* SPDX-License-Identifier: BSD-2-Clause */
#include "script.h"

#include <stdlib.h>

struct block {
	struct block *next;
	__u8 bytes[];
};

static void *got(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

void script_init(struct script *s)
{
	s->conn = (struct conn){ .isn = 0x10000000, .server_isn = 0x50000000 };
	s->expect = (struct expect){ .sni = NULL };
	s->flows = 1;
	s->timestamps = s->fast_open = s->one_sided = s->no_end = false;
	s->reads_urgent = s->proxied = false;
	s->preamble = 0;
	s->mtu = 0;
	s->encap = ENCAP_NONE;
	octets_clear(&s->message);
	octets_clear(&s->stream);
	s->at = 0;
	s->count = 0;
}

void script_free(struct script *s)
{
	while (s->blocks) {
		struct block *next = s->blocks->next;

		free(s->blocks);
		s->blocks = next;
	}
	free(s->steps);
	s->steps = NULL;
	s->count = s->room = 0;
}

/* ---- what is said ---- */

struct hello_spec usual_hello(const char *name)
{
	struct hello_spec spec = hello_classic;

	spec.sni = name;
	spec.alpn = NULL;
	spec.signatures[0] = 0x0403;
	spec.signatures[1] = 0x0804;
	spec.signatures[2] = 0x0401;
	return spec;
}

void hello_of(struct script *s, const struct hello_spec *spec)
{
	hello_build(&s->message, spec);
	record_whole(&s->stream, &s->message);
}

void hello_for(struct script *s, const char *name)
{
	struct hello_spec spec = usual_hello(name);

	hello_of(s, &spec);
}

/* ---- steps ---- */

static struct step *add(struct script *s, enum step_kind kind, __u8 flags)
{
	if (s->count == s->room) {
		s->room = s->room ? s->room * 2 : 64;
		s->steps = got(realloc(s->steps, s->room * sizeof(*s->steps)));
	}
	s->steps[s->count] = (struct step){ .kind = kind, .flags = flags };
	return &s->steps[s->count++];
}

/* Bytes that live as long as the script. */
static const __u8 *keep(struct script *s, const void *data, __u32 len)
{
	struct block *b = got(malloc(sizeof(*b) + len));

	memcpy(b->bytes, data, len);
	b->next = s->blocks;
	s->blocks = b;
	return b->bytes;
}

struct step *syn(struct script *s)
{
	return add(s, STEP_SYN, TCP_SYN);
}

struct step *synack(struct script *s)
{
	return add(s, STEP_SYNACK, TCP_SYN | TCP_ACK);
}

struct step *ack(struct script *s, __s64 at)
{
	return flag(s, TCP_ACK, at);
}

void connected(struct script *s)
{
	syn(s);
	synack(s);
	ack(s, 0);
}

struct step *flag(struct script *s, __u8 flags, __s64 at)
{
	struct step *step = add(s, STEP_SEGMENT, flags);

	step->at = at;
	return step;
}

struct step *say_other(struct script *s, __s64 at, const void *data, __u32 len)
{
	struct step *step = flag(s, TCP_PSH | TCP_ACK, at);

	step->data = keep(s, data, len);
	step->len = len;
	return step;
}

struct step *say(struct script *s, __u32 at, __u32 len)
{
	if (at > s->stream.len || len > s->stream.len - at)
		abort();
	return say_other(s, at, s->stream.at + at, len);
}

struct step *say_fill(struct script *s, __s64 at, __u8 byte, __u32 len)
{
	static __u8 bytes[FRAME_MAX];

	memset(bytes, byte, len);
	return say_other(s, at, bytes, len);
}

void say_in(struct script *s, __u32 at, __u32 size)
{
	for (; at < s->stream.len; at += size)
		say(s, at, s->stream.len - at < size ? s->stream.len - at : size);
}

void say_all(struct script *s)
{
	say_in(s, 0, MSS);
}

struct step *reply(struct script *s, const void *data, __u32 len)
{
	struct step *step = add(s, STEP_REPLY, TCP_PSH | TCP_ACK);

	step->data = keep(s, data, len);
	step->len = len;
	step->from_server = true;
	return step;
}

struct step *server_flag(struct script *s, __u8 flags, __s64 at)
{
	struct step *step = add(s, STEP_SERVER, flags);

	step->at = at;
	step->from_server = true;
	return step;
}

void pause_for(struct script *s, __u32 ms)
{
	add(s, STEP_PAUSE, 0)->ms = ms;
}

struct step *stranger(struct step *step, __u32 number)
{
	step->stranger = number;
	return step;
}
