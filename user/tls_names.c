/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls_names.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HG_CIPHERS_KNOWN 512

/* "0x1301": true if it is one. */
static bool number_of(const char *text, __u16 *number)
{
	char *end;
	unsigned long value;

	if (strncasecmp(text, "0x", 2) || !text[2] || strlen(text) > 6)
		return false;
	value = strtoul(text, &end, 16);
	*number = (__u16)value;
	return !*end;
}

static const char *as_number(__u16 number)
{
	static char text[8];

	snprintf(text, sizeof(text), "0x%04x", number);
	return text;
}

static int refuse(char why[HG_WHY_MAX], const char *what, const char *text,
		  const char *const *words)
{
	const char *meant = hg_did_you_mean(text, words);

	if (meant)
		return hg_refuse(why,
				 "\"%.60s\" is no %s that is known by name; did you mean \"%s\"?",
				 text, what, meant);
	return hg_refuse(why, "\"%.60s\" is no %s that is known by name; give its number, as 0x%s",
			 text, what, what[0] == 'g' ? "001d" : "000a");
}

/* ---- cipher suites: OpenSSL's ---- */

static struct {
	const char *name;    /* of the RFC */
	const char *openssl; /* of OpenSSL */
	__u16 number;
} suites[HG_CIPHERS_KNOWN];

static unsigned int suite_count;

static void add_suites(const STACK_OF(SSL_CIPHER) * all)
{
	for (int i = 0; all && i < sk_SSL_CIPHER_num(all) && suite_count < HG_CIPHERS_KNOWN; i++) {
		const SSL_CIPHER *c = sk_SSL_CIPHER_value(all, i);

		suites[suite_count].name = SSL_CIPHER_standard_name(c);
		suites[suite_count].openssl = SSL_CIPHER_get_name(c);
		suites[suite_count++].number = SSL_CIPHER_get_protocol_id(c);
	}
}

/* Names are constants of the library: they outlive the context. */
static void read_suites(void)
{
	SSL_CTX *context = suite_count ? NULL : SSL_CTX_new(TLS_method());

	if (!context)
		return;
	SSL_CTX_set_cipher_list(context, "ALL:COMPLEMENTOFALL:@SECLEVEL=0");
	SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
					  "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:"
					  "TLS_AES_128_CCM_8_SHA256");
	add_suites(SSL_CTX_get_ciphers(context));
	SSL_CTX_free(context);
}

int hg_cipher_parse(const char *text, __u16 *number, char why[HG_WHY_MAX])
{
	const char *words[HG_CIPHERS_KNOWN + 1] = {};

	if (number_of(text, number))
		return 0;
	read_suites();
	for (unsigned int i = 0; i < suite_count; i++) {
		words[i] = suites[i].name;
		if (!strcasecmp(text, suites[i].name) || !strcasecmp(text, suites[i].openssl)) {
			*number = suites[i].number;
			return 0;
		}
	}
	return refuse(why, "cipher suite", text, words);
}

const char *hg_cipher_text(__u16 number)
{
	read_suites();
	for (unsigned int i = 0; i < suite_count; i++)
		if (suites[i].number == number)
			return suites[i].name;
	return as_number(number);
}

/* ---- groups: RFC 8446, section 4.2.7; RFC 8422; RFC 7919; RFC 8734; drafts of ML-KEM ---- */

static const struct {
	const char *name;
	const char *also;
	__u16 number;
} groups[] = {
	{ "secp256r1", "P-256", 23 },
	{ "secp384r1", "P-384", 24 },
	{ "secp521r1", "P-521", 25 },
	{ "x25519", "x25519", 29 },
	{ "x448", "x448", 30 },
	{ "secp192r1", "P-192", 19 },
	{ "secp224r1", "P-224", 21 },
	{ "secp256k1", "secp256k1", 22 },
	{ "brainpoolP256r1", "brainpoolP256r1", 26 },
	{ "brainpoolP384r1", "brainpoolP384r1", 27 },
	{ "brainpoolP512r1", "brainpoolP512r1", 28 },
	{ "ffdhe2048", "ffdhe2048", 256 },
	{ "ffdhe3072", "ffdhe3072", 257 },
	{ "ffdhe4096", "ffdhe4096", 258 },
	{ "ffdhe6144", "ffdhe6144", 259 },
	{ "ffdhe8192", "ffdhe8192", 260 },
	{ "MLKEM512", "MLKEM512", 0x0200 },
	{ "MLKEM768", "MLKEM768", 0x0201 },
	{ "MLKEM1024", "MLKEM1024", 0x0202 },
	{ "SecP256r1MLKEM768", "SecP256r1MLKEM768", 0x11eb },
	{ "X25519MLKEM768", "X25519MLKEM768", 0x11ec },
	{ "SecP384r1MLKEM1024", "SecP384r1MLKEM1024", 0x11ed },
	{ "X25519Kyber768Draft00", "X25519Kyber768", 0x6399 },
};

#define HG_GROUPS_KNOWN (sizeof(groups) / sizeof(groups[0]))

int hg_group_parse(const char *text, __u16 *number, char why[HG_WHY_MAX])
{
	const char *words[HG_GROUPS_KNOWN + 1] = {};

	if (number_of(text, number))
		return 0;
	for (size_t i = 0; i < HG_GROUPS_KNOWN; i++) {
		words[i] = groups[i].name;
		if (!strcasecmp(text, groups[i].name) || !strcasecmp(text, groups[i].also)) {
			*number = groups[i].number;
			return 0;
		}
	}
	return refuse(why, "group", text, words);
}

const char *hg_group_text(__u16 number)
{
	for (size_t i = 0; i < HG_GROUPS_KNOWN; i++)
		if (groups[i].number == number)
			return groups[i].name;
	return as_number(number);
}
