/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdev.h - what a network device and its driver can do for us.
 *
 * All ask in the current network namespace.
 */
#ifndef HG_NETDEV_H
#define HG_NETDEV_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* XDP features, the bits of the kernel's netdev family (6.3). */
#define HG_XDP_FEATURES(X)                                                                         \
	X(basic, "basic")                                                                          \
	X(redirect, "redirect")                                                                    \
	X(ndo_xmit, "ndo-xmit")                                                                    \
	X(xsk_zerocopy, "xsk-zerocopy")                                                            \
	X(hw_offload, "hw-offload")                                                                \
	X(rx_sg, "rx-sg")                                                                          \
	X(ndo_xmit_sg, "ndo-xmit-sg")

#define HG_XDP_FEATURE_ENUM(id, text) HG_XDP_##id,
enum hg_xdp_feature { HG_XDP_FEATURES(HG_XDP_FEATURE_ENUM) HG_XDP_FEATURE_COUNT };
#define HG_XDP_FEATURE(id) (1ULL << HG_XDP_##id)

struct hg_netdev {
	char name[32];
	char driver[32]; /* "unknown" if it does not say */
	unsigned int ifindex;
	unsigned int mtu;
	unsigned int queues; /* receive queues, 0: not known */
	bool up;
	bool features_known; /* the kernel and we may ask for them */
	__u64 features;	     /* HG_XDP_FEATURE() bits */
	__u32 xdp_program;   /* id of what is on the XDP hook, 0: none */
};

/* Returns 0 or -errno; -ENODEV: there is no such device. */
int hg_netdev_get(const char *name, struct hg_netdev *out);

/* The driver alone: "unknown" if it cannot be told. */
void hg_netdev_driver(const char *name, char *driver, size_t size);

/*
 * Why native XDP, which this virtual driver has, is not the fast path on it:
 * NULL if it is not known to be slower.
 */
const char *hg_netdev_slow_xdp(const char *driver);

/*
 * The type of its link layer, ARPHRD_*: -errno if it cannot be told.  The data
 * path reads frames that begin with an Ethernet header.
 */
int hg_netdev_link_type(const char *name);
bool hg_netdev_is_ethernet(int type);

const char *hg_xdp_feature_text(unsigned int bit);

#endif /* HG_NETDEV_H */
