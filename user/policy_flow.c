/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_flow.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "policy_name.h"
#include "policy_reach.h"
#include "say.h"
#include "terms.h"
#include "time_span.h"
#include "tls_names.h"
#include "x509.h"

/*
 * As the data path files it (hg_bucket_of_hello() in bpf/verdict.h): a hello with
 * two names is `ambiguous`, unless its segments contradict each other; and
 * whatever is filed so has two names.
 */
static void agree_on_ambiguous(struct hg_flow_spec *s)
{
	struct hg_flow_view *v = &s->view;
	bool named = !(v->unknown & HG_COND_SNI_STATE) && s->hello.sni_state == HG_SNI_ambiguous;

	if (v->bucket == HG_BUCKET_ambiguous) {
		s->hello.sni_state = HG_SNI_ambiguous;
		v->unknown &= ~(HG_COND_SNI | HG_COND_SNI_STATE);
	} else if (named && hg_bucket_is_read(v->bucket) && v->bucket > HG_BUCKET_ambiguous) {
		v->bucket = HG_BUCKET_ambiguous;
	}
}

typedef int (*hg_field_fn)(struct hg_flow_spec *s, const char *text, char *why);

static int set_sni(struct hg_flow_spec *s, const char *text, char *why)
{
	char name[HG_NAME_TEXT_MAX + 1];
	const char *wrong;
	int len;

	s->view.unknown &= ~(HG_COND_SNI | HG_COND_SNI_STATE);
	memset(s->hello.name, 0, sizeof(s->hello.name));
	s->hello.name_len = 0;
	if (!strcmp(text, "none")) {
		s->hello.sni_state = HG_SNI_none;
		return 0;
	}
	len = hg_name_canonical(text, strlen(text), name, &wrong);
	if (len < 0) {
		snprintf(why, HG_WHY_MAX, "\"%.80s\" is not a name: %s", text, wrong);
		return -1;
	}
	memcpy(s->hello.name, name, (size_t)len);
	s->hello.name_len = (__u8)len;
	s->hello.sni_state = HG_SNI_ok;
	return 0;
}

/* The index of a word, or -1 after saying what was meant. */
static int pick(const char *(*text_of)(unsigned int), unsigned int count, const char *text,
		char *why)
{
	const char *words[33] = {}, *meant;
	int value = hg_term_value(text_of, count, text);

	if (value >= 0)
		return value;
	for (unsigned int i = 0; i < count && i < 32; i++)
		words[i] = text_of(i);
	meant = hg_did_you_mean(text, words);
	snprintf(why, HG_WHY_MAX,
		 meant ? "\"%.80s\" is unknown here; did you mean \"%s\"?"
		       : "\"%.80s\" is unknown here",
		 text, meant);
	return -1;
}

static int set_sni_state(struct hg_flow_spec *s, const char *text, char *why)
{
	int state = pick(hg_sni_state_text, HG_SNI_COUNT, text, why);

	if (state < 0)
		return -1;
	s->hello.sni_state = (__u8)state;
	s->view.unknown &= ~HG_COND_SNI_STATE;
	if (state != HG_SNI_ok && state != HG_SNI_invalid)
		s->view.unknown &= ~HG_COND_SNI;
	return 0;
}

static int set_src(struct hg_flow_spec *s, const char *text, char *why)
{
	s->view.unknown &= ~HG_COND_SRC;
	return hg_address_parse(text, s->view.client, why);
}

static int set_dst(struct hg_flow_spec *s, const char *text, char *why)
{
	s->view.unknown &= ~HG_COND_DST;
	return hg_address_parse(text, s->view.server, why);
}

static int set_port(struct hg_flow_spec *s, const char *text, char *why)
{
	struct hg_number_range range;

	if (hg_ports_parse(text, &range, why))
		return -1;
	if (range.first != range.last) {
		snprintf(why, HG_WHY_MAX, "\"%s\": a flow has one port", text);
		return -1;
	}
	s->view.unknown &= ~HG_COND_PORT;
	s->view.server_port = range.first;
	return 0;
}

static int version_of(const char *text, __u16 *out, char *why)
{
	static const __u16 wire[HG_VERSION_COUNT] = {
		0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
	};
	int version = pick(hg_version_text, HG_VERSION_COUNT, text, why);

	if (version < 0)
		return -1;
	*out = wire[version];
	return 0;
}

static int set_version_max(struct hg_flow_spec *s, const char *text, char *why)
{
	s->view.unknown &= ~HG_COND_VERSION_MAX;
	return version_of(text, &s->hello.version_max, why);
}

static int set_version_min(struct hg_flow_spec *s, const char *text, char *why)
{
	s->view.unknown &= ~HG_COND_VERSION_MIN;
	return version_of(text, &s->hello.version_min, why);
}

/* ---- lists of the hello ---- */

