/* SPDX-License-Identifier: BSD-2-Clause */
#include "reasons.h"

#define HG_REASON_TERM(id, text) #id,
#define HG_REASON_SENTENCE(id, text) text,

const char *hg_reason_text(unsigned int reason)
{
	static const char *const terms[] = { HG_REASONS(HG_REASON_TERM) };

	return reason < HG_REASON_COUNT ? terms[reason] : "?";
}

const char *hg_reason_sentence(unsigned int reason)
{
	static const char *const sentences[] = { HG_REASONS(HG_REASON_SENTENCE) };

	return reason < HG_REASON_COUNT ? sentences[reason] : "?";
}
