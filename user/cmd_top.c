/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_top.c - what happens now: rates, and the busiest names, clients, causes,
 * rules and fingerprints; on a terminal, or frame by frame with --batch.
 */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "say.h"
#include "top_live.h"
#include "top_print.h"
#include "top_screen.h"

#define DELAY_MIN 0.1
#define DELAY_MAX 3600.0
#define WINDOW_MAX (86400 * HG_SECOND)
#define READ_EVERY_NS 20000000ULL /* events that come one by one wake us no more often */

static const char *delay = "2", *window = "60s", *list = "names", *sort = "failed", *count, *rows,
		  *bpffs;
static bool batch;
static struct hg_listing_text listing_text;
static struct hg_selection_text selection_text;

const struct hg_option hg_options_top[] = {
	{ "delay", 'd', "SECONDS", "from one frame to the next (default 2)", &delay, NULL },
	{ "window", 0, "LENGTH", "the lists are of the last 60s (the default), 10m or 1h", &window,
	  NULL },
	{ "list", 0, "LIST", "names, clients, causes, rules or fingerprints (default names)", &list,
	  NULL },
	{ "sort", 0, "COLUMN", "rate, handshakes, failed, share, resets, cause or key", &sort,
	  NULL },
	{ "filter", 0, "EXPR", "count only these: 'outcome==failed and sni==*.example.com'",
	  &selection_text.filter, NULL },
	{ "count", 'n', "N", "end after so many frames", &count, NULL },
	{ "batch", 'b', NULL, "print frames: no terminal is needed", NULL, &batch },
	{ "rows", 0, "N", "with --batch, at most so many of a list; 0: all (default 20)", &rows,
	  NULL },
	HG_OPTIONS_LISTING(listing_text, "table; with --batch"),
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

struct top {
	__u64 delay_ns, window_ns;
	unsigned long frames; /* that are left; 0: no end */
	enum hg_top_list list;
	enum hg_top_column sort;
	struct hg_top_print print;
	struct hg_top_live *live;
	struct hg_top_screen *screen; /* NULL: --batch */
	int signals;
	__u64 read_ns; /* when events were read last */
};

/* ---- options ---- */

static bool is_number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	errno = 0;
	*out = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *out <= max;
}

static bool is_delay(const char *text, __u64 *out)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !isfinite(seconds) || seconds < DELAY_MIN || seconds > DELAY_MAX)
		return false;
	*out = (__u64)(seconds * HG_SECOND);
	return true;
}

static bool is_window(const char *text, __u64 *out)
{
	uint64_t ns = 0;

	if (!hg_time_length_parse(text, &ns) || ns < HG_SECOND || ns > WINDOW_MAX)
		return false;
	*out = ns;
	return true;
}

static int read_numbers(const struct hg_command *self, struct top *t)
{
	unsigned long most = 20;

	if (!is_delay(delay, &t->delay_ns))
		return hg_usage(self, "--delay takes seconds, 0.1 to 3600, not '%s'", delay);
	if (!is_window(window, &t->window_ns))
		return hg_usage(self, "--window takes 1s to 1d, as 90s or 10m, not '%s'", window);
	if (count && (!is_number(count, 1000000000, &t->frames) || !t->frames))
		return hg_usage(self, "--count takes a number of frames, not '%s'", count);
	if (rows && !is_number(rows, HG_TOP_ROWS, &most))
		return hg_usage(self, "--rows takes 0 to %d, not '%s'", HG_TOP_ROWS, rows);
	t->print.rows = most ? most : HG_TOP_ROWS;
	return HG_OK;
}

static int read_words(const struct hg_command *self, struct top *t)
{
	int l = hg_term_value(hg_top_list_text, HG_TOP_LISTS, list);
	int column = hg_term_value(hg_top_column_text, HG_TOP_COLUMNS, sort);

	if (l < 0)
		return hg_usage(self,
				"--list: '%s' is not names, clients, causes, rules or fingerprints",
				list);
	if (column < 0)
		return hg_usage(self,
				"--sort: '%s' is not rate, handshakes, failed, share, resets, "
				"cause or key",
				sort);
	t->list = t->print.list = (enum hg_top_list)l;
	t->sort = (enum hg_top_column)column;
	return HG_OK;
}

static int read_options(const struct hg_command *self, struct top *t)
{
	int r = read_numbers(self, t);

	r = r ? r : read_words(self, t);
	if (r)
		return r;
	if (!batch && (listing_text.format || listing_text.json || listing_text.columns || rows))
		return hg_usage(self, "--output, --columns and --rows are for --batch");
	if (!batch && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)))
		return hg_usage(self, "there is no terminal: print with --batch");
	return hg_listing_choose(&t->print.listing, self, hg_top_print_columns(t->list),
				 HG_FORMAT_TABLE, &listing_text);
}

/* ---- frames ---- */

static int say_detached(const struct hg_top_frame *f)
{
	hg_error("nothing is attached under %s any more", f->s->dir);
	hg_hint("attach an interface again: hellogate attach IFACE");
	return HG_NOTHING;
}

