/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map_walk.h - every entry of a hash, in batches: a walk by keys would begin
 * anew whenever the data path deletes the key that it stands on.
 */
#ifndef HG_MAP_WALK_H
#define HG_MAP_WALK_H

typedef void (*hg_entry_fn)(void *arg, const void *key, const void *value);

/* 0 or -errno: then some entries may have been told. */
int hg_map_walk(int map, hg_entry_fn each, void *arg);

/* How many entries it has room for; 0 if that cannot be told. */
unsigned int hg_map_capacity(int map);

#endif /* HG_MAP_WALK_H */
