/* What the toolchain's Glibc module leaves out of the C library. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RVHV_MEMBARRIER_PRIVATE_EXPEDITED (1 << 3)
#define RVHV_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED (1 << 4)
static inline long rvhv_membarrier(int command) { return syscall(SYS_membarrier, command, 0, 0); }

/* <sys/mman.h> belongs to that module, which hides what is not POSIX. */
int memfd_create(const char *name, unsigned int flags);
#define RVHV_MFD_CLOEXEC 1U
/* ThreadSanitizer's, and therefore null in builds without it. */
extern void AnnotateBenignRaceSized(const char *file, int line, const volatile void *start, long size, const char *why)
    __attribute__((weak));

static inline void expect_races(const volatile void *start, long size, const char *why) {
    if (AnnotateBenignRaceSized) AnnotateBenignRaceSized(__FILE__, __LINE__, start, size, why);
}
