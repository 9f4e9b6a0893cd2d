// Decimal text added in `long double`, as Redis's INCRBYFLOAT does it.
//
// Swift's Float80 exists on x86-64 only and its text conversions differ from printf's. C has a long double
// everywhere: 80 bits on x86-64, 128 bits on arm64, and in each case what a Redis on that machine computes with.
#ifndef NEARCACHED_CLONGDOUBLE_H
#define NEARCACHED_CLONGDOUBLE_H

#include <stddef.h>
#include <stdint.h>

/// Room for any sum: the 309 digits of the largest double, sign, point, 17 decimals, and a terminator.
#define NC_FLOAT_TEXT_CAPACITY 352

enum {
    NC_FLOAT_NOT_A_NUMBER = -1,
    NC_FLOAT_OUT_OF_RANGE = -2,
};

/// Adds two decimal texts and writes the sum with up to 17 decimals, trailing zeros removed.
///
/// `left` may be empty with a count of 0, which stands for zero; `right` may not. Texts may hold any bytes.
/// Returns the number of bytes written (at most NC_FLOAT_TEXT_CAPACITY - 1); NC_FLOAT_NOT_A_NUMBER when a text
/// spells no number or one too large for a long double; NC_FLOAT_OUT_OF_RANGE when the sum is infinite, not a
/// number, or beyond the largest double.
int32_t nc_add_float_texts(const uint8_t *left, size_t left_count, const uint8_t *right, size_t right_count,
                           char *result);

#endif
