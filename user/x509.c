/* SPDX-License-Identifier: BSD-2-Clause */
#include "x509.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HG_GOOD_LIST (3 * 1024)
#define HG_INITIAL_WINDOW (10 * 1460)
#define HG_MESSAGE_HEADER 4 /* that chain->total leaves out */
#define HG_LIST_HEADER 3
#define HG_WEAK_RSA 2048 /* below it; DSA alike */
#define HG_WEAK_EC 224
#define HG_VERIFY_BITS 4096 /* by a longer key, signatures are believed: each would cost ms */
#define HG_NAME_SIZE 256
#define HG_WAYS 8

/* A chain that was read, and the name that its leaf was last compared with. */
struct cached {
	__u8 key[32]; /* SHA-256 of the message */
	__u64 used;
	char name[HG_NAME_SIZE]; /* empty: with none */
	bool mismatch;
	struct hg_certificates certificates; /* findings: those that always hold */
};

struct hg_x509 {
	EVP_MD *sha1, *sha256; /* sha1: NULL where it is not to be had */
	char *store_path;
	X509_STORE *store; /* NULL: absent */
	bool store_tried;
	struct cached **cache; /* sets of HG_WAYS: no search is longer, whoever chose the keys */
	unsigned int sets;
	struct hg_x509_counts counts;
};

/* The certificates of a list by their place, NULL where one could not be read. */
struct sent {
	X509 *at[HG_CERTIFICATES_MAX];
	bool self_signed[HG_CERTIFICATES_MAX];
	int n;
};

#define HG_TEXT(id, text) text,

const char *hg_finding_text(unsigned int bit)
{
	static const char *const texts[] = { HG_FINDINGS(HG_TEXT) };

	return bit < HG_FINDING_COUNT ? texts[bit] : "?";
}

/* ---- the leaf, in words ---- */

static void put_hex(char *out, const __u8 *bytes, size_t len, const char *digits)
{
	for (size_t i = 0; i < len; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
		*out++ = i + 1 < len ? ':' : '\0';
	}
}

static void put_digest(char *out, const EVP_MD *md, const __u8 *der, __u32 len)
{
	__u8 bytes[EVP_MAX_MD_SIZE];
	unsigned int size;

	if (md && EVP_Digest(der, len, bytes, &size, md, NULL))
		put_hex(out, bytes, size, "0123456789abcdef");
}

/* The octets of the INTEGER as it was encoded, its leading zero with them. */
static void put_serial(char out[], const ASN1_INTEGER *serial)
{
	unsigned char *der = NULL;
	const unsigned char *at;
	int len = i2d_ASN1_INTEGER(serial, &der), tag, class;
	long octets;

	if (len <= 0)
		return;
	at = der;
	ASN1_get_object(&at, &octets, &tag, &class, len);
	if (octets > HG_SERIAL_OCTETS)
		octets = HG_SERIAL_OCTETS;
	put_hex(out, at, (size_t)octets, "0123456789ABCDEF");
	OPENSSL_free(der);
}

/* As Suricata spells it: in the order of the bytes.  All but printable ASCII is escaped. */
#define DN_FORM ((XN_FLAG_RFC2253 & ~(XN_FLAG_DN_REV | XN_FLAG_SEP_MASK)) | XN_FLAG_SEP_CPLUS_SPC)

static void put_dn(char out[HG_DN_SIZE], const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	long len;
	char *text;

	if (bio && X509_NAME_print_ex(bio, name, 0, DN_FORM) >= 0) {
		len = BIO_get_mem_data(bio, &text);
		if (len < HG_DN_SIZE)
			snprintf(out, HG_DN_SIZE, "%.*s", (int)len, text);
		else
			snprintf(out, HG_DN_SIZE, "%.*s...", HG_DN_SIZE - 4, text);
	}
	BIO_free(bio);
}

static bool put_date(char out[HG_DATE_SIZE], const ASN1_TIME *date)
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(date, &tm))
		return false;
	strftime(out, HG_DATE_SIZE, "%Y-%m-%dT%H:%M:%S+0000", &tm);
	return true;
}

