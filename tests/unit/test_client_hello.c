/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is read of a ClientHello, field by field, where an error of one would go
 * unseen in the name of the server.  Suites and groups: the IANA registries of TLS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client_hello.h"
#include "hello_text.h"

static struct hg_capture capture;
static struct hg_parse parse;

/* What lies behind the message, and in the memory of the names, is not zero. */
static const struct hg_hello *read_bytes(const __u8 *bytes, size_t len, bool sslv2)
{
	memset(capture.bytes, 0x41, sizeof(capture.bytes));
	memset(&parse, 0x41, sizeof(parse));
	memcpy(capture.bytes, bytes, len);
	return hg_hello_parse(&capture, &parse, 0, (__u32)len, sslv2) ? &parse.hello : NULL;
}

static const struct hg_hello *read_hello(const struct hello_text *t)
{
	const struct hello_bytes *b = hello_of(t);
	const struct hg_hello *h = read_bytes(b->at, b->len, false);

	assert_non_null(h);
	return h;
}

/* ---- numbers ---- */

static void groups_that_are_post_quantum(void **state)
{
	static const __u16 pq[] = { 0x0200, 0x0201, 0x0202, 0x11eb, 0x11ec, 0x11ed,
				    0x11ee, 0x4138, 0x6399, 0x639a, 0xfe30, 0xfe31 };
	size_t found = 0;

	(void)state;
	for (__u32 group = 0; group <= 0xffff; group++) {
		if (!hg_group_is_pq((__u16)group))
			continue;
		if (found == sizeof(pq) / sizeof(pq[0]) || pq[found] != group)
			fail_msg("%04x", group);
		found++;
	}
	assert_int_equal(found, sizeof(pq) / sizeof(pq[0]));
}

/* TLS_EMPTY_RENEGOTIATION_INFO_SCSV and TLS_FALLBACK_SCSV. */
static void suites_that_only_signal(void **state)
{
	(void)state;
	for (__u32 cipher = 0; cipher <= 0xffff; cipher++)
		if (hg_is_scsv((__u16)cipher) != (cipher == 0x00ff || cipher == 0x5600))
			fail_msg("%04x", cipher);
}

static const struct {
	const char *ciphers;
	unsigned int count, without_grease;
	bool all_weak;
} suites[] = {
	{ "1301", 1, 1, false },
	{ "0005 000a", 2, 2, true },
	{ "0005 000a 1301", 3, 3, false },
	{ "0a0a 00ff 5600", 3, 2, true }, /* none at all */
	{ "0a0a 0005", 2, 1, true },
	{ "00ff 0005", 2, 2, true },
	{ "00ff c02f", 2, 2, false },
	{ "1301 1302 1303 8a8a", 4, 3, false }, /* a word of four, and no more */
	{ "1a1a 1301 1302 1303 c02f c030 009c 009d", 8, 7, false },
	{ "1a1a 1301 1302 1303 c02f c030 009c 009d 2a2a", 9, 7, false },
};

static void suites_are_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		const struct hg_hello *h =
			read_hello(&(struct hello_text){ .ciphers = suites[i].ciphers });

		print_message("# %s\n", suites[i].ciphers);
		assert_int_equal(h->cipher_count, suites[i].count);
		assert_int_equal(h->cipher_count_no_grease, suites[i].without_grease);
		assert_int_equal(!!(h->features & HG_HELLO_ALL_WEAK), suites[i].all_weak);
	}
}

static const struct {
	const char *list;
	unsigned int min, max;
} versions[] = {
	{ "0304", 0x0304, 0x0304 },	 { "0304 0303", 0x0303, 0x0304 },
	{ "0303 0304", 0x0303, 0x0304 }, { "0a0a 0303 0302 7a7a", 0x0302, 0x0303 },
	{ "0a0a", 0, 0x0303 }, /* nothing but GREASE: the legacy version */
};

static void versions_are_ranged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const struct hg_hello *h = read_hello(&(struct hello_text){
			.ciphers = "1301", .exts = "002b", .versions = versions[i].list });

		print_message("# %s\n", versions[i].list);
		assert_int_equal(h->version_min, versions[i].min);
		assert_int_equal(h->version_max, versions[i].max);
	}
}

