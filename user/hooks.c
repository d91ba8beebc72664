/* SPDX-License-Identifier: BSD-2-Clause */
#include "hooks.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Attach types of 6.6, which the headers of 6.1 do not know. */
#define ATTACH_TCX_INGRESS ((enum bpf_attach_type)46)
#define ATTACH_TCX_EGRESS ((enum bpf_attach_type)47)

/* An existing link gets the new program; returns -ENOENT if there is none. */
static int update_pinned(const char *path, int prog)
{
	int link = bpf_obj_get(path), r;

	if (link < 0)
		return -errno;
	r = bpf_link_update(link, prog, NULL) ? -errno : 0;
	close(link);
	return r;
}

static int pin_new(const char *path, int link)
{
	int r;

	if (link < 0)
		return -errno;
	r = bpf_obj_pin(link, path) ? -errno : 0;
	close(link); /* without its pin the link ends here */
	return r;
}

static int attach_link(const char *path, int prog, unsigned int ifindex, enum bpf_attach_type type,
		       __u32 flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int r = update_pinned(path, prog);

	if (r == -ENOLINK) { /* the device under the old link is gone */
		unlink(path);
		r = -ENOENT;
	}
	if (r != -ENOENT)
		return r;
	return pin_new(path, bpf_link_create(prog, (int)ifindex, type, &opts));
}

int hg_hook_xdp(const char *path, int prog, unsigned int ifindex, bool generic)
{
	return attach_link(path, prog, ifindex, BPF_XDP,
			   generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
}

int hg_hook_tcx(const char *path, int prog, unsigned int ifindex, bool egress)
{
	return attach_link(path, prog, ifindex, egress ? ATTACH_TCX_EGRESS : ATTACH_TCX_INGRESS, 0);
}

int hg_hook_unlink(const char *path)
{
	int link = bpf_obj_get(path);

	if (link < 0)
		return -errno;
	/* Whoever holds the link open must not keep it attached. */
	bpf_link_detach(link);
	close(link);
	return unlink(path) ? -errno : 0;
}

static void tc_options(struct bpf_tc_hook *hook, unsigned int ifindex, bool egress)
{
	memset(hook, 0, sizeof(*hook));
	hook->sz = sizeof(*hook);
	hook->ifindex = (int)ifindex;
	hook->attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS;
}

/* The id of the program at our place: 0 if nothing is there. */
static __u32 tc_present(const struct bpf_tc_hook *hook)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = HG_TC_HANDLE, .priority = HG_TC_PRIORITY);

	return bpf_tc_query(hook, &opts) ? 0 : opts.prog_id;
}

struct filter_count {
	int all;
	int ours; /* at our priority, whose they may be */
};

static int count_filter(const struct nlmsghdr *message, void *arg)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(message);
	struct filter_count *count = arg;

	count->all++;
	count->ours += TC_H_MAJ(tcm->tcm_info) >> 16 == HG_TC_PRIORITY;
	return MNL_CB_OK;
}

/* The filters of one side of clsact; negative on error. */
static int dump_filters(struct mnl_socket *socket, unsigned int ifindex, __u32 minor,
			struct filter_count *count)
{
	char buffer[8192];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct tcmsg *tcm;
	unsigned int seq = (unsigned int)time(NULL) + minor;
	ssize_t n;

	request->nlmsg_type = RTM_GETTFILTER;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = seq;
	tcm = mnl_nlmsg_put_extra_header(request, sizeof(*tcm));
	tcm->tcm_family = AF_UNSPEC;
	tcm->tcm_ifindex = (int)ifindex;
	tcm->tcm_parent = TC_H_MAKE(TC_H_CLSACT, minor);
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -1;
	while ((n = mnl_socket_recvfrom(socket, buffer, sizeof(buffer))) > 0) {
		int more = mnl_cb_run(buffer, (size_t)n, seq, mnl_socket_get_portid(socket),
				      count_filter, count);

		if (more <= MNL_CB_STOP)
			return more < 0 ? -1 : 0;
	}
	return -1;
}

