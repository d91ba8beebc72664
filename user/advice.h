/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advice.h - what to do about a cause, in one line.
 */
#ifndef HG_ADVICE_H
#define HG_ADVICE_H

#include "../include/terms.h"

/* For people; never NULL. */
const char *hg_advice(enum hg_cause cause);

/* Whose fault it mostly is. */
enum hg_side hg_usual_side(enum hg_cause cause);

#endif /* HG_ADVICE_H */
