/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_metrics.c - what the maps hold, as Prometheus text: needs no daemon.
 */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "export_prometheus.h"
#include "say.h"

static const char *bpffs;

const struct hg_option hg_options_metrics[] = {
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

static int write_metrics(const struct hg_instance *in)
{
	struct hg_snapshot *s;
	int r = hg_snapshot_take(in, &s);

	if (r)
		return r;
	if (!s->attached) {
		hg_error("nothing is attached under %s", s->dir);
		hg_hint("attach an interface first: hellogate attach IFACE");
		r = HG_NOTHING;
	} else if (hg_prometheus_write(s, stdout) && !ferror(stdout)) {
		hg_error("no memory for the metrics");
		r = HG_PARTLY;
	}
	hg_snapshot_free(s);
	return r;
}

int hg_cmd_metrics(const struct hg_command *self, int argc, char **argv)
{
	struct hg_instance in;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands)
		return hg_usage(self, "unexpected argument '%s'", argv[0]);
	r = hg_instance_open(&in, hg_instance_dir(bpffs));
	if (!r)
		r = write_metrics(&in);
	hg_instance_close(&in);
	return r;
}
