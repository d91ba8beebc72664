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

#include "board.h"
#include "clock.h"
#include "commands.h"
#include "decisions.h"
#include "examine.h"
#include "feed.h"
#include "generation.h"
#include "handshake.h"
#include "names.h"
#include "run_counters.h"
#include "run_setup.h"
#include "say.h"
#include "server_names.h"
#include "source.h"
#include "undiagnosed.h"

#define HEARTBEAT_US 200000
#define CLEAN_UP_BEATS 50
#define STATUS_BEATS 25
#define SERVER_NAMES_BEATS 300
#define SERVER_NAME_IDLE (3600 * HG_SECOND)
#define HANDSHAKES_MAX 262144
#define HANDSHAKE_AGE (3600 * HG_SECOND) /* an END that was lost never comes */

static const char *bpffs;
static bool check_only;
static struct hg_run_asked asked;

const struct hg_option hg_options_run[] = {
	{ "config", 0, "FILE", "its configuration (default " HG_CONFIG_DEFAULT ", if there)",
	  &asked.config, NULL },
	{ "check-config", 0, NULL, "check configuration and policy, and do nothing else", NULL,
	  &check_only },
	{ "policy", 0, "FILE", "load this policy, now and at SIGHUP", &asked.policy, NULL },
	{ "listen", 0, "ADDR:PORT", "HTTP (default " HG_HTTP_LISTEN "), or none", &asked.listen,
	  NULL },
	{ "socket", 0, "PATH", "HTTP on a unix socket, or none (the default)", &asked.socket,
	  NULL },
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	{ "quiet", 'q', NULL, "say only what went wrong", NULL, &asked.quiet },
	HG_OPTIONS_END,
};

