/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arm that resets for XDP: by the metadata in front of a live frame, or by
 * parsing for itself where it is told to.
 */
#include <sys/utsname.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

static struct octets message, stream;

static const struct gate_policy reset_all = {
	.header = { .revision = 1, .mode = HG_MODE_enforce, .default_action = HG_ACTION_reset },
};

/* Frames that BPF_PROG_TEST_RUN passes on keep their metadata since 6.15. */
static bool live_metadata(void)
{
	struct utsname u;
	int major = 0, minor = 0;

	uname(&u);
	sscanf(u.release, "%d.%d", &major, &minor);
	return major > 6 || (major == 6 && minor >= 15);
}

static bool resets(struct gate *g, __u64 n)
{
	struct hg_counters c;

	gate_counters(g, &c);
	return check_u64("resets to both", c.resets.both, n);
}

/* SYN by a test run, the hello as a live frame. */
static bool live_hello(struct gate *g, struct talk *t, const struct conn *like)
{
	struct segment s;

	talk_begin(t, g, GATE_XDP, like);
	talk_syn(t);
	s = (struct segment){ .flags = TCP_PSH | TCP_ACK,
			      .seq = t->conn.isn + 1,
			      .ack = t->conn.server_isn + 1,
			      .data = stream.at,
			      .len = stream.len };
	t->at = frame_build(&t->frame, &t->conn, &s);
	return check_u64("live frames", gate_send_live(g, &t->frame), 0);
}

static void by_metadata(struct gate *g)
{
	static struct talk t;
	struct frame_view v;
	bool ok;

	if (!live_metadata()) {
		tap_skip("a live frame's metadata reaches the arm", "before 6.15 it is lost");
		return;
	}
	gate_police(g, &reset_all);
	ok = live_hello(g, &t, NULL) & check_u64("echo", gate_echo(&t.echo), true);
	ok &= resets(g, 1);
	if (t.echo.len) {
		frame_read(&v, &t.echo);
		ok &= check_u64("seq", v.seq, t.conn.server_isn + 1);
		ok &= check_u64("ack", v.ack, t.conn.isn + 1 + stream.len);
		ok &= check_u64("checksums", frame_fault(t.echo.at, t.echo.len, false) == NULL,
				true);
	}
	tap_ok(ok & gate_balanced(g) & gate_clear(g), "a live frame's metadata reaches the arm");
}

static void let_pass(struct gate *g)
{
	static struct talk t;
	bool ok;

	gate_unpolice(g);
	ok = live_hello(g, &t, NULL) & check_u64("echo", gate_echo(&t.echo), false);
	ok &= resets(g, 0);
	tap_ok(ok & gate_balanced(g) & gate_clear(g), "without metadata the arm lets pass");
}

/* What has no metadata is none of the arm's business, and it counts nothing. */
static void bare(struct gate *g)
{
	static struct talk t;
	struct hg_counters c;
	bool ok;

	gate_police(g, &reset_all);
	talk_begin(&t, g, GATE_ARM, NULL);
	ok = check_u64("SYN", talk_syn(&t), GATE_PASS);
	ok &= check_u64("hello", talk_client(&t, 0, stream.at, stream.len), GATE_PASS);
	gate_counters(g, &c);
	ok &= check_u64("packets", c.packets.passed + c.packets.reset_arm, 0);
	ok &= check_u64("flows created", c.flows_created, 0);
	tap_ok(ok & gate_balanced(g) & gate_clear(g), "a frame without metadata is left alone");
}

int main(void)
{
	static struct gate g;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	gate_open(&g, NULL);
	gate_echo_open();
	gate_attach_arm(&g);
	by_metadata(&g);
	let_pass(&g);
	bare(&g);
	gate_close(&g);
	return tap_done();
}