static int add_bytes(struct hg_flow_list *list, const void *bytes, size_t len, char *why)
{
	if (list->len + len > sizeof(list->bytes))
		return hg_refuse(why, "a flow is described with at most %zu bytes of a list",
				 sizeof(list->bytes));
	memcpy(list->bytes + list->len, bytes, len);
	list->len += (__u32)len;
	return 0;
}

static int add_number(struct hg_flow_list *list, __u16 number, char *why)
{
	__u8 wire[2] = { (__u8)(number >> 8), (__u8)number };

	return add_bytes(list, wire, sizeof(wire), why);
}

/* The hello has all of its ciphers by the last of them. */
static int add_cipher(struct hg_flow_spec *s, const char *text, char *why)
{
	struct hg_hello *h = &s->hello;
	__u16 number;

	if (hg_cipher_parse(text, &number, why) || add_number(&s->ciphers, number, why))
		return -1;
	if (s->view.unknown & HG_COND_CIPHER) {
		s->view.unknown &= ~(HG_COND_CIPHER | HG_COND_CIPHER_COUNT | HG_COND_ALL_WEAK);
		h->features |= HG_HELLO_ALL_WEAK;
		h->cipher_count_no_grease = 0;
	}
	h->cipher_count_no_grease += !hg_is_grease(number);
	if (hg_cipher_is_strong(number))
		h->features &= ~HG_HELLO_ALL_WEAK;
	return 0;
}

static int set_ciphers(struct hg_flow_spec *s, const char *text, char *why)
{
	bool weak = !strcmp(text, "all-weak");

	if (!weak && strcmp(text, "strong"))
		return add_cipher(s, text, why);
	s->view.unknown &= ~HG_COND_ALL_WEAK;
	s->hello.features &= ~HG_HELLO_ALL_WEAK;
	s->hello.features |= weak ? HG_HELLO_ALL_WEAK : 0;
	return 0;
}

static int set_cipher_count(struct hg_flow_spec *s, const char *text, char *why)
{
	struct hg_number_range count;

	if (hg_count_parse(text, &count, why))
		return -1;
	if (count.first != count.last)
		return hg_refuse(why, "\"%.40s\": a hello has one number of ciphers", text);
	s->view.unknown &= ~HG_COND_CIPHER_COUNT;
	s->hello.cipher_count_no_grease = count.first;
	return 0;
}

static int add_group(struct hg_flow_spec *s, const char *text, char *why)
{
	__u16 number;

	if (hg_group_parse(text, &number, why))
		return -1;
	s->view.unknown &= ~HG_COND_GROUP;
	return add_number(&s->groups, number, why);
}

static int add_protocol(struct hg_flow_spec *s, const char *text, char *why)
{
	__u8 wire[1 + HG_NAME_MAX];
	size_t len = strlen(text);

	s->view.unknown &= ~HG_COND_ALPN;
	if (!strcmp(text, "none"))
		return 0;
	if (len > HG_NAME_MAX)
		return hg_refuse(why, "a protocol has at most %d bytes (RFC 7301)", HG_NAME_MAX);
	wire[0] = (__u8)len;
	memcpy(wire + 1, text, len);
	return add_bytes(&s->alpn, wire, len + 1, why);
}

static int set_ech(struct hg_flow_spec *s, const char *text, char *why)
{
	int state = pick(hg_ech_text, HG_ECH_COUNT, text, why);

	if (state < 0)
		return -1;
	s->hello.ech = (__u8)state;
	s->view.unknown &= ~HG_COND_ECH;
	return 0;
}

static int set_resumed(struct hg_flow_spec *s, const char *text, char *why)
{
	bool resumed = !strcmp(text, "true");

	if (!resumed && strcmp(text, "false"))
		return hg_refuse(why, "\"%.40s\": resumed is true or false", text);
	s->view.unknown &= ~HG_COND_RESUMED;
	s->hello.features &= ~HG_HELLO_TICKET;
	s->hello.features |= resumed ? HG_HELLO_TICKET : 0;
	return 0;
}

static int set_interface(struct hg_flow_spec *s, const char *text, char *why)
{
	if (!*text || strlen(text) >= sizeof(s->interface))
		return hg_refuse(why, "\"%.40s\" is not the name of an interface", text);
	memcpy(s->interface, text, strlen(text) + 1);
	return 0;
}

static int set_failures(struct hg_flow_spec *s, const char *text, char *why)
{
	struct hg_number_range count;

	if (hg_count_parse(text, &count, why) || count.first != count.last)
		return hg_refuse(why, "\"%.40s\" is not a number of failures", text);
	s->failures_known = true;
	s->failures = count.first;
	return 0;
}

