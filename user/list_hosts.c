/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list_hosts.c - hosts(5) as lists use it: an address that leads nowhere, then
 * names, each of which is that very name.
 */
#include "policy_list.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum hg_sink hg_list_sink(const char *text, size_t len)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT, loopback = IN6ADDR_LOOPBACK_INIT;
	const char *zone = memchr(text, '%', len);
	char copy[INET6_ADDRSTRLEN] = "";
	struct in6_addr v6;
	struct in_addr v4;

	len = zone ? (size_t)(zone - text) : len;
	if (len == 1 && *text == '0') /* a spelling of 0.0.0.0 */
		return HG_SINK_YES;
	if (len >= sizeof(copy))
		return HG_SINK_NO_ADDRESS;
	memcpy(copy, text, len);
	if (inet_pton(AF_INET, copy, &v4) == 1)
		return !v4.s_addr || ntohl(v4.s_addr) >> 24 == 127 ? HG_SINK_YES : HG_SINK_NO;
	if (inet_pton(AF_INET6, copy, &v6) != 1)
		return HG_SINK_NO_ADDRESS;
	return !memcmp(&v6, &any, sizeof(v6)) || !memcmp(&v6, &loopback, sizeof(v6)) ? HG_SINK_YES
										     : HG_SINK_NO;
}

/* Names of the host itself, with which such files begin: no server has them. */
static bool is_local(const struct hg_list_word *word)
{
	static const char *const names[] = {
		"localhost",	 "localhost.localdomain",
		"localhost4",	 "localhost4.localdomain4",
		"localhost6",	 "localhost6.localdomain6",
		"local",	 "broadcasthost",
		"ip6-localhost", "ip6-loopback",
		"ip6-localnet",	 "ip6-mcastprefix",
		"ip6-allnodes",	 "ip6-allrouters",
		"ip6-allhosts",	 "0.0.0.0",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == word->len && !strncasecmp(names[i], word->text, word->len))
			return true;
	return false;
}

static void read_name(struct hg_list_reader *r, const struct hg_list_word *address,
		      enum hg_sink sink, const struct hg_list_word *name)
{
	if (is_local(name))
		return;
	if (sink == HG_SINK_YES)
		hg_list_add(r, name, HG_NAME_EXACT);
	else if (sink == HG_SINK_NO)
		hg_list_skip(r, address,
			     "%.*s is an address that leads somewhere: no name is listed",
			     (int)address->len, address->text);
	else
		hg_list_skip(r, address, "\"%.*s\" is no address: an address and names are needed",
			     address->len < 80 ? (int)address->len : 80, address->text);
}

void hg_list_hosts_line(struct hg_list_reader *r, char *line, size_t len)
{
	char *at = line, *end = line + len;
	struct hg_list_word address = hg_list_next_word(r, &at, end), name;
	enum hg_sink sink;

	if (!address.len)
		return;
	sink = hg_list_sink(address.text, address.len);
	name = hg_list_next_word(r, &at, end);
	if (!name.len)
		hg_list_skip(r, &address, "an address and names are needed: \"0.0.0.0 name\"");
	for (; name.len; name = hg_list_next_word(r, &at, end))
		read_name(r, &address, sink, &name);
}

static void read_line(struct hg_list_reader *r, char *line, size_t len)
{
	const char *comment = memchr(line, '#', len);

	hg_list_hosts_line(r, line, comment ? (size_t)(comment - line) : len);
}

const struct hg_list_format hg_list_hosts = { "hosts", NULL, read_line, NULL };
