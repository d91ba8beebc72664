/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config.h - the configuration of `run`: a YAML file to one struct, with every
 * error in one pass.  docs/running.md is its reference.
 *
 * Files that it names (token, certificate, keys) are read with it, so that what
 * was checked is what is used; the policy is not.  Paths are beside the file
 * unless they begin with a slash.
 */
#ifndef HG_CONFIG_H
#define HG_CONFIG_H

#include "attach.h"
#include "event_output.h"
#include "http_guard.h"
#include "policy_diag.h"
#include "privacy.h"

#define HG_CONFIG_DEFAULT "/etc/hellogate/hellogate.yaml"
#define HG_CONFIG_INTERFACES 64

enum hg_on_stop { HG_ON_STOP_leave, HG_ON_STOP_detach };

struct hg_config_interface {
	const char *name;
	const char *netns; /* NULL: that of `run` */
	struct hg_attach_options options;
};

struct hg_config {
	struct hg_arena arena; /* all texts */
	const char *path;      /* NULL: there is no file */
	const char *policy;    /* a path, or NULL: what is loaded stays */
	enum hg_on_stop on_stop;
	struct hg_config_interface interfaces[HG_CONFIG_INTERFACES];
	unsigned int interface_count;
	struct hg_http_config http;
	struct hg_event_config events;
	struct hg_privacy privacy;
};

/* What is so without a file. */
void hg_config_init(struct hg_config *c);
void hg_config_free(struct hg_config *c);

/*
 * Over what *c has, from hg_config_init().  HG_OK, or HG_INVALID with at least
 * one error in *d; *c is then only to be freed.
 */
int hg_config_read(struct hg_config *c, const char *path, struct hg_diagnostics *d);
int hg_config_read_text(struct hg_config *c, const char *path, const char *text, size_t len,
			struct hg_diagnostics *d);

#endif /* HG_CONFIG_H */
