/* SPDX-License-Identifier: BSD-2-Clause */
/* A configuration of `run`: read, or what is wrong with it is said at its place. */
#include "said.h"

#include "config.h"
#include "say.h"

#define FILE_NAME "tests/samples/policy/fuzz.yaml"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hg_diagnostics d = {};
	struct hg_config c;
	int result;

	hg_config_init(&c);
	result = hg_config_read_text(&c, FILE_NAME, (const char *)data, size, &d);
	said_check(&d, FILE_NAME, said_lines(data, size));
	FUZZ_CHECK(result == HG_OK ? !d.errors : result == HG_INVALID && d.errors,
		   "result %d with %u errors", result, d.errors);
	if (result == HG_OK)
		FUZZ_CHECK(c.interface_count <= HG_CONFIG_INTERFACES &&
				   c.http.host_count <= HG_HOSTS_MAX,
			   "more than there is room for");
	hg_config_free(&c);
	hg_diagnostics_free(&d);
	return 0;
}
