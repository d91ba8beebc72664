/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is found in certificates: chains are made here, each finding with a twin
 * beside it that has none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "x509.h"

#define NOW 1795278603 /* 2026-11-21T16:30:03 */
#define DAY 86400
#define F(id) HG_FINDING(id)
#define LEAF_NAMES "DNS:www.example.com,DNS:*.wild.example,IP:192.0.2.1,IP:2001:db8::1"
#define MAX_CERTS 20

/* Who issues and who is issued to: a name and its key. */
struct party {
	const char *cn;
	EVP_PKEY *key;
};

struct made {
	const struct party *subject, *issuer;
	const char *names; /* NULL: no such extension */
	int from, until;   /* days from NOW; 0: 30 days each way */
	const EVP_MD *digest;
	bool ca;
	EVP_PKEY *signer; /* NULL: the issuer's */
};

static struct party root = { .cn = "Root" }, other_root = { .cn = "Other Root" };
static struct party inter = { .cn = "Intermediate" }, leaf = { .cn = "Leaf" };
static X509 *root_cert, *other_root_cert, *inter_cert, *leaf_cert;

static char dir[] = "/tmp/test_x509.XXXXXX";
static struct hg_x509 *knows_root, *knows_other, *knows_none;
static struct hg_certificates found;

/* ---- making certificates ---- */

static EVP_PKEY *rsa(size_t bits)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);

	assert_non_null(key);
	return key;
}

static EVP_PKEY *ec(const char *curve)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);

	assert_non_null(key);
	return key;
}

static void put_name(X509_NAME *name, const struct party *p)
{
	const unsigned char *org = (const unsigned char *)"M\xc3\xbcller, Inc";

	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, org, -1, -1, 0);
	assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					       (const unsigned char *)p->cn, -1, -1, 0));
}

static void put_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(extension);
	assert_true(X509_add_ext(x, extension, -1));
	X509_EXTENSION_free(extension);
}

/* All but its signature. */
static X509 *draft(const struct made *m)
{
	static long serial = 1;
	X509 *x = X509_new();

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	ASN1_TIME_set(X509_getm_notBefore(x), NOW + (m->from ? m->from : -30) * DAY);
	ASN1_TIME_set(X509_getm_notAfter(x), NOW + (m->until ? m->until : 30) * DAY);
	put_name(X509_get_subject_name(x), m->subject);
	put_name(X509_get_issuer_name(x), m->issuer);
	assert_true(X509_set_pubkey(x, m->subject->key));
	if (m->ca)
		put_extension(x, NID_basic_constraints, "critical,CA:TRUE");
	if (m->names)
		put_extension(x, NID_subject_alt_name, m->names);
	return x;
}

static X509 *sign(X509 *x, EVP_PKEY *key, const EVP_MD *digest)
{
	assert_true(X509_sign(x, key, digest) > 0);
	return x;
}

static X509 *make(struct made m)
{
	bool own = EVP_PKEY_is_a(m.issuer->key, "ED25519");

	return sign(draft(&m), m.signer ? m.signer : m.issuer->key,
		    m.digest ? m.digest
		    : own    ? NULL
			     : EVP_sha256());
}

/* ---- chains ---- */

static void put24(unsigned char *at, size_t value)
{
	at[0] = (unsigned char)(value >> 16);
	at[1] = (unsigned char)(value >> 8);
	at[2] = (unsigned char)value;
}

static struct hg_chain message(const void *bytes, size_t len)
{
	struct hg_chain chain = { 0 };

	assert_int_equal(hg_chain_add(&chain, bytes, (__u32)len, 0, (__u32)len), 0);
	return chain;
}

/* A list as on the wire, up to a NULL. */
static struct hg_chain chain_of(X509 *const list[])
{
	static unsigned char bytes[HG_CHAIN_MAX];
	size_t len = 3;

	for (; *list; list++) {
		unsigned char *at = bytes + len + 3;
		int size = i2d_X509(*list, &at);

		assert_true(size > 0);
		put24(bytes + len, (size_t)size);
		len += 3 + (size_t)size;
	}
	put24(bytes, len - 3);
	return message(bytes, len);
}

static void read_at(struct hg_x509 *x, struct hg_chain chain, const char *name, time_t now)
{
	memset(&found, 0xff, sizeof(found));
	assert_int_equal(hg_x509_read(x, &chain, name, now, &found), 0);
	hg_chain_clear(&chain);
}

static void findings_are(unsigned int expected)
{
	for (unsigned int bit = 0; bit < HG_FINDING_COUNT; bit++)
		if ((found.findings ^ expected) >> bit & 1)
			print_error("%s %s\n", expected >> bit & 1 ? "missed:" : "not so:",
				    hg_finding_text(bit));
	assert_int_equal(found.findings, expected);
}

