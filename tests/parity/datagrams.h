/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * datagrams.h - pseudo-random UDP: QUIC packets of all kinds, alone and several
 * in one datagram, damaged, behind tags, options and extension headers.
 */
#ifndef HG_TESTS_DATAGRAMS_H
#define HG_TESTS_DATAGRAMS_H

#include "streams.h"

/* The next one, from either side of one of a few pairs. */
void datagrams_next(struct streams *s, struct frame *f);

#endif /* HG_TESTS_DATAGRAMS_H */
