/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bounds.h - every bound of the data path, in one place.
 *
 * Reaching a bound is a counted outcome (docs/limits.md says which counter).
 * The capture reader compiles the same sources with HG_WIDE, which lifts the
 * bounds that only the kernel's memory and verifier ask for.
 */
#ifndef HG_BOUNDS_H
#define HG_BOUNDS_H

#ifdef HG_WIDE
#define HG_STREAM_CAP (256 * 1024) /* bytes of one TCP direction kept for a hello */
#define HG_HELLO_MAX (128 * 1024)  /* bytes of a handshake message, header included */
#define HG_SEEK_MAX (1024 * 1024)  /* how far into a direction a hello is looked for */
#define HG_FLOWS (1U << 20)
#define HG_PARTIALS 4096
#define HG_BIG_LEN 0
#else
#define HG_STREAM_CAP (17 * 1024) /* 16 KB of hello and 1 KB of record headers */
#define HG_HELLO_MAX (16 * 1024)
#define HG_SEEK_MAX (64 * 1024)
#define HG_FLOWS 65536	  /* flows with payload, by full key */
#define HG_PARTIALS 1024  /* hellos in reassembly at once */
#define HG_BIG_LEN 0xffff /* packets without a length are longer than this */
#endif

#define HG_CAPTURE_HEAD 256
#define HG_MESSAGE_AT_MAX 1024 /* a message further in is moved to the front */
#define HG_COPY_CHUNK 2048     /* one load_bytes call; also the slack behind a capture */
#define HG_COPY_CHUNKS_MAX (HG_STREAM_CAP / HG_COPY_CHUNK + 1)
#define HG_RECORDS_MAX (HG_STREAM_CAP / 5) /* an empty record is five bytes */
#define HG_EXTENSIONS_MAX (HG_HELLO_MAX / 4)
#define HG_CIPHERS_MAX (HG_HELLO_MAX / 2)
#define HG_NAME_MAX 255	   /* RFC 1035, section 2.3.4 */
#define HG_NAME_SIZE 256   /* bytes kept of a server name */
#define HG_NAME_LABELS 128 /* a name of 255 bytes has no more */

#define HG_VLAN_DEPTH 2
#define HG_IPV6_HEADERS 8
#define HG_TUNNEL_HEADERS 16 /* in front of the inner IP header: labels, tags and all */

#define HG_QUIC_HEAD 64	  /* bytes of a QUIC packet that are looked at */
#define HG_QUIC_PACKETS 4 /* packets of one datagram: more have never begun a connection */
#define HG_QUIC_DATAGRAM                                                                           \
	1200 /* RFC 9000, section 14.1: in a shorter one no server takes an Initial */

#define HG_SLOTS (1U << 18)	       /* flow cache, in pairs */
#define HG_CAPTURES (HG_PARTIALS + 2)  /* and two for each processor */
#define HG_SHARES 4096		       /* counters of captures by source, shared by hash */
#define HG_SHARE_MAX (HG_PARTIALS / 8) /* captures of one source */
#define HG_EVICTED 8192		       /* flows whose capture was given to another */
#define HG_SERVER_NAMES 16384	       /* per-server-name table */
#define HG_VERDICTS 16384	       /* verdicts written by user space and not met yet */
#define HG_UNDIAGNOSED 8192	       /* handshakes that failed while nobody diagnosed them */
#define HG_SERVERS 16384	       /* places for servers that were sent a hello */
#define HG_QUIC_CLIENTS 16384	       /* places for who began a QUIC connection */
#define HG_RING_BYTES (8U << 20)
#define HG_WAKE_NS 5000000ULL /* the reader of the ring is not woken again so soon */
#define HG_WAKE_AGAIN_MS 6    /* so it looks once more by itself */
#define HG_RULES 1024	      /* rules of one policy generation */
#define HG_RULE_STATS 2048    /* rule counters, kept by name across loads */
#define HG_SETS 64	      /* sets of one kind: a bit each */
#define HG_GENERATIONS 4      /* policy slots; one is active */
#define HG_INTERFACES 256     /* attached at once, per instance */

/* Idle times, in nanoseconds of the monotonic clock. */
#define HG_SECOND 1000000000ULL
#define HG_IDLE_HANDSHAKE (10 * HG_SECOND) /* hello seen, nothing since */
#define HG_IDLE_PARTIAL (30 * HG_SECOND)   /* half a hello, nothing since */
#define HG_IDLE_DROP (300 * HG_SECOND)	   /* dropped by us: TCP goes on trying for minutes */
#define HG_RESET_GRACE (2 * HG_SECOND)	   /* who was told by a RST is silent by then */
#define HG_LINGER HG_SECOND		   /* over, but a processor may still hold it */
#define HG_IDLE_CLOSING (2 * HG_SECOND)	   /* reset by the client, which may be a decoy */
#define HG_IDLE_RESENT (120 * HG_SECOND)   /* TCP waits no longer (Linux, TCP_RTO_MAX) */
#define HG_SERVER_AGE 86400		/* seconds: a server that was sent a hello is one of ours */
#define HG_QUIC_AGE 60			/* seconds: a QUIC handshake is over by then */
#define HG_SYNS_RESENT 2		/* after 3 s of most systems: nobody answers */
#define HG_SYN_RESENT_MS 800		/* and each of them so long after the one before */
#define HG_ATTEMPTS_A_SECOND 100	/* told by each processor; all are counted */
#define HG_IDLE_SLOT 60			/* seconds: SYN, no payload since */
#define HG_IDLE_SLOT_CLOSED 2		/* seconds: the server seems to have closed it */
#define HG_IDLE_SLOT_DROP 300		/* seconds: dropped by us */
#define HG_IDLE_CROWDED (2 * HG_SECOND) /* hello judged, and the table is nearly full */
#define HG_LIMIT_REARM (10 * HG_SECOND) /* a rule was within its limit for so long */
#define HG_IDLE_CROWDED_OURS (HG_SECOND / 2) /* reset or dropped, and the table fills up */
#define HG_HEARTBEAT_MAX HG_SECOND	     /* `run` is there if it beat since */

#endif /* HG_BOUNDS_H */
