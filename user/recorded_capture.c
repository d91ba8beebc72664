/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recorded_capture.c - handshakes of a capture.  Each is told as the data path
 * judges it: at its hello, or where it ended without one that could be read.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../include/event.h"
#include "capture.h"
#include "decap.h"
#include "decisions.h"
#include "endpoint.h"
#include "handshake.h"
#include "read_path.h"
#include "recorded.h"
#include "row.h"
#include "say.h"
#include "tunnel.h"

#define HANDSHAKES_MAX 65536
#define PROGRESS_PACKETS 10000 /* the clock is not asked for each */

struct reading {
	struct hg_handshakes *handshakes;
	hg_recorded_fn each;
	void *arg;
	__u64 clock_ns, swept_ns;
};

static void tell(struct reading *r, struct hg_handshake *h)
{
	struct hg_recorded recorded;
	struct hg_endpoint client, server;
	struct hg_flow_view view;

	hg_flow_view_of(h, &view);
	view.time_ns = h->facts.time_ns; /* the clock of a capture is the time of day */
	hg_flow_endpoints(&h->facts, &client, &server);
	recorded.view = &view;
	snprintf(recorded.name, sizeof(recorded.name), "%s", hg_row_name(h));
	if (hg_address_is_v4(client.addr))
		inet_ntop(AF_INET, client.addr + 12, recorded.client, sizeof(recorded.client));
	else
		inet_ntop(AF_INET6, client.addr, recorded.client, sizeof(recorded.client));
	r->each(r->arg, &recorded);
}

static void on_hello(void *ctx, struct hg_handshake *h)
{
	tell(ctx, h);
}

static void on_end(void *ctx, struct hg_handshake *h)
{
	if (!h->read) /* else it was told at its hello */
		tell(ctx, h);
}

static void on_record(void *arg, const void *record, size_t len)
{
	struct reading *r = arg;

	hg_handshakes_record(r->handshakes, record, len);
}

static int put_frame(struct reading *r, struct hg_frame *frame)
{
	const struct hg_read_path *path = &hg_read_path_wide;
	int result = HG_OK;

	hg_tunnel_open(frame, HG_DECAP_ALL);
	if (frame->time_ns > r->clock_ns)
		r->clock_ns = frame->time_ns;
	if (!r->swept_ns)
		r->swept_ns = r->clock_ns;
	if (r->clock_ns - r->swept_ns >= HG_SECOND) {
		r->swept_ns = r->clock_ns;
		result = path->sweep(r->clock_ns, 0);
	}
	return result ? result : path->frame(frame->data, frame->len, frame->time_ns);
}

static int read_frames(struct reading *r, struct hg_capture_file *file, const char *path)
{
	struct hg_frame frame;
	int result = HG_OK;

	while (!result) {
		result = hg_capture_next(file, &frame);
		if (result || !frame.data)
			break;
		if (frame.number % PROGRESS_PACKETS == 0)
			hg_say_progress_count(path, frame.number, "packets");
		result = put_frame(r, &frame);
	}
	hg_say_progress_end();
	hg_read_path_wide.sweep(r->clock_ns, 1);
	return result;
}

int hg_recorded_capture(const char *path, hg_recorded_fn each, void *arg)
{
	static const struct hg_handshakes_ops ops = { .hello = on_hello, .end = on_end };
	const struct hg_read_options options = { .decap = HG_DECAP_ALL };
	struct reading r = { .each = each, .arg = arg };
	struct hg_capture_file *file;
	int result = hg_capture_open(path, &file);

	if (result)
		return result;
	r.handshakes = hg_handshakes_new(HANDSHAKES_MAX, &ops, &r);
	result = r.handshakes ? hg_read_path_wide.open(NULL, &options, on_record, &r)
			      : hg_bpf_refused(ENOMEM, "no memory for the handshakes");
	if (!result)
		result = read_frames(&r, file, path);
	hg_read_path_wide.close();
	hg_handshakes_free(r.handshakes);
	hg_capture_close(file);
	return result;
}
