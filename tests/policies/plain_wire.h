/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plain_wire.h - a plain flow as bytes: the ClientHello that says it, and who talks.
 */
#ifndef HG_TESTS_PLAIN_WIRE_H
#define HG_TESTS_PLAIN_WIRE_H

#include "frames.h"
#include "octets.h"
#include "plain.h"

/* The record of a ClientHello that says what the flow of plain_flow_make_real() offers. */
void plain_stream(const struct plain_flow *f, struct octets *stream);

/* Its addresses and port, from this port of the client. */
struct conn plain_conn(const struct plain_flow *f, __u16 client_port);

#endif /* HG_TESTS_PLAIN_WIRE_H */
