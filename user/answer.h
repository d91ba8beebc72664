/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer.h - what the facts behind a hello mean, one by one.
 */
#ifndef HG_USER_ANSWER_H
#define HG_USER_ANSWER_H

#include <stdbool.h>

#include "../include/flow.h"

/*
 * The session is an earlier one: TLS 1.3 says so; before, the server goes on to
 * ChangeCipherSpec without a ServerHelloDone (RFC 5246, figure 2).
 */
bool hg_is_resumed(const struct hg_answer_facts *a);

/* "ecdhe", "dhe", "rsa", "psk"; NULL: not known. */
const char *hg_key_exchange_text(const struct hg_answer_facts *a);

/* "warning", "fatal"; any other level is a number that no side may send: "unknown". */
const char *hg_alert_level_text(__u8 level);

/* The name in the IANA registry, with underscores; "unknown". */
const char *hg_alert_text(__u8 code);

#endif /* HG_USER_ANSWER_H */
