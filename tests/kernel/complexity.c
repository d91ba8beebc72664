/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the programs cost the verifier, and their size.  The kernel's limit is
 * a million verified instructions; reaching a ceiling below says that somebody
 * should look before another compiler or kernel does.
 */
#include <bpf/bpf.h>
#include <errno.h>

#include "talk.h"
#include "tap.h"

struct ceiling {
	const char *program;
	__u32 verified; /* instructions that the verifier walked */
	__u32 bytes;	/* of translated program */
};

/* The most seen with clang 14 and 19 on 6.1, 6.12 and 6.18, and a quarter more. */
static const struct ceiling ceilings[] = {
	{ "hg_xdp", 250000, 115000 },	  { "hg_xdp_frags", 250000, 115000 },
	{ "hg_ingress", 250000, 120000 }, { "hg_arm", 50000, 60000 },
	{ "hg_egress", 250000, 120000 },  { "hg_start_sweep", 2000, 8000 },
	{ "hg_sweep_now", 2000, 8000 },
};

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	for (size_t i = 0; i < COUNT_OF(ceilings); i++) {
		struct bpf_prog_info info = {};
		__u32 size = sizeof(info);

		if (bpf_obj_get_info_by_fd(gate_program_named(&g, ceilings[i].program), &info,
					   &size))
			tap_bail("no facts about %s: %s", ceilings[i].program, strerror(errno));
		tap_ok(info.verified_insns <= ceilings[i].verified &&
			       info.xlated_prog_len <= ceilings[i].bytes,
		       "%s: %u instructions verified (at most %u), %u bytes (at most %u), %u of JIT",
		       ceilings[i].program, info.verified_insns, ceilings[i].verified,
		       info.xlated_prog_len, ceilings[i].bytes, info.jited_prog_len);
	}
	gate_close(&g);
	return tap_done();
}
