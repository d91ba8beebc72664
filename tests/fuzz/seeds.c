/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seeds: what the fuzzers begin with, made of our own generators: hellos of all
 * kinds in records, and both sides of handshakes between OpenSSL and itself.
 *
 *   seeds DIRECTORY: a file each in DIRECTORY/TARGET
 */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../../include/event.h"
#include "../wire/frames.h"
#include "../wire/hellos.h"
#include "read_path.h"
#include "../kernel/tap.h"

struct tap tap;

static const char *directory;

static FILE *seed_open(const char *target, const char *name, unsigned int number)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, target);
	if (mkdir(path, 0777) && errno != EEXIST)
		tap_bail("%s: %s", path, strerror(errno));
	snprintf(path, sizeof(path), "%s/%s/%s-%u", directory, target, name, number);
	f = fopen(path, "w");
	if (!f)
		tap_bail("%s: %s", path, strerror(errno));
	return f;
}

static void seed(const char *target, const char *name, unsigned int number, const void *bytes,
		 size_t len)
{
	FILE *f = seed_open(target, name, number);

	fwrite(bytes, 1, len, f);
	fclose(f);
}

/* ---- hellos ---- */

static const struct hello_spec hellos[] = {
	{ .sni = "www.example.com" },
	{ .sni = "WWW.Example.COM.",
	  .versions = { 0x0304, 0x0303 },
	  .groups = { 0x001d, 0x0017 },
	  .signatures = { 0x0403, 0x0804 },
	  .key_share = 32,
	  .alpn = "h2",
	  .session_id_len = 32 },
	{ .sni = "a", .ticket = 40, .sni_last = true, .groups = { 0x0017 } },
	{ .sni = "a.example", .sni_twice = "b.example" },
	{ .sni = "under_score.example", .legacy = 0x0301, .session_id_len = 32 },
	{ .sni = "192.0.2.1", .psk = true, .early_data = true, .versions = { 0x0304 } },
	{ .sni = ".", .ech = HELLO_ECH_OUTER },
	{ .sni = "-", .ech = HELLO_ECH_INNER },
	{ .sni = "esni.example", .ech = HELLO_ESNI, .versions = { 0x0a0a, 0x7f1c } },
	{ .no_extensions = true, .legacy = 0x0300 },
	{ .no_ciphers = true, .sni = "c.example" },
	{ .ciphers = { 0x0a0a, 0x1301, 0x000a, 0x00ff, 0x5600 }, .sni = "d.example" },
	{ .ciphers = { 0x0001, 0x0005 }, .extensions = 20 },
	{ .more_ciphers = 60, .groups = { 0x11ec, 0x001d }, .sni = "pq.example" },
	{ .sni_body = "", .sni_body_len = 0, .alpn = "http/1.1" },
	{ .sni_body = "\0\0", .sni_body_len = 2 },
	{ .sni_body = "\0\6\1\0\1x\0\0", .sni_body_len = 8 },
	{ .sni_body = "\0\12\0\0\1a\0\0\1b\0\0", .sni_body_len = 12 },
};

#define HELLOS (sizeof(hellos) / sizeof(hellos[0]))

/* One as it is, and with a head of its own for targets that want one. */
static void seed_stream(const char *name, unsigned int number, const struct octets *stream)
{
	static const __u8 cuts[] = { 0x83, 0, 0, 0, 0, 40, 0, 0, 40, 0, 30, 0, 0, 20, 1, 0 };
	static __u8 with_cuts[OCTETS_MAX + sizeof(cuts)];

	seed("hello", name, number, stream->at, stream->len);
	seed("hello_wide", name, number, stream->at, stream->len);
	seed("openssl", name, number, stream->at, stream->len);
	memcpy(with_cuts, cuts, sizeof(cuts));
	memcpy(with_cuts + sizeof(cuts), stream->at, stream->len);
	seed("stream", name, number, with_cuts, sizeof(cuts) + stream->len);
	with_cuts[sizeof(cuts) - 1] = 0;
	seed("stream", "whole", number, with_cuts + sizeof(cuts) - 1, 1 + stream->len);
}

