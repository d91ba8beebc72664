/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_flows.c - connections that live: what is known of each by now.
 *
 * Those with payload have an entry, which says who they are.  A SYN without is a
 * slot of a cache, which holds no addresses.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "eve.h"
#include "listing.h"
#include "map_walk.h"
#include "names.h"
#include "row.h"
#include "say.h"
#include "selection.h"
#include "terms.h"

static const char *format_text, *columns, *bpffs;
static bool json;
static struct hg_selection_text selection_text;
static struct hg_selection selection;

const struct hg_option hg_options_flows[] = {
	{ "output", 'o', "FORMAT", "table, json, jsonl or csv (default table)", &format_text,
	  NULL },
	{ "json", 'j', NULL, "the same as -o json", NULL, &json },
	HG_OPTION_COLUMNS(columns),
	HG_OPTIONS_SELECTION(selection_text),
	HG_OPTION_LAST(selection_text),
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

struct live {
	struct hg_event facts;
	__u64 name, last_ns;
	__u32 state; /* enum hg_flow_state */
};

struct flows {
	struct live *list;
	size_t count, room;
	bool failed; /* out of memory */
};

/* ---- reading ---- */

static struct live *new_live(struct flows *all)
{
	size_t room = all->room ? all->room * 2 : 256;
	void *list;

	if (all->count < all->room)
		return &all->list[all->count++];
	list = realloc(all->list, room * sizeof(*all->list));
	if (!list) {
		all->failed = true;
		return NULL;
	}
	all->list = list;
	all->room = room;
	return &all->list[all->count++];
}

static void take_flow(void *arg, const void *key, const void *value)
{
	const struct hg_flow *f = value;
	struct live *l = f->counted || f->state == HG_FLOW_CLOSED ? NULL : new_live(arg);

	if (!l)
		return;
	memset(l, 0, sizeof(*l));
	l->facts.interface = f->interface;
	l->facts.ifindex = f->ifindex;
	l->facts.vlan = f->vlan;
	l->facts.flow_id = f->id;
	l->facts.first_ns = f->first_ns;
	l->facts.hello_ns = f->hello_ns;
	memcpy(&l->facts.key, key, sizeof(l->facts.key));
	l->facts.client_lo = f->client_lo;
	l->facts.flags = f->flags;
	l->facts.bucket = f->bucket;
	l->facts.hello = f->hello;
	l->facts.verdict = f->verdict;
	l->name = f->name;
	l->last_ns = f->last_ns;
	l->state = f->state;
}

static int by_start(const void *a, const void *b)
{
	const struct live *x = a, *y = b;

	return x->facts.first_ns < y->facts.first_ns ? -1 : x->facts.first_ns > y->facts.first_ns;
}

static const char *state_text(__u32 state)
{
	static const char *const texts[] = { "partial", "judged", "pending", "reset", "drop" };

	return state < sizeof(texts) / sizeof(texts[0]) ? texts[state] : "?";
}

/* ---- printing ---- */

enum column { FLOW, CLIENT, SERVER, NAME, STATE, OFFER, AGE, IDLE, COVERAGE, COLUMN_COUNT };

static const struct hg_column list[] = {
	[FLOW] = { "flow_id", "FLOW", 0, HG_COLUMN_RIGHT },
	[CLIENT] = { "client", "CLIENT", 0, 0 },
	[SERVER] = { "server", "SERVER", 0, 0 },
	[NAME] = { "sni", "SERVER NAME", 0, HG_COLUMN_TEXT },
	[STATE] = { "state", "STATE", 0, 0 },
	[OFFER] = { "version_max", "OFFER", 0, 0 },
	[AGE] = { "age", "AGE", 0, HG_COLUMN_RIGHT },
	[IDLE] = { "idle", "IDLE", 0, HG_COLUMN_RIGHT },
	[COVERAGE] = { "coverage", "COVERAGE", 0, 0 },
	[COLUMN_COUNT] = { NULL, NULL, 0, 0 },
};

static const struct hg_columns flow_columns = {
	.list = list,
	.table = "flow_id,client,server,state,version_max,age,idle,coverage,sni",
	.csv = "flow_id,client,server,sni,state,version_max,age,idle,coverage",
};

struct flow_printer {
	enum hg_format format;
	struct hg_eve eve;
	struct hg_listing listing;
	unsigned long rows;
	__u64 now;
	bool failed; /* no memory */
};

static void seconds_text(__u64 since, __u64 now, char *text, size_t size)
{
	snprintf(text, size, "%.1f", now > since ? (double)(now - since) / 1e9 : 0.0);
}

static void add_row(struct flow_printer *p, const struct live *f, const char *name)
{
	char client[HG_ENDPOINT_TEXT], server[HG_ENDPOINT_TEXT], flow[24], age[24], idle[24];
	const struct hg_event *e = &f->facts;
	struct hg_endpoint from, to;

	hg_flow_endpoints(e, &from, &to);
	snprintf(flow, sizeof(flow), "%llu", (unsigned long long)e->flow_id);
	seconds_text(e->first_ns, p->now, age, sizeof(age));
	seconds_text(f->last_ns, p->now, idle, sizeof(idle));
	hg_listing_row(&p->listing,
		       (const char *const[COLUMN_COUNT]){
			       [FLOW] = flow,
			       [CLIENT] = hg_endpoint_text(&from, client),
			       [SERVER] = hg_endpoint_text(&to, server),
			       [NAME] = hg_facts_name(&e->hello, name),
			       [STATE] = state_text(f->state),
			       [OFFER] = e->hello.bytes ? hg_version_text(hg_version_rank(
								  e->hello.version_max))
							: "-",
			       [AGE] = age,
			       [IDLE] = idle,
			       [COVERAGE] = e->hello_ns ? hg_bucket_text(e->bucket) : "-",
		       },
		       -1);
}

static void print_json(const struct flow_printer *p)
{
	if (p->format == HG_FORMAT_JSON)
		fputs(p->rows ? ",\n" : "[\n", stdout);
	fwrite(p->eve.out.text, 1, p->eve.out.len - (p->format == HG_FORMAT_JSON), stdout);
}

static void print_flow(struct flow_printer *p, const struct live *f)
{
	const char *name = f->name ? p->eve.names.server(p->eve.names.ctx, f->name) : NULL;

	hg_json_reset(&p->eve.out);
	if (!hg_eve_flow(&p->eve, &f->facts, state_text(f->state), name, f->last_ns)) {
		p->failed = true;
		return;
	}
	if (!hg_selection_takes(&selection, p->eve.out.text, p->eve.out.len))
		return;
	if (p->format == HG_FORMAT_TABLE || p->format == HG_FORMAT_CSV)
		add_row(p, f, name);
	else
		print_json(p);
	p->rows++;
}

static int end_printing(struct flow_printer *p)
{
	int r;

	p->listing.failed |= p->failed;
	if (p->format == HG_FORMAT_JSON)
		fputs(p->rows ? "\n]\n" : "[]\n", stdout);
	r = hg_listing_end(&p->listing);
	hg_eve_free(&p->eve);
	return r;
}

static int list_flows(const struct hg_instance *in, const struct hg_listing *listing)
{
	struct hg_names names;
	struct hg_eve_names callbacks = hg_names_of(&names, in);
	struct flow_printer p = { .format = listing->format,
				  .listing = *listing,
				  .now = hg_clock_monotonic() };
	struct flows all = { 0 };
	int r = hg_map_walk(in->maps[HG_MAP_flows], take_flow, &all);

	if (r) {
		free(all.list);
		return hg_bpf_refused(r, "cannot read the flow table");
	}
	hg_eve_init(&p.eve, &callbacks, false, false);
	p.failed = all.failed || !hg_listing_begin(&p.listing, false, false);
	if (all.count)
		qsort(all.list, all.count, sizeof(*all.list), by_start);
	for (size_t i = 0; !p.failed && i < all.count; i++)
		print_flow(&p, &all.list[i]);
	free(all.list);
	return end_printing(&p);
}

int hg_cmd_flows(const struct hg_command *self, int argc, char **argv)
{
	struct hg_listing listing;
	struct hg_instance in;
	enum hg_format format;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands)
		return hg_usage(self, "unexpected argument '%s'", argv[0]);
	if (!hg_format_parse(json ? "json" : format_text, HG_FORMAT_TABLE, &format))
		return HG_USAGE;
	r = hg_listing_choose(&listing, self, &flow_columns, format, columns);
	if (!r)
		r = hg_selection_open(self, &selection_text, &selection);
	if (r)
		return r;
	r = hg_instance_open(&in, hg_instance_dir(bpffs));
	if (!r)
		r = list_flows(&in, &listing);
	hg_instance_close(&in);
	hg_selection_close(&selection);
	return r;
}
