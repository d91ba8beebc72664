/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A capture file, pcap or pcapng, as `read` has it: frames, tunnels, the data path
 * with wide bounds.  It is read to an end, frame by frame, and each flow is in one
 * bucket then.
 */
#define FUZZ_SINCE_MAX 4096 /* inputs until the path is opened anew */
#include "since.h"

#include <sys/mman.h>

#include "capture.h"
#include "counters.h"
#include "decap.h"
#include "event.h"
#include "read_path.h"
#include "say.h"
#include "tunnel.h"

#define FRAMES_MAX 100000

static const struct hg_read_path *const path = &hg_read_path_kernel_limits;

static void on_event(void *arg, const void *event, size_t len)
{
	const __u8 *type = event;

	(void)arg;
	FUZZ_CHECK(len >= sizeof(struct hg_event_chunk), "an event of %zu bytes", len);
	FUZZ_CHECK(*type >= HG_EVENT_HELLO && *type <= HG_EVENT_SURVIVED, "an event of type %u",
		   *type);
}

/* Everything ends: each flow is in one bucket then. */
static void path_ends(void)
{
	struct hg_counters c;
	__u64 sum = 0;

	if (!fuzz_since.count)
		return;
	path->sweep(~0ULL >> 2, 1);
	path->counters(&c);
	for (__u32 i = 0; i < HG_BUCKET_COUNT; i++)
		sum += ((const __u64 *)&c.coverage)[i];
	FUZZ_CHECK(c.flows_created == sum, "%llu flows in %llu buckets",
		   (unsigned long long)c.flows_created, (unsigned long long)sum);
}

static void path_anew(void)
{
	static const struct hg_read_options options = { .decap = HG_DECAP_ALL, .checksums = true };

	path_ends();
	fuzz_since_begin();
	path->open(NULL, &options, on_event, NULL);
}

/* Each byte is touched, so that what is not there is found. */
static unsigned int touch(const struct hg_frame *f)
{
	unsigned int sum = 0;

	for (__u32 i = 0; i < f->len; i++)
		sum += f->data[i];
	return sum;
}

static void read_file(const char *name)
{
	struct hg_capture_file *file = NULL;
	struct hg_frame f;
	unsigned int sum = 0;
	int result = hg_capture_open(name, &file);

	if (result != HG_OK)
		return;
	for (unsigned int n = 0; n < FRAMES_MAX; n++) {
		result = hg_capture_next(file, &f);
		if (result != HG_OK || !f.data)
			break;
		sum += touch(&f);
		hg_tunnel_open(&f, HG_DECAP_ALL);
		sum += touch(&f);
		path->frame(f.data, f.len, f.time_ns & (~0ULL >> 3));
	}
	FUZZ_CHECK(sum != ~0U, "no sum"); /* so that it is made */
	hg_capture_close(file);
}

FUZZ_KEEPS_MEMORY

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char name[64];
	static int memory = -1;

	if (memory < 0) {
		atexit(path_ends);
		path_anew();
		memory = memfd_create("capture", 0);
		snprintf(name, sizeof(name), "/proc/self/fd/%d", memory);
	}
	FUZZ_CHECK(!ftruncate(memory, 0) && pwrite(memory, data, size, 0) == (ssize_t)size,
		   "no file");
	if (fuzz_since.count == FUZZ_SINCE_MAX)
		path_anew();
	fuzz_since_add(data, size);
	read_file(name);
	return 0;
}
