/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * More flows that are reset than the table may be full of: they give way once they
 * are silent, and their slots go on dropping what comes of them.
 */
#include <bpf/bpf.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

static struct octets stream;

static void police(struct gate *g, __u8 action)
{
	struct gate_policy p = {
		.header = { .revision = 1, .mode = HG_MODE_enforce, .default_action = action }
	};

	gate_police(g, &p);
}

static struct conn conn_of(__u32 n, __u32 isn)
{
	return (struct conn){ .isn = isn,
			      .client = { 10, 1, (__u8)(n / 50000), 1 },
			      .server = { 192, 0, 2, 1 },
			      .client_port = (__u16)(1024 + n % 50000) };
}

/* Entries of the table, also of handshakes that are over. */
static __u32 entries(struct gate *g)
{
	int map = gate_map(g, "flows");
	struct hg_flow_key key;
	__u32 count = 0;

	for (int r = bpf_map_get_next_key(map, NULL, &key); !r;
	     r = bpf_map_get_next_key(map, &key, &key))
		count++;
	return count;
}

#define FIRST 0x10000000 /* sequence numbers */
#define LATER 0x50000000

static enum gate_act refused(struct gate *g, enum gate_hook hook, __u32 n, __u32 isn)
{
	static struct talk t;
	struct conn conn = conn_of(n, isn);

	talk_begin(&t, g, hook, &conn);
	talk_syn(&t);
	return talk_client(&t, 0, stream.at, stream.len);
}

/* The hello once more, of a flow that has given way. */
static enum gate_act again(struct gate *g, enum gate_hook hook, __u32 n)
{
	static struct talk t;
	struct conn conn = conn_of(n, FIRST);

	talk_begin(&t, g, hook, &conn);
	return talk_client(&t, 0, stream.at, stream.len);
}

static bool crowd(struct gate *g, enum gate_hook hook, __u32 count, enum gate_act act)
{
	__u32 met = 0;

	for (__u32 i = 0; i < count; i++)
		met += refused(g, hook, i, FIRST) == act;
	gate_forget(g);
	return check_u64("refused", met, count);
}

static void gives_way(struct gate *g, enum gate_hook hook, __u8 action, enum gate_act act)
{
	const __u32 count = HG_FLOWS / 4 + 1;
	bool ok;

	police(g, action);
	ok = crowd(g, hook, count, act);
	gate_sweep(g); /* counts them */
	gate_wait(g, SECONDS(1) / 2 - 1);
	gate_sweep(g);
	ok &= check_u64("too early", entries(g), count);
	gate_wait(g, 1);
	gate_sweep(g);
	ok &= check_u64("in the table", entries(g), 0);
	ok &= check_u64("the hello once more", again(g, hook, 7), GATE_DROP);
	ok &= check_u64("a new connection", refused(g, hook, 7, LATER), act);
	tap_ok(ok & gate_over(g), "%s: a crowd that is %s gives way", gate_hook_name[hook],
	       gate_act_name[act]);
}

static void stays(struct gate *g, enum gate_hook hook)
{
	bool ok;

	police(g, HG_ACTION_reset);
	ok = crowd(g, hook, 100, GATE_RESET);
	gate_sweep(g);
	gate_wait(g, SECONDS(9));
	gate_sweep(g);
	ok &= check_u64("in the table", entries(g), 100);
	ok &= check_u64("the hello once more", again(g, hook, 7), GATE_RESET);
	tap_ok(ok & gate_over(g), "%s: no crowd stays for ten seconds", gate_hook_name[hook]);
}

int main(void)
{
	static struct octets message;
	static struct gate g;

	hello_build(&message, &(struct hello_spec){ .sni = "a.example" });
	record_whole(&stream, &message);
	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		gives_way(&g, hook, HG_ACTION_reset, GATE_RESET);
		stays(&g, hook);
	}
	gives_way(&g, GATE_XDP, HG_ACTION_drop, GATE_DROP);
	gate_close(&g);
	return tap_done();
}
