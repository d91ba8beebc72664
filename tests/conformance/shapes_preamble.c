/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 12: TLS that does not begin its connection.
 */
#include "shape.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What is said before; lengths, since some of it is binary. */
struct line {
	const char *client;
	__u32 client_len;
	const char *server;
	__u32 server_len;
};

#define LINE(client, server)                                                                       \
	{                                                                                          \
		client, sizeof(client) - 1, server, sizeof(server) - 1                             \
	}
#define LINES 4

struct protocol {
	const char *greeting; /* of the server, NULL: none */
	struct line lines[LINES];
	bool proxied; /* a PROXY header: servers read those by themselves */
};

static const struct protocol smtp = { "220 mail.example.com ESMTP\r\n",
				      { LINE("EHLO client.example\r\n",
					     "250-mail.example.com\r\n250 STARTTLS\r\n"),
					LINE("STARTTLS\r\n", "220 go ahead\r\n") } };
static const struct protocol imap = { "* OK ready\r\n",
				      { LINE("a1 CAPABILITY\r\n",
					     "* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK\r\n"),
					LINE("a2 STARTTLS\r\n", "a2 OK begin\r\n") } };
static const struct protocol pop3 = { "+OK ready\r\n",
				      { LINE("CAPA\r\n", "+OK\r\nSTLS\r\n.\r\n"),
					LINE("STLS\r\n", "+OK begin\r\n") } };
