/* SPDX-License-Identifier: BSD-2-Clause */
#define NCURSES_WIDECHAR 1
#include "top_draw.h"

#include <ncurses.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

#include "advice.h"
#include "top_text.h"

#define NUMBERS 5	 /* columns of numbers in front of a row */
#define NUMBER_COLUMNS 7 /* of each, with the space before it */
#define TEXT_MAX 512
#define RECENT_MAX 64
#define RED 1

/* ---- text, by its width on the screen ---- */

/* One character, as one that can be shown; returns how many bytes it took. */
static size_t take_char(const char *text, mbstate_t *state, wchar_t *out)
{
	size_t n = mbrtowc(out, text, strlen(text), state);

	if (n == (size_t)-1 || n == (size_t)-2 || !n) {
		memset(state, 0, sizeof(*state));
		*out = L'?';
		return 1;
	}
	if (wcwidth(*out) < 0)
		*out = L'?';
	return n;
}

/* Text at that place, in so many columns: what does not fit ends with a '~'. */
static void put(int y, int x, int columns, const char *text)
{
	wchar_t wide[TEXT_MAX];
	mbstate_t state = { 0 };
	int used = 0, cut = 0;
	size_t n = 0, fits = 0;

	if (columns <= 0)
		return;
	while (*text && n + 1 < TEXT_MAX && used <= columns) {
		text += take_char(text, &state, &wide[n]);
		used += wcwidth(wide[n++]);
		if (used < columns) {
			fits = n;
			cut = used;
		}
	}
	if (used > columns || *text) {
		mvaddnwstr(y, x, wide, (int)fits);
		mvaddch(y, x + cut, '~');
	} else {
		mvaddnwstr(y, x, wide, (int)n);
	}
}

__attribute__((format(printf, 4, 5))) static void put_f(int y, int x, int columns,
							const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put(y, x, columns, text);
}

/* A line from side to side, so that attributes are, too. */
static void fill_line(int y)
{
	mvhline(y, 0, ' ', COLS);
}

static int larger(int a, int b)
{
	return a > b ? a : b;
}

static int smaller(int a, int b)
{
	return a < b ? a : b;
}

/* ---- the head ---- */

/* Where not all lines fit, what is wrong goes before what is usual. */
static int draw_head(const struct hg_top_frame *f, int room, bool color)
{
	struct hg_top_line lines[HG_TOP_LINES_MAX];
	int count = (int)hg_top_head(f, lines), alarms = 0, usual, y = 0;

	for (int i = 0; i < count; i++)
		alarms += lines[i].alarm;
	alarms = smaller(alarms, room - 1);
	usual = smaller(count, room) - alarms;
	for (int i = 0; i < count; i++) {
		int *left = lines[i].alarm ? &alarms : &usual;

		if (--*left < 0)
			continue;
		if (lines[i].alarm)
			attron(A_BOLD | (color ? COLOR_PAIR(RED) : 0));
		put(y++, 0, COLS, lines[i].text);
		attrset(A_NORMAL);
	}
	return y;
}

static void draw_tabs(const struct hg_top_view *v, int y)
{
	static const char *const names[] = { "Names", "Clients", "Causes", "Rules",
					     "Fingerprints" };
	int x = 0;

	for (unsigned int i = 0; i < HG_TOP_LISTS; i++) {
		char text[48];

		snprintf(text, sizeof(text), "%u %s %zu", i + 1, names[i],
			 v->frame->tables[i].count);
		attrset(i == v->list ? A_REVERSE | A_BOLD : A_NORMAL);
		put_f(y, x, COLS - x, " %s ", text);
		attrset(A_NORMAL);
		x += (int)strlen(text) + 2;
	}
}

/* ---- the list ---- */

/* What is behind the numbers: the cause and the key, or of a cause what to do. */
struct layout {
	int first, last; /* columns of the one and the other */
	int x;		 /* where the first begins */
};

static const char *first_text(const struct hg_top_view *v, const struct hg_top_row *r)
{
	return v->list == HG_TOP_CAUSES ? r->key : hg_top_row_cause(r);
}

