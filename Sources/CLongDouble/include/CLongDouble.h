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

/// A decimal text, or none when `bytes` is NULL.
typedef struct {
    const uint8_t *bytes;
    size_t count;
} nc_text;

/// What nc_add_bounded_float_texts made of a value: texts as nc_add_float_texts writes them, without a terminator.
typedef struct {
    char new_text[NC_FLOAT_TEXT_CAPACITY];
    char applied_text[NC_FLOAT_TEXT_CAPACITY];
    int32_t new_count;
    int32_t applied_count;
} nc_bounded_sum;

typedef enum {
    /// The texts are the new value and what was added to the old one.
    NC_SUM_APPLIED,
    /// The texts are the old value and 0.
    NC_SUM_DECLINED,
    NC_SUM_BAD_INCREMENT,
    NC_SUM_INFINITE_INCREMENT,
    NC_SUM_BAD_LOWER_BOUND,
    NC_SUM_BAD_UPPER_BOUND,
    NC_SUM_CROSSED_BOUNDS,
    NC_SUM_BAD_VALUE,
    NC_SUM_INFINITE_VALUE,
    /// The step from the value to the bound is infinite, or the bound itself.
    NC_SUM_INFINITE_STEP,
} nc_sum_status;

/// When a sum is declined.
typedef enum {
    NC_DECLINE_BEYOND_BOUNDS,
    /// Never: beyond a bound it becomes the bound.
    NC_DECLINE_NEVER,
    NC_DECLINE_ALWAYS,
} nc_decline;

/// Adds `increment` to `value` (zero when there is none) if the sum stays within the bounds, which without a text are those
/// of a double. Infinite is what a double does not hold; bounds may be. Nothing is written unless the status is one of
/// the first two.
nc_sum_status nc_add_bounded_float_texts(nc_text value, nc_text increment, nc_text lower, nc_text upper,
                                         nc_decline decline, nc_bounded_sum *result);

#endif