static void seed_hellos(void)
{
	static const __u32 sizes[] = { 1, 3, 60, 0, 100 };
	static struct octets message, stream;

	for (unsigned int i = 0; i < HELLOS; i++) {
		hello_build(&message, &hellos[i]);
		record_whole(&stream, &message);
		seed_stream("hello", i, &stream);
		records_split(&stream, &message, sizes, 5);
		seed_stream("records", i, &stream);
	}
	hello_sslv2(&stream, 0x0301, 6, 16);
	seed_stream("sslv2", 0, &stream);
	octets_clear(&stream);
	record_put(&stream, 21, 0x0301, "\1\132", 2);
	record_put(&stream, 20, 0x0301, "\1", 1);
	record_put(&stream, 22, 0x0301, message.at, message.len);
	seed_stream("leading", 0, &stream);
}

/* ---- both sides of a handshake, between OpenSSL and itself ---- */

/* What was said, in turn; each piece is one flight. */
struct talk {
	unsigned int pieces;
	struct piece {
		bool from_server;
		unsigned int len;
		__u8 bytes[16384];
	} piece[12];
};

static const struct scene {
	const char *name;
	int version;	       /* of the client, at most */
	int server_min;	       /* 0: any */
	const char *ciphers;   /* of the client; NULL: usual ones */
	bool asks_certificate; /* of the client */
	bool no_server_name;
	const char *groups; /* of the server: another one is a HelloRetryRequest */
} scenes[] = {
	{ "tls12", TLS1_2_VERSION, 0, NULL, false, false, NULL },
	{ "tls13", TLS1_3_VERSION, 0, NULL, false, false, NULL },
	{ "tls11", TLS1_1_VERSION, 0, "ALL:@SECLEVEL=0", false, true, NULL },
	{ "dhe", TLS1_2_VERSION, 0, "DHE:@SECLEVEL=0", false, false, NULL },
	{ "asked12", TLS1_2_VERSION, 0, NULL, true, false, NULL },
	{ "asked13", TLS1_3_VERSION, 0, NULL, true, false, NULL },
	{ "old", TLS1_1_VERSION, TLS1_2_VERSION, "ALL:@SECLEVEL=0", false, false, NULL },
	{ "retry", TLS1_3_VERSION, 0, NULL, false, false, "P-384" },
	{ "no_cipher", TLS1_2_VERSION, 0, "PSK", false, false, NULL },
};

static X509 *certificate(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const __u8 *)"shop.example", -1, -1,
				   0);
	X509_set_issuer_name(x, name);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	X509_gmtime_adj(X509_getm_notBefore(x), -86400);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	X509_sign(x, key, EVP_sha256());
	return x;
}

static SSL_CTX *server_of(const struct scene *s)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = certificate(key);

	SSL_CTX_set_min_proto_version(ctx, s->server_min ? s->server_min : TLS1_VERSION);
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_use_certificate(ctx, x);
	SSL_CTX_use_PrivateKey(ctx, key);
	if (s->asks_certificate)
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	if (s->groups)
		SSL_CTX_set1_groups_list(ctx, s->groups);
	X509_free(x);
	EVP_PKEY_free(key);
	return ctx;
}

static SSL_CTX *client_of(const struct scene *s)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(ctx, s->version);
	SSL_CTX_set_security_level(ctx, 0);
	if (s->ciphers)
		SSL_CTX_set_cipher_list(ctx, s->ciphers);
	return ctx;
}

/* Bring what one side has said to the other. */
static bool carry(struct talk *t, BIO *from, BIO *to, bool from_server)
{
	struct piece *p = &t->piece[t->pieces];
	int n;

	if (t->pieces == sizeof(t->piece) / sizeof(t->piece[0]))
		return false;
	n = BIO_read(from, p->bytes, sizeof(p->bytes));
	if (n <= 0)
		return false;
	p->from_server = from_server;
	p->len = (unsigned int)n;
	t->pieces++;
	BIO_write(to, p->bytes, n);
	return true;
}

static SSL *end_of(SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	return ssl;
}

static void handshake(const struct scene *s, struct talk *t)
{
	SSL_CTX *server_ctx = server_of(s), *client_ctx = client_of(s);
	SSL *server = end_of(server_ctx), *client = end_of(client_ctx);
	bool more = true;

	t->pieces = 0;
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	if (!s->no_server_name)
		SSL_set_tlsext_host_name(client, "shop.example");
	while (more) {
		SSL_do_handshake(client);
		more = carry(t, SSL_get_wbio(client), SSL_get_rbio(server), false);
		SSL_do_handshake(server);
		more |= carry(t, SSL_get_wbio(server), SSL_get_rbio(client), true);
	}
	SSL_write(client, "GET /\r\n", 7);
	carry(t, SSL_get_wbio(client), SSL_get_rbio(server), false);
	SSL_free(server);
	SSL_free(client);
	SSL_CTX_free(server_ctx);
	SSL_CTX_free(client_ctx);
}