static const struct protocol ftp = { "220 ready\r\n", { LINE("AUTH TLS\r\n", "234 proceed\r\n") } };
/* RFC 4511, section 4.14: an ExtendedRequest with the OID of StartTLS. */
static const struct protocol ldap = {
	NULL,
	{ LINE("\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
	       "1.3.6.1.4.1.1466.20037",
	       "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00") }
};
static const struct protocol xmpp = {
	NULL,
	{ LINE("<?xml version='1.0'?><stream:stream to='example.com' xmlns='jabber:client' "
	       "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
	       "<stream:features><starttls "
	       "xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>"),
	  LINE("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
	       "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") }
};
static const struct protocol postgresql = { NULL, { LINE("\0\0\0\x08\x04\xd2\x16\x2f", "S") } };
/* A server's greeting, and the client's SSLRequest of 32 bytes behind its header. */
static const struct protocol mysql = {
	"\x4a\0\0\0\x0a"
	"8.0.36",
	{ LINE("\x20\0\0\x01\x05\xae\xff\x19\0\0\0\x01\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	       "") }
};
static const struct protocol http_connect = {
	NULL,
	{ LINE("CONNECT shop.example.com:443 HTTP/1.1\r\nHost: shop.example.com:443\r\n\r\n",
	       "HTTP/1.1 200 Connection established\r\n\r\n") }
};
static const struct protocol socks5 = { NULL,
					{ LINE("\x05\x01\x00", "\x05\x00"),
					  LINE("\x05\x01\x00\x03\x10"
					       "shop.example.com"
					       "\x01\xbb",
					       "\x05\x00\x00\x01\0\0\0\0\0\0") } };
static const struct protocol socks4 = {
	NULL, { LINE("\x04\x01\x01\xbb\xc6\x33\x64\x01user\0", "\0\x5a\0\0\0\0\0\0") }
};
static const struct protocol socks4a = {
	NULL, { LINE("\x04\x01\x01\xbb\0\0\0\x01user\0shop.example.com\0", "\0\x5a\0\0\0\0\0\0") }
};
static const struct protocol proxy_v1 = {
	NULL, { LINE("PROXY TCP4 192.0.2.1 198.51.100.1 51234 443\r\n", "") }, true
};
static const struct protocol proxy_v2 = {
	NULL,
	{ LINE("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\xc8\x22\x01\xbb",
	       "") },
	true
};
/* LOCAL, no addresses, as health checks send it. */
static const struct protocol proxy_v2_local = { NULL,
						{ LINE("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", "") },
						true };
/* Addresses of IPv6, and a TLV behind them. */
static const struct protocol proxy_v2_tlv = { NULL,
					      { LINE("\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x2b"
						     "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
						     "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"
						     "\xc8\x22\x01\xbb\x04\0\x04\0\0\0\0",
						     "") },
					      true };

/* A balancer in front of a proxy: two of them, one behind the other. */
static const struct protocol proxy_v1_http_connect = {
	NULL,
	{ LINE("PROXY TCP4 192.0.2.1 198.51.100.1 51234 443\r\n"
	       "CONNECT shop.example.com:443 HTTP/1.1\r\nHost: shop.example.com:443\r\n\r\n",
	       "") }
};
static const struct protocol proxy_v2_socks5 = {
	NULL,
	{ LINE("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x01\xc8\x22\x01\xbb"
	       "\x05\x01\x00\x03\x10"
	       "shop.example.com"
	       "\x01\xbb",
	       "") }
};

/* The lines, and the hello behind them; `together`: the last one and the hello are one segment. */
static void speak(struct script *s, const struct protocol *p, bool together)
{
	__u32 from = 0;

	hello_for(s, SHOP);
	octets_clear(&s->stream);
	connected(s);
	if (p->greeting)
		reply(s, p->greeting, (__u32)strlen(p->greeting));
	for (const struct line *l = p->lines; l < p->lines + LINES && l->client_len; l++) {
		from = s->stream.len;
		put(&s->stream, l->client, l->client_len);
		if (together && (l + 1 == p->lines + LINES || !l[1].client_len))
			break;
		say(s, from, l->client_len);
		if (l->server_len)
			reply(s, l->server, l->server_len);
		from = s->stream.len;
	}
	s->preamble = s->stream.len;
	s->proxied = p->proxied;
	record_put(&s->stream, 22, 0x0301, s->message.at, s->message.len);
	say_in(s, from, MSS);
}

/* A SYN that belongs to no connection, in front of it all, then between client and server. */
static void stray_syn(struct script *s, __u32 variant)
{
	static const char line[] = "EHLO client.example\r\n", start[] = "STARTTLS\r\n";

	hello_for(s, SHOP);
	octets_clear(&s->stream);
	put(&s->stream, line, sizeof(line) - 1);
	put(&s->stream, start, sizeof(start) - 1);
	s->preamble = s->stream.len;
	record_put(&s->stream, 22, 0x0301, s->message.at, s->message.len);
	s->flows = variant ? 3 : 2;
	connected(s);
	if (!variant)
		flag(s, TCP_SYN, 0x10000000);
	say(s, 0, sizeof(line) - 1);
	if (variant)
		flag(s, TCP_SYN, 0x10000000);
	reply(s, "250 STARTTLS\r\n", 14);
	say(s, sizeof(line) - 1, sizeof(start) - 1);
	reply(s, "220 go ahead\r\n", 14);
	say_in(s, s->preamble, MSS);
}

#define SPEAKS(word)                                                                               \
	static void after_##word(struct script *s, __u32 variant)                                  \
	{                                                                                          \
		(void)variant;                                                                     \
		speak(s, &word, false);                                                            \
	}
#define SPEAKS_TOGETHER(word)                                                                      \
	static void with_##word(struct script *s, __u32 variant)                                   \
	{                                                                                          \
		(void)variant;                                                                     \
		speak(s, &word, true);                                                             \
	}

SPEAKS(smtp)
SPEAKS(imap)
SPEAKS(pop3)
SPEAKS(ftp)
SPEAKS(ldap)
SPEAKS(xmpp)
SPEAKS(postgresql)
SPEAKS(mysql)
SPEAKS(http_connect)
SPEAKS(socks5)
SPEAKS(socks4)
SPEAKS(proxy_v1)
SPEAKS(proxy_v2)
SPEAKS_TOGETHER(smtp)
SPEAKS_TOGETHER(http_connect)
SPEAKS_TOGETHER(socks5)
SPEAKS_TOGETHER(socks4)
SPEAKS_TOGETHER(socks4a)
SPEAKS_TOGETHER(proxy_v1)
SPEAKS_TOGETHER(proxy_v2)
SPEAKS_TOGETHER(proxy_v2_local)
SPEAKS_TOGETHER(proxy_v2_tlv)
SPEAKS_TOGETHER(proxy_v1_http_connect)
SPEAKS_TOGETHER(proxy_v2_socks5)

/* PROXY and hello in one segment that is cut at some byte of either. */
static void cut(struct script *s, const struct protocol *p, __u32 at)
{
	speak(s, p, true);
	s->count = 3; /* the handshake */
	say(s, 0, at);
	say_in(s, at, MSS);
}

static void proxy_v1_cut(struct script *s, __u32 variant)
{
	cut(s, &proxy_v1, 1 + variant);
}

static void proxy_v2_cut(struct script *s, __u32 variant)
{
	cut(s, &proxy_v2, 1 + variant);
}

static void behind(struct script *s, __u32 bytes)
{
	hello_for(s, SHOP);
	octets_clear(&s->stream);
	for (__u32 i = 0; i < bytes; i++)
		put_be(&s->stream, 1, "GET / HTTP/1.1\r\n"[i & 15]);
	s->preamble = bytes;
	record_put(&s->stream, 22, 0x0301, s->message.at, s->message.len);
	connected(s);
	for (__u32 at = 0; at < bytes; at += MSS)
		say(s, at, bytes - at < MSS ? bytes - at : MSS);
	say_in(s, bytes, MSS);
}

static void within_bound(struct script *s, __u32 variant)
{
	(void)variant;
	behind(s, 60000);
}

static void beyond_bound(struct script *s, __u32 variant)
{
	(void)variant;
	behind(s, 70000);
}

static void no_tls(struct script *s, __u32 variant)
{
	static const char *const texts[] = { "GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n",
					     "SSH-2.0-OpenSSH_9.2p1\r\n", "EHLO client.example\r\n",
					     "\x17\x03\x03" };

	put(&s->stream, texts[variant], (__u32)strlen(texts[variant]));
	connected(s);
	say_all(s);
}

/* What no hello can be; variants: a ServerHello, a message too short, one too long. */
static void lookalike(struct script *s, __u32 variant)
{
	static const struct {
		__u8 at, byte;
	} wrong[] = { { 5, 2 }, { 8, 9 }, { 6, 0x40 } };

	behind(s, 40);
	s->count = 3;
	s->stream.at[40 + wrong[variant].at] = wrong[variant].byte;
	if (variant == 1)
		s->stream.at[40 + 7] = 0;
	say(s, 0, 40);
	say_in(s, 40, MSS);
}

/* Java takes any record version, here as well. */
static void odd_version(struct script *s, __u32 variant)
{
	static const __u16 versions[] = { 0x0400, 0x0201, 0x0903 };

	behind(s, 40);
	s->count = 3;
	patch_be(&s->stream, 41, 2, versions[variant]);
	say(s, 0, 40);
	say_in(s, 40, MSS);
}

#define AFTER                                                                                      \
	{                                                                                          \
		.sni = SHOP, .flags = HG_FLAG(after_other_data)                                    \
	}
#define NOT_TLS                                                                                    \
	{                                                                                          \
		.classes = CLASS(not_tls)                                                          \
	}

/* clang-format off */
static const struct row rows[] = {
	{ "after/smtp", 12, "STARTTLS of SMTP", after_smtp, AFTER },
	{ "after/stray_syn", 12, "STARTTLS of SMTP, and a SYN that belongs to no connection",
	  stray_syn, AFTER, .variants = 2 },
	{ "after/imap", 12, "STARTTLS of IMAP", after_imap, AFTER },
	{ "after/pop3", 12, "STLS of POP3", after_pop3, AFTER },
	{ "after/ftp", 12, "AUTH TLS of FTP", after_ftp, AFTER },
	{ "after/ldap", 12, "StartTLS of LDAP", after_ldap, AFTER },
	{ "after/xmpp", 12, "starttls of XMPP", after_xmpp, AFTER },
	{ "after/postgresql", 12, "SSLRequest of PostgreSQL", after_postgresql, AFTER },
	{ "after/mysql", 12, "SSLRequest of MySQL", after_mysql, AFTER },
	{ "after/http_connect", 12, "HTTP CONNECT", after_http_connect, AFTER },
	{ "after/socks5", 12, "SOCKS 5", after_socks5, AFTER },
	{ "after/socks4", 12, "SOCKS 4", after_socks4, AFTER },
	{ "after/proxy_v1", 12, "PROXY protocol 1", after_proxy_v1, AFTER },
	{ "after/proxy_v2", 12, "PROXY protocol 2", after_proxy_v2, AFTER },
	{ "after/http_connect_same_segment", 12, "HTTP CONNECT and hello in one segment",
	  with_http_connect, AFTER },
	{ "after/socks5_same_segment", 12, "SOCKS 5 request and hello in one segment",
	  with_socks5, AFTER },
	{ "after/socks4_same_segment", 12, "SOCKS 4 request and hello in one segment",
	  with_socks4, AFTER },
	{ "after/socks4a_same_segment", 12, "SOCKS 4a request and hello in one segment",
	  with_socks4a, AFTER },
	{ "after/proxy_v1_same_segment", 12, "PROXY 1 and hello in one segment", with_proxy_v1,
	  AFTER },
	{ "after/proxy_v2_same_segment", 12, "PROXY 2 and hello in one segment", with_proxy_v2,
	  AFTER },
	{ "after/proxy_v2_local", 12, "PROXY 2 LOCAL and hello in one segment",
	  with_proxy_v2_local, AFTER },
	{ "after/proxy_v2_tlv", 12, "PROXY 2 with IPv6 and a TLV, and hello in one segment",
	  with_proxy_v2_tlv, AFTER },
	{ "after/proxy_v1_http_connect", 12, "PROXY 1, HTTP CONNECT and hello in one segment",
	  with_proxy_v1_http_connect, AFTER },
	{ "after/proxy_v2_socks5", 12, "PROXY 2, SOCKS 5 request and hello in one segment",
	  with_proxy_v2_socks5, AFTER },
	{ "after/proxy_v1_cut", 12, "PROXY 1 and hello, cut at every byte", proxy_v1_cut, AFTER,
	  .variants = 300 },
	{ "after/proxy_v2_cut", 12, "PROXY 2 and hello, cut at every byte", proxy_v2_cut, AFTER,
	  .variants = 300 },
	{ "after/starttls_same_segment", 12, "STARTTLS and hello in one segment: not looked for",
	  with_smtp, { .sni = SHOP, .or_class = CLASS(not_tls) },
	  .not_live = "servers forget what came with STARTTLS" },
	{ "after/within_64k", 12, "60,000 bytes of other data", within_bound, AFTER },
	{ "after/beyond_64k", 12, "70,000 bytes of other data: not looked for", beyond_bound,
	  { .sni = SHOP, .or_class = CLASS(not_tls) },
	  .not_live = "beyond the bound, as the row says" },
	{ "after/no_tls", 12, "other protocols, and no hello", no_tls, NOT_TLS, .variants = 4 },
	{ "after/lookalike", 12, "what only looks like a hello, after other data", lookalike,
	  NOT_TLS, .variants = 3 },
	{ "after/odd_record_version", 12, "other data, then record version 0x0400, 0x0201, 0x0903",
	  odd_version, AFTER, .variants = 3 },
};
/* clang-format on */

const struct rows preamble_shapes = { rows, COUNT_OF(rows) };
