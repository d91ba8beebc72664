/* SPDX-License-Identifier: BSD-2-Clause */
#include "advice.h"

/* clang-format off */
static const char *const advice[HG_CAUSE_COUNT] = {
	[HG_CAUSE_policy_reset] = "our own policy: hellogate policy explain --sni NAME",
	[HG_CAUSE_policy_drop] = "our own policy: hellogate policy explain --sni NAME",
	[HG_CAUSE_tcp_refused] = "start the server, or open its port",
	[HG_CAUSE_tcp_no_answer] = "look for a firewall that drops, and for the route back",
	[HG_CAUSE_tcp_reset_before_hello] = "from the client: a check of the port, or a scan; else ask who sent it",
	[HG_CAUSE_hello_incomplete] = "look for loss on the way, or a client that ends while it sends",
	[HG_CAUSE_large_hello_stalled] = "let the path pass hellos of several segments; or turn post-quantum groups off in the client",
	[HG_CAUSE_not_tls] = "the port does not speak TLS: is it the right one?",
	[HG_CAUSE_server_silent] = "the server takes the connection and says nothing: is it overloaded, or stopped?",
	[HG_CAUSE_server_reset_after_hello] = "read the server's log: it resets this hello",
	[HG_CAUSE_server_closed_after_hello] = "read the server's log: it closes on this hello",
	[HG_CAUSE_middlebox_reset] = "a box on the path resets: ask who runs it, and for which names",
	[HG_CAUSE_version_unsupported] = "update the client, or let the server speak its version",
	[HG_CAUSE_no_shared_cipher] = "add a cipher suite that both have",
	[HG_CAUSE_no_shared_group] = "add a group that both have; a DH prime of 2048 bits or more",
	[HG_CAUSE_alpn_mismatch] = "let both offer the same protocol (h2, http/1.1, ...)",
	[HG_CAUSE_unrecognized_name] = "serve that name, or correct it in the client",
	[HG_CAUSE_sni_missing] = "let the client send SNI, or give the server a default certificate",
	[HG_CAUSE_certificate_expired] = "renew the certificate; look at the client's clock",
	[HG_CAUSE_certificate_revoked] = "replace the certificate",
	[HG_CAUSE_certificate_unknown_ca] = "send the intermediate, or give the client the root",
	[HG_CAUSE_certificate_bad] = "look at the certificate: hellogate events -j, certificate.findings",
	[HG_CAUSE_certificate_name_mismatch] = "get a certificate with this name, or ask by another",
	[HG_CAUSE_certificate_chain_too_large] = "leave the root out of the chain; shorten it",
	[HG_CAUSE_client_certificate_required] = "give the client a certificate",
	[HG_CAUSE_client_certificate_rejected] = "look at the client's certificate: issuer, dates, key, digest",
	[HG_CAUSE_decrypt_error] = "the two disagree on keys: versions of their libraries, tickets, PSKs",
	[HG_CAUSE_illegal_parameter] = "one of the libraries is wrong: note both versions",
	[HG_CAUSE_decode_error] = "one of the libraries is wrong: note both versions",
	[HG_CAUSE_internal_error] = "read the log of the side that said so",
	[HG_CAUSE_client_abandoned] = "the client gave up: look at its time-out, and at its log",
	[HG_CAUSE_timeout] = "look at both logs: neither went on",
};
/* clang-format on */

const char *hg_advice(enum hg_cause cause)
{
	return cause < HG_CAUSE_COUNT && advice[cause]
		       ? advice[cause]
		       : "look at the flow: hellogate diagnose --flow ID";
}

enum hg_side hg_usual_side(enum hg_cause cause)
{
	switch (cause) {
	case HG_CAUSE_policy_reset:
	case HG_CAUSE_policy_drop:
		return HG_SIDE_self;
	case HG_CAUSE_tcp_no_answer:
	case HG_CAUSE_large_hello_stalled:
	case HG_CAUSE_middlebox_reset:
	case HG_CAUSE_timeout:
	case HG_CAUSE_unknown:
		return HG_SIDE_path;
	case HG_CAUSE_hello_incomplete:
	case HG_CAUSE_certificate_expired:
	case HG_CAUSE_certificate_revoked:
	case HG_CAUSE_certificate_unknown_ca:
	case HG_CAUSE_certificate_bad:
	case HG_CAUSE_certificate_name_mismatch:
	case HG_CAUSE_certificate_chain_too_large:
	case HG_CAUSE_client_abandoned:
		return HG_SIDE_client;
	default:
		return HG_SIDE_server;
	}
}
