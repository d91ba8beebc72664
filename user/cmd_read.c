/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_read.c - the same analysis on captures: no privileges, no kernel limits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../include/counters.h"
#include "../include/event.h"
#include "capture.h"
#include "commands.h"
#include "decap.h"
#include "output.h"
#include "policy_load.h"
#include "ports.h"
#include "read_path.h"
#include "say.h"
#include "snapshot.h"
#include "terms.h"
#include "tunnel.h"

#define PROGRESS_PACKETS 10000 /* the clock is not asked for each */

static const char *limits, *policy, *decap, *checksums, *ports = "any";
static __u64 port_bits[HG_PORT_WORDS];
static bool kernel, quiet, summary;
static struct hg_output_text text;

const struct hg_option hg_options_read[] = {
	HG_OPTIONS_LISTING(text.listing, "table"),
	HG_OPTIONS_SELECTION(text.selection),
	{ "summary", 0, NULL, "what fails and why, in one table", NULL, &summary },
	HG_OPTION_FLOW(text),
	{ "limits", 0, "kernel", "apply the kernel's bounds", &limits, NULL },
	{ "kernel", 0, NULL, "put the frames through the BPF programs (needs CAP_BPF)", NULL,
	  &kernel },
	{ "ports", 0, "LIST", "any, or 443,8443,9000-9100 (default any)", &ports, NULL },
	{ "decap", 0, "LIST", "tunnels to open: none, all, or vxlan,gre ...", &decap, NULL },
	{ "checksums", 0, "MODE", "on, off: leave segments with a wrong one unread (default off)",
	  &checksums, NULL },
	{ "policy", 0, "FILE", "say what this policy would have done", &policy, NULL },
	HG_OPTIONS_EVE(text),
	{ "quiet", 'q', NULL, "say only what went wrong", NULL, &quiet },
	HG_OPTIONS_END,
};

/*
 * Events of one sweep come in the order of a hash table, which differs between
 * the paths: they are kept until the sweep is over, and then put in order.
 */
struct batch {
	unsigned char *bytes;
	size_t len, room;
	size_t *at; /* where each record begins */
	size_t count, slots;
	bool open;
};

struct reading {
	const struct hg_read_path *path;
	struct hg_output out;
	struct hg_compiled *compiled; /* of the policy's file, or NULL */
	struct hg_read_options options;
	struct batch batch;
	__u64 clock_ns;
	__u64 swept_ns;
	unsigned long packets;
	bool rows_show; /* on the terminal, as they come: that is progress enough */
};

static void *grown(void *memory, size_t size)
{
	memory = realloc(memory, size);
	if (!memory) {
		hg_error("out of memory");
		exit(HG_UNSUPPORTED);
	}
	return memory;
}

static void batch_add(struct batch *b, const void *record, size_t len)
{
	size_t aligned = (len + 15) & ~(size_t)7;

	if (b->len + aligned > b->room) {
		b->room = (b->len + aligned) * 2;
		b->bytes = grown(b->bytes, b->room);
	}
	if (b->count == b->slots) {
		b->slots = b->slots ? b->slots * 2 : 64;
		b->at = grown(b->at, b->slots * sizeof(*b->at));
	}
	memcpy(b->bytes + b->len, &len, sizeof(len));
	memcpy(b->bytes + b->len + sizeof(len), record, len);
	b->at[b->count++] = b->len;
	b->len += aligned;
}

static const unsigned char *sort_bytes;

static int by_hello(const void *a, const void *b)
{
	const struct hg_event *x = (const void *)(sort_bytes + *(const size_t *)a + sizeof(size_t));
	const struct hg_event *y = (const void *)(sort_bytes + *(const size_t *)b + sizeof(size_t));

	if (x->hello_ns != y->hello_ns)
		return x->hello_ns < y->hello_ns ? -1 : 1;
	return x->flow_id < y->flow_id ? -1 : x->flow_id > y->flow_id;
}

static void batch_flush(struct batch *b, struct hg_output *out)
{
	if (!b->count)
		return;
	sort_bytes = b->bytes;
	qsort(b->at, b->count, sizeof(*b->at), by_hello);
	for (size_t i = 0; i < b->count; i++) {
		size_t len;

		memcpy(&len, b->bytes + b->at[i], sizeof(len));
		hg_output_record(out, b->bytes + b->at[i] + sizeof(len), len);
	}
	b->count = 0;
	b->len = 0;
}

static void on_event(void *arg, const void *event, size_t len)
{
	struct reading *r = arg;

	if (r->batch.open)
		batch_add(&r->batch, event, len);
	else
		hg_output_record(&r->out, event, len);
}

static int sweep(struct reading *r, int final)
{
	int result;

	r->batch.open = true;
	result = r->path->sweep(r->clock_ns, final);
	r->batch.open = false;
	batch_flush(&r->batch, &r->out);
	return result;
}

/* The clock of a sweep never runs backwards; a frame keeps its own time. */
static int put_frame(struct reading *r, const struct hg_frame *frame)
{
	int result = HG_OK;

	if (frame->time_ns > r->clock_ns)
		r->clock_ns = frame->time_ns;
	if (!r->swept_ns)
		r->swept_ns = r->clock_ns;
	if (r->clock_ns - r->swept_ns >= HG_SECOND) {
		r->swept_ns = r->clock_ns;
		result = sweep(r, 0);
	}
	return result ? result : r->path->frame(frame->data, frame->len, frame->time_ns);
}

