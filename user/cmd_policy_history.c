/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_policy_history.c - policy history: what was loaded when, by whom, and what
 * became of it.
 */
#include <pwd.h>
#include <stdio.h>

#include "clock.h"
#include "history_row.h"
#include "listing.h"
#include "policy_commands.h"
#include "say.h"
#include "terms.h"

static const char *bpffs;
static struct hg_listing_text asked;

const struct hg_option hg_options_policy_history[] = {
	HG_OPTIONS_LISTING(asked, "table"),
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

enum column {
	REVISION,
	WHEN,
	STATE,
	UNTIL,
	CONFIRMED,
	USER,
	UID,
	MODE,
	RULES,
	NAMES,
	RESTORES,
	PATH,
	COLUMN_COUNT
};

static const struct hg_column list[] = {
	[REVISION] = { "revision", "REVISION", 8, HG_COLUMN_RIGHT },
	[WHEN] = { "when", "WHEN", 24, 0 },
	[STATE] = { "state", "STATE", 11, 0 },
	[UNTIL] = { "until", "UNTIL", 24, 0 },
	[CONFIRMED] = { "confirmed", "CONFIRMED", 24, 0 },
	[USER] = { "user", "USER", 8, HG_COLUMN_TEXT },
	[UID] = { "uid", "UID", 5, HG_COLUMN_RIGHT },
	[MODE] = { "mode", "MODE", 8, 0 },
	[RULES] = { "rules", "RULES", 5, HG_COLUMN_RIGHT },
	[NAMES] = { "names", "NAMES", 8, HG_COLUMN_RIGHT },
	[RESTORES] = { "restores", "RESTORES", 8, HG_COLUMN_RIGHT },
	[PATH] = { "path", "PATH", 30, HG_COLUMN_TEXT },
	[COLUMN_COUNT] = { NULL, NULL, 0, 0 },
};

static const struct hg_columns history_columns = {
	.list = list,
	.table = "revision,when,state,until,user,mode,rules,names,restores,path",
	.csv = "revision,when,state,until,confirmed,user,uid,mode,rules,names,restores,path",
};

static const char *user_of(const struct hg_history *h)
{
	struct passwd *user = getpwuid(h->uid);

	return user ? user->pw_name : "-";
}

static void list_row(struct hg_listing *l, const struct hg_history_row *s)
{
	char when[HG_HISTORY_TIME], until[HG_HISTORY_TIME], confirmed[HG_HISTORY_TIME];
	char revision[16], uid[16], rules[16], names[24], restores[16] = "-";
	const struct hg_history *h = s->h;

	snprintf(revision, sizeof(revision), "%u", h->revision);
	snprintf(uid, sizeof(uid), "%u", h->uid);
	snprintf(rules, sizeof(rules), "%u", h->rules);
	snprintf(names, sizeof(names), "%llu", (unsigned long long)h->names);
	if (h->restores)
		snprintf(restores, sizeof(restores), "%u", h->restores);
	hg_listing_row(l,
		       (const char *const[]){
			       revision, hg_history_time(h->loaded_s, when),
			       hg_history_state_text(s->state), hg_history_time(s->until_s, until),
			       hg_history_time(h->confirmed_s, confirmed), user_of(h), uid,
			       hg_mode_text(h->mode), rules, names, restores, h->path },
		       -1);
}

static int print_history(const struct hg_history *entries, unsigned int count,
			 const struct hg_in_force *now, __u64 now_ns, struct hg_listing *l)
{
	bool json = l->format == HG_FORMAT_JSON, lines = l->format == HG_FORMAT_JSONL;
	struct hg_json out = { 0 };

	hg_listing_begin(l, false);
	if (json)
		hg_json_array(&out);
	for (unsigned int i = 0; i < count; i++) {
		struct hg_history_row s = hg_history_row_of(&entries[i], now, now_ns);

		if (json || lines)
			hg_history_row_json(&out, &s, user_of(s.h));
		else
			list_row(l, &s);
		if (lines)
			hg_json_newline(&out);
	}
	if (json) {
		hg_json_array_end(&out);
		hg_json_newline(&out);
	}
	fwrite(out.text, 1, out.len, stdout);
	hg_json_free(&out);
	return hg_listing_end(l);
}

static int show(const struct hg_instance *in, struct hg_listing *l)
{
	struct hg_history entries[HG_HISTORY];
	__u64 now_ns = hg_clock_monotonic();
	struct hg_in_force now;
	unsigned int count;
	int r = hg_generation_in_force(in, now_ns, &now);

	if (r)
		return hg_bpf_refused(r, "cannot read which policy is active");
	count = hg_history_list(in, entries);
	if (count)
		return print_history(entries, count, &now, now_ns, l);
	hg_error("no policy was ever loaded here");
	hg_hint("load one: hellogate policy load FILE");
	return HG_NOTHING;
}

int hg_cmd_policy_history(const struct hg_command *self, int argc, char **argv)
{
	struct hg_listing listing;
	struct hg_instance in;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands)
		return hg_usage(self, "unexpected argument '%s'", argv[0]);
	if (hg_listing_choose(&listing, self, &history_columns, HG_FORMAT_TABLE, &asked))
		return HG_USAGE;
	r = hg_instance_open(&in, hg_instance_dir(bpffs));
	if (!r)
		r = show(&in, &listing);
	hg_instance_close(&in);
	return r;
}
