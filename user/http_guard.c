/* SPDX-License-Identifier: BSD-2-Clause */
#include "http_guard.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BASIC_MAX 1024 /* characters of a name and a token, encoded */

/* ---- where ---- */

static bool parse_port(const char *text, unsigned int *port)
{
	char *end;
	unsigned long value;

	if (!isdigit((unsigned char)*text))
		return false;
	value = strtoul(text, &end, 10);
	*port = (unsigned int)value;
	return !*end && value && value <= 65535;
}

static bool parse_v4(const char *host, unsigned int port, struct hg_listen *out)
{
	struct sockaddr_in *a = (struct sockaddr_in *)&out->address;

	if (inet_pton(AF_INET, host, &a->sin_addr) != 1)
		return false;
	a->sin_family = AF_INET;
	a->sin_port = htons((in_port_t)port);
	out->loopback = ntohl(a->sin_addr.s_addr) >> 24 == 127;
	return true;
}

static bool parse_v6(const char *host, unsigned int port, struct hg_listen *out)
{
	struct sockaddr_in6 *a = (struct sockaddr_in6 *)&out->address;

	if (inet_pton(AF_INET6, host, &a->sin6_addr) != 1)
		return false;
	a->sin6_family = AF_INET6;
	a->sin6_port = htons((in_port_t)port);
	out->loopback = IN6_IS_ADDR_LOOPBACK(&a->sin6_addr);
	return true;
}

int hg_listen_parse(const char *text, struct hg_listen *out, char why[HG_WHY_MAX])
{
	struct hg_listen l = { .none = !strcmp(text, "none") };
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2] = "";
	size_t len = colon ? (size_t)(colon - text) : 0;
	unsigned int port;
	bool good = l.none;

	if (!good && len && len < sizeof(host) && parse_port(colon + 1, &port)) {
		memcpy(host, text, len);
		if (*host == '[' && host[len - 1] == ']') {
			host[len - 1] = 0;
			good = parse_v6(host + 1, port, &l);
		} else {
			good = parse_v4(host, port, &l);
		}
	}
	if (!good)
		return hg_refuse(why,
				 "\"%.60s\" is not ADDRESS:PORT, such as 127.0.0.1:9813, nor none",
				 text);
	*out = l;
	return 0;
}

int hg_listen_check(const struct hg_http_config *c, const struct hg_listen *listen,
		    char why[HG_WHY_MAX])
{
	if (!c->certificate != !c->key)
		return hg_refuse(why, "a certificate and its key come together: \"%s\" is missing",
				 c->certificate ? "key" : "certificate");
	if (listen->none || listen->loopback || (c->certificate && c->token))
		return 0;
	return hg_refuse(
		why,
		"%s is not the loopback: that takes certificate, key and token, and \"%s\" is missing",
		c->listen, c->certificate ? "token" : "certificate");
}

/* ---- who ---- */

/* The same name, whatever its case, and no port, or any, behind it. */
static bool is_host(const char *asked, const char *name)
{
	size_t len = strlen(name);

	if (!len || strncasecmp(asked, name, len) != 0)
		return false;
	asked += len;
	return !*asked || (*asked == ':' && strspn(asked + 1, "0123456789") == strlen(asked + 1));
}

bool hg_host_is_ours(const struct hg_http_config *c, const char *host, const char *local)
{
	static const char *const usual[] = { "localhost", "127.0.0.1", "[::1]", NULL };

	if (!host || (local && is_host(host, local)))
		return true;
	for (int i = 0; usual[i]; i++)
		if (is_host(host, usual[i]))
			return true;
	for (unsigned int i = 0; i < c->host_count; i++)
		if (is_host(host, c->hosts[i]))
			return true;
	return false;
}

static bool is_token(const struct hg_http_config *c, const char *given)
{
	return strlen(given) == strlen(c->token) &&
	       !CRYPTO_memcmp(given, c->token, strlen(c->token));
}

/* Browsers ask for name and password: the token is the password, whatever the name. */
static bool is_password(const struct hg_http_config *c, const char *encoded)
{
	unsigned char text[BASIC_MAX / 4 * 3 + 1];
	size_t len = strlen(encoded), padding = 0;
	const char *colon;
	int size;

	if (!len || len > BASIC_MAX)
		return false;
	while (padding < 2 && padding < len && encoded[len - 1 - padding] == '=')
		padding++;
	size = EVP_DecodeBlock(text, (const unsigned char *)encoded, (int)len);
	if (size < (int)padding)
		return false;
	text[size - (int)padding] = 0;
	colon = strchr((const char *)text, ':');
	return colon && is_token(c, colon + 1);
}

/* What is behind the word of a scheme, or NULL. */
static const char *behind(const char *authorization, const char *scheme)
{
	size_t len = strlen(scheme);

	return strncasecmp(authorization, scheme, len) != 0 ? NULL : authorization + len;
}

bool hg_token_is_ours(const struct hg_http_config *c, const char *authorization)
{
	const char *bearer, *basic;

	if (!c->token)
		return true;
	if (!authorization)
		return false;
	bearer = behind(authorization, "Bearer ");
	basic = behind(authorization, "Basic ");
	return (bearer && is_token(c, bearer)) || (basic && is_password(c, basic));
}

const char *hg_token_of(char *text, char why[HG_WHY_MAX])
{
	char *begin = text + strspn(text, " \t\r\n");
	size_t len = strcspn(begin, " \t\r\n");

	if (begin[len + strspn(begin + len, " \t\r\n")]) {
		hg_refuse(why, "a token is one word");
		return NULL;
	}
	if (len < HG_TOKEN_MIN || len > HG_TOKEN_MAX) {
		hg_refuse(why, "a token has %d to %d characters, not %zu", HG_TOKEN_MIN,
			  HG_TOKEN_MAX, len);
		return NULL;
	}
	for (size_t i = 0; i < len; i++)
		if (!isgraph((unsigned char)begin[i])) {
			hg_refuse(why, "a token is of printable ASCII");
			return NULL;
		}
	begin[len] = 0;
	return begin;
}
