/* SPDX-License-Identifier: BSD-2-Clause */
#include "harness.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../wire/tunnel.h"
#include "hellogate.skel.h"
#include "tap.h"

struct tap tap;

const char *const gate_hook_name[GATE_HOOKS] = { "xdp", "xdp.frags", "tc ingress", "tc egress",
						 "arm" };
const char *const gate_act_name[] = { "pass", "drop", "reset", "refused by the kernel" };

static const char *const hook_program[GATE_HOOKS] = { "hg_xdp", "hg_xdp_frags", "hg_ingress",
						      "hg_egress", "hg_arm" };

/* The maps are those of `first`; in `others` there is one program each, on the same maps. */
struct gate_objects {
	struct hellogate_bpf *first, *others[GATE_HOOKS];
};

static struct hellogate_bpf *skeleton(const struct gate *g)
{
	return g->objects->first;
}

/* ---- hooks ---- */

static bool is_asked(enum gate_hook hook)
{
	static const char *const words[GATE_HOOKS] = { "xdp", "xdp.frags", "ingress", "egress",
						       "arm" };
	const char *list = getenv("HG_HOOKS");
	size_t len = strlen(words[hook]), n;

	if (!list || !*list || hook == GATE_ARM)
		return true;
	for (; *list; list += n + (list[n] == ' ')) {
		n = strcspn(list, " ");
		if (n == len && !memcmp(list, words[hook], n))
			return true;
	}
	return false;
}

enum gate_hook gate_hook_from(enum gate_hook hook)
{
	while (hook <= GATE_EGRESS && !is_asked(hook))
		hook++;
	return hook;
}

/* ---- the room ---- */

void gate_enter_room(void)
{
	static bool entered;
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (entered)
		return;
	if (unshare(CLONE_NEWNET))
		tap_bail("no network namespace: %s (root is needed)", strerror(errno));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		tap_bail("lo does not come up: %s", strerror(errno));
	close(fd);
	entered = true;
}

void gate_move(__u32 n)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(n % (__u32)sysconf(_SC_NPROCESSORS_ONLN), &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		tap_bail("no processor %u: %s", n, strerror(errno));
}

static int print_warnings(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level != LIBBPF_WARN)
		return 0;
	return vfprintf(stderr, format, args);
}

/* The keys that a replay uses (user/read_path.c): flow ids are the same. */
static struct hg_hash_key fixed_hash_key(void)
{
	struct hg_hash_key key;

	for (__u32 i = 0; i < 8; i++)
		key.k[i] = hg_mix(i + 1) | 1;
	return key;
}

static void set_ports(__u64 *bits, const __u16 *ports)
{
	if (!ports) {
		memset(bits, 0xff, 65536 / 8);
		return;
	}
	for (; *ports; ports++)
		bits[*ports / 64] |= 1ULL << *ports % 64;
}

static void set_knobs(struct hellogate_bpf *s, const struct gate_options *o)
{
	s->rodata->interface_number = o->interface_number;
	s->rodata->netns_number = o->netns_number;
	s->rodata->nr_cpus = (__u32)libbpf_num_possible_cpus();
	s->rodata->partials = o->partials ? o->partials : HG_PARTIALS;
	s->rodata->inject_time = !o->real_clock;
	s->rodata->decap = o->decap;
	s->rodata->verify_checksums = o->checksums;
	s->rodata->hash_key = fixed_hash_key();
	set_ports(s->rodata->watched_ports, o->ports);
	s->rodata->ports_listed = o->ports != NULL;
	if (o->interface)
		snprintf((char *)s->rodata->interface_name, sizeof(s->rodata->interface_name), "%s",
			 o->interface);
}

static void set_size(struct bpf_map *map, __u32 entries)
{
	if (entries)
		bpf_map__set_max_entries(map, entries);
}

static void set_sizes(struct hellogate_bpf *s, const struct gate_options *o)
{
	__u32 partials = s->rodata->partials, captures = partials + 2 * s->rodata->nr_cpus;

	set_size(s->maps.captures, captures);
	set_size(s->maps.received, captures);
	set_size(s->maps.free_captures, partials);
	set_size(s->maps.capture_owners, partials);
	set_size(s->maps.flows, o->flows);
	set_size(s->maps.server_names, o->server_names);
	set_size(s->maps.verdicts, o->verdicts);
	set_size(s->maps.events, o->ring_bytes);
	/* So that a test reads and writes them as memory. */
	bpf_map__set_map_flags(s->maps.slots, BPF_F_MMAPABLE);
	bpf_map__set_map_flags(s->maps.control, BPF_F_MMAPABLE);
	bpf_map__set_map_flags(s->maps.presence, BPF_F_MMAPABLE);
	bpf_map__set_map_flags(s->maps.pool_shares, BPF_F_MMAPABLE);
}

