// The same work by one hart and by two: pieces that share nothing.
#include "benchmark.h"

enum { PIECES = 640, SIEVE = 1 << 17, HARTS = 2 };

static uint8_t composite[HARTS][SIEVE];
static uint64_t results[PIECES];

static uint64_t work(unsigned piece, uint8_t *sieve) {
    uint64_t seed = 0x706172616c6c656c + piece, checksum = 0;
    memset(sieve, 0, SIEVE);
    for (uint32_t i = 2; i < SIEVE; i++) {
        if (sieve[i]) continue;
        checksum = mix(checksum, i + next_random(&seed));
        for (uint32_t k = 2 * i; k < SIEVE; k += i) sieve[k] = 1;
    }
    return checksum;
}

static void do_share(unsigned first, unsigned step) {
    for (unsigned piece = first; piece < PIECES; piece += step) results[piece] = work(piece, composite[first]);
}

static uint64_t all_results(void) {
    uint64_t checksum = 0;
    for (unsigned piece = 0; piece < PIECES; piece++) checksum = mix(checksum, results[piece]);
    memset(results, 0, sizeof results);
    return checksum;
}

static uint64_t alone(void) {
    for (unsigned piece = 0; piece < PIECES; piece++) results[piece] = work(piece, composite[0]);
    return all_results();
}

// MARK: the second hart

__attribute__((aligned(16))) static char stack[STACK_SIZE];
static volatile enum { WAITING, WORKING, DONE } state;

static void second_hart(uint64_t hart, uint64_t argument) {
    (void)hart, (void)argument;
    while (state == WAITING) continue;
    asm volatile("fence" ::: "memory");
    do_share(1, HARTS);
    asm volatile("fence" ::: "memory");
    state = DONE;
    sbi_hsm(HSM_STOP, 0, 0, 0);
}

/// Which hart a machine starts first is its own choice.
static void start_second(void) {
    static struct hart_start start = {(uint64_t)stack + STACK_SIZE, second_hart, 0};
    for (uint64_t hart = 0; hart < HARTS; hart++) {
        struct sbi_result status = sbi_hsm(HSM_STATUS, hart, 0, 0);
        if (status.error != 0 || status.value != HART_STOPPED) continue;
        if (sbi_hsm(HSM_START, hart, (uint64_t)secondary_start, (uint64_t)&start).error == 0) return;
    }
    report("FAILED: no second hart");
    shut_down(1);
}

static uint64_t together(void) {
    state = WORKING;
    do_share(0, HARTS);
    while (state != DONE) continue;
    asm volatile("fence" ::: "memory");
    return all_results();
}

WORKLOADS({"one-hart", NULL, alone, 0x6dd820994dc7d0f9, 0},
          {"two-harts", start_second, together, 0x6dd820994dc7d0f9, 0})
