/* SPDX-License-Identifier: BSD-2-Clause */
#include "support_part.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "generation.h"
#include "kept.h"
#include "names.h"
#include "output.h"
#include "say.h"
#include "support_mask.h"
#include "support_system.h"

#define PART_SECONDS 60 /* that one may take */

/* ---- parts that no command prints ---- */

static int print_system(const struct hg_support *s)
{
	(void)s;
	return hg_support_system();
}

static int print_kernel_config(const struct hg_support *s)
{
	(void)s;
	return hg_support_kernel_config();
}

static int print_sysctl(const struct hg_support *s)
{
	(void)s;
	return hg_support_sysctl();
}

static int print_net_devices(const struct hg_support *s)
{
	(void)s;
	return hg_support_net_devices();
}

static int print_programs(const struct hg_support *s)
{
	return hg_support_programs(&s->in);
}

static int print_links(const struct hg_support *s)
{
	return hg_support_links(&s->in);
}

static int print_maps(const struct hg_support *s)
{
	return hg_support_maps(&s->in);
}

static int print_yaml(const struct hg_support *s, enum hg_mask_of of, const char *text, size_t len)
{
	return hg_mask_yaml(s->privacy, of, text, len, stdout);
}

/* In full with its comments: that is how its operator knows it. */
static int print_source(const struct hg_support *s, const struct hg_policy_source *source)
{
	if (s->privacy)
		return print_yaml(s, HG_MASK_OF_POLICY, source->text, source->len);
	fwrite(source->text, 1, source->len, stdout);
	return HG_OK;
}

static int print_policy(const struct hg_support *s)
{
	struct hg_policy_source *source = malloc(sizeof(*source));
	struct hg_in_force now = { 0 };
	int r = source ? 0 : -ENOMEM;
	__u32 slot;

	if (hg_instance_is_there(&s->in))
		r = r ? r : hg_generation_in_force(&s->in, hg_clock_monotonic(), &now);
	slot = now.generation - 1;
	if (!r && now.generation &&
	    bpf_map_lookup_elem(s->in.maps[HG_MAP_policy_source], &slot, source))
		r = -errno;
	if (r) {
		r = hg_bpf_refused(r, "cannot read the active policy");
	} else if (!now.generation) {
		hg_error("no policy is active");
		r = HG_NOTHING;
	} else if (!source->len || source->len > sizeof(source->text)) {
		hg_error("the instance has not kept its text, of %u bytes", source->len);
		r = HG_UNSUPPORTED;
	} else {
		r = print_source(s, source);
	}
	free(source);
	return r;
}