/* libbpf forgets the prototypes of inner maps as it loads. */
static void keep_prototypes(struct gate *g)
{
	static const char *const outer[GATE_OUTER_MAPS] = { "policy", "policy_rules",
							    "policy_names", "policy_nets",
							    "policy_numbers" };

	for (int i = 0; i < GATE_OUTER_MAPS; i++) {
		struct bpf_map *m = bpf_map__inner_map(
			bpf_object__find_map_by_name(skeleton(g)->obj, outer[i]));

		g->prototypes[i] = (struct gate_prototype){
			.outer = outer[i],
			.type = bpf_map__type(m),
			.key_size = bpf_map__key_size(m),
			.value_size = bpf_map__value_size(m),
			.flags = bpf_map__map_flags(m),
			.btf_key = bpf_map__btf_key_type_id(m),
			.btf_value = bpf_map__btf_value_type_id(m),
		};
	}
}

static void fill_pool(struct gate *g)
{
	struct hellogate_bpf *s = skeleton(g);
	__u32 first = 2 * s->rodata->nr_cpus, end = bpf_map__max_entries(s->maps.captures);

	for (__u32 i = end; i-- > first;)
		if (bpf_map_update_elem(gate_map(g, "free_captures"), NULL, &i, BPF_ANY))
			tap_bail("the pool takes no capture: %s", strerror(errno));
}

static void *map_memory(struct gate *g, const char *name, size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, gate_map(g, name), 0);

	if (at == MAP_FAILED)
		tap_bail("map %s cannot be mapped: %s", name, strerror(errno));
	return at;
}

static void set_control(struct gate *g)
{
	memset(g->control, 0, sizeof(*g->control));
	g->control->layout = HG_LAYOUT;
	g->control->hash_key = fixed_hash_key();
	for (__u32 i = 0; i < sizeof(g->control->name_key) / sizeof(__u64); i++)
		g->control->name_key[i] = hg_mix(i + 1001) | 1;
	memset(g->presence, 0, sizeof(*g->presence));
	g->presence->time_ns = GATE_START;
}

static int keep_event(void *arg, void *data, size_t size)
{
	struct gate *g = arg;
	struct gate_event *e;

	if (g->event_count == g->event_room) {
		g->event_room = g->event_room ? g->event_room * 2 : 256;
		g->events = realloc(g->events, g->event_room * sizeof(*g->events));
		if (!g->events)
			abort();
	}
	e = &g->events[g->event_count++];
	g->events_seen++;
	memset(e, 0, sizeof(*e));
	if (*(const __u8 *)data == HG_EVENT_CHUNK) { /* has a head of its own */
		e->head.type = HG_EVENT_CHUNK;
		return 0;
	}
	memcpy(&e->head, data, sizeof(e->head));
	if (size != sizeof(e->head) + e->head.message_len)
		tap_bail("an event of %zu bytes says it has %u of message", size,
			 e->head.message_len);
	if (e->head.message_len) {
		e->message = malloc(e->head.message_len);
		if (!e->message)
			abort();
		memcpy(e->message, (char *)data + sizeof(e->head), e->head.message_len);
	}
	return 0;
}

static struct hellogate_bpf *open_object(const struct gate *g)
{
	struct hellogate_bpf *s = hellogate_bpf__open();

	if (!s)
		return NULL;
	set_knobs(s, &g->options);
	set_sizes(s, &g->options);
	return s;
}

static struct bpf_program *program_of(const struct hellogate_bpf *s, enum gate_hook hook)
{
	return bpf_object__find_program_by_name(s->obj, hook_program[hook]);
}

