/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_current.h"

#include <bpf/bpf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "generation.h"
#include "history.h"
#include "policy_yaml.h"

/* By the time of its last change of any kind: a file moved here may be an old one. */
static bool is_older(const char *path, __u64 seconds)
{
	struct stat st;

	return !stat(path, &st) && (__u64)st.st_ctim.tv_sec < seconds &&
	       (__u64)st.st_mtim.tv_sec < seconds;
}

static bool are_older(struct hg_arena *arena, const char *policy, const struct hg_yaml *files,
		      __u64 seconds)
{
	const struct hg_yaml *file = files->kind == HG_YAML_LIST ? files->first : files;
	const char *slash = strrchr(policy, '/');

	for (; file; file = files->kind == HG_YAML_LIST ? file->next : NULL) {
		const char *path = file->text;

		if (path && *path != '/' && slash)
			path = hg_arena_format(arena, "%.*s/%s", (int)(slash - policy), policy,
					       path);
		if (!path || !is_older(path, seconds))
			return false;
	}
	return true;
}

/* The policy was compiled from this text: its shape is known to be right. */
static bool sets_are_older(const struct hg_policy_file *f, __u64 seconds)
{
	struct hg_diagnostics d = { 0 };
	struct hg_arena arena = { 0 };
	const struct hg_yaml *root = hg_yaml_parse(&arena, &d, f->path, f->text, f->len);
	const struct hg_yaml *sets = root ? hg_yaml_get(root, "sets") : NULL;
	bool older = root;

	for (const struct hg_yaml *set = sets ? sets->first : NULL; set && older; set = set->next) {
		const struct hg_yaml *files = hg_yaml_get(set, "files");

		older = !files || are_older(&arena, f->path, files, seconds);
	}
	hg_diagnostics_free(&d);
	hg_arena_free(&arena);
	return older;
}

static bool is_text_of(const struct hg_instance *in, __u32 slot, const struct hg_policy_file *f)
{
	struct hg_policy_source *source = malloc(sizeof(*source));
	char *full = realpath(f->path, NULL);
	bool same = source && full &&
		    !bpf_map_lookup_elem(in->maps[HG_MAP_policy_source], &slot, source) &&
		    !strcmp(source->path, full) && source->len == f->len &&
		    !memcmp(source->text, f->text, f->len);

	free(full);
	free(source);
	return same;
}

bool hg_policy_is_current(const struct hg_instance *in, const struct hg_policy_file *f,
			  __u32 *revision)
{
	struct hg_in_force now;
	struct hg_history h;

	if (hg_generation_in_force(in, hg_clock_monotonic(), &now) || !now.generation ||
	    !hg_history_get(in, now.revision, &h) || h.restores ||
	    !is_text_of(in, now.generation - 1, f) || !sets_are_older(f, h.loaded_s))
		return false;
	*revision = now.revision;
	return true;
}
