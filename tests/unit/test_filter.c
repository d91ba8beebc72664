/* SPDX-License-Identifier: BSD-2-Clause */
/* What a filter takes of events of the contract, and how it refuses what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "filter_field.h"

/* A failed handshake over IPv4. */
static const char failed[] =
	"{\"timestamp\":\"2026-11-21T16:30:03.123456+0000\",\"flow_id\":1234567890123,"
	"\"in_iface\":\"eth0\",\"event_type\":\"tls\",\"vlan\":[7],\"src_ip\":\"192.0.2.10\","
	"\"src_port\":51234,\"dest_ip\":\"198.51.100.20\",\"dest_port\":443,\"proto\":\"TCP\","
	"\"ip_v\":4,\"tls\":{\"sni\":\"shop.example.com\",\"ja4\":\"t12d0207h2_aa_bb\","
	"\"ja3\":{\"hash\":\"0123abcd\",\"string\":\"771,47-255\"},"
	"\"client_alpns\":[\"h2\",\"http/1.1\"],"
	"\"client_handshake\":{\"version\":\"TLS 1.2\",\"ciphers\":[47,255]}},"
	"\"hellogate\":{\"schema\":1,\"stage\":\"end\",\"outcome\":\"failed\","
	"\"cause\":\"no_shared_cipher\",\"side\":\"server\",\"confidence\":\"inferred\","
	"\"reasons\":[\"alert_40\",\"server_picks_others\"],\"coverage\":\"single_segment\","
	"\"flags\":[\"overlap\",\"one_sided\"],\"hello\":{\"bytes\":172,\"version_max\":771,"
	"\"cipher_count\":2,\"sni_state\":\"ok\",\"pq\":false,\"ticket\":true},"
	"\"server\":{\"version\":769,\"cipher\":47,\"resumed\":true},"
	"\"certificate\":{\"message_bytes\":4437,\"leaf\":{\"subject\":\"CN=Shop, Inc\","
	"\"not_after\":\"2027-01-01T00:00:00+0000\",\"names\":[\"a.example\",\"B.example\"]},"
	"\"findings\":[\"expired\"]},\"empty\":null,"
	"\"alerts\":[{\"level\":\"fatal\",\"code\":40,\"name\":\"handshake_failure\","
	"\"from\":\"server\"},{\"level\":\"warning\",\"code\":0,\"name\":\"close_notify\","
	"\"from\":\"client\"}],"
	"\"policy\":{\"revision\":3,\"rule\":\"default\",\"action\":\"allow\",\"mode\":\"monitor\"}}}";

/* No more than a hello that could not be read, over IPv6. */
static const char bare[] =
	"{\"timestamp\":\"2026-11-21T16:30:03.123456+0000\",\"flow_id\":1,\"event_type\":\"tls\","
	"\"src_ip\":\"2001:db8:1::5\",\"src_port\":9,\"dest_ip\":\"2001:db8:2::7\","
	"\"dest_port\":8443,\"tls\":{},\"hellogate\":{\"outcome\":\"unknown\",\"flags\":[],"
	"\"hello\":{\"version_max\":768}}}";

