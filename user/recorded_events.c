/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recorded_events.c - handshakes of a file of EVE events, one JSON object a
 * line.  What an event does not say is not known.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../include/client_hello.h"
#include "policy_flow.h"
#include "recorded.h"
#include "say.h"
#include "terms.h"

#define PROGRESS_LINES 1000 /* the clock is not asked for each */

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* A value that no rule could ask for is not known. */
static void set(struct hg_flow_spec *flow, const char *field, const char *text)
{
	char why[HG_WHY_MAX];

	if (text)
		hg_flow_spec_set(flow, field, text, why);
}

static void set_port(struct hg_flow_spec *flow, const json_t *event)
{
	const json_t *port = json_object_get(event, "dest_port");
	char text[24];

	if (!json_is_integer(port))
		return;
	snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(port));
	set(flow, "port", text);
}

static void set_numbers(struct hg_flow_spec *flow, const char *field, const json_t *list)
{
	const json_t *item;
	char text[8];
	size_t i;

	json_array_foreach(list, i, item)
	{
		snprintf(text, sizeof(text), "0x%04llx",
			 (unsigned long long)json_integer_value(item) & 0xffff);
		set(flow, field, text);
	}
}

/* The lowest that is no GREASE; without a list nothing is known of it. */
static void set_version_min(struct hg_flow_spec *flow, const json_t *list)
{
	json_int_t lowest = 0x10000;

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_int_t version = json_integer_value(json_array_get(list, i));

		if (!hg_is_grease((__u16)version) && version < lowest)
			lowest = version;
	}
	if (lowest < 0x10000)
		set(flow, "version_min", hg_version_text(hg_version_rank((__u16)lowest)));
}

/* A list, or none at all: a hello of ours says which. */
static void set_protocols(struct hg_flow_spec *flow, const json_t *tls, const json_t *hello)
{
	const json_t *list = json_object_get(tls, "client_alpns");

	if (hello && !json_array_size(list))
		set(flow, "alpn", "none");
	for (size_t i = 0; i < json_array_size(list); i++)
		set(flow, "alpn", json_string_value(json_array_get(list, i)));
}

static void set_resumed(struct hg_flow_spec *flow, const json_t *hello)
{
	const json_t *max = json_object_get(hello, "version_max");
	bool id = json_integer_value(json_object_get(hello, "session_id_len"));

	if (!json_is_integer(max))
		return;
	set(flow, "resumed",
	    json_is_true(json_object_get(hello, "psk")) ||
			    json_is_true(json_object_get(hello, "ticket")) ||
			    (id && json_integer_value(max) < 0x0304)
		    ? "true"
		    : "false");
}

/* As bpf/hello.h has it: GREASE and SCSVs say nothing. */
static void set_ciphers(struct hg_flow_spec *flow, const json_t *list)
{
	size_t i, strong = 0, judged = 0;
	const json_t *item;

	json_array_foreach(list, i, item)
	{
		__u16 cipher = (__u16)json_integer_value(item);

		if (json_integer_value(item) > 0xffff)
			return; /* of an SSLv2 hello */
		if (hg_is_grease(cipher) || hg_is_scsv(cipher))
			continue;
		judged++;
		strong += !hg_cipher_is_weak(cipher);
	}
	set_numbers(flow, "ciphers", list);
	if (json_array_size(list))
		set(flow, "ciphers", judged && !strong ? "all-weak" : "strong");
}

/* "TLS 1.2" is Suricata's word for what policies call 1.2. */
static void set_version(struct hg_flow_spec *flow, const json_t *hello, const char *name)
{
	const json_t *wire = json_object_get(hello, "version_max");

	if (json_is_integer(wire))
		set(flow, "version_max",
		    hg_version_text(hg_version_rank((__u16)json_integer_value(wire))));
	else if (name && !strncmp(name, "TLS ", 4))
		set(flow, "version_max", name + 4);
	else if (name && !strcmp(name, "SSLv3"))
		set(flow, "version_max", "ssl3");
}

static void set_name(struct hg_flow_spec *flow, const json_t *tls, const json_t *hello)
{
	const char *state = text_of(hello, "sni_state"), *name = text_of(tls, "sni");

	if (state && !strcmp(state, "none"))
		name = "none";
	if (!state || !strcmp(state, "ok") || !strcmp(state, "none"))
		set(flow, "sni", name);
	else
		set(flow, "sni_state", state);
}

static void set_flags(struct hg_flow_spec *flow, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		set(flow, "flag", json_string_value(json_array_get(list, i)));
}

