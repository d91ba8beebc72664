/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire_mutator.h - mutations of a TLS stream that know its lengths: what is put
 * in or taken out is put into every length above it, so that chance gets behind
 * the outermost of them.
 *
 * A third of the mutations are libFuzzer's own, over the raw bytes.
 */
#ifndef HG_TESTS_WIRE_MUTATOR_H
#define HG_TESTS_WIRE_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

/* Mutate the stream of `size` bytes in place, up to max_size.  Returns its new size. */
size_t wire_mutate(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

#endif /* HG_TESTS_WIRE_MUTATOR_H */
