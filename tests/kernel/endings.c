/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How flows end, and the bucket that each ends in.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

enum step {
	STOP,
	SYN,
	SYN_ACK,
	HELLO,	   /* whole */
	HELLO_FIN, /* whole, with FIN */
	PART,	   /* its first 200 bytes */
	PART_FIN,
	REST,
	CLIENT_ACK,
	CLIENT_FIN,
	CLIENT_RST,
	CLIENT_DATA, /* after the hello */
	SERVER_ACK,
	SERVER_FIN,
	SERVER_RST,
	REFUSAL,	/* RST with the sequence number 0, as an answer to a SYN */
	CLIENT_FIN_FAR, /* 16 MB ahead: no server would believe it */
	CLIENT_RST_FAR,
	SERVER_RST_FAR,
	CLIENT_FIN_AHEAD, /* where the hello will end */
	CLIENT_FIN_EARLY,
	CLIENT_RST_EARLY,
	CLIENT_FIN_LATE,
	CLIENT_RST_LATE,
	SERVER_DATA,
	ANSWER, /* data that acknowledges the hello */
	IDLE_9,
	IDLE_11,
	IDLE_29,
	IDLE_31,
	IDLE_70,
};

struct row {
	const char *what;
	enum step steps[12];
	enum hg_bucket bucket; /* HG_BUCKET_COUNT: still active */
	enum hg_close close;   /* of the END event; HG_CLOSE_none: there is none */
	enum hg_side from;
};

#define ACTIVE HG_BUCKET_COUNT
#define NO_END HG_CLOSE_none, HG_SIDE_client

