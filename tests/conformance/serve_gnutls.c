/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve_gnutls BASE KEY CERTIFICATE [KEY CERTIFICATE]: see serve.h.
 */
#include <gnutls/gnutls.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "serve.h"

#define PATIENCE 15000 /* ms */

static gnutls_certificate_credentials_t credentials;
static gnutls_priority_t priority;

static int on_hello(gnutls_session_t session)
{
	struct outcome *o = gnutls_session_get_ptr(session);
	unsigned int type;

	o->name_len = sizeof(o->name);
	o->named = gnutls_server_name_get(session, o->name, &o->name_len, &type, 0) == 0;
	return 0;
}

static int on_server_hello(gnutls_session_t session, unsigned int type, unsigned int when,
			   unsigned int incoming, const gnutls_datum_t *message)
{
	struct outcome *o = gnutls_session_get_ptr(session);

	(void)when;
	(void)message;
	if (!incoming &&
	    (type == GNUTLS_HANDSHAKE_SERVER_HELLO || type == GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST))
		o->took = true;
	return 0;
}

/* GnuTLS leaves the alert to its caller. */
static void handshake(int fd, struct outcome *outcome)
{
	gnutls_session_t session;
	int r;

	gnutls_init(&session, GNUTLS_SERVER);
	gnutls_session_set_ptr(session, outcome);
	gnutls_priority_set(session, priority);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_handshake_set_post_client_hello_function(session, on_hello);
	gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_POST,
					   on_server_hello);
	gnutls_transport_set_int(session, fd);
	gnutls_handshake_set_timeout(session, PATIENCE);
	do {
		r = gnutls_handshake(session);
	} while (r < 0 && !gnutls_error_is_fatal(r)); /* a hello in pieces is one such error */
	if (r < 0)
		gnutls_alert_send_appropriate(session, r);
	gnutls_deinit(session);
}

static void load(const char *key, const char *certificate)
{
	int r = gnutls_certificate_set_x509_key_file(credentials, certificate, key,
						     GNUTLS_X509_FMT_PEM);

	if (r >= 0)
		return;
	fprintf(stderr, "serve_gnutls: %s, %s: %s\n", key, certificate, gnutls_strerror(r));
	exit(1);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("serve_gnutls BASE KEY CERTIFICATE [KEY CERTIFICATE]\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_priority_init(&priority,
			     "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:+VERS-TLS1.1:+VERS-TLS1.0",
			     NULL);
	for (int i = 2; i + 1 < argc; i += 2)
		load(argv[i], argv[i + 1]);
	return serve(atoi(argv[1]), handshake);
}
