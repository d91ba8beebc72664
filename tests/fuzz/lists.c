/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of names or networks in one of the formats: the first byte says which.
 * What comes of it are names as policies have them, and places inside the file.
 */
#include "said.h"

#include "policy_list.h"

#define FILE_NAME "list"

static const char *const formats[] = { "hosts", "adguard", "dnsmasq", "rpz" };

static const struct hg_list_format *format_of(struct hg_diagnostics *d, unsigned int which,
					      const char *text, size_t len)
{
	switch (which % 7) {
	case 4:
		return &hg_list_plain_domains;
	case 5:
		return &hg_list_plain_networks;
	case 6:
		return hg_list_format_of(d, FILE_NAME, text, len);
	}
	return hg_list_format(formats[which % 7]);
}

static void check_names(const struct hg_name_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct hg_name *n = &list->items[i];

		FUZZ_CHECK(n->len && n->len <= 253, "a name of %u bytes", n->len);
		for (size_t b = 0; b < n->len; b++) {
			unsigned char c = (unsigned char)n->text[b];

			FUZZ_CHECK((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
					   c == '.' || c == '_',
				   "byte %02x in a name", c);
		}
		FUZZ_CHECK(n->text[0] != '.' && n->text[n->len - 1] != '.', "a dot at the end");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hg_diagnostics d = {};
	struct hg_arena arena = {};
	struct hg_set set = {};
	const struct hg_list_format *format;
	char *text;

	if (!size)
		return 0;
	text = hg_arena_text(&arena, (const char *)data + 1, size - 1);
	format = format_of(&d, data[0], text, size - 1);
	if (format) {
		set.kind = format == &hg_list_plain_networks ? HG_SET_NETWORKS : HG_SET_DOMAINS;
		hg_list_read(&arena, &d, &set, format, FILE_NAME, text, size - 1);
		check_names(&set.names);
		check_names(&set.exceptions);
	}
	said_check(&d, FILE_NAME, said_lines(data, size));
	hg_diagnostics_free(&d);
	hg_arena_free(&arena);
	return 0;
}
