/* SPDX-License-Identifier: BSD-2-Clause */
#include "detach.h"

#include "attach.h"
#include "netns.h"
#include "say.h"

/* tc filters are removed from inside their namespace; it may be gone with them. */
static int detach_number(struct hg_instance *in, unsigned int n, const struct hg_interface *i,
			 bool quiet)
{
	struct hg_netns ns = { .own = -1 };
	int r;

	if (i->tcx || !*i->netns_path)
		return hg_detach(in, n);
	hg_say_quiet(true);
	r = hg_netns_enter(&ns, i->netns_path);
	hg_say_quiet(quiet);
	if (r)
		hg_warn("%s: its filters went with the namespace", i->name);
	r = hg_detach(in, n);
	hg_netns_leave(&ns);
	return r;
}

int hg_detach_every(struct hg_instance *in, bool quiet)
{
	struct hg_interface i;
	int worst = HG_OK, r;

	for (unsigned int n = 0; hg_interface_get(in, n, &i); n++) {
		if (!hg_interface_used(&i))
			continue;
		r = detach_number(in, n, &i, quiet);
		worst = r ? r : worst;
	}
	return worst ? worst : hg_instance_remove(in);
}
