/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x509.h - what the certificates of a side say, and what is wrong with them.
 *
 * Input is a Certificate message in clear (chain.h), of a server or of a client.
 * Nothing in it is trusted: what is kept is bounded, and texts are printable ASCII.
 */
#ifndef HG_X509_H
#define HG_X509_H

#include <stdbool.h>
#include <time.h>

#include "chain.h"

#define HG_CERTIFICATES_MAX 16	/* of a list that are read; all are counted */
#define HG_DN_SIZE 256		/* a longer one ends in "..." */
#define HG_DATE_SIZE 25		/* 2026-11-21T16:30:03+0000 and a zero */
#define HG_SERIAL_OCTETS 32	/* RFC 5280 allows 20; of a longer one, the first */
#define HG_CERT_NAMES_SIZE 1024 /* all names of a certificate, each with its zero */

/*
 * Bit numbers.  "The path" is the leaf, the certificate of the list that issued it,
 * and so on, up to one that the trust store vouches for or the last that is found.
 * A client may have other roots, may fetch or remember an intermediate, may use
 * another path and may ignore all of this: these are facts of the message, and
 * guesses about the client.
 *
 * expired, not_yet_valid   Of any certificate on the path.  Sure, if `now` is right;
 *                          the client has a clock of its own.
 * name_mismatch            No name of the leaf is the one that was asked for, a CN
 *                          counting where there is no DNS name.  Sure.
 * self_signed              The leaf signed itself.  Sure.
 * root_included            Another one signed itself: bytes for nothing.  Sure.
 * wrong_order              One was issued by another of the list that does not come
 *                          right behind it (RFC 5246, 7.4.2).  Sure; many clients
 *                          sort it out.
 * missing_intermediate     The leaf's issuer was not sent and is not in the store.  A
 *                          guess: with a private root that issues leaves, rightly
 *                          left out, it looks the same.
 * unknown_ca               The path does not lead into the store.  As sure as the
 *                          client's store is like ours.
 * weak_key                 Any certificate: RSA or DSA below 2048 bits, EC below 224.
 *                          Sure; old clients accept it.
 * weak_digest              Signed over MD2, MD4, MD5 or SHA-1; a root's signature says
 *                          nothing, and is left out.  Sure; old clients accept it.
 * over_3kb                 The list is longer than a good one need be.  Sure.
 * over_initial_window      The message alone fills ten segments of 1460 bytes (RFC
 *                          6928): one more round trip.  Sure but for the MSS and for
 *                          servers with another window.
 * unparsable               A certificate that was to be read could not be, or lengths
 *                          make no sense.  Sure.
 */
#define HG_FINDINGS(X)                                                                             \
	X(expired, "expired")                                                                      \
	X(not_yet_valid, "not_yet_valid")                                                          \
	X(name_mismatch, "name_mismatch")                                                          \
	X(self_signed, "self_signed")                                                              \
	X(root_included, "root_included")                                                          \
	X(wrong_order, "wrong_order")                                                              \
	X(missing_intermediate, "missing_intermediate")                                            \
	X(unknown_ca, "unknown_ca")                                                                \
	X(weak_key, "weak_key")                                                                    \
	X(weak_digest, "weak_digest")                                                              \
	X(over_3kb, "over_3kb")                                                                    \
	X(over_initial_window, "over_initial_window")                                              \
	X(unparsable, "unparsable")

#define HG_E_FINDING(id, text) HG_FINDING_##id,
enum hg_finding { HG_FINDINGS(HG_E_FINDING) HG_FINDING_COUNT };

#define HG_FINDING(id) (1U << HG_FINDING_##id)

const char *hg_finding_text(unsigned int bit);

struct hg_certificate {
	char subject[HG_DN_SIZE]; /* as of RFC 2253 */
	char issuer[HG_DN_SIZE];
	char not_before[HG_DATE_SIZE]; /* empty where it is no date */
	char not_after[HG_DATE_SIZE];
	char serial[HG_SERIAL_OCTETS * 3]; /* 0C:00:99, as Suricata writes it */
	char sha1[20 * 3]; /* 8f:51:12, Suricata's fingerprint; empty: not to be had */
	char sha256[32 * 3];
	char key[16];	  /* RSA, EC, ED25519; empty: unknown to OpenSSL */
	char digest[16];  /* of its signature: SHA256; empty: it has none of its own */
	__u32 key_bits;	  /* 0: unknown to OpenSSL */
	__u32 name_total; /* DNS names and addresses, or else common names */
	__u32 name_count; /* of those, kept: they fit, and are text */
	__u32 names_len;
	char names[HG_CERT_NAMES_SIZE]; /* one behind the other, each with its zero */
};

struct hg_certificates {
	__u32 count;	   /* of the list; 0: a client that has none */
	__u32 parsed;	   /* of the first HG_CERTIFICATES_MAX */
	__u32 findings;	   /* HG_FINDING() */
	bool leaf_parsed;  /* the first: `leaf` says something */
	bool trust_judged; /* missing_intermediate and unknown_ca were looked for: there is
			      a trust store, and all certificates were read */
	time_t valid_from; /* the span in which all of the path are valid */
	time_t valid_until;
	struct hg_certificate leaf;
};

/* The trust store and what was read lately, for one thread. */
struct hg_x509;

struct hg_x509_counts {
	__u64 asked;
	__u64 read; /* of those, chains that were not in the cache */
};

/*
 * `store` is a file of PEM certificates or a directory as of c_rehash; NULL: where
 * OpenSSL looks by default.  It is loaded with the first certificate, once, and may
 * be absent.  `entries`: chains that are remembered, at about 3 KB each.  NULL: no
 * memory.
 */
struct hg_x509 *hg_x509_new(const char *store, unsigned int entries);
void hg_x509_free(struct hg_x509 *x);

/*
 * `name` is what was asked for: a DNS name or an address, with a trailing dot or
 * not; NULL, and a client's certificates: no name is compared.  A chain that was
 * read lately costs a hash; its dates and name are compared each time.  0, or
 * -EINVAL for a chain that is not whole, or -ENOMEM; `*out` is then as it was.
 */
int hg_x509_read(struct hg_x509 *x, const struct hg_chain *chain, const char *name, time_t now,
		 struct hg_certificates *out);

const struct hg_x509_counts *hg_x509_counts(const struct hg_x509 *x);

#endif /* HG_X509_H */
