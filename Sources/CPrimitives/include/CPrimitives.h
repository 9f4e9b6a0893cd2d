// Header-only primitives that Swift cannot express or does not compile well: prefetch, atomics on plain
// memory, a spin lock, unaligned loads. `static inline` in a public header inlines into Swift (same LLVM
// pipeline). No system intrinsics header here: see CLinux.h.
#ifndef NEARCACHED_CPRIMITIVES_H
#define NEARCACHED_CPRIMITIVES_H

// As CLinux.h has it: two modules that see a system header with and without it clash in debug builds.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// ---------------------------------------------------------------- prefetch

static inline void nc_prefetch_read(const void *address) { __builtin_prefetch(address, 0, 3); }
static inline void nc_prefetch_write(const void *address) { __builtin_prefetch(address, 1, 3); }

// ---------------------------------------------------------------- unaligned loads and stores
// memcpy of a constant size compiles to one mov and has no alignment rule to break.

static inline uint64_t nc_load64(const void *p) { uint64_t v; memcpy(&v, p, 8); return v; }
static inline uint32_t nc_load32(const void *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static inline uint16_t nc_load16(const void *p) { uint16_t v; memcpy(&v, p, 2); return v; }
static inline void nc_store64(void *p, uint64_t v) { memcpy(p, &v, 8); }
static inline void nc_store32(void *p, uint32_t v) { memcpy(p, &v, 4); }
static inline void nc_store16(void *p, uint16_t v) { memcpy(p, &v, 2); }

// ---------------------------------------------------------------- atomics on plain memory
// For counters that live in padded, pointer-allocated structs, where Synchronization.Atomic would make the
// struct non-copyable and its reads awkward.

static inline uint64_t nc_atomic_load_relaxed(const uint64_t *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline void nc_atomic_store_relaxed(uint64_t *p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); }
static inline uint64_t nc_atomic_load_acquire(const uint64_t *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static inline void nc_atomic_store_release(uint64_t *p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }
static inline uint64_t nc_atomic_add(uint64_t *p, uint64_t v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }
static inline void nc_atomic_or(uint64_t *p, uint64_t v) { (void)__atomic_fetch_or(p, v, __ATOMIC_RELEASE); }
static inline uint64_t nc_atomic_exchange(uint64_t *p, uint64_t v) { return __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL); }
/// Stores `wanted` if `*expected` is there; otherwise tells in `*expected` what is.
static inline bool nc_atomic_compare_exchange(uint64_t *p, uint64_t *expected, uint64_t wanted) {
    return __atomic_compare_exchange_n(p, expected, wanted, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}
static inline int64_t nc_atomic_load_signed(const int64_t *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline void nc_atomic_store_signed(int64_t *p, int64_t v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); }
static inline int64_t nc_atomic_add_signed(int64_t *p, int64_t v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }
static inline uint32_t nc_atomic_load32_acquire(const uint32_t *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static inline void nc_atomic_store32_release(uint32_t *p, uint32_t v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }
static inline uint32_t nc_atomic_exchange32(uint32_t *p, uint32_t v) { return __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL); }
static inline uint32_t nc_atomic_add32(uint32_t *p, uint32_t v) { return __atomic_fetch_add(p, v, __ATOMIC_ACQ_REL); }
static inline uint32_t nc_atomic_subtract32(uint32_t *p, uint32_t v) { return __atomic_fetch_sub(p, v, __ATOMIC_ACQ_REL); }

/// Adds to a counter that only one thread writes: a plain add that other threads may read at any time. A locked
/// add would cost some 5 ns on every command for nothing.
static inline void nc_counter_add(uint64_t *p, uint64_t v) {
    __atomic_store_n(p, __atomic_load_n(p, __ATOMIC_RELAXED) + v, __ATOMIC_RELAXED);
}

// ---------------------------------------------------------------- spin lock
// Uncontended lock and unlock: 2.5 ns against 5.4 ns for Swift's Mutex and 9 ns for pthread_mutex (measured,
// shared/notes swift section 2.4 on EPYC). Waiters pause, then yield: with more threads than cores the holder may be
// descheduled, and spinning on would burn its time slice.

void nc_spin_yield(uint32_t *spins);

static inline bool nc_spin_try_lock(uint32_t *lock) {
    return __atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) == 0;
}
static inline void nc_spin_lock(uint32_t *lock) {
    uint32_t spins = 0;
    while (__builtin_expect(__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0, 0)) {
        while (__atomic_load_n(lock, __ATOMIC_RELAXED) != 0) nc_spin_yield(&spins);
    }
}
static inline void nc_spin_unlock(uint32_t *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

// ---------------------------------------------------------------- time stamp

/// Nanoseconds of CLOCK_MONOTONIC; 28 ns a call: once per batch of commands, never per command.
uint64_t nc_monotonic_nanoseconds(void);

/// Nanoseconds of CLOCK_REALTIME since 1970.
uint64_t nc_wall_nanoseconds(void);

// ---------------------------------------------------------------- SipHash-1-3
// The keyed hash of the table (Aumasson and Bernstein, "SipHash: a fast short-input PRF"; one compression and three
// finalisation rounds, as in Rust's and Swift's own hash tables). A seed drawn per process makes hash
// flooding impossible to prepare.

#define NC_ROTL(x, b) (((x) << (b)) | ((x) >> (64 - (b))))
#define NC_SIP_ROUND                                                            \
    do {                                                                        \
        v0 += v1; v1 = NC_ROTL(v1, 13); v1 ^= v0; v0 = NC_ROTL(v0, 32);         \
        v2 += v3; v3 = NC_ROTL(v3, 16); v3 ^= v2;                               \
        v0 += v3; v3 = NC_ROTL(v3, 21); v3 ^= v0;                               \
        v2 += v1; v1 = NC_ROTL(v1, 17); v1 ^= v2; v2 = NC_ROTL(v2, 32);         \
    } while (0)

static inline uint64_t nc_siphash13(uint64_t k0, uint64_t k1, const void *data, int64_t count) {
    const uint8_t *p = (const uint8_t *)data;
    uint64_t v0 = k0 ^ 0x736f6d6570736575ULL, v1 = k1 ^ 0x646f72616e646f6dULL;
    uint64_t v2 = k0 ^ 0x6c7967656e657261ULL, v3 = k1 ^ 0x7465646279746573ULL;
    const uint8_t *end = p + (count & ~(int64_t)7);
    for (; p != end; p += 8) {
        uint64_t m = nc_load64(p);
        v3 ^= m;
        NC_SIP_ROUND;
        v0 ^= m;
    }
    uint64_t last = (uint64_t)count << 56;
    switch (count & 7) {
    case 7: last |= (uint64_t)p[6] << 48; /* fall through */
    case 6: last |= (uint64_t)p[5] << 40; /* fall through */
    case 5: last |= (uint64_t)p[4] << 32; /* fall through */
    case 4: last |= (uint64_t)p[3] << 24; /* fall through */
    case 3: last |= (uint64_t)p[2] << 16; /* fall through */
    case 2: last |= (uint64_t)p[1] << 8; /* fall through */
    case 1: last |= (uint64_t)p[0]; break;
    case 0: break;
    }
    v3 ^= last;
    NC_SIP_ROUND;
    v0 ^= last;
    v2 ^= 0xff;
    NC_SIP_ROUND;
    NC_SIP_ROUND;
    NC_SIP_ROUND;
    return v0 ^ v1 ^ v2 ^ v3;
}

#endif