static const char *last_text(const struct hg_top_view *v, const struct hg_top_row *r)
{
	int cause;

	if (v->list != HG_TOP_CAUSES)
		return r->key;
	cause = hg_term_value(hg_cause_text, HG_CAUSE_COUNT, r->key);
	return cause < 0 ? "" : hg_advice((enum hg_cause)cause);
}

static struct layout make_layout(const struct hg_top_view *v, size_t rows)
{
	/* What a long key has before a cause has more than a few letters. */
	static const int wanted[HG_TOP_LISTS] = { 24, 15, 0, 16, 36 };
	struct layout l = { .first = (int)strlen("FIRST CAUSE"),
			    .x = NUMBERS * NUMBER_COLUMNS + 1 };
	int room = COLS - l.x - 1, most, longest = (int)strlen("SERVER NAME");

	for (size_t i = v->first; i < v->count && i < v->first + rows; i++) {
		const struct hg_top_row *r = &v->frame->tables[v->list].rows[v->shown[i]];

		l.first = larger(l.first, (int)strlen(first_text(v, r)));
		longest = larger(longest, (int)strlen(last_text(v, r)));
	}
	most = larger(room - smaller(longest, wanted[v->list]), 7);
	l.first = larger(smaller(smaller(l.first, most), room), 0);
	l.last = room - l.first;
	return l;
}

static void draw_list_head(const struct hg_top_view *v, const struct layout *l, int y)
{
	static const char *const heads[] = { "RATE/s", "COUNT", "FAILED", "SHARE", "RESETS" };
	static const char mark[] = { '>', '<' };

	attrset(A_REVERSE);
	fill_line(y);
	for (int i = 0; i < NUMBERS; i++) {
		char head[NUMBER_COLUMNS + 1];

		snprintf(head, sizeof(head), "%s%s",
			 (int)v->sort == i ? (v->reverse ? "<" : ">") : "", heads[i]);
		mvprintw(y, i * NUMBER_COLUMNS, "%*s", NUMBER_COLUMNS, head);
	}
	if (v->sort == HG_TOP_BY_CAUSE)
		mvaddch(y, l->x - 1, (chtype)mark[v->reverse]);
	put(y, l->x, l->first, v->list == HG_TOP_CAUSES ? "CAUSE" : "FIRST CAUSE");
	if (v->sort == HG_TOP_BY_KEY)
		mvaddch(y, v->list == HG_TOP_CAUSES ? l->x - 1 : l->x + l->first,
			(chtype)mark[v->reverse]);
	put(y, l->x + l->first + 1, l->last,
	    v->list == HG_TOP_CAUSES ? "WHAT TO DO" : hg_top_key_head(v->list));
	attrset(A_NORMAL);
}

static void draw_row(const struct hg_top_view *v, const struct layout *l, int y, size_t i,
		     bool color)
{
	const struct hg_top_row *r = &v->frame->tables[v->list].rows[v->shown[i]];
	const attr_t bar = i == v->at ? A_REVERSE : A_NORMAL;
	const struct hg_top_counts *c = &r->counts;
	char n[NUMBERS][HG_TOP_NUMBER_SIZE];
	const char *const cells[NUMBERS] = {
		hg_top_real(hg_top_row_rate(v->frame, r), n[0]),
		hg_top_number(c->handshakes + c->attempts, n[1]),
		hg_top_number(c->failed, n[2]),
		hg_top_percent(hg_top_row_share(v->frame, v->list, r), n[3]),
		hg_top_number(c->resets, n[4]),
	};

	attrset(bar);
	if (bar)
		fill_line(y);
	for (int column = 0; column < NUMBERS; column++)
		mvprintw(y, column * NUMBER_COLUMNS, "%*s", NUMBER_COLUMNS, cells[column]);
	if (color && c->failed)
		attrset(bar | COLOR_PAIR(RED));
	put(y, l->x, l->first, first_text(v, r));
	attrset(bar);
	put(y, l->x + l->first + 1, l->last, last_text(v, r));
	attrset(A_NORMAL);
}

