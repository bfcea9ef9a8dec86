/* SPDX-License-Identifier: Apache-2.0 */
/* cpus: see cpus.h. */
#define _GNU_SOURCE
#include "proto/base/cpus.h"

#include <sched.h>
#include <stddef.h>

/* A number at *at, which moves behind it; -1: none, or too large. */
static int number(const char **at)
{
    int n = -1;
    for (; **at >= '0' && **at <= '9'; ++*at) {
        n = (n < 0 ? 0 : n * 10) + (**at - '0');
        if (n >= CPUS_MAX) return -1;
    }
    return n;
}

/* The next range, "3" or "0-3", and the comma behind it. False when there is none. */
static bool next(const char **at, int *from_out, int *to_out)
{
    *from_out = *to_out = number(at);
    if (**at == '-') {
        ++*at;
        *to_out = number(at);
    }
    if (*from_out < 0 || *to_out < *from_out) return false;
    if (**at == 0) return true;
    if (**at != ',' || !(*at)[1]) return false;
    for (++*at; **at == ' ';) ++*at;
    return true;
}

int cpus_count(const char *list)
{
    int n = 0, from, to;
    while (*list) {
        if (!next(&list, &from, &to)) return -1;
        n += to - from + 1;
    }
    return n;
}

int cpus_at(const char *list, int n)
{
    n %= cpus_count(list);
    for (int from, to; next(&list, &from, &to); n -= to - from + 1)
        if (n <= to - from) return from + n;
    return -1;
}

bool cpus_pin(const char *list, int n, int *bad_out)
{
    cpu_set_t may, one;
    *bad_out = 0;
    if (sched_getaffinity(0, sizeof may, &may) != 0) return false;
    for (int i = 0, count = cpus_count(list); i < count; i++) {
        *bad_out = cpus_at(list, i);
        if (!CPU_ISSET((size_t)*bad_out, &may)) return false;
    }
    *bad_out = cpus_at(list, n);
    CPU_ZERO(&one);
    CPU_SET((size_t)*bad_out, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
}
