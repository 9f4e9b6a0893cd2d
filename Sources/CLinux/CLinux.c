#include "CLinux.h"

static int64_t microseconds(struct timeval time) { return (int64_t)time.tv_sec * 1000000 + time.tv_usec; }

void nc_process_times(int64_t times[4]) {
    struct rusage own, children;
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    times[0] = microseconds(own.ru_utime);
    times[1] = microseconds(own.ru_stime);
    times[2] = microseconds(children.ru_utime);
    times[3] = microseconds(children.ru_stime);
}

void nc_system_name(char *name, int64_t count) {
    struct utsname system;
    if (uname(&system) != 0) {
        snprintf(name, (size_t)count, "Linux");
        return;
    }
    snprintf(name, (size_t)count, "%s %s %s", system.sysname, system.release, system.machine);
}

int nc_close_on_exec_without_blocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0) return -1;
    return fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}
