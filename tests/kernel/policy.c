/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verdict of the kernel: each condition true and false, the order of
 * rules, what is unknown, what is unread, modes, actions and protection.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

/* ---- the sets that the rules below speak of ---- */

#define EXACT 1ULL	 /* exact.example */
#define BELOW 2ULL	 /* *.wild.example */
#define TREE 4ULL	 /* .tree.example */
#define RAW 8ULL	 /* a name that is no host name */
#define DEEP 16ULL	 /* forty labels */
#define TOP 32ULL	 /* .example, and so in part the same names */
#define LISTED 64ULL	 /* .list.example without .free.list.example */
#define FREED 128ULL	 /* the exceptions of LISTED: the bit behind it */
#define FROM_OFFICE 1ULL /* 192.0.2.0/24 2001:db8:1::/48 */
#define TO_FARM 2ULL	 /* 198.51.100.20/32 */
#define WEB 1ULL	 /* 443 */
#define HIGH_PORTS 2ULL	 /* 8000-8100 */
#define RC4 1ULL	 /* 0x0005 */
#define AEAD 2ULL	 /* 0x1301 to 0x1303 */
#define HYBRID 1ULL	 /* 0x11ec */
#define P256 2ULL	 /* 0x0017 */
#define H2 1ULL
#define HTTP_1 2ULL
#define NO_ALPN 4ULL
#define UPLINK 1ULL /* the interface at hand */
#define OTHER_LINK 2ULL

#define FORTY "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.deep"

static const struct gate_policy sets = {
	.header.name_exceptions = FREED,
	.names = { { "exact.example", EXACT, 0 },
		   { "wild.example", 0, BELOW },
		   { "tree.example", TREE, TREE },
		   { "B\xc3\x9c"
		     "cher",
		     RAW, 0 },
		   { FORTY, DEEP, 0 },
		   { "top", TOP, TOP },
		   { "sub.top", EXACT, BELOW },
		   { "h2", H2, 0, HG_TEXT_ALPN },
		   { "http/1.1", HTTP_1, 0, HG_TEXT_ALPN },
		   { "", NO_ALPN, 0, HG_TEXT_ALPN },
		   { "uplink0", UPLINK, 0, HG_TEXT_INTERFACE },
		   { "uplink1", OTHER_LINK, 0, HG_TEXT_INTERFACE },
		   { "list.example", LISTED | TOP, LISTED | TOP },
		   { "free.list.example", FREED, FREED } },
	.nets = { { "192.0.2.0/24", FROM_OFFICE },
		  { "2001:db8:1::/48", FROM_OFFICE },
		  { "198.51.100.20/32", TO_FARM } },
	.numbers = { { 443, 443, WEB, HG_NUMBER_PORT },
		     { 8000, 8100, HIGH_PORTS, HG_NUMBER_PORT },
		     { 0x0005, 0x0005, RC4, HG_NUMBER_CIPHER },
		     { 0x1301, 0x1303, AEAD, HG_NUMBER_CIPHER },
		     { 0x11ec, 0x11ec, HYBRID, HG_NUMBER_GROUP },
		     { 0x0017, 0x0017, P256, HG_NUMBER_GROUP } },
};

/* ---- conditions ---- */

#define C_SNI(set) .conditions = HG_COND_SNI, .sni = (set)
#define C_STATE(a) .conditions = HG_COND_SNI_STATE, .sni_states = (a)
#define C_SRC(set) .conditions = HG_COND_SRC, .src = (set)
#define C_DST(set) .conditions = HG_COND_DST, .dst = (set)
#define C_PORT(set) .conditions = HG_COND_PORT, .port = (set)
#define VERSIONS(lo, hi) (__u8)((2U << HG_VERSION_##hi) - (1U << HG_VERSION_##lo))
#define C_VERSION(lo, hi) .conditions = HG_COND_VERSION_MAX, .version_max = VERSIONS(lo, hi)
#define C_WEAK(wanted) .conditions = HG_COND_ALL_WEAK, .all_weak = (wanted)
#define C_MIN(lo, hi) .conditions = HG_COND_VERSION_MIN, .version_min = VERSIONS(lo, hi)
#define C_CIPHER(set) .conditions = HG_COND_CIPHER, .cipher = (set)
#define C_COUNT(lo, hi) .conditions = HG_COND_CIPHER_COUNT, .ciphers_lo = (lo), .ciphers_hi = (hi)
#define C_GROUP(set) .conditions = HG_COND_GROUP, .group = (set)
#define C_ALPN(set) .conditions = HG_COND_ALPN, .alpn = (set)
#define C_ECH(a) .conditions = HG_COND_ECH, .ech_states = 1U << HG_ECH_##a
#define C_RESUMED(wanted) .conditions = HG_COND_RESUMED, .resumed = (wanted)
#define C_INTERFACE(set) .conditions = HG_COND_INTERFACE, .interface = (set)
#define C_CLASS(a) .conditions = HG_COND_COVERAGE, .coverage = 1U << HG_BUCKET_##a
#define C_FLAG(a) .conditions = HG_COND_FLAG, .flags = HG_FLAG(a)

#define RULE(what, ...)                                                                            \
	{                                                                                          \
		.match = { __VA_ARGS__ }, .action = HG_ACTION_##what, .mode = HG_MODE_enforce,     \
		.to = HG_TO_both, .stats = 1                                                       \
	}
#define NOT(what, ...)                                                                             \
	{                                                                                          \
		.except = { __VA_ARGS__ }, .action = HG_ACTION_##what, .mode = HG_MODE_enforce,    \
		.to = HG_TO_both, .stats = 1                                                       \
	}
