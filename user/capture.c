/* SPDX-License-Identifier: BSD-2-Clause */
#include "capture.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_ng.h"
#include "say.h"

#define ETHERNET_HEADER 14
#define FRAME_MAX (256 * 1024)
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd

/* Link types by their number in the file (LINKTYPE_*), where DLT_ is another or none. */
#define LINKTYPE_RAW 101
#define LINKTYPE_LINUX_SLL2 276

struct hg_capture_file {
	const char *path;
	pcap_t *pcap;
	int link;    /* of all packets, or of the one at hand */
	bool pcapng; /* each packet begins with its link type */
	unsigned long number;
	unsigned long left_out; /* packets of link types that are not known */
	int unknown;		/* the first of these */
	__u8 frame[FRAME_MAX];
};

static bool link_is_known(int link)
{
	static const int known[] = {
		DLT_EN10MB, DLT_RAW,	    DLT_IPV4,	DLT_IPV6,      DLT_NULL,	   DLT_LOOP,
		DLT_PPP,    DLT_PPP_SERIAL, DLT_C_HDLC, DLT_LINUX_SLL, LINKTYPE_LINUX_SLL2
	};

	for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (link == known[i])
			return true;
	return false;
}

static void hint_links(void)
{
	hg_hint("known: Ethernet, raw IP, Linux cooked, BSD loopback, PPP, Cisco HDLC");
}

static const char *link_text(int link)
{
	const char *name = pcap_datalink_val_to_name(link);

	return name ? name : "?";
}

static int unsupported_link(const char *path, int link)
{
	hg_error("%s: link type %s (%d) carries no IP that hellogate knows", path, link_text(link),
		 link);
	hint_links();
	return HG_UNSUPPORTED;
}

int hg_capture_open(const char *path, struct hg_capture_file **out)
{
	struct hg_capture_file *f;
	char error[PCAP_ERRBUF_SIZE] = "";
	bool pcapng;
	FILE *stream = hg_capture_ng_open(path, &pcapng);

	if (!stream) {
		hg_error("%s: %s", path, strerror(errno));
		return HG_INVALID;
	}
	f = calloc(1, sizeof(*f));
	if (f)
		f->pcap = pcap_fopen_offline_with_tstamp_precision(
			stream, PCAP_TSTAMP_PRECISION_NANO, error);
	if (!f || !f->pcap) {
		hg_error("%s: %s", path, *error ? error : "out of memory");
		hg_hint("captures are pcap or pcapng files, as of tcpdump -w; compressed ones by a pipe: zcat FILE | hellogate read -");
		fclose(stream);
		free(f);
		return HG_INVALID;
	}
	f->path = path;
	f->pcapng = pcapng;
	f->link = pcap_datalink(f->pcap);
	if (!pcapng && !link_is_known(f->link)) {
		int r = unsupported_link(path, f->link);

		hg_capture_close(f);
		return r;
	}
	*out = f;
	return HG_OK;
}

void hg_capture_close(struct hg_capture_file *f)
{
	if (!f)
		return;
	pcap_close(f->pcap);
	free(f);
}

