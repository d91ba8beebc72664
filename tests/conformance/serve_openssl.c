/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve_openssl BASE KEY CERTIFICATE [KEY CERTIFICATE]: see serve.h.
 *
 * It takes whatever OpenSSL takes: all versions and suites that are compiled in.
 */
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve.h"

static SSL_CTX *context;

/* Called when the extensions have been read: this is where a server chooses by name. */
static int on_name(SSL *ssl, int *alert, void *arg)
{
	struct outcome *o = SSL_get_app_data(ssl);
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	(void)arg;
	o->named = name != NULL;
	o->name_len = name ? strlen(name) : 0;
	if (o->name_len > sizeof(o->name))
		o->name_len = sizeof(o->name);
	if (name)
		memcpy(o->name, name, o->name_len);
	return SSL_TLSEXT_ERR_OK;
}

static void on_message(int sent, int version, int type, const void *bytes, size_t len, SSL *ssl,
		       void *arg)
{
	struct outcome *o = SSL_get_app_data(ssl);

	(void)version;
	(void)arg;
	if (sent && type == SSL3_RT_HANDSHAKE && len &&
	    ((const unsigned char *)bytes)[0] == SSL3_MT_SERVER_HELLO)
		o->took = true;
}

static void handshake(int fd, struct outcome *outcome)
{
	SSL *ssl = SSL_new(context);

	SSL_set_app_data(ssl, outcome);
	SSL_set_fd(ssl, fd);
	SSL_accept(ssl);
	SSL_free(ssl);
}

static void load(const char *key, const char *certificate)
{
	if (SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM) == 1 &&
	    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1)
		return;
	fprintf(stderr, "serve_openssl: %s, %s: not loaded\n", key, certificate);
	exit(1);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("serve_openssl BASE KEY CERTIFICATE [KEY CERTIFICATE]\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_min_proto_version(context, 0);
	SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
	SSL_CTX_set_tlsext_servername_callback(context, on_name);
	SSL_CTX_set_msg_callback(context, on_message);
	for (int i = 2; i + 1 < argc; i += 2)
		load(argv[i], argv[i + 1]);
	return serve(atoi(argv[1]), handshake);
}
