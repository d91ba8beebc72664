/* SPDX-License-Identifier: BSD-2-Clause */
#include "privacy.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <sys/random.h>

#include "endpoint.h"
#include "public_suffix.h"

#define HASH_BYTES 16
#define NAME_MAX_LEN 255

const char *const hg_names_shown_words[] = { "full", "registrable", "hashed", NULL };
const char *const hg_addresses_shown_words[] = { "full", "network", "hashed", NULL };

void hg_privacy_init(struct hg_privacy *p)
{
	*p = (struct hg_privacy){ .v4_bits = HG_PRIVACY_V4_BITS, .v6_bits = HG_PRIVACY_V6_BITS };
	if (getrandom(p->key, sizeof(p->key), 0) != (ssize_t)sizeof(p->key))
		abort(); /* never: it is less than 256 bytes */
}

void hg_privacy_set_key(struct hg_privacy *p, const void *bytes, size_t len)
{
	unsigned int size = sizeof(p->key);

	if (!EVP_Digest(bytes, len, p->key, &size, EVP_sha256(), NULL))
		abort(); /* without SHA-256 nothing may be written */
	p->key_is_given = true;
}

/* `kind` keeps an address and a name of the same bytes apart. */
static void put_hash(struct hg_json *j, const struct hg_privacy *p, char kind, const void *bytes,
		     size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 + 2 * HASH_BYTES] = "h-";
	unsigned char mac[EVP_MAX_MD_SIZE], *message = malloc(len + 1);
	unsigned int size = 0;

	if (message) {
		message[0] = (unsigned char)kind;
		memcpy(message + 1, bytes, len);
	}
	if (!message || !HMAC(EVP_sha256(), p->key, sizeof(p->key), message, len + 1, mac, &size)) {
		hg_json_null(j);
		free(message);
		return;
	}
	free(message);
	for (int i = 0; i < HASH_BYTES; i++) {
		text[2 + 2 * i] = digits[mac[i] >> 4];
		text[3 + 2 * i] = digits[mac[i] & 15];
	}
	hg_json_plain(j, text, sizeof(text));
}

/* ---- addresses ---- */

static void put_in_full(struct hg_json *j, const __u8 addr[16])
{
	char text[INET6_ADDRSTRLEN];
	size_t len = 0;

	if (!hg_address_is_v4(addr)) {
		inet_ntop(AF_INET6, addr, text, sizeof(text));
		hg_json_plain(j, text, strlen(text));
		return;
	}
	for (int i = 12; i < 16; i++) {
		len += hg_decimal(text + len, addr[i]);
		text[len++] = '.';
	}
	hg_json_plain(j, text, len - 1);
}

/* The first address of its network. */
static void put_network(struct hg_json *j, const struct hg_privacy *p, const __u8 addr[16])
{
	unsigned int bits = hg_address_is_v4(addr) ? 96 + p->v4_bits : p->v6_bits;
	__u8 network[16];

	for (unsigned int i = 0; i < 16; i++) {
		unsigned int kept = bits > 8 * i ? bits - 8 * i : 0;

		network[i] = kept >= 8 ? addr[i] : addr[i] & (__u8)(0xff00 >> kept);
	}
	put_in_full(j, network);
}

void hg_privacy_put_address(struct hg_json *j, const struct hg_privacy *p, const __u8 addr[16])
{
	if (hg_addresses_are_shown(p))
		put_in_full(j, addr);
	else if (p->addresses == HG_ADDRESSES_network)
		put_network(j, p, addr);
	else
		put_hash(j, p, 'a', addr, 16);
}

/* ---- names ---- */

static bool is_address(const char *text)
{
	unsigned char address[16];

	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

/* Lower-case and without its last dot, so that one name has one hash.  False: too long. */
static bool copy_name(const void *name, size_t len, char out[NAME_MAX_LEN + 1])
{
	const char *text = name;

	if (len > NAME_MAX_LEN || memchr(name, 0, len))
		return false;
	for (size_t i = 0; i < len; i++)
		out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
	if (len && out[len - 1] == '.')
		len--;
	out[len] = 0;
	return true;
}

void hg_privacy_put_name(struct hg_json *j, const struct hg_privacy *p, const void *name,
			 size_t len)
{
	const char *registrable = NULL;
	char text[NAME_MAX_LEN + 1];
	bool copied;

	if (hg_names_are_shown(p) && hg_addresses_are_shown(p)) {
		hg_json_bytes(j, name, len);
		return;
	}
	copied = copy_name(name, len, text);
	if (hg_names_are_shown(p) && !(copied && is_address(text))) {
		hg_json_bytes(j, name, len);
		return;
	}
	if (copied && p->names == HG_NAMES_registrable && !is_address(text))
		registrable = hg_registrable_domain(text);
	if (registrable)
		hg_json_bytes(j, registrable, strlen(registrable));
	else
		put_hash(j, p, 'n', copied ? text : name, copied ? strlen(text) : len);
}

/* Is one of its words an address? */
static bool holds_address(const char *subject)
{
	static const char between[] = "=,+/ ";

	while (*subject) {
		char word[INET6_ADDRSTRLEN + 1];
		size_t len = strcspn(subject, between);

		if (len && len < sizeof(word)) {
			memcpy(word, subject, len);
			word[len] = 0;
			if (is_address(word))
				return true;
		}
		subject += len;
		subject += strspn(subject, between);
	}
	return false;
}

void hg_privacy_put_subject(struct hg_json *j, const struct hg_privacy *p, const char *subject)
{
	if (hg_names_are_shown(p) && (hg_addresses_are_shown(p) || !holds_address(subject)))
		hg_json_string(j, subject);
	else
		put_hash(j, p, 's', subject, strlen(subject));
}
