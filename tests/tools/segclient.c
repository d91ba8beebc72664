// SPDX-License-Identifier: BSD-2-Clause
/*
 * segclient: a TCP client of its own, over AF_PACKET.
 *
 * It opens connections from an address that the kernel does not hold, cuts a
 * payload into the segments that a script asks for, and says in one JSON line
 * for each connection what came back: above all, whether a RST came and
 * whether a strict RFC 5961 receiver would have taken it.
 *
 *   segclient --dev IF --dmac MAC [--src4 A --dst4 A] [--src6 A --dst6 A]
 *             [--sport FIRST] [--parallel N] [--pcap FILE] < script
 *
 * The script, one statement a line, '#' begins a comment:
 *
 *   payload NAME PART...      PART is hex, or @FILE (raw bytes), concatenated
 *   set KEY=VALUE...          defaults for the lines that follow
 *   conn KEY=VALUE...         one connection
 *   sweep KEY=VALUE...        one for each cut 1..len-1 of the payload, in each
 *                             of orders= (fwd,rev); from= to= step= narrow it.
 *                             ids are <id>.<order>.<cut>
 *
 * Keys:
 *   id=TEXT v=4|6 payload=NAME dport=N sport=N
 *   isn=N|wrap:N|random       wrap:N = 2^32-N: payload byte N-1 (from 0) has
 *                             sequence number 0
 *   cut=A,B,...               cut positions; order=fwd|rev|I,J,K,... sends the
 *                             pieces in that order (an index may repeat)
 *   seg=OFF+LEN[/MOD...]      a scripted segment, repeatable; replaces cut=.
 *                             LEN "-" is "to the end". MODs:
 *       fill=HH  other content        badsum    wrong TCP checksum
 *       ttl=N                         seq=[-]N  sequence number moved by N
 *       noack    no ACK flag          urg=N     URG flag and pointer
 *       oldts    stale timestamp      fin, rst  those flags
 *       frag=N   in IP fragments of N bytes (a multiple of 8); fragr=N reversed
 *       gso=N    one super-packet with segments of N bytes
 *       after=MS sent so long after the one before
 *       acked    sent when the server has acknowledged all bytes before OFF
 *       when=F   sent when file F exists (takes the rest of the argument)
 *   gap=MS                    pause between all segments
 *   ttl=N win=N opts=mss,sack,ws,ts|none  csum=full|partial
 *   vlan=VID | vlan=OUTER,INNER   802.1Q (outer of two: 802.1ad)
 *   ext=hbh,dst,rt            IPv6 extension headers; ipopt=HEX IPv4 options;
 *   exton=all|data            on which packets
 *   syndata=OFF+LEN           data in the SYN
 *   ack=bare|piggy            piggy: no third ACK but the first data segment
 *   want=N                    done when the server sent N bytes (default 1);
 *                             0: when it acknowledged the whole payload
 *   close=fin|rst|none        what ends a connection that is done
 *   timeout=MS (4000)  linger=MS (10; how long to count after a RST)
 *
 * Fields: id v sport handshake, end (rst done timeout refused fin error),
 *   rst, rst_seq, rcv_nxt, exact (rst_seq == rcv_nxt, at its arrival), rst_ack,
 *   ack_ok (within what was sent), rst_flags, win, ttl, ipid, csum
 *   (full|partial|bad), csum_ok (TCP and IP), rst_vlan (-1: none), rst_len
 *   (payload of the RST), rst_count, exact_count, rst_us (since the last
 *   segment that was sent), after_rst (other packets that came later), late_acks
 *   (those of them that are bare ACKs of what was acknowledged before), bytes
 *   (from the server, in order), acked (payload bytes), len, hash (FNV-1a of
 *   the payload).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_SEGS 2048
#define MAX_PAYLOADS 64
#define MAX_FRAME 70000
#define MAX_ARGS 4096
#define NO_VLAN -1

enum { F_FIN = 1, F_SYN = 2, F_RST = 4, F_PSH = 8, F_ACK = 16, F_URG = 32 };
enum { OPT_MSS = 1, OPT_SACK = 2, OPT_WS = 4, OPT_TS = 8 };
enum state { WAITING, SYN_SENT, SENDING, AWAITING, CLOSING, LINGERING, DONE };

struct payload {
	char name[64];
	uint8_t *bytes;
	size_t len;
	uint64_t hash;
};

struct seg {
	uint32_t off, len;
	int32_t seq_shift;
	int fill; /* -1: the payload */
	int ttl;  /* 0: the connection's */
	int urg;  /* -1: none */
	uint32_t after_us, frag, gso;
	bool badsum, noack, oldts, fin, rst, acked, frag_reversed;
	char *when;
};

struct conn {
	/* what the script asks for */
	char id[96];
	const struct payload *payload;
	int v, ttl, opts, vlan[2], want;
	uint16_t dport, sport, win;
	uint32_t isn, gap_us, timeout_us, linger_us, syn_off, syn_len;
	bool partial, piggy, ext_data_only;
	char close, ext[32];
	uint8_t ipopt[40];
	int ipopt_len;
	struct seg *segs;
	int nsegs;

	/* what goes on */
	enum state state;
	int next;
	uint64_t deadline, due, syn_due, last_sent;
	uint32_t snd_nxt, snd_una, rcv_nxt, ts_recent;
	bool peer_fin;
	const char *error;

	/* what is reported */
	const char *end;
	bool handshake, rst, exact, ack_ok;
	uint32_t rst_seq, rst_ack, rst_rcv_nxt, rst_win, bytes;
	int rst_ttl, rst_ipid, rst_flags, rst_vlan, rst_len, rst_count, exact_count, after_rst,
		late_acks;
	uint64_t rst_us;
	const char *csum;
	struct conn *link;
};

struct packet { /* one that came in */
	int v, vlan, ttl, ipid, flags;
	uint16_t sport, dport, win;
	uint32_t seq, ack, len, ts;
	bool has_ts;
	const char *csum;
};

