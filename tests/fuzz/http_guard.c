/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may ask the daemon over HTTP.  Whatever a stranger writes into Host and
 * Authorization: only the names and the token of the configuration are let in.
 *
 * Input: three texts, one a line: where to listen, Host, Authorization; the rest
 * is the file of the token.
 */
#include "fuzz.h"

#include <arpa/inet.h>

#include "http_guard.h"

#define TEXT_MAX 700

static const char *const ours[] = { "localhost", "127.0.0.1", "[::1]", "gate.example" };

/* A line of the input as a text of its own. */
static char *take_line(struct fuzz_input *in, char text[TEXT_MAX])
{
	size_t len = 0;

	while (in->left && len < TEXT_MAX - 1) {
		char c = (char)fuzz_u8(in);

		if (c == '\n')
			break;
		text[len++] = c;
	}
	text[len] = '\0';
	return text;
}

static void check_listen(const char *text)
{
	static const struct hg_http_config open;
	struct hg_listen l = {};
	char why[HG_WHY_MAX] = "";

	if (hg_listen_parse(text, &l, why)) {
		FUZZ_CHECK(*why, "\"%s\" is refused, and nobody says why", text);
		return;
	}
	if (l.none) {
		FUZZ_CHECK(!strcmp(text, "none"), "\"%s\" is none", text);
		return;
	}
	FUZZ_CHECK(l.address.ss_family == AF_INET || l.address.ss_family == AF_INET6,
		   "\"%s\" is of family %u", text, l.address.ss_family);
	FUZZ_CHECK(l.loopback || hg_listen_check(&open, &l, why), "\"%s\" is served to everybody",
		   text);
}

/* A host of a URL with or without a port: as the four names above, and no other. */
static bool is_ours(const char *host)
{
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		size_t n = strlen(ours[i]);

		if (!strncasecmp(host, ours[i], n) && (!host[n] || host[n] == ':'))
			return true;
	}
	/* All of 127.0.0.0/8, and other spellings of ::1, mean this host as well. */
	return !strncmp(host, "127.", 4) || host[0] == '[';
}

static void check_host(const char *host)
{
	struct hg_http_config c = { .hosts = { "gate.example" }, .host_count = 1 };

	FUZZ_CHECK(!hg_host_is_ours(&c, host, "127.0.0.1:9813") || is_ours(host),
		   "\"%s\" is taken for ours", host);
}

static void check_token(const char *authorization)
{
	static const char token[] = "0123456789abcdef0123";
	struct hg_http_config c = { .token = token };
	size_t len = strlen(authorization);

	if (!hg_token_is_ours(&c, authorization))
		return;
	FUZZ_CHECK(len >= sizeof(token) - 1 + 7 && !strncasecmp(authorization, "bearer ", 7) &&
			   strstr(authorization, token),
		   "\"%s\" bears the token", authorization);
}

static void check_token_file(struct fuzz_input *in)
{
	char why[HG_WHY_MAX] = "", *text = malloc(in->left + 1);
	const char *token;
	size_t len = in->left;

	FUZZ_CHECK(text, "no memory");
	memcpy(text, fuzz_bytes(in, &len), len);
	text[len] = '\0';
	token = hg_token_of(text, why);
	FUZZ_CHECK(token ? strlen(token) >= HG_TOKEN_MIN && strlen(token) <= HG_TOKEN_MAX &&
				   !strpbrk(token, " \t\r\n")
			 : *why,
		   "a token of %zu characters", token ? strlen(token) : 0);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char text[TEXT_MAX];

	check_listen(take_line(&in, text));
	check_host(take_line(&in, text));
	check_token(take_line(&in, text));
	check_token_file(&in);
	return 0;
}