#define LIST(...) ((X509 *[]){ __VA_ARGS__, NULL })

static void finds(struct hg_x509 *x, X509 *const list[], const char *name, unsigned int expected)
{
	read_at(x, chain_of(list), name, NOW);
	findings_are(expected);
}

/* One more leaf below the intermediate, on its own terms; `m` lacks the parties. */
static void leaf_finds(struct made m, const char *name, unsigned int expected)
{
	X509 *x;

	if (!m.subject)
		m.subject = &leaf;
	m.issuer = &inter;
	x = make(m);
	finds(knows_root, LIST(x, inter_cert), name, expected);
	X509_free(x);
}

/* ---- the path ---- */

/* With a trust store of one certificate. */
static struct hg_x509 *knowing(const char *file, X509 *cert)
{
	char path[64];
	struct hg_x509 *x;
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	out = fopen(path, "w");
	if (!out || !PEM_write_X509(out, cert) || fclose(out))
		return NULL;
	x = hg_x509_new(path, 64);
	read_at(x, chain_of(LIST(cert)), NULL, NOW); /* loads it */
	unlink(path);
	return x;
}

static void order_and_roots(void **state)
{
	(void)state;
	finds(knows_root, LIST(leaf_cert, inter_cert), "www.example.com", 0);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.parsed, 2);
	assert_true(found.leaf_parsed);
	assert_true(found.trust_judged);
	finds(knows_root, LIST(leaf_cert, inter_cert, root_cert), NULL, F(root_included));
	finds(knows_root, LIST(leaf_cert, root_cert, inter_cert), NULL,
	      F(root_included) | F(wrong_order));
	finds(knows_root, LIST(leaf_cert, other_root_cert, inter_cert), NULL,
	      F(root_included) | F(wrong_order));
	finds(knows_root, LIST(inter_cert, leaf_cert), NULL, F(wrong_order));
	finds(knows_root, LIST(leaf_cert, inter_cert, other_root_cert), NULL, F(root_included));
	finds(knows_root, LIST(root_cert), NULL, F(self_signed));
	/* There are two of its issuer: one is where it should be. */
	finds(knows_root, LIST(inter_cert, leaf_cert, inter_cert), NULL, 0);
}

static void trust(void **state)
{
	X509 *below_root = make((struct made){ .subject = &leaf, .issuer = &root });

	(void)state;
	finds(knows_root, LIST(leaf_cert), NULL, F(missing_intermediate) | F(unknown_ca));
	finds(knows_root, LIST(below_root), NULL, 0);
	finds(knows_other, LIST(below_root), NULL, F(missing_intermediate) | F(unknown_ca));
	finds(knows_other, LIST(leaf_cert, inter_cert), NULL, F(unknown_ca));
	finds(knows_other, LIST(leaf_cert, inter_cert, root_cert), NULL,
	      F(root_included) | F(unknown_ca));
	finds(knows_other, LIST(root_cert), NULL, F(self_signed) | F(unknown_ca));
	finds(knows_none, LIST(leaf_cert), NULL, 0);
	assert_false(found.trust_judged);
	X509_free(below_root);
}

/* Names and key identifiers can be copied; signatures cannot. */
static void forged(void **state)
{
	struct party same_name = { .cn = "Root", .key = other_root.key };
	struct made m = { .subject = &leaf, .issuer = &inter, .signer = leaf.key };
	X509 *by_leaf = make(m), *false_root, *seems_root;

	(void)state;
	m = (struct made){ .subject = &same_name, .issuer = &same_name, .ca = true };
	false_root = make(m);
	m.signer = leaf.key;
	seems_root = make(m);
	finds(knows_root, LIST(by_leaf, inter_cert), NULL, F(missing_intermediate) | F(unknown_ca));
	finds(knows_root, LIST(false_root), NULL, F(self_signed) | F(unknown_ca));
	finds(knows_root, LIST(leaf_cert, inter_cert, false_root), NULL, F(root_included));
	finds(knows_root, LIST(leaf_cert, inter_cert, seems_root), NULL, 0);
	X509_free(by_leaf);
	X509_free(false_root);
	X509_free(seems_root);
}