int gate_try_open(struct gate *g, const struct gate_options *options)
{
	static const struct gate_options shipped;
	struct hellogate_bpf *s;
	int error;

	gate_enter_room();
	libbpf_set_print(print_warnings);
	memset(g, 0, sizeof(*g));
	g->options = options ? *options : shipped;
	g->objects = calloc(1, sizeof(*g->objects));
	s = g->objects ? open_object(g) : NULL;
	if (!s)
		return -errno;
	g->objects->first = s;
	for (enum gate_hook hook = GATE_XDP; hook < GATE_HOOKS; hook++)
		bpf_program__set_autoload(program_of(s, hook), g->options.all || is_asked(hook));
	keep_prototypes(g);
	error = hellogate_bpf__load(s);
	if (error) {
		hellogate_bpf__destroy(s);
		free(g->objects);
		g->objects = NULL;
		return error;
	}
	g->slots = map_memory(g, "slots", sizeof(struct hg_slot) * HG_SLOTS);
	g->control = map_memory(g, "control", sizeof(struct hg_control));
	g->presence = map_memory(g, "presence", sizeof(struct hg_presence));
	g->pool_shares = map_memory(g, "pool_shares", sizeof(__u32) * HG_SHARES);
	set_control(g);
	fill_pool(g);
	g->ring = ring_buffer__new(gate_map(g, "events"), keep_event, g, NULL);
	if (!g->ring)
		tap_bail("no reader for the ring: %s", strerror(errno));
	return 0;
}

void gate_open(struct gate *g, const struct gate_options *options)
{
	int error = gate_try_open(g, options);

	if (error)
		tap_bail("the programs do not load: %s", strerror(-error));
}

void gate_close(struct gate *g)
{
	gate_forget(g);
	free(g->events);
	ring_buffer__free(g->ring);
	munmap(g->slots, sizeof(struct hg_slot) * HG_SLOTS);
	munmap(g->control, sizeof(struct hg_control));
	munmap(g->presence, sizeof(struct hg_presence));
	munmap(g->pool_shares, sizeof(__u32) * HG_SHARES);
	for (int i = 0; i < GATE_HOOKS; i++)
		hellogate_bpf__destroy(g->objects->others[i]);
	hellogate_bpf__destroy(skeleton(g));
	free(g->objects);
	memset(g, 0, sizeof(*g));
}

int gate_map(const struct gate *g, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(skeleton(g)->obj, name);

	if (!map)
		tap_bail("there is no map %s", name);
	return bpf_map__fd(map);
}

int gate_program_named(const struct gate *g, const char *name)
{
	struct bpf_program *p = bpf_object__find_program_by_name(skeleton(g)->obj, name);

	if (!p)
		tap_bail("there is no program %s", name);
	return bpf_program__fd(p);
}

/* Nothing of it but this program: the maps are there. */
static struct hellogate_bpf *load_other(const struct gate *g, enum gate_hook hook)
{
	struct hellogate_bpf *s = open_object(g);
	struct bpf_program *p = NULL;
	struct bpf_map *map = NULL;
	int error = s ? 0 : -errno;

	while (!error && (p = bpf_object__next_program(s->obj, p)))
		bpf_program__set_autoload(p, p == program_of(s, hook));
	while (!error && (map = bpf_object__next_map(s->obj, map)))
		error = bpf_map__reuse_fd(map, gate_map(g, bpf_map__name(map)));
	error = error ? error : hellogate_bpf__load(s);
	if (error)
		tap_bail("%s does not load: %s", hook_program[hook], strerror(-error));
	return s;
}

int gate_program(const struct gate *g, enum gate_hook hook)
{
	struct hellogate_bpf **other = &g->objects->others[hook];
	int fd = bpf_program__fd(program_of(skeleton(g), hook));

	if (fd >= 0)
		return fd;
	if (!*other)
		*other = load_other(g, hook);
	return bpf_program__fd(program_of(*other, hook));
}

int gate_clang(const struct gate *g)
{
	static const char mark[] = "clang version ";
	const struct bpf_object_skeleton *s = skeleton(g)->skeleton;
	const char *at = memmem(s->data, s->data_sz, mark, sizeof(mark) - 1);

	return at ? atoi(at + sizeof(mark) - 1) : 0;
}

/* ---- running ---- */

void gate_wait(struct gate *g, __u64 ns)
{
	g->presence->time_ns += ns;
}

