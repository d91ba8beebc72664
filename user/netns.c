/* SPDX-License-Identifier: BSD-2-Clause */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "say.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static int cookie_of_current(__u64 *cookie)
{
	socklen_t len = sizeof(*cookie);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return -errno;
	r = getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &len) ? -errno : 0;
	close(fd);
	return r;
}

static int open_named(const char *name)
{
	char path[128];

	if (strchr(name, '/'))
		return open(name, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int enter(struct hg_netns *ns, const char *name)
{
	int fd;

	/* It is kept, so that detach finds it again. */
	if (strlen(name) >= sizeof(ns->path)) {
		hg_error("network namespace '%.40s...': the name has %zu bytes", name,
			 strlen(name));
		hg_hint("give it a short one: ip netns attach NAME PID");
		return HG_USAGE;
	}
	fd = open_named(name);
	if (fd < 0) {
		hg_error("network namespace '%s': %s", name, strerror(errno));
		hg_hint("list them: ip netns list");
		return HG_INVALID;
	}
	ns->own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (ns->own < 0 || setns(fd, CLONE_NEWNET)) {
		int e = errno;

		close(fd);
		hg_error("cannot enter network namespace '%s': %s", name, strerror(e));
		hg_hint("this needs CAP_SYS_ADMIN");
		return e == EPERM ? HG_NOT_PERMITTED : HG_INVALID;
	}
	close(fd);
	snprintf(ns->path, sizeof(ns->path), "%s", name);
	return HG_OK;
}

int hg_netns_enter(struct hg_netns *ns, const char *name)
{
	int r;

	*ns = (struct hg_netns){ .own = -1 };
	if (name) {
		r = enter(ns, name);
		if (r) {
			hg_netns_leave(ns);
			return r;
		}
	}
	r = cookie_of_current(&ns->cookie);
	if (!r)
		return HG_OK;
	hg_error("cannot tell the cookie of this network namespace: %s", strerror(-r));
	hg_hint("SO_NETNS_COOKIE needs Linux 5.14; hellogate needs 6.1");
	hg_netns_leave(ns);
	return HG_UNSUPPORTED;
}

void hg_netns_leave(struct hg_netns *ns)
{
	if (ns->own < 0)
		return;
	if (setns(ns->own, CLONE_NEWNET))
		hg_warn("cannot return to the first network namespace: %s", strerror(errno));
	close(ns->own);
	ns->own = -1;
}