struct daemon {
	struct hg_instance in;
	sd_event *event;
	int lock; /* the right to the ring */
	struct ring_buffer *ring;
	struct hg_handshakes *handshakes;
	struct hg_examiner *examiner;
	struct hg_clock clock;
	__u64 undiagnosed[HG_UNDIAGNOSED]; /* of those, numbers that the ring had, too */
	struct hg_decisions *decisions;
	sd_event_source *again; /* the ring is looked at once more */
	struct hg_feed *feed;
	struct hg_board *board;
	struct hg_run_setup *setup;
	struct hg_names names;
	struct hg_eve_names name_of;
	__u64 reloads, reloads_failed, reload_failed_at;
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

/* Who watches over HTTP sees it, too. */
static void show(struct daemon *d, struct hg_handshake *h, const struct hg_diagnosis *diagnosis)
{
	if (hg_http_serves(d->setup->http))
		hg_board_ended(d->board, h, diagnosis);
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
	if (!h->read && h->name)
		h->name_text = d->name_of.server(d->name_of.ctx, h->name);
	hg_event_outputs_end(d->setup->outputs, h, &x,
			     hg_decisions_logs_all(d->decisions, &h->facts.verdict));
	show(d, h, &x.diagnosis);
}

static void on_drop(void *ctx, struct hg_handshake *h)
{
	struct daemon *d = ctx;

	hg_event_outputs_drop(d->setup->outputs, h);
}

static void on_survived(void *ctx, struct hg_handshake *h)
{
	struct daemon *d = ctx;

	hg_event_outputs_survived(d->setup->outputs, h);
}

static void on_certificate(void *ctx, struct hg_handshake *h)
{
	struct daemon *d = ctx;
	__u32 findings;

	if (h->facts.verdict.pending &&
	    hg_examine_server(d->examiner, h, ended_at(d, h), &findings))
		hg_decisions_certificate(d->decisions, h, findings);
}

/* No handshake: not in what is counted of those. */
static void on_attempt(void *ctx, struct hg_handshake *h)
{
	struct daemon *d = ctx;
	struct hg_examined x;

	hg_examine(d->examiner, h, ended_at(d, h), NULL, &x);
	tell_diagnosis(d, h, &x.diagnosis);
	hg_event_outputs_attempt(d->setup->outputs, h, &x);
	show(d, h, &x.diagnosis);
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
	hg_event_outputs_flush(d->setup->outputs);
}

/* Nobody wakes us again for what comes right behind: see HG_WAKE_NS. */
static int consume(struct daemon *d)
{
	int r;

	if (ring_buffer__consume(d->ring) <= 0)
		return 0;
	hg_event_outputs_flush(d->setup->outputs);
	hg_http_wake(d->setup->http);
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
	const struct hg_event_outputs_counts *o = hg_event_outputs_counts(d->setup->outputs);
	const struct hg_http_counts *w = hg_http_counts(d->setup->http);
	struct hg_run_counters c = {
		.lost_socket = hg_feed_lost(d->feed),
		.lost_sink = h->not_kept + h->unreadable + h->invalid + o->lost,
		.clients_refused = hg_feed_refused(d->feed),
		.verdicts_written = v->decided,
		.verdicts_failed = v->failed,
		.verdicts_unknown_revision = v->unknown_revision,
		.undecided = v->undecided,
		.server_names_evicted = d->server_names_evicted,
		.chunks_lost = h->chunks_lost,
		.chains_dropped = h->chains_dropped,
		.clients_forgotten = v->clients_forgotten,
		.sampled_out = o->sampled_out,
		.reloads = d->reloads,
		.reloads_failed = d->reloads_failed,
		.hosts_refused = w->refused_host,
		.tokens_refused = w->refused_token,
		.streams_refused = w->refused_stream,
		.messages_missed = hg_message_log_missed(hg_board_log(d->board)),
		.reload_failed_at = d->reload_failed_at,
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

/* ---- what systemd is told ---- */

static unsigned int interfaces_of(const struct hg_instance *in)
{
	unsigned int count = 0;
	struct hg_interface i;

	for (unsigned int n = 0; hg_interface_get(in, n, &i); n++)
		count += hg_interface_used(&i);
	return count;
}

static __u32 revision_of(const struct hg_instance *in)
{
	struct hg_in_force now;

	return hg_generation_in_force(in, hg_clock_monotonic(), &now) ? 0 : now.revision;
}

/* `state` are lines of sd_notify(3) that go with it. */
static void notify_status(struct daemon *d, const char *state)
{
	unsigned int interfaces = interfaces_of(&d->in);

	sd_notifyf(0, "%sSTATUS=%u interface%s, policy revision %u, HTTP on %s%s", state,
		   interfaces, interfaces == 1 ? "" : "s", revision_of(&d->in),
		   d->setup->config.http.listen,
		   d->reload_failed_at ? "; the last reload failed, see the log" : "");
}

/* ---- SIGHUP ---- */

static int read_again(struct daemon *d, struct hg_run_setup **out)
{
	const struct hg_run_ground ground = { d->event, &d->in, &d->name_of, d->board };
	struct hg_run_setup *s = NULL;
	int r = hg_run_setup_read(&asked, &s);

	r = r ? r : hg_run_setup_open(s, &ground, d->setup);
	r = r ? r : hg_run_setup_police(s, d->in.dir);
	if (r)
		hg_run_setup_close(s);
	else
		*out = s;
	return r;
}

/* All that the files say, or, where something is wrong in them, nothing. */
static void reload(struct daemon *d)
{
	struct hg_run_setup *s = NULL, *before = d->setup;

	if (read_again(d, &s)) {
		hg_error("reload: all stays as it was");
		d->reloads_failed++;
		d->reload_failed_at = (__u64)revision_of(&d->in) + 1;
		return;
	}
	if (s->config.interface_count != before->config.interface_count)
		hg_warn("reload: `interfaces` are attached at the start only; use hellogate attach");
	hg_run_setup_replace(s, before);
	hg_board_set_privacy(d->board, &s->config.privacy);
	d->setup = s;
	hg_run_setup_close(before);
	d->reloads++;
	d->reload_failed_at = 0;
	hg_say("reload: done");
}

static int on_hup(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	struct daemon *d = arg;

	(void)source;
	(void)info;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reloading",
		   (unsigned long long)hg_clock_monotonic() / 1000);
	consume(d);
	reload(d);
	write_counters(d);
	notify_status(d, "READY=1\n");
	return 0;
}

static void show_moment(struct daemon *d)
{
	struct hg_http *http = d->setup->http;

	if (hg_http_serves(http))
		hg_board_beat(d->board, hg_http_watchers(http));
	hg_http_wake(http);
	hg_http_beat(http);
}

static int on_beat(sd_event_source *source, uint64_t usec, void *arg)
{
	struct daemon *d = arg;
	__u64 now = hg_clock_monotonic();

	beat(d, now);
	consume(d);
	hg_decisions_refresh(d->decisions);
	show_moment(d);
	if (++d->beats % CLEAN_UP_BEATS == 0)
		clean_up(d, now);
	hg_event_outputs_flush(d->setup->outputs);
	if (d->beats % STATUS_BEATS == 1)
		notify_status(d, "");
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

	sd_event_now(d->event, CLOCK_MONOTONIC, &now);
	r = sd_event_add_signal(d->event, NULL, SIGINT, on_signal, d);
	r = r < 0 ? r : sd_event_add_signal(d->event, NULL, SIGTERM, on_signal, d);
	r = r < 0 ? r : sd_event_add_signal(d->event, NULL, SIGHUP, on_hup, d);
	r = r < 0 ? r : sd_event_set_watchdog(d->event, true);
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
						      .drop = on_drop,
						      .attempt = on_attempt,
						      .certificate = on_certificate,
						      .survived = on_survived };
	struct hg_run_ground ground = { NULL, &d->in, &d->name_of, NULL };
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
	ground.event = d->event;
	d->name_of = hg_names_of(&d->names, &d->in);
	ground.board = d->board = hg_board_new(&d->in, &d->name_of);
	if (!d->board)
		return hg_bpf_refused(ENOMEM, "no room for the page");
	hg_board_set_privacy(d->board, &d->setup->config.privacy);
	return r ? r : hg_run_setup_open(d->setup, &ground, NULL);
}

static void close_all(struct daemon *d)
{
	d->presence.heartbeat_ns = 0; /* from now on nobody answers */
	if (d->event)
		beat(d, 0);
	if (d->setup && d->setup->http) {
		hg_event_outputs_flush(d->setup->outputs);
		write_counters(d);
	}
	hg_run_setup_close(d->setup);
	hg_board_free(d->board);
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
		hg_say("hellogate run: serving %s; HTTP on %s", d->in.dir,
		       d->setup->config.http.listen);
		notify_status(d, "READY=1\n");
		r = sd_event_loop(d->event);
		sd_notify(0, "STOPPING=1\nSTATUS=stopping");
	}
	return r < 0 ? hg_bpf_refused(r, "event loop") : HG_OK;
}

