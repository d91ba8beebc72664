/* SPDX-License-Identifier: BSD-2-Clause */
#include "instance.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "generation.h"
#include "say.h"

#define MAP_NAME(name) #name,

const char *hg_map_name(enum hg_map map)
{
	static const char *const names[] = { HG_PINNED_MAPS(MAP_NAME) HG_USER_MAPS(MAP_NAME) };

	return map < HG_MAP_COUNT ? names[map] : "?";
}

const char *hg_instance_dir(const char *option)
{
	const char *environment = getenv("HELLOGATE_BPFFS");

	if (option)
		return option;
	return environment && *environment ? environment : HG_BPFFS_DEFAULT;
}

int hg_bpf_refused(int error, const char *what)
{
	if (error < 0)
		error = -error;
	hg_error("%s: %s", what, strerror(error));
	if (error == EPERM || error == EACCES) {
		hg_hint("this needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, and write access to the bpffs directory");
		hg_hint("run it as root, or grant them and use --bpffs DIR that you own");
		return HG_NOT_PERMITTED;
	}
	if (error == EBUSY || error == EEXIST) {
		hg_hint("another program is in the way: see bpftool net show, bpftool link show");
		return HG_CONFLICT;
	}
	if (error == ENOMEM) {
		hg_hint("the kernel has no memory for it: lower the limits, or free some");
		return HG_UNSUPPORTED;
	}
	if (error == EINVAL || error == EOPNOTSUPP || error == ENOSYS || error == E2BIG)
		hg_hint("what this kernel can do, and what is missing: hellogate features");
	return HG_UNSUPPORTED;
}

static void instance_clear(struct hg_instance *in)
{
	in->lock = -1;
	in->layout = 0;
	for (int i = 0; i < HG_MAP_COUNT; i++)
		in->maps[i] = -1;
}

/* A path that was cut would be another instance. */
static int instance_init(struct hg_instance *in, const char *dir)
{
	instance_clear(in);
	if (strlen(dir) >= sizeof(in->dir)) {
		*in->dir = 0;
		hg_error("the path of the instance has %zu bytes: '%.40s...'", strlen(dir), dir);
		hg_hint("name a directory of at most %zu bytes with --bpffs", sizeof(in->dir) - 1);
		return HG_USAGE;
	}
	if (dir != in->dir)
		snprintf(in->dir, sizeof(in->dir), "%s", dir);
	return HG_OK;
}

static void map_path(const struct hg_instance *in, enum hg_map map, char *path, size_t size)
{
	snprintf(path, size, "%s/maps/%s", in->dir, hg_map_name(map));
}

/* The layout of the pinned maps: HG_CONFLICT if a newer hellogate made them. */
static int check_layout(struct hg_instance *in)
{
	struct hg_control control;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(in->maps[HG_MAP_control], &zero, &control))
		return hg_bpf_refused(errno, "cannot read the control map");
	in->layout = control.layout;
	if (control.layout <= HG_LAYOUT)
		return HG_OK;
	hg_error("%s was laid out by a newer hellogate (layout %u, this one knows %d)", in->dir,
		 control.layout, HG_LAYOUT);
	hg_hint("use the newer hellogate, or detach --all with it first");
	return HG_CONFLICT;
}

static int instance_open_maps(struct hg_instance *in)
{
	char path[256];

	for (int i = 0; i < HG_MAP_COUNT; i++) {
		map_path(in, (enum hg_map)i, path, sizeof(path));
		in->maps[i] = bpf_obj_get(path);
		if (in->maps[i] >= 0 || errno == ENOENT)
			continue;
		return hg_bpf_refused(errno, path);
	}
	return hg_instance_is_there(in) ? check_layout(in) : HG_OK;
}

int hg_instance_probe(struct hg_instance *in, const char *dir)
{
	int r = instance_init(in, dir);

	return r ? r : instance_open_maps(in);
}

bool hg_instance_is_there(const struct hg_instance *in)
{
	return in->maps[HG_MAP_control] >= 0;
}

/* What an older one laid out can only be taken away. */
static int check_not_older(const struct hg_instance *in)
{
	if (!in->layout || in->layout >= HG_LAYOUT)
		return HG_OK;
	hg_error("%s was laid out by an older hellogate (layout %u, this one knows %d)", in->dir,
		 in->layout, HG_LAYOUT);
	hg_hint("its counters end with it: hellogate detach --all, then attach again");
	return HG_CONFLICT;
}

int hg_instance_open(struct hg_instance *in, const char *dir)
{
	int r = hg_instance_open_to_detach(in, dir);

	return r ? r : check_not_older(in);
}

