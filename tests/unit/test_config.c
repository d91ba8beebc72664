/* SPDX-License-Identifier: BSD-2-Clause */
/* Every fault of a configuration is told, at its line and column, in one pass; and what is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

static char directory[] = "/tmp/hg-config-XXXXXX";

#define TEN "0123456789"
#define LONG "/" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "0123456"

/* FILE stands in the texts for files of `directory`. */
static const struct {
	const char *yaml;
	const char *complaints; /* all of them, exactly */
} cases[] = {
	/* good ones say nothing */
	{ "on_stop: leave\n", "" },
	{ "policy: p.yaml\non_stop: detach\ninterfaces: [eth0, {name: eth1, hook: tcx, "
	  "ports: \"443,8000-8100\", netns: blue, checksums: no}]\n",
	  "" },
	{ "http: {listen: none, socket: /run/x.sock, hosts: [gate.example]}\n", "" },
	{ "http: {listen: \"[::1]:80\", token: token}\n", "" },
	{ "http: {listen: \"0.0.0.0:80\", token: token, certificate: pem, key: secret}\n", "" },
	{ "events: {outputs: [{to: file, path: a}, {to: stdout}], sample: 0.25, strict: yes, "
	  "community_id: no, community_id_seed: 7}\n",
	  "" },
	{ "events: {outputs: [{to: unix, path: a}, {to: unix, path: a, type: dgram}, {to: unix, "
	  "path: a, type: stream}]}\n",
	  "" },
	{ "events: {sample: 0}\n", "" },
	{ "events: {sample: 1}\n", "" },
	{ "privacy: {names: registrable, addresses: network, ipv4_bits: 16, ipv6_bits: 32, key: "
	  "secret}\n",
	  "" },

	/* keys */
	{ "", "c.yaml:1:1: error: the file is empty\n" },
	{ "- a\n", "c.yaml:1:1: error: a configuration is a map of keys and values, not a list\n" },
	{ "polcy: a\non_stop: leav\n",
	  "c.yaml:1:1: error: unknown key \"polcy\" in a configuration; did you mean \"policy\"?\n"
	  "c.yaml:2:10: error: \"leav\" is unknown here; did you mean \"leave\"?\n" },
	{ "http: {listn: none}\n",
	  "c.yaml:1:8: error: unknown key \"listn\" in \"http\"; did you mean \"listen\"?\n" },
	{ "events: {sampel: 1}\n",
	  "c.yaml:1:10: error: unknown key \"sampel\" in \"events\"; did you mean \"sample\"?\n" },
	{ "privacy: {name: full}\n",
	  "c.yaml:1:11: error: unknown key \"name\" in \"privacy\"; did you mean \"names\"?\n" },
	{ "policy:\n", "c.yaml:1:8: error: \"policy\": a text is needed, not nothing\n" },

	/* http */
	{ "http: {listen: localhost}\n", "c.yaml:1:16: error: \"localhost\" is not ADDRESS:PORT, "
					 "such as 127.0.0.1:9813, nor none\n" },
	{ "http: {listen: \"0.0.0.0:80\"}\n",
	  "c.yaml:1:16: error: 0.0.0.0:80 is not the loopback: that takes certificate, key and "
	  "token, and \"certificate\" is missing\n" },
	{ "http: {listen: \"0.0.0.0:80\", certificate: pem, key: secret}\n",
	  "c.yaml:1:16: error: 0.0.0.0:80 is not the loopback: that takes certificate, key and "
	  "token, and \"token\" is missing\n" },
	{ "http: {certificate: pem}\n",
	  "c.yaml:1:7: error: a certificate and its key come together: \"key\" is missing\n" },
	{ "http: {token: open}\n",
	  "c.yaml:1:15: error: \"FILE/open\" can be read by everybody; chmod o= it\n" },
	{ "http: {certificate: pem, key: open}\n",
	  "c.yaml:1:31: error: \"FILE/open\" can be read by everybody; chmod o= it\n" },
	{ "http: {token: short}\n",
	  "c.yaml:1:15: error: \"short\": a token has 16 to 512 characters, not 5\n" },
	{ "http: {token: words}\n", "c.yaml:1:15: error: \"words\": a token is one word\n" },
	{ "http: {token: gone}\n",
	  "c.yaml:1:15: error: cannot read \"FILE/gone\": No such file or directory\n" },
	{ "http: {hosts: []}\n", "c.yaml:1:15: error: an empty list\n" },

	/* events */
	{ "events: {outputs: stdout}\n",
	  "c.yaml:1:19: error: \"outputs\" is a list, not a text\n" },
	{ "events: {outputs: [{to: fil, path: a}, {to: file}, {path: a}, {to: stdout, path: a}]}\n",
	  "c.yaml:1:25: error: \"fil\" is unknown here; did you mean \"file\"?\n"
	  "c.yaml:1:40: error: a file has a \"path\"\n"
	  "c.yaml:1:52: error: an output says where \"to\": file, stdout or unix\n"
	  "c.yaml:1:63: error: stdout has no \"path\"\n" },
	{ "events: {outputs: [{to: unix}, {to: unix, path: a, type: packets}, {to: file, path: a, "
	  "type: dgram}, {to: unix, path: " LONG "}]}\n",
	  "c.yaml:1:20: error: a unix socket has a \"path\"\n"
	  "c.yaml:1:58: error: \"packets\" is unknown here: stream, dgram\n"
	  "c.yaml:1:94: error: \"type\" is of unix sockets\n"
	  "c.yaml:1:119: error: a socket's path has 107 characters at most\n" },
	{ "events: {sample: 1.5, strict: maybe, community_id_seed: 70000}\n",
	  "c.yaml:1:18: error: \"1.5\" is not a share from 0 to 1, such as 0.1\n"
	  "c.yaml:1:31: error: \"maybe\" is unknown here: no, yes, false, true\n"
	  "c.yaml:1:57: error: \"70000\" is not a number from 0 to 65535\n" },
	{ "events: {sample: 1e-1}\n",
	  "c.yaml:1:18: error: \"1e-1\" is not a share from 0 to 1, such as 0.1\n" },
	{ "events: {sample: -0.5}\n",
	  "c.yaml:1:18: error: \"-0.5\" is not a share from 0 to 1, such as 0.1\n" },

	/* privacy */
	{ "privacy: {names: hash, addresses: none, ipv4_bits: 33, key: short}\n",
	  "c.yaml:1:18: error: \"hash\" is unknown here; did you mean \"hashed\"?\n"
	  "c.yaml:1:35: error: \"none\" is unknown here: full, network, hashed\n"
	  "c.yaml:1:52: error: \"33\" is not a number from 0 to 32\n"
	  "c.yaml:1:61: error: \"short\": a key has 16 bytes at least, not 5\n" },
	{ "privacy: {key: open}\n",
	  "c.yaml:1:16: error: \"FILE/open\" can be read by everybody; chmod o= it\n" },

	/* interfaces */
	{ "interfaces: eth0\n", "c.yaml:1:13: error: \"interfaces\" is a list, not a text\n" },
	{ "interfaces: [{hook: xpd}, averyveryverylongname, {name: a, ports: \"1-\"}]\n",
	  "c.yaml:1:14: error: an interface has a \"name\"\n"
	  "c.yaml:1:21: error: \"xpd\" is unknown here; did you mean \"xdp\"?\n"
	  "c.yaml:1:27: error: \"averyveryverylongname\" cannot be the name of an interface\n"
	  "c.yaml:1:67: error: \"1-\" is not any, nor as \"443,8443,9000-9100\"\n" },
};

