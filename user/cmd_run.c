/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_run.c - the daemon: adopt what is attached, consume its events, decide
 * what the kernel cannot, serve events and metrics.
 *
 * The data path does not need it.  It writes a heartbeat; without one, the
 * kernel applies at the hello what the policy says of undecided flows.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "decisions.h"
#include "examine.h"
#include "feed.h"
#include "handshake.h"
#include "http.h"
#include "run_counters.h"
#include "say.h"
#include "server_names.h"
#include "source.h"
#include "undiagnosed.h"

#define HEARTBEAT_US 200000
#define CLEAN_UP_BEATS 50
#define SERVER_NAMES_BEATS 300
#define SERVER_NAME_IDLE (3600 * HG_SECOND)
#define HANDSHAKES_MAX 262144
#define HANDSHAKE_AGE (3600 * HG_SECOND) /* an END that was lost never comes */

static const char *bpffs, *address = "127.0.0.1:9813";
static bool quiet;

const struct hg_option hg_options_run[] = {
	{ "listen", 0, "ADDR:PORT", "HTTP on the loopback (default 127.0.0.1:9813), or none",
	  &address, NULL },
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	{ "quiet", 'q', NULL, "say only what went wrong", NULL, &quiet },
	HG_OPTIONS_END,
};

struct daemon {
	struct hg_instance in;
	sd_event *event;
	int lock;
	struct ring_buffer *ring;
	struct hg_handshakes *handshakes;
	struct hg_examiner *examiner;
	struct hg_clock clock;
	__u64 undiagnosed[HG_UNDIAGNOSED]; /* of those, numbers that the ring had, too */
	struct hg_decisions *decisions;
	sd_event_source *again; /* the ring is looked at once more */
	struct hg_feed *feed;
	struct hg_http *http;
	struct hg_presence presence;
	struct hg_run_counters before; /* of those that ran before us */
	struct hg_run_counters written;
	struct hg_run_counters examined; /* what was diagnosed */
	__u64 server_names_evicted;
	unsigned int beats;
};

static int beat(struct daemon *d, __u64 now_ns)
{
	__u32 zero = 0;

	d->presence.heartbeat_ns = now_ns;
	return bpf_map_update_elem(d->in.maps[HG_MAP_presence], &zero, &d->presence, BPF_ANY)
		       ? -errno
		       : 0;
}

static void on_hello(void *ctx, struct hg_handshake *h)
{
	struct daemon *d = ctx;

	hg_decisions_hello(d->decisions, h);
}

/* Clients are told the diagnosis in front of the END that it is of. */
static void tell_diagnosis(struct daemon *d, const struct hg_handshake *h,
			   const struct hg_diagnosis *diagnosis)
{
	struct hg_record_diagnosis record = { .type = HG_RECORD_DIAGNOSIS };

	if (h->lost)
		return;
	record.flow_id = h->facts.flow_id;
	record.diagnosis = *diagnosis;
	hg_feed_record(d->feed, &record, sizeof(record));
}

static time_t ended_at(struct daemon *d, const struct hg_handshake *h)
{
	return (time_t)(hg_clock_wall(&d->clock, h->facts.time_ns) / 1000000000ULL);
}

static void on_end(void *ctx, struct hg_handshake *h)
{
	struct daemon *d = ctx;
	struct hg_examined x;

	hg_decisions_end(d->decisions, h);
	hg_examine(d->examiner, h, ended_at(d, h), NULL, &x);
	if (x.diagnosis.outcome == HG_OUTCOME_failed)
		hg_decisions_failed(d->decisions, h, x.diagnosis.cause);
	hg_run_counters_examined(&d->examined, h, &x.diagnosis);
	tell_diagnosis(d, h, &x.diagnosis);
}

/* No handshake: not in what is counted of those. */
static void on_attempt(void *ctx, struct hg_handshake *h)
{
	struct daemon *d = ctx;
	struct hg_examined x;

	hg_examine(d->examiner, h, ended_at(d, h), NULL, &x);
	tell_diagnosis(d, h, &x.diagnosis);
}

