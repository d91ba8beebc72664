// SPDX-License-Identifier: BSD-2-Clause
/*
 * hello: writes a ClientHello that real servers answer.
 *
 *   hello [OPTIONS] > file
 *
 *   --sni NAME           server name, repeatable (several in one list)
 *   --no-sni             none (this is the default)
 *   --versions LIST      of 1.3,1.2,1.1,1.0,ssl3 or hex (default 1.3,1.2). With
 *                        1.3 or hex in it: supported_versions and key_share;
 *                        without, the highest goes into legacy_version
 *   --legacy-version HEX
 *   --ciphers LIST       hex, as on the wire (default 13 usual ones)
 *   --alpn LIST          h2,http/1.1
 *   --pq                 X25519MLKEM768 key share first: about 1.7 KB
 *   --grease             GREASE in ciphers, extensions, groups and versions
 *   --session-id N       length of the legacy session id (default 32)
 *   --no-extensions      no extensions block at all
 *   --ext-count N        unknown extensions before all others, N in all
 *   --sni-last           the server name after all other extensions
 *   --pad-to N           padding extension so that the hello, in one record with
 *                        its header, has N bytes
 *   --records SPEC       record lengths of the message: A,B,... (the last takes
 *                        the rest) or every:N
 *   --record-version HEX (default 0301)
 *   --seed N             of the random bytes (default 1: the output is stable)
 *   --hex                hex and a newline instead of bytes
 *   --info FILE          also what a reader should find, as JSON: bytes,
 *                        cipher_count, cipher_count_no_grease, ext_count,
 *                        version_max, records, ja4_a (the first part of JA4)
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LIST 40000

struct list {
	uint16_t v[MAX_LIST];
	int n;
};

struct buf {
	uint8_t b[200000];
	size_t n;
};

static struct {
	const char *sni[16], *alpn, *records, *info;
	int nsni, legacy, record_version, session_id, ext_count;
	size_t pad_to;
	bool pq, grease, no_extensions, sni_last, hex;
	uint64_t seed;
	struct list versions, ciphers;
} opt = { .legacy = -1, .record_version = 0x0301, .session_id = 32, .seed = 1 };

static const uint16_t usual_ciphers[] = { 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
					  0xcca9, 0xcca8, 0x009c, 0x009d, 0x002f, 0x0035 };
static const uint16_t usual_sig_algs[] = { 0x0403, 0x0804, 0x0401, 0x0503, 0x0805,
					   0x0501, 0x0806, 0x0601, 0x0201 };

static int ext_total;

static void die(const char *what, const char *arg)
{
	fprintf(stderr, "hello: %s '%s'\n", what, arg);
	exit(2);
}

/* --- bytes ------------------------------------------------------------------ */

static void put(struct buf *o, const void *p, size_t n)
{
	if (o->n + n > sizeof(o->b))
		die("too large", "");
	memcpy(o->b + o->n, p, n);
	o->n += n;
}

static void put8(struct buf *o, uint8_t v)
{
	put(o, &v, 1);
}

static void put16(struct buf *o, uint16_t v)
{
	put8(o, v >> 8);
	put8(o, v);
}

static uint8_t random8(void)
{
	opt.seed = opt.seed * 6364136223846793005ull + 1442695040888963407ull;
	return opt.seed >> 56;
}

static void put_random(struct buf *o, size_t n)
{
	while (n--)
		put8(o, random8());
}

/* A length field of `width` bytes that close_len() fills in. */
static size_t open_len(struct buf *o, int width)
{
	put(o, "\0\0\0", width);
	return o->n;
}

static void close_len(struct buf *o, size_t start, int width)
{
	size_t n = o->n - start;

	for (int i = 1; i <= width; i++, n >>= 8)
		o->b[start - i] = n;
}

static void put_list16(struct buf *o, const uint16_t *v, int n)
{
	for (int i = 0; i < n; i++)
		put16(o, v[i]);
}

static bool is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

/* --- extensions ---------------------------------------------------------------- */

static size_t open_ext(struct buf *o, uint16_t type)
{
	ext_total++;
	put16(o, type);
	return open_len(o, 2);
}

