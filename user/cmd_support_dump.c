/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_support_dump.c - one archive with all that somebody asks for who is to help.
 *
 * Parts are gathered first and written then, so that its README, which comes first,
 * knows which of them are there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "config.h"
#include "say.h"
#include "support_archive.h"
#include "support_part.h"

#define PARTS_MAX 32
#define TIME_SIZE 24
#define NS_PER_S 1000000000ULL

static const char *bpffs, *output, *config;
static bool full, quiet;

const struct hg_option hg_options_support_dump[] = {
	{ "output", 'o', "FILE", "where to (default hellogate-support-TIME.tar.gz); - is stdout",
	  &output, NULL },
	{ "full", 0, NULL, "names, addresses and paths as they are, not hashed", NULL, &full },
	{ "config", 0, "FILE", "the configuration of run (default " HG_CONFIG_DEFAULT ")", &config,
	  NULL },
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	{ "quiet", 'q', NULL, "say only what went wrong", NULL, &quiet },
	HG_OPTIONS_END,
};

struct dump {
	struct hg_support support;
	struct hg_support_text texts[PARTS_MAX];
	unsigned int missing, odd;
	time_t when;
	char top[64]; /* the directory in it, and the name of the file */
};

/* ---- gathering ---- */

static unsigned int part_count(void)
{
	unsigned int count = 0;

	while (count < PARTS_MAX && hg_support_parts[count].name)
		count++;
	return count;
}

static int gather(struct dump *d)
{
	int r = HG_OK;

	for (unsigned int i = 0; !r && i < part_count(); i++) {
		hg_say_progress("parts", i, part_count());
		r = hg_support_part_make(&hg_support_parts[i], &d->support, &d->texts[i]);
		d->missing += d->texts[i].why != NULL;
		d->odd += d->texts[i].odd;
	}
	hg_say_progress_end();
	return r;
}

static void forget(struct dump *d)
{
	for (unsigned int i = 0; i < PARTS_MAX; i++) {
		free(d->texts[i].text);
		free(d->texts[i].why);
	}
}

/* ---- the README ---- */

static void write_masking(FILE *out)
{
	fputs("Masked: names of servers, addresses, paths, users and the texts of tests are hashed:\n"
	      "h- and 32 digits, HMAC-SHA256 under a key that was drawn for this archive and is\n"
	      "nowhere. Within it one name has one hash, in the policy as in the failures.  In\n"
	      "policy.yaml and config.yaml comments are gone.\n"
	      "Not masked: names of rules, sets, interfaces and network namespaces, ports,\n"
	      "fingerprints, times, sizes.\n",
	      out);
}

static void write_readme(const struct dump *d, FILE *out)
{
	char when[TIME_SIZE];

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&d->when));
	fprintf(out, "hellogate %s, %s, instance %s\n\n", HG_VERSION, when, d->support.in.dir);
	if (d->support.privacy)
		write_masking(out);
	else
		fputs("Not masked: names of servers and addresses of clients are in it as they are.\n",
		      out);
	fputs("Secrets (token, keys) are never in it.\n\n", out);
	for (unsigned int i = 0; i < part_count(); i++) {
		const struct hg_support_text *t = &d->texts[i];

		fprintf(out, "%-22s %s%s\n", hg_support_parts[i].name, hg_support_parts[i].what,
			!t->why	 ? ""
			: t->len ? " (not whole: see .missing)"
				 : " (not there: see .missing)");
	}
}

/* ---- writing ---- */

static void add_part(struct hg_archive *a, const struct hg_support_part *part,
		     const struct hg_support_text *t)
{
	char name[64];

	if (t->len || !t->why)
		hg_archive_add(a, part->name, t->text, t->len);
	if (!t->why)
		return;
	snprintf(name, sizeof(name), "%s.missing", part->name);
	hg_archive_add(a, name, t->why, strlen(t->why));
}

static int write_archive(const struct dump *d, int fd)
{
	char *text = NULL;
	size_t len = 0;
	FILE *readme = open_memstream(&text, &len);
	struct hg_archive *a = readme ? hg_archive_open(fd, d->top, d->when) : NULL;
	int r = HG_PARTLY;

	if (readme) {
		write_readme(d, readme);
		fclose(readme);
	}
	if (a) {
		hg_archive_add(a, "README", text, len);
		for (unsigned int i = 0; i < part_count(); i++)
			add_part(a, &hg_support_parts[i], &d->texts[i]);
		r = hg_archive_close(a);
	}
	free(text);
	return r;
}

/* For its owner alone, and over nothing that is there. */
static int open_output(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int error = errno;

	if (fd >= 0)
		return fd;
	hg_error("cannot write %s: %s", path, strerror(error));
	if (error == EEXIST)
		hg_hint("another name: --output FILE");
	return error == EEXIST					     ? -HG_CONFLICT
	       : error == EACCES || error == EPERM || error == EROFS ? -HG_NOT_PERMITTED
								     : -HG_UNSUPPORTED;
}

static void say_done(const struct dump *d, const char *path)
{
	hg_say("%s: %u parts, %u of them not to be had here%s", path, part_count(), d->missing,
	       d->missing ? "; each says why" : "");
	if (d->support.privacy)
		hg_say("names, addresses and paths are hashed; as they are: --full");
	else
		hg_say("names and addresses are in it as they are: mind who gets it");
}

static int write_output(const struct dump *d, const char *path)
{
	bool to_stdout = !strcmp(path, "-");
	int fd = to_stdout ? STDOUT_FILENO : open_output(path), r;

	if (fd < 0)
		return -fd;
	r = write_archive(d, fd);
	if (!to_stdout && close(fd) && !r) {
		hg_error("cannot write %s: %s", path, strerror(errno));
		r = HG_PARTLY;
	}
	if (r && !to_stdout)
		unlink(path);
	if (!r)
		say_done(d, to_stdout ? "stdout" : path);
	return r;
}

/* ---- the command ---- */

static int dump(struct dump *d)
{
	char path[96], when[TIME_SIZE];
	int r;

	d->when = (time_t)(hg_clock_now() / NS_PER_S);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", gmtime(&d->when));
	snprintf(d->top, sizeof(d->top), "hellogate-support-%s", when);
	snprintf(path, sizeof(path), "%s.tar.gz", d->top);
	r = gather(d);
	r = r ? r : write_output(d, output ? output : path);
	if (!r && d->odd) {
		hg_error("%u parts should be there and are not: see .missing in it", d->odd);
		r = HG_PARTLY;
	}
	return r;
}

int hg_cmd_support_dump(const struct hg_command *self, int argc, char **argv)
{
	struct dump d = { 0 };
	struct hg_privacy privacy;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands)
		return hg_usage(self, "unexpected argument '%s'", argv[0]);
	if (output && !strcmp(output, "-") && isatty(STDOUT_FILENO))
		return hg_usage(self, "the archive is nothing for a terminal: --output FILE");
	hg_say_quiet(quiet);
	hg_privacy_init(&privacy);
	privacy.names = HG_NAMES_hashed;
	privacy.addresses = HG_ADDRESSES_hashed;
	d.support.privacy = full ? NULL : &privacy;
	d.support.config = config ? config : HG_CONFIG_DEFAULT;
	/* What is laid out by another hellogate is a thing to ask about, too. */
	r = hg_instance_probe(&d.support.in, hg_instance_dir(bpffs));
	if (r != HG_NOT_PERMITTED && r != HG_USAGE)
		r = dump(&d);
	hg_instance_close(&d.support.in);
	forget(&d);
	return r;
}