static int print_frame(struct top *t, struct hg_top_frame *f)
{
	int r;

	for (unsigned int i = 0; i < HG_TOP_LISTS; i++)
		hg_top_frame_sort(f, i, t->sort, false);
	r = f->s->attached ? hg_top_print_frame(&t->print, f) : say_detached(f);
	hg_top_frame_free(f);
	return r;
}

static int show_frame(struct top *t)
{
	struct hg_top_frame *f;
	int r = hg_top_live_frame(t->live, &f);

	if (r)
		return r;
	if (!t->screen)
		return print_frame(t, f);
	hg_top_screen_frame(t->screen, f, hg_top_live_tables(t->live));
	return HG_OK;
}

/* The expression that was typed is in force, or the screen says why not. */
static void change_filter(struct top *t)
{
	const char *text = hg_top_screen_wanted(t->screen);
	struct hg_filter *filter = NULL;
	char error[256];

	if (*text && hg_filter_parse(text, &filter, error, sizeof(error))) {
		hg_top_screen_filtered(t->screen, error);
		return;
	}
	hg_top_live_filter(t->live, filter);
	hg_top_screen_filtered(t->screen, NULL);
}

/* ---- the loop ---- */

enum next { GO_ON, FRAME_NOW, END };

static enum next take_keys(struct top *t)
{
	switch (hg_top_screen_keys(t->screen)) {
	case HG_TOP_QUIT:
		return END;
	case HG_TOP_CLEAR:
		hg_top_live_clear(t->live);
		return FRAME_NOW;
	case HG_TOP_FILTER:
		change_filter(t);
		return FRAME_NOW;
	default:
		return GO_ON;
	}
}

static enum next take_signal(struct top *t)
{
	struct signalfd_siginfo info;

	if (read(t->signals, &info, sizeof(info)) != sizeof(info))
		return GO_ON;
	if (info.ssi_signo != SIGWINCH)
		return END;
	if (t->screen)
		hg_top_screen_resized(t->screen);
	return GO_ON;
}

/* Milliseconds until then, begun ones too. */
static int until(__u64 then_ns, __u64 now_ns)
{
	return then_ns > now_ns ? (int)((then_ns - now_ns + 999999) / 1000000) : 0;
}

/* Wait for keys, signals and events, until the next frame is due. */
static enum next wait_for(struct top *t, __u64 due_ns)
{
	__u64 now = hg_clock_monotonic(), read_at = t->read_ns + READ_EVERY_NS;
	bool rests = now < read_at && read_at < due_ns;
	struct pollfd fds[3] = {
		{ .fd = t->signals, .events = POLLIN },
		{ .fd = t->screen ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = rests ? -1 : hg_top_live_fd(t->live), .events = POLLIN },
	};
	enum next next = GO_ON;

	poll(fds, 3, until(rests ? read_at : due_ns, now));
	if (fds[0].revents)
		next = take_signal(t);
	/* A terminal that has gone can be read no more, and is an end. */
	if (next == GO_ON && fds[1].revents)
		next = fds[1].revents & (POLLHUP | POLLERR | POLLNVAL) ? END : take_keys(t);
	if (fds[2].revents) {
		hg_top_live_read(t->live);
		t->read_ns = hg_clock_monotonic();
	}
	return next;
}

static int loop(struct top *t)
{
	__u64 due = hg_clock_monotonic() + t->delay_ns;
	enum next next = t->screen ? FRAME_NOW : GO_ON;
	unsigned long left = t->frames;
	int r = HG_OK;

	while (!r && next != END && !ferror(stdout)) {
		bool is_due = hg_clock_monotonic() >= due;

		if (is_due || next == FRAME_NOW)
			r = show_frame(t);
		if (is_due) {
			due = hg_clock_monotonic() + t->delay_ns;
			if (left && !--left)
				break;
		}
		if (!r)
			next = wait_for(t, due);
	}
	return r;
}

/* From here on they wait until the loop takes them, so that the terminal is restored. */
static int block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGWINCH);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_screen(struct top *t)
{
	const struct hg_top_screen_options options = { .list = t->list,
						       .sort = t->sort,
						       .color = t->print.listing.color,
						       .filter = selection_text.filter };

	return batch ? HG_OK : hg_top_screen_open(&options, &t->screen);
}

static int run(struct top *t, struct hg_selection *selection)
{
	int r = hg_top_live_open(hg_instance_dir(bpffs), t->window_ns, selection, &t->live),
	    printed;

	if (r) {
		hg_selection_close(selection);
		return r;
	}
	t->signals = block_signals();
	r = open_screen(t);
	r = r ? r : loop(t);
	hg_top_screen_close(t->screen);
	printed = batch ? hg_top_print_end(&t->print) : HG_OK;
	hg_top_live_close(t->live);
	close(t->signals);
	return r ? r : printed;
}

int hg_cmd_top(const struct hg_command *self, int argc, char **argv)
{
	struct hg_selection selection;
	struct top t = { 0 };
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands)
		return hg_usage(self, "unexpected argument '%s'", argv[0]);
	r = read_options(self, &t);
	r = r ? r : hg_selection_open(self, &selection_text, &selection);
	return r ? r : run(&t, &selection);
}
