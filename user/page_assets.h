/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_assets.h - the files of the page, in the binary as gzip has them: built
 * from user/page/ by user/page/build.
 */
#ifndef HG_PAGE_ASSETS_H
#define HG_PAGE_ASSETS_H

#include <microhttpd.h>
#include <stdbool.h>

/* Is this path one of the page's?  If so it is answered, with *result. */
bool hg_page_answer(struct MHD_Connection *connection, const char *path, enum MHD_Result *result);

#endif /* HG_PAGE_ASSETS_H */
