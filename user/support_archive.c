/* SPDX-License-Identifier: BSD-2-Clause */
#include "support_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "say.h"

struct hg_archive {
	struct archive *to;
	char top[64];
	time_t when;
	bool failed;
};

/* Of several errors the first is told: others follow from it. */
static bool works(struct hg_archive *a, bool ok)
{
	if (!ok && !a->failed)
		hg_error("cannot write the archive: %s", archive_error_string(a->to));
	a->failed |= !ok;
	return !a->failed;
}

struct hg_archive *hg_archive_open(int fd, const char *top, time_t when)
{
	struct hg_archive *a = calloc(1, sizeof(*a));

	if (a)
		a->to = archive_write_new();
	if (!a || !a->to) {
		hg_error("no memory for the archive");
		free(a);
		return NULL;
	}
	snprintf(a->top, sizeof(a->top), "%s", top);
	a->when = when;
	works(a, archive_write_add_filter_gzip(a->to) == ARCHIVE_OK &&
			 archive_write_set_format_pax_restricted(a->to) == ARCHIVE_OK &&
			 archive_write_set_bytes_in_last_block(a->to, 1) == ARCHIVE_OK &&
			 archive_write_open_fd(a->to, fd) == ARCHIVE_OK);
	return a;
}

void hg_archive_add(struct hg_archive *a, const char *name, const char *text, size_t len)
{
	struct archive_entry *e = a->failed ? NULL : archive_entry_new();
	char path[128];

	if (!e)
		return;
	snprintf(path, sizeof(path), "%s/%s", a->top, name);
	archive_entry_set_pathname(e, path);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0600);
	archive_entry_set_mtime(e, a->when, 0);
	archive_entry_set_size(e, (la_int64_t)len);
	works(a, archive_write_header(a->to, e) == ARCHIVE_OK &&
			 archive_write_data(a->to, text, len) == (la_ssize_t)len);
	archive_entry_free(e);
}

int hg_archive_close(struct hg_archive *a)
{
	int r;

	works(a, archive_write_close(a->to) == ARCHIVE_OK);
	r = a->failed ? HG_PARTLY : HG_OK;
	archive_write_free(a->to);
	free(a);
	return r;
}
