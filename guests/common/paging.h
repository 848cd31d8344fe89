// Sv39 page tables of a guest's own.
#pragma once

#include "guest.h"

enum pte_flag {
    PTE_V = 1,
    PTE_R = 2,
    PTE_W = 4,
    PTE_X = 8,
    PTE_U = 16,
    PTE_G = 32,
    PTE_A = 64,
    PTE_D = 128,
};
#define PTE_RW (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)
#define PTE_RWX (PTE_RW | PTE_X)

enum { PAGE_SIZE = 0x1000, MEGAPAGE_SIZE = 0x200000, GIGAPAGE_SIZE = 0x40000000, PTES_PER_TABLE = 512 };

extern uint64_t root_table[PTES_PER_TABLE];

/// Maps one 4 KiB page; the tables on the way come from a small pool of the guest. False when it is used up.
bool map_page(uint64_t virtual_address, uint64_t physical_address, uint64_t flags);
/// Maps 1 GiB with one leaf in the root table.
void map_gigapage(uint64_t virtual_address, uint64_t physical_address, uint64_t flags);
/// Turns Sv39 on with `root_table`; false when satp did not take it.
bool enable_sv39(void);
void disable_translation(void);
