/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connections that fail before their hello: which are told, once, and as what.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

enum step {
	STOP,
	SYN,
	SYN_ACK,
	CLIENT_ACK,
	HELLO,
	REFUSAL,       /* RST that acknowledges the SYN */
	WRONG_REFUSAL, /* and one that does not */
	CLIENT_RST,
	CLIENT_RST_LATE, /* one byte: no server would take it */
	SERVER_RST,
	CLIENT_FIN,
	WAIT_1, /* seconds */
	WAIT_2,
	IDLE_9,
};

struct row {
	const char *what;
	enum step steps[10];
	__u32 told;
	enum hg_close close;
	enum hg_side from;
	enum hg_bucket bucket;
};

enum { LO_IFINDEX = 1 }; /* where test runs are */

#define NOT_TOLD 0, HG_CLOSE_none, HG_SIDE_client, HG_BUCKET_no_data
#define REFUSED 1, HG_CLOSE_rst, HG_SIDE_server, HG_BUCKET_tcp_refused
#define UNANSWERED 1, HG_CLOSE_none, HG_SIDE_path, HG_BUCKET_no_data
#define RESET_BY(side) 1, HG_CLOSE_rst, HG_SIDE_##side, HG_BUCKET_no_data

static const struct row rows[] = {
	{ "SYN", { SYN }, NOT_TOLD },
	{ "refused", { SYN, REFUSAL }, REFUSED },
	{ "refused twice", { SYN, REFUSAL, REFUSAL }, REFUSED },
	{ "a RST that is no answer", { SYN, WRONG_REFUSAL }, NOT_TOLD },
	{ "refused, and the same SYN again", { SYN, REFUSAL, WAIT_1, SYN, REFUSAL }, REFUSED },
	{ "SYN twice", { SYN, WAIT_1, SYN }, NOT_TOLD },
	{ "SYN three times", { SYN, WAIT_1, SYN, WAIT_2, SYN }, UNANSWERED },
	{ "and again", { SYN, WAIT_1, SYN, WAIT_2, SYN, WAIT_2, SYN, WAIT_2, SYN }, UNANSWERED },
	{ "copies of a SYN", { SYN, SYN, SYN, SYN, WAIT_1, SYN, SYN }, NOT_TOLD },
	{ "SYN twice, SYN-ACK, SYN", { SYN, WAIT_1, SYN, SYN_ACK, WAIT_2, SYN }, NOT_TOLD },
	{ "SYN three times, refused", { SYN, WAIT_1, SYN, WAIT_2, SYN, REFUSAL }, UNANSWERED },
	{ "SYN three times, SYN-ACK, RST",
	  { SYN, WAIT_1, SYN, WAIT_2, SYN, SYN_ACK, SERVER_RST },
	  UNANSWERED },
	{ "SYN-ACK, RST of the client", { SYN, SYN_ACK, CLIENT_RST }, RESET_BY(client) },
	{ "SYN-ACK, ACK, RST of the server",
	  { SYN, SYN_ACK, CLIENT_ACK, SERVER_RST },
	  RESET_BY(server) },
	{ "RSTs of both", { SYN, SYN_ACK, SERVER_RST, CLIENT_RST }, RESET_BY(server) },
	{ "a RST that no server would take", { SYN, SYN_ACK, CLIENT_RST_LATE }, NOT_TOLD },
	{ "SYN, RST of the client", { SYN, CLIENT_RST }, NOT_TOLD },
	{ "FIN, RST of the server", { SYN, SYN_ACK, CLIENT_FIN, SERVER_RST }, NOT_TOLD },
	{ "hello, RST of the server", { SYN, SYN_ACK, HELLO, SERVER_RST }, NOT_TOLD },
	{ "SYN-ACK, silence", { SYN, SYN_ACK, CLIENT_ACK, IDLE_9 }, NOT_TOLD },
};

static void hello(struct talk *t)
{
	static struct octets message, stream;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	talk_client(t, 0, stream.at, stream.len);
}

static void refuse(struct talk *t, __u32 ack)
{
	struct segment s = { .from_server = true, .flags = TCP_RST | TCP_ACK, .ack = ack };

	talk_segment(t, &s);
}

static void take(struct talk *t, enum step step)
{
	switch (step) {
	case STOP:
		break;
	case SYN:
		talk_syn(t);
		break;
	case SYN_ACK:
		talk_synack(t);
		break;
	case CLIENT_ACK:
		talk_client_flags(t, TCP_ACK, 0);
		break;
	case HELLO:
		hello(t);
		break;
	case REFUSAL:
		refuse(t, t->conn.isn + 1);
		break;
	case WRONG_REFUSAL:
		refuse(t, t->conn.isn + 2);
		break;
	case CLIENT_RST:
		talk_client_flags(t, TCP_RST, 0);
		break;
	case CLIENT_RST_LATE:
		talk_client_flags(t, TCP_RST, 1);
		break;
	case SERVER_RST:
		talk_server_flags(t, TCP_RST, 0);
		break;
	case CLIENT_FIN:
		talk_client_flags(t, TCP_FIN | TCP_ACK, 0);
		break;
	case WAIT_1:
		gate_wait(t->gate, SECONDS(1));
		break;
	case WAIT_2:
		gate_wait(t->gate, SECONDS(2));
		break;
	case IDLE_9:
		gate_wait(t->gate, SECONDS(9));
		gate_sweep_slots(t->gate);
		break;
	}
}

