/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_policy_change.c - policy load, confirm and rollback: what an instance
 * enforces from now on.
 */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "policy_change.h"
#include "policy_commands.h"
#include "policy_load.h"
#include "say.h"
#include "time_span.h"

#define CONFIRM_MAX (24 * 3600 * 1000000000ULL)

static const char *bpffs, *confirm_within;
static bool quiet;

const struct hg_option hg_options_policy_load[] = {
	{ "confirm-within", 0, "TIME", "go back then, unless confirmed: 60s, 5m, at most 1d",
	  &confirm_within, NULL },
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	{ "quiet", 'q', NULL, "say only what went wrong", NULL, &quiet },
	HG_OPTIONS_END,
};

const struct hg_option hg_options_policy_change[] = {
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	{ "quiet", 'q', NULL, "say only what went wrong", NULL, &quiet },
	HG_OPTIONS_END,
};

/* HG_OK with the instance open and locked; to be closed in any case. */
static int open_locked(struct hg_instance *in)
{
	int r = hg_instance_open(in, hg_instance_dir(bpffs));

	return r ? r : hg_instance_lock(in);
}

static int parse_confirm(const struct hg_command *self, uint64_t *ns)
{
	*ns = 0;
	if (!confirm_within || (hg_time_length_parse(confirm_within, ns) && *ns <= CONFIRM_MAX))
		return HG_OK;
	return hg_usage(self,
			"--confirm-within takes a time such as 60s or 5m, at most 1d: not '%s'",
			confirm_within);
}

int hg_cmd_policy_load(const struct hg_command *self, int argc, char **argv)
{
	struct hg_policy_file file;
	struct hg_instance in;
	uint64_t confirm_ns;
	int files, r = hg_options_parse(self, argc, argv, &files);

	if (r != HG_PARSED)
		return r;
	if (files != 1)
		return hg_usage(self, files ? "one policy file at a time" : "which policy file?");
	if (parse_confirm(self, &confirm_ns))
		return HG_USAGE;
	hg_say_quiet(quiet);
	r = hg_policy_file_open(argv[0], &file);
	if (r)
		return r;
	r = open_locked(&in);
	if (!r)
		r = hg_policy_load(&in, &file, confirm_ns);
	hg_policy_file_close(&file);
	hg_instance_close(&in);
	return r;
}

/* ---- of a revision ---- */

static int parse_revision(const struct hg_command *self, int count, char **argv, __u32 *out)
{
	unsigned long long value;
	char *end;

	*out = 0;
	if (!count)
		return HG_OK;
	if (count > 1)
		return hg_usage(self, "one revision at a time");
	value = strtoull(argv[0], &end, 10);
	if (*end || argv[0][0] < '0' || argv[0][0] > '9' || !value || value > 0xffffffffULL)
		return hg_usage(self, "'%s' is no revision: they are numbers from 1", argv[0]);
	*out = (__u32)value;
	return HG_OK;
}

static int change(const struct hg_command *self, int argc, char **argv,
		  int (*to)(const struct hg_instance *in, __u32 revision))
{
	struct hg_instance in;
	__u32 revision;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (parse_revision(self, operands, argv, &revision))
		return HG_USAGE;
	hg_say_quiet(quiet);
	r = open_locked(&in);
	if (!r)
		r = to(&in, revision);
	hg_instance_close(&in);
	return r;
}

int hg_cmd_policy_confirm(const struct hg_command *self, int argc, char **argv)
{
	return change(self, argc, argv, hg_policy_confirm);
}

int hg_cmd_policy_rollback(const struct hg_command *self, int argc, char **argv)
{
	return change(self, argc, argv, hg_policy_rollback);
}
