#include "paging.h"

enum { POOL_SIZE = 16 };

__attribute__((aligned(PAGE_SIZE))) uint64_t root_table[PTES_PER_TABLE];
__attribute__((aligned(PAGE_SIZE))) static uint64_t pool[POOL_SIZE][PTES_PER_TABLE];
static unsigned pool_used;

static uint64_t pte(uint64_t physical_address, uint64_t flags) { return (physical_address >> 12 << 10) | flags; }

static uint64_t *next_table(uint64_t *entry) {
    if ((*entry & PTE_V) == 0) {
        if (pool_used == POOL_SIZE) return NULL;
        *entry = pte((uint64_t)pool[pool_used++], PTE_V);
    }
    return (uint64_t *)(*entry >> 10 << 12);
}

bool map_page(uint64_t virtual_address, uint64_t physical_address, uint64_t flags) {
    uint64_t *table = root_table;
    for (unsigned shift = 30; shift > 12; shift -= 9) {
        table = next_table(&table[(virtual_address >> shift) % PTES_PER_TABLE]);
        if (table == NULL) return false;
    }
    table[(virtual_address >> 12) % PTES_PER_TABLE] = pte(physical_address, flags);
    return true;
}

void map_gigapage(uint64_t virtual_address, uint64_t physical_address, uint64_t flags) {
    root_table[(virtual_address >> 30) % PTES_PER_TABLE] = pte(physical_address, flags);
}

bool enable_sv39(void) {
    uint64_t satp = SATP_SV39 | (uint64_t)root_table >> 12;
    fence_translations();
    csr_write(satp, satp);
    fence_translations();
    return csr_read(satp) == satp;
}

void disable_translation(void) {
    csr_write(satp, 0);
    fence_translations();
}