static void draw_nothing(const struct hg_top_view *v, int y)
{
	if (*v->text)
		put_f(y, 1, COLS - 1, "none of %zu has '%s' in it: / changes that",
		      v->frame->tables[v->list].count, v->text);
	else if (v->list == HG_TOP_RULES && !v->frame->s->policy.revision)
		put(y, 1, COLS - 1, "there is no policy");
	else
		put_f(y, 1, COLS - 1, "nothing ended in the last %llu s",
		      (unsigned long long)(v->frame->window_ns / HG_SECOND));
}

static void draw_list(struct hg_top_view *v, bool color)
{
	int y = draw_head(v->frame, larger(LINES - 8, 2), color);
	int rows = LINES - y - 3;
	struct layout l;

	hg_top_view_scroll(v, (size_t)larger(rows, 1));
	l = make_layout(v, (size_t)larger(rows, 1));
	draw_tabs(v, y++);
	draw_list_head(v, &l, y++);
	if (!v->count)
		draw_nothing(v, y);
	for (int i = 0; i < rows && v->first + (size_t)i < v->count; i++)
		draw_row(v, &l, y + i, v->first + (size_t)i, color);
}

/* ---- one row ---- */

static void clock_text(const struct hg_top_frame *f, __u64 at_ns, char text[16])
{
	__u64 taken = f->s->taken_ns, ago = taken > at_ns ? taken - at_ns : 0;
	time_t seconds = (time_t)((f->wall_ns - ago) / HG_SECOND);
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, 16, "%H:%M:%S", &tm);
}

static const char *end_text(const struct hg_top_handshake *h)
{
	return h->cause ? hg_cause_text(h->cause) : hg_outcome_text(h->outcome);
}

static int draw_causes(const struct hg_top_row *r, int y, int until)
{
	char n[HG_TOP_NUMBER_SIZE];

	for (unsigned int i = 0; i < r->cause_count && y < until; i++)
		put_f(y++, 0, COLS, "%7s  %-27s %s", hg_top_number(r->causes[i].count, n),
		      hg_cause_text(r->causes[i].cause),
		      hg_advice((enum hg_cause)r->causes[i].cause));
	if (r->other_causes && y < until)
		put_f(y++, 0, COLS, "%7s  of other causes", hg_top_number(r->other_causes, n));
	return y;
}

/* The last handshakes of the row, under heads, as many as there are lines. */
static void draw_recent(const struct hg_top_view *v, const struct hg_top_tables *tables, int y,
			int until)
{
	static struct hg_top_handshake recent[RECENT_MAX];
	const bool names = v->list == HG_TOP_NAMES;
	const struct hg_top_frame *f = v->frame;
	int room = smaller(until - y - 1, RECENT_MAX), client = 6, end = 7;
	size_t count;

	if (room <= 0 || !tables)
		return;
	count = hg_top_tables_recent(tables, v->list, v->key, f->s->taken_ns, recent, (size_t)room);
	for (size_t i = 0; i < count; i++) {
		client = larger(client, (int)strlen(recent[i].client));
		end = larger(end, (int)strlen(end_text(&recent[i])));
	}
	attrset(A_REVERSE);
	fill_line(y);
	put_f(y++, 0, COLS, "%-8s %16s %-*s %-5s %-*s %s", "TIME", "FLOW", client, "CLIENT",
	      "OFFER", end, "OUTCOME", names ? "SERVER" : "SERVER NAME");
	attrset(A_NORMAL);
	for (size_t i = 0; i < count; i++) {
		const struct hg_top_handshake *h = &recent[i];
		char clock[16];

		clock_text(f, h->ended_ns, clock);
		put_f(y++, 0, COLS, "%-8s %16llu %-*s %-5s %-*s %s", clock,
		      (unsigned long long)h->flow_id, client, h->client, h->offer, end, end_text(h),
		      names || h->attempt ? h->server : h->name);
	}
	if (!count)
		put(y, 1, COLS - 1, "its handshakes have made room for those of others");
}

