/* SPDX-License-Identifier: BSD-2-Clause */
#include "live_policy.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy_parse.h"

/*
 * The rules as the kernel has them, by the numbers that its counters have, and
 * its lists.  The text adds what it does not have: fingerprints.
 */
static int take_over(struct hg_compiled *c, const struct hg_generation_maps *maps)
{
	struct hg_policy *policy = hg_arena_get(&c->arena, sizeof(*policy));
	int r = hg_generation_policy(maps, policy);

	if (!r && policy->rules != c->policy.rules)
		r = -ESTALE; /* the text is of another load */
	r = r ? r : hg_generation_rules(maps, c->rules, policy->rules);
	if (!r) {
		c->policy = *policy;
		c->live = maps;
	}
	return r;
}

/* What the text that `policy load` has left says of the rules. */
static int read_rules(const struct hg_policy_source *source, struct hg_compiled **out)
{
	struct hg_diagnostics diagnostics = { 0 };
	struct hg_policy_model *model = NULL;
	int r = hg_policy_parse_rules(source->path, source->text, source->len, &diagnostics,
				      &model);

	r = r ? r : hg_policy_compile(model, &diagnostics, out);
	if (r)
		hg_diagnostics_print(&diagnostics, stderr);
	hg_diagnostics_free(&diagnostics);
	hg_policy_model_free(model);
	return r ? -EINVAL : 0;
}

int hg_live_policy_open(const struct hg_instance *in, __u32 slot, struct hg_live_policy *out)
{
	struct hg_policy_source *source = malloc(sizeof(*source));
	int r = source ? 0 : -ENOMEM;

	*out = (struct hg_live_policy){ .source = source };
	if (!r && bpf_map_lookup_elem(in->maps[HG_MAP_policy_source], &slot, source))
		r = -errno;
	r = r ? r : read_rules(source, &out->compiled);
	r = r ? r : hg_generation_open(in, slot, &out->maps);
	if (!r) {
		out->revision = source->revision;
		r = take_over(out->compiled, &out->maps);
	}
	if (r)
		hg_live_policy_close(out);
	return r;
}

void hg_live_policy_close(struct hg_live_policy *p)
{
	hg_compiled_free(p->compiled);
	if (p->revision)
		hg_generation_close(&p->maps);
	free(p->source);
	*p = (struct hg_live_policy){ 0 };
}
