/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One client's bytes in segments of any size and order, again and otherwise,
 * through the whole data path; beside it the plainest reassembly there could be.
 * A hello is told with the segment that completes it, and it is that hello.
 *
 * Input: the number of segments, below 24, with 0x80 if all is sent again at the
 * end; five bytes for each: how, from where, how much; then the stream.
 */
#define FUZZ_SINCE_MAX 4096 /* inputs until the path is opened anew */
#include "since.h"

#include <arpa/inet.h>

#include "../wire/frames.h"
#include "client_hello.h"
#include "counters.h"
#include "event.h"
#include "read_path.h"
#include "wire_mutator.h"

#define SEGMENTS_MAX 24
#define SEGMENT_BYTES 5
#define SEND_ALL 0x80
#define USUAL_SEGMENT 1400
#define ISN 0xfffffff0U /* sequence numbers wrap on the way */
#define SERVER_ISN 7000U

/* ---- the plain side ---- */

static struct {
	__u8 have[HG_STREAM_CAP];
	struct hg_capture capture; /* bytes that came first */
	struct hg_capture message;
	__u32 filled;
	bool conflict;
	__u8 scan;
	struct hg_records records;
} plain;

static void plain_begin(void)
{
	memset(plain.have, 0, sizeof(plain.have));
	plain.filled = 0;
	plain.conflict = false;
	plain.scan = HG_SCAN_MORE;
}

/* A byte that was there stays, and another one in its place is a conflict. */
static void plain_take(const __u8 *bytes, __u32 at, __u32 len)
{
	for (__u32 i = 0; i < len && at + i < HG_STREAM_CAP; i++) {
		if (plain.have[at + i]) {
			plain.conflict |= plain.capture.bytes[at + i] != bytes[i];
			continue;
		}
		plain.have[at + i] = 1;
		plain.capture.bytes[at + i] = bytes[i];
	}
	while (plain.filled < HG_STREAM_CAP && plain.have[plain.filled])
		plain.filled++;
}

static void plain_read(void)
{
	struct hg_unwrap state = { 0 };

	if (plain.scan != HG_SCAN_MORE || !plain.filled)
		return;
	memset(&plain.records, 0, sizeof(plain.records));
	plain.scan = HG_SCAN_NOT_TLS;
	if (hg_hello_may_begin(&plain.capture, plain.filled))
		plain.scan = hg_records_scan(&plain.capture, &plain.records, plain.filled);
	if (plain.scan != HG_SCAN_COMPLETE)
		return;
	if (plain.records.sslv2)
		memcpy(plain.message.bytes, plain.capture.bytes + plain.records.body,
		       plain.records.need);
	else
		hg_records_unwrap(&plain.capture, &plain.records, &state, &plain.message);
}

/* ---- the data path ---- */

static const struct hg_read_path *const path = &hg_read_path_kernel_limits;

static struct {
	__u64 now_ns;
	struct conn conn;
	bool hello;	 /* was told, */
	bool after_data; /* behind other data, */
	__u32 hello_len; /* with this message */
	__u8 hello_bytes[HG_HELLO_MAX];
	bool end;
	__u8 bucket;
} talk;

static void on_event(void *arg, const void *event, size_t len)
{
	struct hg_event e;

	(void)arg;
	if (len < sizeof(e))
		return; /* a CHUNK */
	memcpy(&e, event, sizeof(e));
	if (e.type == HG_EVENT_END) {
		talk.end = true;
		talk.bucket = e.bucket;
	}
	if (e.type != HG_EVENT_HELLO || e.again)
		return;
	FUZZ_CHECK(!talk.hello, "a hello is told twice");
	FUZZ_CHECK(e.message_len == len - sizeof(e), "a message of %u in %zu", e.message_len,
		   len - sizeof(e));
	talk.hello = true;
	talk.after_data = e.flags & HG_FLAG(after_other_data);
	talk.hello_len = e.message_len;
	memcpy(talk.hello_bytes, (const __u8 *)event + sizeof(e), e.message_len);
}

static __u64 all_buckets(const struct hg_counters *c)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < HG_BUCKET_COUNT; i++)
		sum += ((const __u64 *)&c->coverage)[i];
	return sum;
}

/* Everything ends: each flow is in one bucket then. */
static void path_ends(void)
{
	struct hg_counters c;

	if (!fuzz_since.count)
		return;
	path->sweep(talk.now_ns, 1);
	path->counters(&c);
	FUZZ_CHECK(c.flows_created == all_buckets(&c), "%llu flows in %llu buckets",
		   (unsigned long long)c.flows_created, (unsigned long long)all_buckets(&c));
}

static void path_anew(void)
{
	static const struct hg_read_options options;

	path_ends();
	fuzz_since_begin();
	path->open(NULL, &options, on_event, NULL);
	talk.now_ns = 1000000000000ULL;
}

static void send_segment(const struct segment *s)
{
	static struct frame f;

	frame_build(&f, &talk.conn, s);
	talk.now_ns += 1000000;
	path->frame(f.at, f.len, talk.now_ns);
}

/* ---- both ---- */

