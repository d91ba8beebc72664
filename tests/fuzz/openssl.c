/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same bytes to a server and to the parser: what OpenSSL takes for a
 * ClientHello, and the name that it finds there, must have been seen.
 *
 * The server is asked twice: in its client-hello callback, for the hello itself;
 * and in its servername callback, which comes once its own parser has taken the
 * extensions.  What may differ is a row of `exceptions`.
 */
#include "fuzz.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "client_hello.h"
#include "wire_mutator.h"

/* What the server said. */
struct heard {
	bool sni;   /* in the client-hello callback: there is an extension server_name */
	bool taken; /* the servername callback was reached: its version will do */
	char name[256];
};

/* What we say. */
struct seen {
	__u8 scan;
	bool good;
	struct hg_records records;
	struct hg_parse parse;
};

static bool is_too_large(const struct seen *s)
{
	return s->scan == HG_SCAN_TOO_LARGE;
}

/* Where the server may see what we do not; each is a row of docs/limits.md. */
static const struct {
	const char *limit;
	bool (*is)(const struct seen *s);
} exceptions[] = {
	/* "A hello above 16 KB in the kernel", "Bytes of one direction kept for a hello" */
	{ "hello_too_large", is_too_large },
};

static SSL_CTX *server;
static struct heard heard;
static struct seen seen;
static struct hg_capture capture, message;

static int on_hello(SSL *ssl, int *alert, void *arg)
{
	const unsigned char *body;
	size_t len;

	(void)alert;
	(void)arg;
	heard.sni = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &body, &len);
	return SSL_CLIENT_HELLO_SUCCESS;
}

static int on_name(SSL *ssl, int *alert, void *arg)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	(void)arg;
	heard.taken = true;
	if (name)
		snprintf(heard.name, sizeof(heard.name), "%s", name);
	return SSL_TLSEXT_ERR_OK;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	server = SSL_CTX_new(TLS_server_method());
	FUZZ_CHECK(server, "no server");
	SSL_CTX_set_min_proto_version(server, 0);
	SSL_CTX_set_security_level(server, 0);
	SSL_CTX_set_cipher_list(server, "ALL:COMPLEMENTOFALL:@SECLEVEL=0");
	SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_client_hello_cb(server, on_hello, NULL);
	SSL_CTX_set_tlsext_servername_callback(server, on_name);
	return 0;
}

static void ask_server(const uint8_t *data, size_t size)
{
	SSL *ssl = SSL_new(server);

	memset(&heard, 0, sizeof(heard));
	FUZZ_CHECK(ssl, "no server");
	SSL_set_bio(ssl, BIO_new_mem_buf(data, (int)size), BIO_new(BIO_s_mem()));
	SSL_accept(ssl);
	SSL_free(ssl);
	ERR_clear_error();
}

static void ask_us(const uint8_t *data, size_t size)
{
	__u32 filled = size < HG_STREAM_CAP ? (__u32)size : HG_STREAM_CAP;
	struct hg_records *r = &seen.records;
	struct hg_unwrap state = { 0 };

	memset(&seen, 0, sizeof(seen));
	memcpy(capture.bytes, data, filled);
	memset(capture.bytes + filled, 0, 16);
	seen.scan = HG_SCAN_NOT_TLS;
	if (hg_hello_may_begin(&capture, filled))
		seen.scan = hg_records_scan(&capture, r, filled);
	if (seen.scan != HG_SCAN_COMPLETE)
		return;
	if (r->sslv2) {
		seen.good = hg_hello_parse(&capture, &seen.parse, r->body, r->need, true);
		return;
	}
	hg_records_unwrap(&capture, r, &state, &message);
	seen.good = hg_hello_parse(&message, &seen.parse, 0, r->need, false);
}

static const char *exception(void)
{
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
		if (exceptions[i].is(&seen))
			return exceptions[i].limit;
	return NULL;
}

/* As hellogate writes names: lower case, without the trailing dot. */
static bool is_name(const char *theirs, const __u8 *ours, size_t len)
{
	size_t n = strlen(theirs);

	if (n > 1 && n == len + 1 && theirs[n - 1] == '.')
		n--;
	return n == len && !strncasecmp(theirs, (const char *)ours, n);
}

static bool name_is_ours(void)
{
	const struct hg_hello *h = &seen.parse.hello;

	switch (h->sni_state) {
	case HG_SNI_ok:
	case HG_SNI_invalid: /* compared raw, as far as it goes */
		return is_name(heard.name, h->name, h->name_len);
	case HG_SNI_ambiguous: /* of three or more every condition is unknown */
		return h->sni_names > 2 || is_name(heard.name, h->name, h->name_len) ||
		       is_name(heard.name, h->second, h->second_len);
	}
	return !heard.name[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ask_server(data, size);
	if (!heard.sni && !heard.taken) /* no name, and the server refuses it */
		return 0;
	ask_us(data, size);
	if (exception())
		return 0;
	FUZZ_CHECK(seen.scan == HG_SCAN_COMPLETE && seen.good,
		   "the server takes this hello; here scan %u, %s", seen.scan,
		   seen.good ? "parsed" : "malformed");
	FUZZ_CHECK(!heard.sni || seen.parse.sni_extensions,
		   "the server finds server_name, and we do not");
	FUZZ_CHECK(!heard.taken || name_is_ours(), "the server serves \"%s\"; here state %u \"%s\"",
		   heard.name, seen.parse.hello.sni_state, seen.parse.hello.name);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	return wire_mutate(data, size, max_size, seed);
}
