/* SPDX-License-Identifier: BSD-2-Clause */
#include "answer.h"

bool hg_is_resumed(const struct hg_answer_facts *a)
{
	const struct hg_side_facts *server = &a->side[HG_FROM_SERVER];

	if (hg_is_tls13(a->server.version))
		return a->server.features & HG_SERVER_PSK;
	return server->seen & HG_SEEN_CCS && !server->certificate_bytes &&
	       server->messages & HG_MESSAGE(HG_HANDSHAKE_SERVER_HELLO) &&
	       !(server->messages & HG_MESSAGE(HG_HANDSHAKE_SERVER_HELLO_DONE));
}

const char *hg_key_exchange_text(const struct hg_answer_facts *a)
{
	const struct hg_server_facts *server = &a->server;

	if (server->group)
		return "ecdhe"; /* a share in TLS 1.3, a named curve before; hybrids, too */
	if (server->dh_bits)
		return "dhe";
	if (hg_is_tls13(server->version))
		return server->features & HG_SERVER_PSK ? "psk" : NULL;
	/* Without a ServerKeyExchange the premaster secret is sent under the server's key. */
	if (a->side[HG_FROM_SERVER].messages & HG_MESSAGE(HG_HANDSHAKE_SERVER_HELLO_DONE) &&
	    a->side[HG_FROM_SERVER].certificates &&
	    !(a->side[HG_FROM_SERVER].messages & HG_MESSAGE(HG_HANDSHAKE_SERVER_KEY_EXCHANGE)))
		return "rsa";
	return NULL;
}

const char *hg_alert_level_text(__u8 level)
{
	return level == 1 ? "warning" : level == 2 ? "fatal" : "unknown";
}

/* https://www.iana.org/assignments/tls-parameters, alerts; those of SSL 3.0 with RFC 6101. */
const char *hg_alert_text(__u8 code)
{
	static const char *const names[256] = {
		[0] = "close_notify",
		[10] = "unexpected_message",
		[20] = "bad_record_mac",
		[21] = "decryption_failed",
		[22] = "record_overflow",
		[30] = "decompression_failure",
		[40] = "handshake_failure",
		[41] = "no_certificate",
		[42] = "bad_certificate",
		[43] = "unsupported_certificate",
		[44] = "certificate_revoked",
		[45] = "certificate_expired",
		[46] = "certificate_unknown",
		[47] = "illegal_parameter",
		[48] = "unknown_ca",
		[49] = "access_denied",
		[50] = "decode_error",
		[51] = "decrypt_error",
		[52] = "too_many_cids_requested",
		[60] = "export_restriction",
		[70] = "protocol_version",
		[71] = "insufficient_security",
		[80] = "internal_error",
		[86] = "inappropriate_fallback",
		[90] = "user_canceled",
		[100] = "no_renegotiation",
		[109] = "missing_extension",
		[110] = "unsupported_extension",
		[111] = "certificate_unobtainable",
		[112] = "unrecognized_name",
		[113] = "bad_certificate_status_response",
		[114] = "bad_certificate_hash_value",
		[115] = "unknown_psk_identity",
		[116] = "certificate_required",
		[120] = "no_application_protocol",
		[121] = "ech_required",
	};

	return names[code] ? names[code] : "unknown";
}
