/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policy_list.h"
#include "policy_reader.h"
#include "ports.h"

#define KEY_MIN 16 /* bytes of a key file */

/* policy_reader.h reads maps for us; `base` comes first. */
struct reader {
	struct hg_policy_reader base;
	struct hg_config *config;
	const char *file;
};

static struct hg_config *config_of(struct hg_policy_reader *r)
{
	return ((struct reader *)r)->config;
}

static const char *const switch_words[] = { "no", "yes", "false", "true", NULL };

static void read_switch(struct hg_policy_reader *r, const struct hg_yaml *value, bool *out)
{
	int word = hg_read_word(r, value, switch_words);

	if (word >= 0)
		*out = word & 1;
}

/* A whole number from `lo` to `hi`. */
static bool read_number(struct hg_policy_reader *r, const struct hg_yaml *value, unsigned int lo,
			unsigned int hi, unsigned int *out)
{
	const char *text = hg_read_text(r, value);
	unsigned long number;
	char *end;

	if (!text)
		return false;
	number = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || number < lo || number > hi) {
		hg_read_error(r, value, "\"%.60s\" is not a number from %u to %u", text, lo, hi);
		return false;
	}
	*out = (unsigned int)number;
	return true;
}

/* Beside the file that names it. */
static const char *read_path(struct hg_policy_reader *r, const struct hg_yaml *value)
{
	const char *text = hg_read_text(r, value), *file = ((struct reader *)r)->file;
	const char *slash = strrchr(file, '/');

	if (!text || *text == '/' || !slash)
		return text;
	return hg_arena_format(&config_of(r)->arena, "%.*s/%s", (int)(slash - file), file, text);
}

/* What must stay secret is not for all to read. */
static bool is_secret(struct hg_policy_reader *r, const struct hg_yaml *value, const char *path)
{
	struct stat st;

	if (stat(path, &st) || !(st.st_mode & S_IRWXO))
		return true;
	hg_read_error(r, value, "\"%.120s\" can be read by everybody; chmod o= it", path);
	return false;
}

/* The text of the file that a value names, or NULL after saying why. */
static char *read_file(struct hg_policy_reader *r, const struct hg_yaml *value, bool secret,
		       size_t *len)
{
	const char *path = read_path(r, value);

	if (!path || (secret && !is_secret(r, value, path)))
		return NULL;
	return hg_file_text(&config_of(r)->arena, r->diagnostics, &value->place, path, len);
}

static const char too_long[] = "a socket's path has %d characters at most";

/* ---- http ---- */

static void read_listen(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_http_config *http = out;
	const char *text = hg_read_text(r, value);
	struct hg_listen listen;
	char why[HG_WHY_MAX];

	if (!text)
		return;
	if (hg_listen_parse(text, &listen, why))
		hg_read_error(r, value, "%s", why);
	else
		http->listen = text;
}

static void read_socket(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_http_config *http = out;
	const char *text = hg_read_text(r, value);

	if (!text)
		return;
	http->socket = strcmp(text, "none") ? read_path(r, value) : text;
	if (strlen(http->socket) >= HG_SOCKET_PATH)
		hg_read_error(r, value, too_long, HG_SOCKET_PATH - 1);
}

static void read_certificate(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_http_config *http = out;
	size_t len;

	http->certificate = read_file(r, value, false, &len);
}

static void read_key(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_http_config *http = out;
	size_t len;

	http->key = read_file(r, value, true, &len);
}

static void read_token(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_http_config *http = out;
	char why[HG_WHY_MAX], *text;
	size_t len;

	text = read_file(r, value, true, &len);
	if (!text)
		return;
	http->token = hg_token_of(text, why);
	if (!http->token)
		hg_read_error(r, value, "\"%.60s\": %s", value->text, why);
}

static void read_host(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_http_config *http = out;

	if (http->host_count == HG_HOSTS_MAX)
		hg_read_error(r, value, "more than %d hosts", HG_HOSTS_MAX);
	else
		http->hosts[http->host_count++] = value->text;
}

static void read_hosts(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_read_each(r, value, read_host, out);
}

static const struct hg_field http_fields[] = {
	{ "listen", read_listen },
	{ "socket", read_socket },
	{ "hosts", read_hosts },
	{ "certificate", read_certificate },
	{ "key", read_key },
	{ "token", read_token },
	HG_FIELDS_END,
};

/* Where a service is asked for is judged when all that it takes is known. */
static void read_http(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_http_config *http = &((struct hg_config *)out)->http;
	unsigned int errors = r->diagnostics->errors;
	const struct hg_yaml *at;
	struct hg_listen listen;
	char why[HG_WHY_MAX];

	hg_read_map(r, value, http_fields, http, "\"http\"");
	if (r->diagnostics->errors != errors || hg_listen_parse(http->listen, &listen, why))
		return;
	at = hg_yaml_get(value, "listen");
	if (hg_listen_check(http, &listen, why))
		hg_read_error(r, at ? at : value, "%s", why);
}

/* ---- events ---- */