static const struct {
	const char *filter;
	bool failed, bare; /* does it take the event? */
} rows[] = {
	/* text, terms and globs */
	{ "outcome==failed", true, false },
	{ "outcome=failed", true, false },
	{ "outcome == 'failed'", true, false },
	{ "outcome!=failed", false, true },
	{ "outcome==f*", true, false },
	{ "sni==shop.example.com", true, false },
	{ "sni==*.example.com", true, false },
	{ "sni==*.EXAMPLE.com", true, false },
	{ "sni==sh?p.example.com", true, false },
	{ "sni==example.com", false, false },
	{ "sni==*.example.org", false, false },
	{ "sni!=*.example.com", false, false },
	{ "sni!=*.example.org", true, false },
	{ "ja4==t12d*", true, false },
	{ "ja4==T12D*", false, false },
	{ "ja3==0123abcd", true, false },
	{ "ja3==0123", false, false },
	{ "rule==default,action==allow,mode==monitor", true, false },
	{ "interface==eth?", true, false },
	{ "confidence==inferred and coverage==single_segment and side==server", true, false },
	{ "subject=='CN=Shop, Inc'", true, false },
	{ "subject==CN=*", true, false },
	{ "subject==\"CN=\\\"*\"", false, false },
	{ "subject~'Sh\\\\w+'", true, false },

	/* regular expressions */
	{ "sni~'^shop\\.'", true, false },
	{ "sni~^SHOP", true, false },
	{ "ja4~^T12", false, false },
	{ "sni~'(shop|mail)\\.example'", true, false },
	{ "sni~^example", false, false },

	/* numbers */
	{ "port==443", true, false },
	{ "port==0x1bb", true, false },
	{ "port==0443", true, false },
	{ "port>443", false, true },
	{ "port>=443", true, true },
	{ "port<8443", true, false },
	{ "port<=443", true, false },
	{ "port!=443", false, true },
	{ "client_port==51234", true, false },
	{ "bytes>100 and bytes<200", true, false },
	{ "flow_id==1234567890123", true, false },
	{ "vlan==7", true, false },
	{ "cipher==0x002f", true, false },
	{ "certificate_bytes==4437", true, false },

	/* versions are numbers on the wire and names here */
	{ "version==1.2", true, false },
	{ "version<1.2", false, true },
	{ "version<=1.2", true, true },
	{ "version==ssl3", false, true },
	{ "version>=1.3", false, false },
	{ "server_version==1.0", true, false },
	{ "server_version!=1.0", false, false },

	/* addresses and networks */
	{ "client==192.0.2.10", true, false },
	{ "client==192.0.2.0/24", true, false },
	{ "client==192.0.0.0/9", true, false },
	{ "client==192.128.0.0/9", false, false },
	{ "client!=192.0.2.0/24", false, true },
	{ "client==2001:db8:1::/48", false, true },
	{ "client==2001:DB8:1:0:0:0:0:5", false, true },
	{ "client==::/0", false, true },
	{ "client==0.0.0.0/0", true, false },
	{ "server==198.51.100.20", true, false },
	{ "ip==198.51.100.20", true, false },
	{ "ip==192.0.2.10", true, false },
	{ "ip!=192.0.2.10", false, true },
	{ "src==192.0.2.10,dest==198.51.100.0/24", true, false },

	/* of a list, one is enough; != is for all */
	{ "flag==overlap", true, false },
	{ "flag==one_sided", true, false },
	{ "flag==missed_start", false, false },
	{ "flag!=overlap", false, true },
	{ "flag!=missed_start", true, true },
	{ "alert==40", true, false },
	{ "alert==0", true, false },
	{ "alert==0x28", true, false },
	{ "alert==41", false, false },
	{ "alert>39", true, false },
	{ "alert_name==handshake_failure", true, false },
	{ "reason==alert_*", true, false },
	{ "finding==expired", true, false },
	{ "certificate_name==b.example", true, false },
	{ "offered_cipher==255", true, false },
	{ "offered_alpn==h2", true, false },

	/* what is there, and not false */
	{ "sni", true, false },
	{ "not sni", false, true },
	{ "!sni", false, true },
	{ "outcome", true, true },
	{ "flag", true, false },
	{ "pq", false, false },
	{ "pq==false", true, false },
	{ "pq!=true", true, false },
	{ "resumed", true, false },
	{ "resumed==true", true, false },
	{ "ticket==false", false, false },

	/* what is absent compares to nothing */
	{ "cause!=timeout", true, false },
	{ "not cause==timeout", true, true },
	{ "bytes<1000", true, false },
	{ "bytes>=0", true, false },
	{ "resumed==false", false, false },

	/* dotted paths, by what the event holds */
	{ "hellogate.hello.bytes==172", true, false },
	{ "hellogate.hello.bytes>171", true, false },
	{ "hellogate.hello.bytes==abc", false, false },
	{ "hellogate.policy.rule==def*", true, false },
	{ "hellogate.policy.rule~ault$", true, false },
	{ "hellogate.policy.rule<e", true, false },
	{ "hellogate.policy.rule>=e", false, false },
	{ "hellogate.server.resumed==true", true, false },
	{ "hellogate.server.resumed~true", false, false },
	{ "hellogate.server", true, false },
	{ "hellogate.empty", false, false },
	{ "hellogate.alerts.level==fatal", true, false },
	{ "hellogate.alerts", true, false },
	{ "hellogate.flags", true, false },
	{ "hellogate.nothing.there", false, false },
	{ "hellogate.outcome.there", false, false },
	{ "not_after<2027-06", true, false },
	{ "not_after<2026-06", false, false },

	/* and, or, not */
	{ "outcome==failed and sni==*.example.com", true, false },
	{ "outcome==failed && port==1", false, false },
	{ "port==1 or port==8443", false, true },
	{ "port==1 || port==443", true, false },
	{ "port==8443 or outcome==failed and port==1", false, true },
	{ "(port==8443 or outcome==failed) and port==1", false, false },
	{ "not (port==8443 or port==1)", true, false },
	{ "not port==1 and port==8443", false, true },
	{ "not not sni", true, false },
	{ "!(!sni)", true, false },
	{ "sni AND NOT port==8443", true, false },
	{ "client==192.0.0.0/8,cause!=policy_reset", true, false },
	{ "(port==443),((sni))", true, false },
	{ "  sni\t\n", true, false },
	{ "rule=='and' or rule==\"default\"", true, false },
};

