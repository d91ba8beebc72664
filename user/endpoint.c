/* SPDX-License-Identifier: BSD-2-Clause */
#include "endpoint.h"

#include <stdio.h>
#include <string.h>

bool hg_address_is_v4(const __u8 addr[16])
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, mapped, sizeof(mapped));
}

void hg_flow_endpoints(const struct hg_event *facts, struct hg_endpoint *client,
		       struct hg_endpoint *server)
{
	const struct hg_flow_key *key = &facts->key;
	struct hg_endpoint lo = { key->lo_addr, ntohs(key->lo_port) };
	struct hg_endpoint hi = { key->hi_addr, ntohs(key->hi_port) };

	*client = facts->client_lo ? lo : hi;
	*server = facts->client_lo ? hi : lo;
}

const char *hg_endpoint_text(const struct hg_endpoint *end, char *text)
{
	const bool v4 = hg_address_is_v4(end->addr);
	char address[INET6_ADDRSTRLEN];

	inet_ntop(v4 ? AF_INET : AF_INET6, end->addr + (v4 ? 12 : 0), address, sizeof(address));
	snprintf(text, HG_ENDPOINT_TEXT, v4 ? "%s:%u" : "[%s]:%u", address, end->port);
	return text;
}