static void put_ext(struct buf *o, uint16_t type, const void *body, size_t n)
{
	size_t at = open_ext(o, type);

	put(o, body, n);
	close_len(o, at, 2);
}

static void put_sni(struct buf *o)
{
	size_t ext, names;

	if (!opt.nsni)
		return;
	ext = open_ext(o, 0);
	names = open_len(o, 2);
	for (int i = 0; i < opt.nsni; i++) {
		size_t name;

		put8(o, 0);
		name = open_len(o, 2);
		put(o, opt.sni[i], strlen(opt.sni[i]));
		close_len(o, name, 2);
	}
	close_len(o, names, 2);
	close_len(o, ext, 2);
}

static void put_alpn(struct buf *o)
{
	size_t ext, protos;
	const char *p = opt.alpn;

	if (!p)
		return;
	ext = open_ext(o, 16);
	protos = open_len(o, 2);
	while (*p) {
		size_t n = strcspn(p, ",");

		put8(o, n);
		put(o, p, n);
		p += n + (p[n] == ',');
	}
	close_len(o, protos, 2);
	close_len(o, ext, 2);
}

static void put_groups(struct buf *o)
{
	size_t ext = open_ext(o, 10), groups = open_len(o, 2);

	if (opt.grease)
		put16(o, 0x2a2a);
	if (opt.pq)
		put16(o, 0x11ec);
	put_list16(o, (const uint16_t[]){ 29, 23, 24 }, 3);
	close_len(o, groups, 2);
	close_len(o, ext, 2);
}

static void put_sig_algs(struct buf *o)
{
	size_t ext = open_ext(o, 13), algs = open_len(o, 2);

	put_list16(o, usual_sig_algs, sizeof(usual_sig_algs) / 2);
	close_len(o, algs, 2);
	close_len(o, ext, 2);
}

static void put_versions(struct buf *o)
{
	size_t ext = open_ext(o, 43), versions = open_len(o, 1);

	if (opt.grease)
		put16(o, 0x3a3a);
	put_list16(o, opt.versions.v, opt.versions.n);
	close_len(o, versions, 1);
	close_len(o, ext, 2);
}

/* An encapsulation key of ML-KEM-768: 768 coefficients below q, two in three bytes, and rho. */
static void put_mlkem_key(struct buf *o)
{
	for (int i = 0; i < 384; i++) {
		unsigned a = (random8() << 8 | random8()) % 3329;
		unsigned b = (random8() << 8 | random8()) % 3329;

		put8(o, a);
		put8(o, a >> 8 | (b & 15) << 4);
		put8(o, b >> 4);
	}
	put_random(o, 32);
}

static void put_key_shares(struct buf *o)
{
	size_t ext = open_ext(o, 51), shares = open_len(o, 2), share;

	if (opt.grease) {
		put16(o, 0x2a2a);
		put(o, "\0\1\0", 3);
	}
	if (opt.pq) {
		put16(o, 0x11ec);
		share = open_len(o, 2);
		put_mlkem_key(o);
		put_random(o, 32);
		close_len(o, share, 2);
	}
	put16(o, 29);
	share = open_len(o, 2);
	put_random(o, 32);
	close_len(o, share, 2);
	close_len(o, shares, 2);
	close_len(o, ext, 2);
}

static bool offers_13(void)
{
	for (int i = 0; i < opt.versions.n; i++)
		if (opt.versions.v[i] > 0x0303)
			return true;
	return false;
}

static void put_usual_extensions(struct buf *o)
{
	if (opt.grease)
		put_ext(o, 0x1a1a, "", 0);
	if (!opt.sni_last)
		put_sni(o);
	put_ext(o, 23, "", 0);
	put_ext(o, 0xff01, "\0", 1);
	put_groups(o);
	put_ext(o, 11, "\1\0", 2);
	put_ext(o, 35, "", 0);
	put_alpn(o);
	put_sig_algs(o);
	if (offers_13()) {
		put_key_shares(o);
		put_ext(o, 45, "\1\1", 2);
		put_versions(o);
	}
	if (opt.sni_last)
		put_sni(o);
}