/* The ring has it, and `undiagnosed` too, if it was kept there. */
static void note_number(struct daemon *d, const void *data, size_t len)
{
	struct hg_event_end end;

	const __u8 type = *(const __u8 *)data;

	if (len != sizeof(end) || (type != HG_EVENT_END && type != HG_EVENT_ATTEMPT))
		return;
	memcpy(&end, data, sizeof(end));
	d->undiagnosed[end.number & (HG_UNDIAGNOSED - 1)] = end.number;
}

static int on_record(void *ctx, void *data, size_t len)
{
	struct daemon *d = ctx;

	note_number(d, data, len);
	hg_handshakes_record(d->handshakes, data, len);
	hg_feed_record(d->feed, data, len);
	return 0;
}

static void on_undiagnosed(void *ctx, const void *data, size_t len)
{
	struct daemon *d = ctx;
	struct hg_event_end end;

	memcpy(&end, data, sizeof(end));
	if (d->undiagnosed[end.number & (HG_UNDIAGNOSED - 1)] == end.number)
		return;
	hg_handshakes_record(d->handshakes, data, len);
	hg_feed_record(d->feed, data, len);
}

/* What ended while nobody was there, beyond what the ring had room for. */
static void take_undiagnosed(struct daemon *d)
{
	struct hg_undiagnosed_span span;

	beat(d, hg_clock_monotonic()); /* from now on nothing more is kept there */
	ring_buffer__consume(d->ring);
	if (hg_undiagnosed_read(&d->in, d->presence.diagnosed, on_undiagnosed, d, &span))
		return;
	d->presence.diagnosed = span.last;
	beat(d, hg_clock_monotonic());
}

/* Nobody wakes us again for what comes right behind: see HG_WAKE_NS. */
static int consume(struct daemon *d)
{
	int r;

	if (ring_buffer__consume(d->ring) <= 0)
		return 0;
	r = sd_event_source_set_time(d->again,
				     hg_clock_monotonic() / 1000 + HG_WAKE_AGAIN_MS * 1000);
	return r < 0 ? r : sd_event_source_set_enabled(d->again, SD_EVENT_ONESHOT);
}

static int on_ring(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	(void)source;
	(void)fd;
	(void)events;
	return consume(arg);
}

static int on_again(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source;
	(void)usec;
	return consume(arg);
}

static bool is_alive(void *ctx, const struct hg_event *facts)
{
	struct daemon *d = ctx;

	return hg_instance_has_flow(&d->in, facts);
}

/* What was lost, and what became of flows that waited, for all to see. */
static void write_counters(struct daemon *d)
{
	const struct hg_handshakes_counts *h = hg_handshakes_counts(d->handshakes);
	const struct hg_decisions_counts *v = hg_decisions_counts(d->decisions);
	struct hg_run_counters c = {
		.lost_socket = hg_feed_lost(d->feed),
		.lost_sink = h->not_kept + h->unreadable + h->invalid,
		.clients_refused = hg_feed_refused(d->feed),
		.verdicts_written = v->decided,
		.verdicts_failed = v->failed,
		.verdicts_unknown_revision = v->unknown_revision,
		.undecided = v->undecided,
		.server_names_evicted = d->server_names_evicted,
		.chunks_lost = h->chunks_lost,
		.chains_dropped = h->chains_dropped,
		.clients_forgotten = v->clients_forgotten,
		.knowledge_forgotten = hg_knowledge_forgotten(hg_examiner_knowledge(d->examiner)),
	};

	hg_run_counters_add(&c, &d->examined);
	hg_run_counters_add(&c, &d->before);
	if (memcmp(&c, &d->written, sizeof(c)) != 0)
		hg_run_counters_write(&d->in, &c);
	d->written = c;
}

static void clean_up(struct daemon *d, __u64 now)
{
	hg_decisions_expire(d->decisions, now);
	hg_handshakes_expire(d->handshakes, now, HANDSHAKE_AGE, is_alive);
	if (d->beats % SERVER_NAMES_BEATS == 0)
		d->server_names_evicted +=
			hg_server_names_age(d->in.maps[HG_MAP_server_names], now, SERVER_NAME_IDLE);
}

