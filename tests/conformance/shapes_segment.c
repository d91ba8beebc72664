/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 8 to 11, 13 and 14: what TCP itself may do around a hello, and what others
 * do meanwhile.
 */
#include "shape.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define SECOND_NAME "second.example.com"

/* ---- 8: data in the SYN ---- */

static struct step *syn_with(struct script *s, const __u8 *data, __u32 len)
{
	struct step *step = syn(s);

	step->data = data;
	step->len = len;
	return step;
}

static void in_syn(struct script *s, __u32 taken_of)
{
	s->fast_open = true;
	syn_with(s, s->stream.at, s->stream.len);
	synack(s)->taken = taken_of ? s->stream.len : 0;
	ack(s, taken_of ? s->stream.len : 0);
}

static void hello_in_syn(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	in_syn(s, true);
}

static void begins_in_syn(struct script *s, __u32 variant)
{
	__u32 first = 1 + variant * 50;

	hello_for(s, SHOP);
	s->fast_open = true;
	syn_with(s, s->stream.at, first);
	synack(s)->taken = first;
	say_in(s, first, MSS);
}

static void syn_data_ignored(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	syn_with(s, s->stream.at, s->stream.len);
	synack(s);
	say_all(s);
}

static const struct octets *decoy(void)
{
	static struct octets message, stream;
	struct hello_spec spec = usual_hello(DECOY);

	hello_build(&message, &spec);
	record_whole(&stream, &message);
	return &stream;
}

/* Without a cookie the server acknowledges the SYN and nothing of its data. */
static void syn_data_decoy(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	syn_with(s, decoy()->at, decoy()->len);
	synack(s);
	if (variant == 2) {
		say_in(s, 300, MSS);
		say(s, 0, 300);
	} else {
		say_in(s, 0, variant ? 300 : MSS);
	}
}

/* A SYN of other sequence numbers, when the server has answered; odd variants: and the hello begun.
 */
static void syn_data_stray(struct script *s, __u32 variant)
{
	__u32 begun = variant & 1 ? 100 : 0;

	hello_for(s, SHOP);
	connected(s);
	if (begun)
		say(s, 0, begun);
	say_other(s, variant & 2 ? -70000 : 0x40000000, decoy()->at, decoy()->len)->flags = TCP_SYN;
	say_in(s, begun, MSS);
	s->flows = begun ? 2 : 3; /* a SYN ends what no payload has shown, until there is some */
}

/* RFC 7413, section 4.1.3: what a path does not let through is tried once more without data. */
static void syn_data_syn_again(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	if (variant & 1)
		syn_with(s, decoy()->at, decoy()->len);
	else
		syn_with(s, s->stream.at, s->stream.len);
	syn(s);
	synack(s);
	ack(s, 0);
	say_in(s, 0, variant & 2 ? 300 : MSS);
}

/* A server may take less of it than there is; the rest need not be sent again as it was. */
static void syn_data_part_taken(struct script *s, __u32 variant)
{
	__u32 taken = 1 + variant * 50;

	hello_for(s, SHOP);
	s->fast_open = true;
	put(&s->message, s->stream.at, taken); /* behind the message, which nobody needs now */
	put_fill(&s->message, 0, 100);
	syn_with(s, s->message.at + s->message.len - taken - 100, taken + 100);
	synack(s)->taken = taken;
	say_in(s, taken, MSS);
}

/* ---- 9: the urgent byte is not part of the stream ---- */

static struct step *urgent(struct script *s, __u32 at, __u32 from, __u32 to)
{
	static __u8 bytes[FRAME_MAX];
	struct step *step;

	memcpy(bytes, s->stream.at + from, at - from);
	bytes[at - from] = '!';
	memcpy(bytes + (at - from) + 1, s->stream.at + at, to - at);
	step = say_other(s, from, bytes, to - from + 1);
	step->flags |= TCP_URG;
	step->urgent = (__u16)(at - from + 1);
	return step;
}

static void urgent_byte(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	connected(s);
	urgent(s, 20 + variant * 25, 0, s->stream.len);
}

