/* SPDX-License-Identifier: BSD-2-Clause */
/* How a handshake ended, by what both sides were seen to say: TLS 1.2 and RFC 8446. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../include/outcome.h"

#define FIN HG_SEEN_FINISHED
#define DATA HG_SEEN_DATA
#define MISSED (HG_SEEN_LOST | HG_SEEN_MISSED)
#define SIZED HG_SEEN_ALERT_SIZED
#define UNHEARD false
#define HEARD true

static const struct {
	const char *what;
	unsigned int version;
	unsigned int client, server; /* HG_SEEN_* */
	unsigned int client_alerts, server_alerts, server_records;
	bool heard;
	unsigned int close, outcome;
} rows[] = {
	/* clang-format off */
	{ "1.2, both finished", 0x0303, FIN, FIN, 0, 0, 3, HEARD, HG_CLOSE_fin, HG_OUTCOME_established },
	{ "1.2, the client alone", 0x0303, FIN, 0, 0, 0, 3, HEARD, HG_CLOSE_fin, HG_OUTCOME_failed },
	{ "1.2, the server alone", 0x0303, 0, FIN, 0, 0, 3, HEARD, HG_CLOSE_fin, HG_OUTCOME_failed },
	{ "1.2, unheard, data", 0x0303, FIN | DATA, 0, 0, 0, 0, UNHEARD, HG_CLOSE_fin, HG_OUTCOME_established },
	{ "1.2, unheard, no data", 0x0303, FIN, 0, 0, 0, 0, UNHEARD, HG_CLOSE_fin, HG_OUTCOME_unknown },
	{ "1.3, data of the server", 0x0304, FIN, DATA, 0, 0, 3, HEARD, HG_CLOSE_rst, HG_OUTCOME_established },
	{ "1.3, finished, then closed", 0x0304, FIN, FIN, 0, 0, 3, HEARD, HG_CLOSE_fin, HG_OUTCOME_unknown },
	{ "1.3, finished, then reset", 0x0304, FIN, FIN, 0, 0, 3, HEARD, HG_CLOSE_rst, HG_OUTCOME_unknown },
	{ "1.3, what may be an alert, then closed", 0x0304, FIN, FIN | SIZED, 0, 0, 3, HEARD, HG_CLOSE_fin,
	  HG_OUTCOME_failed },
	{ "1.3, finished, then silence", 0x0304, FIN, FIN, 0, 0, 3, HEARD, HG_CLOSE_idle,
	  HG_OUTCOME_established },
	{ "1.3, what may be an alert, then silence", 0x0304, FIN, FIN | SIZED, 0, 0, 3, HEARD, HG_CLOSE_idle,
	  HG_OUTCOME_failed },
	{ "1.3, not finished, then closed", 0x0304, 0, FIN, 0, 0, 3, HEARD, HG_CLOSE_fin, HG_OUTCOME_failed },
	{ "1.2, finished, then silence", 0x0303, FIN, 0, 0, 0, 3, HEARD, HG_CLOSE_idle, HG_OUTCOME_failed },
	{ "no answer", 0, 0, 0, 0, 0, 0, HEARD, HG_CLOSE_idle, HG_OUTCOME_failed },
	{ "no answer, nor any seen", 0, 0, 0, 0, 0, 0, UNHEARD, HG_CLOSE_idle, HG_OUTCOME_unknown },
	{ "closed, unheard", 0, 0, 0, 0, 0, 0, UNHEARD, HG_CLOSE_rst, HG_OUTCOME_unknown },
	{ "closed, unheard, an alert of the client", 0, 0, 0, 1, 0, 0, UNHEARD, HG_CLOSE_rst,
	  HG_OUTCOME_failed },
	{ "closed, unheard, an alert of the server", 0, 0, 0, 0, 1, 1, UNHEARD, HG_CLOSE_rst,
	  HG_OUTCOME_failed },
	{ "1.3, finished, and an alert of the client", 0x0304, FIN, FIN, 1, 0, 3, HEARD, HG_CLOSE_fin,
	  HG_OUTCOME_failed },
	/* what was missed might have said more, and an alert says enough */
	{ "missed of the server", 0x0303, 0, MISSED, 0, 0, 1, HEARD, HG_CLOSE_fin, HG_OUTCOME_unknown },
	{ "and before it said anything", 0x0303, 0, MISSED, 0, 0, 0, HEARD, HG_CLOSE_fin, HG_OUTCOME_unknown },
	{ "missed of the client", 0x0303, MISSED, 0, 0, 0, 1, HEARD, HG_CLOSE_fin, HG_OUTCOME_unknown },
	{ "missed of the client, no answer", 0, MISSED, 0, 0, 0, 0, HEARD, HG_CLOSE_fin, HG_OUTCOME_failed },
	{ "nothing missed, an answer", 0x0303, 0, 0, 0, 0, 1, HEARD, HG_CLOSE_fin, HG_OUTCOME_failed },
	{ "missed of the server, an alert of it", 0x0303, 0, MISSED, 0, 1, 1, HEARD, HG_CLOSE_fin,
	  HG_OUTCOME_failed },
	{ "missed of the server, one of the client", 0x0303, 0, MISSED, 1, 0, 1, HEARD, HG_CLOSE_fin,
	  HG_OUTCOME_failed },
	{ "missed of the server, established", 0x0303, FIN, FIN | MISSED, 0, 0, 9, HEARD, HG_CLOSE_fin,
	  HG_OUTCOME_established },
	{ "forgotten", 0x0303, FIN, 0, 0, 0, 3, HEARD, HG_CLOSE_evicted, HG_OUTCOME_unknown },
	/* clang-format on */
};

static void ends_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hg_answer_facts a = { 0 };

		a.server.version = rows[i].version;
		a.side[0].seen = rows[i].client;
		a.side[1].seen = rows[i].server;
		a.side[0].alert_count = rows[i].client_alerts;
		a.side[1].alert_count = rows[i].server_alerts;
		a.side[1].records = rows[i].server_records;
		if (hg_outcome_at_end(&a, rows[i].close, rows[i].heard) != rows[i].outcome)
			fail_msg("%s", rows[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