/* As printed, with the scratch directory as FILE and without it before the file's name. */
static void printed(struct hg_diagnostics *d, char *out, size_t size)
{
	char *text = NULL, *at, *to = out;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	hg_diagnostics_print(d, file);
	fclose(file);
	for (at = text; *at && to < out + size - 8;) {
		if (strncmp(at, directory, strlen(directory)) != 0) {
			*to++ = *at++;
			continue;
		}
		at += strlen(directory);
		if (!strncmp(at, "/c.yaml", 7))
			at++;
		else
			to = stpcpy(to, "FILE");
	}
	*to = 0;
	free(text);
}

static int read_text(struct hg_config *c, const char *yaml, char complaints[4096])
{
	struct hg_diagnostics d = { 0 };
	char path[64];
	int r;

	snprintf(path, sizeof(path), "%s/c.yaml", directory);
	hg_config_init(c);
	r = hg_config_read_text(c, path, yaml, strlen(yaml), &d);
	printed(&d, complaints, 4096);
	hg_diagnostics_free(&d);
	return r;
}

static void every_fault_has_its_place(void **state)
{
	char complaints[4096];
	struct hg_config c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = read_text(&c, cases[i].yaml, complaints);

		if (strcmp(complaints, cases[i].complaints) != 0)
			print_error("%s", cases[i].yaml);
		assert_string_equal(complaints, cases[i].complaints);
		assert_int_equal(r, *complaints ? HG_INVALID : HG_OK);
		hg_config_free(&c);
	}
}

