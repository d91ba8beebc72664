/* SPDX-License-Identifier: BSD-2-Clause */
#include "answers.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdlib.h>

#include "wire.h"

#define ROWS 256
#define VARIANTS 2048

struct answers {
	struct answer *of[ROWS][VARIANTS];
};

struct answers *answers_new(void)
{
	return calloc(1, sizeof(struct answers));
}

void answers_free(struct answers *a)
{
	for (int row = 0; row < ROWS; row++)
		for (int variant = 0; variant < VARIANTS; variant++)
			free(a->of[row][variant]);
	free(a);
}

const struct answer *answers_of(const struct answers *a, __u32 row, __u32 variant)
{
	static const struct answer empty;
	const struct answer *found = row < ROWS && variant < VARIANTS ? a->of[row][variant] : NULL;

	return found ? found : &empty;
}

static struct answer *answer_at(struct answers *a, __u32 row, __u32 variant)
{
	struct answer **at;

	if (row >= ROWS || variant >= VARIANTS)
		return NULL;
	at = &a->of[row][variant];
	if (!*at)
		*at = calloc(1, sizeof(**at));
	if (!*at)
		abort();
	return *at;
}

static struct answer *answer_for(struct answers *a, const char *address)
{
	__u8 bytes[16] = { 0 };
	__u32 row, variant;
	bool ipv6;

	if (!address)
		return NULL;
	if (!strncmp(address, "::ffff:", 7) && strchr(address, '.'))
		address += 7;
	ipv6 = strchr(address, ':');
	if (inet_pton(ipv6 ? AF_INET6 : AF_INET, address, bytes) != 1 ||
	    !wire_whose(bytes, ipv6, &row, &variant))
		return NULL;
	return answer_at(a, row, variant);
}

/* ---- fields ---- */

static __u32 number(const json_t *object, const char *key)
{
	return (__u32)json_integer_value(json_object_get(object, key));
}

static bool truth(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* Bytes as hellogate spells them: \xNN for what is not printable, and for a backslash. */
static __u32 unescape(char *to, const char *text, size_t size)
{
	__u32 len = 0;
	unsigned int byte;

	for (; *text && len < size; len++) {
		if (text[0] == '\\' && text[1] == 'x' && sscanf(text + 2, "%2x", &byte) == 1) {
			to[len] = (char)byte;
			text += 4;
		} else {
			to[len] = *text++;
		}
	}
	return len;
}

static __u32 bytes_of(const json_t *object, const char *key, char *to)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? unescape(to, text, SEEN_NAME) : 0;
}

static __u32 term(const json_t *object, const char *key, const char *const *terms, __u32 count)
{
	const char *text = json_string_value(json_object_get(object, key));

	for (__u32 i = 0; text && i < count; i++)
		if (!strcmp(terms[i], text))
			return i;
	return count;
}

#define NAME(id, text) text,
static const char *const buckets[] = { HG_BUCKETS(NAME) };
static const char *const states[] = { HG_SNI_STATES(NAME) };
static const char *const flags[] = { HG_FLAGS(NAME) };
static const char *const ech_states[] = { HG_ECH_STATES(NAME) };
#undef NAME

/* ---- events of hellogate ---- */

static __u32 flags_of(const json_t *ours)
{
	const json_t *text;
	size_t i;
	__u32 set = 0;

	json_array_foreach(json_object_get(ours, "flags"), i,
			   text) for (__u32 n = 0; n < HG_FLAG_COUNT;
				      n++) if (!strcmp(flags[n], json_string_value(text)))
		set |= 1U << n;
	return set;
}

static void read_hello(struct handshake_seen *h, const json_t *hello)
{
	h->read = true;
	h->state = (__u8)term(hello, "sni_state", states, HG_SNI_COUNT);
	h->ech = (__u8)term(hello, "ech", ech_states, HG_ECH_COUNT);
	h->ciphers = number(hello, "cipher_count");
	h->ciphers_no_grease = number(hello, "cipher_count_no_grease");
	h->version_max = number(hello, "version_max");
	h->pq = truth(hello, "pq");
	h->ticket = truth(hello, "ticket");
	h->psk = truth(hello, "psk");
	h->early_data = truth(hello, "early_data");
	h->raw_len = bytes_of(hello, "sni_raw", h->raw);
}

