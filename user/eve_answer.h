/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * eve_answer.h - what came behind the hello, as members of the object `hellogate`:
 * the server's choice, certificates, alerts, times.  What was not seen is absent,
 * and so is what identifies a certificate where `privacy` shows no names.
 */
#ifndef HG_EVE_ANSWER_H
#define HG_EVE_ANSWER_H

#include "examine.h"
#include "handshake.h"
#include "json.h"
#include "privacy.h"

/* `server`, `certificate`, `client_certificate`, `alerts`, `times`. */
void hg_eve_put_answer(struct hg_json *j, const struct hg_handshake *h, const struct hg_examined *x,
		       const struct hg_privacy *privacy);

/* `outcome`, `cause`, `side`, how sure, and why. */
void hg_eve_put_diagnosis(struct hg_json *j, const struct hg_diagnosis *d);

/* `evidence`, inside `close`. */
void hg_eve_put_evidence(struct hg_json *j, const struct hg_diagnosis *d);

/* What Suricata's `tls` object says of the server and its certificate. */
void hg_eve_put_server(struct hg_json *j, const struct hg_handshake *h, const struct hg_examined *x,
		       const struct hg_privacy *privacy);

#endif /* HG_EVE_ANSWER_H */
