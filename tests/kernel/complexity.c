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

/* Half of what the kernel allows; 6.1 walks up to twice as many as 6.18 does. */
static const struct ceiling ceilings[] = {
	{ "hg_xdp", 500000, 115000 },	  { "hg_xdp_frags", 500000, 115000 },
	{ "hg_ingress", 500000, 120000 }, { "hg_arm", 100000, 60000 },
	{ "hg_egress", 500000, 120000 },  { "hg_start_sweep", 2000, 8000 },
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
