// A file of workloads: the same ELF file runs on rvhv and on QEMU. Around each it prints a line that Benchmarks/run
// waits for, so that neither the start of a machine nor preparations count.
#pragma once

#include "devicetree.h"

struct workload {
    const char *name;
    /// What must be there first; not timed.
    void (*prepare)(void);
    /// Does the work and gives a checksum of its results, the same on every machine.
    uint64_t (*run)(void);
    uint64_t expected;
    /// How often it does what it is named for, where a time for one is of interest.
    uint64_t operations;
};

#define WORKLOADS(...)                                                                             \
    const char guest_name[] = "bench";                                                             \
    int guest_main(uint64_t hart, const void *device_tree) {                                       \
        (void)hart;                                                                                \
        static const struct workload workloads[] = {__VA_ARGS__};                                  \
        return run_workloads(device_tree, workloads, sizeof workloads / sizeof *workloads);        \
    }

static inline void sleep_until(uint64_t deadline) {
    sbi_set_timer(deadline);
    csr_set(sie, SIE_TIMER);
    while (time_now() < deadline) wait_for_interrupt();
    csr_clear(sie, SIE_TIMER);
}

static inline int run_workloads(const void *device_tree, const struct workload *workloads, size_t count) {
    struct machine machine;
    if (!read_device_tree(device_tree, &machine)) return 1;
    for (const struct workload *at = workloads; at < workloads + count; at++) {
        if (at->prepare != NULL) at->prepare();
        report("begin %s", at->name);
        // Whoever reads this line looks at the clock now; a sleeping guest takes no time from anybody.
        sleep_until(time_now() + machine.timebase_frequency / 50);
        uint64_t instructions = csr_read(instret);
        uint64_t checksum = at->run();
        instructions = csr_read(instret) - instructions;
        report("end %s checksum 0x%016lx instructions %lu operations %lu", at->name, checksum, instructions,
               at->operations);
        sleep_until(time_now() + machine.timebase_frequency / 50);
        if (checksum == at->expected) continue;
        report("FAILED: %s should have given 0x%016lx", at->name, at->expected);
        return 1;
    }
    return 0;
}

/// Mixes a result into a checksum.
static inline uint64_t mix(uint64_t checksum, uint64_t value) {
    checksum ^= value + 0x9e3779b97f4a7c15 + (checksum << 6) + (checksum >> 2);
    return checksum * 0xff51afd7ed558ccd;
}

static inline uint64_t mix_double(uint64_t checksum, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return mix(checksum, bits);
}
