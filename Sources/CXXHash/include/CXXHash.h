// XXH3 of the system's xxHash headers.
//
// Only this declaration is seen by Swift: xxhash.h includes the compiler's intrinsics headers, which clash with
// modules that define _GNU_SOURCE (see CLinux.h). The hash is compiled into CXXHash.c, so no library is linked.
#ifndef NEARCACHED_CXXHASH_H
#define NEARCACHED_CXXHASH_H

#include <stddef.h>
#include <stdint.h>

/// XXH3, 64 bits, seed 0, of `count` bytes. Not keyed: for digests that clients compute as well, never for tables.
uint64_t nc_xxh3_64(const void *bytes, size_t count);

#endif