/* As send(MSG_OOB) does it: the byte is the last one of its segment. */
static void urgent_segment(struct script *s, __u32 variant)
{
	__u32 at = 20 + variant * 25;

	hello_for(s, SHOP);
	connected(s);
	urgent(s, at, 0, at);
	say_other(s, at + 1, s->stream.at + at, s->stream.len - at);
}

static void urgent_beyond(struct script *s, __u32 variant)
{
	struct step *step;

	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	step = say(s, 0, s->stream.len);
	step->flags |= TCP_URG;
	step->urgent = 30000;
}

/* The second segment comes first, its urgent byte anywhere; odd variants: the third one, too. */
static void urgent_out_of_order(struct script *s, __u32 variant)
{
	__u32 end;

	hello_for(s, SHOP);
	end = variant & 1 ? 300 : s->stream.len;
	connected(s);
	urgent(s, 100 + (variant >> 1) * (end - 100) / 5, 100, end);
	if (end < s->stream.len)
		say_other(s, end + 1, s->stream.at + end, s->stream.len - end);
	say(s, 0, 100);
}

/* A server that was slow keeps the first one: it knows of one place. */
static void urgent_two(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	connected(s);
	urgent(s, 20 + variant * 25, 0, 200);
	urgent(s, 220 + variant * 25, 200, s->stream.len)->at++;
}

/* Odd variants: what is sent again does not say that it is urgent. */
static void urgent_again(struct script *s, __u32 variant)
{
	__u32 at = 20 + (variant >> 1) * 50;
	struct step *step;

	hello_for(s, SHOP);
	connected(s);
	urgent(s, at, 0, 200);
	step = urgent(s, at, 0, 200);
	if (variant & 1)
		step->flags = TCP_PSH | TCP_ACK;
	say_other(s, 201, s->stream.at + 200, s->stream.len - 200);
}

/*
 * A hello of either of two names, by whether the byte at the returned place is
 * taken out: the name is the last of it, and a byte more follows.
 */
#define KEPT "xshop.example.co"

static __u32 either_name(struct script *s)
{
	struct hello_spec spec = usual_hello(KEPT);

	spec.sni_last = true;
	spec.pad_to = 0;
	hello_of(s, &spec);
	put(&s->stream, "m", 1);
	return s->stream.len - 1 - (__u32)strlen(KEPT);
}

/* The stream from `from` up to `to`, urgent at `at`. */
static struct step *say_urgent(struct script *s, __u32 from, __u32 to, __u32 at)
{
	struct step *step = say(s, from, to - from);

	step->flags |= TCP_URG;
	step->urgent = (__u16)(at - from + 1);
	return step;
}

/* In one segment; the first, the last or any of one; of one that comes early. */
static void urgent_names(struct script *s, __u32 variant)
{
	__u32 x = either_name(s);
	__u32 cut = (__u32[]){ 0, x, x - 20, x + 1, x - 20 }[variant];

	connected(s);
	if (variant == 3) {
		say_urgent(s, 0, cut, x);
		say_in(s, cut, MSS);
		return;
	}
	if (cut && variant != 4)
		say(s, 0, cut);
	say_urgent(s, cut, s->stream.len, x);
	if (variant == 4)
		say(s, 0, cut);
}

/* The pointer comes ahead of the byte, and only there: with data, or on an ACK without any. */
static void urgent_announced(struct script *s, __u32 variant)
{
	__u32 x = either_name(s);
	struct step *step;

	connected(s);
	if (!variant) {
		say_urgent(s, 0, x - 20, x);
		say_in(s, x - 20, MSS);
		return;
	}
	step = ack(s, 0);
	step->flags |= TCP_URG;
	step->urgent = (__u16)(x + 1);
	say_in(s, 0, variant == 1 ? MSS : 100);
}

/* Behind a hole there are two: Linux knows the later place, and reads the earlier byte. */
static void urgent_superseded(struct script *s, __u32 variant)
{
	__u32 x = either_name(s), end = s->stream.len;

	(void)variant;
	put(&s->stream, "!", 1);
	connected(s);
	say_urgent(s, 100, end, x);
	say_urgent(s, end, end + 1, end);
	say(s, 0, 100);
}

