/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel: connections by chance, mutated, through the programs in the kernel and
 * through the native path, for a time.  Where they differ the frames are made
 * fewer as long as they still do, and kept.
 *
 *   kernel [SECONDS [SEED [FILE]]]: what differs goes to FILE
 *   kernel --replay FILE            the same frames once more
 */
#include <time.h>

#include "../kernel/tap.h"
#include "../parity/datagrams.h"
#include "../parity/pair.h"
#include "../parity/streams.h"

#define STEPS_MAX 4096
#define CASES_A_PAIR 150 /* between two fresh states */

/* A frame, or nothing for a while. */
struct step {
	__u32 wait_ms; /* ahead of it; silent flows end then */
	__u32 len;
	__u8 *at;
};

/* What was put through both since they were fresh. */
struct steps {
	__u32 count;
	struct step step[STEPS_MAX];
};

/* How the pair is opened. */
struct way {
	enum gate_hook hook;
	bool policy, tunnels;
};

struct maker {
	struct streams s;
	struct steps *to;
};

static __u32 below(struct maker *m, __u32 n)
{
	return streams_below(&m->s, n);
}

/* ---- steps ---- */

static void steps_clear(struct steps *l)
{
	for (__u32 i = 0; i < l->count; i++)
		free(l->step[i].at);
	l->count = 0;
}

static void steps_add(struct steps *l, __u32 wait_ms, const __u8 *at, __u32 len)
{
	struct step s = { wait_ms, len, malloc(len + 1) };

	if (!s.at)
		tap_bail("no memory");
	memcpy(s.at, at, len);
	if (l->count < STEPS_MAX)
		l->step[l->count++] = s;
	else
		free(s.at);
}

static void keep_frame(void *arg, const struct frame *f)
{
	struct maker *m = arg;

	steps_add(m->to, 0, f->at, f->len);
}

/* ---- mutations ---- */

static void mutate_bytes(struct maker *m, struct step *s)
{
	static const __u8 odd[] = { 0, 1, 0x7f, 0x80, 0xff, 20, 21, 22, 23 };
	__u32 most = below(m, 2) ? 80 : s->len;

	for (__u32 n = 1 + below(m, 3); n && s->len; n--)
		s->at[below(m, most < s->len ? most : s->len)] =
			below(m, 2) ? odd[below(m, sizeof(odd))] : (__u8)below(m, 256);
}

/* Another place in the stream: the plain case of headers has its numbers there. */
static void mutate_sequence(struct maker *m, struct step *s)
{
	__u32 at = s->len > 54 && s->at[12] == 0x08 ? 38 + 4 * below(m, 2) : 0;
	__s32 by = (__s32)below(m, 2000) - 1000;

	if (!at)
		return;
	for (__s32 i = 3, carry = by; i >= 0; i--) {
		carry += s->at[at + i];
		s->at[at + i] = (__u8)carry;
		carry >>= 8;
	}
}

static void swap(struct step *a, struct step *b)
{
	struct step kept = *a;

	*a = *b;
	*b = kept;
}

static void mutate(struct maker *m)
{
	struct steps *l = m->to;
	__u32 i = below(m, l->count), j = below(m, l->count);

	switch (below(m, 8)) {
	case 0:
		swap(&l->step[i], &l->step[j]);
		break;
	case 1:
		steps_add(l, 0, l->step[i].at, l->step[i].len);
		swap(&l->step[j], &l->step[l->count - 1]);
		break;
	case 2:
		l->step[i].len -= below(m, l->step[i].len / 2);
		break;
	case 3:
		l->step[i].wait_ms = 500 + below(m, 40000);
		break;
	case 4:
		if (l->step[i].len > 47)
			l->step[i].at[47] = (__u8)below(m, 64); /* flags, in the plain case */
		break;
	case 5:
		mutate_sequence(m, &l->step[i]);
		break;
	default:
		mutate_bytes(m, &l->step[i]);
	}
}

/* A few connections, one after the other or mixed, and what chance makes of them. */
static void make_case(struct maker *m)
{
	static struct frame datagram;
	__u32 n = 1 + below(m, 3), from;

	while (n--)
		streams_next(&m->s, keep_frame, m);
	datagrams_next(&m->s, &datagram);
	keep_frame(m, &datagram);
	if (!below(m, 3))
		for (from = m->to->count; from > 1; from--)
			swap(&m->to->step[from - 1], &m->to->step[below(m, from)]);
	for (n = below(m, 6); n; n--)
		mutate(m);
}

/* ---- through both ---- */

static void run_step(struct pair *p, const struct step *s)
{
	static struct frame f;

	if (s->wait_ms)
		pair_sweep(p, s->wait_ms * 1000000ULL);
	memcpy(f.at, s->at, s->len);
	f.len = s->len;
	pair_frame(p, &f);
}