static bool resumes(const char *session_id, const char *list)
{
	return hg_hello_resumes(read_hello(&(struct hello_text){ .ciphers = "1301",
								 .exts = list ? "002b" : "",
								 .versions = list,
								 .session_id = session_id }));
}

/* RFC 8446, section 4.1.2: whoever offers 1.3 fills in a session id that means nothing. */
static void a_session_id_asks_to_resume(void **state)
{
	(void)state;
	assert_true(resumes("aabb", NULL));
	assert_true(resumes("aabb", "0303"));
	assert_false(resumes("aabb", "0304"));
	assert_false(resumes("aabb", "0303 0304"));
	assert_false(resumes("", NULL));
}

static bool offers_pq(const char *groups)
{
	const struct hg_hello *h = read_hello(
		&(struct hello_text){ .ciphers = "1301", .exts = "000a", .groups = groups });

	return h->features & HG_HELLO_PQ;
}

static void a_post_quantum_group_anywhere(void **state)
{
	(void)state;
	assert_true(offers_pq("11ec"));
	assert_true(offers_pq("001d 0017 11ec"));
	assert_true(offers_pq("11ec 001d"));
	assert_false(offers_pq("001d 0017"));
	assert_false(offers_pq(""));
}

/* ---- Encrypted Client Hello (its first byte: 0 outer, 1 inner) ---- */

static unsigned int ech_of(const char *exts, const char *more)
{
	return read_hello(&(struct hello_text){
				  .ciphers = "1301", .exts = exts, .formats = "00", .more = more })
		->ech;
}

static void ech_is_told_by_its_type(void **state)
{
	(void)state;
	assert_int_equal(ech_of("000b", ""), HG_ECH_none); /* a body that begins with 1 */
	assert_int_equal(ech_of("", "fe0d 0001 01"), HG_ECH_inner);
	assert_int_equal(ech_of("", "fe0d 0002 0001"), HG_ECH_outer);
	assert_int_equal(ech_of("", "fe0d 0000 0100 0001 01"), HG_ECH_outer);
	assert_int_equal(ech_of("", "ffce 0001 01"), HG_ECH_esni);
}

/* ---- names ---- */

#define NAME_A "00 0001 61"
#define NAME_B "00 0001 62"
#define NAME_C "00 0001 63"
#define SNI_A "0000 0006 0004" NAME_A
#define SNI_B "0000 0006 0004" NAME_B
#define SNI_C "0000 0006 0004" NAME_C

static const struct {
	const char *what, *extensions;
	unsigned int state, names;
	const char *name, *second;
} several[] = {
	{ "one", SNI_A, HG_SNI_ok, 1, "a", "" },
	{ "two in a list", "0000 000a 0008" NAME_A NAME_B, HG_SNI_ambiguous, 2, "a", "b" },
	{ "three in a list", "0000 000e 000c" NAME_A NAME_B NAME_C, HG_SNI_ambiguous, 3, "a", "b" },
	{ "two extensions", SNI_A SNI_B, HG_SNI_ambiguous, 2, "a", "b" },
	{ "three extensions", SNI_A SNI_B SNI_C, HG_SNI_ambiguous, 3, "a", "b" },
	{ "four of them", SNI_A SNI_B SNI_C SNI_A, HG_SNI_ambiguous, 3, "a", "b" },
	{ "two, and another type", "0000 000a 0008 01 0001 61" NAME_B, HG_SNI_ok, 1, "b", "" },
	{ "three extensions, of which two are empty", SNI_A "0000 0000 0000 0000", HG_SNI_ambiguous,
	  3, "a", "" },
};

static void several_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(several) / sizeof(several[0]); i++) {
		const struct hg_hello *h = read_hello(&(struct hello_text){
			.ciphers = "1301", .exts = "", .more = several[i].extensions });

		print_message("# %s\n", several[i].what);
		assert_int_equal(h->sni_state, several[i].state);
		assert_int_equal(h->sni_names, several[i].names);
		assert_string_equal((const char *)h->name, several[i].name);
		assert_string_equal((const char *)h->second, several[i].second);
		assert_int_equal(h->second_len, strlen(several[i].second));
	}
}

#define TEN "abcdefghi."
#define FIFTY TEN TEN TEN TEN TEN
#define TWO_HUNDRED_FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY

