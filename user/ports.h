/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ports.h - lists of ports, as --ports takes them.
 */
#ifndef HG_PORTS_H
#define HG_PORTS_H

#include <linux/types.h>
#include <stdbool.h>

#define HG_PORT_WORDS (65536 / 64)

/*
 * Parse "any" or "443,8443,9000-9100" into a bit for each port.  HG_OK, or
 * HG_USAGE after saying what is wrong, and where.
 */
int hg_ports_option(const char *text, __u64 bits[HG_PORT_WORDS]);

/* The same in silence: false, and *error points at what is wrong. */
bool hg_ports_read(const char *text, __u64 bits[HG_PORT_WORDS], const char **error);

bool hg_ports_are_all(const __u64 bits[HG_PORT_WORDS]);

/* A number that stands for a list of ports: two interfaces with the same one watch the same. */
__u32 hg_port_id(const __u64 bits[HG_PORT_WORDS]);

#endif /* HG_PORTS_H */
