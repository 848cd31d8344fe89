// Linux's system calls for RISC-V, without a C library.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum system_call {
    SYS_dup3 = 24,
    SYS_ioctl = 29,
    SYS_openat = 56,
    SYS_close = 57,
    SYS_pipe2 = 59,
    SYS_lseek = 62,
    SYS_read = 63,
    SYS_write = 64,
    SYS_ppoll = 73,
    SYS_exit_group = 94,
    SYS_nanosleep = 101,
    SYS_reboot = 142,
    SYS_getpid = 172,
    SYS_clone = 220,
    SYS_execve = 221,
    SYS_mmap = 222,
    SYS_wait4 = 260,
};

static inline long system_call(enum system_call number, uint64_t arg0, uint64_t arg1, uint64_t arg2, uint64_t arg3,
                               uint64_t arg4, uint64_t arg5) {
    register uint64_t a0 asm("a0") = arg0;
    register uint64_t a1 asm("a1") = arg1;
    register uint64_t a2 asm("a2") = arg2;
    register uint64_t a3 asm("a3") = arg3;
    register uint64_t a4 asm("a4") = arg4;
    register uint64_t a5 asm("a5") = arg5;
    register long a7 asm("a7") = number;
    asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
    return (long)a0;
}

enum { PROTECT_READ = 1, PROTECT_WRITE = 2, MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20 };
enum { OPEN_READ_ONLY = 0, OPEN_READ_WRITE = 2, SEEK_TO_START = 0, SEEK_TO_END = 2 };
enum { STANDARD_INPUT = 0, STANDARD_OUTPUT = 1, STANDARD_ERROR = 2 };
enum { ERROR_INTERRUPTED = -4, ERROR_AGAIN = -11 };

static inline int open_file(const char *path, int flags) {
    enum { CURRENT_DIRECTORY = -100 };
    return (int)system_call(SYS_openat, (uint64_t)CURRENT_DIRECTORY, (uint64_t)path, (uint64_t)flags, 0, 0, 0);
}
static inline long ioctl(int file, uint32_t request, uint64_t argument) {
    return system_call(SYS_ioctl, (uint64_t)file, request, argument, 0, 0, 0);
}
/// An address, or a negative error.
static inline long map_memory(int file, int flags, uint64_t size) {
    return system_call(SYS_mmap, 0, size, PROTECT_READ | PROTECT_WRITE, (uint64_t)flags, (uint64_t)file, 0);
}
static inline void write_bytes(int file, const void *bytes, size_t count) {
    for (size_t done = 0; done < count;) {
        long result = system_call(SYS_write, (uint64_t)file, (uint64_t)bytes + done, count - done, 0, 0, 0);
        if (result == ERROR_INTERRUPTED || result == ERROR_AGAIN) continue;
        if (result <= 0) return;
        done += (size_t)result;
    }
}
[[noreturn]] static inline void exit_process(int status) {
    for (;;) system_call(SYS_exit_group, (uint64_t)status, 0, 0, 0, 0, 0);
}

/// Starts a thread of this process on a stack of its own; it never returns. A thread, or a negative error.
long start_thread(void *stack_top, void (*function)(void *argument), void *argument);
