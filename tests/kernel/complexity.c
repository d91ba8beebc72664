/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the programs cost the verifier, and their size.  Reaching a ceiling says
 * that somebody should look before another compiler or kernel does.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <sys/utsname.h>

#include "ceilings.h"
#include "talk.h"
#include "tap.h"

static const struct {
	const char *name;
	enum kind kind;
} programs[] = {
	{ "hg_xdp", XDP },	   { "hg_xdp_frags", XDP }, { "hg_ingress", TC },
	{ "hg_egress", TC },	   { "hg_arm", ARM },	    { "hg_start_sweep", SWEEP },
	{ "hg_sweep_now", SWEEP },
};

static __u32 running_version(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		tap_bail("which kernel is this?");
	return LINUX(major, minor);
}

static const struct ceiling *ceiling_of(__u32 version, int clang)
{
	const struct ceiling *best = NULL;

	for (size_t i = 0; i < COUNT_OF(ceilings); i++) {
		const struct ceiling *c = &ceilings[i];

		if (c->clang == clang && c->linux_version <= version &&
		    (!best || c->linux_version > best->linux_version))
			best = c;
	}
	return best;
}

static struct bpf_prog_info facts(const struct gate *g, const char *program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(gate_program_named(g, program), &info, &size))
		tap_bail("no facts about %s: %s", program, strerror(errno));
	return info;
}

/* A quarter more, rounded up. */
static __u32 headroom(__u32 n)
{
	const __u32 step = n < 10000 ? 100 : 1000;

	return (n + n / 4 + step - 1) / step * step;
}

static void check(const struct gate *g, size_t i, const struct ceiling *c, struct cost *most)
{
	const struct bpf_prog_info info = facts(g, programs[i].name);
	struct cost *kind = &most[programs[i].kind];
	char what[160];

	if (info.verified_insns > kind->verified)
		kind->verified = info.verified_insns;
	if (info.xlated_prog_len > kind->bytes)
		kind->bytes = info.xlated_prog_len;
	snprintf(what, sizeof(what), "%s: %u instructions verified, %u bytes, %u of JIT",
		 programs[i].name, info.verified_insns, info.xlated_prog_len, info.jited_prog_len);
	if (!c) {
		tap_skip(what, "no ceiling for this kernel and compiler");
		return;
	}
	tap_ok(info.verified_insns <= c->at_most[programs[i].kind].verified &&
		       info.xlated_prog_len <= c->at_most[programs[i].kind].bytes,
	       "%s (at most %u and %u)", what, c->at_most[programs[i].kind].verified,
	       c->at_most[programs[i].kind].bytes);
}

/* As it would stand in ceilings.h. */
static void note_row(__u32 version, int clang, const struct cost *most)
{
	char row[200];
	int n = snprintf(row, sizeof(row), "{ LINUX(%u, %u), %d, {", version >> 16,
			 version >> 8 & 0xff, clang);

	for (int i = 0; i < KINDS; i++)
		n += snprintf(row + n, sizeof(row) - n, " { %u, %u },", headroom(most[i].verified),
			      headroom(most[i].bytes));
	row[n - 1] = '\0'; /* the last comma */
	tap_note("%s } },", row);
}

/*
 * As shipped the verifier takes out what is off.  With all of it on, the
 * programs must get through with room to spare, on any kernel; and by the real
 * clock, as they are attached: a replay leaves code out, too.
 */
#define EVERYTHING_MOST 500000

static void check_everything(void)
{
	static const struct gate_options everything = { .decap = (1U << HG_TUNNEL_COUNT) - 1,
							.checksums = true,
							.real_clock = true,
							.all = true };
	static struct gate g;

	gate_open(&g, &everything);
	for (size_t i = 0; i < COUNT_OF(programs); i++) {
		const struct bpf_prog_info info = facts(&g, programs[i].name);

		tap_ok(info.verified_insns <= EVERYTHING_MOST,
		       "%s, tunnels and checksums: %u instructions verified (at most %u), %u bytes",
		       programs[i].name, info.verified_insns, EVERYTHING_MOST,
		       info.xlated_prog_len);
	}
	gate_close(&g);
}

int main(void)
{
	const __u32 version = running_version();
	struct cost most[KINDS] = {};
	static struct gate g;
	const struct ceiling *c;
	int clang;

	gate_open(&g, &(struct gate_options){ .all = true });
	clang = gate_clang(&g);
	c = ceiling_of(version, clang);
	for (size_t i = 0; i < COUNT_OF(programs); i++)
		check(&g, i, c, most);
	if (!c || tap.failed)
		note_row(version, clang, most);
	gate_close(&g);
	check_everything();
	return tap_done();
}
