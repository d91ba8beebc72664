/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tunnel.h - what a tunnel carries, in captures.
 */
#ifndef HG_TUNNEL_H
#define HG_TUNNEL_H

#include "capture.h"

/*
 * If the frame is Geneve, VXLAN, GRE, ERSPAN or IP in IP, and of the `kinds` to
 * open (bits of enum hg_tunnel), make it the frame inside; several layers are
 * opened.  Else it is left as it is.  The data path opens what it knows
 * (bpf/tunnels.h); this comes before it, for ERSPAN and for Geneve at any port.
 */
void hg_tunnel_open(struct hg_frame *frame, __u32 kinds);

#endif /* HG_TUNNEL_H */
