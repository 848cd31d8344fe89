/* What the toolchain's Glibc module leaves out of the C library. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RVHV_MEMBARRIER_PRIVATE_EXPEDITED (1 << 3)
#define RVHV_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED (1 << 4)
static inline long rvhv_membarrier(int command) { return syscall(SYS_membarrier, command, 0, 0); }

/* <sys/mman.h> belongs to that module, which hides what is not POSIX. */
void *mremap(void *mapping, unsigned long size, unsigned long new_size, int flags, ...);

/* A second mapping of the memory behind a shared one, in place of the one at `place`: what mremap does for a size of
   nothing. MAP_FAILED on failure. */
static inline void *map_again(void *mapping, unsigned long size, void *place) {
    const int may_move = 1, fixed = 2;
    return mremap(mapping, 0, size, may_move | fixed, place);
}

/* ThreadSanitizer's, and therefore null in builds without it. */
extern void AnnotateBenignRaceSized(const char *file, int line, const volatile void *start, long size, const char *why)
    __attribute__((weak));

static inline void expect_races(const volatile void *start, long size, const char *why) {
    if (AnnotateBenignRaceSized) AnnotateBenignRaceSized(__FILE__, __LINE__, start, size, why);
}
