/* SPDX-License-Identifier: BSD-2-Clause */
#include "support_system.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "json.h"
#include "say.h"

/* ---- text ---- */

/* Lines of a file that begin with `prefix`; "" is all.  0 or -errno. */
static int print_lines(const char *path, const char *prefix)
{
	FILE *file = fopen(path, "re");
	char line[512];

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, prefix, strlen(prefix)))
			fputs(line, stdout);
	fclose(file);
	return 0;
}

/* The name of the host is nobody's business. */
int hg_support_system(void)
{
	struct utsname system;

	if (uname(&system))
		return HG_PARTLY;
	printf("kernel      %s %s\nbuild       %s\nmachine     %s\n", system.sysname,
	       system.release, system.version, system.machine);
	printf("processors  %ld of %ld\n", sysconf(_SC_NPROCESSORS_ONLN),
	       sysconf(_SC_NPROCESSORS_CONF));
	printf("page        %ld bytes\nuid         %u\n", sysconf(_SC_PAGESIZE), geteuid());
	print_lines("/etc/os-release", "PRETTY_NAME=");
	print_lines("/proc/meminfo", "Mem");
	print_lines("/proc/self/status", "Cap");
	print_lines("/proc/self/limits", "Max locked memory");
	return HG_OK;
}

int hg_support_net_devices(void)
{
	if (!print_lines("/proc/net/dev", ""))
		return HG_OK;
	hg_error("/proc/net/dev: %s", strerror(errno));
	return HG_UNSUPPORTED;
}