static int count_filters(unsigned int ifindex, bool egress, struct filter_count *count)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
	int r = -1;

	memset(count, 0, sizeof(*count));
	if (!socket)
		return -1;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) >= 0)
		r = dump_filters(socket, ifindex, egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS,
				 count);
	mnl_socket_close(socket);
	return r;
}

static bool other_at_our_priority(unsigned int ifindex, bool egress)
{
	struct filter_count count;

	return !count_filters(ifindex, egress, &count) && count.ours;
}

int hg_hook_tc_make(unsigned int ifindex)
{
	struct bpf_tc_hook hook;
	int r;

	tc_options(&hook, ifindex, false);
	r = bpf_tc_hook_create(&hook);
	return r == -EEXIST ? 0 : r ? r : 1;
}

int hg_hook_tc(int prog, unsigned int ifindex, bool egress, __u32 was)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = HG_TC_HANDLE, .priority = HG_TC_PRIORITY,
		    .prog_fd = prog);
	struct bpf_tc_hook hook;
	__u32 present;
	int r;

	tc_options(&hook, ifindex, egress);
	present = tc_present(&hook);
	if (present && present != was)
		return -EBUSY;
	if (present)
		opts.flags = BPF_TC_F_REPLACE;
	r = bpf_tc_attach(&hook, &opts);
	/* What the kernel says of a filter of another kind or protocol at our priority. */
	return r == -EINVAL && other_at_our_priority(ifindex, egress) ? -EBUSY : r;
}

int hg_hook_tc_remove(unsigned int ifindex, bool egress, __u32 was)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = HG_TC_HANDLE, .priority = HG_TC_PRIORITY);
	struct bpf_tc_hook hook;
	__u32 present;

	tc_options(&hook, ifindex, egress);
	present = tc_present(&hook);
	if (!present)
		return -ENOENT;
	return present == was ? bpf_tc_detach(&hook, &opts) : -EBUSY;
}

int hg_hook_tc_tidy(unsigned int ifindex)
{
	struct filter_count ingress, egress;
	struct bpf_tc_hook hook;

	if (count_filters(ifindex, false, &ingress) || count_filters(ifindex, true, &egress) ||
	    ingress.all || egress.all)
		return 0; /* somebody else's, or not to be told */
	tc_options(&hook, ifindex, false);
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	return bpf_tc_hook_destroy(&hook);
}

/* A TCX link to a device that cannot exist: EINVAL where TCX is not known. */
bool hg_hook_has_tcx(void)
{
	static const struct bpf_insn pass[] = {
		{ .code = 0xb7, .dst_reg = 0, .imm = -1 }, /* r0 = TCX_NEXT */
		{ .code = 0x95 },			   /* exit */
	};
	int prog =
		bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "hg_probe", "Dual BSD/GPL", pass, 2, NULL);
	int link, error;

	if (prog < 0) /* not to be told: the load itself will say what is missing */
		return errno == EPERM;
	link = bpf_link_create(prog, 0x7fffffff, ATTACH_TCX_INGRESS, NULL);
	error = errno;
	close(prog);
	if (link >= 0)
		close(link);
	return link >= 0 || error == ENODEV;
}

__u32 hg_hook_program_id(int prog)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	return prog < 0 || bpf_obj_get_info_by_fd(prog, &info, &len) ? 0 : info.id;
}

__u32 hg_hook_link_device(const char *path)
{
	struct bpf_link_info info = { 0 };
	__u32 len = sizeof(info), ifindex = 0;
	int link = bpf_obj_get(path);

	if (link < 0)
		return 0;
	/* XDP and TCX both begin their part of the union with the ifindex. */
	if (!bpf_obj_get_info_by_fd(link, &info, &len))
		ifindex = info.xdp.ifindex;
	close(link);
	return ifindex;
}