#define PROTECT(...)                                                                               \
	{                                                                                          \
		.match = { __VA_ARGS__ }, .protect = 1, .stats = 3                                 \
	}

/* ---- flows ---- */

enum bytes { WHOLE, HALVES, CUT_RECORDS, NO_SYN, BAD_BLOCK, HTTP, HALF };

struct flow {
	enum bytes bytes;
	struct hello_spec hello;
	bool ipv6;
	__u8 client[16], server[16];
	__u16 port;
};

struct row {
	const char *what;
	struct hg_rule rules[4];
	__u8 default_action, unread_action, mode;
	struct flow flow;
	/* What is decided; a rule's number or HG_RULE_*. */
	__u32 rule;
	enum hg_action action;
	enum hg_mode decided_mode;
	enum gate_act act;
};

#define SAYS(...)                                                                                  \
	{                                                                                          \
		.hello = { __VA_ARGS__ }                                                           \
	}
#define HIT(what) 0, HG_ACTION_##what, HG_MODE_enforce
#define MISS HG_RULE_DEFAULT, HG_ACTION_allow, HG_MODE_monitor, GATE_PASS
#define ALLOW HG_ACTION_allow
#define RESET HG_ACTION_reset
#define MONITOR HG_MODE_monitor
#define ENFORCE HG_MODE_enforce
#define NO_DEFAULT ALLOW, ALLOW, MONITOR

#define SNI_ROW(text, set, name, ...)                                                              \
	{                                                                                          \
		text, { RULE(reset, C_SNI(set)) }, NO_DEFAULT, SAYS(.sni = name), __VA_ARGS__      \
	}
#define SNI_HIT HIT(reset), GATE_RESET

static const __u8 three_sni[] = { 0, 12, 0, 0, 1, 'a', 0, 0, 1, 'b', 0, 0, 1, 'c' };
static const __u8 raw_sni[] = { 0, 10, 0, 0, 7, 'B', 0xc3, 0x9c, 'c', 'h', 'e', 'r' };
static const __u8 empty_sni[] = { 0, 0 };