static int print_config(const struct hg_support *s)
{
	FILE *file = fopen(s->config, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t len;
	int r;

	if (!file) {
		hg_error("the configuration cannot be read: %s", strerror(errno));
		return errno == EACCES ? HG_NOT_PERMITTED : HG_NOTHING;
	}
	len = getdelim(&text, &size, 0, file);
	if (len > 0) {
		r = print_yaml(s, HG_MASK_OF_CONFIG, text, (size_t)len);
	} else {
		hg_error("the configuration is empty");
		r = HG_NOTHING;
	}
	free(text);
	fclose(file);
	return r;
}

static void on_record(void *arg, const void *record, size_t len)
{
	hg_output_record(arg, record, len);
}

/* As `events` would print them, with names and addresses as they may be told. */
static int print_failures(const struct hg_support *s)
{
	const struct hg_output_text text = { .selection.filter =
						     "outcome==failed or event_type==flow" };
	struct hg_output_options options;
	struct hg_eve_names callbacks;
	struct hg_names names;
	struct hg_output out;
	struct hg_kept kept;
	int r, closed;

	if (!hg_instance_is_there(&s->in)) {
		hg_error("nothing is attached under %s", s->in.dir);
		return HG_NOTHING;
	}
	r = hg_output_options_open(&hg_command_root, &text, HG_FORMAT_JSONL, HG_VIEW_EVENTS,
				   &options);
	if (r)
		return r;
	callbacks = hg_names_of(&names, &s->in);
	if (!hg_output_open(&out, &options, &callbacks, false)) {
		hg_error("no memory for it");
		return HG_PARTLY;
	}
	out.eve.privacy = s->privacy;
	r = hg_kept_read(&s->in, on_record, &out, &kept);
	closed = hg_output_close(&out);
	hg_output_options_close(&options);
	return r ? r : closed;
}

const struct hg_support_part hg_support_parts[] = {
	{ "version.txt", "this program, and what it is linked with", { "version" }, NULL, false },
	{ "system.txt", "kernel, processors, memory, rights", { NULL }, print_system, false },
	{ "kernel-config.txt",
	  "lines of the kernel's configuration that matter",
	  { NULL },
	  print_kernel_config,
	  false },
	{ "sysctl.txt", "settings of the kernel that matter", { NULL }, print_sysctl, false },
	{ "features.json",
	  "what the kernel and the interfaces of this namespace can do",
	  { "features", "-j", "--bpffs" },
	  NULL,
	  true },
	{ "net-devices.txt",
	  "packets and errors by interface",
	  { NULL },
	  print_net_devices,
	  false },
	{ "programs.json", "eBPF programs, of others too", { NULL }, print_programs, true },
	{ "links.json", "what they are attached by", { NULL }, print_links, true },
	{ "maps.json", "maps of the instance", { NULL }, print_maps, true },
	{ "status.json",
	  "interfaces, coverage, health",
	  { "status", "-j", "--bpffs" },
	  NULL,
	  true },
	{ "stats.json", "every counter", { "stats", "-j", "--bpffs" }, NULL, true },
	{ "metrics.txt", "the same for Prometheus", { "metrics", "--bpffs" }, NULL, false },
	{ "policy.yaml", "the policy in force", { NULL }, print_policy, false },
	{ "policy-rules.json",
	  "what each rule did",
	  { "policy", "show", "-j", "--bpffs" },
	  NULL,
	  true },
	{ "policy-history.json",
	  "what was loaded when",
	  { "policy", "history", "-j", "--bpffs" },
	  NULL,
	  true },
	{ "config.yaml",
	  "the configuration of run, without secrets",
	  { NULL },
	  print_config,
	  false },
	{ "causes.csv",
	  "how often what failed lately",
	  { "diagnose", "-o", "csv", "--columns", "count,cause,side,confidence", "--bpffs" },
	  NULL,
	  false },
	{ "failures.jsonl", "what failed lately, as EVE", { NULL }, print_failures, false },
	{ NULL, NULL, { NULL }, NULL, false },
};

/* ---- a process for each ---- */

static int run_command(const struct hg_support_part *part, const struct hg_support *s)
{
	char name[] = "hellogate", *argv[12] = { name };
	int argc = 1;

	for (int i = 0; part->args[i]; i++)
		argv[argc++] = (char *)part->args[i];
	if (!strcmp(argv[argc - 1], "--bpffs"))
		argv[argc++] = (char *)s->in.dir;
	return hg_command_dispatch(&hg_command_root, argc, argv);
}

static void __attribute__((noreturn))
be_part(const struct hg_support_part *part, const struct hg_support *s, const int fds[2])
{
	int r = HG_PARTLY;

	alarm(PART_SECONDS);
	if (dup2(fds[0], STDOUT_FILENO) >= 0 && dup2(fds[1], STDERR_FILENO) >= 0)
		r = part->print ? part->print(s) : run_command(part, s);
	_exit(fflush(stdout) ? HG_PARTLY : r);
}

/* All that was written; NULL: no memory. */
static char *content(int fd, size_t *len)
{
	struct stat st;
	char *text;

	if (fstat(fd, &st))
		return NULL;
	text = calloc(1, (size_t)st.st_size + 1);
	*len = 0;
	for (ssize_t n = 1; text && n > 0 && *len < (size_t)st.st_size; *len += (size_t)n) {
		n = pread(fd, text + *len, (size_t)st.st_size - *len, (off_t)*len);
		if (n <= 0)
			break;
	}
	return text;
}

/* Not attached, not allowed, not in this kernel: that is to be told, and no fault. */
static bool is_expected(int exit)
{
	return exit == HG_NOTHING || exit == HG_NOT_PERMITTED || exit == HG_UNSUPPORTED;
}

static void judge(int status, struct hg_support_text *out, char *said)
{
	int r = WIFEXITED(status) ? WEXITSTATUS(status) : HG_PARTLY;

	if (r == HG_OK || r == HG_NO) {
		free(said);
		return;
	}
	out->odd = !is_expected(r);
	if (WIFSIGNALED(status) && asprintf(&out->why, "%sended by signal %d (%s)\n", said,
					    WTERMSIG(status), strsignal(WTERMSIG(status))) > 0) {
		free(said);
		return;
	}
	out->why = said;
}

static int mask(const struct hg_support_part *part, const struct hg_support *s,
		struct hg_support_text *out)
{
	char *masked;

	if (!part->json || !s->privacy || !out->len)
		return HG_OK;
	masked = hg_mask_json(s->privacy, out->text, out->len, &out->len);
	free(out->text);
	out->text = masked;
	if (masked)
		return HG_OK;
	/* Cut short, so that nobody knows what may stay. */
	out->len = 0;
	out->odd = true;
	free(out->why);
	out->why = strdup("error: what came is no JSON\n");
	return out->why ? HG_OK : HG_PARTLY;
}

static int wait_for(pid_t child, const int fds[2], struct hg_support_text *out)
{
	size_t len = 0;
	char *said;
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return HG_PARTLY;
	out->text = content(fds[0], &out->len);
	said = content(fds[1], &len);
	if (!out->text || !said) {
		free(said);
		return HG_PARTLY;
	}
	judge(status, out, said);
	return HG_OK;
}

int hg_support_part_make(const struct hg_support_part *part, const struct hg_support *s,
			 struct hg_support_text *out)
{
	int fds[2] = { memfd_create("out", MFD_CLOEXEC), memfd_create("err", MFD_CLOEXEC) };
	pid_t child;
	int r = HG_PARTLY;

	*out = (struct hg_support_text){ 0 };
	fflush(stdout);
	child = fds[0] < 0 || fds[1] < 0 ? -1 : fork();
	if (!child)
		be_part(part, s, fds);
	if (child > 0)
		r = wait_for(child, fds, out);
	r = r ? r : mask(part, s, out);
	if (r)
		hg_error("%s cannot be made: %s", part->name, strerror(errno));
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return r;
}