static struct {
	int fd, ifindex, parallel;
	uint8_t smac[6], dmac[6];
	struct in_addr src4, dst4;
	struct in6_addr src6, dst6;
	uint16_t sport;
	FILE *pcap;
	bool have4, have6;
} net = { .sport = 10000, .parallel = 32 };

static struct payload payloads[MAX_PAYLOADS];
static int npayloads;
static struct conn defaults;
static struct conn *first, **last = &first;
static struct conn *by_port[65536];
static int line_no;

static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("segclient: ", stderr);
	if (line_no)
		fprintf(stderr, "line %d: ", line_no);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

static void *xalloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		die("out of memory");
	return p;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

/* --- bytes ------------------------------------------------------------- */

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint32_t sum(const uint8_t *p, size_t n, uint32_t acc)
{
	for (; n > 1; p += 2, n -= 2)
		acc += get16(p);
	if (n)
		acc += *p << 8;
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return acc;
}

static uint64_t fnv1a(const uint8_t *p, size_t n)
{
	uint64_t h = 0xcbf29ce484222325ull;

	while (n--)
		h = (h ^ *p++) * 0x100000001b3ull;
	return h;
}

static int unhex(const char *s, uint8_t *out, int room)
{
	int n = 0;

	for (; s[0] && s[1]; s += 2) {
		unsigned b = 0;

		if (n == room || sscanf(s, "%2x", &b) != 1)
			die("bad hex near '%.8s'", s);
		out[n++] = b;
	}
	if (*s)
		die("odd number of hex digits");
	return n;
}

/* --- building and sending frames ---------------------------------------- */

static void pcap_open(const char *path)
{
	const uint32_t head[] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1 };

	net.pcap = fopen(path, "w");
	if (!net.pcap)
		die("%s: %s", path, strerror(errno));
	fwrite(head, sizeof(head), 1, net.pcap);
}

static void pcap_write(const uint8_t *frame, size_t len)
{
	struct timespec ts;
	uint32_t head[4];

	if (!net.pcap)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	head[0] = ts.tv_sec;
	head[1] = ts.tv_nsec / 1000;
	head[2] = head[3] = len;
	fwrite(head, sizeof(head), 1, net.pcap);
	fwrite(frame, len, 1, net.pcap);
}

static void transmit(struct conn *c, struct virtio_net_hdr *vh, const uint8_t *frame, size_t len)
{
	struct iovec iov[2] = { { vh, sizeof(*vh) }, { (void *)frame, len } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t r;

	while ((r = sendmsg(net.fd, &m, 0)) < 0 && (errno == ENOBUFS || errno == EAGAIN))
		sched_yield();
	if (r < 0)
		c->error = strerrorname_np(errno);
	pcap_write(frame, len);
}

static uint8_t *put_ethernet(const struct conn *c, uint8_t *p)
{
	memcpy(p, net.dmac, 6);
	memcpy(p + 6, net.smac, 6);
	p += 12;
	for (int i = 0; i < 2; i++) {
		if (c->vlan[i] == NO_VLAN)
			continue;
		put16(p, i == 0 && c->vlan[1] != NO_VLAN ? ETH_P_8021AD : ETH_P_8021Q);
		put16(p + 2, c->vlan[i]);
		p += 4;
	}
	put16(p, c->v == 4 ? ETH_P_IP : ETH_P_IPV6);
	return p + 2;
}

/* Extension headers of eight bytes each; *nexthdr is where the first's type goes. */
static uint8_t *put_ext6(const char *list, uint8_t *p, uint8_t *nexthdr)
{
	char copy[32], *save, *word;

	snprintf(copy, sizeof(copy), "%s", list);
	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		memset(p, 0, 8);
		if (!strcmp(word, "rt")) {
			*nexthdr = 43; /* type 0, no segments left */
		} else if (!strcmp(word, "hbh") || !strcmp(word, "dst")) {
			*nexthdr = *word == 'h' ? 0 : 60;
			p[2] = 1; /* PadN over the rest */
			p[3] = 4;
		} else {
			die("unknown extension header '%s'", word);
		}
		nexthdr = p;
		p += 8;
	}
	*nexthdr = IPPROTO_TCP;
	return p;
}

/* Writes an IP header without its lengths; returns where the TCP header begins. */
static uint8_t *put_ip(const struct conn *c, uint8_t *p, int ttl, bool data)
{
	bool ext = data || !c->ext_data_only;
	static uint16_t ipid = 0x4000;
	int olen = ext ? (c->ipopt_len + 3) & ~3 : 0;

	if (c->v == 6) {
		memset(p, 0, 40);
		p[0] = 0x60;
		p[7] = ttl;
		memcpy(p + 8, &net.src6, 16);
		memcpy(p + 24, &net.dst6, 16);
		return put_ext6(ext ? c->ext : "", p + 40, p + 6);
	}
	memset(p, 0, 20 + olen);
	p[0] = 0x40 | (5 + olen / 4);
	put16(p + 4, ipid++);
	p[8] = ttl;
	p[9] = IPPROTO_TCP;
	memcpy(p + 12, &net.src4, 4);
	memcpy(p + 16, &net.dst4, 4);
	if (olen)
		memcpy(p + 20, c->ipopt, c->ipopt_len);
	return p + 20 + olen;
}

static uint8_t *put_tcp_options(const struct conn *c, uint8_t *p, bool syn, bool oldts)
{
	uint8_t *start = p;

	if (syn && c->opts & OPT_MSS) {
		put32(p, 0x02040000 | (c->v == 4 ? 1460 : 1440));
		p += 4;
	}
	if (syn && c->opts & OPT_SACK) {
		*p++ = 4;
		*p++ = 2;
	}
	if (c->opts & OPT_TS) {
		*p++ = 8;
		*p++ = 10;
		put32(p, (uint32_t)(now_us() / 1000) - (oldts ? 0x10000000 : 0));
		put32(p + 4, c->ts_recent);
		p += 8;
	}
	if (syn && c->opts & OPT_WS) {
		*p++ = 3;
		*p++ = 3;
		*p++ = 7;
	}
	while ((p - start) & 3)
		*p++ = 1;
	return p;
}

