/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * terms.h - the texts of the terms in ../include/terms.h, guarded: a value out
 * of range is "?", never a crash.
 */
#ifndef HG_USER_TERMS_H
#define HG_USER_TERMS_H

#include "../include/terms.h"

const char *hg_bucket_text(unsigned int value);
const char *hg_flag_text(unsigned int bit);
const char *hg_version_text(unsigned int value);
const char *hg_sni_state_text(unsigned int value);
const char *hg_ech_text(unsigned int value);
const char *hg_outcome_text(unsigned int value);
const char *hg_close_text(unsigned int value);
const char *hg_side_text(unsigned int value);
const char *hg_cause_text(unsigned int value);
const char *hg_action_text(unsigned int value);
const char *hg_mode_text(unsigned int value);
const char *hg_to_text(unsigned int value);
const char *hg_decider_text(unsigned int value);
const char *hg_result_text(unsigned int value);
const char *hg_unparsed_text(unsigned int value);
const char *hg_refusal_text(unsigned int value);
const char *hg_reset_failure_text(unsigned int value);
const char *hg_quic_action_text(unsigned int value);
const char *hg_tunnel_text(unsigned int bit);
const char *hg_transport_text(unsigned int value);

/* A TLS version as on the wire (0x0303), for people: "TLS 1.2". */
const char *hg_tls_version_name(unsigned int wire);

/*
 * The value whose text is `text`, or -1.  Each takes one of the functions
 * above and the COUNT of its enum.
 */
int hg_term_value(const char *(*text_of)(unsigned int), unsigned int count, const char *text);

#endif /* HG_USER_TERMS_H */