/* clang-format off */
static const struct row rows[] = {
	/* names */
	SNI_ROW("exact name", EXACT, "exact.example", SNI_HIT),
	SNI_ROW("exact name, UPPER CASE and a dot", EXACT, "EXACT.Example.", SNI_HIT),
	SNI_ROW("exact name: not what is below", EXACT, "a.exact.example", MISS),
	SNI_ROW("exact name: not what is above", EXACT, "example", MISS),
	SNI_ROW("exact name: not one with a prefix", EXACT, "xexact.example", MISS),
	SNI_ROW("*.wild.example: below", BELOW, "a.wild.example", SNI_HIT),
	SNI_ROW("*.wild.example: far below", BELOW, "a.b.c.d.e.f.wild.example", SNI_HIT),
	SNI_ROW("*.wild.example: not itself", BELOW, "wild.example", MISS),
	SNI_ROW("*.wild.example: not one with a prefix", BELOW, "awild.example", MISS),
	SNI_ROW("*.wild.example: not one with a suffix", BELOW, "a.wild.example.com", MISS),
	SNI_ROW(".tree.example: itself", TREE, "tree.example", SNI_HIT),
	SNI_ROW(".tree.example: below", TREE, "x.tree.example", SNI_HIT),
	SNI_ROW(".tree.example: not beside", TREE, "xtree.example", MISS),
	SNI_ROW("one of several sets", EXACT | TREE, "tree.example", SNI_HIT),
	SNI_ROW("forty labels", DEEP, FORTY, SNI_HIT),
	SNI_ROW("forty labels: not one more", DEEP, "a." FORTY, MISS),
	SNI_ROW("a name in two sets: by the shorter", TOP, "a.sub.top", SNI_HIT),
	SNI_ROW("a name in two sets: by the longer", BELOW, "a.sub.top", SNI_HIT),
	SNI_ROW("a name in two sets: not the exact one", EXACT, "a.sub.top", MISS),
	SNI_ROW("an exception: beside it the set holds", LISTED, "a.list.example", SNI_HIT),
	SNI_ROW("an exception: itself", LISTED, "free.list.example", MISS),
	SNI_ROW("an exception: below it", LISTED, "a.b.free.list.example", MISS),
	SNI_ROW("an exception: not beside it", LISTED, "xfree.list.example", SNI_HIT),
	SNI_ROW("an exception of one set: another one holds", TOP, "free.list.example", SNI_HIT),
	{ "an exception and another name: unread decides", { RULE(reset, C_SNI(LISTED)) }, ALLOW,
	  RESET, ENFORCE, SAYS(.sni = "a.list.example", .sni_twice = "free.list.example"),
	  HG_RULE_UNREAD, HG_ACTION_reset, HG_MODE_enforce, GATE_RESET },
	SNI_ROW("no name: every name condition is false", EXACT, NULL, MISS),
	{ "raw bytes of an invalid name", { RULE(reset, C_SNI(RAW)) }, NO_DEFAULT,
	  SAYS(.sni_body = raw_sni, .sni_body_len = sizeof(raw_sni)), SNI_HIT },
	{ "not a registered name: none at all", { NOT(reset, C_SNI(EXACT)) }, NO_DEFAULT,
	  SAYS(.sni = NULL), SNI_HIT },
	{ "not a registered name: empty", { NOT(reset, C_SNI(EXACT)) }, NO_DEFAULT,
	  SAYS(.sni_body = empty_sni, .sni_body_len = 2), SNI_HIT },
	{ "not a registered name: another", { NOT(reset, C_SNI(EXACT)) }, NO_DEFAULT,
	  SAYS(.sni = "other.example"), SNI_HIT },
	{ "not a registered name: that one", { NOT(reset, C_SNI(EXACT)) }, NO_DEFAULT,
	  SAYS(.sni = "exact.example"), MISS },
	{ "an ambiguous name: unread decides", { NOT(reset, C_SNI(EXACT)) }, ALLOW, RESET, ENFORCE,
	  SAYS(.sni = "exact.example", .sni_twice = "other.example"), HG_RULE_UNREAD,
	  HG_ACTION_reset, HG_MODE_enforce, GATE_RESET },
	{ "an ambiguous name, unread allows", { NOT(reset, C_SNI(EXACT)) }, RESET, ALLOW, ENFORCE,
	  SAYS(.sni = "exact.example", .sni_twice = "other.example"), HG_RULE_UNREAD,
	  HG_ACTION_allow, HG_MODE_enforce, GATE_PASS },
	{ "an ambiguous name, a rule on its class",
	  { NOT(allow, C_SNI(EXACT)), RULE(reset, C_CLASS(ambiguous)) }, ALLOW, ALLOW, ENFORCE,
	  SAYS(.sni = "exact.example", .sni_twice = "b"), 1, HG_ACTION_reset, HG_MODE_enforce,
	  GATE_RESET },
	{ "an ambiguous name, a rule before that asks no name",
	  { RULE(reset, C_VERSION(ssl2, tls1_3)), NOT(reset, C_SNI(EXACT)) }, NO_DEFAULT,
	  SAYS(.sni = "exact.example", .sni_twice = "b"), SNI_HIT },
	{ "an ambiguous name, a rule behind that asks no name",
	  { NOT(reset, C_SNI(EXACT)), RULE(reset, C_VERSION(ssl2, tls1_3)) }, ALLOW, ALLOW, ENFORCE,
	  SAYS(.sni = "exact.example", .sni_twice = "b"), HG_RULE_UNREAD, HG_ACTION_allow,
	  HG_MODE_enforce, GATE_PASS },
	{ "three names: beyond what is compared", { NOT(reset, C_SNI(EXACT)) }, ALLOW, ALLOW,
	  ENFORCE, SAYS(.sni_body = three_sni, .sni_body_len = sizeof(three_sni)), HG_RULE_UNREAD,
	  HG_ACTION_allow, HG_MODE_enforce, GATE_PASS },
	{ "two names, both below a suffix", { RULE(reset, C_SNI(TREE)) }, NO_DEFAULT,
	  SAYS(.sni = "A.TREE.example.", .sni_twice = "tree.example"), SNI_HIT },
	{ "an ambiguous name, both candidates in the set", { RULE(reset, C_SNI(EXACT)) },
	  NO_DEFAULT, SAYS(.sni = "exact.example", .sni_twice = "EXACT.example."), SNI_HIT },
	{ "an ambiguous name, neither candidate in the set", { NOT(reset, C_SNI(EXACT)) },
	  NO_DEFAULT, SAYS(.sni = "a", .sni_twice = "b"), SNI_HIT },
	/* states of the name */
	{ "sni: none", { RULE(reset, C_STATE(1 << HG_SNI_none)) }, NO_DEFAULT, SAYS(.sni = NULL),
	  SNI_HIT },
	{ "sni: none, there is one", { RULE(reset, C_STATE(1 << HG_SNI_none)) }, NO_DEFAULT,
	  SAYS(.sni = "a"), MISS },
	{ "sni_state empty", { RULE(reset, C_STATE(1 << HG_SNI_empty)) }, NO_DEFAULT,
	  SAYS(.sni_body = empty_sni, .sni_body_len = 2), SNI_HIT },
	{ "sni_state invalid or ambiguous",
	  { RULE(reset, C_STATE(1 << HG_SNI_invalid | 1 << HG_SNI_ambiguous)) }, NO_DEFAULT,
	  SAYS(.sni_body = raw_sni, .sni_body_len = sizeof(raw_sni)), SNI_HIT },
	{ "sni_state ambiguous", { RULE(reset, C_STATE(1 << HG_SNI_ambiguous)) }, NO_DEFAULT,
	  SAYS(.sni = "a", .sni_twice = "b"), SNI_HIT },
	/* networks and ports */
	{ "source network", { RULE(reset, C_SRC(FROM_OFFICE)) }, NO_DEFAULT,
	  { .client = { 192, 0, 2, 255 }, .server = { 203, 0, 113, 1 } }, SNI_HIT },
	{ "source network: just outside", { RULE(reset, C_SRC(FROM_OFFICE)) }, NO_DEFAULT,
	  { .client = { 192, 0, 3, 0 }, .server = { 192, 0, 2, 1 } }, MISS },
	{ "source network, IPv6", { RULE(reset, C_SRC(FROM_OFFICE)) }, NO_DEFAULT,
	  { .ipv6 = true, .client = { 0x20, 1, 0xd, 0xb8, 0, 1, 0xff, [15] = 1 },
	    .server = { 0x20, 1, [15] = 9 } }, SNI_HIT },
	{ "source network, IPv6: just outside", { RULE(reset, C_SRC(FROM_OFFICE)) }, NO_DEFAULT,
	  { .ipv6 = true, .client = { 0x20, 1, 0xd, 0xb8, 0, 2, [15] = 1 },
	    .server = { 0x20, 1, 0xd, 0xb8, 0, 1, [15] = 9 } }, MISS },
	{ "destination", { RULE(reset, C_DST(TO_FARM)) }, NO_DEFAULT,
	  { .client = { 9, 9, 9, 9 }, .server = { 198, 51, 100, 20 } }, SNI_HIT },
	{ "destination: its neighbour", { RULE(reset, C_DST(TO_FARM)) }, NO_DEFAULT,
	  { .client = { 198, 51, 100, 20 }, .server = { 198, 51, 100, 21 } }, MISS },
	{ "port", { RULE(reset, C_PORT(WEB)) }, NO_DEFAULT, { .port = 443 }, SNI_HIT },
	{ "port: another", { RULE(reset, C_PORT(WEB)) }, NO_DEFAULT, { .port = 444 }, MISS },
	{ "port range, its end", { RULE(reset, C_PORT(HIGH_PORTS)) }, NO_DEFAULT, { .port = 8100 },
	  SNI_HIT },
	{ "port range, behind its end", { RULE(reset, C_PORT(HIGH_PORTS)) }, NO_DEFAULT,
	  { .port = 8101 }, MISS },
	/* versions and ciphers */
	{ "version_max below 1.2: 1.1", { RULE(reset, C_VERSION(ssl2, tls1_1)) }, NO_DEFAULT,
	  SAYS(.legacy = 0x0302), SNI_HIT },
	{ "version_max below 1.2: 1.2", { RULE(reset, C_VERSION(ssl2, tls1_1)) }, NO_DEFAULT,
	  SAYS(.legacy = 0x0303), MISS },
	{ "version_max below 1.2: 1.3 by its extension", { RULE(reset, C_VERSION(ssl2, tls1_1)) },
	  NO_DEFAULT, SAYS(.legacy = 0x0301, .versions = { 0x0304 }), MISS },
	{ "version_max 1.3", { RULE(reset, C_VERSION(tls1_3, tls1_3)) }, NO_DEFAULT,
	  SAYS(.versions = { 0x3a3a, 0x0304, 0x0303 }), SNI_HIT },
	{ "ssl3", { RULE(reset, C_VERSION(ssl3, ssl3)) }, NO_DEFAULT, SAYS(.legacy = 0x0300),
	  SNI_HIT },
	{ "all ciphers weak", { RULE(reset, C_WEAK(1)) }, NO_DEFAULT,
	  SAYS(.ciphers = { 0x0a0a, 0x000a, 0x0005, 0x00ff }), SNI_HIT },
	{ "one cipher is not weak", { RULE(reset, C_WEAK(1)) }, NO_DEFAULT,
	  SAYS(.ciphers = { 0x000a, 0x002f, 0x0005 }), MISS },
	{ "not all weak", { RULE(reset, C_WEAK(0)) }, NO_DEFAULT, SAYS(.ciphers = { 0x1301 }),
	  SNI_HIT },
	/* what else a hello offers */
	{ "version_min: the lowest of the list", { RULE(reset, C_MIN(ssl2, tls1_1)) }, NO_DEFAULT,
	  SAYS(.versions = { 0x0304, 0x0303, 0x7a7a, 0x0301 }), SNI_HIT },
	{ "version_min: none is so low", { RULE(reset, C_MIN(ssl2, tls1_1)) }, NO_DEFAULT,
	  SAYS(.legacy = 0x0301, .versions = { 0x0304, 0x0303 }), MISS },
	{ "version_min: without a list, the best is too low", { RULE(reset, C_MIN(ssl2, tls1_1)) },
	  NO_DEFAULT, SAYS(.legacy = 0x0302), SNI_HIT },
	{ "version_min: without a list, not known", { RULE(reset, C_MIN(ssl2, tls1_1)) },
	  NO_DEFAULT, SAYS(.legacy = 0x0303), MISS },
	{ "version_min: what is not known is not excluded", { NOT(reset, C_MIN(ssl2, tls1_1)) },
	  NO_DEFAULT, SAYS(.legacy = 0x0303), MISS },
	{ "version_min: without a list, surely below 1.3", { NOT(reset, C_MIN(tls1_3, tls1_3)) },
	  NO_DEFAULT, SAYS(.legacy = 0x0303), SNI_HIT },
	{ "a cipher, the last", { RULE(reset, C_CIPHER(RC4)) }, NO_DEFAULT,
	  SAYS(.ciphers = { 0x1302, 0xc02f, 0x0005 }), SNI_HIT },
	{ "a cipher, the first", { RULE(reset, C_CIPHER(AEAD)) }, NO_DEFAULT,
	  SAYS(.ciphers = { 0x1303, 0xc02f, 0x0005 }), SNI_HIT },
	{ "a cipher that is not offered", { RULE(reset, C_CIPHER(RC4)) }, NO_DEFAULT,
	  SAYS(.ciphers = { 0x0500, 0x0004, 0xc02f }), MISS },
	{ "a cipher across two that are offered", { RULE(reset, C_CIPHER(RC4)) }, NO_DEFAULT,
	  SAYS(.ciphers = { 0xc000, 0x05c0 }), MISS },
	{ "a cipher behind five hundred", { RULE(reset, C_CIPHER(AEAD)) }, NO_DEFAULT,
	  SAYS(.ciphers = { 0x0005 }, .more_ciphers = 500), MISS },
	{ "no ciphers", { RULE(reset, C_CIPHER(RC4)) }, NO_DEFAULT, SAYS(.no_ciphers = true),
	  MISS },
	{ "two ciphers, and GREASE", { RULE(reset, C_COUNT(0, 2)) }, NO_DEFAULT,
	  SAYS(.ciphers = { 0x2a2a, 0x1301, 0x1302 }), SNI_HIT },
	{ "three ciphers", { RULE(reset, C_COUNT(0, 2)) }, NO_DEFAULT,
	  SAYS(.ciphers = { 0x1301, 0x1302, 0x1303 }), MISS },
	{ "a group", { RULE(reset, C_GROUP(HYBRID)) }, NO_DEFAULT,
	  SAYS(.groups = { 0x4a4a, 0x001d, 0x11ec }), SNI_HIT },
	{ "not that group", { RULE(reset, C_GROUP(HYBRID)) }, NO_DEFAULT,
	  SAYS(.groups = { 0x001d, 0x0017 }), MISS },
	{ "no list of groups", { NOT(reset, C_GROUP(HYBRID | P256)) }, NO_DEFAULT,
	  SAYS(.sni = "a"), SNI_HIT },
	{ "a cipher with a group's number is none", { RULE(reset, C_GROUP(P256)) }, NO_DEFAULT,
	  SAYS(.ciphers = { 0x0017 }, .groups = { 0x001d }), MISS },
	{ "a protocol", { RULE(reset, C_ALPN(H2)) }, NO_DEFAULT, SAYS(.alpn = "h2"), SNI_HIT },
	{ "another protocol", { RULE(reset, C_ALPN(H2)) }, NO_DEFAULT, SAYS(.alpn = "h2c"), MISS },
	{ "another case is another protocol", { RULE(reset, C_ALPN(H2)) }, NO_DEFAULT,
	  SAYS(.alpn = "H2"), MISS },
	{ "one of two protocols", { RULE(reset, C_ALPN(H2 | HTTP_1)) }, NO_DEFAULT,
	  SAYS(.alpn = "http/1.1"), SNI_HIT },
	{ "no protocol", { RULE(reset, C_ALPN(NO_ALPN)) }, NO_DEFAULT, SAYS(.sni = "h2"),
	  SNI_HIT },
	{ "no protocol, but there is one", { RULE(reset, C_ALPN(NO_ALPN)) }, NO_DEFAULT,
	  SAYS(.alpn = "h2"), MISS },
	{ "a name is no protocol", { RULE(reset, C_ALPN(H2)) }, NO_DEFAULT, SAYS(.sni = "h2"),
	  MISS },
	{ "a protocol is no name", { RULE(reset, C_SNI(EXACT)) }, NO_DEFAULT,
	  SAYS(.sni = "h2", .alpn = "exact.example"), MISS },
	{ "ECH, outer", { RULE(reset, C_ECH(outer)) }, NO_DEFAULT, SAYS(.ech = HELLO_ECH_OUTER),
	  SNI_HIT },
	{ "ECH: ESNI is another", { RULE(reset, C_ECH(outer)) }, NO_DEFAULT, SAYS(.ech = HELLO_ESNI),
	  MISS },
	{ "no ECH", { RULE(reset, C_ECH(none)) }, NO_DEFAULT, SAYS(.sni = "a"), SNI_HIT },
	{ "resumed: a ticket", { RULE(reset, C_RESUMED(1)) }, NO_DEFAULT, SAYS(.ticket = 90),
	  SNI_HIT },
	{ "resumed: a key", { RULE(reset, C_RESUMED(1)) }, NO_DEFAULT,
	  SAYS(.versions = { 0x0304 }, .psk = true), SNI_HIT },
	{ "resumed: a session id", { RULE(reset, C_RESUMED(1)) }, NO_DEFAULT,
	  SAYS(.session_id_len = 32), SNI_HIT },
	{ "resumed: TLS 1.3 fills the session id", { RULE(reset, C_RESUMED(1)) }, NO_DEFAULT,
	  SAYS(.session_id_len = 32, .versions = { 0x0304 }), MISS },
	{ "not resumed", { RULE(reset, C_RESUMED(0)) }, NO_DEFAULT, SAYS(.sni = "a"), SNI_HIT },
	{ "this interface", { RULE(reset, C_INTERFACE(UPLINK)) }, NO_DEFAULT, SAYS(.sni = "a"),
	  SNI_HIT },
	{ "another interface", { RULE(reset, C_INTERFACE(OTHER_LINK)) }, NO_DEFAULT,
	  SAYS(.sni = "a"), MISS },
	/* a rule that expires: the clock stands at GATE_START */
	{ "not expired yet", { { .match = { C_PORT(WEB) }, .action = RESET, .mode = ENFORCE,
	      .to = HG_TO_both, .stats = 1, .expires_ns = GATE_START + SECONDS(3600) } },
	  NO_DEFAULT, { .port = 443 }, SNI_HIT },
	{ "expired", { { .match = { C_PORT(WEB) }, .action = RESET, .mode = ENFORCE,
	      .to = HG_TO_both, .stats = 1, .expires_ns = GATE_START - 1 } },
	  NO_DEFAULT, { .port = 443 }, MISS },
	{ "expired: the next rule has its turn",
	  { { .match = { C_PORT(WEB) }, .action = ALLOW, .mode = ENFORCE, .stats = 1,
	      .expires_ns = GATE_START - 1 }, RULE(reset, C_PORT(WEB)) },
	  NO_DEFAULT, { .port = 443 }, 1, HG_ACTION_reset, HG_MODE_enforce, GATE_RESET },
	/* classes and flags */
	{ "class reassembled", { RULE(reset, C_CLASS(reassembled)) }, NO_DEFAULT,
	  { .bytes = HALVES }, SNI_HIT },
	{ "class reassembled: one segment", { RULE(reset, C_CLASS(reassembled)) }, NO_DEFAULT,
	  { .bytes = WHOLE }, MISS },
	{ "flag record_fragmented", { RULE(reset, C_FLAG(record_fragmented)) }, NO_DEFAULT,
	  { .bytes = CUT_RECORDS }, SNI_HIT },
	{ "flag record_fragmented: one record", { RULE(reset, C_FLAG(record_fragmented)) },
	  NO_DEFAULT, { .bytes = HALVES }, MISS },
	{ "flag missed_start", { RULE(reset, C_FLAG(missed_start)) }, NO_DEFAULT,
	  { .bytes = NO_SYN }, SNI_HIT },
	/* AND, order, not */
	{ "two conditions, both true",
	  { RULE(reset, .conditions = HG_COND_SNI | HG_COND_PORT, .sni = EXACT, .port = WEB) },
	  NO_DEFAULT, { .hello = { .sni = "exact.example" }, .port = 443 }, SNI_HIT },
	{ "two conditions, one false",
	  { RULE(reset, .conditions = HG_COND_SNI | HG_COND_PORT, .sni = EXACT, .port = WEB) },
	  NO_DEFAULT, { .hello = { .sni = "exact.example" }, .port = 444 }, MISS },
	{ "the first that is true wins",
	  { RULE(allow, C_SNI(BELOW)), RULE(allow, C_SNI(EXACT)), RULE(reset, C_PORT(WEB)) }, RESET,
	  RESET, ENFORCE, { .hello = { .sni = "exact.example" }, .port = 443 }, 1, HG_ACTION_allow,
	  HG_MODE_enforce, GATE_PASS },
	{ "a rule without conditions is true", { RULE(reset, .conditions = 0) }, NO_DEFAULT,
	  SAYS(.sni = "a"), SNI_HIT },
	{ "true, but excepted", { { .match = { C_PORT(WEB) }, .except = { C_SRC(FROM_OFFICE) },
	      .action = RESET, .mode = ENFORCE, .to = HG_TO_both } }, NO_DEFAULT,
	  { .client = { 192, 0, 2, 1 }, .port = 443 }, MISS },
	{ "true, and not excepted", { { .match = { C_PORT(WEB) }, .except = { C_SRC(FROM_OFFICE) },
	      .action = RESET, .mode = ENFORCE, .to = HG_TO_both } }, NO_DEFAULT,
	  { .client = { 192, 0, 9, 1 }, .port = 443 }, SNI_HIT },
	/* actions and modes */
	{ "drop", { RULE(drop, C_PORT(WEB)) }, NO_DEFAULT, { .port = 443 }, HIT(drop), GATE_DROP },
	{ "count", { RULE(count, C_PORT(WEB)) }, RESET, RESET, ENFORCE, { .port = 443 }, HIT(count),
	  GATE_PASS },
	{ "reset in monitor mode", { { .match = { C_PORT(WEB) }, .action = RESET, .mode = MONITOR,
	      .to = HG_TO_both, .stats = 1 } }, NO_DEFAULT, { .port = 443 }, 0, HG_ACTION_reset,
	  HG_MODE_monitor, GATE_PASS },
	{ "default reset", { RULE(reset, C_SNI(EXACT)) }, RESET, ALLOW, ENFORCE, SAYS(.sni = "a"),
	  HG_RULE_DEFAULT, HG_ACTION_reset, HG_MODE_enforce, GATE_RESET },
	{ "default reset in monitor mode", { RULE(reset, C_SNI(EXACT)) }, RESET, ALLOW, MONITOR,
	  SAYS(.sni = "a"), HG_RULE_DEFAULT, HG_ACTION_reset, HG_MODE_monitor, GATE_PASS },
	/* protection */
	{ "protected by name", { PROTECT(C_SNI(TREE)), RULE(reset, .conditions = 0) }, RESET, RESET,
	  ENFORCE, SAYS(.sni = "a.tree.example"), HG_RULE_DEFAULT, HG_ACTION_allow, HG_MODE_enforce,
	  GATE_PASS },
	{ "protected by source: counting goes on",
	  { PROTECT(C_SRC(FROM_OFFICE)), RULE(reset, .conditions = 0), RULE(count, C_PORT(WEB)) },
	  RESET, RESET, ENFORCE, { .client = { 192, 0, 2, 7 }, .port = 443 }, 2, HG_ACTION_count,
	  HG_MODE_enforce, GATE_PASS },
	{ "not protected", { PROTECT(C_SNI(TREE)), RULE(reset, .conditions = 0) }, NO_DEFAULT,
	  SAYS(.sni = "tree"), 1, HG_ACTION_reset, HG_MODE_enforce, GATE_RESET },
	/* unread */
	{ "malformed: unread resets", { RULE(allow, .conditions = 0) }, ALLOW, RESET, ENFORCE,
	  { .bytes = BAD_BLOCK }, HG_RULE_UNREAD, HG_ACTION_reset, HG_MODE_enforce, GATE_RESET },
	{ "malformed: default does not apply", { RULE(reset, C_PORT(WEB)) }, RESET, ALLOW, ENFORCE,
	  { .bytes = BAD_BLOCK, .port = 443 }, HG_RULE_UNREAD, HG_ACTION_allow, HG_MODE_enforce,
	  GATE_PASS },
	{ "malformed: a rule on its class",
	  { RULE(reset, C_PORT(WEB)), RULE(reset, C_CLASS(malformed)) }, ALLOW, ALLOW, ENFORCE,
	  { .bytes = BAD_BLOCK, .port = 443 }, 1, HG_ACTION_reset, HG_MODE_enforce, GATE_RESET },
	{ "malformed, from a protected source",
	  { PROTECT(C_SRC(FROM_OFFICE)), RULE(reset, C_CLASS(malformed)) }, ALLOW, RESET, ENFORCE,
	  { .bytes = BAD_BLOCK, .client = { 192, 0, 2, 7 } }, HG_RULE_UNREAD, HG_ACTION_allow,
	  HG_MODE_enforce, GATE_PASS },
	{ "a missed start, read: the default applies", { RULE(allow, C_SNI(EXACT)) }, RESET, ALLOW,
	  ENFORCE, { .bytes = NO_SYN }, HG_RULE_DEFAULT, HG_ACTION_reset, HG_MODE_enforce,
	  GATE_RESET },
};
/* clang-format on */