static uint32_t pseudo_sum(const struct conn *c, uint32_t l4len)
{
	uint32_t acc = IPPROTO_TCP + l4len;

	if (c->v == 4)
		return sum((uint8_t *)&net.dst4, 4, sum((uint8_t *)&net.src4, 4, acc));
	return sum((uint8_t *)&net.dst6, 16, sum((uint8_t *)&net.src6, 16, acc));
}

static void finish_ip(const struct conn *c, uint8_t *ip, uint8_t *end)
{
	if (c->v == 6) {
		put16(ip + 4, end - ip - 40);
		return;
	}
	put16(ip + 2, end - ip);
	put16(ip + 10, 0);
	put16(ip + 10, ~sum(ip, (ip[0] & 15) * 4, 0));
}

static void finish_tcp(const struct conn *c, const struct seg *s, uint8_t *frame, uint8_t *tcp,
		       uint8_t *end, struct virtio_net_hdr *vh)
{
	uint32_t pseudo = pseudo_sum(c, end - tcp);

	if (!s->badsum && !s->frag && (c->partial || s->gso)) {
		vh->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		vh->csum_start = tcp - frame;
		vh->csum_offset = 16;
		put16(tcp + 16, pseudo);
	} else {
		put16(tcp + 16, ~sum(tcp, end - tcp, pseudo) ^ (s->badsum ? 0x5a5a : 0));
	}
	if (s->gso && end - tcp - (tcp[12] >> 4) * 4 > s->gso) {
		vh->gso_type = c->v == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
		vh->gso_size = s->gso;
		vh->hdr_len = tcp - frame + (tcp[12] >> 4) * 4;
	}
}

/* Sends ip..end in fragments of s->frag bytes of its transport part. */
static void transmit_fragments(struct conn *c, const struct seg *s, const uint8_t *frame,
			       uint8_t *ip, uint8_t *tcp, uint8_t *end)
{
	static uint32_t ident = 0x1000;
	struct virtio_net_hdr vh = { 0 };
	uint8_t out[2048];
	int head = tcp - frame, total = end - tcp, pieces = (total + s->frag - 1) / s->frag;

	if (head + 8 + s->frag > sizeof(out))
		die("frag=%u is too large", s->frag);
	ident++;
	for (int i = 0; i < pieces; i++) {
		int piece = s->frag_reversed ? pieces - 1 - i : i, off = piece * (int)s->frag;
		int n = total - off < (int)s->frag ? total - off : (int)s->frag;
		bool more = off + n < total;
		uint8_t *oip = out + (ip - frame), *p = out + head;

		memcpy(out, frame, head);
		if (c->v == 4) {
			put16(oip + 4, ident);
			put16(oip + 6, (off / 8) | (more ? 0x2000 : 0));
		} else {
			uint8_t *next = oip + 6; /* the last header before TCP */

			for (int k = 40; k < tcp - ip; k += 8)
				next = oip + k;
			*next = 44;
			p[0] = IPPROTO_TCP;
			p[1] = 0;
			put16(p + 2, off | more);
			put32(p + 4, ident);
			p += 8;
		}
		memcpy(p, tcp + off, n);
		finish_ip(c, oip, p + n);
		transmit(c, &vh, out, p + n - out);
	}
}

static void send_tcp(struct conn *c, const struct seg *s, uint32_t seq, int flags,
		     const uint8_t *data, uint32_t len)
{
	static uint8_t frame[MAX_FRAME];
	struct virtio_net_hdr vh = { 0 };
	uint8_t *ip = put_ethernet(c, frame);
	uint8_t *tcp = put_ip(c, ip, s->ttl ? s->ttl : c->ttl, len > 0);
	uint8_t *body = put_tcp_options(c, tcp + 20, flags & F_SYN, s->oldts), *end = body + len;

	if (s->urg >= 0)
		flags |= F_URG;
	memset(tcp, 0, 20);
	put16(tcp, c->sport);
	put16(tcp + 2, c->dport);
	put32(tcp + 4, seq);
	if (flags & F_ACK)
		put32(tcp + 8, c->rcv_nxt);
	tcp[12] = (body - tcp) / 4 << 4;
	tcp[13] = flags;
	put16(tcp + 14, c->win);
	put16(tcp + 18, s->urg >= 0 ? s->urg : 0);
	if (s->fill >= 0)
		memset(body, s->fill, len);
	else if (len)
		memcpy(body, data, len);
	finish_ip(c, ip, end);
	finish_tcp(c, s, frame, tcp, end, &vh);
	if (s->frag)
		transmit_fragments(c, s, frame, ip, tcp, end);
	else
		transmit(c, &vh, frame, end - frame);
}

static const struct seg plain = { .fill = -1, .urg = -1 };

static void send_bare(struct conn *c, uint32_t seq, int flags)
{
	send_tcp(c, &plain, seq, flags, NULL, 0);
}

static void send_syn(struct conn *c)
{
	const uint8_t *data = c->payload ? c->payload->bytes + c->syn_off : NULL;

	send_tcp(c, &plain, c->isn, F_SYN, data, c->syn_len);
	c->syn_due = now_us() + 250000;
}

static void send_segment(struct conn *c, const struct seg *s)
{
	uint32_t seq = c->isn + 1 + s->off + s->seq_shift;
	uint32_t end = c->isn + 1 + s->off + s->len + s->fin;
	int flags = (s->noack ? 0 : F_ACK) | (s->len ? F_PSH : 0);

	flags |= (s->fin ? F_FIN : 0) | (s->rst ? F_RST : 0);
	send_tcp(c, s, seq, flags, c->payload->bytes + s->off, s->len);
	if ((int32_t)(end - c->snd_nxt) > 0)
		c->snd_nxt = end;
	c->last_sent = now_us();
}

