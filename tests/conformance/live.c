/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live: plays the shapes to a real server, with a TCP of its own.
 *
 *   live --dev IF --dmac MAC --base PORT [--most N] [--no-preamble] [--no-fast-open] [--rows
 * PATTERN] live ... --last          one usual hello from an address of no row: the end
 *
 * The kernel of this namespace holds none of the addresses, so it answers
 * nothing.  Connections run side by side.  A line of JSON for each that was
 * played: {"row":N,"variant":N,"took":BOOL,"end":"data|fin|rst|silence|no answer"}.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "serve.h"
#include "shape.h"
#include "wire.h"

#define SIDE_BY_SIDE 48
#define LAST_ROW 252   /* no row has this number */
#define PATIENCE 10000 /* ms: longer than any server needs, on a machine that others use */
#define RETRANSMIT 1000
#define TRIES 4
#define HANDSHAKE_RECORD 22
#define MTU_FRAME 1514

struct peer { /* what a frame of the server says */
	__u32 row, variant, seq, ack, len, stamp;
	__u16 window;
	__u8 flags;
	__u8 first; /* byte of the payload */
	bool stamped;
};

struct play {
	const struct row *row;
	__u32 number, variant;
	struct script script;
	struct wire wire;
	__u32 step;
	__u64 since; /* when it began to wait for what it waits for */
	__u32 tries;
	__u32 una;    /* what the server has, as an absolute sequence number */
	__u32 window; /* and takes behind it */
	__u32 answered, answered_before;
	bool open, closed, done;
	bool ending; /* our FIN is out */
	bool took;   /* its first answer was a handshake record, and no alert */
	const char *end;
};

static struct {
	const char *dev, *pattern;
	__u8 mac[6], dmac[6];
	int fd;
	__u32 base, most;
	bool no_preamble, no_fast_open, last;
} options = { .pattern = "*", .most = 12 };

static __u64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * 1000 + (__u64)t.tv_nsec / 1000000;
}