/* ---- running a row ---- */

static void build(struct octets *stream, const struct flow *f)
{
	static struct octets message;
	__u32 sizes[2] = { 60, 16384 };
	__u32 block;

	hello_build(&message, &f->hello);
	if (f->bytes == CUT_RECORDS)
		records_split(stream, &message, sizes, 2);
	else
		record_whole(stream, &message);
	if (f->bytes == BAD_BLOCK) {
		block = 5 + 4 + 2 + 32 + 1 + 2 + 26 + 2;
		patch_be(stream, block, 2, 0xffff);
	}
	if (f->bytes == HTTP) {
		octets_clear(stream);
		put_string(stream, "GET / HTTP/1.1\r\n\r\n");
	}
}

static enum gate_act send_flow(struct talk *t, const struct flow *f, const struct octets *stream)
{
	if (f->bytes != NO_SYN)
		talk_syn(t);
	if (f->bytes != HALVES)
		return talk_client(t, 0, stream->at, stream->len);
	talk_client(t, 0, stream->at, 50);
	return talk_client(t, 50, stream->at + 50, stream->len - 50);
}

static struct gate_policy policy_of(const struct row *row)
{
	struct gate_policy p = sets;

	p.header.revision = 42;
	p.header.mode = row->mode;
	p.header.default_action = row->default_action;
	p.header.unread_action = row->unread_action;
	p.header.default_stats = 7;
	p.header.unread_stats = 8;
	while (p.rule_count < 4 &&
	       (row->rules[p.rule_count].stats || row->rules[p.rule_count].match.conditions)) {
		p.rules[p.rule_count] = row->rules[p.rule_count];
		p.rule_count++;
	}
	return p;
}