static void put_unknown_extensions(struct buf *o, int n)
{
	for (int i = 0; i < n; i++)
		put_ext(o, 0x5b00 + i, "", 0);
}

static void put_padding(struct buf *o)
{
	static const uint8_t zeros[65536];
	size_t now = o->n + 5; /* with the record header */

	if (!opt.pad_to || opt.pad_to == now)
		return;
	if (opt.pad_to < now + 4)
		die("--pad-to is less than the hello has, or too close to it", "");
	put_ext(o, 21, zeros, opt.pad_to - now - 4);
}

static void put_extensions(struct buf *o)
{
	static struct buf scratch;
	uint64_t seed = opt.seed;
	size_t block;
	int usual;

	if (opt.no_extensions)
		return;
	put_usual_extensions(&scratch); /* to count them */
	usual = ext_total;
	ext_total = 0;
	opt.seed = seed;
	block = open_len(o, 2);
	if (opt.ext_count > usual)
		put_unknown_extensions(o, opt.ext_count - usual - (opt.pad_to > 0));
	put_usual_extensions(o);
	put_padding(o);
	close_len(o, block, 2);
}

/* --- the message and its records --------------------------------------------------- */

static int highest(const struct list *l)
{
	int max = 0;

	for (int i = 0; i < l->n; i++)
		if (!is_grease(l->v[i]) && l->v[i] > max)
			max = l->v[i];
	return max;
}

static void build(struct buf *o)
{
	size_t body, ciphers;
	int max = highest(&opt.versions);

	if (opt.legacy < 0)
		opt.legacy = max > 0x0303 ? 0x0303 : max;
	put8(o, 1);
	body = open_len(o, 3);
	put16(o, opt.legacy);
	put_random(o, 32);
	put8(o, opt.session_id);
	put_random(o, opt.session_id);
	ciphers = open_len(o, 2);
	put_list16(o, opt.ciphers.v, opt.ciphers.n);
	close_len(o, ciphers, 2);
	put(o, "\1\0", 2);
	put_extensions(o);
	close_len(o, body, 3);
}

static void put_record(struct buf *o, const uint8_t *p, size_t n)
{
	put8(o, 22);
	put16(o, opt.record_version);
	put16(o, n);
	put(o, p, n);
}

static int put_records(struct buf *o, const struct buf *m)
{
	const char *spec = opt.records ? opt.records : "every:16384";
	bool even = !strncmp(spec, "every:", 6);
	size_t at = 0, each = even ? strtoul(spec + 6, NULL, 10) : 0;
	int records = 0;

	if (even && (!each || each > 16384))
		die("bad --records", spec);
	while (at < m->n) {
		size_t n = each;

		if (!even) {
			n = *spec ? strtoul(spec, (char **)&spec, 10) : 16384;
			spec += *spec == ',';
		}
		if (n > m->n - at)
			n = m->n - at;
		put_record(o, m->b + at, n);
		at += n;
		records++;
	}
	return records;
}

static void write_info(size_t bytes, int records)
{
	int plain = 0, max = offers_13() ? highest(&opt.versions) : opt.legacy;
	const char *v = max == 0x0304	? "13"
			: max == 0x0303 ? "12"
			: max == 0x0302 ? "11"
			: max == 0x0301 ? "10"
			: max == 0x0300 ? "s3"
					: "00";
	const char *alpn = opt.alpn ? opt.alpn : "00";
	int exts = ext_total - opt.grease * !opt.no_extensions;
	FILE *f = fopen(opt.info, "w");

	if (!f)
		die("cannot write", opt.info);
	for (int i = 0; i < opt.ciphers.n; i++)
		plain += !is_grease(opt.ciphers.v[i]);
	fprintf(f,
		"{\"bytes\":%zu,\"cipher_count\":%d,\"cipher_count_no_grease\":%d,\"ext_count\":%d,"
		"\"version_max\":%d,\"records\":%d,\"ja4_a\":\"t%s%c%02d%02d%c%c\"}\n",
		bytes, opt.ciphers.n, plain, ext_total, max, records, v, opt.nsni ? 'd' : 'i',
		plain > 99 ? 99 : plain, exts > 99 ? 99 : exts, *alpn,
		alpn[strcspn(alpn, ",") - 1]);
	fclose(f);
}