/* Of a chain that was read, findings are listed, if there are any. */
static void set_certificate(struct hg_flow_spec *flow, const json_t *ours)
{
	const json_t *chain = json_object_get(ours, "certificate");
	const json_t *findings = json_object_get(chain, "findings");

	if (!json_is_array(findings))
		return;
	set(flow, "certificate", "ok");
	for (size_t i = 0; i < json_array_size(findings); i++)
		set(flow, "certificate", json_string_value(json_array_get(findings, i)));
}

static void fill(struct hg_flow_spec *flow, const json_t *event)
{
	const json_t *tls = json_object_get(event, "tls");
	const json_t *ours = json_object_get(event, "hellogate");
	const json_t *hello = json_object_get(ours, "hello");
	const json_t *said = json_object_get(tls, "client_handshake");

	hg_flow_spec_begin(flow);
	set(flow, "src", text_of(event, "src_ip"));
	set(flow, "dst", text_of(event, "dest_ip"));
	set_port(flow, event);
	set_name(flow, tls, hello);
	set_version(flow, hello, text_of(said, "version"));
	set_ciphers(flow, json_object_get(said, "ciphers"));
	set_version_min(flow, json_object_get(hello, "versions"));
	set_numbers(flow, "groups", json_object_get(hello, "groups"));
	set_protocols(flow, tls, hello);
	set_resumed(flow, hello);
	set(flow, "ech", text_of(hello, "ech"));
	set(flow, "interface", text_of(event, "in_iface"));
	set(flow, "time", text_of(event, "timestamp"));
	set(flow, "ja4", text_of(tls, "ja4"));
	set(flow, "ja3", text_of(json_object_get(tls, "ja3"), "hash"));
	set(flow, "coverage", text_of(ours, "coverage"));
	set_flags(flow, json_object_get(ours, "flags"));
	set_certificate(flow, ours);
}

/* A handshake, at its end: `--at hello` tells each twice. */
static bool is_handshake(const json_t *event)
{
	const char *type = text_of(event, "event_type");
	const char *stage = text_of(json_object_get(event, "hellogate"), "stage");

	return type && !strcmp(type, "tls") && (!stage || !strcmp(stage, "end"));
}

static void tell(const json_t *event, hg_recorded_fn each, void *arg)
{
	const char *sni = text_of(json_object_get(event, "tls"), "sni");
	const char *client = text_of(event, "src_ip");
	struct hg_recorded recorded = { 0 };
	struct hg_flow_view view;
	struct hg_flow_spec flow;

	fill(&flow, event);
	view = hg_flow_spec_view(&flow);
	recorded.view = &view;
	if (sni)
		snprintf(recorded.name, sizeof(recorded.name), "%s", sni);
	else if (!(flow.view.unknown & HG_COND_SNI_STATE) && flow.hello.sni_state == HG_SNI_none)
		snprintf(recorded.name, sizeof(recorded.name), "(no SNI)"); /* as row.c has it */
	else if (!(flow.view.unknown & HG_COND_SNI_STATE))
		snprintf(recorded.name, sizeof(recorded.name), "(%s SNI)",
			 hg_sni_state_text(flow.hello.sni_state));
	else
		snprintf(recorded.name, sizeof(recorded.name), "?");
	snprintf(recorded.client, sizeof(recorded.client), "%s", client ? client : "?");
	each(arg, &recorded);
}

static int read_line(const char *path, unsigned long number, const char *line, size_t len,
		     hg_recorded_fn each, void *arg)
{
	json_error_t error;
	json_t *event;

	if (!len || strspn(line, " \t\r\n") == len)
		return HG_OK;
	event = json_loadb(line, len, 0, &error);
	if (!json_is_object(event)) {
		hg_error("%s:%lu:%d: not an event: %s", path, number,
			 event || error.column < 1 ? 1 : error.column,
			 event ? "not a JSON object" : error.text);
		hg_hint("one JSON object a line: hellogate read -o jsonl, hellogate events -o jsonl");
		json_decref(event);
		return HG_INVALID;
	}
	if (is_handshake(event))
		tell(event, each, arg);
	json_decref(event);
	return HG_OK;
}

int hg_recorded_events(const char *path, hg_recorded_fn each, void *arg)
{
	FILE *file = fopen(path, "re");
	unsigned long number = 0;
	char *line = NULL;
	size_t room = 0;
	int r = HG_OK;
	struct stat st;
	ssize_t len;

	if (!file || fstat(fileno(file), &st)) {
		hg_error("%s: %s", path, strerror(errno));
		if (file)
			fclose(file);
		return HG_INVALID;
	}
	while (!r && (len = getline(&line, &room, file)) >= 0) {
		r = read_line(path, ++number, line, (size_t)len, each, arg);
		if (number % PROGRESS_LINES == 0)
			hg_say_progress(path, (size_t)ftello(file), (size_t)st.st_size);
	}
	hg_say_progress_end();
	free(line);
	fclose(file);
	return r;
}