/* The verdict is in the HELLO event, or in END where there was no hello. */
static bool verdict_is(struct talk *t, const struct row *row)
{
	const struct gate_event *e = NULL;
	const struct hg_verdict *v;
	bool ok;

	if (!talk_count(t, HG_EVENT_HELLO, &e) && !talk_count(t, HG_EVENT_END, &e))
		return check_u64("events of this flow", 0, 1);
	v = &e->head.verdict;
	ok = check_u64("revision", v->revision, 42);
	ok &= check_u64("rule", v->rule, row->rule);
	ok &= check_u64("action", v->action, row->action);
	ok &= check_u64("mode", v->mode, row->decided_mode);
	ok &= check_u64("decided by", v->decided_by, HG_DECIDER_kernel);
	return ok & check_u64("pending", v->pending, 0);
}

static __u32 stats_of(const struct row *row)
{
	if (row->rule == HG_RULE_DEFAULT)
		return 7;
	return row->rule == HG_RULE_UNREAD ? 8 : row->rules[row->rule].stats;
}

static bool one(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static struct octets stream;
	static struct talk t;
	struct gate_policy p = policy_of(row);
	struct conn conn = { .ipv6 = row->flow.ipv6, .server_port = row->flow.port };
	struct hg_rule_counters counted;
	bool ok;

	gate_police(g, &p);
	memcpy(conn.client, row->flow.client, 16);
	memcpy(conn.server, row->flow.server, 16);
	if (conn.client[0] && !conn.server[0])
		memcpy(conn.server, "\xc6\x33\x64\x14", 4);
	build(&stream, &row->flow);
	talk_begin(&t, g, hook, &conn);
	ok = check_u64("act", send_flow(&t, &row->flow, &stream), row->act);
	talk_client_ends(&t, stream.len);
	ok &= verdict_is(&t, row);
	gate_rule_counters(g, stats_of(row), &counted);
	ok &= check_u64("verdicts of that rule", counted.verdicts[row->decided_mode][row->action],
			1);
	return ok & gate_over(g);
}

