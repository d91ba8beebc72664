/* SPDX-License-Identifier: BSD-2-Clause */
#define NCURSES_WIDECHAR 1
#include "top_screen.h"

#include <ctype.h>
#include <locale.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "say.h"
#include "top_draw.h"
#include "top_view.h"

#define ESCAPE 27
#define CTRL_L 12
#define CTRL_U 21
#define SAID_MAX 65536 /* bytes of stderr that are kept back */
#define SAID_TOLD 2048 /* and told at the end: the last ones */

struct hg_top_screen {
	SCREEN *terminal;
	struct hg_top_view view;
	const struct hg_top_tables *tables;
	bool color;
	int said, standard_error; /* where stderr goes meanwhile, and where it went */
	char wanted[HG_TOP_FILTER_SIZE];
};

_Static_assert(HG_TOP_FILTER_SIZE >= HG_TOP_TYPED_SIZE, "what is typed can be asked for");

/* ---- stderr ---- */

static void keep_back(struct hg_top_screen *s)
{
	s->standard_error = -1;
	s->said = memfd_create("stderr", MFD_CLOEXEC);
	if (s->said < 0)
		return;
	fflush(stderr);
	s->standard_error = dup(STDERR_FILENO);
	dup2(s->said, STDERR_FILENO);
}

/* What says the same at every frame must not grow for days. */
static void forget_said(struct hg_top_screen *s)
{
	if (s->said >= 0 && lseek(s->said, 0, SEEK_END) > SAID_MAX && !ftruncate(s->said, 0))
		lseek(s->said, 0, SEEK_SET);
}

static void tell(struct hg_top_screen *s)
{
	char text[SAID_TOLD];
	off_t end;
	ssize_t n;

	if (s->standard_error < 0)
		return;
	fflush(stderr);
	dup2(s->standard_error, STDERR_FILENO);
	close(s->standard_error);
	end = lseek(s->said, 0, SEEK_END);
	n = pread(s->said, text, sizeof(text), end > SAID_TOLD ? end - SAID_TOLD : 0);
	if (n > 0)
		fwrite(text, 1, (size_t)n, stderr);
	close(s->said);
}

/* ---- a life ---- */

static int refuse_terminal(struct hg_top_screen *s)
{
	const char *term = getenv("TERM");

	free(s);
	hg_error("this terminal cannot be drawn on: TERM is '%s'", term ? term : "");
	hg_hint("set TERM to what it is, or print: hellogate top --batch");
	return HG_UNSUPPORTED;
}

static void set_up(struct hg_top_screen *s)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, true);
	nodelay(stdscr, true);
	set_escdelay(25);
	curs_set(0);
	s->color = s->color && has_colors() && start_color() == OK;
	if (s->color) {
		use_default_colors();
		init_pair(1, COLOR_RED, -1);
	}
}

int hg_top_screen_open(const struct hg_top_screen_options *options, struct hg_top_screen **out)
{
	struct hg_top_screen *s = calloc(1, sizeof(*s));

	if (!s) {
		hg_error("out of memory");
		return HG_UNSUPPORTED;
	}
	setlocale(LC_CTYPE, "");
	s->view.list = options->list;
	s->view.sort = options->sort;
	s->color = options->color;
	if (options->filter)
		snprintf(s->view.filter, sizeof(s->view.filter), "%s", options->filter);
	s->terminal = newterm(NULL, stdout, stdin);
	if (!s->terminal)
		return refuse_terminal(s);
	keep_back(s);
	set_up(s);
	*out = s;
	return HG_OK;
}

void hg_top_screen_close(struct hg_top_screen *s)
{
	if (!s)
		return;
	endwin();
	delscreen(s->terminal);
	tell(s);
	hg_top_view_free(&s->view);
	free(s);
}

/* ---- showing ---- */

static void draw(struct hg_top_screen *s)
{
	hg_top_draw(&s->view, s->tables, s->color);
}

void hg_top_screen_frame(struct hg_top_screen *s, struct hg_top_frame *f,
			 const struct hg_top_tables *tables)
{
	s->tables = tables;
	hg_top_view_take(&s->view, f);
	forget_said(s);
	draw(s);
}

void hg_top_screen_resized(struct hg_top_screen *s)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
	clearok(stdscr, true);
	draw(s);
}

const char *hg_top_screen_wanted(const struct hg_top_screen *s)
{
	return s->wanted;
}

void hg_top_screen_filtered(struct hg_top_screen *s, const char *why)
{
	if (why)
		snprintf(s->view.note, sizeof(s->view.note), "filter: %s", why);
	else
		snprintf(s->view.filter, sizeof(s->view.filter), "%s", s->wanted);
}

/* ---- keys ---- */

static void begin_typing(struct hg_top_view *v)
{
	v->typing = true;
	snprintf(v->typed, sizeof(v->typed), "%s", *v->text ? v->text : v->filter);
}

/* An expression changes what is counted, anything else what is shown of it. */
static enum hg_top_wish end_typing(struct hg_top_screen *s)
{
	struct hg_top_view *v = &s->view;

