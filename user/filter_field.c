/* SPDX-License-Identifier: BSD-2-Clause */
#include "filter_field.h"

#include <stddef.h>
#include <string.h>

#include "say.h"
#include "terms.h"
#include "x509.h"

/* clang-format off */
#define ROW(name, kind, path) { name, HG_FILTER_##kind, path, NULL, NULL, 0 }
#define TERM(name, path, term, COUNT) { name, HG_FILTER_TERM, path, NULL, hg_##term##_text, COUNT }

static const struct hg_filter_field fields[] = {
	TERM("outcome", "hellogate.outcome", outcome, HG_OUTCOME_COUNT),
	TERM("cause", "hellogate.cause", cause, HG_CAUSE_COUNT),
	TERM("side", "hellogate.side", side, HG_SIDE_COUNT),
	ROW("confidence", TEXT, "hellogate.confidence"),
	ROW("reason", TEXT, "hellogate.reasons"),
	TERM("coverage", "hellogate.coverage", bucket, HG_BUCKET_COUNT),
	TERM("flag", "hellogate.flags", flag, HG_FLAG_COUNT),
	ROW("stage", TEXT, "hellogate.stage"),
	TERM("close", "hellogate.close.how", close, HG_CLOSE_COUNT),

	ROW("client", ADDRESS, "src_ip"),
	ROW("server", ADDRESS, "dest_ip"),
	{ "ip", HG_FILTER_ADDRESS, "src_ip", "dest_ip", NULL, 0 },
	ROW("port", NUMBER, "dest_port"),
	ROW("client_port", NUMBER, "src_port"),
	ROW("server_port", NUMBER, "dest_port"),
	ROW("src", ADDRESS, "src_ip"),
	ROW("dest", ADDRESS, "dest_ip"),
	ROW("interface", TEXT, "in_iface"),

	ROW("sni", NAME, "tls.sni"),
	TERM("sni_state", "hellogate.hello.sni_state", sni_state, HG_SNI_COUNT),
	ROW("version", VERSION, "hellogate.hello.version_max"),
	ROW("offered_cipher", NUMBER, "tls.client_handshake.ciphers"),
	ROW("offered_group", NUMBER, "hellogate.hello.groups"),
	ROW("offered_alpn", TEXT, "tls.client_alpns"),
	ROW("cipher_count", NUMBER, "hellogate.hello.cipher_count"),
	ROW("extension_count", NUMBER, "hellogate.hello.ext_count"),
	ROW("bytes", NUMBER, "hellogate.hello.bytes"),
	ROW("segments", NUMBER, "hellogate.hello.segments"),
	ROW("records", NUMBER, "hellogate.hello.records"),
	TERM("ech", "hellogate.hello.ech", ech, HG_ECH_COUNT),
	ROW("pq", BOOL, "hellogate.hello.pq"),
	ROW("ticket", BOOL, "hellogate.hello.ticket"),
	ROW("psk", BOOL, "hellogate.hello.psk"),
	ROW("early_data", BOOL, "hellogate.hello.early_data"),
	ROW("ja3", TEXT, "tls.ja3.hash"),
	ROW("ja4", TEXT, "tls.ja4"),

	ROW("server_version", VERSION, "hellogate.server.version"),
	ROW("cipher", NUMBER, "hellogate.server.cipher"),
	ROW("group", NUMBER, "hellogate.server.group"),
	ROW("alpn", TEXT, "hellogate.server.alpn"),
	ROW("resumed", BOOL, "hellogate.server.resumed"),
	ROW("hello_retry", BOOL, "hellogate.server.hello_retry"),
	ROW("key_exchange", TEXT, "hellogate.server.key_exchange"),
	ROW("alert", NUMBER, "hellogate.alerts.code"),
	ROW("alert_name", TEXT, "hellogate.alerts.name"),
	TERM("alert_from", "hellogate.alerts.from", side, HG_SIDE_COUNT),

	ROW("certificate_bytes", NUMBER, "hellogate.certificate.message_bytes"),
	ROW("certificate_count", NUMBER, "hellogate.certificate.count"),
	ROW("certificate_name", NAME, "hellogate.certificate.leaf.names"),
	ROW("subject", TEXT, "hellogate.certificate.leaf.subject"),
	ROW("issuer", TEXT, "hellogate.certificate.leaf.issuer"),
	ROW("not_before", ANY, "hellogate.certificate.leaf.not_before"),
	ROW("not_after", ANY, "hellogate.certificate.leaf.not_after"),
	TERM("finding", "hellogate.certificate.findings", finding, HG_FINDING_COUNT),

	ROW("rule", TEXT, "hellogate.policy.rule"),
	TERM("action", "hellogate.policy.action", action, HG_ACTION_COUNT),
	TERM("mode", "hellogate.policy.mode", mode, HG_MODE_COUNT),
	TERM("decided_by", "hellogate.policy.decided_by", decider, HG_DECIDER_COUNT),
	ROW("revision", NUMBER, "hellogate.policy.revision"),

	ROW("event_type", TEXT, "event_type"),
	ROW("flow_id", NUMBER, "flow_id"),
	ROW("in_iface", TEXT, "in_iface"),
	ROW("vlan", NUMBER, "vlan"),
	ROW("src_ip", ADDRESS, "src_ip"),
	ROW("src_port", NUMBER, "src_port"),
	ROW("dest_ip", ADDRESS, "dest_ip"),
	ROW("dest_port", NUMBER, "dest_port"),
};
/* clang-format on */

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

const struct hg_filter_field *hg_filter_field(const char *name)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (!strcmp(fields[i].name, name))
			return &fields[i];
	return NULL;
}

const char *hg_filter_field_meant(const char *name)
{
	const char *names[FIELDS + 1] = { NULL };

	for (size_t i = 0; i < FIELDS; i++)
		names[i] = fields[i].name;
	return hg_did_you_mean(name, names);
}