/* ---- what no rule but one that names it can touch ---- */

struct spared {
	const char *what;
	enum bytes bytes;
	enum hg_bucket bucket;
	struct hg_rule rule; /* none: stats 0 */
	enum gate_act act;
};

/* clang-format off */
static const struct spared spared[] = {
	{ "HTTP: default and unread leave it alone", HTTP, HG_BUCKET_not_tls, { .stats = 0 },
	  GATE_PASS },
	{ "half a hello: not certain, so nothing is done", HALF, HG_BUCKET_truncated,
	  { .stats = 0 }, GATE_PASS },
};
/* clang-format on */

static void spare(struct gate *g, enum gate_hook hook, const struct spared *row)
{
	static struct octets stream;
	static struct talk t;
	struct flow f = { .bytes = row->bytes };
	struct gate_policy p = { .header = { .revision = 42,
					     .mode = ENFORCE,
					     .default_action = RESET,
					     .unread_action = RESET } };
	bool ok;

	if (row->rule.stats)
		p.rules[p.rule_count++] = row->rule;
	gate_police(g, &p);
	build(&stream, &f);
	if (f.bytes == HALF)
		stream.len = 60;
	talk_begin(&t, g, hook, NULL);
	ok = check_u64("act", send_flow(&t, &f, &stream), row->act);
	talk_client_ends(&t, stream.len);
	ok &= talk_counted(&t, row->bucket);
	tap_ok(ok & gate_over(g), "%s: %s", gate_hook_name[hook], row->what);
}

