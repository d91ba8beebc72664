/* SPDX-License-Identifier: BSD-2-Clause */
#include "plain_wire.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "hellos.h"

static void fill_numbers(__u16 *out, const struct plain_list *list)
{
	for (int i = 0; i < list->count; i++)
		out[i] = (__u16)strtoul(list->items[i], NULL, 16);
}

static void name_of(const struct plain_flow *f, struct hello_spec *spec)
{
	static const __u8 three[] = { 0, 12, 0, 0, 1, 'a', 0, 0, 1, 'b', 0, 0, 1, 'c' };
	static const __u8 empty[] = { 0, 0 };

	if (f->state == HG_SNI_ok || f->state == HG_SNI_invalid)
		spec->sni = f->name;
	if (f->state == HG_SNI_ambiguous) {
		spec->sni_body = three;
		spec->sni_body_len = sizeof(three);
	}
	if (f->state == HG_SNI_empty) {
		spec->sni_body = empty;
		spec->sni_body_len = sizeof(empty);
	}
}

void plain_stream(const struct plain_flow *f, struct octets *stream)
{
	static const __u16 wire[] = { 0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304 };
	static struct octets message;
	struct hello_spec spec = { .psk = f->resumed, .no_ciphers = !f->cipher.count };

	name_of(f, &spec);
	fill_numbers(spec.ciphers, &f->cipher);
	fill_numbers(spec.groups, &f->group);
	spec.alpn = f->alpn.count ? f->alpn.items[0] : NULL;
	spec.ech = (enum hello_ech)f->ech; /* in the same order */
	if (f->lowest < 0) {
		spec.legacy = wire[f->version];
	} else {
		spec.versions[0] = wire[f->version];
		spec.versions[1] = wire[f->lowest];
	}
	hello_build(&message, &spec);
	record_whole(stream, &message);
}

struct conn plain_conn(const struct plain_flow *f, __u16 client_port)
{
	struct conn c = { .ipv6 = strchr(f->src, ':'),
			  .client_port = client_port,
			  .server_port = (__u16)f->port };

	if (inet_pton(c.ipv6 ? AF_INET6 : AF_INET, f->src, c.client) != 1 ||
	    inet_pton(c.ipv6 ? AF_INET6 : AF_INET, f->dst, c.server) != 1) {
		fprintf(stderr, "no address: %s, %s\n", f->src, f->dst);
		abort();
	}
	return c;
}
