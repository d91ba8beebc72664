/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz.h - what the targets have in common: an input that is taken from the
 * front, and a way to say what is wrong.
 *
 * Include from one .c file per program.
 */
#ifndef HG_TESTS_FUZZ_H
#define HG_TESTS_FUZZ_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

static int fuzz_stderr = 2;
static void (*fuzz_on_fail)(void);

/* -close_fd_mask takes stderr away from what is tested, and must not from us. */
__attribute__((constructor)) static void fuzz_keep_stderr(void)
{
	fuzz_stderr = dup(2);
}

/* The input is kept by libFuzzer. */
__attribute__((format(printf, 1, 2), noreturn)) static inline void fuzz_fail(const char *format,
									     ...)
{
	va_list args;

	va_start(args, format);
	dprintf(fuzz_stderr, "wrong: ");
	vdprintf(fuzz_stderr, format, args);
	dprintf(fuzz_stderr, "\n");
	va_end(args);
	if (fuzz_on_fail)
		fuzz_on_fail();
	abort();
}

#define FUZZ_CHECK(is, ...)                                                                        \
	do {                                                                                       \
		if (!(is))                                                                         \
			fuzz_fail(__VA_ARGS__);                                                    \
	} while (0)

/* What is left of an input. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* The next byte, zero behind the end. */
static inline unsigned int fuzz_u8(struct fuzz_input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static inline unsigned int fuzz_u16(struct fuzz_input *in)
{
	unsigned int high = fuzz_u8(in);

	return high << 8 | fuzz_u8(in);
}

/* The next `len` bytes, or as many as there are; says how many. */
static inline const uint8_t *fuzz_bytes(struct fuzz_input *in, size_t *len)
{
	const uint8_t *at = in->at;

	if (*len > in->left)
		*len = in->left;
	in->at += *len;
	in->left -= *len;
	return at;
}

/*
 * For targets with a state that lives longer than a run: libFuzzer would look for
 * leaks behind each of them.
 */
#define FUZZ_KEEPS_MEMORY                                                                          \
	const char *__asan_default_options(void);                                                  \
	const char *__asan_default_options(void)                                                   \
	{                                                                                          \
		return "detect_leaks=0";                                                           \
	}

#endif /* HG_TESTS_FUZZ_H */
