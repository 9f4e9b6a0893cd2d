#include "CLongDouble.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Redis reads at most this much text as a number (MAX_LONG_DOUBLE_CHARS).
#define MAXIMUM_INPUT 5120

static bool parse(const uint8_t *text, size_t count, long double *value) {
    // strtold wants a terminator, which the bytes of an entry do not have; short numbers stay in one cache line.
    char buffer[MAXIMUM_INPUT];
    if (count == 0 || count >= sizeof buffer) return false;
    memcpy(buffer, text, count);
    buffer[count] = 0;
    // strtold skips leading white space, which Redis refuses; a NUL inside ends it early and fails the test below.
    if (isspace((unsigned char)buffer[0])) return false;
    char *end;
    errno = 0;
    long double parsed = strtold(buffer, &end);
    if (end != buffer + count || isnan(parsed)) return false;
    if (errno == ERANGE && (isinf(parsed) || fpclassify(parsed) == FP_ZERO)) return false;
    *value = parsed;
    return true;
}

// Writes a number no larger than a double's; the number of bytes, or NC_FLOAT_OUT_OF_RANGE.
static int32_t print(long double value, char *result) {
    int length = snprintf(result, NC_FLOAT_TEXT_CAPACITY, "%.17Lf", value);
    if (length <= 0 || length >= NC_FLOAT_TEXT_CAPACITY) return NC_FLOAT_OUT_OF_RANGE;
    // "%.17Lf" always has a point, so the loop stops before the digits of the integer part.
    while (result[length - 1] == '0') length--;
    if (result[length - 1] == '.') length--;
    if (length == 2 && result[0] == '-' && result[1] == '0') {
        result[0] = '0';
        length = 1;
    }
    return length;
}

static bool is_infinite(long double value) { return !(fabsl(value) <= DBL_MAX); }

int32_t nc_add_float_texts(const uint8_t *left, size_t left_count, const uint8_t *right, size_t right_count,
                           char *result) {
    long double a = 0, b;
    if (left_count > 0 && !parse(left, left_count, &a)) return NC_FLOAT_NOT_A_NUMBER;
    if (!parse(right, right_count, &b)) return NC_FLOAT_NOT_A_NUMBER;
    long double sum = a + b;
    return is_infinite(sum) ? NC_FLOAT_OUT_OF_RANGE : print(sum, result);
}

nc_sum_status nc_add_bounded_float_texts(nc_text value, nc_text increment, nc_text lower, nc_text upper,
                                         nc_decline decline, nc_bounded_sum *result) {
    long double old = 0, step, least = -(long double)DBL_MAX, most = DBL_MAX;
    if (!parse(increment.bytes, increment.count, &step)) return NC_SUM_BAD_INCREMENT;
    if (is_infinite(step)) return NC_SUM_INFINITE_INCREMENT;
    if (lower.bytes && !parse(lower.bytes, lower.count, &least)) return NC_SUM_BAD_LOWER_BOUND;
    if (upper.bytes && !parse(upper.bytes, upper.count, &most)) return NC_SUM_BAD_UPPER_BOUND;
    if (least > most) return NC_SUM_CROSSED_BOUNDS;
    if (value.bytes && !parse(value.bytes, value.count, &old)) return NC_SUM_BAD_VALUE;
    if (is_infinite(old)) return NC_SUM_INFINITE_VALUE;
    long double sum = old + step;
    bool is_above = sum > most || sum > DBL_MAX, is_outside = is_above || sum < least || sum < -DBL_MAX;
    bool is_declined = decline == NC_DECLINE_ALWAYS || (is_outside && decline != NC_DECLINE_NEVER);
    if (is_declined) {
        sum = old;
    } else if (is_outside) {
        sum = is_above ? most : least;
        if (is_infinite(sum) || is_infinite(sum - old)) return NC_SUM_INFINITE_STEP;
    }
    result->new_count = print(sum, result->new_text);
    result->applied_count = print(sum - old, result->applied_text);
    return is_declined ? NC_SUM_DECLINED : NC_SUM_APPLIED;
}