/* A certificate that must not issue any is trusted where the store has it itself. */
static void self_signed_and_trusted(void **state)
{
	struct made m = { .subject = &leaf, .issuer = &leaf };
	X509 *x = draft(&m);
	struct hg_x509 *knows_it;

	(void)state;
	put_extension(x, NID_key_usage, "critical,digitalSignature");
	sign(x, leaf.key, EVP_sha256());
	knows_it = knowing("leaf.pem", x);
	finds(knows_it, LIST(x), NULL, F(self_signed));
	finds(knows_root, LIST(x), NULL, F(self_signed) | F(unknown_ca));
	hg_x509_free(knows_it);
	X509_free(x);
}

static void circle(void **state)
{
	X509 *a = make((struct made){ .subject = &inter, .issuer = &leaf, .ca = true });
	X509 *b = make((struct made){ .subject = &leaf, .issuer = &inter, .ca = true });

	(void)state;
	finds(knows_root, LIST(a, b), NULL,
	      F(wrong_order) | F(missing_intermediate) | F(unknown_ca));
	X509_free(a);
	X509_free(b);
}

static void store_as_directory(void **state)
{
	char path[64], file[96];
	struct hg_x509 *x;
	FILE *out;

	(void)state;
	snprintf(path, sizeof(path), "%s/hashed", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	x = hg_x509_new(path, 8);
	finds(x, LIST(leaf_cert), NULL, 0);
	assert_false(found.trust_judged);
	hg_x509_free(x);
	snprintf(file, sizeof(file), "%s/%08lx.0", path, X509_subject_name_hash(root_cert));
	out = fopen(file, "w");
	assert_non_null(out);
	PEM_write_X509(out, root_cert);
	fclose(out);
	x = hg_x509_new(path, 8);
	finds(x, LIST(leaf_cert, inter_cert), NULL, 0);
	assert_true(found.trust_judged);
	finds(x, LIST(leaf_cert), NULL, F(missing_intermediate) | F(unknown_ca));
	hg_x509_free(x);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(path), 0);
}

/* SSL_CERT_FILE and SSL_CERT_DIR name it, as for OpenSSL's own programs. */
static void store_of_the_environment(void **state)
{
	char path[sizeof(dir) + 32], hashed[sizeof(dir) + 32], list[sizeof(dir) + 32];
	struct hg_x509 *x;
	FILE *out;

	(void)state;
	snprintf(path, sizeof(path), "%s/roots.pem", dir);
	out = fopen(path, "w");
	assert_non_null(out);
	PEM_write_X509(out, root_cert);
	fclose(out);
	setenv("SSL_CERT_DIR", "/nonexistent", 1);
	setenv("SSL_CERT_FILE", path, 1);
	x = hg_x509_new(NULL, 8);
	finds(x, LIST(leaf_cert, inter_cert), NULL, 0);
	assert_true(found.trust_judged);
	hg_x509_free(x);
	setenv("SSL_CERT_FILE", "/nonexistent", 1);
	x = hg_x509_new(NULL, 8);
	finds(x, LIST(leaf_cert, inter_cert), NULL, 0);
	assert_false(found.trust_judged);
	hg_x509_free(x);
	snprintf(hashed, sizeof(hashed), "%s/%08lx.0", dir, X509_subject_name_hash(root_cert));
	assert_int_equal(rename(path, hashed), 0);
	snprintf(list, sizeof(list), "/nonexistent:%s", dir);
	setenv("SSL_CERT_DIR", list, 1);
	x = hg_x509_new(NULL, 8);
	finds(x, LIST(leaf_cert, inter_cert), NULL, 0);
	assert_true(found.trust_judged);
	hg_x509_free(x);
	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
	assert_int_equal(unlink(hashed), 0);
}

/* ---- dates ---- */

static void dates(void **state)
{
	X509 *old_inter = make((struct made){
		.subject = &inter, .issuer = &root, .ca = true, .from = -9, .until = -1 });
	X509 *old_root = make((struct made){
		.subject = &root, .issuer = &root, .ca = true, .from = -9, .until = -1 });

	(void)state;
	leaf_finds((struct made){ .from = -9, .until = -1 }, NULL, F(expired));
	leaf_finds((struct made){ .from = 1, .until = 9 }, NULL, F(not_yet_valid));
	finds(knows_root, LIST(leaf_cert, old_inter), NULL, F(expired));
	finds(knows_root, LIST(leaf_cert, inter_cert, old_root), NULL, F(root_included));
	finds(knows_none, LIST(leaf_cert, inter_cert, old_root), NULL,
	      F(root_included) | F(expired));
	/* A path ends at a root, also where another root goes by its name. */
	finds(knows_none, LIST(leaf_cert, inter_cert, root_cert, old_root), NULL, F(root_included));
	X509_free(old_inter);
	X509_free(old_root);
}

