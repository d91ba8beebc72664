/* SPDX-License-Identifier: BSD-2-Clause */
#include "ports.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

static bool take_port(const char **at, unsigned long *port)
{
	char *end;

	if (!isdigit((unsigned char)**at))
		return false;
	*port = strtoul(*at, &end, 10);
	if (*port > 65535)
		return false;
	*at = end;
	return true;
}

bool hg_ports_read(const char *text, __u64 bits[HG_PORT_WORDS], const char **error)
{
	memset(bits, 0, HG_PORT_WORDS * sizeof(*bits));
	if (!strcmp(text, "any")) {
		memset(bits, 0xff, HG_PORT_WORDS * sizeof(*bits));
		return true;
	}
	for (;;) {
		unsigned long low, high;

		*error = text;
		if (!take_port(&text, &low))
			return false;
		high = low;
		if (*text == '-') {
			text++;
			if (!take_port(&text, &high) || high < low)
				return false;
		}
		for (unsigned long p = low; p <= high; p++)
			bits[p / 64] |= 1ULL << p % 64;
		if (!*text)
			return true;
		if (*text++ != ',')
			return false;
	}
}

int hg_ports_option(const char *text, __u64 bits[HG_PORT_WORDS])
{
	const char *place;

	if (hg_ports_read(text, bits, &place))
		return HG_OK;
	hg_error("--ports: '%s' is not a port or a range, at '%s'", text, place);
	hg_hint("for example: --ports any, --ports 443,8443,9000-9100");
	return HG_USAGE;
}

bool hg_ports_are_all(const __u64 bits[HG_PORT_WORDS])
{
	for (int i = 0; i < HG_PORT_WORDS; i++)
		if (~bits[i])
			return false;
	return true;
}

/* FNV-1a, by words. */
__u32 hg_port_id(const __u64 bits[HG_PORT_WORDS])
{
	__u64 hash = 0xcbf29ce484222325ULL;

	for (int i = 0; i < HG_PORT_WORDS; i++)
		hash = (hash ^ bits[i]) * 0x100000001b3ULL;
	return (__u32)(hash ^ hash >> 32);
}
