// The work of `left` and `right`: two guests linked at the same address, using the same physical and
// virtual addresses at the same time, which look for each other everywhere.
#pragma once

#include "devicetree.h"
#include "paging.h"

enum {
    ARENA_SIZE = 1 << 20,
    ARENA_OFFSET = 16 << 20, // from the start of RAM
    ROUNDS = 20,
};
static const uint64_t arena_window = 0x2000000000; // the same virtual address in both guests

struct neighbours {
    uint64_t own_pattern;
    uint64_t other_pattern;
};

struct findings {
    uint64_t changed; // own words that somebody else changed
    uint64_t met; // words of the other guest
    uint64_t refused; // accesses outside of our memory that trapped
    uint64_t answered;
};

static uint64_t pattern_at(uint64_t pattern, uint64_t address, unsigned round) {
    return (pattern << 32) | (address >> 3 & 0xffffff) << 8 | round;
}

static void inspect(const struct neighbours *who, uint64_t word, struct findings *findings) {
    if (word >> 32 == who->other_pattern) findings->met++;
}

/// Writes our pattern over the arena, lets time pass, and looks whether it is still ours: written
/// through the physical address and read through the virtual one, and the other way round.
static void live_in_arena(const struct neighbours *who, uint64_t arena, uint64_t pause, struct findings *findings) {
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t write_base = round % 2 == 0 ? arena : arena_window, read_base = arena + arena_window - write_base;
        for (uint64_t at = 0; at < ARENA_SIZE; at += 64)
            *(volatile uint64_t *)(write_base + at) = pattern_at(who->own_pattern, at, round);
        uint64_t deadline = time_now() + pause;
        sbi_set_timer(deadline);
        csr_set(sie, SIE_TIMER);
        while (time_now() < deadline) wait_for_interrupt();
        csr_clear(sie, SIE_TIMER);
        for (uint64_t at = 0; at < ARENA_SIZE; at += 64) {
            uint64_t word = *(volatile uint64_t *)(read_base + at);
            if (word != pattern_at(who->own_pattern, at, round)) findings->changed++;
            inspect(who, word, findings);
        }
    }
}

static void scan_own_memory(const struct neighbours *who, const struct machine *machine, struct findings *findings) {
    uint64_t end = machine->ram_base + machine->ram_size, word;
    for (uint64_t at = machine->ram_base; at < end; at += PAGE_SIZE)
        if (probe_load64(at, &word) == PROBE_OK) inspect(who, word, findings);
}

static void reach_out(const struct neighbours *who, uint64_t address, struct findings *findings) {
    uint64_t word;
    if (probe_load64(address, &word) == PROBE_OK) {
        findings->answered++;
        inspect(who, word, findings);
    } else {
        findings->refused++;
    }
    if (probe_store64(address, who->own_pattern << 32) == PROBE_OK)
        findings->answered++;
    else
        findings->refused++;
}

/// Every power of two above the end of RAM, and 64 places right behind it, by physical address and
/// through page tables that name frames which are not ours.
static void leave_own_memory(const struct neighbours *who, const struct machine *machine, struct findings *findings) {
    const uint64_t window = 0x2100000000;
    uint64_t end = machine->ram_base + machine->ram_size;
    for (unsigned i = 0; i < 64 + 24; i++) {
        uint64_t frame = i < 64 ? end + ((uint64_t)i * i << 12) : UINT64_C(1) << (i - 64 + 32);
        reach_out(who, frame, findings);
        map_page(window, frame, PTE_RW);
        if (enable_sv39()) reach_out(who, window, findings);
        disable_translation();
    }
}

static int prove_isolation(const void *device_tree, const struct neighbours *who) {
    struct machine machine;
    struct findings findings = {0};
    if (!read_device_tree(device_tree, &machine)) {
        report("no device tree at 0x%lx", (uint64_t)device_tree);
        return 1;
    }
    uint64_t arena = machine.ram_base + ARENA_OFFSET;
    map_gigapage(machine.ram_base, machine.ram_base, PTE_RWX);
    for (uint64_t at = 0; at < ARENA_SIZE; at += PAGE_SIZE) map_page(arena_window + at, arena + at, PTE_RW);
    if (!enable_sv39()) {
        report("satp did not take Sv39");
        return 1;
    }
    live_in_arena(who, arena, machine.timebase_frequency / 50, &findings);
    disable_translation();
    report("%u rounds at physical 0x%lx and virtual 0x%lx: %lu of my words changed, %lu words of the other seen",
           ROUNDS, arena, arena_window, findings.changed, findings.met);

    scan_own_memory(who, &machine, &findings);
    report("scanned all %lu MiB of my memory: %lu words of the other seen", machine.ram_size >> 20, findings.met);

    leave_own_memory(who, &machine, &findings);
    report("tried to leave my memory: %lu accesses refused, %lu answered, %lu words of the other seen",
           findings.refused, findings.answered, findings.met);

    bool alone = findings.changed == 0 && findings.met == 0;
    report(alone ? "I saw only my own memory" : "FAILED: I am not alone");
    return alone ? 0 : 1;
}
