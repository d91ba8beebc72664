/* SPDX-License-Identifier: BSD-2-Clause */
#include "top_handshake.h"

#include <stdio.h>
#include <string.h>

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

/* Bytes that are none of a terminal's business are spelled as in JSON. */
static void copy_name(char *to, size_t size, const char *from)
{
	size_t len = 0;

	for (; *from && len + 5 < size; from++) {
		unsigned char byte = (unsigned char)*from;

		if (byte > ' ' - 1 && byte < 0x7f)
			to[len++] = *from;
		else
			len += (size_t)snprintf(to + len, size - len, "\\x%02x", byte);
	}
	to[len] = 0;
}

static void copy_known(char *to, size_t size, const char *cell)
{
	copy(to, size, strcmp(cell, "-") != 0 ? cell : "");
}

static void put_address(char *to, size_t size, const __u8 addr[16])
{
	if (hg_address_is_v4(addr))
		inet_ntop(AF_INET, addr + 12, to, (socklen_t)size);
	else
		inet_ntop(AF_INET6, addr, to, (socklen_t)size);
}

/* ---- what may be told ---- */

/* A JSON string without its quotes: what privacy.h writes needs no escapes.  "?": no memory. */
static void take_string(char *to, size_t size, struct hg_json *j)
{
	if (j->failed || j->len < 2 || *j->text != '"')
		copy(to, size, "?");
	else
		snprintf(to, size, "%.*s", (int)j->len - 2, j->text + 1);
	hg_json_free(j);
}

static void hide_name(char *to, size_t size, const struct hg_privacy *p, const char *name)
{
	struct hg_json j = { 0 };

	hg_privacy_put_name(&j, p, name, strlen(name));
	take_string(to, size, &j);
}

static void hide_address(char *to, size_t size, const struct hg_privacy *p, const __u8 addr[16])
{
	struct hg_json j = { 0 };

	hg_privacy_put_address(&j, p, addr);
	take_string(to, size, &j);
}

/* As hg_endpoint_text(): IPv6 in brackets. */
static void hide_endpoint(char *to, size_t size, const struct hg_privacy *p,
			  const struct hg_endpoint *end)
{
	char text[HG_ENDPOINT_TEXT];

	hide_address(text, sizeof(text), p, end->addr);
	snprintf(to, size, strchr(text, ':') ? "[%.46s]:%u" : "%.46s:%u", text, end->port);
}

/* In brackets is why there is no name. */
static bool is_name(const char *cell)
{
	return *cell && *cell != '(' && strcmp(cell, "?") != 0 && strcmp(cell, "-") != 0;
}

static void hide(struct hg_top_handshake *t, const struct hg_handshake *h, const char *name,
		 const struct hg_privacy *p)
{
	struct hg_endpoint client, server;

	hg_flow_endpoints(&h->facts, &client, &server);
	if (!hg_addresses_are_shown(p)) {
		hide_address(t->address, sizeof(t->address), p, client.addr);
		hide_endpoint(t->client, sizeof(t->client), p, &client);
		hide_endpoint(t->server, sizeof(t->server), p, &server);
	}
	if ((!hg_names_are_shown(p) || !hg_addresses_are_shown(p)) && is_name(name))
		hide_name(t->name, sizeof(t->name), p, name);
}

/* ---- one handshake ---- */

void hg_top_handshake_fill(struct hg_top_handshake *t, const struct hg_row *r,
			   const struct hg_handshake *h, const struct hg_diagnosis *d,
			   const struct hg_privacy *privacy)
{
	struct hg_endpoint client, server;

	*t = (struct hg_top_handshake){ .ended_ns = h->facts.time_ns,
					.flow_id = h->facts.flow_id,
					.attempt = h->attempt,
					.observed = d->observed,
					.outcome = (__u8)d->outcome,
					.cause = (__u8)d->cause,
					.side = (__u8)d->side };
	hg_flow_endpoints(&h->facts, &client, &server);
	put_address(t->address, sizeof(t->address), client.addr);
	copy_name(t->name, sizeof(t->name), r->cells[HG_ROW_NAME]);
	copy(t->client, sizeof(t->client), r->cells[HG_ROW_CLIENT]);
	copy(t->server, sizeof(t->server), r->cells[HG_ROW_SERVER]);
	copy(t->offer, sizeof(t->offer), r->cells[HG_ROW_OFFER]);
	copy_known(t->rule, sizeof(t->rule), r->cells[HG_ROW_RULE]);
	copy_known(t->ja4, sizeof(t->ja4), r->cells[HG_ROW_JA4]);
	if (privacy)
		hide(t, h, r->cells[HG_ROW_NAME], privacy);
}

static void put_known(struct hg_json *j, const char *key, const char *text)
{
	if (*text && strcmp(text, "-") != 0)
		hg_json_put_string(j, key, text);
}

void hg_top_handshake_json(struct hg_json *j, const struct hg_top_handshake *t, __u64 wall_ns)
{
	hg_json_object(j);
	hg_json_put_uint(j, "time_ms", wall_ns / 1000000);
	hg_json_put_uint(j, "flow_id", t->flow_id);
	hg_json_put_bool(j, "attempt", t->attempt);
	hg_json_put_term(j, "outcome", hg_outcome_text(t->outcome));
	if (t->cause) {
		hg_json_put_term(j, "cause", hg_cause_text(t->cause));
		hg_json_put_term(j, "side", hg_side_text(t->side));
		hg_json_put_term(j, "confidence", t->observed ? "observed" : "inferred");
	}
	put_known(j, "name", t->name);
	put_known(j, "client", t->client);
	put_known(j, "server", t->server);
	put_known(j, "version_max", t->offer);
	put_known(j, "rule", t->rule);
	put_known(j, "ja4", t->ja4);
	hg_json_object_end(j);
}
