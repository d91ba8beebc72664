/* SPDX-License-Identifier: BSD-2-Clause */
#include "run_setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detach.h"
#include "policy_current.h"
#include "say.h"

/* ---- files and the command line ---- */

static int read_config(const struct hg_run_asked *asked, struct hg_config *c)
{
	const char *path = asked->config;
	struct hg_diagnostics d = { 0 };
	int r = HG_OK;

	if (!path && !access(HG_CONFIG_DEFAULT, F_OK))
		path = HG_CONFIG_DEFAULT;
	if (path)
		r = hg_config_read(c, path, &d);
	hg_diagnostics_print(&d, stderr);
	hg_diagnostics_free(&d);
	return r;
}

/* Of what was typed and what the file says together. */
static int take_asked(const struct hg_run_asked *asked, struct hg_config *c)
{
	struct hg_listen listen;
	char why[HG_WHY_MAX];

	if (asked->policy)
		c->policy = asked->policy;
	if (asked->socket)
		c->http.socket = asked->socket;
	if (asked->listen)
		c->http.listen = asked->listen;
	if (!hg_listen_parse(c->http.listen, &listen, why) &&
	    !hg_listen_check(&c->http, &listen, why))
		return HG_OK;
	hg_error("--listen: %s", why);
	hg_hint("for TLS and a token write http: {certificate, key, token} into a file for --config; "
		"for no HTTP: --listen none");
	return HG_USAGE;
}

int hg_run_setup_read(const struct hg_run_asked *asked, struct hg_run_setup **out)
{
	struct hg_run_setup *s = calloc(1, sizeof(*s));
	int r, policy = HG_OK;

	if (!s) {
		hg_error("out of memory");
		return HG_UNSUPPORTED;
	}
	hg_config_init(&s->config);
	r = read_config(asked, &s->config);
	r = r ? r : take_asked(asked, &s->config);
	/* Also where the configuration is wrong: one run tells everything. */
	if (s->config.policy)
		policy = hg_policy_file_open(s->config.policy, &s->policy);
	r = r ? r : policy;
	if (r)
		hg_run_setup_close(s);
	else
		*out = s;
	return r;
}

/* ---- what is open ---- */

int hg_run_setup_open(struct hg_run_setup *s, const struct hg_run_ground *g,
		      const struct hg_run_setup *before)
{
	const struct hg_routes routes = { .in = g->in, .board = g->board };
	struct hg_privacy *p = &s->config.privacy;
	int r;

	/* A key of our own is that of this start: a reload must not part what was hashed. */
	if (before && !p->key_is_given && !before->config.privacy.key_is_given)
		memcpy(p->key, before->config.privacy.key, sizeof(p->key));
	r = hg_event_outputs_open(g->event, &s->config.events, p, g->names, &s->outputs);
	return r ? r
		 : hg_http_open(g->event, &routes, &s->config.http, before ? before->http : NULL,
				&s->http);
}

/* By an instance of its own: the lock is that of this load, and no longer. */
int hg_run_setup_police(const struct hg_run_setup *s, const char *dir)
{
	struct hg_instance in;
	__u32 revision;
	int r;

	if (!s->policy.text)
		return HG_OK;
	r = hg_instance_open(&in, dir);
	r = r ? r : hg_instance_lock(&in);
	if (!r && hg_policy_is_current(&in, &s->policy, &revision))
		hg_say("%s has not changed: policy revision %u stays", s->policy.path, revision);
	else if (!r)
		r = hg_policy_load(&in, &s->policy, 0);
	hg_instance_close(&in);
	return r;
}

void hg_run_setup_replace(struct hg_run_setup *s, struct hg_run_setup *before)
{
	hg_event_outputs_replace(s->outputs, before->outputs);
	hg_http_replace(s->http, before->http);
}

void hg_run_setup_close(struct hg_run_setup *s)
{
	if (!s)
		return;
	hg_http_close(s->http);
	hg_event_outputs_close(s->outputs);
	hg_policy_file_close(&s->policy);
	hg_config_free(&s->config);
	free(s);
}

/* ---- interfaces ---- */

static int attach_one(struct hg_instance *in, const struct hg_config_interface *i)
{
	struct hg_netns ns;
	int r = hg_netns_enter(&ns, i->netns);

	if (r)
		return r;
	r = hg_attach(in, &ns, i->name, &i->options);
	hg_netns_leave(&ns);
	return r;
}

static int attach_each(struct hg_instance *in, const struct hg_config *c)
{
	unsigned int done = 0;
	int worst = hg_instance_is_there(in) ? hg_detach_gone(in) : HG_OK;

	for (unsigned int i = 0; i < c->interface_count; i++) {
		int r = attach_one(in, &c->interfaces[i]);

		done += !r;
		worst = r ? r : worst;
	}
	return worst && done ? HG_PARTLY : worst;
}

/* Where nothing came of it, an instance that this call made goes again. */
static int attach_prepared(struct hg_instance *in, const struct hg_config *c)
{
	bool fresh = !hg_instance_is_there(in);
	int r = attach_each(in, c);

	if (r && r != HG_PARTLY && fresh)
		hg_instance_remove(in);
	return r;
}

int hg_run_setup_attach(const struct hg_run_setup *s, const char *dir)
{
	struct hg_instance in;
	int r;

	if (!s->config.interface_count)
		return HG_OK;
	r = hg_instance_prepare(&in, dir);
	r = r ? r : attach_prepared(&in, &s->config);
	hg_instance_close(&in);
	return r;
}

int hg_run_setup_detach(const char *dir, bool quiet)
{
	struct hg_instance in;
	int r = hg_instance_open_to_detach(&in, dir);

	r = r ? r : hg_instance_lock(&in);
	r = r ? r : hg_detach_every(&in, quiet);
	hg_instance_close(&in);
	return r;
}
