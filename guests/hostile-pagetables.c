// Runs behind its own page tables and writes garbage over them.
#include "paging.h"

const char guest_name[] = "hostile-pagetables";

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart, (void)device_tree;
    uint64_t seed = 0x7061676573;
    for (uint64_t at = 0; at < 64; at++) map_page(0x2000000000 + at * PAGE_SIZE, 0x80200000 + at * PAGE_SIZE, PTE_RWX);
    map_gigapage(0x80000000, 0x80000000, PTE_RWX);
    if (!enable_sv39()) return 1;

    // First every entry except the one this code runs through: loads through garbage end in traps.
    uint64_t faults = 0, answers = 0, value;
    for (unsigned round = 0; round < 200; round++) {
        for (unsigned i = 0; i < PTES_PER_TABLE; i++)
            if (i != 2) root_table[i] = next_random(&seed) | PTE_V;
        fence_translations();
        for (unsigned i = 0; i < PTES_PER_TABLE; i += 7) {
            if (i == 2) continue;
            uint64_t address = (uint64_t)((int64_t)((uint64_t)i << 55) >> 25) | (next_random(&seed) & 0x3ffffff8);
            if (probe_load64(address, &value) == PROBE_OK)
                answers++;
            else
                faults++;
        }
    }
    report("loads through garbage: %lu faults, %lu answers; now the entry I run through", faults, answers);
    // Then all of them: the next fetch has no translation, and neither has the trap handler.
    for (unsigned i = 0; i < PTES_PER_TABLE; i++) root_table[i] = next_random(&seed) & ~(uint64_t)PTE_X;
    fence_translations();
    report("still alive");
    return 1;
}