static json_t *event_of(const char *text)
{
	json_t *event = json_loads(text, 0, NULL);

	assert_non_null(event);
	return event;
}

static void a_filter_takes_what_it_says(void **state)
{
	json_t *events[] = { event_of(failed), event_of(bare) };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hg_filter *filter;
		char error[256];

		if (hg_filter_parse(rows[i].filter, &filter, error, sizeof(error)))
			fail_msg("%s: refused: %s", rows[i].filter, error);
		if (hg_filter_matches(filter, events[0]) != rows[i].failed)
			fail_msg("%s: the failed one %s", rows[i].filter,
				 rows[i].failed ? "is left out" : "is taken");
		if (hg_filter_matches(filter, events[1]) != rows[i].bare)
			fail_msg("%s: the bare one %s", rows[i].filter,
				 rows[i].bare ? "is left out" : "is taken");
		hg_filter_free(filter);
	}
	json_decref(events[0]);
	json_decref(events[1]);
}

static const struct {
	const char *filter;
	const char *error;
} errors[] = {
	{ "", "column 1: a condition is missing, as outcome==failed" },
	{ "sni==", "column 6: a value is missing" },
	{ "sni== and port==1", "column 7: a value is missing" },
	{ "sni===x", "column 6: a value is missing" },
	{ "sni and", "column 8: a condition is missing, as outcome==failed" },
	{ "and sni", "column 1: a condition is missing, as outcome==failed" },
	{ "sni or or sni", "column 8: a condition is missing, as outcome==failed" },
	{ "sni,", "column 5: a condition is missing, as outcome==failed" },
	{ "not", "column 4: a condition is missing, as outcome==failed" },
	{ "==x", "column 1: a condition is missing, as outcome==failed" },
	{ "sni port", "column 5: 'port' is not expected here" },
	{ "sni==a b", "column 8: 'b' is not expected here" },
	{ "sni)", "column 4: ')' is not expected here" },
	{ "(sni", "column 1: this parenthesis is not closed" },
	{ "sni, (sni or (port)", "column 6: this parenthesis is not closed" },
	{ "sni=='abc", "column 6: this quote is not closed" },
	{ "sni==\"abc\\\"", "column 6: this quote is not closed" },
	{ "outcom==failed", "column 1: unknown field 'outcom'; did you mean 'outcome'?" },
	{ "sni and verson<1.2", "column 9: unknown field 'verson'; did you mean 'version'?" },
	{ "zzzzzzzz==1", "column 1: unknown field 'zzzzzzzz'; hellogate(8) lists them" },
	{ "outcome==faild", "column 10: 'outcome' is never 'faild'; did you mean 'failed'?" },
	{ "flag==zzzzzzzz", "column 7: 'flag' is never 'zzzzzzzz'" },
	{ "sni<a", "column 4: compare 'sni' by ==, != or ~" },
	{ "port~4", "column 5: compare 'port' by ==, !=, <, <=, > or >=" },
	{ "client >= 10.0.0.1",
	  "column 8: compare 'client' by == or !=, with an address or a network" },
	{ "pq>true", "column 3: compare 'pq' by == or !=" },
	{ "port==http", "column 7: 'http' is not a number, as 47 or 0x2f" },
	{ "port==4x", "column 7: '4x' is not a number, as 47 or 0x2f" },
	{ "port==99999999999999999999",
	  "column 7: '99999999999999999999' is not a number, as 47 or 0x2f" },
	{ "pq==1", "column 5: 'pq' is true or false, not '1'" },
	{ "client==10.0.0.0/33",
	  "column 9: \"10.0.0.0/33\" is not a network: the prefix length is 0 to 32" },
	{ "client==10.*", "column 9: \"10.*\" is not a network" },
	{ "version<1.5",
	  "column 9: \"1.5\" is not a TLS version: ssl2, ssl3, 1.0, 1.1, 1.2 or 1.3" },
	{ "sni~'('", "column 5: '(' is not a regular expression: Unmatched ( or \\(" },
};

