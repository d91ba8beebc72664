/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "hellogate.skel.h"
#include "ports.h"
#include "say.h"

/* What libbpf says is kept back, and shown only if the load fails. */
static char log_tail[16384];

static int keep_log(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[1024];
	size_t have = strlen(log_tail), len;

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	len = strlen(line);
	if (have + len >= sizeof(log_tail)) {
		size_t drop = have + len - sizeof(log_tail) + 1;

		memmove(log_tail, log_tail + drop, have - drop + 1);
		have -= drop;
	}
	memcpy(log_tail + have, line, len + 1);
	return 0;
}

/* The last lines: libbpf names the program or the map there, behind the verifier's text. */
static const char *last_lines(unsigned int count)
{
	char *at = log_tail + strlen(log_tail);

	while (at > log_tail && (at[-1] != '\n' || !*at || --count))
		at--;
	return at;
}

static void show_log(void)
{
	if (getenv("HELLOGATE_DEBUG")) {
		fputs(log_tail, stderr);
		return;
	}
	fputs(last_lines(3), stderr);
	hg_hint("the kernel's reason: run again with HELLOGATE_DEBUG=1");
}

/* Keys of the instance: those of the pinned control map, or new ones. */
static int get_keys(const struct hg_instance *in, bool replay, struct hg_control *control)
{
	__u32 zero = 0;

	memset(control, 0, sizeof(*control));
	if (hg_instance_is_there(in) &&
	    bpf_map_lookup_elem(in->maps[HG_MAP_control], &zero, control))
		return -errno;
	if (control->layout) /* else whoever made the maps was stopped before they were filled */
		return 0;
	control->layout = HG_LAYOUT;
	if (replay) {
		for (__u32 i = 0; i < 8; i++)
			control->hash_key.k[i] = hg_mix(i + 1) | 1;
		for (__u32 i = 0; i < sizeof(control->name_key) / 8; i++)
			control->name_key[i] = hg_mix(i + 1001) | 1;
		return 0;
	}
	if (getrandom(&control->hash_key, sizeof(control->hash_key), 0) < 0 ||
	    getrandom(control->name_key, sizeof(control->name_key), 0) < 0)
		return -errno;
	return 0;
}

static void set_knobs(struct hellogate_bpf *s, const struct hg_knobs *k,
		      const struct hg_control *control)
{
	s->rodata->interface_number = (__u16)k->interface_number;
	s->rodata->netns_number = (__u16)k->netns_number;
	if (k->interface_name)
		snprintf((char *)s->rodata->interface_name, sizeof(s->rodata->interface_name), "%s",
			 k->interface_name);
	s->rodata->nr_cpus = (__u32)libbpf_num_possible_cpus();
	s->rodata->inject_time = k->replay;
	s->rodata->decap = k->decap;
	s->rodata->verify_checksums = k->checksums;
	memcpy((void *)&s->rodata->hash_key, &control->hash_key, sizeof(control->hash_key));
	if (k->watched_ports)
		memcpy((void *)s->rodata->watched_ports, k->watched_ports,
		       sizeof(s->rodata->watched_ports));
	else
		memset((void *)s->rodata->watched_ports, 0xff, sizeof(s->rodata->watched_ports));
	s->rodata->ports_listed = !hg_ports_are_all((const __u64 *)s->rodata->watched_ports);
	s->rodata->ports_id = hg_port_id((const __u64 *)s->rodata->watched_ports);
}

static void choose_programs(struct hellogate_bpf *s, const struct hg_knobs *k, unsigned int what)
{
	bpf_program__set_autoload(s->progs.hg_xdp, what & HG_LOAD_XDP && !k->frags);
	bpf_program__set_autoload(s->progs.hg_xdp_frags, what & HG_LOAD_XDP && k->frags);
	bpf_program__set_autoload(s->progs.hg_arm, what & HG_LOAD_XDP && !k->replay);
	bpf_program__set_autoload(s->progs.hg_ingress, !!(what & HG_LOAD_TC));
	bpf_program__set_autoload(s->progs.hg_egress, !k->replay);
	bpf_program__set_autoload(s->progs.hg_start_sweep, !k->replay);
	bpf_program__set_autoload(s->progs.hg_sweep_now, k->replay);
}

static int set_maps(struct hellogate_bpf *s, const struct hg_instance *in, const struct hg_knobs *k)
{
	__u32 captures = HG_PARTIALS + 2 * (__u32)libbpf_num_possible_cpus();
	char path[256];
	int r;

	r = bpf_map__set_max_entries(s->maps.captures, captures);
	r = r ? r : bpf_map__set_max_entries(s->maps.received, captures);
	for (int i = 0; !r && !k->replay && i < HG_MAPS_LOADED; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(s->obj, hg_map_name(i));

		snprintf(path, sizeof(path), "%s/maps/%s", in->dir, hg_map_name(i));
		r = map ? bpf_map__set_pin_path(map, path) : -ENOENT;
	}
	return r;
}

