/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tunnel.h - a frame inside another one.
 */
#ifndef HG_TESTS_TUNNEL_H
#define HG_TESTS_TUNNEL_H

#include "frames.h"

/* IP in IP: IPv4 or IPv6 inside, as the frame has it. */
enum encapsulation {
	ENCAP_NONE,
	ENCAP_PPPOE,
	ENCAP_MPLS, /* two labels */
	ENCAP_MPLS_FOUR,
	ENCAP_VXLAN,
	ENCAP_VXLAN_SUM, /* with the outer UDP checksum */
	ENCAP_GENEVE,	 /* with an option */
	ENCAP_GRE,
	ENCAP_GRE_KEY,
	ENCAP_GRE_ALL, /* checksum, key, sequence number */
	ENCAP_GRETAP,  /* Ethernet inside */
	ENCAP_IPIP,
	ENCAP_IPIP6,	   /* in IPv6 */
	ENCAP_IPIP6_LIMIT, /* in IPv6, behind the encapsulation limit of Linux */
	ENCAP_VXLAN6,	   /* in IPv6, no UDP checksum */
	ENCAP_COUNT,
};

/* `f` becomes the outer frame. */
void tunnel_wrap(struct frame *f, enum encapsulation encap);

/* How many bytes are then in front of the inner IP header. */
__u32 tunnel_inner_ip(enum encapsulation encap);

/* The inner packet as a frame of its own, with the addresses that are next to it. */
void tunnel_unwrap(struct frame *inner, const struct frame *outer, enum encapsulation encap);

/* What is wrong with the outer lengths and checksums of such a frame; NULL: nothing. */
const char *tunnel_fault(const struct frame *f, enum encapsulation encap);

#endif /* HG_TESTS_TUNNEL_H */