static void dates_to_the_second(void **state)
{
	static const struct {
		int after_s;
		unsigned int expected;
	} rows[] = { { -30 * DAY - 1, F(not_yet_valid) },
		     { -30 * DAY, 0 },
		     { 30 * DAY, 0 },
		     { 30 * DAY + 1, F(expired) } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		read_at(knows_root, chain_of(LIST(leaf_cert, inter_cert)), NULL,
			NOW + rows[i].after_s);
		findings_are(rows[i].expected);
	}
	assert_int_equal(found.valid_from, NOW - 30 * DAY);
	assert_int_equal(found.valid_until, NOW + 30 * DAY);
	assert_string_equal(found.leaf.not_before, "2026-10-22T16:30:03+0000");
	assert_string_equal(found.leaf.not_after, "2026-12-21T16:30:03+0000");
}

static void no_date(void **state)
{
	struct made m = { .subject = &leaf, .issuer = &inter };
	X509 *x = draft(&m);
	ASN1_TIME *bad = X509_getm_notAfter(x);

	(void)state;
	ASN1_STRING_set(bad, "yesterday", -1);
	sign(x, inter.key, EVP_sha256());
	finds(knows_root, LIST(x, inter_cert), NULL, F(unparsable));
	assert_string_equal(found.leaf.not_after, "");
	assert_string_equal(found.leaf.not_before, "2026-10-22T16:30:03+0000");
	X509_free(x);
}

/* ---- names ---- */

static void names_asked_for(void **state)
{
	static const struct {
		const char *name;
		unsigned int expected;
	} rows[] = {
		{ "www.example.com", 0 },
		{ "WWW.example.COM.", 0 },
		{ "example.com", F(name_mismatch) },
		{ "www.example.com.evil", F(name_mismatch) },
		{ "a.wild.example", 0 },
		{ "wild.example", F(name_mismatch) },
		{ "a.b.wild.example", F(name_mismatch) },
		{ "192.0.2.1", 0 },
		{ "192.0.2.2", F(name_mismatch) },
		{ "2001:db8:0::1", 0 },
		{ "2001:db8::2", F(name_mismatch) },
		{ "Leaf", F(name_mismatch) }, /* its CN, beside DNS names */
		{ "www.example.com", 0 },
		{ "www.example.co", F(name_mismatch) },
		{ "", 0 },
		{ NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].name ? rows[i].name : "none");
		finds(knows_root, LIST(leaf_cert, inter_cert), rows[i].name, rows[i].expected);
	}
}

/* What is longer than a name can be is compared with none. */
static void long_name(void **state)
{
	char name[257];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[255] = '\0';
	finds(knows_root, LIST(leaf_cert, inter_cert), name, F(name_mismatch));
	name[255] = 'a';
	name[256] = '\0';
	finds(knows_root, LIST(leaf_cert, inter_cert), name, 0);
}

static void common_name(void **state)
{
	struct party named = { .cn = "cn.example.com", .key = leaf.key };
	struct party odd = { .cn = "cn\n.example", .key = leaf.key };

	(void)state;
	leaf_finds((struct made){ .subject = &named }, "cn.example.com", 0);
	assert_int_equal(found.leaf.name_count, 1);
	assert_string_equal(found.leaf.names, "cn.example.com");
	leaf_finds((struct made){ .subject = &named }, "www.example.com", F(name_mismatch));
	leaf_finds((struct made){ .subject = &odd }, NULL, 0);
	assert_int_equal(found.leaf.name_total, 1);
	assert_int_equal(found.leaf.name_count, 0);
	assert_string_equal(found.leaf.names, "");
}

static void names_of_the_leaf(void **state)
{
	static const char names[] = "www.example.com\0*.wild.example\0"
				    "192.0.2.1\0"
				    "2001:db8::1";

	(void)state;
	finds(knows_root, LIST(leaf_cert, inter_cert), NULL, 0);
	assert_int_equal(found.leaf.name_total, 4);
	assert_int_equal(found.leaf.name_count, 4);
	assert_int_equal(found.leaf.names_len, sizeof(names));
	assert_memory_equal(found.leaf.names, names, sizeof(names));
}

/* DNS:host0000.example,DNS:host0001.example,...: 16 characters each. */
static const char *many_names(int n)
{
	static char text[32 * 1024];
	size_t len = 0;

	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%sDNS:host%04d.example",
					i ? "," : "", i);
	assert_true(len < sizeof(text));
	return text;
}

