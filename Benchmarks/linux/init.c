// The first process of a Linux that is measured: system calls, and processes that are made, run a program and end.
#include "linux.h"

#include "memory.h"

enum { SYSTEM_CALLS = 2000000, PROCESSES = 400 };
enum { SIGNAL_CHILD = 17, POWER_OFF = 0x4321fedc };

static void say(const char *text) { write_bytes(STANDARD_OUTPUT, text, strlen(text)); }

static char *decimal(uint64_t value, char *end) {
    *--end = 0;
    do *--end = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    return end;
}

static void say_number(uint64_t value) {
    char digits[24];
    say(decimal(value, digits + sizeof digits));
}

static void sleep_a_little(void) {
    struct {
        int64_t seconds, nanoseconds;
    } duration = {0, 20000000};
    system_call(SYS_nanosleep, (uint64_t)&duration, 0, 0, 0, 0, 0);
}

[[noreturn]] static void power_off(void) {
    for (;;) system_call(SYS_reboot, 0xfee1dead, 672274793, POWER_OFF, 0, 0, 0);
}

static void measure(const char *name, uint64_t (*work)(void), uint64_t operations) {
    say("bench: begin "), say(name), say("\n");
    sleep_a_little();
    uint64_t done = work();
    say("bench: end "), say(name), say(" checksum "), say_number(done), say(" operations "), say_number(operations);
    say("\n");
    sleep_a_little();
    if (done == operations) return;
    say("bench: FAILED: "), say(name), say("\n");
    power_off();
}

/// A call that the kernel does nothing for.
static uint64_t system_calls(void) {
    uint64_t right = 0;
    for (unsigned i = 0; i < SYSTEM_CALLS; i++) right += system_call(SYS_getpid, 0, 0, 0, 0, 0, 0) == 1;
    return right;
}

/// Runs busybox's echo and reads what it says.
static bool run_program(unsigned number) {
    int ends[2];
    char digits[24], answer[24] = "";
    if (system_call(SYS_pipe2, (uint64_t)ends, 0, 0, 0, 0, 0) != 0) return false;
    char *argument = decimal(number, digits + sizeof digits);
    long child = system_call(SYS_clone, SIGNAL_CHILD, 0, 0, 0, 0, 0);
    if (child == 0) {
        const char *const arguments[] = {"echo", argument, NULL}, *const environment[] = {NULL};
        system_call(SYS_dup3, (uint64_t)ends[1], STANDARD_OUTPUT, 0, 0, 0, 0);
        system_call(SYS_execve, (uint64_t)"/bin/busybox", (uint64_t)arguments, (uint64_t)environment, 0, 0, 0);
        exit_process(1);
    }
    system_call(SYS_close, (uint64_t)ends[1], 0, 0, 0, 0, 0);
    size_t length = 0;
    for (long count = 1; count > 0 && length < sizeof answer - 1; length += (size_t)count) {
        count = system_call(SYS_read, (uint64_t)ends[0], (uint64_t)answer + length, sizeof answer - 1 - length, 0, 0, 0);
        if (count < 0) return false;
    }
    system_call(SYS_close, (uint64_t)ends[0], 0, 0, 0, 0, 0);
    uint32_t status = 1;
    if (system_call(SYS_wait4, (uint64_t)child, (uint64_t)&status, 0, 0, 0, 0) != child || status != 0) return false;
    size_t expected = strlen(argument);
    return length == expected + 1 && memcmp(answer, argument, expected) == 0 && answer[expected] == '\n';
}

static uint64_t processes(void) {
    uint64_t right = 0;
    for (unsigned i = 0; i < PROCESSES; i++) right += run_program(i);
    return right;
}

void _start(void) {
    measure("linux-getpid", system_calls, SYSTEM_CALLS);
    measure("linux-fork-exec", processes, PROCESSES);
    power_off();
}
