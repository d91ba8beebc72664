/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capture_ng.h - pcapng files whose interfaces differ, made fit for libpcap.
 *
 * libpcap 1.10 refuses a pcapng file at the first interface whose snapshot
 * length or link type is not that of the first one.  The stream given to it
 * here has every snapshot length set to one value, and packets of interfaces
 * with another link type than the first one's left out (counted, and said).
 */
#ifndef HG_CAPTURE_NG_H
#define HG_CAPTURE_NG_H

#include <stdio.h>

/* Open `path` ("-": standard input).  NULL with errno. */
FILE *hg_capture_ng_open(const char *path);

#endif /* HG_CAPTURE_NG_H */
