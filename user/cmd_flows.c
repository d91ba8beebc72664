/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_flows.c - handshakes under way, and connections that failed before one.
 *
 * Those under way have an entry, which says who they are; a SYN alone is a slot of
 * a cache, which holds no addresses.  Those that failed before
 * their hello were told once, and are among what is kept.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "eve.h"
#include "examine.h"
#include "kept.h"
#include "listing.h"
#include "map_walk.h"
#include "names.h"
#include "row.h"
#include "say.h"
#include "selection.h"
#include "terms.h"

static const char *bpffs;
static struct hg_listing_text asked;
static struct hg_selection_text selection_text;
static struct hg_selection selection;

const struct hg_option hg_options_flows[] = {
	HG_OPTIONS_LISTING(asked, "table"),
	HG_OPTIONS_SELECTION(selection_text),
	HG_OPTION_LAST(selection_text),
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

struct one {
	struct hg_event facts;
	__u64 name, last_ns;
	const char *state, *cause;
	char *line; /* of one that failed: its EVE line; owned */
};

struct flows {
	struct one *list;
	size_t count, room;
	bool failed; /* out of memory */
	struct hg_eve eve;
	struct hg_names names;
	struct hg_examiner *examiner;
	struct hg_handshakes *handshakes;
	struct hg_record_diagnosis diagnosis; /* of the attempt that comes next */
};

/* ---- reading ---- */

/* Zeroed, or NULL. */
static struct one *new_flow(struct flows *all)
{
	size_t room = all->room ? all->room * 2 : 256;
	struct one *list = all->list;

	if (all->count == all->room) {
		list = realloc(all->list, room * sizeof(*list));
		if (!list) {
			all->failed = true;
			return NULL;
		}
		all->list = list;
		all->room = room;
	}
	list += all->count++;
	memset(list, 0, sizeof(*list));
	return list;
}

static const char *state_text(__u32 state)
{
	static const char *const texts[] = { "partial", "judged", "pending", "reset", "drop" };

	return state < sizeof(texts) / sizeof(texts[0]) ? texts[state] : "?";
}

static void take_flow(void *arg, const void *key, const void *value)
{
	const struct hg_flow *f = value;
	struct one *l = f->counted || f->state == HG_FLOW_CLOSED ? NULL : new_flow(arg);

	if (!l)
		return;
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
	l->state = state_text(f->state);
	l->cause = "-";
}

static void take_attempt(void *arg, struct hg_handshake *h)
{
	struct flows *all = arg;
	bool told = all->diagnosis.type && all->diagnosis.flow_id == h->facts.flow_id;
	struct one *f = new_flow(all);
	struct hg_examined x;

	if (!f)
		return;
	hg_examine(all->examiner, h, 0, told ? &all->diagnosis.diagnosis : NULL, &x);
	f->facts = h->facts;
	f->last_ns = h->facts.time_ns;
	f->state = hg_outcome_text(x.diagnosis.outcome);
	f->cause = hg_cause_text(x.diagnosis.cause);
	hg_json_reset(&all->eve.out);
	if (hg_eve_attempt(&all->eve, h, &x))
		f->line = strndup(all->eve.out.text, all->eve.out.len);
	all->failed |= !f->line;
}

static void take_record(void *arg, const void *record, size_t len)
{
	struct flows *all = arg;

	if (len == sizeof(all->diagnosis) && *(const __u8 *)record == HG_RECORD_DIAGNOSIS)
		memcpy(&all->diagnosis, record, len);
	else if (len && *(const __u8 *)record == HG_EVENT_ATTEMPT)
		hg_handshakes_record(all->handshakes, record, len);
}

static int by_start(const void *a, const void *b)
{
	const struct one *x = a, *y = b;

	return x->facts.first_ns < y->facts.first_ns ? -1 : x->facts.first_ns > y->facts.first_ns;
}

static int read_flows(const struct hg_instance *in, struct flows *all)
{
	struct hg_kept kept;
	int r = hg_kept_read(in, take_record, all, &kept), failed;

	if (kept.missing)
		hg_warn("%llu more failed, and were overwritten before anybody looked",
			(unsigned long long)kept.missing);
	failed = hg_map_walk(in->maps[HG_MAP_flows], take_flow, all);
	if (failed)
		return hg_bpf_refused(failed, "cannot read the flow table");
	if (all->count)
		qsort(all->list, all->count, sizeof(*all->list), by_start);
	return r;
}

static bool open_flows(const struct hg_instance *in, struct flows *all)
{
	static const struct hg_handshakes_ops ops = { .attempt = take_attempt };
	struct hg_eve_names names = hg_names_of(&all->names, in);

	hg_eve_init(&all->eve, &names, false, false);
	all->examiner = hg_examiner_new();
	all->handshakes = hg_handshakes_new(1, &ops, all);
	return all->examiner && all->handshakes;
}

static void close_flows(struct flows *all)
{
	for (size_t i = 0; i < all->count; i++)
		free(all->list[i].line);
	free(all->list);
	hg_handshakes_free(all->handshakes);
	hg_examiner_free(all->examiner);
	hg_eve_free(&all->eve);
}

/* ---- printing ---- */

enum column { FLOW, CLIENT, SERVER, NAME, STATE, CAUSE, OFFER, AGE, IDLE, COVERAGE, COLUMN_COUNT };

static const struct hg_column list[] = {
	[FLOW] = { "flow_id", "FLOW", 0, HG_COLUMN_RIGHT },
	[CLIENT] = { "client", "CLIENT", 0, 0 },
	[SERVER] = { "server", "SERVER", 0, 0 },
	[NAME] = { "sni", "SERVER NAME", 0, HG_COLUMN_TEXT },
	[STATE] = { "state", "STATE", 0, 0 },
	[CAUSE] = { "cause", "CAUSE", 0, 0 },
	[OFFER] = { "version_max", "OFFER", 0, 0 },
	[AGE] = { "age", "AGE", 0, HG_COLUMN_RIGHT },
	[IDLE] = { "idle", "IDLE", 0, HG_COLUMN_RIGHT },
	[COVERAGE] = { "coverage", "COVERAGE", 0, 0 },
	[COLUMN_COUNT] = { NULL, NULL, 0, 0 },
};

static const struct hg_columns flow_columns = {
	.list = list,
	.table = "flow_id,client,server,state,cause,version_max,age,idle,coverage,sni",
	.csv = "flow_id,client,server,sni,state,cause,version_max,age,idle,coverage",
};

struct printer {
	enum hg_format format;
	struct hg_listing listing;
	unsigned long rows;
	__u64 now;
};

static void seconds_text(__u64 since, __u64 now, char *text, size_t size)
{
	snprintf(text, size, "%.1f", now > since ? (double)(now - since) / 1e9 : 0.0);
}

static void add_row(struct printer *p, const struct one *f, const char *name)
{
	char client[HG_ENDPOINT_TEXT], server[HG_ENDPOINT_TEXT], flow[24], age[24], idle[24];
	const struct hg_event *e = &f->facts;
	struct hg_endpoint from, to;

	hg_flow_endpoints(e, &from, &to);
	snprintf(flow, sizeof(flow), "%llu", (unsigned long long)e->flow_id);
	seconds_text(e->first_ns, p->now, age, sizeof(age));
	seconds_text(f->last_ns, p->now, idle, sizeof(idle));
	hg_listing_row(
		&p->listing,
		(const char *const[COLUMN_COUNT]){
			[FLOW] = flow,
			[CLIENT] = hg_endpoint_text(&from, client),
			[SERVER] = hg_endpoint_text(&to, server),
			[NAME] = f->line ? "-" : hg_facts_name(&e->hello, name),
			[STATE] = f->state,
			[CAUSE] = f->cause,
			[OFFER] = e->hello.bytes
					  ? hg_version_text(hg_version_rank(e->hello.version_max))
					  : "-",
			[AGE] = age,
			[IDLE] = idle,
			[COVERAGE] = e->hello_ns || f->line ? hg_bucket_text(e->bucket) : "-",
		},
		f->line ? CAUSE : -1);
}

/* `line` ends with its newline. */
static void print_json(const struct printer *p, const char *line, size_t len)
{
	if (p->format == HG_FORMAT_JSON)
		fputs(p->rows ? ",\n" : "[\n", stdout);
	fwrite(line, 1, len - (p->format == HG_FORMAT_JSON), stdout);
}

static void print_flow(struct printer *p, struct flows *all, const struct one *f)
{
	struct hg_eve *eve = &all->eve;
	const char *name = f->name ? eve->names.server(eve->names.ctx, f->name) : NULL;
	const char *line = f->line;

	hg_json_reset(&eve->out);
	if (!line && hg_eve_flow(eve, &f->facts, f->state, name, f->last_ns))
		line = eve->out.text;
	if (!line) {
		all->failed = true;
		return;
	}
	if (!hg_selection_takes(&selection, line, strcspn(line, "\n") + 1))
		return;
	if (p->format == HG_FORMAT_TABLE || p->format == HG_FORMAT_CSV)
		add_row(p, f, name);
	else
		print_json(p, line, strcspn(line, "\n") + 1);
	p->rows++;
}

static int print_flows(struct flows *all, const struct hg_listing *listing)
{
	struct printer p = { .format = listing->format,
			     .listing = *listing,
			     .now = hg_clock_monotonic() };

	hg_listing_begin(&p.listing, false);
	for (size_t i = 0; i < all->count; i++)
		print_flow(&p, all, &all->list[i]);
	if (p.format == HG_FORMAT_JSON)
		fputs(p.rows ? "\n]\n" : "[]\n", stdout);
	p.listing.failed |= all->failed;
	return hg_listing_end(&p.listing);
}

static int list_flows(const struct hg_instance *in, const struct hg_listing *listing)
{
	struct flows all = { 0 };
	int r = HG_OK, printed;

	if (open_flows(in, &all))
		r = read_flows(in, &all);
	else
		all.failed = true;
	printed = print_flows(&all, listing);
	close_flows(&all);
	return r ? r : printed;
}

int hg_cmd_flows(const struct hg_command *self, int argc, char **argv)
{
	struct hg_listing listing;
	struct hg_instance in;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands)
		return hg_usage(self, "unexpected argument '%s'", argv[0]);
	r = hg_listing_choose(&listing, self, &flow_columns, HG_FORMAT_TABLE, &asked);
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