/* --- receiving ----------------------------------------------------------- */

static int frame_vlan(const struct msghdr *m)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR((struct msghdr *)m, h)) {
		struct tpacket_auxdata aux;

		if (h->cmsg_level != SOL_PACKET || h->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(h), sizeof(aux));
		if (aux.tp_status & TP_STATUS_VLAN_VALID)
			return aux.tp_vlan_tci & 0xfff;
	}
	return NO_VLAN;
}

/* How good the checksum is of what lies at tcp, len bytes long; ends are the two addresses. */
static const char *tcp_csum(const uint8_t *ends, int alen, const uint8_t *tcp, uint32_t len,
			    bool partial)
{
	uint32_t pseudo = sum(ends, 2 * alen, IPPROTO_TCP + len);

	if (partial)
		return get16(tcp + 16) == pseudo ? "partial" : "bad";
	return sum(tcp, len, pseudo) == 0xffff ? "full" : "bad";
}

static void read_timestamp(struct packet *p, const uint8_t *opt, int len)
{
	while (len > 0 && *opt) {
		int n = *opt == 1 ? 1 : len > 1 ? opt[1] : 0;

		if (n < 1 || n > len)
			return;
		if (*opt == 8 && n == 10) {
			p->has_ts = true;
			p->ts = get32(opt + 2);
		}
		opt += n;
		len -= n;
	}
}

static bool parse_tcp(struct packet *p, const uint8_t *ends, int alen, const uint8_t *tcp, int len,
		      bool partial, bool ip_ok)
{
	int doff;

	if (len < 20 || (doff = (tcp[12] >> 4) * 4) < 20 || doff > len)
		return false;
	p->sport = get16(tcp);
	p->dport = get16(tcp + 2);
	p->seq = get32(tcp + 4);
	p->ack = get32(tcp + 8);
	p->flags = tcp[13];
	p->win = get16(tcp + 14);
	p->len = len - doff;
	p->csum = ip_ok ? tcp_csum(ends, alen, tcp, len, partial) : "bad";
	read_timestamp(p, tcp + 20, doff - 20);
	return true;
}

static bool parse_frame(struct packet *p, const uint8_t *f, int len, bool partial)
{
	int type, l2 = 14;

	if (len < 14)
		return false;
	type = get16(f + 12);
	while ((type == ETH_P_8021Q || type == ETH_P_8021AD) && len >= l2 + 4) {
		p->vlan = get16(f + l2) & 0xfff;
		type = get16(f + l2 + 2);
		l2 += 4;
	}
	f += l2;
	len -= l2;
	if (type == ETH_P_IP && len >= 20 && f[9] == IPPROTO_TCP) {
		int ihl = (f[0] & 15) * 4, total = get16(f + 2);

		if (ihl < 20 || total < ihl || total > len)
			return false;
		p->v = 4;
		p->ttl = f[8];
		p->ipid = get16(f + 4);
		return parse_tcp(p, f + 12, 4, f + ihl, total - ihl, partial,
				 sum(f, ihl, 0) == 0xffff);
	}
	if (type == ETH_P_IPV6 && len >= 40 && f[6] == IPPROTO_TCP && get16(f + 4) <= len - 40) {
		p->v = 6;
		p->ttl = f[7];
		p->ipid = -1;
		return parse_tcp(p, f + 8, 16, f + 40, get16(f + 4), partial, true);
	}
	return false;
}

static void finish(struct conn *c, const char *end)
{
	if (!c->end)
		c->end = end;
	c->state = DONE;
}

static void take_rst(struct conn *c, const struct packet *p)
{
	uint64_t now = now_us();

	c->rst_count++;
	c->exact_count += p->seq == c->rcv_nxt;
	if (c->rst)
		return;
	c->rst = true;
	c->rst_seq = p->seq;
	c->rst_rcv_nxt = c->rcv_nxt;
	c->exact = p->seq == c->rcv_nxt;
	c->rst_ack = p->ack;
	c->ack_ok = !(p->flags & F_ACK) ||
		    ((int32_t)(p->ack - c->isn) > 0 && (int32_t)(p->ack - c->snd_nxt) <= 0);
	c->rst_flags = p->flags;
	c->rst_win = p->win;
	c->rst_ttl = p->ttl;
	c->rst_ipid = p->ipid;
	c->rst_vlan = p->vlan;
	c->rst_len = p->len;
	c->csum = p->csum;
	c->rst_us = now - c->last_sent;
	c->end = c->handshake ? "rst" : "refused";
	c->state = LINGERING;
	c->deadline = now + c->linger_us;
}

static void start_sending(struct conn *c, const struct packet *p)
{
	c->rcv_nxt = p->seq + 1;
	c->snd_una = p->ack;
	c->snd_nxt = c->isn + 1;
	if ((int32_t)(p->ack - c->snd_nxt) > 0)
		c->snd_nxt = p->ack; /* it took the data of the SYN */
	c->handshake = true;
	c->last_sent = now_us();
	if (!c->piggy || !c->nsegs)
		send_bare(c, c->snd_nxt, F_ACK);
	c->state = SENDING;
	c->due = now_us() + (c->nsegs ? c->segs[0].after_us : 0);
}

static void take_data(struct conn *c, const struct packet *p)
{
	uint32_t end = p->seq + p->len, before = c->rcv_nxt;

	if (p->flags & F_ACK && (int32_t)(p->ack - c->snd_una) > 0)
		c->snd_una = p->ack;
	if (!p->len && !(p->flags & F_FIN))
		return;
	if ((int32_t)(p->seq - c->rcv_nxt) <= 0 && (int32_t)(end - c->rcv_nxt) >= 0) {
		c->bytes += end - c->rcv_nxt;
		c->rcv_nxt = end;
		if (p->flags & F_FIN && !c->peer_fin) {
			c->peer_fin = true;
			c->rcv_nxt++;
		}
	}
	if (c->rcv_nxt != before || p->len)
		send_bare(c, c->snd_nxt, F_ACK);
}

