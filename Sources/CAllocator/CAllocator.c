#include "CAllocator.h"

#include <string.h>

#ifdef NEARCACHED_JEMALLOC

// Read by jemalloc before main. Few arenas: each keeps its own half-empty slabs, and the shards' locks already keep
// threads apart. Dirty pages go back after a second, by and by: after a tenth of one, whatever call freed or allocated next gave
// back thousands of slabs at once, 20 ms of madvise while five million entries were flushed or expired. The background work
// asks for it every 10 ms while there are any, for jemalloc itself looks at the clock only every thousand calls or so.
const char *malloc_conf = "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0,lg_tcache_max:13,thp:always,abort_conf:false";

static int64_t statistic(const char *name) {
    size_t value = 0, size = sizeof value;
    return mallctl(name, &value, &size, NULL, 0) == 0 ? (int64_t)value : 0;
}

struct nc_allocator_statistics nc_allocator_read_statistics(void) {
    uint64_t epoch = 1;
    size_t size = sizeof epoch;
    mallctl("epoch", &epoch, &size, &epoch, size);
    struct nc_allocator_statistics s;
    s.allocated = statistic("stats.allocated");
    s.active = statistic("stats.active");
    s.resident = statistic("stats.resident");
    s.mapped = statistic("stats.mapped");
    s.metadata = statistic("stats.metadata");
    return s;
}

bool nc_allocator_slab_uses(void *const *blocks, int64_t count, struct nc_slab_use *uses) {
    size_t size = (size_t)count * sizeof *uses;
    return mallctl("experimental.utilization.batch_query", uses, &size, (void *)blocks,
                   (size_t)count * sizeof *blocks) == 0;
}

void *nc_allocate_compactly(int64_t size) { return mallocx((size_t)size, MALLOCX_TCACHE_NONE); }

void nc_free_compactly(void *block, int64_t size) { sdallocx(block, (size_t)size, MALLOCX_TCACHE_NONE); }

const char *nc_allocator_name(void) { return "jemalloc-5.3.0"; }

void nc_allocator_purge(void) {
    mallctl("arena.4096.purge", NULL, NULL, NULL, 0); // 4096 is MALLCTL_ARENAS_ALL
}

int64_t nc_allocator_decay(void) {
    mallctl("arena.4096.decay", NULL, NULL, NULL, 0);
    uint64_t epoch = 1;
    size_t size = sizeof epoch;
    mallctl("epoch", &epoch, &size, &epoch, size);
    return statistic("stats.arenas.4096.pdirty") * statistic("arenas.page");
}

uint64_t nc_allocator_thread_allocated(void) {
    uint64_t value = 0;
    size_t size = sizeof value;
    return mallctl("thread.allocated", &value, &size, NULL, 0) == 0 ? value : 0;
}

#else

struct nc_allocator_statistics nc_allocator_read_statistics(void) {
    struct nc_allocator_statistics s;
    memset(&s, 0, sizeof s);
    return s;
}
bool nc_allocator_slab_uses(void *const *blocks, int64_t count, struct nc_slab_use *uses) {
    (void)blocks, (void)count, (void)uses;
    return false;
}
void *nc_allocate_compactly(int64_t size) { return nc_allocate(size); }
void nc_free_compactly(void *block, int64_t size) { nc_free(block, size); }
const char *nc_allocator_name(void) { return "libc"; }
void nc_allocator_purge(void) {}
int64_t nc_allocator_decay(void) { return 0; }
uint64_t nc_allocator_thread_allocated(void) { return 0; }

#endif