/* ---- to the walker: pieces behind the hello ---- */

static void put_u16(FILE *f, unsigned int value)
{
	fputc((int)(value >> 8), f);
	fputc((int)(value & 0xff), f);
}

static void seed_flight(const struct scene *s, const struct talk *t)
{
	FILE *f = seed_open("flight", s->name, 0);

	for (unsigned int i = 1; i < t->pieces; i++) {
		for (unsigned int at = 0, n; at < t->piece[i].len; at += n) {
			n = t->piece[i].len - at < 400 ? t->piece[i].len - at : 400;
			fputc(t->piece[i].from_server ? 1 : 0, f);
			put_u16(f, n);
			fwrite(t->piece[i].bytes + at, 1, n, f);
		}
	}
	fclose(f);
}

/* ---- as frames: to a capture, and through the data path to its events ---- */

static FILE *events, *capture;
static __u64 now_ns;

static void on_event(void *arg, const void *event, size_t len)
{
	(void)arg;
	put_u16(events, (unsigned int)len);
	fwrite(event, 1, len, events);
}

static void put_u32(FILE *f, __u32 value)
{
	fwrite(&value, sizeof(value), 1, f);
}

static void say(const struct conn *c, const struct segment *s)
{
	static struct frame f;

	frame_build(&f, c, s);
	now_ns += 1000000;
	hg_read_path_kernel_limits.frame(f.at, f.len, now_ns);
	put_u32(capture, (__u32)(now_ns / 1000000000));
	put_u32(capture, (__u32)(now_ns / 1000 % 1000000));
	put_u32(capture, f.len);
	put_u32(capture, f.len);
	fwrite(f.at, 1, f.len, capture);
}

static void say_talk(const struct conn *c, const struct talk *t)
{
	__u32 seq[2] = { c->isn, c->server_isn };
	struct segment s = { .flags = TCP_SYN, .seq = seq[0]++ };

	say(c, &s);
	s = (struct segment){
		.from_server = true, .flags = TCP_SYN | TCP_ACK, .seq = seq[1]++, .ack = seq[0]
	};
	say(c, &s);
	for (unsigned int i = 0; i < t->pieces; i++) {
		const struct piece *p = &t->piece[i];

		s = (struct segment){ .from_server = p->from_server,
				      .flags = TCP_ACK,
				      .seq = seq[p->from_server],
				      .ack = seq[!p->from_server],
				      .data = p->bytes,
				      .len = p->len };
		seq[p->from_server] += p->len;
		say(c, &s);
	}
	s = (struct segment){
		.from_server = true, .flags = TCP_RST | TCP_ACK, .seq = seq[1], .ack = seq[0]
	};
	say(c, &s);
}

static void begin_capture(const char *name)
{
	static const __u32 header[] = { 0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1 };

	capture = seed_open("capture", name, 0);
	fwrite(header, sizeof(header), 1, capture);
}

static void seed_talk(const struct scene *s, const struct talk *t)
{
	static const struct hg_read_options options;
	struct conn c = { .client = { 192, 0, 2, 1 },
			  .server = { 198, 51, 100, 1 },
			  .client_port = 40000,
			  .server_port = 443,
			  .isn = 100,
			  .server_isn = 200 };

	now_ns = 1795278603000000000ULL;
	begin_capture(s->name);
	events = seed_open("event", s->name, 0);
	fputc(6, events);
	hg_read_path_kernel_limits.open(NULL, &options, on_event, NULL);
	say_talk(&c, t);
	hg_read_path_kernel_limits.sweep(now_ns + 1000000000, 1);
	hg_read_path_kernel_limits.close();
	fclose(events);
	fclose(capture);
}

static void seed_talks(void)
{
	static struct talk t;

	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		handshake(&scenes[i], &t);
		if (t.pieces < 2)
			tap_bail("%s: nobody answers", scenes[i].name);
		seed("hello", scenes[i].name, 0, t.piece[0].bytes, t.piece[0].len);
		seed("openssl", scenes[i].name, 0, t.piece[0].bytes, t.piece[0].len);
		seed_flight(&scenes[i], &t);
		seed_talk(&scenes[i], &t);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		tap_bail("usage: seeds DIRECTORY");
	directory = argv[1];
	seed_hellos();
	seed_talks();
	return 0;
}
