/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tunnel.h - a frame inside another one.
 */
#ifndef HG_CONFORMANCE_TUNNEL_H
#define HG_CONFORMANCE_TUNNEL_H

#include "script.h"

void tunnel_wrap(struct frame *f, enum encapsulation encap);

#endif /* HG_CONFORMANCE_TUNNEL_H */