static void die(const char *what)
{
	fprintf(stderr, "live: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- frames out ---- */

static __u32 be16(const __u8 *at)
{
	return (__u32)(at[0] << 8 | at[1]);
}

static __u32 be32(const __u8 *at)
{
	return be16(at) << 16 | be16(at + 2);
}

/* The field holds the folded sum of the pseudo-header; the device does the rest. */
static void leave_checksum(__u8 *f, __u32 len, struct virtio_net_hdr *head)
{
	bool ipv6 = be16(f + 12) == 0x86dd;
	__u32 l4 = 14 + (ipv6 ? 40U : 20U), sum = 6 + len - l4;

	for (__u32 i = 14 + (ipv6 ? 8U : 12U); i < l4; i += 2)
		sum += be16(f + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	f[l4 + 16] = (__u8)(sum >> 8);
	f[l4 + 17] = (__u8)sum;
	head->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	head->csum_start = (__u16)l4;
	head->csum_offset = 16;
	if (len <= MTU_FRAME)
		return;
	head->gso_type = ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
	head->gso_size = MSS;
	head->hdr_len = (__u16)(l4 + (f[l4 + 12] >> 4) * 4U);
}

/* Frames of the wire's size go as they are; larger ones as super-packets. */
static void send_frame(void *arg, const struct frame *f, bool from_server)
{
	const struct play *c = arg;
	static __u8 bytes[FRAME_MAX];
	struct virtio_net_hdr head = { 0 };
	struct iovec parts[2] = { { &head, sizeof(head) }, { bytes, f->len } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	if (from_server)
		return;
	memcpy(bytes, f->at, f->len);
	memcpy(bytes, options.dmac, 6);
	memcpy(bytes + 6, options.mac, 6);
	if (f->len > MTU_FRAME || c->script.conn.shape.partial)
		leave_checksum(bytes, f->len, &head);
	while (sendmsg(options.fd, &message, 0) < 0)
		if (errno != ENOBUFS && errno != EAGAIN)
			die("send");
}

/* ---- frames in ---- */

static void read_stamp(struct peer *p, const __u8 *option, const __u8 *end)
{
	while (option < end && *option) {
		__u32 len = *option == 1 ? 1 : option + 1 < end ? option[1] : 0;

		if (!len || len > (__u32)(end - option))
			return;
		if (*option == 8 && len == 10) {
			p->stamped = true;
			p->stamp = be32(option + 2);
		}
		option += len;
	}
}

/* A TCP segment for one of ours?  The kernel's own frames have no options of IP. */
static bool read_frame(struct peer *p, const __u8 *f, ssize_t len)
{
	bool ipv6 = be16(f + 12) == 0x86dd;
	const __u8 *ip = f + 14, *tcp = ip + (ipv6 ? 40 : 20);
	__u32 l3 = ipv6 ? 40 + be16(ip + 4) : be16(ip + 2), header;

	memset(p, 0, sizeof(*p));
	if ((!ipv6 && be16(f + 12) != 0x0800) || len < 14 + (ipv6 ? 60 : 40) ||
	    ip[ipv6 ? 6 : 9] != 6)
		return false;
	if (!wire_whose(ip + (ipv6 ? 24 : 16), ipv6, &p->row, &p->variant))
		return false;
	header = (tcp[12] >> 4) * 4U;
	p->seq = be32(tcp + 4);
	p->ack = be32(tcp + 8);
	p->flags = tcp[13];
	p->window = (__u16)be16(tcp + 14);
	p->len = l3 - (__u32)(tcp - ip) - header;
	p->first = p->len ? tcp[header] : 0;
	read_stamp(p, tcp + 20, tcp + header);
	return true;
}

static void take_synack(struct play *c, const struct peer *p)
{
	if (c->open || p->ack - (c->wire.conn.isn + 1) > c->script.stream.len)
		return;
	c->open = true;
	c->closed = false;
	c->wire.server_next = p->seq + 1;
	c->una = p->ack;
}

static void take(struct play *c, const struct peer *p)
{
	if (p->stamped)
		c->wire.peer_stamp = p->stamp;
	if (p->flags & TCP_RST) {
		c->closed = true;
		c->end = "rst";
		return;
	}
	if (p->flags & TCP_SYN)
		take_synack(c, p);
	c->window = p->window;
	if ((__s32)(p->ack - c->una) > 0)
		c->una = p->ack;
	if (!c->open || p->seq != c->wire.server_next || p->flags & TCP_SYN)
		return;
	if (p->len && !c->answered)
		c->took = p->first == HANDSHAKE_RECORD;
	c->wire.server_next += p->len;
	c->answered += p->len;
	if (p->flags & TCP_FIN) {
		c->wire.server_next++;
		c->closed = true;
		c->end = "fin";
	}
}

/* ---- steps ---- */

enum progress { GO_ON, WAIT };

static enum progress waited(struct play *c, __u32 ms)
{
	__u64 now = now_ms();

	if (!c->since)
		c->since = now;
	if (now - c->since < ms)
		return WAIT;
	c->since = 0;
	return GO_ON;
}

/* The SYN again, should it have been lost; a server that does not answer ends the play. */
static enum progress await_synack(struct play *c)
{
	__u32 i = c->step;

	if (c->open || c->closed)
		return GO_ON;
	if (waited(c, RETRANSMIT) == WAIT)
		return WAIT;
	if (++c->tries == TRIES) {
		c->closed = true;
		c->end = "no answer";
		return GO_ON;
	}
	while (i && c->script.steps[i].kind != STEP_SYN)
		i--;
	c->wire.conn.isn -= (__u32)c->script.steps[i].at; /* which it adds once more */
	wire_step(&c->wire, &c->script.steps[i]);
	return WAIT;
}

static bool all_taken(const struct play *c)
{
	return (__s32)(c->una - (c->wire.conn.isn + 1 + c->wire.said)) >= 0;
}

/* Other data is only acknowledged; TLS is answered. */
static enum progress await_reply(struct play *c)
{
	bool there = c->script.preamble ? all_taken(c) : c->answered > c->answered_before;

	if (!there && !c->closed && waited(c, PATIENCE) == WAIT)
		return WAIT;
	c->since = 0;
	c->answered_before = c->answered;
	return GO_ON;
}

/* Does the server's window have room for it, and is the window the matter at all? */
static bool fits(const struct play *c, const struct step *step)
{
	__s64 end = step->at + step->len;

	if (!step->len || end <= 2 * MSS || end > (__s64)c->script.stream.len + MSS)
		return true;
	return end <= (__s64)(c->una - c->wire.conn.isn - 1) + c->window;
}

static enum progress do_step(struct play *c, const struct step *step)
{
	switch (step->kind) {
	case STEP_SYN:
		c->open = false;
		break;
	case STEP_SYNACK:
		return await_synack(c);
	case STEP_REPLY:
		return await_reply(c);
	case STEP_SERVER:
		return GO_ON;
	case STEP_PAUSE:
		return waited(c, step->ms);
	case STEP_SEGMENT:
		if (!fits(c, step) && !c->closed && waited(c, PATIENCE) == WAIT)
			return WAIT;
		c->since = 0;
		break;
	}
	wire_step(&c->wire, step);
	return GO_ON;
}

/* At the end of what the server has, so that it believes it. */
static void end_with(struct play *c, __u8 flag)
{
	struct segment end = { .flags = flag | TCP_ACK, .seq = c->una, .ack = c->wire.server_next };

	if (c->open)
		wire_segment(&c->wire, &end);
}

static void end_play(struct play *c)
{
	end_with(c, TCP_RST);
	if (!c->end)
		c->end = c->answered > c->answered_before ? "data" : "silence";
	c->done = true;
}

/* Is there a hello in it that a server would wait for the rest of? */
static bool may_be_silent(const struct play *c)
{
	const struct expect *e = &c->script.expect;

	return e->any || e->classes & (CLASS(truncated) | CLASS_NO_HELLO);
}

/* A server that waits for more learns that there is none, and says what it made of it. */
static void await_end(struct play *c)
{
	bool out_of_patience;

	if (c->closed || (c->answered > c->answered_before && all_taken(c))) {
		end_play(c);
		return;
	}
	out_of_patience = waited(c, PATIENCE) == GO_ON;
	if (c->ending && out_of_patience)
		end_play(c);
	else if (!c->ending && (out_of_patience || (may_be_silent(c) && all_taken(c)))) {
		end_with(c, TCP_FIN);
		c->ending = true;
		c->since = 0;
	}
}

static void go_on(struct play *c)
{
	while (c->step < c->script.count) {
		if (do_step(c, &c->script.steps[c->step]) == WAIT)
			return;
		c->step++;
	}
	await_end(c);
}

/* ---- plays ---- */

static __u16 server_port(const struct script *s)
{
	if (s->preamble)
		return (__u16)(options.base + (s->proxied ? PORT_PROXIED : PORT_PREAMBLE));
	return (__u16)(options.base + (s->fast_open ? PORT_FAST_OPEN : PORT_USUAL));
}

static struct play *begin(const struct row *row, __u32 number, __u32 variant)
{
	struct play *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->row = row;
	c->number = number;
	c->variant = variant;
	row_script(row, variant, &c->script);
	wire_open(&c->wire, &c->script, number, variant);
	c->wire.sink = send_frame;
	c->wire.arg = c;
	c->wire.conn.server_port = server_port(&c->script);
	if (c->script.preamble)
		c->wire.conn.client_port = (__u16)(PREAMBLE_PORT + c->script.preamble);
	return c;
}

static bool playable(const struct play *c)
{
	if (options.no_fast_open && c->script.fast_open)
		return false;
	return !(options.no_preamble && c->script.preamble && !c->script.proxied);
}

static void finish(struct play *c)
{
	printf("{\"row\":%u,\"variant\":%u,\"took\":%s,\"end\":\"%s\"}\n", c->number, c->variant,
	       c->took ? "true" : "false", c->end);
	script_free(&c->script);
	free(c);
}

/* ---- all of them ---- */

struct cursor {
	__u32 number, variant;
};

static struct play *next_play(struct cursor *at)
{
	const struct row *row;

	for (; (row = row_at(at->number)); at->number++, at->variant = 0) {
		struct play *c;

		if (row->not_live || fnmatch(options.pattern, row->name, 0) ||
		    at->variant >= row_variants(row))
			continue;
		c = begin(row, at->number, at->variant);
		at->variant = row_next(row, at->variant, options.most);
		if (playable(c))
			return c;
		script_free(&c->script);
		free(c);
		at->variant = row_variants(row);
	}
	return NULL;
}

static struct play *next(struct cursor *at)
{
	if (!options.last)
		return next_play(at);
	return at->number++ ? NULL : begin(row_at(0), LAST_ROW, 0);
}

static void receive(struct play **plays, __u32 count)
{
	static __u8 bytes[FRAME_MAX + sizeof(struct virtio_net_hdr)];
	struct peer p;
	ssize_t n;

	while ((n = recv(options.fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		n -= (ssize_t)sizeof(struct virtio_net_hdr);
		if (!read_frame(&p, bytes + sizeof(struct virtio_net_hdr), n))
			continue;
		for (__u32 i = 0; i < count; i++)
			if (plays[i]->number == p.row && plays[i]->variant == p.variant)
				take(plays[i], &p);
	}
}

/*
 * Until its first TLS byte a flow is a slot, which the next SYN may take, once in
 * a quarter of a million: such a flow is counted as evicted, and is no shape's fault.
 */
static bool settled(const struct play *c)
{
	return c->wire.said > c->script.preamble || c->step >= c->script.count;
}

static bool may_begin(struct play **plays, __u32 count)
{
	return !count || (count < SIDE_BY_SIDE && settled(plays[count - 1]));
}

static void play_all(void)
{
	struct play *plays[SIDE_BY_SIDE];
	struct pollfd ready = { .fd = options.fd, .events = POLLIN };
	struct cursor at = { 0, 0 };
	__u32 count = 0;
	bool more = true;

	while (more || count) {
		while (more && may_begin(plays, count)) {
			plays[count] = next(&at);
			more = plays[count];
			count += more;
			if (more)
				go_on(plays[count - 1]);
		}
		for (__u32 i = 0; i < count; i++) {
			go_on(plays[i]);
			if (!plays[i]->done)
				continue;
			finish(plays[i]);
			memmove(&plays[i], &plays[i + 1], (--count - i) * sizeof(plays[0]));
			i--;
		}
		poll(&ready, 1, 5);
		receive(plays, count);
	}
}

/* ---- start ---- */

/* What one processor hands to veth stays in order, and meets one processor there. */
static void stay_on_one_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		die("sched_setaffinity");
}

static void open_device(void)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct ifreq request = { 0 };
	int yes = 1, room = 32 << 20;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", options.dev);
	options.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (options.fd < 0 || ioctl(options.fd, SIOCGIFHWADDR, &request))
		die(options.dev);
	memcpy(options.mac, request.ifr_hwaddr.sa_data, 6);
	at.sll_ifindex = (int)if_nametoindex(options.dev);
	setsockopt(options.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(options.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof(yes));
	if (setsockopt(options.fd, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof(yes)) ||
	    bind(options.fd, (struct sockaddr *)&at, sizeof(at)))
		die(options.dev);
}

static bool read_mac(const char *text)
{
	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", options.dmac, options.dmac + 1,
		      options.dmac + 2, options.dmac + 3, options.dmac + 4, options.dmac + 5) == 6;
}

static bool read_option(const char *name, const char *value)
{
	if (!strcmp(name, "--dev"))
		options.dev = value;
	else if (!strcmp(name, "--base"))
		options.base = (__u32)strtoul(value, NULL, 10);
	else if (!strcmp(name, "--most"))
		options.most = (__u32)strtoul(value, NULL, 10);
	else if (!strcmp(name, "--rows"))
		options.pattern = value;
	else
		return !strcmp(name, "--dmac") && read_mac(value);
	return true;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--no-preamble")) {
			options.no_preamble = true;
		} else if (!strcmp(argv[i], "--no-fast-open")) {
			options.no_fast_open = true;
		} else if (!strcmp(argv[i], "--last")) {
			options.last = true;
		} else if (i + 1 == argc || !read_option(argv[i], argv[i + 1])) {
			fprintf(stderr, "live: what is '%s'? See the head of live.c\n", argv[i]);
			return 2;
		} else {
			i++;
		}
	}
	if (!options.dev || !options.base || !options.most) {
		fputs("live: --dev, --dmac and --base are needed\n", stderr);
		return 2;
	}
	stay_on_one_cpu();
	open_device();
	play_all();
	return 0;
}
