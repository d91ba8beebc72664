/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_values.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terms.h"

#define HG_DURATION_MAX_MS 3600000U

static const __u8 v4_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* Digits only; false above `max`. */
static bool number(const char *text, size_t len, __u32 max, __u32 *out)
{
	__u64 value = 0;

	if (!len || len > 9)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (__u64)(text[i] - '0');
	}
	*out = (__u32)value;
	return value <= max;
}

/* ---- networks ---- */

bool hg_net_is_v4(const __u8 addr[16])
{
	return !memcmp(addr, v4_mapped, sizeof(v4_mapped));
}

static int read_address(const char *text, __u8 out[16])
{
	memcpy(out, v4_mapped, sizeof(v4_mapped));
	if (inet_pton(AF_INET, text, out + sizeof(v4_mapped)) == 1)
		return 0;
	return inet_pton(AF_INET6, text, out) == 1 ? 0 : -1;
}

int hg_address_parse(const char *text, __u8 out[16], char why[HG_WHY_MAX])
{
	__u8 addr[16];

	if (read_address(text, addr))
		return hg_refuse(why, "\"%.80s\" is not an address", text);
	memcpy(out, addr, sizeof(addr));
	return 0;
}

const char *hg_net_text(const struct hg_net_key *net, char out[64])
{
	bool v4 = hg_net_is_v4(net->addr) && net->prefixlen >= 96;
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? net->addr + 12 : net->addr, addr, sizeof(addr));
	if (net->prefixlen == 128)
		snprintf(out, 64, "%s", addr);
	else
		snprintf(out, 64, "%s/%u", addr, net->prefixlen - (v4 ? 96 : 0));
	return out;
}

/* Clear the bits beyond the prefix; tells whether there were any. */
static bool mask_net(struct hg_net_key *net)
{
	bool cleared = false;

	for (__u32 bit = net->prefixlen; bit < 128; bit++) {
		__u8 one = (__u8)(0x80 >> (bit & 7));

		cleared |= (net->addr[bit >> 3] & one) != 0;
		net->addr[bit >> 3] &= (__u8)~one;
	}
	return cleared;
}

int hg_net_parse(const char *text, struct hg_net_key *out, char why[HG_WHY_MAX])
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct hg_net_key net = { .prefixlen = 128 };
	char addr[INET6_ADDRSTRLEN + 1], shown[64];
	bool v4;

	if (len >= sizeof(addr))
		return hg_refuse(why, "\"%.80s\" is not a network", text);
	memcpy(addr, text, len);
	addr[len] = 0;
	if (read_address(addr, net.addr))
		return hg_refuse(why, "\"%.80s\" is not a network", text);
	v4 = !strchr(addr, ':');
	if (slash && !number(slash + 1, strlen(slash + 1), v4 ? 32 : 128, &net.prefixlen))
		return hg_refuse(why, "\"%.80s\" is not a network: the prefix length is 0 to %d",
				 text, v4 ? 32 : 128);
	if (slash && v4)
		net.prefixlen += 96;
	if (mask_net(&net))
		return hg_refuse(why,
				 "\"%.80s\" has bits set beyond its prefix; did you mean \"%s\"?",
				 text, hg_net_text(&net, shown));
	*out = net;
	return 0;
}

/* ---- ports ---- */

int hg_ports_parse(const char *text, struct hg_number_range *out, char why[HG_WHY_MAX])
{
	const char *dash = strchr(text, '-');
	size_t len = dash ? (size_t)(dash - text) : strlen(text);
	__u32 first, last;

	if (!number(text, len, 65535, &first) || !first)
		return hg_refuse(why, "\"%.80s\" is not a port (1 to 65535) or range (8000-8100)",
				 text);
	last = first;
	if (dash && !number(dash + 1, strlen(dash + 1), 65535, &last))
		return hg_refuse(why, "\"%.80s\" is not a port (1 to 65535) or range (8000-8100)",
				 text);
	if (last < first)
		return hg_refuse(why, "the range \"%s\" ends before it begins", text);
	*out = (struct hg_number_range){ (__u16)first, (__u16)last };
	return 0;
}

/* ---- comparisons ---- */

static bool is_comparison(const char *text, size_t sign)
{
	return sign < 2 || (sign == 2 && strchr("<>", text[0]) && text[1] == '=');
}