static int on_beat(sd_event_source *source, uint64_t usec, void *arg)
{
	struct daemon *d = arg;
	__u64 now = hg_clock_monotonic();

	beat(d, now);
	consume(d);
	hg_decisions_refresh(d->decisions);
	hg_http_beat(d->http);
	if (++d->beats % CLEAN_UP_BEATS == 0) {
		clean_up(d, now);
		sd_notify(0, "WATCHDOG=1");
	}
	write_counters(d);
	sd_event_source_set_time(source, usec + HEARTBEAT_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	(void)info;
	(void)arg;
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int add_sources(struct daemon *d)
{
	uint64_t now = 0;
	int r;

	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	sd_event_now(d->event, CLOCK_MONOTONIC, &now);
	r = sd_event_add_signal(d->event, NULL, SIGINT, on_signal, d);
	r = r < 0 ? r : sd_event_add_signal(d->event, NULL, SIGTERM, on_signal, d);
	r = r < 0 ? r
		  : sd_event_add_time(d->event, &d->again, CLOCK_MONOTONIC, now, 1000, on_again, d);
	r = r < 0 ? r
		  : sd_event_add_io(d->event, NULL, ring_buffer__epoll_fd(d->ring), EPOLLIN,
				    on_ring, d);
	return r < 0 ? r
		     : sd_event_add_time(d->event, NULL, CLOCK_MONOTONIC, now, 10000, on_beat, d);
}

static int open_all(struct daemon *d)
{
	static const struct hg_handshakes_ops ops = { .hello = on_hello,
						      .end = on_end,
						      .attempt = on_attempt };
	__u32 zero = 0;
	int r;

	d->lock = hg_source_lock(&d->in);
	if (d->lock < 0 && d->lock != -EWOULDBLOCK)
		return hg_bpf_refused(d->lock, "cannot lock the events");
	if (d->lock < 0) {
		hg_error("another process reads the events of %s", d->in.dir);
		hg_hint("is another `run`, `watch`, `events` or `top` there?  end that first");
		return HG_CONFLICT;
	}
	hg_run_counters_open(&d->in);
	hg_run_counters_read(&d->in, &d->before);
	d->written = d->before;
	if (sd_event_new(&d->event) < 0)
		return hg_bpf_refused(ENOMEM, "event loop");
	hg_clock_init(&d->clock, false);
	bpf_map_lookup_elem(d->in.maps[HG_MAP_presence], &zero, &d->presence);
	d->handshakes = hg_handshakes_new(HANDSHAKES_MAX, &ops, d);
	d->examiner = hg_examiner_new();
	d->ring = ring_buffer__new(d->in.maps[HG_MAP_events], on_record, d, NULL);
	if (!d->handshakes || !d->examiner || !d->ring)
		return hg_bpf_refused(errno, "cannot read the events ring");
	r = hg_decisions_open(&d->in, &d->decisions);
	r = r ? r : hg_feed_open(d->event, &d->in, &d->feed);
	return r ? r : hg_http_open(d->event, &d->in, address, &d->http);
}

static void close_all(struct daemon *d)
{
	d->presence.heartbeat_ns = 0; /* from now on nobody answers */
	if (d->event)
		beat(d, 0);
	if (d->feed)
		write_counters(d);
	hg_http_close(d->http);
	hg_feed_close(d->feed);
	hg_decisions_close(d->decisions);
	ring_buffer__free(d->ring);
	hg_handshakes_free(d->handshakes);
	hg_examiner_free(d->examiner);
	sd_event_source_unref(d->again);
	sd_event_unref(d->event);
	if (d->lock >= 0)
		close(d->lock);
}

static int serve(struct daemon *d)
{
	int r = open_all(d);

	if (r)
		return r;
	take_undiagnosed(d);
	r = add_sources(d);
	if (r >= 0) {
		hg_say("hellogate run: serving %s; HTTP on %s", d->in.dir, address);
		sd_notify(0, "READY=1");
		r = sd_event_loop(d->event);
		sd_notify(0, "STOPPING=1");
	}
	return r < 0 ? hg_bpf_refused(r, "event loop") : HG_OK;
}

int hg_cmd_run(const struct hg_command *self, int argc, char **argv)
{
	static struct daemon d = { .lock = -1 };
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands)
		return hg_usage(self, "unexpected argument '%s'", argv[0]);
	hg_say_quiet(quiet);
	r = hg_instance_open(&d.in, hg_instance_dir(bpffs));
	if (!r)
		r = serve(&d);
	close_all(&d);
	hg_instance_close(&d.in);
	return r;
}