static enum gate_act run_xdp(struct gate *g, int program, const struct frame *f)
{
	struct xdp_md in = { .data_end = f->len }, out = {};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = f->at, .data_size_in = f->len,
		    .data_out = g->out.at, .data_size_out = sizeof(g->out.at), .ctx_in = &in,
		    .ctx_size_in = sizeof(in), .ctx_out = &out, .ctx_size_out = sizeof(out));

	g->error = bpf_prog_test_run_opts(program, &run);
	if (g->error)
		return GATE_FAILED;
	g->retval = (__s32)run.retval;
	g->out.len = run.data_size_out;
	if (out.data >= sizeof(g->rst)) {
		memcpy(&g->rst, g->out.at, sizeof(g->rst));
		return run.retval == XDP_PASS ? GATE_RESET : GATE_FAILED;
	}
	return run.retval == XDP_PASS	? GATE_PASS
	       : run.retval == XDP_DROP ? GATE_DROP
					: GATE_FAILED;
}

#define ACT_UNSPEC (-1)
#define ACT_SHOT 2

static enum gate_act run_tc(struct gate *g, int program, const struct frame *f)
{
	struct __sk_buff in = { .ifindex = g->ifindex, .ingress_ifindex = g->ingress_ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = f->at, .data_size_in = f->len,
		    .data_out = g->out.at, .data_size_out = sizeof(g->out.at), .ctx_in = &in,
		    .ctx_size_in = sizeof(in));

	g->error = bpf_prog_test_run_opts(program, &run);
	if (g->error)
		return GATE_FAILED;
	g->retval = (__s32)run.retval;
	g->out.len = run.data_size_out;
	if (g->retval == ACT_SHOT)
		return GATE_DROP;
	if (g->retval != ACT_UNSPEC)
		return GATE_FAILED;
	if (g->out.len != f->len || memcmp(g->out.at, f->at, f->len) != 0)
		return GATE_RESET;
	return GATE_PASS;
}

enum gate_act gate_send_quietly(struct gate *g, enum gate_hook hook, const struct frame *frame)
{
	int program = gate_program(g, hook);

	memset(&g->rst, 0, sizeof(g->rst));
	return hook <= GATE_XDP_FRAGS ? run_xdp(g, program, frame) : run_tc(g, program, frame);
}

enum gate_act gate_send(struct gate *g, enum gate_hook hook, const struct frame *frame)
{
	enum gate_act act = gate_send_quietly(g, hook, frame);

	if (act == GATE_FAILED)
		tap_diag("%s: a run of %u bytes: error %d, retval %d", gate_hook_name[hook],
			 frame->len, g->error, g->retval);
	return act;
}

/*
 * As a driver does it: XDP, then the stack, with whatever is attached to the
 * interface.  Only the XDP program's view can be had from the counters.
 */
int gate_send_live(struct gate *g, const struct frame *f)
{
	struct xdp_md in = { .data_end = f->len, .ingress_ifindex = 1 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = f->at, .data_size_in = f->len, .ctx_in = &in,
		    .ctx_size_in = sizeof(in), .repeat = 1, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	return bpf_prog_test_run_opts(gate_program(g, GATE_XDP), &run);
}

void gate_attach_arm(struct gate *g)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = 1, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = gate_program(g, GATE_ARM));
	int error = bpf_tc_hook_create(&hook);

	if (error && error != -EEXIST)
		tap_bail("lo takes no clsact: %s", strerror(-error));
	error = bpf_tc_attach(&hook, &filter);
	if (error)
		tap_bail("the arm cannot be attached to lo: %s", strerror(-error));
}

static void run_sweep(struct gate *g)
{
	static const __u8 any[64];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = any, .data_size_in = sizeof(any));

	if (bpf_prog_test_run_opts(gate_program_named(g, "hg_sweep_now"), &run))
		tap_bail("the sweep does not run: %s", strerror(errno));
}

void gate_sweep(struct gate *g)
{
	run_sweep(g);
}

void gate_sweep_slots(struct gate *g)
{
	for (int part = 0; part < 16; part++)
		run_sweep(g);
}

void gate_sweep_final(struct gate *g)
{
	g->presence->final = 1;
	run_sweep(g);
	g->presence->final = 0;
}

/* ---- what came of it ---- */

__u32 gate_events(struct gate *g)
{
	if (ring_buffer__consume(g->ring) < 0)
		tap_bail("the ring cannot be read");
	return g->event_count;
}

void gate_forget(struct gate *g)
{
	gate_events(g);
	for (__u32 i = 0; i < g->event_count; i++)
		free(g->events[i].message);
	g->event_count = 0;
}

