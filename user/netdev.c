/* SPDX-License-Identifier: BSD-2-Clause */
#include "netdev.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* <linux/netdev.h> of 6.3, which the headers of 6.1 do not have. */
#define NETDEV_FAMILY "netdev"
#define NETDEV_DEV_GET 1
#define NETDEV_A_IFINDEX 1
#define NETDEV_A_XDP_FEATURES 3

#define XDP_FEATURE_TEXT(id, text) text,

const char *hg_xdp_feature_text(unsigned int bit)
{
	static const char *const texts[] = { HG_XDP_FEATURES(XDP_FEATURE_TEXT) };

	return bit < HG_XDP_FEATURE_COUNT ? texts[bit] : "?";
}

const char *hg_netdev_slow_xdp(const char *driver)
{
	static const struct {
		const char *driver, *why;
	} rows[] = {
		{ "veth", "is virtual: XDP would cost its peer TSO" },
		{ "tun", "is virtual: XDP would cost its peer TSO" },
		{ "bonding", "is virtual: XDP belongs on its ports" },
		{ "team", "is virtual: XDP belongs on its ports" },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(driver, rows[i].driver))
			return rows[i].why;
	return NULL;
}

bool hg_netdev_is_ethernet(int type)
{
	return type == ARPHRD_ETHER || type == ARPHRD_LOOPBACK;
}

/* ---- generic netlink ---- */

/* One request and what comes back to it, until `seen` has stopped or all is read. */
static int ask(struct mnl_socket *socket, struct nlmsghdr *request, mnl_cb_t seen, void *arg)
{
	char buffer[8192];
	ssize_t n;
	int r;

	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = (unsigned int)time(NULL);
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		if (n < 0)
			return -errno;
		r = mnl_cb_run(buffer, (size_t)n, request->nlmsg_seq, mnl_socket_get_portid(socket),
			       seen, arg);
	} while (r > MNL_CB_STOP);
	return r < 0 ? -errno : 0;
}

static struct nlmsghdr *genl_request(char *buffer, __u16 family, __u8 command)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(request, sizeof(*genl));

	request->nlmsg_type = family;
	genl->cmd = command;
	genl->version = 1;
	return request;
}

static int see_family(const struct nlmsghdr *message, void *family)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr)) if (mnl_attr_get_type(attr) ==
									CTRL_ATTR_FAMILY_ID) *
		(__u16 *)family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

/* -ENOENT before 6.3. */
static int netdev_family(struct mnl_socket *socket, __u16 *family)
{
	char buffer[256];
	struct nlmsghdr *request = genl_request(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	int r;

	*family = 0;
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY);
	r = ask(socket, request, see_family, family);
	return r ? r : *family ? 0 : -ENOENT;
}

static int see_features(const struct nlmsghdr *message, void *arg)
{
	struct hg_netdev *dev = arg;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
	{
		if (mnl_attr_get_type(attr) != NETDEV_A_XDP_FEATURES)
			continue;
		dev->features = mnl_attr_get_u64(attr);
		dev->features_known = true;
	}
	return MNL_CB_OK;
}

static void ask_features(struct hg_netdev *dev)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_GENERIC);
	struct nlmsghdr *request;
	char buffer[256];
	__u16 family;

	if (!socket)
		return;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) >= 0 &&
	    !netdev_family(socket, &family)) {
		request = genl_request(buffer, family, NETDEV_DEV_GET);
		mnl_attr_put_u32(request, NETDEV_A_IFINDEX, dev->ifindex);
		ask(socket, request, see_features, dev);
	}
	mnl_socket_close(socket);
}

/* ---- ioctl ---- */

static int ioctl_by_name(int fd, const char *name, unsigned long request, void *ethtool,
			 struct ifreq *out)
{
	struct ifreq r = { .ifr_data = ethtool };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(fd, request, &r))
		return -errno;
	if (out)
		*out = r;
	return 0;
}

static void ask_driver(int fd, const char *name, char *driver, size_t size)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	if (!ioctl_by_name(fd, name, SIOCETHTOOL, &info, NULL))
		snprintf(driver, size, "%s", info.driver);
}

static unsigned int ask_queues(int fd, const char *name)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };

	if (ioctl_by_name(fd, name, SIOCETHTOOL, &channels, NULL))
		return 0;
	return channels.rx_count + channels.combined_count;
}

void hg_netdev_driver(const char *name, char *driver, size_t size)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(driver, size, "unknown");
	if (fd < 0)
		return;
	ask_driver(fd, name, driver, size);
	close(fd);
}

int hg_netdev_link_type(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;
	struct ifreq request;

	if (fd < 0)
		return -errno;
	r = ioctl_by_name(fd, name, SIOCGIFHWADDR, NULL, &request);
	close(fd);
	return r ? r : request.ifr_hwaddr.sa_family;
}

int hg_netdev_get(const char *name, struct hg_netdev *out)
{
	struct hg_netdev dev = { .ifindex = if_nametoindex(name), .driver = "unknown" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r;

	if (fd < 0)
		return -errno;
	if (!dev.ifindex) {
		close(fd);
		return -ENODEV;
	}
	snprintf(dev.name, sizeof(dev.name), "%s", name);
	ask_driver(fd, name, dev.driver, sizeof(dev.driver));
	dev.queues = ask_queues(fd, name);
	if (!ioctl_by_name(fd, name, SIOCGIFMTU, NULL, &r))
		dev.mtu = (unsigned int)r.ifr_mtu;
	if (!ioctl_by_name(fd, name, SIOCGIFFLAGS, NULL, &r))
		dev.up = r.ifr_flags & IFF_UP;
	close(fd);
	ask_features(&dev);
	bpf_xdp_query_id((int)dev.ifindex, 0, &dev.xdp_program);
	*out = dev;
	return 0;
}