static __u16 be16(const __u8 *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

static __u16 type_of_ip(const __u8 *data, __u32 len)
{
	if (!len)
		return 0;
	return data[0] >> 4 == 4 ? ETHERTYPE_IPV4 : data[0] >> 4 == 6 ? ETHERTYPE_IPV6 : 0;
}

/* PPP (RFC 1661, RFC 1662): an optional ff 03, then one or two bytes of protocol. */
static __u32 ppp_header(const __u8 *data, __u32 len, __u16 *type)
{
	__u32 at = len >= 2 && data[0] == 0xff && data[1] == 0x03 ? 2 : 0;
	__u16 protocol;

	if (len < at + 2)
		return len;
	protocol = data[at] & 1 ? data[at] : be16(data + at);
	at += data[at] & 1 ? 1 : 2;
	*type = protocol == 0x0021 ? ETHERTYPE_IPV4 : protocol == 0x0057 ? ETHERTYPE_IPV6 : 0;
	return at;
}

/*
 * The bytes in front of the network layer, and what that is.  A type of 0
 * means that the frame carries no IP.
 */
static __u32 link_header(int link, const __u8 *data, __u32 len, __u16 *type)
{
	*type = 0;
	switch (link) {
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		*type = type_of_ip(data, len);
		return 0;
	case DLT_NULL:
	case DLT_LOOP:
		if (len > 4)
			*type = type_of_ip(data + 4, len - 4);
		return 4;
	case DLT_LINUX_SLL:
		if (len > 16)
			*type = be16(data + 14);
		return 16;
	case LINKTYPE_LINUX_SLL2:
		if (len > 20)
			*type = be16(data);
		return 20;
	case DLT_C_HDLC:
		if (len > 4)
			*type = be16(data + 2);
		return 4;
	default:
		return ppp_header(data, len, type);
	}
}

/* Put an Ethernet header in front of what is behind the link's own. */
static bool as_ethernet(struct hg_capture_file *f, const __u8 *data, __u32 len,
			struct hg_frame *frame)
{
	__u16 type;
	__u32 skip;

	if (f->link == DLT_EN10MB) {
		frame->data = data;
		frame->len = len;
		return true;
	}
	skip = link_header(f->link, data, len, &type);
	if (!type || skip > len || len - skip > FRAME_MAX - ETHERNET_HEADER)
		return false;
	memset(f->frame, 0, ETHERNET_HEADER);
	f->frame[12] = (__u8)(type >> 8);
	f->frame[13] = (__u8)type;
	memcpy(f->frame + ETHERNET_HEADER, data + skip, len - skip);
	frame->data = f->frame;
	frame->len = len - skip + ETHERNET_HEADER;
	return true;
}

static int ended_early(const struct hg_capture_file *f)
{
	hg_error("%s: packet %lu: %s", f->path, f->number + 1, pcap_geterr(f->pcap));
	hg_hint("what came before it has been read");
	return HG_PARTLY;
}

/* The end of the file: was all of it read? */
static int ended(const struct hg_capture_file *f)
{
	if (!f->left_out)
		return HG_OK;
	if (f->left_out == f->number)
		return unsupported_link(f->path, f->unknown);
	hg_error(
		"%s: %lu of %lu packets were left out: link type %s (%d) carries no IP that hellogate knows",
		f->path, f->left_out, f->number, link_text(f->unknown), f->unknown);
	hint_links();
	return HG_PARTLY;
}

/* Take the link type off the front of a packet of a pcapng file. */
static bool take_link(struct hg_capture_file *f, const __u8 **data, __u32 *len)
{
	struct hg_capture_ng_link link;

	if (*len < sizeof(link))
		return false;
	memcpy(&link, *data, sizeof(link));
	*data += sizeof(link);
	*len -= sizeof(link);
	f->link = link.link == LINKTYPE_RAW ? DLT_RAW : (int)link.link;
	if (link_is_known(f->link))
		return true;
	if (!f->left_out++)
		f->unknown = f->link;
	return false;
}

int hg_capture_next(struct hg_capture_file *f, struct hg_frame *frame)
{
	struct pcap_pkthdr *header;
	const __u8 *data;
	int r;

	while ((r = pcap_next_ex(f->pcap, &header, &data)) == 1) {
		__u32 len = header->caplen;

		f->number++;
		frame->number = f->number;
		/* With nanosecond precision tv_usec holds nanoseconds. */
		frame->time_ns =
			(__u64)header->ts.tv_sec * 1000000000ULL + (__u64)header->ts.tv_usec;
		if (f->pcapng && !take_link(f, &data, &len))
			continue;
		if (as_ethernet(f, data, len, frame))
			return HG_OK;
	}
	frame->data = NULL;
	return r == PCAP_ERROR_BREAK ? ended(f) : ended_early(f);
}
