// Writes impossible values into every CSR it can name, those of M and HS included, and counts what
// happens. Each write is undone by the next instruction, so the guest lives on.
#include "paging.h"

const char guest_name[] = "hostile-csr";

enum { CSR_COUNT = 4096, ROUNDS = 24, CSR_SATP = 0x180, CSR_STVEC = 0x105 };

static uint64_t seed = 0x6373725f68757274;

enum csr_operation { CSRRW = 1, CSRRS = 2, CSRRC = 3 };
enum { X0 = 0, T0 = 5, A0 = 10 };

static uint32_t csr_instruction(enum csr_operation operation, unsigned csr, unsigned rd, unsigned rs1) {
    return csr << 20 | rs1 << 15 | (uint32_t)operation << 12 | rd << 7 | 0x73;
}

/// Runs up to three instructions and a return in the probe slot, where traps come back as causes.
static uint64_t run(uint32_t first, uint32_t second, uint32_t third, uint64_t argument) {
    enum { RETURN = 0x00008067 };
    probe_slot[0] = first, probe_slot[1] = second, probe_slot[2] = third, probe_slot[3] = RETURN;
    fence_code();
    return probe_code(argument);
}

enum { NOP_INSTRUCTION = 0x00000013, LI_A0_MINUS_1 = 0xfff00513 };

static uint64_t try_read(unsigned csr) {
    return run(csr_instruction(CSRRS, csr, T0, X0), NOP_INSTRUCTION, LI_A0_MINUS_1, 0);
}

/// Swaps a value in and the old one back at once.
static uint64_t try_write(unsigned csr, uint64_t value) {
    return run(csr_instruction(CSRRW, csr, T0, A0), csr_instruction(CSRRW, csr, X0, T0), LI_A0_MINUS_1, value);
}

static uint64_t pick_value(void) {
    switch (next_random(&seed) % 4) {
    case 0: return ~0ul;
    case 1: return 0;
    case 2: return 1ul << (next_random(&seed) % 64);
    default: return next_random(&seed);
    }
}

/// Roots of Sv48 and Sv57 that lead to the same mapping as the root of Sv39.
__attribute__((aligned(PAGE_SIZE))) static uint64_t upper_roots[2][PTES_PER_TABLE];

static void map_code(void) {
    map_gigapage(0x80000000, 0x80000000, PTE_RWX);
    upper_roots[0][0] = (uint64_t)root_table >> 12 << 10 | PTE_V;
    upper_roots[1][0] = (uint64_t)upper_roots[0] >> 12 << 10 | PTE_V;
}

/// satp must keep tables that map this code whenever the mode written is one that exists.
static uint64_t harmless_satp(uint64_t value) {
    uint64_t mode = value >> 60;
    if (mode < 8 || mode > 10) return value;
    uint64_t root = mode == 8 ? (uint64_t)root_table : (uint64_t)upper_roots[mode - 9];
    return (value & 0xfffff00000000000) | root >> 12;
}

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart, (void)device_tree;
    map_code();
    uint64_t readable = 0, refused = 0, odd = 0, above = 0;
    for (unsigned csr = 0; csr < CSR_COUNT; csr++) {
        uint64_t cause = try_read(csr);
        if (cause == PROBE_OK)
            readable++;
        else if (cause == CAUSE_ILLEGAL)
            refused++;
        else
            odd++;
        // These belong to M or HS: a guest in VS-mode sees none of them.
        if ((csr >> 8 & 3) >= 2 && cause == PROBE_OK) above++;
    }
    report("read %u CSR numbers: %lu answer, %lu are illegal, %lu other", CSR_COUNT, readable, refused, odd);

    report("CSRs of M and HS that answer: %lu", above);

    uint64_t written = 0;
    refused = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned csr = 0; csr < CSR_COUNT; csr++) {
            uint64_t value = pick_value();
            if (csr == CSR_SATP) value = harmless_satp(value);
            if (try_write(csr, value) == PROBE_OK)
                written++;
            else
                refused++;
        }
        csr_write(sie, 0);
        disable_translation();
    }
    report("wrote impossible values: %lu writes taken, %lu refused", written, refused);

    // Modes that are reserved leave satp as it was.
    unsigned kept = 0;
    for (uint64_t mode = 1; mode < 16; mode++) {
        if (mode >= 8 && mode <= 10) continue;
        csr_write(satp, mode << 60 | 0xfffffffffff);
        if (csr_read(satp) == 0) kept++;
    }
    report("12 reserved modes of satp: %u ignored", kept);
    report("survived");
    return kept == 12 ? 0 : 1;
}
