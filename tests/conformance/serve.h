/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve.h - a server that says which name it acted on.
 *
 * A line of JSON for each connection when it ends:
 *
 *   {"peer":ADDRESS,"lport":PORT,"took":true,"sni":NAME}
 *
 * `took`: it answered with a ServerHello; `sni` is absent where it acted on
 * none.  It listens on four ports from BASE on: as usual; with TCP Fast Open;
 * and twice behind other data, as many bytes as the client's port says (less
 * 1024), which are read and forgotten.
 */
#ifndef HG_CONFORMANCE_SERVE_H
#define HG_CONFORMANCE_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#define PREAMBLE_PORT 1024 /* and up: the client's port behind other data */
#define PORT_USUAL 0
#define PORT_FAST_OPEN 1
#define PORT_PREAMBLE 2
#define PORT_PROXIED 3
#define SERVE_PORTS 4

struct outcome {
	bool took;
	bool named;
	char name[1024];
	size_t name_len;
};

/* Shakes hands on `fd`, and returns when that has ended, well or not. */
typedef void (*serve_handshake)(int fd, struct outcome *outcome);

/* Listens until it is ended by a signal; "ready" is the first line.  Exit code. */
int serve(int base, serve_handshake handshake);

#endif /* HG_CONFORMANCE_SERVE_H */