/* Maps that were just made: keys, and the pool of captures. */
static int fill_maps(struct hellogate_bpf *s, const struct hg_control *control)
{
	__u32 zero = 0, first = 2 * (__u32)libbpf_num_possible_cpus(), i;
	int stack = bpf_map__fd(s->maps.free_captures);

	while (!bpf_map_lookup_and_delete_elem(stack, NULL, &i))
		;
	for (i = first + HG_PARTIALS; i-- > first;)
		if (bpf_map_update_elem(stack, NULL, &i, BPF_ANY))
			return -errno;
	/* Last: the layout says that the rest is there. */
	return bpf_map_update_elem(bpf_map__fd(s->maps.control), &zero, control, BPF_ANY) ? -errno
											  : 0;
}

static int fill_new_maps(struct hellogate_bpf *s, const struct hg_control *control)
{
	struct hg_control present;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(s->maps.control), &zero, &present))
		return -errno;
	return present.layout ? 0 : fill_maps(s, control);
}

/* Returns what the program does: 0, or which step of it failed; or a negative errno. */
static int run_start_sweep(int prog)
{
	char packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet));

	return bpf_prog_test_run_opts(prog, &opts) ? -errno : (int)opts.retval;
}

/*
 * Since Linux 6.18 memory for a BPF timer comes from kmalloc_nolock(), which takes what
 * this processor's slab has left and, if that is nothing, gives none: not now, nor the next
 * time.  A pipe is allocated from the same cache, kmalloc-cg-192, in the ordinary way,
 * and fills it up.
 */
static void fill_slab(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return;
	close(ends[0]);
	close(ends[1]);
}

#define SWEEP_TRIES 100

static int start_sweep(struct hellogate_bpf *s)
{
	int prog = bpf_program__fd(s->progs.hg_start_sweep);
	int r = run_start_sweep(prog);

	for (int i = 1; r > 0 && i < SWEEP_TRIES; i++) {
		fill_slab();
		r = run_start_sweep(prog);
	}
	if (r <= 0)
		return r;
	snprintf(log_tail, sizeof(log_tail), "the timer of the sweep does not start: step %d\n", r);
	return -EINVAL;
}

static int open_and_load(const struct hg_instance *in, const struct hg_knobs *knobs,
			 unsigned int what, const struct hg_control *control,
			 struct hellogate_bpf *s)
{
	int r;

	set_knobs(s, knobs, control);
	choose_programs(s, knobs, what);
	r = set_maps(s, in, knobs);
	r = r ? r : hellogate_bpf__load(s);
	if (!r)
		r = fill_new_maps(s, control);
	if (!r && !knobs->replay)
		r = start_sweep(s);
	return r;
}

int hg_loader_load(struct hg_instance *in, const struct hg_knobs *knobs, unsigned int what,
		   struct hg_loaded *out)
{
	struct hg_control control;
	struct hellogate_bpf *s;
	int r;

	*log_tail = 0;
	libbpf_set_print(keep_log);
	r = get_keys(in, knobs->replay, &control);
	if (r)
		return hg_bpf_refused(r, "cannot read the keys of the instance");
	s = hellogate_bpf__open();
	if (!s)
		return hg_bpf_refused(errno, "cannot open the BPF object");
	r = open_and_load(in, knobs, what, &control, s);
	if (r) {
		r = hg_bpf_refused(r, "the kernel refused the BPF programs");
		show_log();
		hellogate_bpf__destroy(s);
		return r;
	}
	*out = (struct hg_loaded){
		.skeleton = s,
		.xdp = bpf_program__fd(knobs->frags ? s->progs.hg_xdp_frags : s->progs.hg_xdp),
		.arm = bpf_program__fd(s->progs.hg_arm),
		.ingress = bpf_program__fd(s->progs.hg_ingress),
		.egress = bpf_program__fd(s->progs.hg_egress),
	};
	return HG_OK;
}

void hg_loader_close(struct hg_loaded *loaded)
{
	if (loaded->skeleton)
		hellogate_bpf__destroy(loaded->skeleton);
	loaded->skeleton = NULL;
}

void hg_loader_instance(const struct hg_loaded *loaded, struct hg_instance *in)
{
	memset(in, 0, sizeof(*in));
	in->lock = -1;
	memset(in->maps, -1, sizeof(in->maps));
	for (int i = 0; i < HG_MAPS_LOADED; i++)
		in->maps[i] = bpf_object__find_map_fd_by_name(loaded->skeleton->obj,
							      hg_map_name((enum hg_map)i));
}

int hg_loader_sweep(const struct hg_loaded *loaded)
{
	return bpf_program__fd(loaded->skeleton->progs.hg_sweep_now);
}