/* clang-format off */
static const struct row rows[] = {
	{ "SYN alone", { SYN }, ACTIVE, NO_END },
	{ "SYN, 70 s", { SYN, IDLE_70 }, HG_BUCKET_no_data, NO_END },
	{ "SYN, refused", { SYN, REFUSAL }, HG_BUCKET_tcp_refused, NO_END },
	{ "SYN, SYN-ACK, server RST", { SYN, SYN_ACK, SERVER_RST }, ACTIVE, NO_END },
	{ "SYN, SYN-ACK, server RST, 9 s", { SYN, SYN_ACK, SERVER_RST, IDLE_9 }, HG_BUCKET_no_data,
	  NO_END },
	{ "SYN, SYN-ACK, server RST, hello, FIN", { SYN, SYN_ACK, SERVER_RST, HELLO, CLIENT_FIN, IDLE_11 },
	  HG_BUCKET_single_segment, HG_CLOSE_fin, HG_SIDE_client },
	{ "SYN, SYN-ACK, client RST one byte late", { SYN, SYN_ACK, CLIENT_RST_LATE }, ACTIVE,
	  NO_END },
	{ "SYN, client RST", { SYN, CLIENT_RST, IDLE_9 }, HG_BUCKET_no_data, NO_END },
	{ "SYN, SYN-ACK, ACK, client FIN", { SYN, SYN_ACK, CLIENT_ACK, CLIENT_FIN, IDLE_9 },
	  HG_BUCKET_no_data, NO_END },
	{ "three SYNs", { SYN, SYN, SYN }, ACTIVE, NO_END },
	{ "three SYNs, refused", { SYN, SYN, SYN, REFUSAL }, HG_BUCKET_tcp_refused, NO_END },
	{ "hello", { SYN, HELLO }, ACTIVE, NO_END },
	{ "hello, client FIN", { SYN, HELLO, CLIENT_FIN, IDLE_9 }, HG_BUCKET_single_segment, HG_CLOSE_fin,
	  HG_SIDE_client },
	{ "hello, client FIN, at once", { SYN, HELLO, CLIENT_FIN }, ACTIVE, NO_END },
	{ "hello, answer, client FIN", { SYN, HELLO, ANSWER, CLIENT_FIN }, ACTIVE, NO_END },
	{ "hello, answer, client FIN, server FIN", { SYN, HELLO, ANSWER, CLIENT_FIN, SERVER_FIN },
	  HG_BUCKET_single_segment, HG_CLOSE_fin, HG_SIDE_client },
	{ "hello, answer, client FIN, 11 s", { SYN, HELLO, ANSWER, CLIENT_FIN, IDLE_11 },
	  HG_BUCKET_single_segment, HG_CLOSE_fin, HG_SIDE_client },
	{ "hello, server FIN", { SYN, HELLO, SERVER_FIN }, HG_BUCKET_single_segment, HG_CLOSE_fin,
	  HG_SIDE_server },
	{ "hello, client RST", { SYN, HELLO, CLIENT_RST, IDLE_9 }, HG_BUCKET_single_segment, HG_CLOSE_rst,
	  HG_SIDE_client },
	{ "hello, server RST", { SYN, HELLO, SERVER_RST }, HG_BUCKET_single_segment, HG_CLOSE_rst,
	  HG_SIDE_server },
	{ "hello with FIN", { SYN, HELLO_FIN, IDLE_9 }, HG_BUCKET_single_segment, HG_CLOSE_fin,
	  HG_SIDE_client },
	{ "hello, both FINs", { SYN, HELLO, SERVER_FIN, CLIENT_FIN, SERVER_ACK },
	  HG_BUCKET_single_segment, HG_CLOSE_fin, HG_SIDE_server },
	{ "hello, FIN, late data", { SYN, HELLO, ANSWER, CLIENT_FIN, SERVER_DATA, CLIENT_DATA, CLIENT_RST },
	  HG_BUCKET_single_segment, HG_CLOSE_fin, HG_SIDE_client },
	{ "hello, 9 s", { SYN, HELLO, IDLE_9 }, ACTIVE, NO_END },
	{ "hello, 11 s", { SYN, HELLO, IDLE_11 }, HG_BUCKET_single_segment, HG_CLOSE_idle,
	  HG_SIDE_path },
	{ "hello, data every 9 s", { SYN, HELLO, IDLE_9, SERVER_DATA, IDLE_9, CLIENT_DATA, IDLE_9 },
	  ACTIVE, NO_END },
	{ "part, 29 s", { SYN, PART, IDLE_29 }, ACTIVE, NO_END },
	{ "part, 31 s", { SYN, PART, IDLE_31 }, HG_BUCKET_truncated, HG_CLOSE_idle, HG_SIDE_path },
	{ "part, 29 s, rest", { SYN, PART, IDLE_29, REST }, ACTIVE, NO_END },
	{ "part, 29 s, rest, FIN", { SYN, PART, IDLE_29, REST, SERVER_FIN }, HG_BUCKET_reassembled,
	  HG_CLOSE_fin, HG_SIDE_server },
	{ "part, 31 s, rest", { SYN, PART, IDLE_31, REST }, HG_BUCKET_truncated, HG_CLOSE_idle,
	  HG_SIDE_path },
	{ "part, a FIN ahead of the rest", { SYN, PART, CLIENT_FIN_AHEAD }, ACTIVE, NO_END },
	{ "part, a FIN ahead of the rest, 31 s", { SYN, PART, CLIENT_FIN_AHEAD, IDLE_31 },
	  HG_BUCKET_truncated, HG_CLOSE_idle, HG_SIDE_path },
	{ "part, server RST", { SYN, PART, SERVER_RST }, HG_BUCKET_truncated, HG_CLOSE_rst,
	  HG_SIDE_server },
	{ "part with FIN", { SYN, PART_FIN, IDLE_9 }, HG_BUCKET_truncated, HG_CLOSE_fin, HG_SIDE_client },
	{ "part, server data, rest, FIN", { SYN, PART, SERVER_DATA, SERVER_ACK, REST, CLIENT_FIN, IDLE_11 },
	  HG_BUCKET_reassembled, HG_CLOSE_fin, HG_SIDE_client },
	{ "part twice, rest twice, FIN", { SYN, PART, PART, REST, REST, SERVER_FIN },
	  HG_BUCKET_reassembled, HG_CLOSE_fin, HG_SIDE_server },
	{ "hello, decoys of FIN and RST",
	  { SYN, SYN_ACK, HELLO, CLIENT_FIN_FAR, CLIENT_RST_FAR, SERVER_RST_FAR }, ACTIVE, NO_END },
	{ "part, a FIN and a RST one byte early",
	  { SYN, SYN_ACK, PART, CLIENT_FIN_EARLY, CLIENT_RST_EARLY }, ACTIVE, NO_END },
	{ "part, a FIN and a RST one byte late",
	  { SYN, SYN_ACK, PART, CLIENT_FIN_LATE, CLIENT_RST_LATE }, ACTIVE, NO_END },
	{ "part, decoys, rest, FIN", { SYN, PART, CLIENT_FIN_FAR, CLIENT_RST_FAR, SERVER_RST_FAR,
	    REST, SERVER_FIN }, HG_BUCKET_reassembled, HG_CLOSE_fin, HG_SIDE_server },
	{ "SYN, decoys, hello, FIN", { SYN, SYN_ACK, CLIENT_FIN_FAR, CLIENT_RST_FAR, HELLO,
	    SERVER_FIN }, HG_BUCKET_single_segment, HG_CLOSE_fin, HG_SIDE_server },
	{ "SYN again after the hello", { SYN, HELLO, SYN, SERVER_FIN }, HG_BUCKET_single_segment,
	  HG_CLOSE_fin, HG_SIDE_server },
	{ "SYN again after the part", { SYN, PART, SYN, REST, SERVER_FIN }, HG_BUCKET_reassembled,
	  HG_CLOSE_fin, HG_SIDE_server },
};
/* clang-format on */