/* Sum of a per-CPU value that is an array of __u64. */
static void sum_cpus(int map, __u32 key, size_t size, void *out)
{
	int cpus = libbpf_num_possible_cpus();
	__u64 *all = calloc((size_t)cpus, size), *sum = out;

	if (!all || bpf_map_lookup_elem(map, &key, all))
		tap_bail("counters cannot be read: %s", strerror(errno));
	memset(out, 0, size);
	for (int cpu = 0; cpu < cpus; cpu++)
		for (size_t i = 0; i < size / sizeof(*sum); i++)
			sum[i] += all[(size_t)cpu * (size / sizeof(*sum)) + i];
	free(all);
}

void gate_counters(struct gate *g, struct hg_counters *sum)
{
	sum_cpus(gate_map(g, "counters"), g->options.interface_number, sizeof(*sum), sum);
}

void gate_rule_counters(struct gate *g, __u32 stats, struct hg_rule_counters *sum)
{
	sum_cpus(gate_map(g, "rule_counters"), stats, sizeof(*sum), sum);
}

static void zero_cpus(int map, __u32 key, size_t size)
{
	void *zeros = calloc((size_t)libbpf_num_possible_cpus(), size);

	if (!zeros || bpf_map_update_elem(map, &key, zeros, BPF_ANY))
		tap_bail("counters cannot be cleared: %s", strerror(errno));
	free(zeros);
}

struct hg_flow_key gate_key(const struct gate *g, const struct conn *c)
{
	struct hg_flow_key key = { .netns = g->options.netns_number, .proto = IPPROTO_TCP };
	__u8 client[18] = {}, server[18] = {};
	bool client_lo;

	if (c->ipv6) {
		memcpy(client, c->client, 16);
		memcpy(server, c->server, 16);
	} else {
		client[10] = client[11] = server[10] = server[11] = 0xff;
		memcpy(client + 12, c->client, 4);
		memcpy(server + 12, c->server, 4);
	}
	client[16] = (__u8)(c->client_port >> 8);
	client[17] = (__u8)c->client_port;
	server[16] = (__u8)(c->server_port >> 8);
	server[17] = (__u8)c->server_port;
	client_lo = memcmp(client, server, 18) < 0;
	memcpy(key.lo_addr, client_lo ? client : server, 16);
	memcpy(key.hi_addr, client_lo ? server : client, 16);
	memcpy(&key.lo_port, (client_lo ? client : server) + 16, 2);
	memcpy(&key.hi_port, (client_lo ? server : client) + 16, 2);
	return key;
}

bool gate_flow(struct gate *g, const struct hg_flow_key *key, struct hg_flow *flow)
{
	return !bpf_map_lookup_elem(gate_map(g, "flows"), key, flow);
}

/* ---- the books ---- */

struct books {
	__u64 active_slots, active_entries, entries;
	__u64 attention;
	__u32 held; /* captures that flows hold */
	__u32 twice;
	__u8 owned[65536]; /* by capture index */
};

static void own(struct books *b, __u32 capture)
{
	if (capture >= sizeof(b->owned) || b->owned[capture]++)
		b->twice++;
}

static void walk_slots(const struct gate *g, struct books *b)
{
	for (__u32 i = 0; i < HG_SLOTS; i++) {
		__u32 state = HG_SLOT_STATE(g->slots[i].word);

		b->active_slots += state == HG_SLOT_SYN || state == HG_SLOT_SEEK;
	}
}

static void walk_flows(struct gate *g, struct books *b)
{
	struct hg_flow_key key, *from = NULL;
	struct hg_flow flow;
	int map = gate_map(g, "flows");

	for (; !bpf_map_get_next_key(map, from, &key); from = &key) {
		if (bpf_map_lookup_elem(map, &key, &flow))
			continue;
		b->entries++;
		b->active_entries += !flow.counted;
		b->attention += flow.state == HG_FLOW_PENDING || flow.state == HG_FLOW_RESET ||
				flow.state == HG_FLOW_DROP;
		if (flow.buffer != HG_NO_BUFFER) {
			b->held++;
			own(b, flow.buffer);
		}
	}
}

/* Take all captures out of the pool and put them back. */
static __u32 walk_pool(struct gate *g, struct books *b)
{
	static __u32 taken[65536];
	int map = gate_map(g, "free_captures");
	__u32 count = 0;

	while (count < 65536 && !bpf_map_lookup_and_delete_elem(map, NULL, &taken[count]))
		own(b, taken[count++]);
	for (__u32 i = count; i-- > 0;)
		bpf_map_update_elem(map, NULL, &taken[i], BPF_ANY);
	return count;
}

