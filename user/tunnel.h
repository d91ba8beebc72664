/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tunnel.h - what a tunnel carries, in captures.
 */
#ifndef HG_TUNNEL_H
#define HG_TUNNEL_H

#include "capture.h"

/*
 * If the frame is Geneve, VXLAN, GRE, ERSPAN or IP in IP, make it the frame
 * inside; several layers are opened.  Else it is left as it is.
 */
void hg_tunnel_open(struct hg_frame *frame);

#endif /* HG_TUNNEL_H */
