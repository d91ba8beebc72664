/* SPDX-License-Identifier: BSD-2-Clause */
#include "sysctl.h"

#include <stdio.h>

int hg_sysctl(const char *path)
{
	FILE *file = fopen(path, "re");
	int value = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}