static void read_to(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "file", "stdout", "unix", NULL };
	struct hg_event_to *to = out;
	int word = hg_read_word(r, value, words);

	if (word >= 0)
		to->place = (enum hg_event_place)word;
}

static void read_type(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "stream", "dgram", NULL };
	struct hg_event_to *to = out;
	int word = hg_read_word(r, value, words);

	if (word >= 0)
		to->datagrams = word;
}

static void read_output_path(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_event_to *to = out;

	to->path = read_path(r, value);
}

static const struct hg_field output_fields[] = {
	{ "to", read_to },
	{ "path", read_output_path },
	{ "type", read_type },
	HG_FIELDS_END,
};

/* What its keys say together. */
static bool check_output(struct hg_policy_reader *r, const struct hg_yaml *value,
			 const struct hg_event_to *to)
{
	const struct hg_yaml *type = hg_yaml_get(value, "type");

	if (!hg_yaml_get(value, "to"))
		hg_read_error(r, value, "an output says where \"to\": file, stdout or unix");
	else if (to->place == HG_EVENT_TO_stdout && to->path)
		hg_read_error(r, value, "stdout has no \"path\"");
	else if (to->place == HG_EVENT_TO_file && !to->path)
		hg_read_error(r, value, "a file has a \"path\"");
	else if (to->place == HG_EVENT_TO_unix && !to->path)
		hg_read_error(r, value, "a unix socket has a \"path\"");
	else if (to->place == HG_EVENT_TO_unix && strlen(to->path) >= HG_SOCKET_PATH)
		hg_read_error(r, hg_yaml_get(value, "path"), too_long, HG_SOCKET_PATH - 1);
	else if (to->place != HG_EVENT_TO_unix && type)
		hg_read_error(r, type, "\"type\" is of unix sockets");
	else
		return true;
	return false;
}

static void read_output(struct hg_policy_reader *r, const struct hg_yaml *value,
			struct hg_event_config *events)
{
	struct hg_event_to *to = &events->outputs[events->output_count];
	unsigned int errors = r->diagnostics->errors;

	if (events->output_count == HG_EVENT_OUTPUTS) {
		hg_read_error(r, value, "more than %d outputs", HG_EVENT_OUTPUTS);
		return;
	}
	*to = (struct hg_event_to){ 0 };
	hg_read_map(r, value, output_fields, to, "an output");
	if (r->diagnostics->errors != errors)
		return;
	if (check_output(r, value, to))
		events->output_count++;
}

static void read_outputs(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	if (value->kind != HG_YAML_LIST) {
		hg_read_error(r, value, "\"outputs\" is a list, not %s", hg_yaml_kind_text(value));
		return;
	}
	for (const struct hg_yaml *item = value->first; item; item = item->next)
		read_output(r, item, out);
}

static void read_sample(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_event_config *events = out;
	const char *text = hg_read_text(r, value);
	double rate;
	char *end;

	if (!text)
		return;
	rate = strtod(text, &end);
	if (strspn(text, "0123456789.") != strlen(text) || *end || end == text || rate > 1)
		hg_read_error(r, value, "\"%.60s\" is not a share from 0 to 1, such as 0.1", text);
	else
		events->sample = rate;
}

static void read_strict(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	read_switch(r, value, &((struct hg_event_config *)out)->strict);
}

static void read_community_id(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	read_switch(r, value, &((struct hg_event_config *)out)->community_id);
}

static void read_seed(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	unsigned int seed;

	if (read_number(r, value, 0, 65535, &seed))
		((struct hg_event_config *)out)->community_id_seed = (__u16)seed;
}

static const struct hg_field event_fields[] = {
	{ "outputs", read_outputs },	    { "sample", read_sample },
	{ "strict", read_strict },	    { "community_id", read_community_id },
	{ "community_id_seed", read_seed }, HG_FIELDS_END,
};

static void read_events(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_read_map(r, value, event_fields, &((struct hg_config *)out)->events, "\"events\"");
}

/* ---- privacy ---- */

static void read_names_shown(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	int word = hg_read_word(r, value, hg_names_shown_words);

	if (word >= 0)
		((struct hg_privacy *)out)->names = (enum hg_names_shown)word;
}

static void read_addresses_shown(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	int word = hg_read_word(r, value, hg_addresses_shown_words);

	if (word >= 0)
		((struct hg_privacy *)out)->addresses = (enum hg_addresses_shown)word;
}

static void read_v4_bits(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	read_number(r, value, 0, 32, &((struct hg_privacy *)out)->v4_bits);
}

static void read_v6_bits(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	read_number(r, value, 0, 128, &((struct hg_privacy *)out)->v6_bits);
}

static void read_privacy_key(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	size_t len;
	char *bytes = read_file(r, value, true, &len);

	if (!bytes)
		return;
	if (len < KEY_MIN)
		hg_read_error(r, value, "\"%.60s\": a key has %d bytes at least, not %zu",
			      value->text, KEY_MIN, len);
	else
		hg_privacy_set_key(out, bytes, len);
}