/* How much each side has said. */
static struct {
	__u32 client, server;
} ends;

static void hello_part(struct talk *t, __u32 at, __u32 len, __u8 flags)
{
	static struct octets message, stream;
	struct segment s = { .flags = TCP_ACK | flags,
			     .seq = t->conn.isn + 1 + at,
			     .ack = t->conn.server_isn + 1 };

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	s.data = stream.at + at;
	s.len = len ? len : stream.len - at;
	if (at + s.len > ends.client)
		ends.client = at + s.len;
	talk_segment(t, &s);
}

static void idle(struct talk *t, __u64 seconds)
{
	gate_wait(t->gate, SECONDS(seconds));
	gate_sweep_slots(t->gate);
}

static void answer(struct talk *t)
{
	static const __u8 data[100];
	struct segment s = { .from_server = true,
			     .flags = TCP_PSH | TCP_ACK,
			     .seq = t->conn.server_isn + 1,
			     .ack = t->conn.isn + 1 + ends.client,
			     .data = data,
			     .len = sizeof(data) };

	talk_segment(t, &s);
}

static void refuse(struct talk *t)
{
	struct segment s = { .from_server = true,
			     .flags = TCP_RST | TCP_ACK,
			     .ack = t->conn.isn + 1 };

	talk_segment(t, &s);
}

/* Where a flag without data lies: so far behind the base, or behind what the client sent. */
struct mark {
	bool from_server, behind_client;
	__u8 flags;
	__s32 offset;
};

#define CLIENT(flags, offset)                                                                      \
	{                                                                                          \
		false, true, flags, offset                                                         \
	}
#define CLIENT_AT(flags, offset)                                                                   \
	{                                                                                          \
		false, false, flags, offset                                                        \
	}
#define SERVER(flags, offset)                                                                      \
	{                                                                                          \
		true, false, flags, offset                                                         \
	}

static const struct mark marks[] = {
	[CLIENT_ACK] = CLIENT_AT(TCP_ACK, 0),
	[CLIENT_FIN] = CLIENT(TCP_FIN | TCP_ACK, 0),
	[CLIENT_RST] = CLIENT(TCP_RST, 0),
	[SERVER_ACK] = SERVER(TCP_ACK, 0),
	[SERVER_FIN] = SERVER(TCP_FIN | TCP_ACK, 0),
	[SERVER_RST] = SERVER(TCP_RST | TCP_ACK, 0),
	[CLIENT_FIN_FAR] = CLIENT_AT(TCP_FIN | TCP_ACK, 1 << 24),
	[CLIENT_RST_FAR] = CLIENT_AT(TCP_RST, 1 << 24),
	[SERVER_RST_FAR] = SERVER(TCP_RST, 1 << 24),
	[CLIENT_FIN_AHEAD] = CLIENT_AT(TCP_FIN | TCP_ACK, 517),
	[CLIENT_FIN_EARLY] = CLIENT(TCP_FIN | TCP_ACK, -1),
	[CLIENT_RST_EARLY] = CLIENT(TCP_RST, -1),
	[CLIENT_FIN_LATE] = CLIENT(TCP_FIN | TCP_ACK, 1),
	[CLIENT_RST_LATE] = CLIENT(TCP_RST, 1),
	[IDLE_70] = { 0 },
};