/*
 * In order: a server that has read up to the earlier byte when the later one
 * comes reads on behind it, a slower one reads it.  Nobody between them knows.
 */
static void urgent_either(struct script *s, __u32 variant)
{
	__u32 x = either_name(s), end = s->stream.len;
	__u32 cut = variant ? end : x + 1;

	put(&s->stream, "!", 1);
	connected(s);
	say_urgent(s, 0, cut, x);
	say_urgent(s, cut, end + 1, end);
}

/* What says that it is urgent dies on the way. */
static void urgent_decoy(struct script *s, __u32 variant)
{
	__u32 x = either_name(s), end = s->stream.len;
	__u32 from = (__u32[]){ 0, 100, 0 }[variant], to = (__u32[]){ end, end, x + 1 }[variant];

	connected(s);
	if (from)
		say(s, 0, from);
	say_urgent(s, from, to, x)->ttl = 3;
	say_in(s, from, variant == 2 ? to : MSS);
}

/* ---- 10: sequence numbers ---- */

static void wraps(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	s->conn.isn = -(1 + variant * 4);
	connected(s);
	say_in(s, 0, 100);
}

static void wraps_reversed(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	s->conn.isn = -(1 + variant * 4);
	connected(s);
	say_in(s, 260, MSS);
	say(s, 0, 260);
}

static void again(struct script *s, __u32 shift)
{
	struct hello_spec spec = usual_hello(SECOND_NAME);

	syn(s)->at = shift;
	synack(s);
	ack(s, 0);
	hello_of(s, &spec);
	say_in(s, 0, 300);
}

static void reused(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	connected(s);
	say_all(s);
	flag(s, TCP_RST | TCP_ACK, s->stream.len);
	again(s, variant ? 0xf0000000 : 70000);
	s->flows = 2;
}

static void reused_unseen_end(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	connected(s);
	say_all(s);
	again(s, variant ? 0xf0000000 : 70000);
	s->flows = 2;
}

/* RFC 9293, figure 8: both send SYN, both answer it. */
static void simultaneous(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	syn(s);
	server_flag(s, TCP_SYN, 0);
	flag(s, TCP_SYN | TCP_ACK, 0);
	server_flag(s, TCP_SYN | TCP_ACK, -1);
	say_all(s);
}

static void syn_again(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	syn(s);
	syn(s);
	synack(s);
	ack(s, 0);
	say_all(s);
}

/* ---- 11: what is not seen ---- */

static void missed_start(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	say_in(s, 0, variant ? 300 : MSS);
}

static void missed_start_small(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	say(s, 0, 1 + variant);
	say_in(s, 1 + variant, MSS);
}

static void missed_first_segment(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	say_in(s, 300, MSS);
	s->flows = 0;
}

static void client_only(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	s->one_sided = true;
	connected(s);
	say_in(s, 0, variant ? 300 : MSS);
	pause_for(s, 12000);
	s->no_end = true;
}

static void server_only(struct script *s, __u32 variant)
{
	static const __u8 answer[] = { 22, 3, 3, 0, 6, 2, 0, 0, 2, 3, 3 };

	(void)variant;
	server_flag(s, TCP_SYN | TCP_ACK, 0);
	reply(s, answer, sizeof(answer));
	server_flag(s, TCP_FIN | TCP_ACK, 0);
	s->no_end = true;
	s->flows = 0;
}

/* ---- 13: floods; the first segment of the real hello waits meanwhile ---- */

#define HALVES 1100 /* more than the pool of the kernel has room for */
#define SYNS 20000

static void half_hello(struct script *s, __u32 number)
{
	stranger(syn(s), number);
	stranger(say(s, 0, 200), number);
}

static void halves_one_source(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	for (__u32 i = 0; i < HALVES; i++)
		half_hello(s, STRANGERS_ONE_SOURCE + i);
	connected(s);
	say_in(s, 0, 300);
	s->flows = HALVES + 1;
}

static void halves_many_sources(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	for (__u32 i = 0; i < HALVES; i++)
		half_hello(s, 1 + i);
	connected(s);
	say_in(s, 0, 300);
	s->flows = HALVES + 1;
}

