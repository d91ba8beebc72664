/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_judge.h - the verdict of a compiled policy, in user space.
 *
 * The same decide.h as in the kernel, over the same compiled arrays.  The
 * daemon goes on here from the rule where the kernel stopped; `read --policy`,
 * `policy test` and `policy explain` begin at the first rule.
 */
#ifndef HG_POLICY_JUDGE_H
#define HG_POLICY_JUDGE_H

#include "../include/client_hello.h"
#include "../include/decide.h"

struct hg_compiled;
struct hg_failures_asked;

struct hg_bytes {
	const __u8 *at;
	__u32 len;
};

/* One flow, as the one who asks knows it. */
struct hg_flow_view {
	const struct hg_hello *hello; /* NULL: there is none that could be read */
	__u8 client[16];	      /* IPv4 is mapped */
	__u8 server[16];
	__u16 client_port; /* host order */
	__u16 server_port;
	/* Lists of the hello as they are on the wire. */
	struct hg_bytes ciphers;
	struct hg_bytes groups;
	struct hg_bytes alpn;  /* ProtocolNameList */
	const char *interface; /* where it was first seen; NULL: not known */
	__u64 time_ns;	       /* of the hello, since 1970: rules expire */
	__u32 flags;	       /* HG_FLAG bits */
	__u32 bucket;	       /* enum hg_bucket */
	const char *ja4;       /* NULL: not known */
	const char *ja3;       /* hash; NULL: not known */
	/* Failed handshakes of the client, as a rule asks for them; NULL: not known. */
	unsigned int (*failures)(void *ctx, const __u8 client[16],
				 const struct hg_failures_asked *asked);
	void *failures_ctx;
	bool certificate_known; /* of the server; the findings say something */
	__u32 findings;		/* HG_FINDING() */
	__u32 unknown;		/* HG_COND_* that the asker does not know */
	bool last_word;		/* nothing more will be known: on_undecided applies */
};

/*
 * Judge from rule `from` on; rules before it count only for what they tell of
 * the flow (that it is protected, that its name is ambiguous).  *out is
 * pending where a rule waits for a fingerprint that is not known yet, and of
 * HG_NO_RULE where the flow is over before it is judged.  Returns
 * an enum hg_exit.
 */
int hg_policy_judge(const struct hg_compiled *c, const struct hg_flow_view *v, __u32 from,
		    struct hg_verdict *out);

/* What a walk over the rules tells of each. */
struct hg_judged {
	__u32 index;
	__u32 truth;  /* enum hg_truth */
	bool skipped; /* not asked: no hello was read, or the flow is over by then */
	bool expired; /* and so it matches nothing */
	bool decides; /* the verdict is this rule's */
	bool after;   /* behind the rule that decided */
};

typedef void (*hg_judged_fn)(const struct hg_judged *judged, void *arg);

/* Judge and call `each` for every rule, also those behind the verdict. */
int hg_policy_judge_each(const struct hg_compiled *c, const struct hg_flow_view *v,
			 hg_judged_fn each, void *arg, struct hg_verdict *out);

/* The lists of `hello`, whose spans point into `message`. */
void hg_flow_view_lists(struct hg_flow_view *v, const struct hg_hello *hello, const __u8 *message);

/* The facts that rules ask for. */
void hg_flow_facts(const struct hg_compiled *c, const struct hg_flow_view *v,
		   struct hg_facts *facts);

/* What user space says of the match, or of the except, of rule `index`. */
struct hg_user_truths {
	__u32 ja4, ja3, failures, certificate; /* HG_TRUE where nothing is asked */
};
struct hg_user_truths hg_user_truths(const struct hg_compiled *c, const struct hg_flow_view *v,
				     __u32 index, bool except);
__u32 hg_user_truth(const struct hg_compiled *c, const struct hg_flow_view *v, __u32 index,
		    bool except);

/* The sets that hold a name: canonical, as in struct hg_hello. */
__u64 hg_compiled_name_sets(const struct hg_compiled *c, const __u8 *name, __u32 len);

/* The sets that hold an address. */
__u64 hg_compiled_net_sets(const struct hg_compiled *c, const __u8 addr[16]);

#endif /* HG_POLICY_JUDGE_H */