static const __u8 seconds[] = {
	[IDLE_9] = 9, [IDLE_11] = 11, [IDLE_29] = 29, [IDLE_31] = 31, [IDLE_70] = 70
};

/* What is no hello and no data: true if it was done. */
static bool marked(struct talk *t, enum step step)
{
	const struct mark *m = &marks[step];
	__u32 offset = (m->behind_client ? ends.client : 0) + (__u32)m->offset;

	if (seconds[step])
		idle(t, seconds[step]);
	else if (m->from_server)
		talk_server_flags(t, m->flags, offset);
	else if (m->flags)
		talk_client_flags(t, m->flags, offset);
	return m->flags || seconds[step];
}

static void take(struct talk *t, enum step step)
{
	static const __u8 data[40] = { 0x17, 3, 3, 0, 35 };

	if (marked(t, step))
		return;
	switch (step) {
	case SYN:
		talk_syn(t);
		break;
	case SYN_ACK:
		talk_synack(t);
		break;
	case HELLO:
	case HELLO_FIN:
		hello_part(t, 0, 0, step == HELLO_FIN ? TCP_FIN : 0);
		break;
	case PART:
	case PART_FIN:
		hello_part(t, 0, 200, step == PART_FIN ? TCP_FIN : 0);
		break;
	case REST:
		hello_part(t, 200, 0, 0);
		break;
	case CLIENT_DATA:
		talk_client(t, 517, data, sizeof(data));
		break;
	case SERVER_DATA:
		talk_server(t, 0, data, sizeof(data));
		break;
	case REFUSAL:
		refuse(t);
		break;
	case ANSWER:
		answer(t);
		break;
	default:
		tap_bail("step %d is nobody's", step);
	}
}

/* Where nothing of the server was seen, nobody knows what it said. */
static bool server_speaks(const struct row *row)
{
	for (__u32 i = 0; i < 12; i++)
		switch (row->steps[i]) {
		case SYN_ACK:
		case SERVER_ACK:
		case SERVER_FIN:
		case SERVER_RST:
		case SERVER_DATA:
		case ANSWER:
			return true;
		default:
			break;
		}
	return false;
}

static bool one(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static struct talk t;
	const struct gate_event *e = NULL;
	struct hg_counters c;
	bool ok;

	ends.client = ends.server = 0;
	talk_begin(&t, g, hook, NULL);
	for (__u32 i = 0; i < 12 && row->steps[i]; i++)
		take(&t, row->steps[i]);
	ok = check_coverage(g, 1, &row->bucket, row->bucket != ACTIVE);
	gate_counters(g, &c);
	ok &= check_u64("handshakes that failed", c.handshakes.failed,
			row->close != HG_CLOSE_none && server_speaks(row));
	ok &= check_u64("handshakes with an unknown outcome", c.handshakes.unknown,
			row->close != HG_CLOSE_none && !server_speaks(row));
	if (row->close == HG_CLOSE_none)
		ok &= check_u64("END events", talk_count(&t, HG_EVENT_END, &e), 0);
	else
		ok &= talk_saw_end(&t, row->close, row->from, row->bucket,
				   server_speaks(row) ? HG_OUTCOME_failed : HG_OUTCOME_unknown);
	ok &= check_u64("active", gate_active(g), row->bucket == ACTIVE);
	return ok & gate_balanced(g) & gate_clear(g);
}

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	FOR_HOOKS(hook)
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			tap_ok(one(&g, hook, &rows[i]), "%s: %s", gate_hook_name[hook],
			       rows[i].what);
	gate_close(&g);
	return tap_done();
}