static void halves_behind(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say(s, 0, 300);
	for (__u32 i = 0; i < HALVES; i++)
		half_hello(s, 1 + i);
	say_in(s, 300, MSS);
	s->flows = HALVES + 1;
}

static void syns(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say(s, 0, 300);
	for (__u32 i = 0; i < SYNS; i++)
		stranger(syn(s), 1 + i);
	say_in(s, 300, MSS);
	s->flows = SYNS + 1;
}

/* ---- 14: frames ---- */

static void in_frames_of(struct script *s, __u32 bytes, __u32 frame)
{
	struct hello_spec spec = usual_hello(SHOP);

	spec.filler = bytes;
	hello_of(s, &spec);
	s->mtu = 65000;
	connected(s);
	say_in(s, 0, frame);
}

static void jumbo(struct script *s, __u32 variant)
{
	(void)variant;
	in_frames_of(s, 8000, 8900);
}

static void super_packet(struct script *s, __u32 variant)
{
	(void)variant;
	in_frames_of(s, 15000, 60000);
}

static void many_jumbo(struct script *s, __u32 variant)
{
	(void)variant;
	in_frames_of(s, 12000, 8900);
}

static void partial_checksum(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	s->conn.shape.partial = true;
	connected(s);
	say_in(s, 0, 300);
}

#define SEEN(...)                                                                                  \
	{                                                                                          \
		.sni = SHOP, __VA_ARGS__                                                           \
	}
#define TWO                                                                                        \
	{                                                                                          \
		.sni = SHOP, .second = SECOND_NAME                                                 \
	}
/* Where the server's timing decides what it reads, the conflict may be what is seen. */
#define OR_CONFLICT .or_class = CLASS(conflicting_overlap)
#define FAST HG_FLAG(fast_open)
#define URGENT HG_FLAG(urgent_data)
#define MISSED HG_FLAG(missed_start)

