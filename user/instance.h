/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instance.h - one bpffs directory: one policy, one set of pinned maps.
 *
 *	<dir>/maps/<name>                           pinned maps
 *	<dir>/links/<netns cookie>/<ifindex>/<hook> pinned links: xdp ingress egress
 *
 * The directory is the whole state of the data path: open it and everything is
 * there, whoever attached it.
 */
#ifndef HG_INSTANCE_H
#define HG_INSTANCE_H

#include <stdbool.h>

#include "../include/control.h"
#include "../include/event.h"

#define HG_BPFFS_DEFAULT "/sys/fs/bpf/hellogate"

/* Every pinned map of the data path. */
#define HG_PINNED_MAPS(X)                                                                          \
	X(control)                                                                                 \
	X(presence)                                                                                \
	X(attention)                                                                               \
	X(interfaces)                                                                              \
	X(interface_numbers)                                                                       \
	X(counters)                                                                                \
	X(slots)                                                                                   \
	X(flows)                                                                                   \
	X(captures)                                                                                \
	X(received)                                                                                \
	X(free_captures)                                                                           \
	X(pool_shares)                                                                             \
	X(capture_owners)                                                                          \
	X(evicted)                                                                                 \
	X(pool_state)                                                                              \
	X(verdicts)                                                                                \
	X(server_names)                                                                            \
	X(events)                                                                                  \
	X(undiagnosed)                                                                             \
	X(undiagnosed_state)                                                                       \
	X(servers)                                                                                 \
	X(quic_clients)                                                                            \
	X(rule_counters)                                                                           \
	X(rule_names)                                                                              \
	X(limits)                                                                                  \
	X(limit_state)                                                                             \
	X(set_hits)                                                                                \
	X(history)                                                                                 \
	X(policy_source)                                                                           \
	X(policy)                                                                                  \
	X(policy_rules)                                                                            \
	X(policy_names)                                                                            \
	X(policy_nets)                                                                             \
	X(policy_numbers)                                                                          \
	X(sweep)

/* Maps of user space, which the data path does not know. */
#define HG_USER_MAPS(X) X(run_counters)

#define HG_MAP_ENUM(name) HG_MAP_##name,
enum hg_map { HG_PINNED_MAPS(HG_MAP_ENUM) HG_USER_MAPS(HG_MAP_ENUM) HG_MAP_COUNT };
#define HG_MAPS_LOADED HG_MAP_run_counters /* so many are the loader's */

const char *hg_map_name(enum hg_map map);

#define HG_DIR_SIZE 192 /* of the path of an instance: longer ones are refused */

struct hg_instance {
	char dir[HG_DIR_SIZE];
	int lock;		/* flock on the directory while it is changed, or -1 */
	int maps[HG_MAP_COUNT]; /* -1: not open */
	__u32 layout;		/* of the maps; 0: they are not filled yet */
};

/* `option`, else HELLOGATE_BPFFS, else the default. */
const char *hg_instance_dir(const char *option);

/*
 * Open the maps that are there.  HG_NOTHING, and said, if none are; HG_CONFLICT
 * if another hellogate laid them out: a newer one, or, but for _to_detach, an
 * older one.
 */
int hg_instance_open(struct hg_instance *in, const char *dir);
int hg_instance_open_to_detach(struct hg_instance *in, const char *dir);

/* The same, but silent and HG_OK with in->maps all -1 when nothing is there. */
int hg_instance_probe(struct hg_instance *in, const char *dir);

void hg_instance_close(struct hg_instance *in);

/* Make the directories, check that they are on a bpffs, and take the lock. */
int hg_instance_prepare(struct hg_instance *in, const char *dir);

/* Take the lock of an instance that is there. */
int hg_instance_lock(struct hg_instance *in);

bool hg_instance_is_there(const struct hg_instance *in);

/* Unpin every map and remove the directories. */
int hg_instance_remove(struct hg_instance *in);

/* Turn errno of a bpf(2) call into enum hg_exit, saying what is missing. */
int hg_bpf_refused(int error, const char *what);

/* ---- interfaces ---- */

/* The entry of interface number `n`; false beyond the last. */
bool hg_interface_get(const struct hg_instance *in, unsigned int n, struct hg_interface *out);
int hg_interface_put(const struct hg_instance *in, unsigned int n, const struct hg_interface *i);
static inline bool hg_interface_used(const struct hg_interface *i)
{
	return i->ifindex != 0;
}

/* Has an entry in the flow table: its END is yet to come. */
bool hg_instance_has_flow(const struct hg_instance *in, const struct hg_event *facts);

/* "<dir>/links/<cookie>/<ifindex>" plus "/<leaf>" if given. */
void hg_link_path(const struct hg_instance *in, const struct hg_interface *i, const char *leaf,
		  char *path, unsigned long size);

#endif /* HG_INSTANCE_H */