static void what_is_not_said_is_usual(void **state)
{
	struct hg_config c, other;

	(void)state;
	hg_config_init(&c);
	assert_string_equal(c.http.listen, "127.0.0.1:9813");
	assert_string_equal(c.http.socket, "none");
	assert_null(c.policy);
	assert_int_equal(c.on_stop, HG_ON_STOP_leave);
	assert_true(c.events.sample == 1 && c.events.community_id && !c.events.strict);
	assert_int_equal(c.events.output_count + c.interface_count, 0);
	assert_true(hg_names_are_shown(&c.privacy) && hg_addresses_are_shown(&c.privacy));
	hg_config_init(&other);
	assert_memory_not_equal(c.privacy.key, other.privacy.key, sizeof(c.privacy.key));
	hg_config_free(&c);
	hg_config_free(&other);
}

static void is_beside(const char *path, const char *name)
{
	assert_int_equal(strncmp(path, directory, strlen(directory)), 0);
	assert_string_equal(path + strlen(directory), name);
}

static void values_are_read(void **state)
{
	static const char yaml[] =
		"policy: p.yaml\non_stop: detach\n"
		"interfaces: [eth0, {name: eth1, hook: tcx, ports: \"443\", netns: blue, checksums: no}]\n"
		"http: {listen: \"0.0.0.0:80\", token: token, certificate: pem, key: secret,\n"
		"       socket: h.sock, hosts: [a.example, b.example]}\n"
		"events: {outputs: [{to: file, path: a}, {to: file, path: /b}, {to: stdout},\n"
		"         {to: unix, path: c}, {to: unix, path: c, type: dgram}],\n"
		"         sample: 0.25, strict: yes, community_id: false, community_id_seed: 7}\n"
		"privacy: {names: registrable, addresses: network, ipv4_bits: 16, ipv6_bits: 32, key: secret}\n";
	char complaints[4096];
	struct hg_config c;

	(void)state;
	assert_int_equal(read_text(&c, yaml, complaints), HG_OK);
	is_beside(c.policy, "/p.yaml");
	assert_int_equal(c.on_stop, HG_ON_STOP_detach);
	assert_int_equal(c.interface_count, 2);
	assert_string_equal(c.interfaces[0].name, "eth0");
	assert_string_equal(c.interfaces[0].options.ports, "any");
	assert_int_equal(c.interfaces[0].options.hook, HG_HOOK_AUTO);
	assert_string_equal(c.interfaces[1].name, "eth1");
	assert_string_equal(c.interfaces[1].options.ports, "443");
	assert_string_equal(c.interfaces[1].netns, "blue");
	assert_int_equal(c.interfaces[1].options.hook, HG_HOOK_TCX);
	assert_true(c.interfaces[1].options.no_checksums && !c.interfaces[0].options.no_checksums);
	assert_string_equal(c.http.token, "0123456789abcdef");
	assert_string_equal(c.http.certificate, "PEM\n");
	assert_string_equal(c.http.key, "a key that is secret\n");
	is_beside(c.http.socket, "/h.sock");
	assert_int_equal(c.http.host_count, 2);
	assert_string_equal(c.http.hosts[1], "b.example");
	assert_int_equal(c.events.output_count, 5);
	is_beside(c.events.outputs[0].path, "/a");
	assert_string_equal(c.events.outputs[1].path, "/b");
	assert_int_equal(c.events.outputs[0].place, HG_EVENT_TO_file);
	assert_int_equal(c.events.outputs[2].place, HG_EVENT_TO_stdout);
	assert_int_equal(c.events.outputs[3].place, HG_EVENT_TO_unix);
	is_beside(c.events.outputs[3].path, "/c");
	assert_true(c.events.outputs[4].datagrams && !c.events.outputs[3].datagrams);
	assert_true(c.events.sample == 0.25 && c.events.strict && !c.events.community_id);
	assert_int_equal(c.events.community_id_seed, 7);
	assert_int_equal(c.privacy.names, HG_NAMES_registrable);
	assert_int_equal(c.privacy.addresses, HG_ADDRESSES_network);
	assert_int_equal(c.privacy.v4_bits, 16);
	assert_int_equal(c.privacy.v6_bits, 32);
	assert_true(c.privacy.key_is_given);
	hg_config_free(&c);
}

static void put(const char *name, const char *text, mode_t mode)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static const char *const names[] = { "token", "pem", "secret", "open", "short", "words" };

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	put("token", " 0123456789abcdef\n", 0600);
	put("pem", "PEM\n", 0644);
	put("secret", "a key that is secret\n", 0640);
	put("open", "0123456789abcdef\n", 0644);
	put("short", "12345", 0600);
	put("words", "0123456789abcdef 0123456789abcdef\n", 0600);
	return 0;
}

static int clean_up(void **state)
{
	char path[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_has_its_place),
		cmocka_unit_test(what_is_not_said_is_usual),
		cmocka_unit_test(values_are_read),
	};

	return cmocka_run_group_tests_name("config", tests, set_up, clean_up);
}
