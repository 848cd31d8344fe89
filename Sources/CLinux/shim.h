/* What the toolchain's Glibc module leaves out of the C library. */
#include <sys/epoll.h>
#include <sys/eventfd.h>

/* <sys/mman.h> belongs to that module, which hides what is not POSIX. */
int memfd_create(const char *name, unsigned int flags);
#define RVHV_MFD_CLOEXEC 1U