int hg_instance_open_to_detach(struct hg_instance *in, const char *dir)
{
	int r = hg_instance_probe(in, dir);

	if (r || hg_instance_is_there(in))
		return r;
	hg_error("nothing is attached under %s", dir);
	hg_hint("attach an interface first: hellogate attach IFACE");
	return HG_NOTHING;
}

void hg_instance_close(struct hg_instance *in)
{
	for (int i = 0; i < HG_MAP_COUNT; i++)
		if (in->maps[i] >= 0)
			close(in->maps[i]);
	if (in->lock >= 0)
		close(in->lock);
	instance_clear(in);
}

/* mkdir -p */
static int make_directory(const char *path)
{
	char part[256];

	snprintf(part, sizeof(part), "%s", path);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(part, 0755) && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(part, 0755) && errno != EEXIST ? -errno : 0;
}

/* The nearest ancestor that exists must be on a bpffs. */
static int check_bpffs(const char *dir)
{
	char path[256], *slash;
	struct statfs fs;

	snprintf(path, sizeof(path), "%s", dir);
	while (statfs(path, &fs)) {
		slash = strrchr(path, '/');
		if (errno != ENOENT || !slash || slash == path) {
			return hg_bpf_refused(errno, dir);
		}
		*slash = 0;
	}
	if (fs.f_type == BPF_FS_MAGIC)
		return HG_OK;
	hg_error("%s is not on a bpffs", dir);
	hg_hint("mount one: mount -t bpf bpf %s",
		strncmp(dir, "/sys/fs/bpf", 11) ? dir : "/sys/fs/bpf");
	return HG_UNSUPPORTED;
}

int hg_instance_lock(struct hg_instance *in)
{
	in->lock = open(in->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (in->lock < 0)
		return hg_bpf_refused(errno, in->dir);
	while (flock(in->lock, LOCK_EX)) {
		if (errno != EINTR)
			return hg_bpf_refused(errno, "cannot lock the instance");
	}
	return HG_OK;
}

int hg_instance_prepare(struct hg_instance *in, const char *dir)
{
	int r = instance_init(in, dir);
	char path[256];

	r = r ? r : check_bpffs(dir);
	if (r)
		return r;
	snprintf(path, sizeof(path), "%s/maps", dir);
	r = make_directory(path);
	if (!r) {
		snprintf(path, sizeof(path), "%s/links", dir);
		r = make_directory(path);
	}
	if (r)
		return hg_bpf_refused(r, path);
	r = hg_instance_lock(in);
	r = r ? r : instance_open_maps(in);
	return r ? r : check_not_older(in);
}

int hg_instance_remove(struct hg_instance *in)
{
	static const char *const directories[] = { "maps", "links", NULL };
	char path[256];
	int r = HG_OK;

	if (hg_generations_unpin(in))
		r = hg_bpf_refused(errno, "the maps of the policy");
	for (int i = 0; i < HG_MAP_COUNT; i++) {
		map_path(in, (enum hg_map)i, path, sizeof(path));
		if (unlink(path) && errno != ENOENT)
			r = hg_bpf_refused(errno, path);
	}
	for (int i = 0; directories[i]; i++) {
		snprintf(path, sizeof(path), "%s/%s", in->dir, directories[i]);
		if (rmdir(path) && errno != ENOENT)
			r = hg_bpf_refused(errno, path);
	}
	if (!r)
		rmdir(in->dir); /* may be the caller's own mount point */
	return r;
}

bool hg_interface_get(const struct hg_instance *in, unsigned int n, struct hg_interface *out)
{
	__u32 key = n;

	return n < HG_INTERFACES && !bpf_map_lookup_elem(in->maps[HG_MAP_interfaces], &key, out);
}

bool hg_instance_has_flow(const struct hg_instance *in, const struct hg_event *facts)
{
	struct hg_flow flow;

	return !bpf_map_lookup_elem(in->maps[HG_MAP_flows], &facts->key, &flow) &&
	       flow.id == facts->flow_id;
}

int hg_interface_put(const struct hg_instance *in, unsigned int n, const struct hg_interface *i)
{
	__u32 key = n;

	if (bpf_map_update_elem(in->maps[HG_MAP_interfaces], &key, i, BPF_ANY))
		return hg_bpf_refused(errno, "cannot write the interfaces map");
	return HG_OK;
}

void hg_link_path(const struct hg_instance *in, const struct hg_interface *i, const char *leaf,
		  char *path, unsigned long size)
{
	snprintf(path, size, "%s/links/%llu/%u%s%s", in->dir, i->netns_cookie, i->ifindex,
		 leaf ? "/" : "", leaf ? leaf : "");
}
