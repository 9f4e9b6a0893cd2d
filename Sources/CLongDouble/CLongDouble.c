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

int32_t nc_add_float_texts(const uint8_t *left, size_t left_count, const uint8_t *right, size_t right_count,
                           char *result) {
    long double a = 0, b;
    if (left_count > 0 && !parse(left, left_count, &a)) return NC_FLOAT_NOT_A_NUMBER;
    if (!parse(right, right_count, &b)) return NC_FLOAT_NOT_A_NUMBER;
    long double sum = a + b;
    if (isnan(sum) || isinf(sum) || fabsl(sum) > DBL_MAX) return NC_FLOAT_OUT_OF_RANGE;
    int length = snprintf(result, NC_FLOAT_TEXT_CAPACITY, "%.17Lf", sum);
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
