// System calls and constants that Swift's Glibc module lacks.
//
// Glibc's module is built without _GNU_SOURCE, so accept4, epoll, eventfd, sched_setaffinity and the like are
// missing from it. A C target that defines _GNU_SOURCE before its first include gives Swift all of them;
// only variadic functions need a wrapper. No intrinsics header may be included here: it clashes with
// _GNU_SOURCE through the module _Builtin_intrinsics (fd_set differs), in sanitizer builds only.
#ifndef NEARCACHED_CLINUX_H
#define NEARCACHED_CLINUX_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/// User and system time of this process and of its children that ended, in microseconds, in this order. A function, since
/// struct rusage differs between this module and Glibc's and does not compile where both are loaded.
void nc_process_times(int64_t times[4]);

/// Makes a descriptor one that is closed on exec and does not block; -1 with errno when there is no such descriptor.
int nc_close_on_exec_without_blocking(int descriptor);

/// The system's name, release and machine with blanks between, cut to `count` - 1 characters.
void nc_system_name(char *name, int64_t count);

#endif
