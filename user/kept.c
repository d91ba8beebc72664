/* SPDX-License-Identifier: BSD-2-Clause */
#include "kept.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <poll.h>

#include "../include/control.h"
#include "clock.h"
#include "say.h"
#include "undiagnosed.h"

/* What `run` keeps, to the end of it. */
static int read_run(struct hg_source *source)
{
	struct pollfd fd = { .fd = hg_source_fd(source), .events = POLLIN };
	int r = HG_OK;

	while (!r) {
		if (poll(&fd, 1, -1) >= 0)
			r = hg_source_read(source);
		else if (errno != EINTR)
			return hg_bpf_refused(errno, "the socket of run");
	}
	return r == HG_NOTHING ? HG_OK : r;
}

static int read_undiagnosed(const struct hg_instance *in, __u64 diagnosed, hg_record_fn fn,
			    void *arg, struct hg_kept *out)
{
	struct hg_undiagnosed_span span;
	int r = hg_undiagnosed_read(in, diagnosed, fn, arg, &span);

	if (r)
		return hg_bpf_refused(r, "cannot read the handshakes that wait");
	out->source = "the maps, since run is not there (failures only, without ciphers and "
		      "certificates)";
	out->missing = span.overwritten;
	return HG_OK;
}

int hg_kept_read(const struct hg_instance *in, hg_record_fn fn, void *arg, struct hg_kept *out)
{
	struct hg_presence presence = { 0 };
	struct hg_source *source;
	__u32 zero = 0;
	int r;

	*out = (struct hg_kept){ .source = "run" };
	bpf_map_lookup_elem(in->maps[HG_MAP_presence], &zero, &presence);
	if (!presence.heartbeat_ns ||
	    hg_clock_monotonic() - presence.heartbeat_ns > HG_HEARTBEAT_MAX)
		return read_undiagnosed(in, presence.diagnosed, fn, arg, out);
	r = hg_source_open(in, false, fn, arg, &source);
	if (r)
		return r;
	r = read_run(source);
	hg_source_close(source);
	return r;
}
