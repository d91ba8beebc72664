/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server_names.h - room in the table of server names: names are written by
 * clients, and the table is of a fixed size.
 */
#ifndef HG_SERVER_NAMES_H
#define HG_SERVER_NAMES_H

#include <linux/types.h>

/*
 * Where the table is nearly full, forget names without a hello since `idle_ns`,
 * the oldest first, until a quarter is free.  Returns how many were forgotten.
 */
unsigned int hg_server_names_age(int map, __u64 now_ns, __u64 idle_ns);

#endif /* HG_SERVER_NAMES_H */