static const struct books *take_stock(struct gate *g)
{
	static struct books b;

	memset(&b, 0, sizeof(b));
	walk_slots(g, &b);
	walk_flows(g, &b);
	return &b;
}

static __u64 sum_shares(const struct gate *g)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < HG_SHARES; i++)
		sum += g->pool_shares[i];
	return sum;
}

__u64 gate_active(struct gate *g)
{
	const struct books *b = take_stock(g);

	return b->active_slots + b->active_entries;
}

static bool same(const char *what, __u64 got, __u64 wanted)
{
	if (got != wanted)
		tap_diag("%s: %llu, but %llu", what, (unsigned long long)got,
			 (unsigned long long)wanted);
	return got == wanted;
}

bool gate_balanced(struct gate *g)
{
	struct books b;
	struct hg_counters c;
	struct hg_attention attention;
	__u64 buckets = 0;
	__u32 zero = 0, pool, free_ones;
	bool ok;

	gate_events(g);
	b = *take_stock(g);
	free_ones = walk_pool(g, &b);
	pool = bpf_map__max_entries(skeleton(g)->maps.free_captures);
	gate_counters(g, &c);
	for (__u32 i = 0; i < HG_BUCKET_COUNT; i++)
		buckets += ((__u64 *)&c.coverage)[i];
	if (bpf_map_lookup_elem(gate_map(g, "attention"), &zero, &attention))
		tap_bail("attention cannot be read");
	ok = same("flows created, and active + buckets", c.flows_created,
		  b.active_slots + b.active_entries + buckets);
	ok &= same("captures free and held, and the pool", free_ones + b.held, pool);
	ok &= same("captures that two own", b.twice, 0);
	ok &= same("captures in shares, and held", sum_shares(g), b.held);
	ok &= same("attention, and flows that need it", attention.flows, b.attention);
	ok &= same("events counted, and read", c.events, g->events_seen);
	return ok;
}

static void empty_hash(struct gate *g, const char *name, size_t key_size)
{
	__u8 key[256];
	int map = gate_map(g, name);

	if (key_size > sizeof(key))
		abort();
	while (!bpf_map_get_next_key(map, NULL, key))
		bpf_map_delete_elem(map, key);
}

bool gate_clear(struct gate *g)
{
	const struct books *b = take_stock(g);
	__u64 time = g->presence->time_ns;
	bool ok;

	if (b->active_slots || b->entries)
		gate_sweep_final(g);
	ok = gate_balanced(g);
	ok &= same("flows active after the end", gate_active(g), 0);
	gate_forget(g);
	g->events_seen = 0;
	memset(g->slots, 0, sizeof(struct hg_slot) * HG_SLOTS);
	empty_hash(g, "flows", sizeof(struct hg_flow_key));
	empty_hash(g, "server_names", sizeof(__u64));
	empty_hash(g, "verdicts", sizeof(struct hg_flow_key));
	zero_cpus(gate_map(g, "counters"), g->options.interface_number, sizeof(struct hg_counters));
	for (__u32 i = 0; i < 64; i++)
		zero_cpus(gate_map(g, "rule_counters"), i, sizeof(struct hg_rule_counters));
	g->presence->time_ns = time + SECONDS(1);
	return ok;
}

/* ---- policy ---- */

/*
 * As the prototype of this outer map, BTF included: 6.1 refuses an inner map
 * that has none where the prototype has.
 */
int gate_inner_map(struct gate *g, const char *outer, __u32 entries)
{
	const struct gate_prototype *like = g->prototypes;
	LIBBPF_OPTS(bpf_map_create_opts, options);
	int map;

	while (strcmp(like->outer, outer) != 0)
		like++;
	options.map_flags = like->flags;
	if (like->btf_value) {
		options.btf_fd = (__u32)bpf_object__btf_fd(skeleton(g)->obj);
		options.btf_key_type_id = like->btf_key;
		options.btf_value_type_id = like->btf_value;
	}
	map = bpf_map_create(like->type, outer, like->key_size, like->value_size, entries,
			     &options);
	if (map < 0)
		tap_bail("no inner map for %s: %s", outer, strerror(errno));
	return map;
}