/* From fresh: do they say the same? */
static bool are_same(const struct way *w, const struct steps *l)
{
	static struct pair p;

	pair_open(&p, w->hook, w->policy, w->tunnels);
	snprintf(p.where, sizeof(p.where), "of %u frames", l->count);
	for (__u32 i = 0; i < l->count && p.same; i++)
		run_step(&p, &l->step[i]);
	if (p.same)
		pair_end(&p);
	pair_close(&p);
	return p.same;
}

/* Without `n` steps from `at`, if they still differ then. */
static bool drop_steps(const struct way *w, struct steps *l, __u32 at, __u32 n)
{
	static struct steps fewer;

	fewer.count = l->count - n;
	memcpy(fewer.step, l->step, at * sizeof(struct step));
	memcpy(fewer.step + at, l->step + at + n, (l->count - at - n) * sizeof(struct step));
	if (are_same(w, &fewer))
		return false;
	memcpy(l->step, fewer.step, fewer.count * sizeof(struct step));
	l->count = fewer.count;
	return true;
}

static void shrink(const struct way *w, struct steps *l)
{
	for (__u32 n = l->count / 2; n; n /= 2)
		for (__u32 at = 0; at + n <= l->count;)
			if (!drop_steps(w, l, at, n))
				at += n;
}

/* ---- what is kept of it ---- */

static void save(const char *file, const struct way *w, const struct steps *l)
{
	FILE *f = fopen(file, "w");

	if (!f)
		tap_bail("%s: %s", file, strerror(errno));
	fwrite(w, sizeof(*w), 1, f);
	for (__u32 i = 0; i < l->count; i++) {
		fwrite(&l->step[i].wait_ms, sizeof(__u32), 1, f);
		fwrite(&l->step[i].len, sizeof(__u32), 1, f);
		fwrite(l->step[i].at, 1, l->step[i].len, f);
	}
	fclose(f);
	tap_diag("%u frames that differ: kernel --replay %s", l->count, file);
}

static int replay(const char *file)
{
	static struct steps l;
	static __u8 bytes[FRAME_MAX];
	struct way w;
	__u32 head[2];
	FILE *f = fopen(file, "r");

	if (!f || fread(&w, sizeof(w), 1, f) != 1)
		tap_bail("%s: cannot be read", file);
	while (fread(head, sizeof(head), 1, f) == 1 && head[1] <= FRAME_MAX &&
	       fread(bytes, 1, head[1], f) == head[1])
		steps_add(&l, head[0], bytes, head[1]);
	fclose(f);
	tap_ok(are_same(&w, &l), "%u frames: both say the same", l.count);
	return tap_done();
}

/* ---- for a time ---- */

struct totals {
	unsigned long cases, frames, events;
};

/* True: all that one pair was given, they said the same of. */
static bool run_pair(struct maker *m, const struct way *w, struct totals *t, time_t until)
{
	static struct pair p;
	__u32 done = 0;

	steps_clear(m->to);
	pair_open(&p, w->hook, w->policy, w->tunnels);
	m->s.max_segment = w->hook == GATE_XDP_FRAGS ? 20000 : 3000;
	for (__u32 i = 0; i < CASES_A_PAIR && p.same && time(NULL) < until; i++, t->cases++) {
		snprintf(p.where, sizeof(p.where), "case %lu", t->cases);
		make_case(m);
		if (m->to->count > STEPS_MAX - 400)
			i = CASES_A_PAIR;
		for (; done < m->to->count && p.same; done++)
			run_step(&p, &m->to->step[done]);
		pair_compare_counters(&p);
	}
	m->to->count = done;
	if (p.same)
		pair_end(&p);
	t->frames += p.frames;
	t->events += p.events;
	pair_close(&p);
	return p.same;
}

int main(int argc, char **argv)
{
	time_t until = time(NULL) + (argc > 1 ? atoi(argv[1]) : 60);
	__u64 seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (__u64)time(NULL);
	static struct steps steps;
	struct maker m = { .to = &steps };
	struct totals t = {};
	struct way w = {};
	bool same = true;

	if (argc > 2 && !strcmp(argv[1], "--replay"))
		return replay(argv[2]);
	streams_seed(&m.s, seed, 0);
	while (same && time(NULL) < until) {
		w.hook = below(&m, GATE_INGRESS + 1);
		w.policy = below(&m, 4);
		w.tunnels = !below(&m, 4);
		same = run_pair(&m, &w, &t, until);
	}
	if (!same) {
		if (!are_same(&w, &steps))
			shrink(&w, &steps);
		save(argc > 3 ? argv[3] : "differs.steps", &w, &steps);
	}
	tap_ok(same, "seed %llu: %lu cases, %lu frames, %lu events", (unsigned long long)seed,
	       t.cases, t.frames, t.events);
	return tap_done();
}