/*
 * Signals wait until the event loop takes them: a SIGHUP while we start must not
 * end us.  A reader of stdout that has gone is an error of that output alone.
 */
static void set_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* What was loaded to be confirmed is left to who did that. */
static int police(const struct daemon *d, const char *dir)
{
	int r = hg_run_setup_police(d->setup, dir);

	return r == HG_CONFLICT ? HG_OK : r;
}

/* The data path is there from here on, whatever becomes of us, unless it is to go. */
static int run_on(struct daemon *d, const char *dir)
{
	int r = hg_run_setup_attach(d->setup, dir);
	bool detaches;

	if (r && r != HG_PARTLY) {
		hg_run_setup_close(d->setup);
		return r;
	}
	r = hg_instance_open(&d->in, dir);
	r = r ? r : police(d, dir);
	r = r ? r : serve(d);
	detaches = !r && d->setup->config.on_stop == HG_ON_STOP_detach;
	close_all(d);
	hg_instance_close(&d->in);
	return detaches ? hg_run_setup_detach(dir, asked.quiet) : r;
}

static int check(const struct hg_run_setup *s)
{
	if (s->config.path)
		printf("config    %s\n", s->config.path);
	else
		printf("config    none: all is as it is by default\n");
	printf("policy    %s\n",
	       s->config.policy ? s->config.policy : "none: what is loaded stays");
	printf("http      %s, socket %s\n", s->config.http.listen, s->config.http.socket);
	printf("outputs   %u\n", s->config.events.output_count);
	return HG_OK;
}

int hg_cmd_run(const struct hg_command *self, int argc, char **argv)
{
	static struct daemon d = { .lock = -1 };
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands)
		return hg_usage(self, "unexpected argument '%s'", argv[0]);
	hg_say_quiet(asked.quiet);
	r = hg_run_setup_read(&asked, &d.setup);
	if (r)
		return r;
	if (check_only) {
		r = check(d.setup);
		hg_run_setup_close(d.setup);
		return r;
	}
	set_signals();
	return run_on(&d, hg_instance_dir(bpffs));
}
