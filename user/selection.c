/* SPDX-License-Identifier: BSD-2-Clause */
#include "selection.h"

#include <time.h>

#include "say.h"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

int hg_selection_open(const struct hg_command *command, const struct hg_selection_text *text,
		      struct hg_selection *out)
{
	const struct hg_time_span_text *span = &text->span;
	bool all = !text->filter && !span->since && !span->until && !span->last;
	struct hg_selection selection = { .all = all };
	char error[512];

	if (hg_time_span_parse(span, now_ns(), &selection.span, error, sizeof(error)))
		return hg_usage(command, "%s", error);
	if (text->filter && hg_filter_parse(text->filter, &selection.filter, error, sizeof(error)))
		return hg_usage(command, "--filter: %s", error);
	*out = selection;
	return HG_OK;
}

/* By the `timestamp` of the event, which has a zone: there is no local time in it. */
static bool is_in_span(const struct hg_selection *s, const json_t *event)
{
	const char *text = json_string_value(json_object_get(event, "timestamp"));
	uint64_t ns;

	return text && hg_time_parse(text, 0, &ns) && hg_time_span_holds(&s->span, ns);
}

/* A line that cannot be judged, for want of memory, is printed rather than lost. */
bool hg_selection_takes(const struct hg_selection *s, const char *line, size_t len)
{
	json_t *event;
	bool takes;

	event = json_loadb(line, len, 0, NULL);
	if (!event)
		return true;
	takes = is_in_span(s, event) && (!s->filter || hg_filter_matches(s->filter, event));
	json_decref(event);
	return takes;
}

void hg_selection_close(struct hg_selection *s)
{
	hg_filter_free(s->filter);
	s->filter = NULL;
}