static const struct hg_field privacy_fields[] = {
	{ "names", read_names_shown }, { "addresses", read_addresses_shown },
	{ "ipv4_bits", read_v4_bits }, { "ipv6_bits", read_v6_bits },
	{ "key", read_privacy_key },   HG_FIELDS_END,
};

static void read_privacy(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_read_map(r, value, privacy_fields, &((struct hg_config *)out)->privacy, "\"privacy\"");
}

/* ---- interfaces ---- */

static void read_interface_name(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_config_interface *i = out;
	const char *text = hg_read_text(r, value);

	if (text && (strlen(text) >= IFNAMSIZ || strpbrk(text, "/ ")))
		hg_read_error(r, value, "\"%.60s\" cannot be the name of an interface", text);
	else if (text)
		i->name = text;
}

static void read_hook(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "auto", "xdp", "xdp-generic", "tcx", "tc", NULL };
	struct hg_config_interface *i = out;
	int word = hg_read_word(r, value, words);

	if (word >= 0)
		hg_hook_parse(words[word], &i->options.hook);
}

static void read_ports(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_config_interface *i = out;
	const char *text = hg_read_text(r, value), *wrong;
	__u64 bits[HG_PORT_WORDS];

	if (text && !hg_ports_read(text, bits, &wrong))
		hg_read_error(r, value, "\"%.60s\" is not any, nor as \"443,8443,9000-9100\"",
			      text);
	else if (text)
		i->options.ports = text;
}

static void read_netns(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	((struct hg_config_interface *)out)->netns = hg_read_text(r, value);
}

static void read_checksums(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_config_interface *i = out;
	bool verify = true;

	read_switch(r, value, &verify);
	i->options.no_checksums = !verify;
}

static const struct hg_field interface_fields[] = {
	{ "name", read_interface_name }, { "hook", read_hook },		  { "ports", read_ports },
	{ "netns", read_netns },	 { "checksums", read_checksums }, HG_FIELDS_END,
};

static void read_interface(struct hg_policy_reader *r, const struct hg_yaml *value,
			   struct hg_config *c)
{
	struct hg_config_interface *i = &c->interfaces[c->interface_count];

	if (c->interface_count == HG_CONFIG_INTERFACES) {
		hg_read_error(r, value, "more than %d interfaces", HG_CONFIG_INTERFACES);
		return;
	}
	i->options = (struct hg_attach_options){ .hook = HG_HOOK_AUTO, .ports = "any" };
	if (value->kind == HG_YAML_TEXT)
		read_interface_name(r, value, i);
	else
		hg_read_map(r, value, interface_fields, i, "an interface");
	if (value->kind == HG_YAML_MAP && !hg_yaml_get(value, "name"))
		hg_read_error(r, value, "an interface has a \"name\"");
	c->interface_count++;
}

static void read_interfaces(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	if (value->kind != HG_YAML_LIST) {
		hg_read_error(r, value, "\"interfaces\" is a list, not %s",
			      hg_yaml_kind_text(value));
		return;
	}
	for (const struct hg_yaml *item = value->first; item; item = item->next)
		read_interface(r, item, out);
}

/* ---- the file ---- */

static void read_policy(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	((struct hg_config *)out)->policy = read_path(r, value);
}

static void read_on_stop(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "leave", "detach", NULL };
	int word = hg_read_word(r, value, words);

	if (word >= 0)
		((struct hg_config *)out)->on_stop = (enum hg_on_stop)word;
}

static const struct hg_field fields[] = {
	{ "policy", read_policy },
	{ "on_stop", read_on_stop },
	{ "interfaces", read_interfaces },
	{ "http", read_http },
	{ "events", read_events },
	{ "privacy", read_privacy },
	HG_FIELDS_END,
};

void hg_config_init(struct hg_config *c)
{
	*c = (struct hg_config){
		.http = { .listen = HG_HTTP_LISTEN, .socket = "none" },
		.events = { .sample = 1, .community_id = true },
	};
	hg_privacy_init(&c->privacy);
}

void hg_config_free(struct hg_config *c)
{
	hg_arena_free(&c->arena);
	*c = (struct hg_config){ 0 };
}

int hg_config_read_text(struct hg_config *c, const char *path, const char *text, size_t len,
			struct hg_diagnostics *d)
{
	struct reader r = { .base = { .diagnostics = d }, .config = c, .file = path };
	const struct hg_yaml *root;

	c->path = hg_arena_text(&c->arena, path, strlen(path));
	root = hg_yaml_parse(&c->arena, d, path, text, len);
	if (root)
		hg_read_map(&r.base, root, fields, c, "a configuration");
	return d->errors ? HG_INVALID : HG_OK;
}

int hg_config_read(struct hg_config *c, const char *path, struct hg_diagnostics *d)
{
	size_t len;
	char *text = hg_file_text(&c->arena, d, NULL, path, &len);

	return text ? hg_config_read_text(c, path, text, len, d) : HG_INVALID;
}