static void inner_set(int map, const void *key, const void *value)
{
	if (bpf_map_update_elem(map, key, value, BPF_ANY))
		tap_bail("an inner map takes no entry: %s", strerror(errno));
}

static struct hg_name_key name_key(const struct hg_policy *p, const char *name, __u32 *labels)
{
	size_t len = strlen(name);
	__u64 sum[2] = {};

	*labels = 1;
	for (size_t i = 0; i < len; i++) {
		__u8 byte = (__u8)name[len - 1 - i];

		*labels += byte == '.';
		sum[0] += hg_name_hash_byte(p->name_key[0][i], byte);
		sum[1] += hg_name_hash_byte(p->name_key[1][i], byte);
	}
	return hg_text_digest(sum[0], sum[1], HG_TEXT_NAME);
}

static struct hg_net_key net_key(const char *text)
{
	struct hg_net_key key = {};
	char addr[64];
	const char *slash = strchr(text, '/');
	bool ipv6 = strchr(text, ':');

	if (!slash || (size_t)(slash - text) >= sizeof(addr))
		tap_bail("not a network: %s", text);
	memcpy(addr, text, (size_t)(slash - text));
	addr[slash - text] = 0;
	key.prefixlen = (__u32)atoi(slash + 1) + (ipv6 ? 0 : 96);
	if (!ipv6)
		key.addr[10] = key.addr[11] = 0xff;
	if (inet_pton(ipv6 ? AF_INET6 : AF_INET, addr, key.addr + (ipv6 ? 0 : 12)) != 1)
		tap_bail("not a network: %s", text);
	return key;
}

static void compile_names(const struct gate_policy *p, struct gate_compiled *c)
{
	for (c->names = 0; c->names < GATE_ENTRIES && p->names[c->names].name; c->names++) {
		__u32 n = c->names, labels;

		c->name_keys[n] = name_key(&c->header, p->names[n].name, &labels);
		c->name_keys[n].hash[0] |= (__u64)p->names[n].kind << 56;
		c->name_sets[n].exact = p->names[n].exact;
		c->name_sets[n].below = p->names[n].below;
		c->header.name_depths |= 1U << (labels < 31 ? labels : 31);
	}
}

static void compile_numbers(const struct gate_policy *p, struct gate_compiled *c)
{
	memset(c->numbers, 0, sizeof(c->numbers));
	c->number_count = 0;
	for (__u32 i = 0; i < GATE_ENTRIES && p->numbers[i].low; i++) {
		__u32 first = p->numbers[i].kind * HG_NUMBERS;

		for (__u32 n = p->numbers[i].low; n <= p->numbers[i].high; n++)
			c->numbers[first + n] |= p->numbers[i].sets;
		if (c->number_count < first + HG_NUMBERS)
			c->number_count = first + HG_NUMBERS;
	}
}

void gate_compile(const struct gate_policy *p, struct gate_compiled *c)
{
	c->header = p->header;
	for (__u32 i = 0; i < HG_NAME_SIZE; i++) {
		c->header.name_key[0][i] = hg_mix(i + 5001) | 1;
		c->header.name_key[1][i] = hg_mix(i + 7001) | 1;
	}
	c->header.rules = p->rule_count;
	memcpy(c->rules, p->rules, sizeof(c->rules));
	for (__u32 i = 0; i < p->rule_count; i++)
		c->header.needs |= p->rules[i].match.conditions | p->rules[i].except.conditions |
				   (p->rules[i].expires_ns ? HG_NEEDS_CLOCK : 0);
	compile_names(p, c);
	for (c->nets = 0; c->nets < GATE_ENTRIES && p->nets[c->nets].net; c->nets++) {
		c->net_keys[c->nets] = net_key(p->nets[c->nets].net);
		c->net_sets[c->nets] = p->nets[c->nets].sets;
	}
	compile_numbers(p, c);
}

static int install_names(struct gate *g, const struct gate_compiled *c)
{
	int map = gate_inner_map(g, "policy_names", GATE_ENTRIES);

	for (__u32 i = 0; i < c->names; i++)
		inner_set(map, &c->name_keys[i], &c->name_sets[i]);
	return map;
}

static int install_nets(struct gate *g, const struct gate_compiled *c)
{
	int map = gate_inner_map(g, "policy_nets", GATE_ENTRIES);

	for (__u32 i = 0; i < c->nets; i++)
		inner_set(map, &c->net_keys[i], &c->net_sets[i]);
	return map;
}

