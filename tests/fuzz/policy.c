/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy file: read, compiled, judged by.  Whatever is wrong is said at its
 * place; what is not wrong compiles, and says something of any flow.
 */
#include "said.h"

#include "policy_compile.h"
#include "policy_judge.h"
#include "policy_parse.h"
#include "say.h"

/* Beside it lie the lists that the seeds name. */
#define FILE_NAME "tests/samples/policy/fuzz.yaml"

/* The same keys each time. */
static int draw(void *bytes, size_t size, void *arg)
{
	unsigned char *at = bytes, *state = arg;

	for (size_t i = 0; i < size; i++)
		at[i] = (*state += 37);
	return 0;
}

static void check_compiled(const struct hg_compiled *c)
{
	FUZZ_CHECK(c->policy.rules <= HG_RULES && c->policy.rules >= c->protect_rules, "%u rules",
		   c->policy.rules);
	for (__u32 i = 0; i < c->policy.rules; i++)
		FUZZ_CHECK(c->rules[i].stats < c->stats && c->about[i].name, "rule %u is nobody's",
			   i);
	for (size_t i = 1; i < c->names; i++)
		FUZZ_CHECK(c->name_keys[i - 1].hash[0] < c->name_keys[i].hash[0],
			   "names out of order");
	for (size_t i = 0; i < c->nets; i++)
		FUZZ_CHECK(c->net_parent[i] == HG_NO_NET || c->net_parent[i] < i,
			   "a network below a later one");
}

static void compile(const struct hg_policy_model *model, unsigned int lines)
{
	struct hg_compiled *c = NULL;
	struct hg_diagnostics d = {};
	unsigned char state = 1;
	int result = hg_policy_compile_drawn(model, &d, draw, &state, &c);

	said_check(&d, FILE_NAME, lines);
	FUZZ_CHECK(result == HG_OK ? c && !d.errors : d.errors, "result %d with %u errors", result,
		   d.errors);
	if (c)
		check_compiled(c);
	hg_compiled_free(c);
	hg_diagnostics_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hg_policy_model *model = NULL;
	unsigned int lines = said_lines(data, size);
	struct hg_diagnostics d = {};
	int result = hg_policy_parse_text(FILE_NAME, (const char *)data, size, &d, &model);

	said_check(&d, FILE_NAME, lines);
	FUZZ_CHECK(result == HG_OK ? model && !d.errors : d.errors && !model,
		   "result %d with %u errors", result, d.errors);
	if (model)
		compile(model, lines);
	hg_policy_model_free(model);
	hg_diagnostics_free(&d);
	return 0;
}