static void take_late(struct conn *c, const struct packet *p)
{
	c->after_rst++;
	c->late_acks += p->flags == F_ACK && !p->len && p->ack == c->snd_una;
}

static void take(struct conn *c, const struct packet *p)
{
	if (p->has_ts && !(p->flags & F_RST))
		c->ts_recent = p->ts;
	if (p->flags & F_RST)
		take_rst(c, p);
	else if (c->state == LINGERING)
		take_late(c, p);
	else if (c->state == SYN_SENT && (p->flags & (F_SYN | F_ACK)) == (F_SYN | F_ACK))
		start_sending(c, p);
	else if (c->state != SYN_SENT)
		take_data(c, p);
}

static void receive_all(void)
{
	static uint8_t frame[MAX_FRAME];
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct virtio_net_hdr vh;

	for (;;) {
		struct iovec iov[2] = { { &vh, sizeof(vh) }, { frame, sizeof(frame) } };
		struct msghdr m = { .msg_iov = iov,
				    .msg_iovlen = 2,
				    .msg_control = control,
				    .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(net.fd, &m, MSG_DONTWAIT);
		struct packet p = { 0 };
		struct conn *c;

		if (n < 0 && errno == ENETDOWN)
			continue;
		if (n < (ssize_t)sizeof(vh))
			return;
		n -= sizeof(vh);
		p.vlan = frame_vlan(&m);
		if (!parse_frame(&p, frame, n, vh.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
			continue;
		c = by_port[p.dport];
		if (!c || c->v != p.v || c->dport != p.sport)
			continue;
		pcap_write(frame, n);
		take(c, &p);
	}
}

/* --- a connection's life -------------------------------------------------- */

static void start(struct conn *c)
{
	uint64_t now = now_us();

	if (!c->sport) {
		while (by_port[net.sport])
			if (++net.sport < 1024)
				net.sport = 1024;
		c->sport = net.sport;
		if (++net.sport < 1024)
			net.sport = 1024;
	}
	by_port[c->sport] = c;
	c->deadline = now + c->timeout_us;
	c->last_sent = now;
	c->snd_nxt = c->isn + 1;
	c->state = SYN_SENT;
	send_syn(c);
}

static bool may_send(const struct conn *c, const struct seg *s, uint64_t now)
{
	if (now < c->due)
		return false;
	if (s->acked && (int32_t)(c->snd_una - (c->isn + 1 + s->off)) < 0)
		return false;
	return !s->when || !access(s->when, F_OK);
}

static void send_what_is_due(struct conn *c, uint64_t now)
{
	while (c->next < c->nsegs && may_send(c, &c->segs[c->next], now)) {
		send_segment(c, &c->segs[c->next++]);
		if (c->next < c->nsegs) {
			uint32_t pause = c->segs[c->next].after_us;

			c->due = now + (pause ? pause : c->gap_us);
		}
	}
	if (c->next == c->nsegs)
		c->state = AWAITING;
}

static bool satisfied(const struct conn *c)
{
	uint32_t all = c->isn + 1 + (c->payload ? c->payload->len : 0);

	return c->want ? c->bytes >= (uint32_t)c->want : (int32_t)(c->snd_una - all) >= 0;
}

static void close_conn(struct conn *c, uint64_t now)
{
	c->end = "done";
	if (c->close == 'r')
		send_bare(c, c->snd_nxt, F_RST | F_ACK);
	if (c->close != 'f') {
		c->state = DONE;
		return;
	}
	send_bare(c, c->snd_nxt++, F_FIN | F_ACK);
	c->state = CLOSING;
	c->deadline = now + 4000000;
}

static void advance(struct conn *c)
{
	uint64_t now = now_us();

	if (c->state == SYN_SENT && now >= c->syn_due)
		send_syn(c);
	if (c->state == SENDING)
		send_what_is_due(c, now);
	if (c->error)
		finish(c, "error");
	else if (c->state == AWAITING && satisfied(c))
		close_conn(c, now);
	else if (c->state == AWAITING && c->peer_fin)
		finish(c, "fin");
	else if (c->state == CLOSING && c->peer_fin)
		finish(c, "done");
	else if (now >= c->deadline)
		finish(c, "timeout");
}

static uint64_t wakes_at(const struct conn *c)
{
	uint64_t t = c->deadline, now;

	if (c->state == SYN_SENT && c->syn_due < t)
		t = c->syn_due;
	if (c->state != SENDING)
		return t;
	if (c->due < t)
		t = c->due;
	now = now_us(); /* waiting for an ACK wakes by itself, a file is polled */
	if (t <= now)
		t = c->segs[c->next].when ? now + 2000 : now + 20000;
	return t;
}

static void report(const struct conn *c)
{
	const struct payload *p = c->payload;
	uint32_t acked = c->handshake ? c->snd_una - c->isn - 1 : 0, len = p ? p->len : 0;

	printf("{\"id\":\"%s\",\"v\":%d,\"sport\":%u,\"dport\":%u,\"handshake\":%s,\"end\":\"%s\"",
	       c->id, c->v, c->sport, c->dport, c->handshake ? "true" : "false", c->end);
	if (c->error)
		printf(",\"error\":\"%s\"", c->error);
	printf(",\"bytes\":%u,\"acked\":%u,\"len\":%u,\"hash\":\"%016llx\",\"rst\":%s", c->bytes,
	       acked > len ? len : acked, len, p ? (unsigned long long)p->hash : 0,
	       c->rst ? "true" : "false");
	if (c->rst) {
		bool ok = *c->csum != 'b';

		printf(",\"rst_seq\":%u,\"rcv_nxt\":%u,\"exact\":%s,\"rst_ack\":%u,\"ack_ok\":%s",
		       c->rst_seq, c->rst_rcv_nxt, c->exact ? "true" : "false", c->rst_ack,
		       c->ack_ok ? "true" : "false");
		printf(",\"rst_flags\":\"%s%s%s%s\",\"win\":%u,\"ttl\":%d,\"ipid\":%d,\"csum\":\"%s\"",
		       c->rst_flags & F_RST ? "R" : "", c->rst_flags & F_ACK ? "A" : "",
		       c->rst_flags & F_PSH ? "P" : "", c->rst_flags & F_FIN ? "F" : "", c->rst_win,
		       c->rst_ttl, c->rst_ipid, c->csum);
		printf(",\"csum_ok\":%s,\"rst_vlan\":%d,\"rst_len\":%d,\"rst_us\":%llu",
		       ok ? "true" : "false", c->rst_vlan, c->rst_len,
		       (unsigned long long)c->rst_us);
	}
	printf(",\"rst_count\":%d,\"exact_count\":%d,\"after_rst\":%d,\"late_acks\":%d}\n",
	       c->rst_count, c->exact_count, c->after_rst, c->late_acks);
}

static void wait_for_packets(struct conn **active, int n)
{
	uint64_t now = now_us(), t = now + 100000;
	struct pollfd pfd = { .fd = net.fd, .events = POLLIN };
	struct timespec ts;

	for (int i = 0; i < n; i++)
		if (wakes_at(active[i]) < t)
			t = wakes_at(active[i]);
	t = t > now ? t - now : 0;
	ts.tv_sec = t / 1000000;
	ts.tv_nsec = t % 1000000 * 1000;
	ppoll(&pfd, 1, &ts, NULL);
}

static void run(void)
{
	struct conn **active = xalloc(net.parallel * sizeof(*active)), *queue = first;
	int n = 0;

	while (queue || n) {
		/* a port that is in use waits: "the same 4-tuple again" runs one after the other */
		while (queue && n < net.parallel && !(queue->sport && by_port[queue->sport])) {
			active[n++] = queue;
			start(queue);
			queue = queue->link;
		}
		receive_all();
		for (int i = 0; i < n; i++) {
			advance(active[i]);
			if (active[i]->state != DONE)
				continue;
			report(active[i]);
			by_port[active[i]->sport] = NULL;
			active[i--] = active[--n];
		}
		fflush(stdout);
		if (n)
			wait_for_packets(active, n);
	}
	free(active);
}

/* --- the script ------------------------------------------------------------ */

static uint32_t number(const char *s, uint32_t max)
{
	char *end;
	unsigned long long v = strtoull(s, &end, 0);

	if (end == s || *end || v > max)
		die("bad number '%s'", s);
	return v;
}

static const struct payload *find_payload(const char *name)
{
	for (int i = 0; i < npayloads; i++)
		if (!strcmp(payloads[i].name, name))
			return &payloads[i];
	die("no payload '%s'", name);
	return NULL;
}

static void append_part(struct payload *p, const char *part)
{
	size_t room = *part == '@' ? 1 << 20 : strlen(part) / 2;
	FILE *f;

	p->bytes = realloc(p->bytes, p->len + room + 1);
	if (!p->bytes)
		die("out of memory");
	if (*part != '@') {
		p->len += unhex(part, p->bytes + p->len, room);
		return;
	}
	f = fopen(part + 1, "r");
	if (!f)
		die("%s: %s", part + 1, strerror(errno));
	p->len += fread(p->bytes + p->len, 1, room, f);
	fclose(f);
}

static void define_payload(char **args, int n)
{
	struct payload *p = &payloads[npayloads++];

	if (npayloads == MAX_PAYLOADS || n < 2)
		die("payload NAME PART...");
	snprintf(p->name, sizeof(p->name), "%s", args[0]);
	for (int i = 1; i < n; i++)
		append_part(p, args[i]);
	p->hash = fnv1a(p->bytes, p->len);
}

static void parse_range(const struct payload *p, char *s, uint32_t *off, uint32_t *len)
{
	char *plus = strchr(s, '+');

	if (!plus || !p)
		die("OFF+LEN wanted, after payload=: '%s'", s);
	*plus = 0;
	*off = number(s, p->len);
	*len = strcmp(plus + 1, "-") ? number(plus + 1, p->len - *off) : p->len - *off;
}

static void parse_mod(struct seg *s, char *mod)
{
	char *value = strchr(mod, '=');

	if (value)
		*value++ = 0;
	if (!strcmp(mod, "badsum"))
		s->badsum = true;
	else if (!strcmp(mod, "noack"))
		s->noack = true;
	else if (!strcmp(mod, "oldts"))
		s->oldts = true;
	else if (!strcmp(mod, "fin"))
		s->fin = true;
	else if (!strcmp(mod, "rst"))
		s->rst = true;
	else if (!strcmp(mod, "acked"))
		s->acked = true;
	else if (!value)
		die("unknown segment mod '%s'", mod);
	else if (!strcmp(mod, "fill"))
		s->fill = strtol(value, NULL, 16) & 255;
	else if (!strcmp(mod, "ttl"))
		s->ttl = number(value, 255);
	else if (!strcmp(mod, "seq"))
		s->seq_shift = strtol(value, NULL, 0);
	else if (!strcmp(mod, "urg"))
		s->urg = number(value, 65535);
	else if (!strcmp(mod, "after"))
		s->after_us = number(value, 600000) * 1000;
	else if (!strcmp(mod, "gso"))
		s->gso = number(value, 65535);
	else if (!strcmp(mod, "frag") || !strcmp(mod, "fragr")) {
		s->frag = number(value, 1480) & ~7u;
		s->frag_reversed = mod[4];
	} else
		die("unknown segment mod '%s'", mod);
}

static struct seg *add_seg(struct conn *c)
{
	struct seg *s;

	if (!c->segs)
		c->segs = xalloc(MAX_SEGS * sizeof(*c->segs));
	if (c->nsegs == MAX_SEGS)
		die("more than %d segments", MAX_SEGS);
	s = &c->segs[c->nsegs++];
	*s = plain;
	return s;
}

static void parse_seg(struct conn *c, char *spec)
{
	struct seg *s = add_seg(c);
	char *when = strstr(spec, "/when="), *save, *word;

	if (when) {
		s->when = strdup(when + 6);
		*when = 0;
	}
	word = strtok_r(spec, "/", &save);
	parse_range(c->payload, word, &s->off, &s->len);
	while ((word = strtok_r(NULL, "/", &save)))
		parse_mod(s, word);
}

static int parse_opts(const char *list)
{
	return (strstr(list, "mss") ? OPT_MSS : 0) | (strstr(list, "sack") ? OPT_SACK : 0) |
	       (strstr(list, "ws") ? OPT_WS : 0) | (strstr(list, "ts") ? OPT_TS : 0);
}

static uint32_t parse_isn(const char *s)
{
	uint32_t v;

	if (!strncmp(s, "wrap:", 5))
		return -number(s + 5, UINT32_MAX);
	if (strcmp(s, "random"))
		return number(s, UINT32_MAX);
	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		die("getrandom");
	return v;
}

/* What a script line asks for beyond the fields of the connection. */
struct wish {
	char cut[4096], order[4096], orders[64], isn[32];
	uint32_t from, to, step;
};

static bool parse_wish(struct wish *w, const char *key, const char *value)
{
	if (!strcmp(key, "cut"))
		snprintf(w->cut, sizeof(w->cut), "%s", value);
	else if (!strcmp(key, "order"))
		snprintf(w->order, sizeof(w->order), "%s", value);
	else if (!strcmp(key, "orders"))
		snprintf(w->orders, sizeof(w->orders), "%s", value);
	else if (!strcmp(key, "isn"))
		snprintf(w->isn, sizeof(w->isn), "%s", value);
	else if (!strcmp(key, "from"))
		w->from = number(value, UINT32_MAX);
	else if (!strcmp(key, "to"))
		w->to = number(value, UINT32_MAX);
	else if (!strcmp(key, "step"))
		w->step = number(value, UINT32_MAX);
	else
		return false;
	return true;
}

static bool parse_net_key(struct conn *c, const char *key, char *value)
{
	if (!strcmp(key, "v"))
		c->v = number(value, 6);
	else if (!strcmp(key, "dport"))
		c->dport = number(value, 65535);
	else if (!strcmp(key, "sport"))
		c->sport = number(value, 65535);
	else if (!strcmp(key, "ttl"))
		c->ttl = number(value, 255);
	else if (!strcmp(key, "win"))
		c->win = number(value, 65535);
	else if (!strcmp(key, "opts"))
		c->opts = parse_opts(value);
	else if (!strcmp(key, "csum"))
		c->partial = !strcmp(value, "partial");
	else if (!strcmp(key, "ext"))
		snprintf(c->ext, sizeof(c->ext), "%s", value);
	else if (!strcmp(key, "exton"))
		c->ext_data_only = !strcmp(value, "data");
	else if (!strcmp(key, "ipopt"))
		c->ipopt_len = unhex(value, c->ipopt, sizeof(c->ipopt));
	else if (!strcmp(key, "vlan")) {
		char *inner = strchr(value, ',');

		if (inner)
			*inner++ = 0;
		c->vlan[0] = number(value, 65535);
		c->vlan[1] = inner ? (int)number(inner, 65535) : NO_VLAN;
	} else
		return false;
	return true;
}

static bool parse_life_key(struct conn *c, const char *key, char *value)
{
	if (!strcmp(key, "id"))
		snprintf(c->id, sizeof(c->id), "%s", value);
	else if (!strcmp(key, "payload"))
		c->payload = find_payload(value);
	else if (!strcmp(key, "seg"))
		parse_seg(c, value);
	else if (!strcmp(key, "syndata"))
		parse_range(c->payload, value, &c->syn_off, &c->syn_len);
	else if (!strcmp(key, "ack"))
		c->piggy = !strcmp(value, "piggy");
	else if (!strcmp(key, "gap"))
		c->gap_us = number(value, 600000) * 1000;
	else if (!strcmp(key, "want"))
		c->want = number(value, INT32_MAX);
	else if (!strcmp(key, "close"))
		c->close = *value;
	else if (!strcmp(key, "timeout"))
		c->timeout_us = number(value, 600000) * 1000;
	else if (!strcmp(key, "linger"))
		c->linger_us = number(value, 600000) * 1000;
	else
		return false;
	return true;
}

static void parse_keys(struct conn *c, struct wish *w, char **args, int n)
{
	for (int i = 0; i < n; i++) {
		char *value = strchr(args[i], '=');

		if (!value)
			die("KEY=VALUE wanted: '%s'", args[i]);
		*value++ = 0;
		if (!parse_wish(w, args[i], value) && !parse_net_key(c, args[i], value) &&
		    !parse_life_key(c, args[i], value))
			die("unknown key '%s'", args[i]);
	}
}

static void add_piece(struct conn *c, const uint32_t *cuts, int i)
{
	struct seg *s = add_seg(c);

	s->off = cuts[i];
	s->len = cuts[i + 1] - cuts[i];
}

/* Turns cut= and order= into segments. */
static void cut_payload(struct conn *c, const struct wish *w)
{
	static uint32_t cuts[MAX_SEGS + 2];
	char copy[4096], *save, *word;
	int n = 1;

	snprintf(copy, sizeof(copy), "%s", w->cut);
	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		cuts[n] = number(word, c->payload->len);
		if (cuts[n] <= cuts[n - 1] || n >= MAX_SEGS)
			die("cuts must rise: '%s'", w->cut);
		n++;
	}
	cuts[n] = c->payload->len;
	if (!*w->order || !strcmp(w->order, "fwd")) {
		for (int i = 0; i < n; i++)
			add_piece(c, cuts, i);
	} else if (!strcmp(w->order, "rev")) {
		for (int i = n; i--;)
			add_piece(c, cuts, i);
	} else {
		snprintf(copy, sizeof(copy), "%s", w->order);
		for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save))
			add_piece(c, cuts, number(word, n - 1));
	}
}

