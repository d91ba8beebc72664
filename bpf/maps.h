/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * maps.h - all maps: what each means, who writes it, who reads it.
 *
 * All but `scratch` are pinned by the loader under <bpffs>/maps and are shared
 * by the programs of every interface of an instance.
 */
#ifndef HG_MAPS_H
#define HG_MAPS_H

#include "env.h"
#include "headers.h"

/* Load-time knobs, set by the loader before the programs are verified. */
HG_KNOB __u16 interface_number = 0;
HG_KNOB __u16 netns_number = 0;
HG_KNOB __u32 nr_cpus = 1;
HG_KNOB __u32 partials = HG_PARTIALS; /* captures in the pool */
HG_KNOB __u8 inject_time = 0;	      /* replay: the clock is presence.time_ns */
HG_KNOB __u32 decap = 0;	      /* tunnels to open: bits of enum hg_tunnel */
HG_KNOB __u8 verify_checksums = 0;
HG_KNOB struct hg_hash_key hash_key = {};
HG_KNOB __u8 ports_listed = 0;	      /* watched_ports (headers.h) is not simply all */
HG_KNOB __u8 interface_name[16] = {}; /* empty: not known */

/* Keys and the active policy.  Writer: attach, policy load.  Reader: data path. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hg_control);
} control SEC(".maps");

/* Is `run` there?  Writer: `run`.  Reader: data path. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hg_presence);
} presence SEC(".maps");

/* Flows whose bare ACKs matter.  Writer, reader: data path. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hg_attention);
} attention SEC(".maps");

/* Attached interfaces.  Writer: loader.  Reader: user space. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_INTERFACES);
	__type(key, __u32);
	__type(value, struct hg_interface);
} interfaces SEC(".maps");

/*
 * Which interfaces are attached, and the ports_id of each: at egress, a packet
 * that an attached ingress has read is not counted again.  Writer: loader.
 * Reader: data path.
 */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HG_INTERFACES);
	__type(key, struct hg_interface_key);
	__type(value, __u32);
} interface_numbers SEC(".maps");

/* Counters by interface number.  Writer: data path.  Reader: user space. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HG_INTERFACES);
	__type(key, __u32);
	__type(value, struct hg_counters);
} counters SEC(".maps");

/* The flow cache; see flow.h.  Writer, reader: data path. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_SLOTS);
	__type(key, __u32);
	__type(value, struct hg_slot);
} slots SEC(".maps");

/*
 * Flows with payload.  A plain hash: when it is full a flow is refused and
 * counted, where an LRU would drop one without a word.  Writer: data path.
 * Reader: data path, `status`.
 */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HG_FLOWS);
	__type(key, struct hg_flow_key);
	__type(value, struct hg_flow);
} flows SEC(".maps");

/*
 * Captures.  [0, nr_cpus): the packet at hand, per processor.  [nr_cpus, 2 *
 * nr_cpus): a message unwrapped from its records.  The rest is the pool that
 * holds hellos in reassembly.  Entries are set by the loader.
 */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_CAPTURES);
	__type(key, __u32);
	__type(value, struct hg_capture);
} captures SEC(".maps");

/* Which bytes of a capture have come, beyond the contiguous ones. */
struct hg_received {
	__u64 bits[HG_STREAM_CAP / 64 + 1];
};

HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_CAPTURES);
	__type(key, __u32);
	__type(value, struct hg_received);
} received SEC(".maps");

/* Free captures of the pool.  Filled once by the loader. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, HG_PARTIALS);
	__uint(key_size, 0);
	__uint(value_size, sizeof(__u32));
} free_captures SEC(".maps");

/* Captures that each source holds; see pool.h.  Writer, reader: data path. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_SHARES);
	__type(key, __u32);
	__type(value, __u32);
} pool_shares SEC(".maps");

/* A flow that holds a capture, or did. */
struct hg_owner {
	struct hg_flow_key key;
	__u32 isn;
	__u32 turn; /* pool_state.turns, when it was given */
};

/*
 * By place in the pool: who holds the capture, or held it last.  A record is
 * believed only if its flow says the same.  Writer, reader: data path.
 */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_PARTIALS);
	__type(key, __u32);
	__type(value, struct hg_owner);
} capture_owners SEC(".maps");

/* Whose capture was given to another; see evict.h.  Writer, reader: data path. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_EVICTED);
	__type(key, __u32);
	__type(value, struct hg_owner);
} evicted SEC(".maps");

/* Counts that only grow, modulo 2^32. */
struct hg_pool_state {
	__u32 turns;	 /* captures asked for */
	__u32 cursor;	 /* captures asked back */
	__u32 evictions; /* captures given up */
	__u32 reserved;
};

