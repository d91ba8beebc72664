/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which capabilities load all programs, run and sweep them.  (Without
 * CAP_PERFMON the verifier forbids what clang cannot be kept from.)
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

#define BPF (1ULL << CAP_BPF)
#define NET (1ULL << CAP_NET_ADMIN)
#define PERF (1ULL << CAP_PERFMON)

static const struct {
	const char *what;
	__u64 caps;
	bool enough;
} rows[] = {
	{ "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are enough", BPF | NET | PERF, true },
	{ "CAP_BPF and CAP_NET_ADMIN are not: packet pointers", BPF | NET, false },
	{ "CAP_NET_ADMIN alone is not", NET, false },
	{ "CAP_BPF alone is not", BPF, false },
};

static void keep_only(__u64 caps)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};

	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted = (__u32)(caps >> (32 * i));
	if (syscall(SYS_capset, &head, data))
		tap_bail("capabilities cannot be given up: %s", strerror(errno));
}

static bool works(struct gate *g)
{
	static struct octets message, stream;
	static struct talk t;
	const struct gate_event *e = NULL;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	talk_begin(&t, g, GATE_XDP, NULL);
	talk_syn(&t);
	talk_client(&t, 0, stream.at, stream.len);
	return check_u64("HELLO", talk_count(&t, HG_EVENT_HELLO, &e), 1) & gate_balanced(g) &
	       gate_clear(g);
}

/* In a child, since what is given up is gone. */
static int load_with(__u64 caps)
{
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		static struct gate g;
		int error;

		keep_only(caps);
		error = gate_try_open(&g, &(struct gate_options){ .all = true });
		_exit(error ? 1 : works(&g) ? 0 : 2);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		tap_bail("no child: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
	gate_enter_room();
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tap_ok(check_u64("exit of the child", load_with(rows[i].caps), !rows[i].enough),
		       "%s", rows[i].what);
	return tap_done();
}