static void more_names_than_are_kept(void **state)
{
	const int fit = HG_CERT_NAMES_SIZE / (int)sizeof("host0000.example");

	(void)state;
	leaf_finds((struct made){ .names = many_names(fit + 1) }, NULL, 0);
	assert_int_equal(found.leaf.name_total, fit + 1);
	assert_int_equal(found.leaf.name_count, fit);
	assert_int_equal(found.leaf.names_len, fit * (int)sizeof("host0000.example"));
	leaf_finds((struct made){ .names = many_names(200) }, "host0199.example", F(over_3kb));
	assert_int_equal(found.leaf.name_total, 200);
	leaf_finds((struct made){ .names = many_names(900) }, "host0900.example",
		   F(name_mismatch) | F(over_3kb) | F(over_initial_window));
}

/* ---- the leaf in words ---- */

static void leaf_in_words(void **state)
{
	unsigned char sha1[20], sha256[32];
	char hex[100];

	(void)state;
	finds(knows_root, LIST(leaf_cert, inter_cert), NULL, 0);
	assert_string_equal(found.leaf.subject, "O=M\\C3\\BCller\\, Inc, CN=Leaf");
	assert_string_equal(found.leaf.issuer, "O=M\\C3\\BCller\\, Inc, CN=Intermediate");
	assert_string_equal(found.leaf.key, "EC");
	assert_int_equal(found.leaf.key_bits, 256);
	assert_string_equal(found.leaf.digest, "SHA256");
	X509_digest(leaf_cert, EVP_sha1(), sha1, NULL);
	for (int i = 0; i < 20; i++)
		snprintf(hex + i * 3, 4, "%02x:", sha1[i]);
	hex[59] = '\0';
	assert_string_equal(found.leaf.sha1, hex);
	X509_digest(leaf_cert, EVP_sha256(), sha256, NULL);
	for (int i = 0; i < 32; i++)
		snprintf(hex + i * 3, 4, "%02x:", sha256[i]);
	hex[95] = '\0';
	assert_string_equal(found.leaf.sha256, hex);
}

static void long_texts(void **state)
{
	struct made m = { .subject = &leaf, .issuer = &inter };
	X509 *x = draft(&m);

	(void)state;
	for (int i = 0; i < 20; i++)
		X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "OU", MBSTRING_ASC,
					   (const unsigned char *)"nineteen-characters", -1, -1, 0);
	sign(x, inter.key, EVP_sha256());
	finds(knows_root, LIST(x, inter_cert), NULL, 0);
	assert_int_equal(strlen(found.leaf.subject), HG_DN_SIZE - 1);
	assert_string_equal(found.leaf.subject + HG_DN_SIZE - 4, "...");
	X509_free(x);
}