static int read_frames(struct reading *r, struct hg_capture_file *file, const char *path)
{
	struct hg_frame frame;
	int result;

	for (;;) {
		result = hg_capture_next(file, &frame);
		if (result || !frame.data)
			return result;
		r->packets++;
		if (!r->rows_show && r->packets % PROGRESS_PACKETS == 0)
			hg_say_progress_count(path, r->packets, "packets");
		if (r->path == &hg_read_path_wide)
			hg_tunnel_open(&frame, r->options.decap);
		result = put_frame(r, &frame);
		if (result)
			return result;
	}
}

/* Was all of the capture read? */
static int say_left_out(const struct reading *r, const char *path)
{
	unsigned long frames = r->path->left_out ? r->path->left_out() : 0;

	if (!frames)
		return HG_OK;
	hg_error("%s: %lu of %lu frames were left out: --kernel takes frames of 14 to 65,000 bytes",
		 path, frames, r->packets);
	hg_hint("all of them, with the kernel's bounds: hellogate read --limits kernel %s", path);
	return HG_PARTLY;
}

/* What is counted and not read; where a policy is given, what it would have done. */
static void say_quic(const struct reading *r, const char *path)
{
	struct hg_counters c = { 0 };
	const __u64 *actions;
	char done[64] = "";
	__u64 all;

	if (r->path->counters(&c))
		return;
	actions = (const __u64 *)&c.quic_initials;
	all = hg_counters_initials(&c);
	for (unsigned int i = HG_QUIC_ACTION_drop; i < HG_QUIC_ACTION_COUNT; i++)
		if (actions[i])
			snprintf(done, sizeof(done), ", %llu %s", (unsigned long long)actions[i],
				 hg_quic_action_text(i));
	if (all)
		hg_say("%s: %llu QUIC Initial%s, counted and not read%s", path,
		       (unsigned long long)all, all == 1 ? "" : "s", done);
}

static int read_one(struct reading *r, const char *path)
{
	struct hg_capture_file *file;
	int result = hg_capture_open(path, &file), ended;

	if (result)
		return result;
	r->clock_ns = 0;
	r->swept_ns = 0;
	r->packets = 0;
	result = r->path->open(r->compiled, &r->options, on_event, r);
	if (!result) {
		result = read_frames(r, file, path);
		hg_say_progress_end();
		ended = sweep(r, 1);
		result = result ? result : ended;
		say_quic(r, path);
		ended = say_left_out(r, path);
		result = result ? result : ended;
	}
	r->path->close();
	hg_capture_close(file);
	return result;
}

static const char *rule_name(void *ctx, const struct hg_verdict *v)
{
	const struct reading *r = ctx;

	return r->compiled ? hg_compiled_rule_name(r->compiled, v->rule) : NULL;
}

static int read_all(struct reading *r, int count, char **paths,
		    const struct hg_output_options *options)
{
	struct hg_eve_names names = { .ctx = r, .rule = rule_name };
	int worst = HG_OK, done = 0;

	if (!hg_output_open(&r->out, options, &names, true)) {
		hg_error("out of memory");
		return HG_UNSUPPORTED;
	}
	r->rows_show = !summary && isatty(STDOUT_FILENO);
	r->out.source = count == 1 ? paths[0] : "captures";
	for (int i = 0; i < count; i++) {
		int result = read_one(r, paths[i]);

		worst = result ? result : worst;
		done += !result;
	}
	if (hg_output_close(&r->out) == HG_NO && !worst) {
		hg_error("no handshake of flow %s is there", text.flow);
		worst = HG_NO;
	}
	free(r->batch.bytes);
	free(r->batch.at);
	return worst > HG_NO && done ? HG_PARTLY : worst;
}

static int choose(const struct hg_command *self, struct reading *r,
		  struct hg_output_options *options)
{
	if (limits && strcmp(limits, "kernel") != 0)
		return hg_usage(self, "--limits takes 'kernel', not '%s'", limits);
	r->path = kernel   ? &hg_read_path_kernel
		  : limits ? &hg_read_path_kernel_limits
			   : &hg_read_path_wide;
	r->options.decap = r->path == &hg_read_path_wide ? HG_DECAP_ALL : 0; /* as `attach` */
	if (hg_decap_parse(self, decap, &r->options.decap))
		return HG_USAGE;
	if (hg_ports_option(ports, port_bits))
		return HG_USAGE;
	if (!hg_ports_are_all(port_bits))
		r->options.ports = port_bits;
	/* Off: what a host captures of its own, its NIC has yet to sum. */
	if (hg_switch_parse(self, "checksums", checksums, &r->options.checksums))
		return HG_USAGE;
	return hg_output_options_open(self, &text, HG_FORMAT_TABLE,
				      summary ? HG_VIEW_CAUSES : HG_VIEW_EVENTS, options);
}

int hg_cmd_read(const struct hg_command *self, int argc, char **argv)
{
	struct hg_policy_file file = { 0 };
	struct reading r = { 0 };
	struct hg_output_options options = { 0 };
	int count, result = hg_options_parse(self, argc, argv, &count);

	if (result != HG_PARSED)
		return result;
	if (!count)
		return hg_usage(self, "which capture?");
	hg_say_quiet(quiet);
	result = choose(self, &r, &options);
	if (!result && policy)
		result = hg_policy_file_open(policy, &file);
	r.compiled = file.compiled;
	if (r.compiled)
		r.compiled->policy.revision = 1; /* 0 would say that there is none */
	if (!result)
		result = read_all(&r, count, argv, &options);
	hg_policy_file_close(&file);
	hg_output_options_close(&options);
	return result;
}