static void enqueue(const struct conn *proto, const struct wish *w)
{
	struct conn *c = xalloc(sizeof(*c));

	*c = *proto;
	c->isn = parse_isn(*w->isn ? w->isn : "random");
	if ((c->v == 4 && !net.have4) || (c->v == 6 && !net.have6))
		die("no --src%d and --dst%d", c->v, c->v);
	if (c->payload && !c->nsegs)
		cut_payload(c, w);
	if (c->segs) /* keep what is used: a sweep makes thousands */
		c->segs = realloc(c->segs, c->nsegs * sizeof(*c->segs));
	*last = c;
	last = &c->link;
}

static void sweep(struct conn *proto, struct wish *w)
{
	char base[sizeof(proto->id)], copy[64], *save, *order;
	uint32_t len;

	if (!proto->payload)
		die("sweep without payload=");
	len = proto->payload->len;
	snprintf(base, sizeof(base), "%.60s", proto->id);
	snprintf(copy, sizeof(copy), "%s", *w->orders ? w->orders : "fwd,rev");
	for (order = strtok_r(copy, ",", &save); order; order = strtok_r(NULL, ",", &save))
		for (uint32_t k = w->from ? w->from : 1; k < len && (!w->to || k <= w->to);
		     k += w->step ? w->step : 1) {
			snprintf(w->cut, sizeof(w->cut), "%u", k);
			snprintf(w->order, sizeof(w->order), "%s", order);
			snprintf(proto->id, sizeof(proto->id), "%.60s.%.8s.%u", base, order, k);
			enqueue(proto, w);
		}
}