static void an_error_names_its_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct hg_filter *filter = NULL;
		char error[256] = "";
		int r = hg_filter_parse(errors[i].filter, &filter, error, sizeof(error));

		if (r != -EINVAL || filter)
			fail_msg("'%s' was taken", errors[i].filter);
		if (strcmp(error, errors[i].error) != 0)
			fail_msg("'%s': said '%s', want '%s'", errors[i].filter, error,
				 errors[i].error);
	}
}

/* `count` times `open`, then a field, then `count` times `close`. */
static int parse_nested(const char *open, const char *close, int count, char *error, size_t size)
{
	struct hg_filter *filter = NULL;
	char *text = calloc(1, (size_t)count * (strlen(open) + strlen(close)) + 4);
	int r;

	assert_non_null(text);
	for (int i = 0; i < count; i++)
		strcat(text, open);
	strcat(text, "sni");
	for (int i = 0; i < count; i++)
		strcat(text, close);
	r = hg_filter_parse(text, &filter, error, size);
	hg_filter_free(filter);
	free(text);
	return r;
}

static void its_depth_is_bounded_and_its_length_is_not(void **state)
{
	char error[256];

	(void)state;
	assert_int_equal(parse_nested("(", ")", 31, error, sizeof(error)), 0);
	assert_int_equal(parse_nested("(", ")", 32, error, sizeof(error)), -EINVAL);
	assert_string_equal(error, "column 33: more than 32 parentheses or 'not' in each other");
	assert_int_equal(parse_nested("!", "", 31, error, sizeof(error)), 0);
	assert_int_equal(parse_nested("not ", "", 100, error, sizeof(error)), -EINVAL);
	assert_string_equal(error, "column 129: more than 32 parentheses or 'not' in each other");
	assert_int_equal(parse_nested("sni or (sni),", "", 1000, error, sizeof(error)), 0);
}

static void every_term_of_a_field_is_taken(void **state)
{
	static const char *const fields[] = { "outcome", "cause",  "side", "coverage", "flag",
					      "close",	 "action", "mode", "ech",      "finding" };

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct hg_filter_field *field = hg_filter_field(fields[i]);

		assert_non_null(field);
		assert_true(field->terms > 1);
		for (unsigned int t = 0; t < field->terms; t++) {
			struct hg_filter *filter;
			char text[128], error[256];

			snprintf(text, sizeof(text), "%s==%s", fields[i], field->term(t));
			if (hg_filter_parse(text, &filter, error, sizeof(error)))
				fail_msg("%s: %s", text, error);
			hg_filter_free(filter);
		}
	}
}

static void a_short_buffer_is_enough_for_an_error(void **state)
{
	struct hg_filter *filter = NULL;
	char error[8];

	(void)state;
	assert_int_equal(hg_filter_parse("outcom", &filter, error, sizeof(error)), -EINVAL);
	assert_string_equal(error, "column ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_takes_what_it_says),
		cmocka_unit_test(an_error_names_its_column),
		cmocka_unit_test(its_depth_is_bounded_and_its_length_is_not),
		cmocka_unit_test(every_term_of_a_field_is_taken),
		cmocka_unit_test(a_short_buffer_is_enough_for_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