static bool matters(const char *line)
{
	static const char *const prefixes[] = {
		"CONFIG_BPF",	      "CONFIG_XDP",	    "CONFIG_NET_CLS",
		"CONFIG_NET_SCH_ING", "CONFIG_NET_ACT_BPF", "CONFIG_NET_XGRESS",
		"CONFIG_HAVE_EBPF",   "CONFIG_DEBUG_INFO",  "CONFIG_CGROUP_BPF",
		"CONFIG_VETH",	      "CONFIG_NET_NS",	    "CONFIG_IPV6=",
		"CONFIG_PREEMPT",     "CONFIG_HZ=",	    "CONFIG_SECURITY_LOCKDOWN",
		"CONFIG_LSM=",	      "CONFIG_SYSCTL=",	    "CONFIG_PAGE_POOL",
	};

	if (!strncmp(line, "# ", 2)) /* "# CONFIG_X is not set" */
		line += 2;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(line, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

int hg_support_kernel_config(void)
{
	struct utsname system;
	char path[160], line[512];
	gzFile file = gzopen("/proc/config.gz", "re");

	if (uname(&system))
		return HG_PARTLY;
	snprintf(path, sizeof(path), "/boot/config-%s", system.release);
	if (!file)
		file = gzopen(path, "re"); /* which reads plain text as well */
	if (!file) {
		hg_error("this kernel's configuration is neither in /proc/config.gz nor in %s",
			 path);
		return HG_UNSUPPORTED;
	}
	while (gzgets(file, line, sizeof(line)))
		if (matters(line))
			fputs(line, stdout);
	gzclose(file);
	return HG_OK;
}

static void print_sysctl(const char *name)
{
	char path[160] = "/proc/sys/", line[256] = "";
	FILE *file;

	for (size_t i = 0, at = strlen(path); i <= strlen(name); i++)
		path[at + i] = name[i] == '.' ? '/' : name[i];
	file = fopen(path, "re");
	if (!file) {
		printf("# %s: %s\n", name, strerror(errno));
		return;
	}
	if (fgets(line, sizeof(line), file))
		line[strcspn(line, "\n")] = 0;
	printf("%s = %s\n", name, line);
	fclose(file);
}

int hg_support_sysctl(void)
{
	static const char *const names[] = {
		"kernel.unprivileged_bpf_disabled",
		"kernel.bpf_stats_enabled",
		"kernel.perf_event_paranoid",
		"net.core.bpf_jit_enable",
		"net.core.bpf_jit_harden",
		"net.core.bpf_jit_kallsyms",
		"net.core.bpf_jit_limit",
		"net.core.netdev_max_backlog",
		"net.core.netdev_budget",
		"net.core.netdev_budget_usecs",
		"net.core.wmem_default",
		"net.core.wmem_max",
		"net.ipv4.ip_forward",
		"net.ipv4.conf.all.rp_filter",
		"net.ipv4.tcp_syncookies",
		"net.ipv4.tcp_ecn",
		"net.ipv4.tcp_fastopen",
		"net.ipv4.tcp_mtu_probing",
		"net.ipv4.tcp_timestamps",
		"net.ipv6.conf.all.forwarding",
		"net.netfilter.nf_conntrack_tcp_be_liberal",
		"net.netfilter.nf_conntrack_max",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		print_sysctl(names[i]);
	return HG_OK;
}

/* ---- programs, links and maps ---- */

static int print_json(struct hg_json *j)
{
	int r = j->failed ? HG_PARTLY : HG_OK;

	if (j->failed)
		hg_error("no memory for the list");
	else
		fwrite(j->text, 1, j->len, stdout);
	hg_json_free(j);
	return r;
}

/* What the kernel charges for it: in the fdinfo alone. */
static void put_memory(struct hg_json *j, int fd)
{
	unsigned long long bytes;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			hg_json_put_uint(j, "memlock", bytes);
	if (file)
		fclose(file);
}

static bool is_ours(const struct hg_instance *in, __u32 id)
{
	struct hg_interface i;

	for (unsigned int n = 0; hg_instance_is_there(in) && hg_interface_get(in, n, &i); n++)
		for (size_t p = 0; p < sizeof(i.prog_id) / sizeof(i.prog_id[0]); p++)
			if (hg_interface_used(&i) && i.prog_id[p] == id)
				return true;
	return false;
}

static void put_tag(struct hg_json *j, const __u8 tag[BPF_TAG_SIZE])
{
	char text[2 * BPF_TAG_SIZE + 1];

	for (int i = 0; i < BPF_TAG_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", tag[i]);
	hg_json_put_term(j, "tag", text);
}

static void put_type(struct hg_json *j, const char *text, __u32 type)
{
	if (text)
		hg_json_put_term(j, "type", text);
	else
		hg_json_put_uint(j, "type", type); /* newer than libbpf */
}

static void put_program(struct hg_json *j, const struct hg_instance *in, __u32 id)
{
	int fd = bpf_prog_get_fd_by_id(id);
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (fd < 0)
		return; /* it went meanwhile */
	if (!bpf_obj_get_info_by_fd(fd, &info, &len)) {
		hg_json_object(j);
		hg_json_put_uint(j, "id", info.id);
		hg_json_put_string(j, "name", info.name);
		put_type(j, libbpf_bpf_prog_type_str((enum bpf_prog_type)info.type), info.type);
		hg_json_put_bool(j, "ours", is_ours(in, id));
		put_tag(j, info.tag);
		hg_json_put_uint(j, "loaded_ns_since_boot", info.load_time);
		hg_json_put_uint(j, "bytes_translated", info.xlated_prog_len);
		hg_json_put_uint(j, "bytes_jited", info.jited_prog_len);
		hg_json_put_uint(j, "verified_insns", info.verified_insns);
		hg_json_put_uint(j, "maps", info.nr_map_ids);
		hg_json_put_uint(j, "run_count", info.run_cnt);
		hg_json_put_uint(j, "run_time_ns", info.run_time_ns);
		put_memory(j, fd);
		hg_json_object_end(j);
	}
	close(fd);
}

static void put_link(struct hg_json *j, const struct hg_instance *in, __u32 id)
{
	int fd = bpf_link_get_fd_by_id(id);
	struct bpf_link_info info = { 0 };
	__u32 len = sizeof(info);

	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len)) {
		hg_json_object(j);
		hg_json_put_uint(j, "id", info.id);
		put_type(j, libbpf_bpf_link_type_str((enum bpf_link_type)info.type), info.type);
		hg_json_put_uint(j, "program", info.prog_id);
		hg_json_put_bool(j, "ours", is_ours(in, info.prog_id));
		if (info.type == BPF_LINK_TYPE_XDP)
			hg_json_put_uint(j, "ifindex", info.xdp.ifindex);
		hg_json_object_end(j);
	}
	close(fd);
}

/* All that `next` tells, as one array. */
static int print_all(const struct hg_instance *in, int (*next)(__u32, __u32 *),
		     void (*put)(struct hg_json *, const struct hg_instance *, __u32),
		     const char *what)
{
	struct hg_json j = { 0 };
	__u32 id = 0;
	int r;

	hg_json_array(&j);
	while (!(r = next(id, &id)))
		put(&j, in, id);
	hg_json_array_end(&j);
	hg_json_newline(&j);
	if (r == -ENOENT)
		return print_json(&j);
	hg_json_free(&j);
	if (r != -EPERM)
		return hg_bpf_refused(-r, what);
	hg_error("%s: that takes CAP_SYS_ADMIN", what);
	return HG_NOT_PERMITTED;
}

int hg_support_programs(const struct hg_instance *in)
{
	return print_all(in, bpf_prog_get_next_id, put_program, "cannot list the programs");
}

int hg_support_links(const struct hg_instance *in)
{
	return print_all(in, bpf_link_get_next_id, put_link, "cannot list the links");
}

static void put_map(struct hg_json *j, const char *dir, const char *name)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	char path[HG_DIR_SIZE + 280];
	int fd;

	snprintf(path, sizeof(path), "%s/maps/%s", dir, name);
	fd = bpf_obj_get(path);
	hg_json_object(j);
	hg_json_put_string(j, "pin", name);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len)) {
		hg_json_put_string(j, "error", strerror(errno));
	} else {
		hg_json_put_uint(j, "id", info.id);
		put_type(j, libbpf_bpf_map_type_str((enum bpf_map_type)info.type), info.type);
		hg_json_put_uint(j, "key_size", info.key_size);
		hg_json_put_uint(j, "value_size", info.value_size);
		hg_json_put_uint(j, "max_entries", info.max_entries);
		put_memory(j, fd);
	}
	hg_json_object_end(j);
	if (fd >= 0)
		close(fd);
}

int hg_support_maps(const struct hg_instance *in)
{
	struct dirent **entries;
	char path[HG_DIR_SIZE + 8];
	struct hg_json j = { 0 };
	int count;

	snprintf(path, sizeof(path), "%s/maps", in->dir);
	count = scandir(path, &entries, NULL, alphasort);
	if (count < 0) {
		hg_error("no maps under %s: %s", in->dir, strerror(errno));
		return HG_NOTHING;
	}
	hg_json_array(&j);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.')
			put_map(&j, in->dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	hg_json_array_end(&j);
	hg_json_newline(&j);
	return print_json(&j);
}
