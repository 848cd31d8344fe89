/* What the toolchain's Glibc module leaves out of the C library. */
#include <sys/epoll.h>
#include <sys/eventfd.h>

/* <sys/mman.h> belongs to that module, which hides what is not POSIX. */
int memfd_create(const char *name, unsigned int flags);
#define RVHV_MFD_CLOEXEC 1U
/* ThreadSanitizer's, and therefore null in builds without it. */
extern void AnnotateBenignRaceSized(const char *file, int line, const volatile void *start, long size, const char *why)
    __attribute__((weak));

static inline void expect_races(const volatile void *start, long size, const char *why) {
    if (AnnotateBenignRaceSized) AnnotateBenignRaceSized(__FILE__, __LINE__, start, size, why);
}
