// A workload: the same ELF file runs on rvhv and on QEMU and prints one line that Benchmarks/run reads.
#pragma once

#include "devicetree.h"

/// Does the work and gives a checksum of its results, the same on every machine.
uint64_t benchmark(void);

#define BENCHMARK(name)                                                                            \
    const char guest_name[] = name;                                                                \
    int guest_main(uint64_t hart, const void *device_tree) {                                       \
        (void)hart;                                                                                \
        return run_benchmark(device_tree);                                                         \
    }

static inline int run_benchmark(const void *device_tree) {
    struct machine machine;
    if (!read_device_tree(device_tree, &machine)) return 1;
    uint64_t instructions = csr_read(instret), start = time_now();
    uint64_t checksum = benchmark();
    uint64_t ticks = time_now() - start;
    instructions = csr_read(instret) - instructions;
    report("checksum 0x%016lx instructions %lu microseconds %lu", checksum, instructions,
           ticks * 1000000 / machine.timebase_frequency);
    return 0;
}

/// Mixes a result into a checksum.
static inline uint64_t mix(uint64_t checksum, uint64_t value) {
    checksum ^= value + 0x9e3779b97f4a7c15 + (checksum << 6) + (checksum >> 2);
    return checksum * 0xff51afd7ed558ccd;
}
