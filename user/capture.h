/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capture.h - capture files, frame by frame, as Ethernet.
 *
 * libpcap reads the file; a frame of any link type that carries IP is given an
 * Ethernet header, so that the data path knows one kind of frame.
 */
#ifndef HG_CAPTURE_H
#define HG_CAPTURE_H

#include <linux/types.h>
#include <stdbool.h>

struct hg_capture_file;

struct hg_frame {
	const __u8 *data; /* Ethernet; valid until the next frame */
	__u32 len;
	__u64 time_ns;	      /* since 1970 */
	unsigned long number; /* of the packet in the file, from 1 */
};

/* "-" is standard input.  Returns enum hg_exit. */
int hg_capture_open(const char *path, struct hg_capture_file **out);
void hg_capture_close(struct hg_capture_file *file);

/*
 * The next frame that carries IP.  HG_OK with frame->data NULL at the end;
 * HG_PARTLY, and said, where the file ends in the middle of a packet, or held
 * packets of link types that are not known; HG_UNSUPPORTED if it held no other.
 */
int hg_capture_next(struct hg_capture_file *file, struct hg_frame *frame);

#endif /* HG_CAPTURE_H */
