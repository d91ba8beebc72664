/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_setup.h - what `run` works by: its configuration, the policy file that it
 * names, the outputs of events, HTTP.  Made whole at the start and at SIGHUP, so
 * that one which is not good in all changes nothing.
 */
#ifndef HG_RUN_SETUP_H
#define HG_RUN_SETUP_H

#include "config.h"
#include "http.h"
#include "policy_load.h"

/* As typed: it wins over the file; NULL where nothing was. */
struct hg_run_asked {
	const char *config, *listen, *socket, *policy;
	bool quiet;
};

struct hg_run_setup {
	struct hg_config config;
	struct hg_policy_file policy; /* .text is NULL without one */
	struct hg_event_outputs *outputs;
	struct hg_http *http;
};

/* What it all stands on; it outlives every setup. */
struct hg_run_ground {
	sd_event *event;
	const struct hg_instance *in;
	const struct hg_eve_names *names;
	struct hg_board *board;
};

/*
 * Read and check the files; every error of all of them is said.  HG_OK,
 * HG_USAGE or HG_INVALID.  Owner of *out: the caller.
 */
int hg_run_setup_read(const struct hg_run_asked *asked, struct hg_run_setup **out);

/* Open what events are written to, and HTTP.  `before` may be NULL: that goes on until it is
 * replaced. */
int hg_run_setup_open(struct hg_run_setup *s, const struct hg_run_ground *ground,
		      const struct hg_run_setup *before);

/* Make the policy the active one, unless it is. */
int hg_run_setup_police(const struct hg_run_setup *s, const char *dir);

/* It takes over what `before` has served and counted; that is then only to be closed. */
void hg_run_setup_replace(struct hg_run_setup *s, struct hg_run_setup *before);

/* NULL may be closed. */
void hg_run_setup_close(struct hg_run_setup *s);

/* Interfaces of the configuration onto the instance `dir`.  HG_OK, HG_PARTLY, or why none is. */
int hg_run_setup_attach(const struct hg_run_setup *s, const char *dir);

/* `on_stop: detach`: the instance `dir` goes. */
int hg_run_setup_detach(const char *dir, bool quiet);

#endif /* HG_RUN_SETUP_H */
