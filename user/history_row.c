/* SPDX-License-Identifier: BSD-2-Clause */
#include "history_row.h"

#include <time.h>

#include "clock.h"
#include "terms.h"

const char *hg_history_time(__u64 seconds, char text[HG_HISTORY_TIME])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (!seconds)
		return "-";
	localtime_r(&when, &tm);
	strftime(text, HG_HISTORY_TIME, "%Y-%m-%dT%H:%M:%S%z", &tm);
	return text;
}

/* The deadline is of the monotonic clock; what is said, of the wall's. */
struct hg_history_row hg_history_row_of(const struct hg_history *h, const struct hg_in_force *now,
					__u64 now_ns)
{
	struct hg_history_row row = { .h = h, .state = hg_history_state_of(h, now) };

	if (row.state == HG_HISTORY_UNCONFIRMED)
		row.until_s = (__u64)time(NULL) + (now->confirm_by_ns - now_ns) / HG_SECOND;
	return row;
}

static void put_time(struct hg_json *j, const char *key, __u64 seconds)
{
	char text[HG_HISTORY_TIME];

	if (seconds)
		hg_json_put_string(j, key, hg_history_time(seconds, text));
}

void hg_history_row_json(struct hg_json *j, const struct hg_history_row *row, const char *user)
{
	const struct hg_history *h = row->h;

	hg_json_object(j);
	hg_json_put_uint(j, "revision", h->revision);
	put_time(j, "when", h->loaded_s);
	hg_json_put_string(j, "state", hg_history_state_text(row->state));
	put_time(j, "until", row->until_s);
	put_time(j, "confirmed", h->confirmed_s);
	hg_json_put_uint(j, "uid", h->uid);
	if (user)
		hg_json_put_string(j, "user", user);
	hg_json_put_string(j, "mode", hg_mode_text(h->mode));
	hg_json_put_uint(j, "rules", h->rules);
	hg_json_put_uint(j, "names", h->names);
	if (h->restores)
		hg_json_put_uint(j, "restores", h->restores);
	hg_json_put_string(j, "path", h->path);
	hg_json_object_end(j);
}

int hg_history_json(const struct hg_instance *in, struct hg_json *j)
{
	struct hg_history entries[HG_HISTORY];
	__u64 now_ns = hg_clock_monotonic();
	struct hg_in_force now;
	unsigned int count;
	int r = hg_generation_in_force(in, now_ns, &now);

	if (r)
		return r;
	count = hg_history_list(in, entries);
	hg_json_object(j);
	hg_json_key(j, "revisions");
	hg_json_array(j);
	for (unsigned int i = 0; i < count; i++) {
		struct hg_history_row row = hg_history_row_of(&entries[i], &now, now_ns);

		hg_history_row_json(j, &row, NULL);
	}
	hg_json_array_end(j);
	hg_json_object_end(j);
	return 0;
}
