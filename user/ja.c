/* SPDX-License-Identifier: BSD-2-Clause */
#include "ja.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define HG_JA4_HASH 12	 /* hex digits of a part */
#define HG_JA4_MOST 99	 /* counts have two digits */
#define HG_SORT_SHORT 64 /* above, sorting by insertion would be slow */

struct hg_ja {
	EVP_MD_CTX *digest;
	EVP_MD *md5; /* NULL under FIPS */
	EVP_MD *sha256;
	char *text; /* of the string being written */
	size_t size;
	__u16 *values; /* of the list being sorted */
	size_t values_size;
};

struct hg_ja *hg_ja_new(void)
{
	struct hg_ja *ja = calloc(1, sizeof(*ja));

	if (!ja)
		return NULL;
	ja->digest = EVP_MD_CTX_new();
	ja->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	ja->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!ja->digest || !ja->sha256) {
		hg_ja_free(ja);
		return NULL;
	}
	return ja;
}

void hg_ja_free(struct hg_ja *ja)
{
	if (!ja)
		return;
	EVP_MD_CTX_free(ja->digest);
	EVP_MD_free(ja->md5);
	EVP_MD_free(ja->sha256);
	free(ja->text);
	free(ja->values);
	free(ja);
}

/*
 * No byte of a message makes more than four characters (a point format makes
 * "255-"); version and commas come on top.  Values sorted are two bytes each.
 */
static bool make_room(struct hg_ja *ja, __u32 message_len)
{
	size_t text = (size_t)message_len * 4 + 32, values = message_len / 2 + 1;
	void *memory;

	if (ja->size < text) {
		memory = realloc(ja->text, text);
		if (!memory)
			return false;
		ja->text = memory;
		ja->size = text;
	}
	if (ja->values_size < values) {
		memory = realloc(ja->values, values * sizeof(*ja->values));
		if (!memory)
			return false;
		ja->values = memory;
		ja->values_size = values;
	}
	return true;
}

/* The first `digits` hex digits of a digest. */
static bool digest_hex(struct hg_ja *ja, const EVP_MD *md, const char *text, size_t len, char *out,
		       size_t digits)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[EVP_MAX_MD_SIZE];

	if (!EVP_DigestInit_ex2(ja->digest, md, NULL) || !EVP_DigestUpdate(ja->digest, text, len) ||
	    !EVP_DigestFinal_ex(ja->digest, bytes, NULL))
		return false;
	for (size_t i = 0; i < digits; i++)
		out[i] = hex[bytes[i / 2] >> (i % 2 ? 0 : 4) & 15];
	return true;
}

/* ---- JA3: version,ciphers,extensions,groups,point formats, in decimal ---- */

static char *put_decimal(char *to, __u16 value)
{
	if (hg_is_grease(value))
		return to;
	to += hg_decimal(to, value);
	*to++ = '-';
	return to;
}

/* A list ends without its last dash. */
static char *end_list(char *to, const char *start, char with)
{
	if (to > start)
		to--;
	*to++ = with;
	return to;
}

static char *put_list(char *to, const __u8 *message, const struct hg_span *list, char with)
{
	char *start = to;
	__u32 at = 0;
	__u16 value;

	while (hg_next16(message, list, &at, &value))
		to = put_decimal(to, value);
	return end_list(to, start, with);
}

static char *put_extensions(char *to, const __u8 *message, const struct hg_span *list)
{
	char *start = to;
	__u32 at = 0;
	__u16 type;

	while (hg_next_extension(message, list, &at, &type))
		to = put_decimal(to, type);
	return end_list(to, start, ',');
}

static char *put_point_formats(char *to, const __u8 *message, const struct hg_span *list)
{
	char *start = to;

	for (__u32 i = 0; i < list->len; i++)
		to = put_decimal(to, message[list->at + i]);
	return end_list(to, start, '\0');
}

const char *hg_ja3_string(struct hg_ja *ja, const struct hg_hello *hello, const __u8 *message,
			  size_t *len)
{
	char *to;

	if (hello->features & HG_HELLO_SSLV2 || !make_room(ja, hello->bytes))
		return NULL;
	to = ja->text + hg_decimal(ja->text, hello->legacy_version);
	*to++ = ',';
	to = put_list(to, message, &hello->ciphers, ',');
	to = put_extensions(to, message, &hello->extensions);
	to = put_list(to, message, &hello->groups, ',');
	to = put_point_formats(to, message, &hello->point_formats);
	*len = (size_t)(to - ja->text) - 1;
	return ja->text;
}

bool hg_ja3_hash(struct hg_ja *ja, const char *string, size_t len, char out[HG_JA3_HASH_SIZE])
{
	out[HG_JA3_HASH_SIZE - 1] = '\0';
	return ja->md5 && digest_hex(ja, ja->md5, string, len, out, HG_JA3_HASH_SIZE - 1);
}

/* ---- JA4: a_b_c ---- */

