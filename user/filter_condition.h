/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter_condition.h - one comparison of a filter: for filter.c only.
 *
 * A condition is set in the order of its text: field, operator, value.  Each
 * step returns 0, or a negative errno after writing to `why` what is wrong.
 * A zeroed condition can be freed, whatever was set.
 */
#ifndef HG_FILTER_CONDITION_H
#define HG_FILTER_CONDITION_H

#include <jansson.h>
#include <regex.h>
#include <stdbool.h>

#include "filter_field.h"
#include "policy_values.h"

enum hg_filter_operator {
	HG_FILTER_IS_THERE, /* no operator: the field is there, and not false */
	HG_FILTER_EQUAL,
	HG_FILTER_UNEQUAL,
	HG_FILTER_LESS,
	HG_FILTER_AT_MOST,
	HG_FILTER_MORE,
	HG_FILTER_AT_LEAST,
	HG_FILTER_REGEX,
};

struct hg_filter_condition {
	struct hg_filter_field field;
	enum hg_filter_operator op;
	char *path;    /* of a field that is not in the table, else NULL */
	char *text;    /* the value; of a name in lower case */
	bool numeric;  /* `number` holds it: the rank of a version, the truth of a bool */
	bool compiled; /* `regex` holds it */
	json_int_t number;
	struct hg_net_key net;
	regex_t regex;
};

int hg_filter_set_field(struct hg_filter_condition *c, const char *name, char why[HG_WHY_MAX]);
int hg_filter_set_operator(struct hg_filter_condition *c, enum hg_filter_operator op,
			   char why[HG_WHY_MAX]);
int hg_filter_set_value(struct hg_filter_condition *c, const char *text, char why[HG_WHY_MAX]);
void hg_filter_condition_free(struct hg_filter_condition *c);

bool hg_filter_condition_holds(const struct hg_filter_condition *c, const json_t *event);

#endif /* HG_FILTER_CONDITION_H */
