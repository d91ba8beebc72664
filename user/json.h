/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.h - writes JSON into a buffer that grows.  There is no reader here:
 * what is read comes through jansson.
 *
 * The writer sets commas by itself and trusts its caller for the rest: a value
 * behind each key, an end for each begin.  When memory runs out it goes on
 * without writing and `failed` says so; the text is then worth nothing.
 *
 * Bytes of strangers.  Text that is not UTF-8 cannot stand in JSON, and U+FFFD
 * would forget which bytes there were, so a byte is spelled \xNN (a backslash
 * of the string's own, as Suricata spells it):
 * - hg_json_string() is for text: UTF-8 stays, a byte that is not becomes \xNN.
 * - hg_json_bytes() is for names off the wire: printable ASCII stays, every
 *   other byte becomes \xNN and a backslash \x5c.  Each string stands for one
 *   sequence of bytes only, and none can play tricks on a terminal.
 */
#ifndef HG_JSON_H
#define HG_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hg_json {
	char *text; /* no terminating zero */
	size_t len;
	size_t size;
	bool comma;  /* a value was written: the next one needs a comma */
	bool failed; /* out of memory */
};

/* A zeroed struct is an empty writer. */
void hg_json_free(struct hg_json *j);

/* Forget the text, keep the memory. */
void hg_json_reset(struct hg_json *j);

/* Go back to an earlier `len`, at which a value was due: a line given up. */
void hg_json_rewind(struct hg_json *j, size_t len);

/* Room for n bytes more: where to write, or NULL. */
char *hg_json_room(struct hg_json *j, size_t n);

void hg_json_object(struct hg_json *j);
void hg_json_object_end(struct hg_json *j);
void hg_json_array(struct hg_json *j);
void hg_json_array_end(struct hg_json *j);

/* A key of our own, which needs no escapes. */
void hg_json_key_n(struct hg_json *j, const char *key, size_t len);

static inline void hg_json_key(struct hg_json *j, const char *key)
{
	hg_json_key_n(j, key, strlen(key));
}

void hg_json_uint(struct hg_json *j, uint64_t value);
void hg_json_int(struct hg_json *j, int64_t value);
void hg_json_bool(struct hg_json *j, bool value);
void hg_json_null(struct hg_json *j);
void hg_json_plain(struct hg_json *j, const char *text, size_t len); /* needs no escapes */
void hg_json_string(struct hg_json *j, const char *text);
void hg_json_string_n(struct hg_json *j, const char *text, size_t len);
void hg_json_bytes(struct hg_json *j, const void *bytes, size_t len);

/* A value that is JSON already. */
void hg_json_raw(struct hg_json *j, const char *text, size_t len);

/* The end of a line of JSON Lines; a new value may follow. */
void hg_json_newline(struct hg_json *j);

/* Key and value at once. */
static inline void hg_json_put_uint(struct hg_json *j, const char *key, uint64_t value)
{
	hg_json_key(j, key);
	hg_json_uint(j, value);
}

static inline void hg_json_put_bool(struct hg_json *j, const char *key, bool value)
{
	hg_json_key(j, key);
	hg_json_bool(j, value);
}

/* A term of our own, which needs no escapes. */
static inline void hg_json_put_term(struct hg_json *j, const char *key, const char *term)
{
	hg_json_key(j, key);
	hg_json_plain(j, term, strlen(term));
}

static inline void hg_json_put_string(struct hg_json *j, const char *key, const char *text)
{
	hg_json_key(j, key);
	hg_json_string(j, text);
}

/* With three digits behind the point. */
void hg_json_put_real(struct hg_json *j, const char *key, double value);

/* Decimal digits of value at `to` (20 bytes at most); returns their number. */
size_t hg_decimal(char *to, uint64_t value);

#endif /* HG_JSON_H */
