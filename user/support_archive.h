/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support_archive.h - files into one tar.gz: for cmd_support_dump.c.
 */
#ifndef HG_SUPPORT_ARCHIVE_H
#define HG_SUPPORT_ARCHIVE_H

#include <stddef.h>
#include <time.h>

struct hg_archive;

/*
 * All its files are below the directory `top`, of the time `when`, and for their owner
 * alone.  `fd` stays the caller's.  NULL, and said, if it cannot be begun.
 */
struct hg_archive *hg_archive_open(int fd, const char *top, time_t when);

/* Errors are told by hg_archive_close(). */
void hg_archive_add(struct hg_archive *a, const char *name, const char *text, size_t len);

/* HG_OK, or HG_PARTLY after saying why it is not whole. */
int hg_archive_close(struct hg_archive *a);

#endif /* HG_SUPPORT_ARCHIVE_H */