static bool told(struct talk *t, const struct row *row, __u64 first_ns)
{
	const struct gate_event *e = NULL;
	bool ok = check_u64("ATTEMPT events", talk_count(t, HG_EVENT_ATTEMPT, &e), row->told);

	if (!e)
		return ok;
	ok &= check_u64("close", e->head.close, row->close);
	ok &= check_u64("from", e->head.close_from, row->from);
	ok &= check_u64("bucket", e->head.bucket, row->bucket);
	ok &= check_u64("outcome", e->head.outcome, HG_OUTCOME_failed);
	ok &= check_u64("isn", e->head.isn, t->conn.isn);
	ok &= check_u64("first_ns", e->head.first_ns, first_ns);
	ok &= check_u64("ifindex", e->head.ifindex, LO_IFINDEX);
	return ok & check_u64("hello", e->head.hello_ns, 0);
}

static bool listed(struct gate *g, enum gate_hook hook, const struct row *row)
{
	const __u64 first_ns = g->presence->time_ns;
	static struct talk t;
	bool ok;

	talk_begin(&t, g, hook, NULL);
	for (__u32 i = 0; i < COUNT_OF(row->steps) && row->steps[i]; i++)
		take(&t, row->steps[i]);
	ok = told(&t, row, first_ns);
	return ok & gate_balanced(g) & gate_clear(g);
}

static const __u16 ports[] = { 443, 0 };
static const struct gate_options options = { .ports = ports };

static void open_at_lo(struct gate *g)
{
	gate_open(g, &options);
	g->ifindex = LO_IFINDEX;
	g->ingress_ifindex = LO_IFINDEX; /* a test run says nothing of itself */
}

/* Nothing that came before it says where its packets are. */
static void the_very_first(void)
{
	static const struct row row = { "", { SYN, WAIT_1, SYN, WAIT_2, SYN }, UNANSWERED };
	static struct gate g;

	FOR_HOOKS(hook) {
		open_at_lo(&g);
		tap_ok(listed(&g, hook, &row), "%s: the very first connection, not answered",
		       gate_hook_name[hook]);
		gate_close(&g);
	}
}

static void on_listed_ports(void)
{
	static struct gate g;

	open_at_lo(&g);
	FOR_HOOKS(hook)
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			tap_ok(listed(&g, hook, &rows[i]), "%s, a listed port: %s",
			       gate_hook_name[hook], rows[i].what);
	gate_close(&g);
}

/* ---- any port: only servers that were sent a hello ---- */

static __u32 refused_by(struct gate *g, enum gate_hook hook, const struct conn *like)
{
	static struct talk t;
	const struct gate_event *e = NULL;

	talk_begin(&t, g, hook, like);
	talk_syn(&t);
	refuse(&t, t.conn.isn + 1);
	return talk_count(&t, HG_EVENT_ATTEMPT, &e);
}

static void greet(struct gate *g, enum gate_hook hook, const struct conn *like)
{
	static struct talk t;

	talk_begin(&t, g, hook, like);
	talk_syn(&t);
	talk_synack(&t);
	hello(&t);
}

static void of_known_servers(struct gate *g, enum gate_hook hook)
{
	const struct conn server = { .server_port = (__u16)(8000 + hook) };
	const struct conn other = { .server_port = (__u16)(9000 + hook) };
	const char *name = gate_hook_name[hook];

	tap_ok(check_u64("told", refused_by(g, hook, &server), 0), "%s: an unknown server", name);
	greet(g, hook, &server);
	tap_ok(check_u64("told", refused_by(g, hook, &server), 1), "%s: one that was sent a hello",
	       name);
	tap_ok(check_u64("told", refused_by(g, hook, &other), 0), "%s: another port of it", name);
	gate_wait(g, SECONDS(86400));
	tap_ok(check_u64("told", refused_by(g, hook, &server), 1), "%s: a day later", name);
	gate_wait(g, SECONDS(2));
	tap_ok(check_u64("told", refused_by(g, hook, &server), 0), "%s: after more than a day",
	       name);
	tap_ok(gate_clear(g), "%s: the books", name);
}

/* ---- no more than so many a second ---- */

static void bounded(struct gate *g, enum gate_hook hook)
{
	const __u32 more = 20;
	__u32 told = 0;
	bool ok;

	gate_wait(g, SECONDS(1));
	greet(g, hook, NULL);
	for (__u32 i = 0; i < HG_ATTEMPTS_A_SECOND + more; i++)
		told += refused_by(g, hook, NULL);
	ok = check_u64("told", told, HG_ATTEMPTS_A_SECOND);
	ok &= gate_refused(g, HG_REFUSAL_attempt_untold, more);
	tap_ok(ok, "%s: %u a second, and the others are counted", gate_hook_name[hook],
	       HG_ATTEMPTS_A_SECOND);
	gate_wait(g, SECONDS(1));
	tap_ok(check_u64("told", refused_by(g, hook, NULL), 1), "%s: a second later",
	       gate_hook_name[hook]);
	gate_clear(g);
}

static void on_any_port(void)
{
	static struct gate g;

	gate_move(0); /* the bound is that of one processor */
	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		of_known_servers(&g, hook);
		bounded(&g, hook);
	}
	gate_close(&g);
}

int main(void)
{
	the_very_first();
	on_listed_ports();
	on_any_port();
	return tap_done();
}