static const char *ja4_version(__u16 version)
{
	switch (version) {
	case 0x0304:
		return "13";
	case 0x0303:
		return "12";
	case 0x0302:
		return "11";
	case 0x0301:
		return "10";
	case 0x0300:
		return "s3";
	case 0x0002:
		return "s2";
	}
	return "00";
}

static bool is_alnum(__u8 c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* First and last character of the first protocol; of its hex form if need be. */
static void ja4_alpn(char out[2], const struct hg_hello *hello, const __u8 *message)
{
	static const char hex[] = "0123456789abcdef";
	struct hg_span name;
	__u8 first, last;
	__u32 at = 0;

	out[0] = '0';
	out[1] = '0';
	if (!hg_next_alpn(message, &hello->alpn, &at, &name) || !name.len)
		return;
	first = message[name.at];
	last = message[name.at + name.len - 1];
	if (is_alnum(first) && is_alnum(last)) {
		out[0] = (char)first;
		out[1] = (char)last;
	} else {
		out[0] = hex[first >> 4];
		out[1] = hex[last & 15];
	}
}

static void two_digits(char out[2], size_t count)
{
	if (count > HG_JA4_MOST)
		count = HG_JA4_MOST;
	out[0] = (char)('0' + count / 10);
	out[1] = (char)('0' + count % 10);
}

static int compare_values(const void *a, const void *b)
{
	return (int)*(const __u16 *)a - (int)*(const __u16 *)b;
}

static void sort_values(__u16 *values, size_t n)
{
	if (n > HG_SORT_SHORT) {
		qsort(values, n, sizeof(*values), compare_values);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		__u16 value = values[i];
		size_t at = i;

		for (; at && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
}

static char *put_hex(char *to, __u16 value)
{
	static const char hex[] = "0123456789abcdef";

	to[0] = hex[value >> 12];
	to[1] = hex[value >> 8 & 15];
	to[2] = hex[value >> 4 & 15];
	to[3] = hex[value & 15];
	to[4] = ',';
	return to + 5;
}

/* Sorted, in hex, with commas; returns where the text ends, commas included. */
static char *put_sorted(struct hg_ja *ja, size_t n)
{
	char *to = ja->text;

	sort_values(ja->values, n);
	for (size_t i = 0; i < n; i++)
		to = put_hex(to, ja->values[i]);
	return to;
}

/* Hash of what lies between ja->text and `to`, without its last comma. */
static bool ja4_part(struct hg_ja *ja, const char *to, char *out)
{
	if (to == ja->text) {
		memset(out, '0', HG_JA4_HASH);
		return true;
	}
	return digest_hex(ja, ja->sha256, ja->text, (size_t)(to - ja->text) - 1, out, HG_JA4_HASH);
}

static bool ja4_ciphers(struct hg_ja *ja, const struct hg_hello *hello, const __u8 *message,
			char count[2], char *out)
{
	__u32 at = 0;
	size_t n = 0;
	__u16 cipher;

	while (hg_next16(message, &hello->ciphers, &at, &cipher))
		if (!hg_is_grease(cipher))
			ja->values[n++] = cipher;
	two_digits(count, n);
	return ja4_part(ja, put_sorted(ja, n), out);
}

/* The signature algorithms follow in their own order, behind an underscore. */
static char *put_signature_algorithms(char *to, const struct hg_hello *hello, const __u8 *message)
{
	char *start = to;
	__u32 at = 0;
	__u16 algorithm;

	while (hg_next16(message, &hello->signature_algorithms, &at, &algorithm))
		if (!hg_is_grease(algorithm))
			to = put_hex(to, algorithm);
	if (to > start)
		start[-1] = '_';
	return to;
}

static bool ja4_extensions(struct hg_ja *ja, const struct hg_hello *hello, const __u8 *message,
			   char count[2], char *out)
{
	__u32 at = 0;
	size_t n = 0, all = 0;
	__u16 type;
	char *to;

	while (hg_next_extension(message, &hello->extensions, &at, &type)) {
		if (hg_is_grease(type))
			continue;
		all++;
		if (type != HG_EXT_SERVER_NAME && type != HG_EXT_ALPN)
			ja->values[n++] = type;
	}
	two_digits(count, all);
	to = put_sorted(ja, n);
	if (n)
		to = put_signature_algorithms(to, hello, message);
	return ja4_part(ja, to, out);
}

bool hg_ja4(struct hg_ja *ja, const struct hg_hello *hello, const __u8 *message,
	    char out[HG_JA4_SIZE])
{
	if (hello->features & HG_HELLO_SSLV2 || !make_room(ja, hello->bytes))
		return false;
	out[0] = 't';
	memcpy(out + 1, ja4_version(hello->version_max), 2);
	out[3] = hello->sni_state == HG_SNI_none ? 'i' : 'd';
	ja4_alpn(out + 8, hello, message);
	out[10] = '_';
	out[23] = '_';
	out[36] = '\0';
	return ja4_ciphers(ja, hello, message, out + 4, out + 11) &&
	       ja4_extensions(ja, hello, message, out + 6, out + 24);
}