static void serials(void **state)
{
	static const struct {
		const char *hex, *expected;
	} rows[] = {
		{ "1", "01" },
		{ "0C0099B7", "0C:00:99:B7" },
		{ "80FF", "00:80:FF" }, /* as encoded: without the zero it was negative */
		{ "-2", "FE" },
		{ "7F000000000000000000000000000000000000000000000000000000000000000000EE",
		  "7F:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"
		  "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct made m = { .subject = &leaf, .issuer = &inter };
		X509 *x = draft(&m);
		BIGNUM *n = NULL;

		BN_hex2bn(&n, rows[i].hex);
		BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
		BN_free(n);
		sign(x, inter.key, EVP_sha256());
		finds(knows_root, LIST(x, inter_cert), NULL, 0);
		assert_string_equal(found.leaf.serial, rows[i].expected);
		X509_free(x);
	}
}

/* ---- keys and digests ---- */

static void keys(void **state)
{
	struct {
		EVP_PKEY *key;
		const char *type;
		unsigned int bits, expected;
	} rows[] = {
		{ rsa(1024), "RSA", 1024, F(weak_key) },
		{ rsa(2047), "RSA", 2047, F(weak_key) },
		{ rsa(2048), "RSA", 2048, 0 },
		{ ec("P-192"), "EC", 192, F(weak_key) },
		{ ec("P-224"), "EC", 224, 0 },
		{ EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "ED25519", 256, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct party p = { .cn = "Leaf", .key = rows[i].key };

		print_message("# %s %u\n", rows[i].type, rows[i].bits);
		leaf_finds((struct made){ .subject = &p }, NULL, rows[i].expected);
		assert_string_equal(found.leaf.key, rows[i].type);
		assert_int_equal(found.leaf.key_bits, rows[i].bits);
		EVP_PKEY_free(rows[i].key);
	}
}

/* Whoever has it, not the leaf alone. */
static void weak_key_above(void **state)
{
	struct party weak = { .cn = "Weak", .key = rsa(1024) };
	X509 *above = make((struct made){ .subject = &weak, .issuer = &root, .ca = true });
	X509 *below = make((struct made){ .subject = &leaf, .issuer = &weak });

	(void)state;
	finds(knows_root, LIST(below, above), NULL, F(weak_key));
	X509_free(above);
	X509_free(below);
	EVP_PKEY_free(weak.key);
}

static void digests(void **state)
{
	struct made m = { .subject = &root, .issuer = &root, .ca = true, .digest = EVP_sha1() };
	struct party ed = { .cn = "Ed", .key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") };
	X509 *sha1_root = make(m), *ed_leaf = make((struct made){ .subject = &ed, .issuer = &ed });
	X509 *sha1_inter, *rsa_leaf;
	struct party rsa_ca = { .cn = "RSA", .key = rsa(2048) };

	(void)state;
	leaf_finds((struct made){ .digest = EVP_sha1() }, NULL, F(weak_digest));
	assert_string_equal(found.leaf.digest, "SHA1");
	leaf_finds((struct made){ .digest = EVP_sha384() }, NULL, 0);
	assert_string_equal(found.leaf.digest, "SHA384");
	finds(knows_root, LIST(leaf_cert, inter_cert, sha1_root), NULL, F(root_included));
	finds(knows_root, LIST(sha1_root), NULL, F(self_signed) | F(weak_digest));
	m.subject = &inter;
	sha1_inter = make(m);
	finds(knows_root, LIST(leaf_cert, sha1_inter), NULL, F(weak_digest));
	finds(knows_root, LIST(ed_leaf), NULL, F(self_signed) | F(unknown_ca));
	assert_string_equal(found.leaf.digest, "");
	rsa_leaf =
		make((struct made){ .subject = &rsa_ca, .issuer = &rsa_ca, .digest = EVP_md5() });
	finds(knows_root, LIST(rsa_leaf), NULL, F(self_signed) | F(unknown_ca) | F(weak_digest));
	assert_string_equal(found.leaf.digest, "MD5");
	X509_free(sha1_root);
	X509_free(sha1_inter);
	X509_free(ed_leaf);
	X509_free(rsa_leaf);
	EVP_PKEY_free(ed.key);
	EVP_PKEY_free(rsa_ca.key);
}

/* ---- messages that are none, or strange ---- */

static void empty_list(void **state)
{
	(void)state;
	read_at(knows_root, message("\0\0\0", 3), "www.example.com", NOW);
	findings_are(0);
	assert_int_equal(found.count, 0);
	assert_false(found.leaf_parsed);
	assert_string_equal(found.leaf.subject, "");
}

static void not_whole(void **state)
{
	struct hg_chain none = { 0 }, half = { 0 }, all = chain_of(LIST(leaf_cert, inter_cert));

	(void)state;
	memset(&found, 0x5a, sizeof(found));
	assert_int_equal(hg_x509_read(knows_root, &none, NULL, NOW, &found), -EINVAL);
	assert_int_equal(hg_chain_add(&half, all.bytes, all.total - 1, 0, all.total), 0);
	assert_int_equal(hg_x509_read(knows_root, &half, NULL, NOW, &found), -EINVAL);
	assert_int_equal(found.count, 0x5a5a5a5a);
	hg_chain_clear(&half);
	hg_chain_clear(&all);
}

static void lengths(void **state)
{
	struct hg_chain all = chain_of(LIST(leaf_cert, inter_cert));

	(void)state;
	read_at(knows_root, message("\0", 1), NULL, NOW);
	findings_are(F(unparsable));
	read_at(knows_root, message("\0\0\0\0", 4), NULL, NOW);
	findings_are(F(unparsable));
	read_at(knows_root, message(all.bytes, all.total - 1), NULL, NOW);
	findings_are(F(unparsable));
	assert_int_equal(found.count, 1);
	assert_true(found.leaf_parsed);
	assert_false(found.trust_judged);
	put24(all.bytes, all.total - 1 - 3);
	read_at(knows_root, message(all.bytes, all.total - 1), NULL, NOW);
	findings_are(F(unparsable));
	put24(all.bytes, all.total - 3 + 1);
	read_at(knows_root, message(all.bytes, all.total), NULL, NOW);
	findings_are(F(unparsable));
	assert_int_equal(found.parsed, 2);
	hg_chain_clear(&all);
}

/* One entry of `der`, `len` bytes long. */
static void one_finds(const void *der, size_t len, unsigned int expected)
{
	static unsigned char bytes[HG_CHAIN_MAX];

	put24(bytes, len + 3);
	put24(bytes + 3, len);
	memcpy(bytes + 6, der, len);
	read_at(knows_root, message(bytes, len + 6), "www.example.com", NOW);
	findings_are(expected);
}

static void garbage(void **state)
{
	static unsigned char bytes[16 * 1024];
	unsigned char *at = bytes;
	int len = i2d_X509(root_cert, &at);

	(void)state;
	one_finds(bytes, (size_t)len, F(self_signed) | F(name_mismatch));
	one_finds(bytes, (size_t)len + 1, F(unparsable));
	one_finds(bytes, (size_t)len - 1, F(unparsable));
	one_finds(bytes, 0, F(unparsable));
	assert_int_equal(found.count, 1);
	assert_int_equal(found.parsed, 0);
	assert_false(found.leaf_parsed);
	one_finds("garbage", 7, F(unparsable));
}

static void sizes(void **state)
{
	static const unsigned char bytes[16 * 1024];

	(void)state;
	one_finds(bytes, 3072 - 3, F(unparsable));
	one_finds(bytes, 3073 - 3, F(unparsable) | F(over_3kb));
	one_finds(bytes, 14600 - 4 - 6, F(unparsable) | F(over_3kb));
	one_finds(bytes, 14601 - 4 - 6, F(unparsable) | F(over_3kb) | F(over_initial_window));
}

static void garbage_behind_the_leaf(void **state)
{
	struct hg_chain chain = chain_of(LIST(leaf_cert, inter_cert));
	__u32 at = 0, len;
	const __u8 *der;

	(void)state;
	assert_true(hg_chain_next(&chain, &at, &der, &len));
	chain.bytes[at + 3] ^= 0xff;
	read_at(knows_root, chain, "www.example.com", NOW);
	findings_are(F(unparsable));
	assert_int_equal(found.count, 2);
	assert_int_equal(found.parsed, 1);
	assert_true(found.leaf_parsed);
	assert_false(found.trust_judged);
}

static void more_than_are_read(void **state)
{
	X509 *list[MAX_CERTS + 1] = { leaf_cert, inter_cert };

	(void)state;
	for (int i = 2; i < MAX_CERTS; i++)
		list[i] = i < HG_CERTIFICATES_MAX ? inter_cert : root_cert;
	finds(knows_other, list, NULL, F(over_3kb));
	assert_int_equal(found.count, MAX_CERTS);
	assert_int_equal(found.parsed, HG_CERTIFICATES_MAX);
	assert_false(found.trust_judged);
	list[HG_CERTIFICATES_MAX] = NULL;
	finds(knows_root, list, NULL, F(over_3kb));
	assert_true(found.trust_judged);
}

static void text_is_bounded(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	assert_true(len < size);
	for (size_t i = 0; i < len; i++)
		assert_in_range(text[i], ' ', '~');
}

/* Whatever the bytes, what comes out is bounded text; sanitizers see the rest. */
static void random_damage(void **state)
{
	struct hg_chain good = chain_of(LIST(leaf_cert, inter_cert, root_cert));
	int parsed = 0;

	(void)state;
	srandom(1);
	for (int i = 0; i < 3000; i++) {
		struct hg_chain chain = message(good.bytes, good.total);

		for (int n = 1 + (int)(random() % 3); n; n--)
			chain.bytes[random() % chain.total] = (__u8)random();
		read_at(knows_root, chain, "www.example.com", NOW);
		assert_true(found.parsed <= found.count);
		assert_true(found.leaf.names_len <= HG_CERT_NAMES_SIZE);
		text_is_bounded(found.leaf.subject, sizeof(found.leaf.subject));
		text_is_bounded(found.leaf.issuer, sizeof(found.leaf.issuer));
		text_is_bounded(found.leaf.not_after, sizeof(found.leaf.not_after));
		text_is_bounded(found.leaf.serial, sizeof(found.leaf.serial));
		parsed += found.leaf_parsed;
	}
	assert_in_range(parsed, 1000, 2999);
	hg_chain_clear(&good);
}

/* ---- the cache ---- */

static __u64 reads_of(struct hg_x509 *x, X509 *cert)
{
	__u64 before = hg_x509_counts(x)->read;

	read_at(x, chain_of(LIST(cert)), NULL, NOW);
	return hg_x509_counts(x)->read - before;
}

static void read_once(void **state)
{
	struct hg_x509 *x = hg_x509_new("/nonexistent", 8);
	struct hg_certificates first;

	(void)state;
	finds(x, LIST(leaf_cert, inter_cert), "www.example.com", 0);
	first = found;
	finds(x, LIST(leaf_cert, inter_cert), "www.example.com", 0);
	assert_memory_equal(&found, &first, sizeof(first));
	finds(x, LIST(leaf_cert, inter_cert), "example.com", F(name_mismatch));
	finds(x, LIST(leaf_cert, inter_cert), NULL, 0);
	read_at(x, chain_of(LIST(leaf_cert, inter_cert)), NULL, NOW + 60 * DAY);
	findings_are(F(expired));
	finds(x, LIST(leaf_cert, inter_cert), "www.example.com", 0);
	assert_int_equal(hg_x509_counts(x)->read, 1);
	assert_int_equal(hg_x509_counts(x)->asked, 6);
	finds(x, LIST(inter_cert, leaf_cert), NULL, F(wrong_order));
	assert_int_equal(hg_x509_counts(x)->read, 2);
	hg_x509_free(x);
}

static void oldest_is_forgotten(void **state)
{
	struct hg_x509 *x = hg_x509_new("/nonexistent", 8);
	X509 *certs[9];

	(void)state;
	for (int i = 0; i < 9; i++)
		certs[i] = make((struct made){ .subject = &leaf, .issuer = &inter });
	for (int i = 0; i < 8; i++)
		assert_int_equal(reads_of(x, certs[i]), 1);
	assert_int_equal(reads_of(x, certs[0]), 0);
	assert_int_equal(reads_of(x, certs[8]), 1);
	assert_int_equal(reads_of(x, certs[0]), 0);
	assert_int_equal(reads_of(x, certs[2]), 0);
	assert_int_equal(reads_of(x, certs[1]), 1);
	assert_string_equal(found.leaf.subject, "O=M\\C3\\BCller\\, Inc, CN=Leaf");
	for (int i = 0; i < 9; i++)
		X509_free(certs[i]);
	hg_x509_free(x);
}

static void texts(void **state)
{
	(void)state;
	assert_string_equal(hg_finding_text(HG_FINDING_expired), "expired");
	assert_string_equal(hg_finding_text(HG_FINDING_unparsable), "unparsable");
	assert_string_equal(hg_finding_text(HG_FINDING_COUNT), "?");
}

/* ---- */

static int begin(void **state)
{
	(void)state;
	root.key = ec("P-256");
	other_root.key = ec("P-256");
	inter.key = ec("P-256");
	leaf.key = ec("P-256");
	root_cert = make((struct made){ .subject = &root, .issuer = &root, .ca = true });
	other_root_cert =
		make((struct made){ .subject = &other_root, .issuer = &other_root, .ca = true });
	inter_cert = make((struct made){ .subject = &inter, .issuer = &root, .ca = true });
	leaf_cert = make((struct made){ .subject = &leaf, .issuer = &inter, .names = LEAF_NAMES });
	if (!mkdtemp(dir))
		return -1;
	knows_root = knowing("root.pem", root_cert);
	knows_other = knowing("other.pem", other_root_cert);
	knows_none = hg_x509_new("/nonexistent", 8);
	return knows_root && knows_other && knows_none ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	hg_x509_free(knows_root);
	hg_x509_free(knows_other);
	hg_x509_free(knows_none);
	X509_free(root_cert);
	X509_free(other_root_cert);
	X509_free(inter_cert);
	X509_free(leaf_cert);
	EVP_PKEY_free(root.key);
	EVP_PKEY_free(other_root.key);
	EVP_PKEY_free(inter.key);
	EVP_PKEY_free(leaf.key);
	rmdir(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_roots),
		cmocka_unit_test(trust),
		cmocka_unit_test(forged),
		cmocka_unit_test(self_signed_and_trusted),
		cmocka_unit_test(circle),
		cmocka_unit_test(store_as_directory),
		cmocka_unit_test(store_of_the_environment),
		cmocka_unit_test(dates),
		cmocka_unit_test(dates_to_the_second),
		cmocka_unit_test(no_date),
		cmocka_unit_test(names_asked_for),
		cmocka_unit_test(long_name),
		cmocka_unit_test(common_name),
		cmocka_unit_test(names_of_the_leaf),
		cmocka_unit_test(more_names_than_are_kept),
		cmocka_unit_test(leaf_in_words),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(serials),
		cmocka_unit_test(keys),
		cmocka_unit_test(weak_key_above),
		cmocka_unit_test(digests),
		cmocka_unit_test(empty_list),
		cmocka_unit_test(not_whole),
		cmocka_unit_test(lengths),
		cmocka_unit_test(garbage),
		cmocka_unit_test(sizes),
		cmocka_unit_test(garbage_behind_the_leaf),
		cmocka_unit_test(more_than_are_read),
		cmocka_unit_test(random_damage),
		cmocka_unit_test(read_once),
		cmocka_unit_test(oldest_is_forgotten),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests_name("x509", tests, begin, end);
}