/* clang-format off */
static const struct row rows[] = {
	{ "syn_data/whole", 8, "the hello in the SYN, taken", hello_in_syn, SEEN(.flags = FAST) },
	{ "syn_data/first_part", 8, "its first bytes in the SYN, taken", begins_in_syn,
	  SEEN(.flags = FAST), .variants = 10 },
	{ "syn_data/ignored", 8, "the hello in the SYN, not taken, sent again", syn_data_ignored,
	  SEEN(.or_class = 0) },
	{ "syn_data/decoy", 8, "another hello in the SYN, not taken", syn_data_decoy,
	  SEEN(.or_class = 0), .variants = 3 },
	{ "syn_data/stray", 8, "another hello in a SYN that belongs to no connection",
	  syn_data_stray, SEEN(.or_class = 0), .variants = 4 },
	{ "syn_data/syn_again", 8, "a hello in the SYN, the SYN again without, then the hello",
	  syn_data_syn_again, SEEN(.or_class = 0), .variants = 4 },
	{ "syn_data/part_taken", 8, "its first bytes in the SYN, less of them taken",
	  syn_data_part_taken, SEEN(.flags = FAST), .variants = 8,
	  .not_live = "Linux takes all of it or nothing" },
	{ "urgent/inside", 9, "an urgent byte inside the segment", urgent_byte,
	  SEEN(.flags = URGENT), .variants = 8 },
	{ "urgent/end_of_segment", 9, "an urgent byte at the end of a segment", urgent_segment,
	  SEEN(.flags = URGENT), .variants = 8 },
	{ "urgent/out_of_order", 9, "an urgent byte in a segment that comes early",
	  urgent_out_of_order, SEEN(.flags = URGENT, OR_CONFLICT), .variants = 12 },
	{ "urgent/two", 9, "an urgent byte in each of two segments", urgent_two,
	  SEEN(.flags = URGENT, OR_CONFLICT), .variants = 7 },
	{ "urgent/again", 9, "an urgent byte in a segment that is sent again", urgent_again,
	  SEEN(.flags = URGENT, OR_CONFLICT), .variants = 8 },
	{ "urgent/of_two_names", 9, "a hello that has another name if the byte is kept",
	  urgent_names, SEEN(.flags = URGENT, OR_CONFLICT), .variants = 5 },
	{ "urgent/announced", 9, "the same, the pointer in an earlier segment than the byte",
	  urgent_announced, SEEN(.flags = URGENT, OR_CONFLICT), .variants = 3 },
	{ "urgent/superseded", 9, "the same, and a later byte is urgent instead",
	  urgent_superseded, { .sni = KEPT, OR_CONFLICT } },
	{ "urgent/either", 9, "the same, or not, as the server's timing has it", urgent_either,
	  { .classes = CLASS(conflicting_overlap) }, .variants = 2,
	  .not_live = "the server's timing decides which name is right" },
	{ "urgent/decoy", 9, "the same, and it is urgent only in what dies on the way",
	  urgent_decoy, { .sni = KEPT, OR_CONFLICT }, .variants = 3 },
	{ "urgent/pointer_beyond", 9, "an urgent pointer beyond the data", urgent_beyond,
	  SEEN(.or_class = 0) },
	{ "sequence/wrap", 10, "sequence numbers wrap inside the hello", wraps, SEEN(.or_class = 0),
	  .variants = 131 },
	{ "sequence/wrap_reversed", 10, "the same, last segment first", wraps_reversed,
	  SEEN(.or_class = 0), .variants = 131 },
	{ "sequence/reused", 10, "the same addresses and ports at once, after a RST", reused, TWO,
	  .variants = 2 },
	{ "sequence/reused_unseen_end", 10, "the same, and the RST was not seen",
	  reused_unseen_end, TWO, .variants = 2, .not_live = "a server would refuse the second SYN" },
	{ "sequence/simultaneous_open", 10, "both sides send a SYN", simultaneous,
	  SEEN(.or_class = 0), .not_live = "a listening server sends no SYN of its own" },
	{ "sequence/syn_again", 10, "the SYN is sent twice", syn_again, SEEN(.or_class = 0) },
	{ "midstream/missed_start", 11, "attached between the SYN and the hello", missed_start,
	  SEEN(.flags = MISSED), .variants = 2, .not_live = "the SYN passes the same interface" },
	{ "midstream/missed_start_small", 11, "the same, a first segment of 1 to 10 bytes",
	  missed_start_small, SEEN(.flags = MISSED), .variants = 10,
	  .not_live = "the SYN passes the same interface" },
	{ "midstream/missed_first_segment", 11, "attached inside the hello", missed_first_segment,
	  { .none = true }, .not_live = "the SYN passes the same interface" },
	{ "midstream/client_side_only", 11, "the server's packets take another way", client_only,
	  SEEN(.flags = HG_FLAG(one_sided)), .variants = 2,
	  .not_live = "both directions pass the same interface" },
	{ "midstream/server_side_only", 11, "the client's packets take another way", server_only,
	  { .none = true }, .not_live = "both directions pass the same interface" },
	{ "flood/half_hellos_one_source", 13, "1,100 half hellos of one source ahead",
	  halves_one_source, SEEN(.or_class = 0), .not_live = "strangers do not answer the server" },
	{ "flood/half_hellos_many_sources", 13, "1,100 half hellos of 1,100 sources ahead",
	  halves_many_sources, SEEN(.or_class = 0),
	  .not_live = "strangers do not answer the server" },
	{ "flood/half_hellos_inside", 13, "the same, inside the hello", halves_behind,
	  SEEN(.or_class = CLASS(evicted)), .not_live = "strangers do not answer the server" },
	{ "flood/syns_inside", 13, "20,000 SYNs of others inside the hello", syns,
	  SEEN(.or_class = 0), .not_live = "strangers do not answer the server" },
	{ "frame/jumbo", 14, "8 KB of hello in one frame", jumbo, SEEN(.or_class = 0) },
	{ "frame/super_packet", 14, "15 KB of hello in one frame", super_packet, SEEN(.or_class = 0) },
	{ "frame/two_jumbo", 14, "12 KB of hello in two frames", many_jumbo, SEEN(.or_class = 0) },
	{ "frame/partial_checksum", 14, "checksums that the device is to fill in", partial_checksum,
	  SEEN(.or_class = 0) },
};
/* clang-format on */

const struct rows segment_shapes = { rows, COUNT_OF(rows) };
