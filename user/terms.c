/* SPDX-License-Identifier: BSD-2-Clause */
#include "terms.h"

#include <string.h>

#define HG_TEXT(id, text) text,

#define HG_TERM(name, LIST)                                                                        \
	const char *hg_##name##_text(unsigned int value)                                           \
	{                                                                                          \
		static const char *const texts[] = { LIST(HG_TEXT) };                              \
		return value < sizeof(texts) / sizeof(texts[0]) ? texts[value] : "?";              \
	}

HG_TERM(bucket, HG_BUCKETS)
HG_TERM(flag, HG_FLAGS)
HG_TERM(version, HG_VERSIONS)
HG_TERM(sni_state, HG_SNI_STATES)
HG_TERM(ech, HG_ECH_STATES)
HG_TERM(outcome, HG_OUTCOMES)
HG_TERM(close, HG_CLOSES)
HG_TERM(side, HG_SIDES)
HG_TERM(cause, HG_CAUSES)
HG_TERM(action, HG_ACTIONS)
HG_TERM(mode, HG_MODES)
HG_TERM(to, HG_RESET_TO)
HG_TERM(decider, HG_DECIDERS)
HG_TERM(result, HG_RESULTS)
HG_TERM(unparsed, HG_UNPARSED)
HG_TERM(refusal, HG_REFUSALS)
HG_TERM(reset_failure, HG_RESET_FAILURES)
HG_TERM(quic_action, HG_QUIC_ACTIONS)
HG_TERM(tunnel, HG_TUNNELS)
HG_TERM(transport, HG_TRANSPORTS)

const char *hg_tls_version_name(unsigned int wire)
{
	switch (wire) {
	case 0x0002:
		return "SSLv2";
	case 0x0300:
		return "SSLv3";
	case 0x0301:
		return "TLSv1";
	case 0x0302:
		return "TLS 1.1";
	case 0x0303:
		return "TLS 1.2";
	case 0x0304:
		return "TLS 1.3";
	}
	return wire >> 8 == 0x7f ? "TLS 1.3 draft" : "UNDETERMINED";
}

int hg_term_value(const char *(*text_of)(unsigned int), unsigned int count, const char *text)
{
	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(text_of(i), text))
			return (int)i;
	return -1;
}
