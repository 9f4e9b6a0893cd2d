#include "CPrimitives.h"

#include <sched.h>
#include <time.h>

void nc_spin_yield(uint32_t *spins) {
    if (++*spins < 64) {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ __volatile__("yield");
#endif
    } else {
        *spins = 0;
        sched_yield();
    }
}

static uint64_t read_clock(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

uint64_t nc_monotonic_nanoseconds(void) { return read_clock(CLOCK_MONOTONIC); }

uint64_t nc_wall_nanoseconds(void) { return read_clock(CLOCK_REALTIME); }
