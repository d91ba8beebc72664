/* SPDX-License-Identifier: BSD-2-Clause */
#include "examine.h"

#include <stdlib.h>
#include <string.h>

#define SERVERS_MAX 16384
#define CHAINS_MAX 1024

struct hg_examiner {
	struct hg_knowledge *knowledge;
	struct hg_x509 *x509;
};

struct hg_examiner *hg_examiner_new(void)
{
	struct hg_examiner *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->knowledge = hg_knowledge_new(SERVERS_MAX);
	x->x509 = hg_x509_new(NULL, CHAINS_MAX);
	if (x->knowledge && x->x509)
		return x;
	hg_examiner_free(x);
	return NULL;
}

void hg_examiner_free(struct hg_examiner *x)
{
	if (!x)
		return;
	hg_knowledge_free(x->knowledge);
	hg_x509_free(x->x509);
	free(x);
}

struct hg_knowledge *hg_examiner_knowledge(struct hg_examiner *x)
{
	return x->knowledge;
}

/* The name that the certificate has to have; NULL: none was asked for, or not one only. */
static const char *name_asked(const struct hg_handshake *h)
{
	return h->read && h->hello.sni_state == HG_SNI_ok ? (const char *)h->hello.name : NULL;
}

static void read_chain(struct hg_examiner *x, const struct hg_handshake *h, unsigned int side,
		       time_t now, struct hg_examined *out)
{
	const char *name = side == HG_FROM_SERVER ? name_asked(h) : NULL;

	out->has_certificates[side] =
		hg_chain_whole(&h->chain[side]) &&
		!hg_x509_read(x->x509, &h->chain[side], name, now, &out->certificates[side]);
}

bool hg_examine_server(struct hg_examiner *x, const struct hg_handshake *h, time_t now,
		       __u32 *findings)
{
	const struct hg_chain *chain = &h->chain[HG_FROM_SERVER];
	struct hg_certificates read;

	if (!hg_chain_whole(chain) || hg_x509_read(x->x509, chain, name_asked(h), now, &read))
		return false;
	*findings = read.findings;
	return true;
}

void hg_examine(struct hg_examiner *x, const struct hg_handshake *h, time_t now,
		const struct hg_diagnosis *told, struct hg_examined *out)
{
	__u32 findings;

	read_chain(x, h, HG_FROM_CLIENT, now, out);
	read_chain(x, h, HG_FROM_SERVER, now, out);
	findings = out->has_certificates[HG_FROM_SERVER]
			   ? out->certificates[HG_FROM_SERVER].findings
			   : 0;
	if (told)
		out->diagnosis = *told;
	else
		hg_diagnose(x->knowledge, h, findings, &out->diagnosis);
	if (!h->attempt)
		hg_knowledge_learn(x->knowledge, h, findings);
}