static void draw_detail(const struct hg_top_view *v, const struct hg_top_tables *tables, bool color)
{
	const struct hg_top_row *r = hg_top_view_row(v);
	int y = draw_head(v->frame, 1, color) + 1, until = LINES - 1;
	char n[5][HG_TOP_NUMBER_SIZE];

	if (!r) {
		put(y, 1, COLS - 1, "its last handshake is older than the window");
		return;
	}
	attrset(A_BOLD);
	put_f(y++, 0, COLS, "%s  %s", hg_top_key_head(v->list), r->key);
	attrset(A_NORMAL);
	put_f(y++, 0, COLS, "%s in %.0f s (%s/s): %s established, %s failed, %s reset",
	      hg_top_number(r->counts.handshakes + r->counts.attempts, n[0]), v->frame->span,
	      hg_top_real(hg_top_row_rate(v->frame, r), n[1]),
	      hg_top_number(r->counts.established, n[2]), hg_top_number(r->counts.failed, n[3]),
	      hg_top_number(r->counts.resets, n[4]));
	y = draw_causes(r, y + 1, until - 3);
	draw_recent(v, tables, y + 1, until);
}

/* ---- help ---- */

static void draw_help(void)
{
	static const char *const lines[] = {
		"hellogate top: what ended lately, busiest first",
		"",
		"Tab 1..5    names, clients, causes, rules, fingerprints",
		"Left Right  sort by the column before, or behind; s: the next one",
		"r           turn the order round",
		"Up Down     choose a row, also k j, PgUp PgDn, Home End",
		"Enter       its causes and its last handshakes",
		"/           with = ~ < > in it: count only such events, as --filter;",
		"            else: show only rows with that in their name; empty: all",
		"p Space     pause the screen; counting goes on",
		"c           forget what was counted",
		"q           quit",
		"",
		"RATE/s and COUNT are of the window, and so is all in the lists.",
		"SHARE: failed, of failed and established; of a cause, of all causes.",
		"RESETS: what the policy reset or dropped. These are no failures.",
	};

	for (int i = 0; i < (int)(sizeof(lines) / sizeof(lines[0])) && i < LINES - 1; i++)
		put(i, 0, COLS, lines[i]);
}

/* ---- the last line ---- */

static void draw_keys(const struct hg_top_view *v, int y)
{
	char filters[2 * HG_TOP_TYPED_SIZE + 32] = "";

	if (*v->filter)
		snprintf(filters, sizeof(filters), "  filter %s", v->filter);
	if (*v->text)
		snprintf(filters + strlen(filters), sizeof(filters) - strlen(filters),
			 "  with '%s'", v->text);
	put_f(y, 0, COLS, "%sq quit  ? help  / filter  Enter detail  sort %s%s%s",
	      v->paused ? "PAUSED  " : "", hg_top_column_text(v->sort),
	      v->reverse ? ", reversed" : "", filters);
}

static void draw_foot(const struct hg_top_view *v)
{
	int y = LINES - 1;

	attrset(A_BOLD);
	if (v->typing)
		put_f(y, 0, COLS, "filter: %s_", v->typed);
	else if (*v->note)
		put(y, 0, COLS, v->note);
	else if (v->page == HG_TOP_PAGE_LIST)
		draw_keys(v, y);
	else if (v->page == HG_TOP_PAGE_DETAIL)
		put_f(y, 0, COLS, "%sEnter back  q quit  more: hellogate diagnose --flow FLOW",
		      v->paused ? "PAUSED  " : "");
	else
		put(y, 0, COLS, "any key: back");
	attrset(A_NORMAL);
}

void hg_top_draw(struct hg_top_view *v, const struct hg_top_tables *tables, bool color)
{
	erase();
	if (COLS < HG_TOP_MIN_COLUMNS || LINES < HG_TOP_MIN_LINES) {
		put_f(0, 0, COLS, "%dx%d is needed, this is %dx%d", HG_TOP_MIN_COLUMNS,
		      HG_TOP_MIN_LINES, COLS, LINES);
	} else if (v->frame) {
		if (v->page == HG_TOP_PAGE_LIST)
			draw_list(v, color);
		else if (v->page == HG_TOP_PAGE_DETAIL)
			draw_detail(v, tables, color);
		else
			draw_help();
		draw_foot(v);
	}
	refresh();
}
