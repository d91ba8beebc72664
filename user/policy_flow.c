/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_flow.h"

#include <stdio.h>
#include <string.h>

#include "policy_name.h"
#include "policy_reach.h"
#include "say.h"
#include "terms.h"

#define HG_COND_OF_HELLO (HG_COND_SNI | HG_COND_SNI_STATE | HG_COND_VERSION_MAX | HG_COND_ALL_WEAK)

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
	struct hg_port_range range;

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

static int set_version_max(struct hg_flow_spec *s, const char *text, char *why)
{
	static const __u16 wire[HG_VERSION_COUNT] = {
		0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
	};
	int version = pick(hg_version_text, HG_VERSION_COUNT, text, why);

	if (version < 0)
		return -1;
	s->view.unknown &= ~HG_COND_VERSION_MAX;
	s->hello.version_max = wire[version];
	return 0;
}

static int set_ciphers(struct hg_flow_spec *s, const char *text, char *why)
{
	bool weak = !strcmp(text, "all-weak");

	if (!weak && strcmp(text, "strong")) {
		snprintf(why, HG_WHY_MAX, "\"%.80s\": ciphers are all-weak or strong", text);
		return -1;
	}
	s->view.unknown &= ~HG_COND_ALL_WEAK;
	s->hello.features = weak ? HG_HELLO_ALL_WEAK : 0;
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

static const char *const fields[] = { "sni",  "sni_state",   "src",	"dst",
				      "port", "version_max", "ciphers", "ja4",
				      "ja3",  "coverage",    "flag",	NULL };
static const hg_field_fn setters[] = { set_sni,	 set_sni_state,	  set_src,     set_dst,
				       set_port, set_version_max, set_ciphers, set_ja4,
				       set_ja3,	 set_coverage,	  set_flag };

const char *const *hg_flow_spec_fields(void)
{
	return fields;
}

void hg_flow_spec_begin(struct hg_flow_spec *spec)
{
	memset(spec, 0, sizeof(*spec));
	spec->view.bucket = HG_BUCKET_single_segment;
	spec->view.unknown = HG_COND_OF_HELLO | HG_COND_SRC | HG_COND_DST | HG_COND_PORT;
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

struct hg_flow_view hg_flow_spec_view(const struct hg_flow_spec *spec)
{
	struct hg_flow_view view = spec->view;

	view.hello = hg_bucket_is_read(view.bucket) ? &spec->hello : NULL;
	view.ja4 = spec->ja4[0] ? spec->ja4 : NULL;
	view.ja3 = spec->ja3[0] ? spec->ja3 : NULL;
	return view;
}