static void read_event(struct answer *a, const json_t *event)
{
	const json_t *ours = json_object_get(event, "hellogate");
	const json_t *hello = json_object_get(ours, "hello");
	struct handshake_seen *h;

	if (a->seen.count++ >= SEEN_MAX)
		return;
	h = &a->seen.of[a->seen.count - 1];
	h->bucket = (__u8)term(ours, "coverage", buckets, HG_BUCKET_COUNT);
	h->flags = flags_of(ours);
	h->by_server = !strcmp(
		json_string_value(json_object_get(json_object_get(ours, "close"), "from")) ?: "",
		"server");
	if (hello)
		read_hello(h, hello);
	h->name_len = bytes_of(json_object_get(event, "tls"), "sni", h->name);
	if (h->raw_len)
		return;
	memcpy(h->raw, h->name, h->name_len);
	h->raw_len = h->name_len;
}

static void take_event(struct answers *a, const json_t *event, __u32 port)
{
	struct answer *answer;

	if (strcmp(json_string_value(json_object_get(event, "event_type")) ?: "", "tls") != 0 ||
	    (port && number(event, "dest_port") / 10 != port / 10))
		return;
	answer = answer_for(a, json_string_value(json_object_get(event, "src_ip")));
	if (answer)
		read_event(answer, event);
}

/* ---- what servers and the client say ---- */

static void take_served(struct answers *a, const json_t *line, __u32 port)
{
	struct answer *answer = answer_for(a, json_string_value(json_object_get(line, "peer")));
	struct served *s;

	if (!answer || (port && number(line, "lport") / 10 != port / 10) ||
	    answer->served_count == SEEN_MAX)
		return;
	s = &answer->served[answer->served_count++];
	s->took = truth(line, "took");
	s->named = json_object_get(line, "sni") != NULL;
	s->name_len = bytes_of(line, "sni", s->name);
}

static void take_played(struct answers *a, const json_t *line, __u32 port)
{
	struct answer *answer = answer_at(a, number(line, "row"), number(line, "variant"));

	(void)port;
	if (!answer)
		return;
	answer->played = true;
	answer->took = truth(line, "took");
	/* Not every server says so; of several connections the client sees the last one's. */
	if (answer->took && answer->served_count == 1)
		answer->served[0].took = true;
}

/* ---- lines ---- */

static bool read_lines(struct answers *a, FILE *in, __u32 port,
		       void (*take)(struct answers *a, const json_t *line, __u32 port))
{
	char *text = NULL;
	size_t room = 0;
	json_error_t error;

	while (getline(&text, &room, in) >= 0) {
		json_t *line = json_loads(text, JSON_ALLOW_NUL, &error);

		if (!line) {
			fprintf(stderr, "score: no JSON: %s: %.100s\n", error.text, text);
			free(text);
			return false;
		}
		take(a, line, port);
		json_decref(line);
	}
	free(text);
	return true;
}

bool answers_read_events(struct answers *a, FILE *in, __u32 port)
{
	return read_lines(a, in, port, take_event);
}

bool answers_read_served(struct answers *a, FILE *in, __u32 port)
{
	return read_lines(a, in, port, take_served);
}

bool answers_read_played(struct answers *a, FILE *in)
{
	return read_lines(a, in, 0, take_played);
}

/* ---- names, as other programs print them ---- */

static void take_names(struct answer *answer, char *names)
{
	for (char *name = strsep(&names, ","); name; name = strsep(&names, ",")) {
		struct served *s = &answer->served[answer->served_count];

		if (!*name || answer->served_count == SEEN_MAX)
			continue;
		answer->served_count++;
		s->named = true;
		s->name_len = (__u32)strnlen(name, sizeof(s->name));
		memcpy(s->name, name, s->name_len);
	}
}

bool answers_read_names(struct answers *a, FILE *in)
{
	struct answer *answer;
	char *text = NULL, *tab;
	size_t room = 0;

	while (getline(&text, &room, in) >= 0) {
		text[strcspn(text, "\n")] = 0;
		tab = strchr(text, '\t');
		if (!tab)
			continue;
		*tab = 0;
		answer = answer_for(a, text);
		if (answer)
			take_names(answer, tab + 1);
	}
	free(text);
	return true;
}
