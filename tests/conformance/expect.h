/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * expect.h - what must be seen of a shape.
 *
 * Either a hello is read (`sni` or `state` says what of it), or the flow ends
 * in one of `classes`.  Flags of terms.h that belong to the shape must be set.
 */
#ifndef HG_CONFORMANCE_EXPECT_H
#define HG_CONFORMANCE_EXPECT_H

#include <linux/types.h>
#include <stdbool.h>

#include "terms.h"

#define CLASS(bucket) (1U << HG_BUCKET_##bucket)
#define CLASS_READ (CLASS(single_segment) | CLASS(reassembled))
#define CLASS_NO_HELLO (CLASS(not_tls) | CLASS(no_data) | CLASS(tcp_refused))

struct expect {
	const char *sni;    /* as interface.md writes names; NULL: see state */
	__u8 state;	    /* enum hg_sni_state, where sni is NULL or not `ok` */
	__u32 classes;	    /* buckets; 0: CLASS_READ */
	__u32 or_class;	    /* is right as well, whatever name was read */
	__u32 flags;	    /* of the flow: must be set */
	__u32 never;	    /* must not */
	const char *second; /* the name of a second handshake on the same addresses and ports */
	const char *or_sni; /* of the second hello in one handshake */
	__u32 ciphers;	    /* on the wire, 0: not compared */
	__u32 ciphers_no_grease;
	__u32 version_max;
	__u32 ech; /* enum hg_ech_state + 1 */
	bool pq, ticket, psk, early_data;
	bool none; /* no flow at all */
	bool any;  /* of classes and CLASS_READ: the server decides */
};

#endif /* HG_CONFORMANCE_EXPECT_H */
