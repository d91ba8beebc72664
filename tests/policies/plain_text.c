/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plain_text.c - a plain policy as a file, a plain flow as a line.
 */
#include "plain.h"

#include <stdlib.h>
#include <string.h>

#include "../../user/terms.h"

/* ---- the same policy as text ---- */

static void print_list(FILE *out, const char *key, const struct plain_list *list,
		       const char **comma)
{
	if (!list->count)
		return;
	fprintf(out, "%s%s: [", *comma, key);
	for (int i = 0; i < list->count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", list->items[i]);
	fputs("]", out);
	*comma = ", ";
}

bool plain_is_empty(const struct plain_match *m)
{
	return !(m->sni.count + m->src.count + m->dst.count + m->port.count + m->version.count +
		 m->state.count + m->coverage.count + m->flag.count + m->ja4.count + m->ja3.count +
		 m->none + m->weak + m->version_min.count + m->cipher.count + m->count.count +
		 m->group.count + m->alpn.count + m->ech.count + m->interface.count + m->resumed);
}

static void print_match(FILE *out, const struct plain_match *m, const struct plain_match *except)
{
	const char *comma = "";

	fputs("{", out);
	print_list(out, "sni", &m->sni, &comma);
	if (m->none) {
		fprintf(out, "%ssni: none", comma);
		comma = ", ";
	}
	print_list(out, "sni_state", &m->state, &comma);
	print_list(out, "src", &m->src, &comma);
	print_list(out, "dst", &m->dst, &comma);
	print_list(out, "port", &m->port, &comma);
	print_list(out, "version_max", &m->version, &comma);
	if (m->weak) {
		fprintf(out, "%sciphers: all-weak", comma);
		comma = ", ";
	}
	print_list(out, "version_min", &m->version_min, &comma);
	print_list(out, "ciphers", &m->cipher, &comma);
	print_list(out, "groups", &m->group, &comma);
	print_list(out, "alpn", &m->alpn, &comma);
	print_list(out, "ech", &m->ech, &comma);
	print_list(out, "interface", &m->interface, &comma);
	if (m->count.count)
		fprintf(out, "%scipher_count: \"%s\"", comma, m->count.items[0]);
	if (m->count.count)
		comma = ", ";
	if (m->resumed)
		fprintf(out, "%sresumed: %s", comma, m->resumed == 1 ? "true" : "false");
	if (m->resumed)
		comma = ", ";
	print_list(out, "coverage", &m->coverage, &comma);
	print_list(out, "flag", &m->flag, &comma);
	print_list(out, "ja4", &m->ja4, &comma);
	print_list(out, "ja3", &m->ja3, &comma);
	if (except && !plain_is_empty(except)) {
		fprintf(out, "%snot: ", comma);
		print_match(out, except, NULL);
	}
	fputs("}", out);
}

char *plain_policy_text(const struct plain_policy *p)
{
	const char *comma = "";
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fprintf(out, "version: 1\nmode: %s\ndefault: %s\nunread: %s\n",
		hg_mode_text((unsigned int)p->mode),
		hg_action_text((unsigned int)p->default_action),
		hg_action_text((unsigned int)p->unread_action));
	fputs("sets:\n  names: {kind: domains, ", out);
	print_list(out, "names", &p->set_names, &comma);
	comma = "";
	fputs("}\n  nets: {kind: networks, ", out);
	print_list(out, "nets", &p->set_nets, &comma);
	comma = "";
	fputs("}\nprotect: {", out);
	print_list(out, "sni", &p->protect_sni, &comma);
	print_list(out, "src", &p->protect_src, &comma);
	fputs("}\nrules:\n", out);
	for (int i = 0; i < p->count; i++) {
		const struct plain_rule *r = &p->rules[i];

		fprintf(out, "  - {name: %s, action: %s, on_undecided: %s, ", r->name,
			hg_action_text((unsigned int)r->action),
			r->on_undecided == HG_ACTION_reset ? "reset" : "skip");
		if (r->mode >= 0)
			fprintf(out, "mode: %s, ", hg_mode_text((unsigned int)r->mode));
		if (r->expires)
			fprintf(out, "expires: %s, ",
				r->expires == 1 ? "2001-01-31" : "2099-01-31");
		fputs("match: ", out);
		print_match(out, &r->match, &r->except);
		fputs("}\n", out);
	}
	if (!p->count)
		fputs("  []\n", out);
	fclose(out);
	return text;
}

static size_t add_list(char *out, size_t room, const char *what, const struct plain_list *list)
{
	size_t len = (size_t)snprintf(out, room, " %s", what);

	for (int i = 0; i < list->count; i++)
		len += (size_t)snprintf(out + len, room - len, "%s%s", i ? "," : " ",
					list->items[i]);
	return len;
}

const char *plain_flow_text(const struct plain_flow *f)
{
	static char text[1024];
	size_t len = (size_t)snprintf(
		text, sizeof(text),
		"sni %s (%s) src %s dst %s port %d version %s lowest %s weak %d ech %s resumed %d "
		"on %s %s flags %#x ja4 %s ja3 %s unknown %#x%s",
		f->name, hg_sni_state_text((unsigned int)f->state), f->src, f->dst, f->port,
		hg_version_text((unsigned int)f->version),
		f->lowest < 0 ? "?" : hg_version_text((unsigned int)f->lowest), f->weak,
		hg_ech_text((unsigned int)f->ech), f->resumed, f->interface ? f->interface : "?",
		hg_bucket_text((unsigned int)f->bucket), f->flags, f->ja4 ? f->ja4 : "?",
		f->ja3 ? f->ja3 : "?", f->unknown, f->last_word ? " last word" : "");

	len += add_list(text + len, sizeof(text) - len, "ciphers", &f->cipher);
	len += add_list(text + len, sizeof(text) - len, "groups", &f->group);
	add_list(text + len, sizeof(text) - len, "alpn", &f->alpn);
	return text;
}