static void talk_begin(void)
{
	struct segment syn = { .flags = TCP_SYN, .seq = ISN };
	struct segment answer = {
		.from_server = true, .flags = TCP_SYN | TCP_ACK, .seq = SERVER_ISN, .ack = ISN + 1
	};
	__u32 client;

	client = htonl(0x0a000001 + fuzz_since.count);
	talk.conn = (struct conn){ .server = { 192, 0, 2, 1 },
				   .client_port = 40000,
				   .server_port = 443,
				   .isn = ISN,
				   .server_isn = SERVER_ISN };
	memcpy(talk.conn.client, &client, sizeof(client));
	talk.hello = false;
	talk.end = false;
	plain_begin();
	send_segment(&syn);
	send_segment(&answer);
}

/* The message that the plain side has is the one that was told. */
static void check_hello(void)
{
	__u32 need = plain.records.need;

	FUZZ_CHECK(talk.hello_len == need, "a hello of %u bytes is told of one of %u",
		   talk.hello_len, need);
	if (!plain.conflict)
		FUZZ_CHECK(!memcmp(talk.hello_bytes, plain.message.bytes, need),
			   "another hello is told");
}

/* False if the plain side has nothing more to say. */
static bool check_segment(void)
{
	if (talk.hello && talk.after_data)
		return false;
	if (plain.scan == HG_SCAN_MORE || plain.scan == HG_SCAN_TOO_LARGE) {
		FUZZ_CHECK(!talk.hello, "a hello is told of %u bytes", plain.filled);
		return plain.scan == HG_SCAN_MORE;
	}
	if (plain.scan != HG_SCAN_COMPLETE)
		return false;
	if (talk.hello)
		check_hello();
	return false;
}

/* A hello that is whole and well-formed is told at once. */
static bool is_well_formed(void)
{
	static struct hg_parse parse;

	return hg_hello_parse(&plain.message, &parse, 0, plain.records.need, plain.records.sslv2);
}

static bool say(const __u8 *bytes, __u32 at, __u32 len)
{
	struct segment s = { .flags = TCP_ACK,
			     .seq = ISN + 1 + at,
			     .ack = SERVER_ISN + 1,
			     .data = bytes,
			     .len = len };
	bool more;

	plain_take(bytes, at, len);
	send_segment(&s);
	plain_read();
	more = check_segment();
	if (plain.scan == HG_SCAN_COMPLETE)
		FUZZ_CHECK(talk.hello || !is_well_formed(), "a hello of %u bytes is not told",
			   plain.records.need);
	return more;
}

/* False: there is no more to be compared. */
static bool say_one(struct fuzz_input *head, const __u8 *stream, __u32 size)
{
	static __u8 bytes[65536];
	unsigned int how = fuzz_u8(head), at = fuzz_u16(head), len = fuzz_u16(head);

	if (!size)
		return false;
	at %= size;
	len = 1 + len % (size - at < USUAL_SEGMENT * 4 ? size - at : USUAL_SEGMENT * 4);
	memcpy(bytes, stream + at, len);
	if (how & 1)
		bytes[(how >> 1) % len] ^= 0x20;
	return say(bytes, at, len);
}

/* The server refuses; a flow that was read is told with its bucket. */
static void talk_end(void)
{
	struct segment rst = { .from_server = true,
			       .flags = TCP_RST | TCP_ACK,
			       .seq = SERVER_ISN + 1,
			       .ack = ISN + 1 + plain.filled };

	send_segment(&rst);
	if (talk.hello && plain.conflict && !talk.after_data)
		FUZZ_CHECK(!talk.end || talk.bucket == HG_BUCKET_conflicting_overlap ||
				   talk.bucket == HG_BUCKET_malformed,
			   "bytes that differ, and bucket %u", talk.bucket);
}

FUZZ_KEEPS_MEMORY

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size }, head;
	unsigned int first = fuzz_u8(&in), count = (first & 0x7f) % SEGMENTS_MAX;
	size_t head_len = (size_t)count * SEGMENT_BYTES;
	bool more = true;
	__u32 len;

	if (!talk.now_ns)
		atexit(path_ends);
	if (!talk.now_ns || fuzz_since.count == FUZZ_SINCE_MAX)
		path_anew();
	fuzz_since_add(data, size);
	if (!count)
		first = SEND_ALL;
	head.at = fuzz_bytes(&in, &head_len);
	head.left = head_len;
	talk_begin();
	while (count-- && more)
		more = say_one(&head, in.at, (__u32)in.left);
	for (__u32 at = 0; first & SEND_ALL && more && at < in.left; at += len) {
		len = in.left - at < USUAL_SEGMENT ? (__u32)in.left - at : USUAL_SEGMENT;
		more = say(in.at + at, at, len);
	}
	talk_end();
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size_t head = size ? 1 + (size_t)((data[0] & 0x7f) % SEGMENTS_MAX) * SEGMENT_BYTES : 0;

	if (seed & 1 || head >= size)
		return LLVMFuzzerMutate(data, size, max_size);
	return head + wire_mutate(data + head, size - head, max_size - head, seed >> 1);
}