/* ---- another hello in the place of the first, alike but for one list ---- */

struct swap {
	const char *what;
	struct hello_spec first, second;
	struct hg_rule rule;
	enum gate_act act;
};

/* clang-format off */
static const struct swap swaps[] = {
	{ "the same", { .alpn = "h3" }, { .alpn = "h3" }, RULE(reset, C_ALPN(H2)), GATE_PASS },
	{ "another protocol", { .alpn = "h3" }, { .alpn = "h2" }, RULE(reset, C_ALPN(H2)),
	  GATE_RESET },
	{ "another cipher", { .ciphers = { 0x1301, 0xc02f } }, { .ciphers = { 0x0005, 0xc02f } },
	  RULE(reset, C_CIPHER(RC4)), GATE_RESET },
	{ "another group", { .groups = { 0x001d, 0x0018 } }, { .groups = { 0x001d, 0x0017 } },
	  RULE(reset, C_GROUP(P256)), GATE_RESET },
	{ "a lower version", { .versions = { 0x0304, 0x0303 } }, { .versions = { 0x0304, 0x0301 } },
	  RULE(reset, C_MIN(ssl2, tls1_1)), GATE_RESET },
};
/* clang-format on */

static enum gate_act send_whole(struct talk *t, const struct hello_spec *spec)
{
	static struct octets message, stream;