/* Writer, reader: data path. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hg_pool_state);
} pool_state SEC(".maps");

/* Verdicts that user space writes.  Reader and deleter: data path. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HG_VERDICTS);
	__type(key, struct hg_flow_key);
	__type(value, struct hg_flow_verdict);
} verdicts SEC(".maps");

/* Per server name.  Writer: data path; aged by `run`.  Reader: user space. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HG_SERVER_NAMES);
	__type(key, __u64);
	__type(value, struct hg_server_name);
} server_names SEC(".maps");

/* Events.  Writer: data path.  One reader: see event.h. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, HG_RING_BYTES);
} events SEC(".maps");

/*
 * Handshakes that failed while `run` was not there, in slots by their number; and
 * how many.  Writer: data path.  Reader: user space.
 */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_UNDIAGNOSED);
	__type(key, __u32);
	__type(value, struct hg_event_end);
} undiagnosed SEC(".maps");

HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hg_undiagnosed);
} undiagnosed_state SEC(".maps");

/*
 * Servers that were sent a hello, and when: the upper half of a keyed hash, and
 * seconds.  Writer, reader: data path.
 */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_SERVERS);
	__type(key, __u32);
	__type(value, __u64);
} servers SEC(".maps");

/*
 * Who began a QUIC connection: the upper part of a keyed hash, which end, and
 * seconds; see quic.h.  Writer, reader: data path.
 */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_QUIC_CLIENTS);
	__type(key, __u32);
	__type(value, __u64);
} quic_clients SEC(".maps");

/* Verdicts by rule name, over all loads.  Writer: data path. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HG_RULE_STATS);
	__type(key, __u32);
	__type(value, struct hg_rule_counters);
} rule_counters SEC(".maps");

/* Their names.  Writer: policy load.  Reader: user space. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_RULE_STATS);
	__type(key, __u32);
	__type(value, struct hg_rule_name);
} rule_names SEC(".maps");

/*
 * How often rules may act, by generation and rule name; and how often they do,
 * by rule name.  Writer: policy load; data path.
 */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_GENERATIONS *HG_RULE_STATS);
	__type(key, __u32);
	__type(value, struct hg_limit);
} limits SEC(".maps");

HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_RULE_STATS);
	__type(key, __u32);
	__type(value, struct hg_limit_state);
} limit_state SEC(".maps");

/* Hellos that a set holds, by hg_set_hits_at().  Writer: data path.  Reader: user space. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HG_GENERATIONS * 2 * HG_SETS);
	__type(key, __u32);
	__type(value, __u64);
} set_hits SEC(".maps");

/* What was loaded when.  Writer: policy load.  Reader: user space. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_HISTORY);
	__type(key, __u32);
	__type(value, struct hg_history);
} history SEC(".maps");

/* The text of each generation.  Writer: policy load.  Reader: user space. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_GENERATIONS);
	__type(key, __u32);
	__type(value, struct hg_policy_source);
} policy_source SEC(".maps");

/*
 * Policy generations: slot control.generation - 1 of each is the active one.
 * A load fills a free slot of all and then moves the index: no packet sees
 * half a policy.  Writer: policy load.  Reader: data path.
 *
 * The inner maps are declared by size: 6.1 takes no inner map whose BTF is not
 * that of the prototype, and `policy load` creates its maps without.
 */
struct hg_policy_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE); /* a confirmation is one store */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct hg_policy));
};

struct hg_rules_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_RULES);
	__uint(map_flags, BPF_F_INNER_MAP); /* as many as the policy has */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct hg_rule));
};

struct hg_names_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct hg_name_key));
	__uint(value_size, sizeof(struct hg_name_sets));
};

struct hg_nets_map {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct hg_net_key));
	__uint(value_size, sizeof(__u64));
};

struct hg_numbers_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HG_NUMBER_KINDS *HG_NUMBERS);
	__uint(map_flags, BPF_F_INNER_MAP); /* up to the last kind that a rule asks for */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u64));
};

#define HG_GENERATION_MAP(name, inner)                                                             \
	HG_MAP struct {                                                                            \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                          \
		__uint(max_entries, HG_GENERATIONS);                                               \
		__type(key, __u32);                                                                \
		__array(values, inner);                                                            \
	} name SEC(".maps")

HG_GENERATION_MAP(policy, struct hg_policy_map);
HG_GENERATION_MAP(policy_rules, struct hg_rules_map);
HG_GENERATION_MAP(policy_names, struct hg_names_map);
HG_GENERATION_MAP(policy_nets, struct hg_nets_map);
HG_GENERATION_MAP(policy_numbers, struct hg_numbers_map);

/*
 * A reset to be made of the packet at hand: `along` goes on to where the
 * packet was going, `back` to where it came from.  XDP hands it to its TC arm
 * in this form, as metadata in front of the packet.
 */
