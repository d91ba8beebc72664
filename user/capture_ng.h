/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capture_ng.h - pcapng files whose interfaces differ, made fit for libpcap.
 *
 * libpcap 1.10 refuses a pcapng file at the first interface whose snapshot
 * length or link type is not that of the first one.  In the stream given to it
 * here all interfaces have one snapshot length and the link type below, and
 * each packet begins with the link type that it has in the file.
 */
#ifndef HG_CAPTURE_NG_H
#define HG_CAPTURE_NG_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

/* In front of each packet of a pcapng file; the link type is HG_LINK_NG. */
struct hg_capture_ng_link {
	__u32 link; /* LINKTYPE_*, ~0: of no interface that is known */
};

#define HG_LINK_NG 147 /* LINKTYPE_USER0: for use within a program */

/* Open `path` ("-": standard input).  NULL with errno. */
FILE *hg_capture_ng_open(const char *path, bool *pcapng);

#endif /* HG_CAPTURE_NG_H */
