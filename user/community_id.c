/* SPDX-License-Identifier: BSD-2-Clause */
#include "community_id.h"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#include "endpoint.h"

#define SHA1_BYTES 20

static size_t add(unsigned char *to, size_t len, const void *bytes, size_t count)
{
	memcpy(to + len, bytes, count);
	return len + count;
}

static size_t add16(unsigned char *to, size_t len, __u16 value)
{
	to[len] = (unsigned char)(value >> 8);
	to[len + 1] = (unsigned char)value;
	return len + 2;
}

/* The lower address comes first; of equal ones, the lower port. */
static bool is_lower(const struct hg_endpoint *a, const struct hg_endpoint *b)
{
	int order = memcmp(a->addr, b->addr, 16);

	return order ? order < 0 : a->port < b->port;
}

const char *hg_community_id(const struct hg_event *facts, __u16 seed,
			    char out[HG_COMMUNITY_ID_SIZE])
{
	unsigned char text[2 + 16 + 16 + 2 + 4], digest[EVP_MAX_MD_SIZE];
	struct hg_endpoint a, b;
	unsigned int size;
	size_t len, skip;

	hg_flow_endpoints(facts, &a, &b);
	if (!is_lower(&a, &b)) {
		struct hg_endpoint c = a;

		a = b;
		b = c;
	}
	skip = hg_address_is_v4(a.addr) ? 12 : 0;
	len = add16(text, 0, seed);
	len = add(text, len, a.addr + skip, 16 - skip);
	len = add(text, len, b.addr + skip, 16 - skip);
	len = add16(text, len, IPPROTO_TCP << 8); /* the protocol, and a byte of padding */
	len = add16(text, len, a.port);
	len = add16(text, len, b.port);
	if (!EVP_Digest(text, len, digest, &size, EVP_sha1(), NULL))
		return NULL;
	memcpy(out, "1:", 2);
	EVP_EncodeBlock((unsigned char *)out + 2, digest, SHA1_BYTES);
	return out;
}