static void run_line(char *line)
{
	static struct wish default_wish;
	static char *args[MAX_ARGS];
	struct conn c = defaults;
	struct wish w = default_wish;
	char *save, *verb, *hash = strchr(line, '#');
	int n = 0;

	if (hash)
		*hash = 0;
	verb = strtok_r(line, " \t\r\n", &save);
	if (!verb)
		return;
	while (n < MAX_ARGS && (args[n] = strtok_r(NULL, " \t\r\n", &save)))
		n++;
	if (!strcmp(verb, "payload")) {
		define_payload(args, n);
		return;
	}
	parse_keys(&c, &w, args, n);
	if (c.segs && strcmp(verb, "conn"))
		die("seg= belongs to conn");
	if (!strcmp(verb, "set")) {
		defaults = c;
		default_wish = w;
	} else if (!strcmp(verb, "conn"))
		enqueue(&c, &w);
	else if (!strcmp(verb, "sweep"))
		sweep(&c, &w);
	else
		die("unknown statement '%s'", verb);
}

static void read_script(void)
{
	char *line = NULL;
	size_t room = 0;

	defaults = (struct conn){ .id = "-",
				  .v = 4,
				  .dport = 443,
				  .ttl = 64,
				  .win = 65535,
				  .opts = OPT_MSS | OPT_SACK | OPT_TS,
				  .want = 1,
				  .close = 'f',
				  .timeout_us = 4000000,
				  .linger_us = 10000,
				  .vlan = { NO_VLAN, NO_VLAN } };
	for (line_no = 1; getline(&line, &room, stdin) >= 0; line_no++)
		run_line(line);
	line_no = 0;
	free(line);
}

