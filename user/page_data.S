/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_data.S - what user/page/build has made of the page, byte by byte.
 */
	.section .rodata
	.macro file name, path
	.global hg_page_\name, hg_page_\name\()_end
hg_page_\name:
	.incbin "\path"
hg_page_\name\()_end:
	.endm

	file html, "index.html.gz"
	file js, "page.js.gz"
	file css, "page.css.gz"

	.section .note.GNU-stack, "", %progbits
