/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walks through a hello's lists, one step of each from any window: nothing is
 * read outside the capture nor written outside a name, the window narrows, and a
 * step that does not end its walk narrows it by an item at least.
 */
#include "check.h"

static struct hg_capture capture; /* any bytes: --nondet-static */
static struct hg_parse parse;
static __u8 to[HG_NAME_SIZE];

static void narrowed(const struct hg_window *was, const struct hg_window *is, __u32 by)
{
	CHECK(is->end == was->end, "the same end");
	CHECK(is->at >= was->at + by && is->at <= is->end, "an item further on");
}

static void extensions(struct hg_parse_step *s)
{
	struct hg_window was = any_window();

	parse.ext = was;
	parse.start = any_u32();
	__CPROVER_assume(parse.start <= was.at && parse.sni_extensions < 1U << 16);
	if (!hg_extension_step(0, s))
		narrowed(&was, &parse.ext, 4);
}

static void server_names(struct hg_parse_step *s)
{
	struct hg_window was = any_window();

	parse.list = was;
	parse.hello.sni_names = 0;
	if (hg_server_name_step(0, s))
		return;
	narrowed(&was, &parse.list, 3);
	CHECK(!parse.hello.sni_names || (parse.name.at >= was.at && parse.name.end <= was.end),
	      "a name in the list");
}

/* Steps that may end a little behind the list: the capture has slack there. */
static void numbers(struct hg_parse_step *s)
{
	struct hg_window was = any_window();

	parse.list = was;
	if (!hg_grease_step(0, s))
		CHECK(parse.list.at == was.at + 8, "four suites further on");
	parse.list = was;
	if (!hg_strong_step(0, s))
		CHECK(parse.list.at == was.at + 2, "a suite further on");
	parse.list = was;
	if (!hg_version_step(0, s))
		narrowed(&was, &parse.list, 2);
	parse.list = was;
	if (!hg_group_step(0, s))
		narrowed(&was, &parse.list, 2);
}

static void names(struct hg_parse_step *s)
{
	s->to = to;
	s->from = any_window();
	hg_name_step(any_u8(), s);
	hg_raw_name_step(any_u32(), s);
}

int main(void)
{
	struct hg_parse_step step = { .capture = &capture, .parse = &parse };

	extensions(&step);
	server_names(&step);
	numbers(&step);
	names(&step);
	return 0;
}
