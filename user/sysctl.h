/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl.h - numbers of the kernel's settings under /proc/sys.
 */
#ifndef HG_SYSCTL_H
#define HG_SYSCTL_H

/* -1: it cannot be read. */
int hg_sysctl(const char *path);

#endif /* HG_SYSCTL_H */
