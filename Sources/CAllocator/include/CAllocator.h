// The allocator of entries, tables and buffers, with the exact size each block really takes.
//
// jemalloc rounds 83 bytes (a 16-byte key with a 64-byte value) to 96, as glibc does, but returns memory to the
// system in small pieces, tells a block's size without touching it and frees by size. The sanitizers bring their own
// malloc: then NEARCACHED_JEMALLOC is undefined and plain malloc stands in, sizes rounded up to 16.
#ifndef NEARCACHED_CALLOCATOR_H
#define NEARCACHED_CALLOCATOR_H

// As CLinux.h has it: two modules that see sys/select.h with and without it clash in debug builds.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef NEARCACHED_JEMALLOC
#include <jemalloc/jemalloc.h>
#endif

/// The bytes a block of `size` bytes takes. `size` at least 1 and at most PTRDIFF_MAX / 2.
static inline int64_t nc_block_size(int64_t size) {
#ifdef NEARCACHED_JEMALLOC
    return (int64_t)nallocx((size_t)size, 0);
#else
    return (size + 15) & ~(int64_t)15;
#endif
}

/// A block of at least `size` bytes, aligned to 16, or NULL when there is no memory. `size` at least 16.
static inline void *nc_allocate(int64_t size) {
#ifdef NEARCACHED_JEMALLOC
    return mallocx((size_t)size, 0);
#else
    return malloc((size_t)size);
#endif
}

/// A zeroed block aligned to 64 bytes, or NULL.
static inline void *nc_allocate_lines(int64_t size) {
#ifdef NEARCACHED_JEMALLOC
    return mallocx((size_t)size, MALLOCX_ALIGN(64) | MALLOCX_ZERO);
#else
    void *block = aligned_alloc(64, ((size_t)size + 63) & ~(size_t)63);
    if (block) __builtin_memset(block, 0, (size_t)size);
    return block;
#endif
}

/// Frees a block of `nc_allocate` by the size it was asked with.
static inline void nc_free(void *block, int64_t size) {
#ifdef NEARCACHED_JEMALLOC
    sdallocx(block, (size_t)size, 0);
#else
    (void)size;
    free(block);
#endif
}

/// Frees a block of `nc_allocate_lines` by the size it was asked with.
static inline void nc_free_lines(void *block, int64_t size) {
#ifdef NEARCACHED_JEMALLOC
    sdallocx(block, (size_t)size, MALLOCX_ALIGN(64));
#else
    (void)size;
    free(block);
#endif
}

/// What the allocator says of itself, in bytes; zeros without jemalloc.
struct nc_allocator_statistics {
    int64_t allocated;
    int64_t active;
    int64_t resident;
    int64_t mapped;
    int64_t metadata;
};
struct nc_allocator_statistics nc_allocator_read_statistics(void);

/// What jemalloc tells of the slab that a block lies in.
struct nc_slab_use {
    size_t free_count;   // blocks of the slab that are free
    size_t block_count;  // blocks the slab has; 1 for a block with pages of its own
    size_t size;         // bytes of the slab
};

/// Looks up the slabs of `count` blocks, some 50 ns each. False, and nothing written, where the allocator cannot tell.
bool nc_allocator_slab_uses(void *const *blocks, int64_t count, struct nc_slab_use *uses);

/// `nc_allocate` past the thread's cache of freed blocks, which would give back the very place that was given up:
/// from the oldest slab with room. NULL when there is no memory.
void *nc_allocate_compactly(int64_t size);

/// `nc_free` past the thread's cache, so that an empty slab is one at once.
void nc_free_compactly(void *block, int64_t size);

/// The allocator's name and version, as INFO's mem_allocator gives it.
const char *nc_allocator_name(void);

/// Gives unused pages back to the system now (MEMORY PURGE).
void nc_allocator_purge(void);

/// Gives back those unused pages whose time has come, and returns how many bytes of them are left. Some 40 us.
int64_t nc_allocator_decay(void);

/// Bytes this thread has allocated since it began; 0 without jemalloc. For the test of an allocation-free hot path.
uint64_t nc_allocator_thread_allocated(void);

#endif