/* --- start ------------------------------------------------------------------ */

static void parse_mac(const char *s, uint8_t *mac)
{
	if (sscanf(s, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4,
		   mac + 5) != 6)
		die("bad MAC address '%s'", s);
}

static void open_socket(const char *dev)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int one = 1, room = 32 << 20;
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	net.fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (net.fd < 0)
		die("AF_PACKET: %s", strerror(errno));
	if (ioctl(net.fd, SIOCGIFHWADDR, &ifr) < 0)
		die("%s: %s", dev, strerror(errno));
	memcpy(net.smac, ifr.ifr_hwaddr.sa_data, 6);
	sll.sll_ifindex = if_nametoindex(dev);
	setsockopt(net.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (setsockopt(net.fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) ||
	    setsockopt(net.fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) ||
	    setsockopt(net.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    bind(net.fd, (struct sockaddr *)&sll, sizeof(sll)))
		die("%s: %s", dev, strerror(errno));
}

/* One CPU: what one core hands to veth stays in order. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void parse_args(int argc, char **argv, const char **dev)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		const char *o = argv[i], *v = argv[i + 1];

		if (!strcmp(o, "--dev"))
			*dev = v;
		else if (!strcmp(o, "--dmac"))
			parse_mac(v, net.dmac);
		else if (!strcmp(o, "--src4"))
			net.have4 = inet_pton(AF_INET, v, &net.src4) == 1;
		else if (!strcmp(o, "--dst4"))
			inet_pton(AF_INET, v, &net.dst4);
		else if (!strcmp(o, "--src6"))
			net.have6 = inet_pton(AF_INET6, v, &net.src6) == 1;
		else if (!strcmp(o, "--dst6"))
			inet_pton(AF_INET6, v, &net.dst6);
		else if (!strcmp(o, "--sport"))
			net.sport = number(v, 65535);
		else if (!strcmp(o, "--parallel"))
			net.parallel = number(v, 4096);
		else if (!strcmp(o, "--pcap"))
			pcap_open(v);
		else
			die("unknown option '%s'", o);
	}
	if (!*dev || argc % 2 == 0 || !net.parallel)
		die("--dev IF --dmac MAC [--src4 A --dst4 A] [--src6 A --dst6 A] < script");
}

int main(int argc, char **argv)
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);
	const char *dev = NULL;

	parse_args(argc, argv, &dev);
	stay_on_one_cpu();
	open_socket(dev);
	read_script();
	run();
	getsockopt(net.fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	if (stats.tp_drops)
		fprintf(stderr, "segclient: the capture socket lost %u packets\n", stats.tp_drops);
	if (net.pcap && fclose(net.pcap))
		die("pcap: %s", strerror(errno));
	return stats.tp_drops ? 1 : 0;
}