/* Narrow [*lo, *hi] to what the sign leaves of it. */
static void compare(const char *text, size_t sign, int than, int *lo, int *hi)
{
	bool less = text[0] == '<', more = text[0] == '>', equal = sign && text[sign - 1] == '=';

	if (!more)
		*hi = less && !equal ? than - 1 : than;
	if (!less)
		*lo = more && !equal ? than + 1 : than;
}

int hg_count_parse(const char *text, struct hg_number_range *out, char why[HG_WHY_MAX])
{
	size_t sign = strspn(text, "<>="), blank = strspn(text + sign, " ");
	const char *digits = text + sign + blank;
	int lo = 0, hi = 65535;
	__u32 than;

	if (!is_comparison(text, sign))
		return hg_refuse(why, "\"%.80s\": compare by <, <=, =, >= or >", text);
	if (!number(digits, strlen(digits), 65535, &than))
		return hg_refuse(why, "\"%.80s\" is not a number of 0 to 65535, as \"<3\"", text);
	compare(text, sign, (int)than, &lo, &hi);
	if (lo > hi || hi < 0 || lo > 65535)
		return hg_refuse(why, "no number is \"%s\"", text);
	*out = (struct hg_number_range){ (__u16)lo, (__u16)hi };
	return 0;
}

/* ---- versions ---- */

static int refuse_version(const char *text, char *why)
{
	const char *words[HG_VERSION_COUNT + 1] = {}, *meant;

	for (unsigned int i = 0; i < HG_VERSION_COUNT; i++)
		words[i] = hg_version_text(i);
	meant = strlen(text) > 2 ? hg_did_you_mean(text, words) : NULL;
	if (meant && strlen(meant) > 3)
		return hg_refuse(why, "\"%.80s\" is not a TLS version; did you mean \"%s\"?", text,
				 meant);
	return hg_refuse(why, "\"%.80s\" is not a TLS version: ssl2, ssl3, 1.0, 1.1, 1.2 or 1.3",
			 text);
}

int hg_versions_parse(const char *text, struct hg_version_range *out, char why[HG_WHY_MAX])
{
	size_t sign = strspn(text, "<>="), blank = strspn(text + sign, " ");
	int version = hg_term_value(hg_version_text, HG_VERSION_COUNT, text + sign + blank);
	int lo = 0, hi = HG_VERSION_COUNT - 1;

	if (!is_comparison(text, sign))
		return hg_refuse(why, "\"%.80s\": compare by <, <=, =, >= or >", text);
	if (version < 0)
		return refuse_version(text + sign + blank, why);
	compare(text, sign, version, &lo, &hi);
	if (lo > hi)
		return hg_refuse(why, "no TLS version is \"%s\"", text);
	*out = (struct hg_version_range){ (__u8)lo, (__u8)hi };
	return 0;
}

/* ---- durations ---- */

int hg_duration_parse(const char *text, __u32 *milliseconds, char why[HG_WHY_MAX])
{
	static const struct {
		const char *unit;
		__u32 ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 } };
	size_t digits = strspn(text, "0123456789");
	__u32 value;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + digits, units[i].unit))
			continue;
		if (!number(text, digits, HG_DURATION_MAX_MS / units[i].ms, &value) || !value)
			return hg_refuse(why, "\"%.80s\" is out of bounds: 1ms to 60m", text);
		*milliseconds = value * units[i].ms;
		return 0;
	}
	return hg_refuse(why, "\"%.80s\" is not a duration, as 500ms or 1s", text);
}

/* ---- globs ---- */

int hg_glob_check(const char *glob, char why[HG_WHY_MAX])
{
	if (!*glob)
		return hg_refuse(why, "an empty fingerprint");
	for (const char *c = glob; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || strchr("_*?", *c)))
			return hg_refuse(
				why,
				"\"%.80s\" is not a fingerprint: lower-case letters, digits, "
				"_ and the wildcards * and ?",
				glob);
	return 0;
}

/* Linear but for the last star, to which it returns: no recursion. */
bool hg_glob_matches(const char *glob, const char *text)
{
	const char *star = NULL, *mark = NULL;

	while (*text) {
		if (*glob == '*') {
			star = ++glob;
			mark = text;
		} else if (*glob == '?' || *glob == *text) {
			glob++;
			text++;
		} else if (star) {
			glob = star;
			text = ++mark;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}
