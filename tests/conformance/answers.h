/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answers.h - lines of JSON, sorted by the variant whose client they name:
 * events of hellogate, and what servers say that they acted on.
 */
#ifndef HG_CONFORMANCE_ANSWERS_H
#define HG_CONFORMANCE_ANSWERS_H

#include <stdio.h>

#include "judge.h"
#include "seen.h"

struct answer {
	struct seen seen;
	struct served served[SEEN_MAX];
	__u32 served_count;
	bool played; /* live: the client had this connection */
	bool took;   /* and saw that the server answered with a handshake */
};

struct answers;

struct answers *answers_new(void);
void answers_free(struct answers *a);

/* EVE lines; `port`: the first of the server's (see serve.h), 0: any.  False, and said, for what is
 * no JSON. */
bool answers_read_events(struct answers *a, FILE *in, __u32 port);

/* {"peer":ADDRESS,"lport":PORT,"took":BOOL,"sni":TEXT or absent} */
bool answers_read_served(struct answers *a, FILE *in, __u32 port);

/* Lines of an address, a tab, and names with commas between them: what another program shows. */
bool answers_read_names(struct answers *a, FILE *in);

/* {"row":N,"variant":N,"took":BOOL}: a connection that the client has played. */
bool answers_read_played(struct answers *a, FILE *in);

/* Never NULL: what nobody spoke of is empty. */
const struct answer *answers_of(const struct answers *a, __u32 row, __u32 variant);

#endif /* HG_CONFORMANCE_ANSWERS_H */