	hello_build(&message, spec);
	record_whole(&stream, &message);
	return talk_client(t, 0, stream.at, stream.len);
}

static void swapped(struct gate *g, enum gate_hook hook, const struct swap *row)
{
	static struct talk t;
	struct gate_policy p = sets;
	bool ok;

	p.header.revision = 42;
	p.header.default_stats = 7;
	p.rules[p.rule_count++] = row->rule;
	gate_police(g, &p);
	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	ok = check_u64("the first", send_whole(&t, &row->first), GATE_PASS);
	ok &= check_u64("the second", send_whole(&t, &row->second), row->act);
	tap_ok(ok & gate_over(g), "%s: in the place of a hello: %s", gate_hook_name[hook],
	       row->what);
}

/* A second hello, for a HelloRetryRequest, is counted as a first one is, and its copy not. */
static void asked_twice(struct gate *g, enum gate_hook hook)
{
	static const __u8 retry[] = { 0x16, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3 };
	static struct octets message, stream;
	static struct talk t;
	struct gate_policy p = sets;
	struct hg_rule_counters counted;
	bool ok;

	p.header.revision = 42;
	p.header.default_stats = 7;
	gate_police(g, &p);
	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	talk_client(&t, 0, stream.at, stream.len);
	talk_server(&t, 0, retry, sizeof(retry));
	for (int i = 0; i < 3; i++)
		talk_client(&t, stream.len, stream.at, stream.len);
	gate_rule_counters(g, 7, &counted);
	ok = check_u64("verdicts", counted.verdicts[HG_MODE_monitor][HG_ACTION_allow], 2);
	tap_ok(ok & gate_over(g), "%s: two hellos, of which the second came three times",
	       gate_hook_name[hook]);
}

/* No generation is active: nothing is decided. */
static void no_policy(struct gate *g, enum gate_hook hook)
{
	static struct octets stream;
	static struct talk t;
	struct flow f = { .hello = { .sni = "exact.example" } };
	const struct gate_event *e = NULL;
	bool ok;

	build(&stream, &f);
	talk_begin(&t, g, hook, NULL);
	ok = check_u64("act", send_flow(&t, &f, &stream), GATE_PASS);
	ok &= check_u64("HELLO", talk_count(&t, HG_EVENT_HELLO, &e), 1);
	if (e) {
		ok &= check_u64("revision", e->head.verdict.revision, 0);
		ok &= check_u64("rule", e->head.verdict.rule, HG_NO_RULE);
	}
	tap_ok(ok & gate_balanced(g) & gate_clear(g), "%s: without a policy", gate_hook_name[hook]);
}

int main(void)
{
	static const struct gate_options options = { .interface = "uplink0" };
	static struct gate g;

	gate_open(&g, &options);
	FOR_HOOKS(hook) {
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			tap_ok(one(&g, hook, &rows[i]), "%s: %s", gate_hook_name[hook],
			       rows[i].what);
		for (size_t i = 0; i < COUNT_OF(spared); i++)
			spare(&g, hook, &spared[i]);
		for (size_t i = 0; i < COUNT_OF(swaps); i++)
			swapped(&g, hook, &swaps[i]);
		asked_twice(&g, hook);
		no_policy(&g, hook);
	}
	gate_close(&g);
	return tap_done();
}