struct hg_rst {
	__u32 magic;
	__u8 to;   /* enum hg_to */
	__u8 from; /* enum hg_direction: the sender of the packet */
	__u16 reserved;
	__u32 seq_along;
	__u32 ack_along;
	__u32 seq_back;
	__u32 ack_back;
};

#define HG_RST_MAGIC 0x48475253 /* "HGRS" */

/* Working memory of one packet; not pinned. */
struct hg_scratch {
	struct hg_packet packet;
	struct hg_tunnel_walk tunnel;
	struct hg_flow_key key;
	__u64 hash;
	__u64 now;
	struct hg_records records;
	__u32 tcp[15]; /* the TCP header, options included, as it lies on the wire */
	struct hg_preamble preamble;
	struct hg_unwrap unwrap;
	struct hg_parse parse;
	__u32 seen;	     /* at egress: an attached ingress has read this packet */
	__u32 created;	     /* this packet made its flow, which no SYN had */
	__u32 taken;	     /* another processor has just made it */
	__u32 ifindex;	     /* where the packet is */
	__u32 had;	     /* bytes that its capture had without a hole */
	__u32 unread;	     /* see hg_begin_joined() */
	__u32 captured;	     /* bytes of the payload in this processor's capture */
	__u32 message_at;    /* capture offset of the message */
	__u32 message_index; /* capture that holds it */
	__u64 name;	     /* key into server_names */
	struct {
		__u32 buffer; /* a capture of the pool that was just taken */
		__u32 share;
	} given;
	struct hg_name_walk {
		__u64 sum[2];
		__u32 len;
		__u32 done; /* bytes read, from the right */
		__u32 labels;
	} walk;
	struct hg_list_walk {
		__u64 sum[2];
		__u64 sets; /* that hold anything in the list */
		__u32 at;   /* capture offsets */
		__u32 end;
		__u32 kind; /* enum hg_number_kind */
		__u32 left; /* bytes of the protocol at hand */
	} list;
	struct hg_facts facts;
	struct hg_decision decision;
	struct hg_verdict verdict;
	struct hg_verdict fallback;
	struct hg_flow flow; /* a new flow, before it is inserted */
	struct hg_rst rst;
	struct {
		struct hg_packet packet;
		struct hg_rst rst;
	} resetting; /* the packet that is being made into resets */
	struct hg_server_name server_name;
	struct hg_event event;
	struct hg_event_end end;
	struct hg_event_chunk chunk;
	struct hg_walk walk_answer;
	struct {
		__u64 second;
		__u64 told; /* in that second */
	} attempts;	    /* see hg_attempt_in_time() */
	struct hg_quic_walk {
		__u32 at;    /* offset of the packet at hand */
		__u32 left;  /* of the datagram, from there */
		__u32 found; /* enum hg_quic */
		__u32 reserved;
		__u8 head[HG_QUIC_HEAD];
	} quic;
};

/* Chunks of this processor's capture on their way to user space. */
struct hg_emit_step {
	struct hg_scratch *scratch;
	const struct hg_flow *flow;
	struct hg_capture *capture;
	__u32 from;
};

HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hg_scratch);
} scratch SEC(".maps");

HG_INLINE struct hg_scratch *hg_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

HG_INLINE struct hg_control *hg_control(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&control, &zero);
}

HG_INLINE struct hg_presence *hg_presence(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&presence, &zero);
}

/* Is `run` there to answer? */
HG_INLINE bool hg_user_is_there(__u64 now)
{
	struct hg_presence *p = hg_presence();

	return p && (__s64)(now - p->heartbeat_ns) < (__s64)HG_HEARTBEAT_MAX && p->heartbeat_ns;
}

HG_INLINE struct hg_counters *hg_counters_of(__u32 number)
{
	return bpf_map_lookup_elem(&counters, &number);
}

HG_INLINE struct hg_counters *hg_counters(void)
{
	return hg_counters_of(interface_number);
}

HG_INLINE struct hg_capture *hg_capture(__u32 index)
{
	return bpf_map_lookup_elem(&captures, &index);
}

/* Nanoseconds of the monotonic clock, or of the capture that is replayed. */
HG_INLINE __u64 hg_now(void)
{
	struct hg_presence *p;

	if (!inject_time)
		return bpf_ktime_get_ns();
	p = hg_presence();
	return p ? p->time_ns : 0;
}

/*
 * Nanoseconds of TAI since 1970: the wall clock, whatever was set since the load.
 * A capture has it for its time.
 */
HG_INLINE __u64 hg_now_tai(void)
{
	return inject_time ? hg_now() : bpf_ktime_get_tai_ns();
}

/* As hg_now(), to within a tick and at a fifth of the cost: for what only ages. */
HG_INLINE __u64 hg_now_coarse(void)
{
	return inject_time ? hg_now() : bpf_ktime_get_coarse_ns();
}

#endif /* HG_MAPS_H */