	v->typing = false;
	if (*v->typed && !hg_top_is_expression(v->typed)) {
		snprintf(v->text, sizeof(v->text), "%s", v->typed);
		hg_top_view_arrange(v);
		return HG_TOP_STAY;
	}
	*v->text = 0;
	hg_top_view_arrange(v);
	if (!strcmp(v->typed, v->filter))
		return HG_TOP_STAY;
	snprintf(s->wanted, sizeof(s->wanted), "%s", v->typed);
	v->paused = false;
	return HG_TOP_FILTER;
}

static enum hg_top_wish type_key(struct hg_top_screen *s, int key)
{
	struct hg_top_view *v = &s->view;
	size_t len = strlen(v->typed);

	if (key == '\n' || key == '\r' || key == KEY_ENTER)
		return end_typing(s);
	if (key == ESCAPE)
		v->typing = false;
	else if (key == CTRL_U)
		*v->typed = 0;
	else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && len)
		v->typed[len - 1] = 0;
	else if (key >= ' ' && key < 127 && len + 1 < sizeof(v->typed))
		memcpy(v->typed + len, (char[]){ (char)key, 0 }, 2);
	return HG_TOP_STAY;
}

static void sort_by(struct hg_top_view *v, int step)
{
	v->sort = (enum hg_top_column)(((int)v->sort + step + HG_TOP_COLUMNS) % HG_TOP_COLUMNS);
	v->at = v->first = 0;
	hg_top_view_arrange(v);
}

/* Keys that move something; false: it is none of them. */
static bool move_key(struct hg_top_view *v, int key)
{
	const long page = LINES > 12 ? LINES - 12 : 1;

	switch (key) {
	case KEY_UP:
	case 'k':
		hg_top_view_move(v, -1);
		return true;
	case KEY_DOWN:
	case 'j':
		hg_top_view_move(v, 1);
		return true;
	case KEY_PPAGE:
		hg_top_view_move(v, -page);
		return true;
	case KEY_NPAGE:
		hg_top_view_move(v, page);
		return true;
	case KEY_HOME:
		hg_top_view_move(v, -HG_TOP_ROWS);
		return true;
	case KEY_END:
		hg_top_view_move(v, HG_TOP_ROWS);
		return true;
	case KEY_LEFT:
		sort_by(v, -1);
		return true;
	case KEY_RIGHT:
	case 's':
		sort_by(v, 1);
		return true;
	default:
		return false;
	}
}

static void view_key(struct hg_top_view *v, int key)
{
	if (key >= '1' && key < '1' + HG_TOP_LISTS) {
		hg_top_view_list(v, (enum hg_top_list)(key - '1'));
	} else if (key == '\t') {
		hg_top_view_list(v, (enum hg_top_list)((v->list + 1) % HG_TOP_LISTS));
	} else if (key == KEY_BTAB) {
		hg_top_view_list(v,
				 (enum hg_top_list)((v->list + HG_TOP_LISTS - 1) % HG_TOP_LISTS));
	} else if (key == 'r') {
		v->reverse = !v->reverse;
		hg_top_view_arrange(v);
	} else if (key == '/') {
		begin_typing(v);
	} else if (key == '\n' || key == '\r' || key == KEY_ENTER) {
		if (hg_top_view_row(v))
			v->page = HG_TOP_PAGE_DETAIL;
	} else {
		move_key(v, key);
	}
}

/* Keys that mean the same on each page. */
static enum hg_top_wish any_key(struct hg_top_screen *s, int key)
{
	struct hg_top_view *v = &s->view;

	switch (key) {
	case 'q':
		return HG_TOP_QUIT;
	case 'p':
	case ' ':
		v->paused = !v->paused;
		break;
	case 'c':
		v->paused = false;
		return HG_TOP_CLEAR;
	case '?':
	case 'h':
		v->page = HG_TOP_PAGE_HELP;
		break;
	case CTRL_L:
		clearok(stdscr, true);
		break;
	default:
		if (v->page == HG_TOP_PAGE_LIST)
			view_key(v, key);
		else
			v->page = HG_TOP_PAGE_LIST;
	}
	return HG_TOP_STAY;
}

static enum hg_top_wish one_key(struct hg_top_screen *s, int key)
{
	struct hg_top_view *v = &s->view;

	*v->note = 0;
	if (v->typing)
		return type_key(s, key);
	if (v->page == HG_TOP_PAGE_HELP && key != 'q') {
		v->page = HG_TOP_PAGE_LIST;
		return HG_TOP_STAY;
	}
	return any_key(s, key);
}

enum hg_top_wish hg_top_screen_keys(struct hg_top_screen *s)
{
	enum hg_top_wish wish = HG_TOP_STAY;
	int key;

	while (wish == HG_TOP_STAY && (key = getch()) != ERR)
		if (key != KEY_RESIZE)
			wish = one_key(s, key);
	if (wish == HG_TOP_STAY)
		draw(s);
	return wish;
}
