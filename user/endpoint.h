/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * endpoint.h - the two ends of a flow: which address and port is the client's.
 */
#ifndef HG_ENDPOINT_H
#define HG_ENDPOINT_H

#include <arpa/inet.h>
#include <stdbool.h>

#include "../include/event.h"

/* [address]:65535 */
#define HG_ENDPOINT_TEXT (INET6_ADDRSTRLEN + 8)

struct hg_endpoint {
	const __u8 *addr; /* 16 bytes, IPv4 mapped; in the key that it was taken from */
	__u16 port;	  /* host order */
};

/* Who is who: they point into the facts. */
void hg_flow_endpoints(const struct hg_event *facts, struct hg_endpoint *client,
		       struct hg_endpoint *server);

bool hg_address_is_v4(const __u8 addr[16]);

/* 192.0.2.1:443, [2001:db8::1]:443; `text` has HG_ENDPOINT_TEXT bytes.  Returns it. */
const char *hg_endpoint_text(const struct hg_endpoint *end, char *text);

#endif /* HG_ENDPOINT_H */