/* --- options ---------------------------------------------------------------------------- */

static void add(struct list *l, uint16_t v)
{
	if (l->n == MAX_LIST)
		die("list too long", "");
	l->v[l->n++] = v;
}

static void parse_hex_list(struct list *l, const char *s)
{
	char *end;

	for (; *s; s = end + (*end == ',')) {
		add(l, strtoul(s, &end, 16));
		if (end == s)
			die("bad hex list", s);
	}
}

static void parse_versions(struct list *l, const char *s)
{
	static const char *const names[] = { "ssl3", "1.0", "1.1", "1.2", "1.3" };
	char word[16];

	while (*s) {
		size_t n = strcspn(s, ",");
		int i;

		snprintf(word, sizeof(word), "%.*s", (int)n, s);
		for (i = 0; i < 5 && strcmp(word, names[i]); i++)
			;
		add(l, i < 5 ? 0x0300u + i : strtoul(word, NULL, 16));
		s += n + (s[n] == ',');
	}
}

static bool parse_flag(const char *o)
{
	if (!strcmp(o, "--no-sni"))
		opt.nsni = 0;
	else if (!strcmp(o, "--pq"))
		opt.pq = true;
	else if (!strcmp(o, "--grease"))
		opt.grease = true;
	else if (!strcmp(o, "--no-extensions"))
		opt.no_extensions = true;
	else if (!strcmp(o, "--sni-last"))
		opt.sni_last = true;
	else if (!strcmp(o, "--hex"))
		opt.hex = true;
	else
		return false;
	return true;
}

static void parse_value(const char *o, const char *v)
{
	if (!strcmp(o, "--sni") && opt.nsni < 16)
		opt.sni[opt.nsni++] = v;
	else if (!strcmp(o, "--versions"))
		parse_versions(&opt.versions, v);
	else if (!strcmp(o, "--legacy-version"))
		opt.legacy = strtol(v, NULL, 16);
	else if (!strcmp(o, "--ciphers"))
		parse_hex_list(&opt.ciphers, v);
	else if (!strcmp(o, "--alpn"))
		opt.alpn = v;
	else if (!strcmp(o, "--session-id"))
		opt.session_id = atoi(v);
	else if (!strcmp(o, "--ext-count"))
		opt.ext_count = atoi(v);
	else if (!strcmp(o, "--pad-to"))
		opt.pad_to = strtoul(v, NULL, 10);
	else if (!strcmp(o, "--records"))
		opt.records = v;
	else if (!strcmp(o, "--record-version"))
		opt.record_version = strtol(v, NULL, 16);
	else if (!strcmp(o, "--seed"))
		opt.seed = strtoull(v, NULL, 10);
	else if (!strcmp(o, "--info"))
		opt.info = v;
	else
		die("unknown option", o);
}

static void parse_args(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (parse_flag(argv[i]))
			continue;
		if (i + 1 == argc)
			die("a value is missing after, or unknown:", argv[i]);
		parse_value(argv[i], argv[i + 1]);
		i++;
	}
	if (!opt.versions.n)
		parse_versions(&opt.versions, "1.3,1.2");
	if (!opt.ciphers.n) {
		if (opt.grease)
			add(&opt.ciphers, 0x0a0a);
		for (size_t i = 0; i < sizeof(usual_ciphers) / 2; i++)
			add(&opt.ciphers, usual_ciphers[i]);
	}
}

int main(int argc, char **argv)
{
	static struct buf message, out;
	int records;

	parse_args(argc, argv);
	build(&message);
	records = put_records(&out, &message);
	if (opt.info)
		write_info(out.n, records);
	if (!opt.hex)
		return fwrite(out.b, 1, out.n, stdout) != out.n;
	for (size_t i = 0; i < out.n; i++)
		printf("%02x", out.b[i]);
	putchar('\n');
	return 0;
}