static void keep_name(struct hg_certificate *leaf, const __u8 *text, int len)
{
	leaf->name_total++;
	for (int i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return;
	if (len <= 0 || len >= HG_CERT_NAMES_SIZE - (int)leaf->names_len)
		return;
	memcpy(leaf->names + leaf->names_len, text, (size_t)len);
	leaf->names_len += (__u32)len + 1;
	leaf->name_count++;
}

static void keep_address(struct hg_certificate *leaf, const ASN1_STRING *address)
{
	int len = ASN1_STRING_length(address);
	char text[INET6_ADDRSTRLEN] = "";

	if (len == 4 || len == 16)
		inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text,
			  sizeof(text));
	keep_name(leaf, (const __u8 *)text, (int)strlen(text));
}

static void keep_common_names(struct hg_certificate *leaf, const X509_NAME *subject)
{
	unsigned char *text;
	int at = -1, len;

	while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0) {
		text = NULL;
		len = ASN1_STRING_to_UTF8(
			&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
		keep_name(leaf, text, len);
		OPENSSL_free(text);
	}
}

static void keep_names(struct hg_certificate *leaf, X509 *x)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			keep_name(leaf, ASN1_STRING_get0_data(name->d.dNSName),
				  ASN1_STRING_length(name->d.dNSName));
		else if (name->type == GEN_IPADD)
			keep_address(leaf, name->d.iPAddress);
	}
	GENERAL_NAMES_free(names);
	if (!leaf->name_total)
		keep_common_names(leaf, X509_get_subject_name(x));
}

static int digest_of(X509 *x)
{
	int digest = NID_undef;

	X509_get_signature_info(x, &digest, NULL, NULL, NULL);
	return digest;
}

static void read_leaf(const struct hg_x509 *reader, struct hg_certificates *c, X509 *x,
		      const __u8 *der, __u32 len)
{
	struct hg_certificate *leaf = &c->leaf;
	const EVP_PKEY *key = X509_get0_pubkey(x);
	const char *key_type = key ? EVP_PKEY_get0_type_name(key) : NULL;
	int digest = digest_of(x);

	c->leaf_parsed = true;
	put_dn(leaf->subject, X509_get_subject_name(x));
	put_dn(leaf->issuer, X509_get_issuer_name(x));
	if (!put_date(leaf->not_before, X509_get0_notBefore(x)) ||
	    !put_date(leaf->not_after, X509_get0_notAfter(x)))
		c->findings |= HG_FINDING(unparsable);
	put_serial(leaf->serial, X509_get0_serialNumber(x));
	put_digest(leaf->sha1, reader->sha1, der, len);
	put_digest(leaf->sha256, reader->sha256, der, len);
	snprintf(leaf->key, sizeof(leaf->key), "%s", key_type ? key_type : "");
	leaf->key_bits = key ? (__u32)EVP_PKEY_get_bits(key) : 0;
	snprintf(leaf->digest, sizeof(leaf->digest), "%s",
		 digest == NID_undef ? "" : OBJ_nid2sn(digest));
	keep_names(leaf, x);
}

/* ---- each certificate ---- */

static bool weak_key(X509 *x)
{
	const EVP_PKEY *key = X509_get0_pubkey(x);

	switch (key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
	case EVP_PKEY_DSA:
		return EVP_PKEY_get_bits(key) < HG_WEAK_RSA;
	case EVP_PKEY_EC:
		return EVP_PKEY_get_bits(key) < HG_WEAK_EC;
	}
	return false;
}

static bool weak_digest(X509 *x)
{
	switch (digest_of(x)) {
	case NID_md2:
	case NID_md4:
	case NID_md5:
	case NID_sha1:
		return true;
	}
	return false;
}

static bool signed_by(X509 *x, EVP_PKEY *key)
{
	return key && (EVP_PKEY_get_bits(key) > HG_VERIFY_BITS || X509_verify(x, key) == 1);
}