static int install_numbers(struct gate *g, const struct gate_compiled *c)
{
	int map = gate_inner_map(g, "policy_numbers", c->number_count ? c->number_count : 1);

	for (__u32 key = 0; key < c->number_count; key++)
		if (c->numbers[key])
			inner_set(map, &key, &c->numbers[key]);
	return map;
}

static void install_limits(struct gate *g, __u32 slot, const struct gate_policy *p)
{
	for (__u32 stats = 0; stats < GATE_RULES; stats++) {
		__u32 key = slot * HG_RULE_STATS + stats;

		inner_set(gate_map(g, "limits"), &key, &p->limits[stats]);
	}
}

static int install_rules(struct gate *g, const struct gate_compiled *c)
{
	int map = gate_inner_map(g, "policy_rules", c->header.rules ? c->header.rules : 1);

	for (__u32 i = 0; i < c->header.rules; i++)
		inner_set(map, &i, &c->rules[i]);
	return map;
}

static int install_header(struct gate *g, const struct gate_compiled *c)
{
	int map = gate_inner_map(g, "policy", 1);
	__u32 zero = 0;

	inner_set(map, &zero, &c->header);
	return map;
}

/* Takes over `inner`. */
static void set_inner(struct gate *g, const char *name, __u32 slot, int inner)
{
	if (bpf_map_update_elem(gate_map(g, name), &slot, &inner, BPF_ANY))
		tap_bail("%s takes no inner map: %s", name, strerror(errno));
	close(inner);
}

void gate_set_inner(struct gate *g, const char *name, int inner)
{
	set_inner(g, name, 0, inner);
}

void gate_generation(struct gate *g, __u32 slot, const struct gate_policy *p)
{
	static struct gate_compiled c;

	gate_compile(p, &c);
	set_inner(g, "policy_rules", slot, install_rules(g, &c));
	set_inner(g, "policy_names", slot, install_names(g, &c));
	set_inner(g, "policy_nets", slot, install_nets(g, &c));
	set_inner(g, "policy_numbers", slot, install_numbers(g, &c));
	install_limits(g, slot, p);
	set_inner(g, "policy", slot, install_header(g, &c));
}

void gate_police(struct gate *g, const struct gate_policy *p)
{
	g->control->generation = 0;
	gate_generation(g, 0, p);
	g->control->generation = 1;
}

void gate_unpolice(struct gate *g)
{
	g->control->generation = 0;
}

bool gate_over(struct gate *g)
{
	bool ok;

	gate_unpolice(g);
	ok = gate_balanced(g);
	return ok & gate_clear(g);
}

/* ---- lo ---- */

static int echo_socket = -1;

void gate_echo_open(void)
{
	struct sockaddr_ll lo = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };

	lo.sll_ifindex = (int)if_nametoindex("lo");
	echo_socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
	if (echo_socket < 0 || bind(echo_socket, (struct sockaddr *)&lo, sizeof(lo)))
		tap_bail("lo cannot be watched: %s", strerror(errno));
}

static bool is_reset(const struct frame *f)
{
	struct frame_view v;

	static struct frame inner;

	if (f->len < 54)
		return false;
	if (f->at[12] == 0x88 && f->at[13] == 0x64) { /* in PPPoE */
		tunnel_unwrap(&inner, f, ENCAP_PPPOE);
		f = &inner;
	}
	frame_read(&v, f);
	return v.tcp + 20 <= f->at + f->len && v.flags & TCP_RST;
}

/*
 * A frame that goes out on lo also comes in; one that was put in only does
 * that, a moment later.  The first reset is kept, the rest are copies of it or
 * what it was made of.
 */
bool gate_echo(struct frame *f)
{
	struct pollfd ready = { .fd = echo_socket, .events = POLLIN };
	static struct frame next;
	ssize_t n;

	f->len = 0;
	while (poll(&ready, 1, f->len ? 2 : 20) > 0) {
		n = recv(echo_socket, next.at, FRAME_MAX, 0);
		next.len = n > 0 ? (__u32)n : 0;
		if (!f->len && is_reset(&next)) {
			memcpy(f->at, next.at, next.len);
			f->len = next.len;
		}
	}
	return f->len;
}

void gate_echo_close(void)
{
	close(echo_socket);
	echo_socket = -1;
}
