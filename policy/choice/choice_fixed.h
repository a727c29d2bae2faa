/* Fixed-point numbers: signed, 40 binary places, in an int64 (so up to 2^23 in size).
 *
 * Nothing of the room computes in floating point: what a decision rests upon is whole numbers throughout,
 * which every compiler, processor and C library adds, multiplies and divides alike. */
#pragma once

#include <stdint.h>

enum { FIXED_PLACES = 40 };

#define FIXED_ONE (INT64_C(1) << FIXED_PLACES)
/* A constant given in millionths: FIXED_MILLIONTHS(449871) is 0.449871. At most 8 million of them. */
#define FIXED_MILLIONTHS(millionths) ((int64_t)(millionths)*FIXED_ONE / 1000000)

/* Products and quotients round toward zero; the caller knows that the result fits (asserted). */
int64_t fixed_multiply(int64_t left, int64_t right);
/* right is not zero. */
int64_t fixed_divide(int64_t left, int64_t right);
/* The square root, rounded down, of what is not negative. */
int64_t fixed_root(int64_t value);
/* The square root of a whole number, rounded down. */
uint64_t whole_root(uint64_t value);
/* The logarithm to base 2 of what is above zero; less than two units of the last place below the true one. */
int64_t fixed_log2(int64_t value);
/* The natural logarithm, likewise. */
int64_t fixed_log(int64_t value);
/* 2 to the power of -exponent, with 62 binary places instead of 40 (1 << 62 for an exponent of zero). The
 * exponent is not negative. Less than 2^-56 off. */
uint64_t fixed_half_to_the(int64_t exponent);
/* value times a factor of 62 binary places that is at most one, rounded down. */
uint64_t fixed_scale(uint64_t value, uint64_t factor);