static void judge_each(const struct sent *s, struct hg_certificates *c)
{
	for (int i = 0; i < s->n; i++) {
		bool root = i && s->self_signed[i];

		if (!s->at[i])
			continue;
		if (root)
			c->findings |= HG_FINDING(root_included);
		if (weak_key(s->at[i]))
			c->findings |= HG_FINDING(weak_key);
		if (!root && weak_digest(s->at[i]))
			c->findings |= HG_FINDING(weak_digest);
	}
	if (s->self_signed[0])
		c->findings |= HG_FINDING(self_signed);
}

/* ---- the path ---- */

/* By names, key identifiers and usage: says nothing of the signature. */
static bool names_issuer(const struct sent *s, int i, int issuer)
{
	return issuer < s->n && issuer != i && s->at[issuer] &&
	       X509_check_issued(s->at[issuer], s->at[i]) == X509_V_OK;
}

/* The issuer of certificate i in the list, the one behind it first; or -1. */
static int issuer_of(const struct sent *s, int i)
{
	if (names_issuer(s, i, i + 1))
		return i + 1;
	for (int issuer = 0; issuer < s->n; issuer++)
		if (names_issuer(s, i, issuer))
			return issuer;
	return -1;
}

static bool wrong_order(const struct sent *s)
{
	for (int i = 0; i < s->n; i++) {
		int issuer = s->at[i] && !s->self_signed[i] ? issuer_of(s, i) : -1;

		if (issuer >= 0 && issuer != i + 1)
			return true;
	}
	return false;
}

/* The store has it, where it is a root, or the one that signed it. */
static bool vouched_for(X509_STORE *store, X509 *x)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *issuers = NULL;
	bool found = false;

	if (ctx && X509_STORE_CTX_init(ctx, store, NULL, NULL))
		issuers = X509_STORE_CTX_get1_certs(ctx, X509_get_issuer_name(x));
	for (int i = 0; !found && i < sk_X509_num(issuers); i++) {
		X509 *issuer = sk_X509_value(issuers, i);

		found = !X509_cmp(issuer, x) || (X509_check_issued(issuer, x) == X509_V_OK &&
						 signed_by(x, X509_get0_pubkey(issuer)));
	}
	sk_X509_pop_free(issuers, X509_free);
	X509_STORE_CTX_free(ctx);
	return found;
}

static void narrow(struct hg_certificates *c, const X509 *x)
{
	struct tm from, until;
	time_t t;

	if (!ASN1_TIME_to_tm(X509_get0_notBefore(x), &from) ||
	    !ASN1_TIME_to_tm(X509_get0_notAfter(x), &until))
		return;
	t = timegm(&from);
	if (t > c->valid_from)
		c->valid_from = t;
	t = timegm(&until);
	if (t < c->valid_until)
		c->valid_until = t;
}

static void judge_path(X509_STORE *store, const struct sent *s, struct hg_certificates *c)
{
	bool vouched = false;
	int at = 0, issuer;

	/* Certificates may have issued each other: no path is longer than the list. */
	for (int steps = 0; steps < s->n; steps++) {
		narrow(c, s->at[at]);
		vouched = store && vouched_for(store, s->at[at]);
		if (vouched || s->self_signed[at])
			break;
		issuer = issuer_of(s, at);
		if (issuer < 0 || !signed_by(s->at[at], X509_get0_pubkey(s->at[issuer])))
			break;
		at = issuer;
	}
	c->trust_judged = store && c->parsed == c->count && !(c->findings & HG_FINDING(unparsable));
	if (!c->trust_judged || vouched)
		return;
	c->findings |= HG_FINDING(unknown_ca);
	/* Behind a CA's certificate there may be nothing but a root that we do not know. */
	if (!at && !s->self_signed[at])
		c->findings |= HG_FINDING(missing_intermediate);
}

/* ---- the trust store ---- */

/* 5ed36f99.0: X509_STORE_load_path() is content with an empty directory. */
static bool holds_certificates(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir)))
		found = strlen(entry->d_name) == 10 && entry->d_name[8] == '.';
	if (dir)
		closedir(dir);
	return found;
}

static bool load_from(X509_STORE *store, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return false;
	if (S_ISDIR(st.st_mode))
		return holds_certificates(path) && X509_STORE_load_path(store, path);
	return X509_STORE_load_file(store, path);
}