/* "ok": they were seen, and nothing is wrong with them. */
static int set_certificate(struct hg_flow_spec *s, const char *text, char *why)
{
	int finding = strcmp(text, "ok") ? pick(hg_finding_text, HG_FINDING_COUNT, text, why) : 0;

	if (finding < 0)
		return -1;
	s->view.certificate_known = true;
	s->view.findings |= strcmp(text, "ok") ? 1U << finding : 0;
	return 0;
}

static int set_time(struct hg_flow_spec *s, const char *text, char *why)
{
	uint64_t at;

	if (!hg_time_parse(text, hg_clock_now(), &at))
		return hg_refuse(why, "\"%.40s\" is not a time, as 2027-06-30T18:00:00Z", text);
	s->view.time_ns = at;
	return 0;
}

static int set_fingerprint(char *out, const char *text, char *why)
{
	if (strlen(text) > HG_FINGERPRINT_MAX || strpbrk(text, "*?") || hg_glob_check(text, why)) {
		snprintf(why, HG_WHY_MAX, "\"%.80s\" is not a fingerprint", text);
		return -1;
	}
	memcpy(out, text, strlen(text) + 1);
	return 0;
}

static int set_ja4(struct hg_flow_spec *s, const char *text, char *why)
{
	return set_fingerprint(s->ja4, text, why);
}

static int set_ja3(struct hg_flow_spec *s, const char *text, char *why)
{
	return set_fingerprint(s->ja3, text, why);
}

static int set_coverage(struct hg_flow_spec *s, const char *text, char *why)
{
	int bucket = pick(hg_bucket_text, HG_BUCKET_COUNT, text, why);

	if (bucket < 0)
		return -1;
	s->view.bucket = (__u32)bucket;
	return 0;
}

static int set_flag(struct hg_flow_spec *s, const char *text, char *why)
{
	int flag = pick(hg_flag_text, HG_FLAG_COUNT, text, why);

	if (flag < 0)
		return -1;
	s->view.flags |= 1U << flag;
	return 0;
}

static const char *const fields[] = {
	"sni",	       "sni_state", "src",	    "dst",    "port", "interface", "version_max",
	"version_min", "ciphers",   "cipher_count", "groups", "alpn", "ech",	   "resumed",
	"ja4",	       "ja3",	    "coverage",	    "flag",   "time", "failures",  "certificate",
	NULL
};
static const hg_field_fn setters[] = { set_sni,		 set_sni_state,	  set_src,
				       set_dst,		 set_port,	  set_interface,
				       set_version_max,	 set_version_min, set_ciphers,
				       set_cipher_count, add_group,	  add_protocol,
				       set_ech,		 set_resumed,	  set_ja4,
				       set_ja3,		 set_coverage,	  set_flag,
				       set_time,	 set_failures,	  set_certificate };

const char *const *hg_flow_spec_fields(void)
{
	return fields;
}

void hg_flow_spec_begin(struct hg_flow_spec *spec)
{
	memset(spec, 0, sizeof(*spec));
	spec->view.bucket = HG_BUCKET_single_segment;
	spec->view.unknown = HG_COND_HELLO | HG_COND_SRC | HG_COND_DST | HG_COND_PORT;
	spec->view.time_ns = hg_clock_now();
	spec->view.last_word = true;
}

int hg_flow_spec_set(struct hg_flow_spec *spec, const char *field, const char *text,
		     char why[HG_WHY_MAX])
{
	const char *meant;

	for (int i = 0; fields[i]; i++) {
		if (strcmp(fields[i], field) != 0)
			continue;
		if (setters[i](spec, text, why))
			return -1;
		agree_on_ambiguous(spec);
		return 0;
	}
	meant = hg_did_you_mean(field, fields);
	snprintf(why, HG_WHY_MAX,
		 meant ? "unknown key \"%.80s\" in flow; did you mean \"%s\"?"
		       : "unknown key \"%.80s\" in flow",
		 field, meant);
	return -1;
}

static unsigned int said_failures(void *ctx, const __u8 client[16],
				  const struct hg_failures_asked *asked)
{
	(void)client;
	(void)asked;
	return ((const struct hg_flow_spec *)ctx)->failures;
}

struct hg_flow_view hg_flow_spec_view(const struct hg_flow_spec *spec)
{
	struct hg_flow_view view = spec->view;

	view.hello = hg_bucket_is_read(view.bucket) ? &spec->hello : NULL;
	view.ciphers = (struct hg_bytes){ spec->ciphers.bytes, spec->ciphers.len };
	view.groups = (struct hg_bytes){ spec->groups.bytes, spec->groups.len };
	view.alpn = (struct hg_bytes){ spec->alpn.bytes, spec->alpn.len };
	view.interface = spec->interface[0] ? spec->interface : NULL;
	view.failures = spec->failures_known ? said_failures : NULL;
	view.failures_ctx = (void *)spec;
	view.ja4 = spec->ja4[0] ? spec->ja4 : NULL;
	view.ja3 = spec->ja3[0] ? spec->ja3 : NULL;
	return view;
}