static const struct {
	const char *sni;
	unsigned int state;
	const char *name;
} names[] = {
	{ "a", HG_SNI_ok, "a" },
	{ "ab.example", HG_SNI_ok, "ab.example" },
	{ "Ab.EXAMPLE", HG_SNI_ok, "ab.example" },
	{ "abcd.com", HG_SNI_ok, "abcd.com" },	/* just a word */
	{ "abcd.com.", HG_SNI_ok, "abcd.com" }, /* RFC 1034, section 3.1 */
	{ "abcdef.museum.io", HG_SNI_ok, "abcdef.museum.io" },
	{ ".", HG_SNI_invalid, "." },
	{ "a.", HG_SNI_ok, "a" },
	/* what is no name keeps its case and its end */
	{ "A b", HG_SNI_invalid, "A b" },
	{ "Abcd Com", HG_SNI_invalid, "Abcd Com" },
	{ "Ab.EXAMPLE/", HG_SNI_invalid, "Ab.EXAMPLE/" },
	/* 255 is the most (RFC 1035, section 2.3.4) */
	{ TWO_HUNDRED_FIFTY "abcd", HG_SNI_ok, TWO_HUNDRED_FIFTY "abcd" },
	{ TWO_HUNDRED_FIFTY "abcde", HG_SNI_ok, TWO_HUNDRED_FIFTY "abcde" },
	{ TWO_HUNDRED_FIFTY "abcdef", HG_SNI_invalid, TWO_HUNDRED_FIFTY "abcde" },
	{ TWO_HUNDRED_FIFTY "abcde.", HG_SNI_invalid, TWO_HUNDRED_FIFTY "abcde" },
	{ TWO_HUNDRED_FIFTY "abcdefghij", HG_SNI_invalid, TWO_HUNDRED_FIFTY "abcde" },
};

static void names_end_where_they_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct hg_hello *h = read_hello(&(struct hello_text){
			.ciphers = "1301", .exts = "0000", .sni = names[i].sni });

		print_message("# %.40s\n", names[i].sni);
		assert_int_equal(h->sni_state, names[i].state);
		assert_int_equal(h->sni.len, strlen(names[i].sni));
		assert_int_equal(h->name_len, strlen(names[i].name));
		assert_string_equal((const char *)h->name, names[i].name);
		assert_int_equal(h->second[0], 0);
	}
}

/* ---- SSLv2 (RFC 5246, appendix E.2) ---- */

static bool sslv2(unsigned int ciphers, unsigned int session_id, unsigned int challenge,
		  unsigned int bytes)
{
	static struct hello_bytes b;

	b.len = 0;
	put8(&b, 1);
	put16(&b, 0x0301);
	put16(&b, ciphers);
	put16(&b, session_id);
	put16(&b, challenge);
	for (unsigned int i = 0; i < bytes; i++)
		put8(&b, 0);
	return read_bytes(b.at, b.len, true);
}

static void sslv2_lengths_agree(void **state)
{
	(void)state;
	assert_true(sslv2(6, 0, 16, 22));
	assert_false(sslv2(6, 0, 16, 21));
	assert_true(sslv2(6, 16, 32, 54));
	assert_false(sslv2(6, 16, 32, 53));
	assert_false(sslv2(7, 0, 16, 23));
	assert_false(sslv2(8, 0, 16, 24));
	assert_true(sslv2(6, 32, 16, 54));
	assert_false(sslv2(6, 33, 16, 55));
	assert_int_equal(parse.hello.cipher_count, 0);
}

/* ---- the message ---- */

static void a_message_of_no_body_is_malformed(void **state)
{
	static const __u8 head[] = { 1, 0, 0, 0, 3 };

	(void)state;
	for (size_t len = 0; len <= sizeof(head); len++)
		assert_null(read_bytes(head, len, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_that_are_post_quantum),
		cmocka_unit_test(suites_that_only_signal),
		cmocka_unit_test(suites_are_counted),
		cmocka_unit_test(versions_are_ranged),
		cmocka_unit_test(a_session_id_asks_to_resume),
		cmocka_unit_test(a_post_quantum_group_anywhere),
		cmocka_unit_test(ech_is_told_by_its_type),
		cmocka_unit_test(several_names),
		cmocka_unit_test(names_end_where_they_end),
		cmocka_unit_test(sslv2_lengths_agree),
		cmocka_unit_test(a_message_of_no_body_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