/* As OpenSSL's own programs: SSL_CERT_FILE, SSL_CERT_DIR, or else as it was built. */
static const char *default_path(const char *variable, const char *otherwise)
{
	const char *path = secure_getenv(variable);

	return path ? path : otherwise;
}

/* A list of directories, as that variable may be. */
static bool load_directories(X509_STORE *store, const char *list)
{
	char path[PATH_MAX];
	bool loaded = false;

	for (size_t len; *list; list += len + !!list[len]) {
		len = strcspn(list, ":");
		snprintf(path, sizeof(path), "%.*s", (int)len, list);
		loaded |= load_from(store, path);
	}
	return loaded;
}

static bool load_defaults(X509_STORE *store)
{
	const char *file =
		default_path(X509_get_default_cert_file_env(), X509_get_default_cert_file());
	const char *directories =
		default_path(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
	bool loaded = load_from(store, file);

	return load_directories(store, directories) || loaded;
}

static X509_STORE *trust_store(struct hg_x509 *x)
{
	X509_STORE *store;
	bool loaded;

	if (x->store_tried)
		return x->store;
	x->store_tried = true;
	store = X509_STORE_new();
	if (!store)
		return NULL;
	loaded = x->store_path ? load_from(store, x->store_path) : load_defaults(store);
	if (loaded)
		x->store = store;
	else
		X509_STORE_free(store);
	return x->store;
}

/* ---- a message ---- */

static X509 *parse(const __u8 *der, __u32 len)
{
	const unsigned char *at = der;
	X509 *x = d2i_X509(NULL, &at, (long)len);

	if (x && at != der + len) {
		X509_free(x);
		x = NULL;
	}
	return x;
}

static __u32 list_bytes(const struct hg_chain *chain)
{
	return chain->total < HG_LIST_HEADER ? 0 : chain->total - HG_LIST_HEADER;
}

static bool lengths_agree(const struct hg_chain *chain, __u32 end)
{
	const __u8 *b = chain->bytes;

	return end == chain->total &&
	       ((__u32)b[0] << 16 | (__u32)b[1] << 8 | b[2]) == list_bytes(chain);
}

static void parse_list(const struct hg_x509 *x, const struct hg_chain *chain, struct sent *s,
		       struct hg_certificates *c)
{
	__u32 at = 0, len, end = HG_LIST_HEADER;
	const __u8 *der;
	X509 *one;

	for (; hg_chain_next(chain, &at, &der, &len); end = at) {
		if (c->count++ >= HG_CERTIFICATES_MAX)
			continue;
		one = parse(der, len);
		s->at[s->n] = one;
		if (one) {
			s->self_signed[s->n] = X509_self_signed(one, 0) == 1 &&
					       signed_by(one, X509_get0_pubkey(one));
			c->parsed++;
		} else {
			c->findings |= HG_FINDING(unparsable);
		}
		if (one && !s->n)
			read_leaf(x, c, one, der, len);
		s->n++;
	}
	if (!lengths_agree(chain, end))
		c->findings |= HG_FINDING(unparsable);
}

static void read_chain(struct hg_x509 *x, const struct hg_chain *chain, struct hg_certificates *c)
{
	struct sent s = { .n = 0 };

	c->valid_from = LONG_MIN;
	c->valid_until = LONG_MAX;
	parse_list(x, chain, &s, c);
	judge_each(&s, c);
	if (wrong_order(&s))
		c->findings |= HG_FINDING(wrong_order);
	if (c->leaf_parsed)
		judge_path(trust_store(x), &s, c);
	if (list_bytes(chain) > HG_GOOD_LIST)
		c->findings |= HG_FINDING(over_3kb);
	if (chain->total + HG_MESSAGE_HEADER > HG_INITIAL_WINDOW)
		c->findings |= HG_FINDING(over_initial_window);
	for (int i = 0; i < s.n; i++)
		X509_free(s.at[i]);
	x->counts.read++;
}

/* ---- what was read lately ---- */

/* The entry of this key, or the one of its set to put it into; NULL: no memory. */
static struct cached **cache_slot(struct hg_x509 *x, const __u8 key[32])
{
	__u32 set = (__u32)key[0] << 16 | (__u32)key[1] << 8 | key[2];
	struct cached **way = x->cache + (size_t)(set % x->sets) * HG_WAYS, **oldest = way;

	for (struct cached **w = way; w < way + HG_WAYS; w++) {
		if (!*w)
			return w;
		if (!memcmp((*w)->key, key, sizeof((*w)->key)))
			return w;
		if ((*w)->used < (*oldest)->used)
			oldest = w;
	}
	return oldest;
}

static struct cached *lookup(struct hg_x509 *x, const struct hg_chain *chain)
{
	struct cached **slot, *e;
	__u8 key[32];

	if (!EVP_Digest(chain->bytes, chain->total, key, NULL, x->sha256, NULL))
		return NULL;
	slot = cache_slot(x, key);
	if (!*slot)
		*slot = calloc(1, sizeof(**slot));
	e = *slot;
	if (!e)
		return NULL;
	if (memcmp(e->key, key, sizeof(key))) {
		memset(e, 0, sizeof(*e));
		memcpy(e->key, key, sizeof(key));
		read_chain(x, chain, &e->certificates);
	}
	e->used = ++x->counts.asked;
	return e;
}

/* Neither an address nor a name of the leaf. */
static bool mismatch(const struct hg_chain *chain, const char *name)
{
	__u32 at = 0, len;
	const __u8 *der;
	X509 *leaf = hg_chain_next(chain, &at, &der, &len) ? parse(der, len) : NULL;
	int r;

	if (!leaf)
		return false;
	r = X509_check_ip_asc(leaf, name, 0);
	if (r == -2) /* no address */
		r = X509_check_host(leaf, name, 0, 0, NULL);
	X509_free(leaf);
	return !r;
}

/* The name last compared is kept with its answer: a server is asked for one, mostly. */
static bool name_mismatch(struct cached *e, const struct hg_chain *chain, const char *name)
{
	size_t len = name ? strlen(name) : 0;

	if (len && name[len - 1] == '.')
		len--;
	if (!len || len >= HG_NAME_SIZE)
		return false;
	if (strncmp(e->name, name, len) || e->name[len]) {
		memcpy(e->name, name, len);
		e->name[len] = '\0';
		e->mismatch = mismatch(chain, e->name);
	}
	return e->mismatch;
}

int hg_x509_read(struct hg_x509 *x, const struct hg_chain *chain, const char *name, time_t now,
		 struct hg_certificates *out)
{
	struct cached *e;

	if (!hg_chain_whole(chain))
		return -EINVAL;
	e = lookup(x, chain);
	if (!e)
		return -ENOMEM;
	*out = e->certificates;
	if (now < out->valid_from)
		out->findings |= HG_FINDING(not_yet_valid);
	if (now > out->valid_until)
		out->findings |= HG_FINDING(expired);
	if (name_mismatch(e, chain, name))
		out->findings |= HG_FINDING(name_mismatch);
	ERR_clear_error();
	return 0;
}

const struct hg_x509_counts *hg_x509_counts(const struct hg_x509 *x)
{
	return &x->counts;
}

struct hg_x509 *hg_x509_new(const char *store, unsigned int entries)
{
	struct hg_x509 *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->sets = entries / HG_WAYS + !(entries / HG_WAYS);
	x->cache = calloc((size_t)x->sets * HG_WAYS, sizeof(*x->cache));
	x->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	x->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	x->store_path = store ? strdup(store) : NULL;
	if (!x->cache || !x->sha256 || (store && !x->store_path)) {
		hg_x509_free(x);
		return NULL;
	}
	return x;
}

void hg_x509_free(struct hg_x509 *x)
{
	if (!x)
		return;
	for (size_t i = 0; x->cache && i < (size_t)x->sets * HG_WAYS; i++)
		free(x->cache[i]);
	free(x->cache);
	EVP_MD_free(x->sha1);
	EVP_MD_free(x->sha256);
	X509_STORE_free(x->store);
	free(x->store_path);
	free(x);
}
