// Loads and stores behind Sv39 page tables of 4 KiB pages: streams through two arrays, and pointers followed in an
// order that no cache likes. All of it knows what must come out.
#include "benchmark.h"
#include "paging.h"

enum { MIB = 1 << 20, REGION_SIZE = 128 * MIB, ARRAY_SIZE = 32 * MIB, WORDS = ARRAY_SIZE / 8 };
enum { STREAM_ROUNDS = 48, ALIASING_ROUNDS = 6 };
static const uint64_t region_frame = 0x84000000, region = 0x2000000000;

__attribute__((aligned(PAGE_SIZE))) static uint64_t middle_table[PTES_PER_TABLE];
__attribute__((aligned(PAGE_SIZE))) static uint64_t leaf_tables[REGION_SIZE / PAGE_SIZE];

static void map_region(void) {
    for (uint64_t i = 0; i < REGION_SIZE / PAGE_SIZE; i++)
        leaf_tables[i] = (region_frame + i * PAGE_SIZE) >> 12 << 10 | PTE_RW;
    for (uint64_t i = 0; i < REGION_SIZE / MEGAPAGE_SIZE; i++)
        middle_table[i] = (uint64_t)&leaf_tables[i * PTES_PER_TABLE] >> 12 << 10 | PTE_V;
    root_table[region >> 30 & (PTES_PER_TABLE - 1)] = (uint64_t)middle_table >> 12 << 10 | PTE_V;
    map_gigapage(0x80000000, 0x80000000, PTE_RWX);
    if (!enable_sv39()) shut_down(1);
}

// MARK: two arrays

static uint64_t *const from = (uint64_t *)region;

static uint64_t *second_array(uint64_t distance) { return (uint64_t *)(region + distance); }

static void make_arrays(uint64_t *to) {
    map_region();
    for (uint64_t i = 0; i < WORDS; i++) from[i] = i * i, to[i] = i;
}

static uint64_t add_arrays(uint64_t *to, uint64_t rounds) {
    for (uint64_t round = 0; round < rounds; round++)
        for (uint64_t i = 0; i < WORDS; i++) to[i] += 3 * from[i];
    for (uint64_t i = 0; i < WORDS; i++)
        if (to[i] != i + 3 * rounds * i * i) return 0;
    return to[WORDS - 1];
}

enum { UNEVEN = ARRAY_SIZE + 0x123000 + 0x440 };

static void prepare_streaming(void) { make_arrays(second_array(UNEVEN)); }
static uint64_t streaming(void) { return add_arrays(second_array(UNEVEN), STREAM_ROUNDS); }

/// Both arrays fall on the same places of any table that is indexed by the low bits of a page's number.
static void prepare_aliasing(void) { make_arrays(second_array(ARRAY_SIZE)); }
static uint64_t aliasing(void) { return add_arrays(second_array(ARRAY_SIZE), ALIASING_ROUNDS); }

// MARK: one cycle through all nodes

struct node {
    struct node *next;
    uint64_t number;
};

static struct node *nodes[1 << 20];

static void make_cycle(uint64_t count, uint64_t distance, uint64_t offsets) {
    uint64_t seed = 0x6379636c65;
    map_region();
    for (uint64_t i = 0; i < count; i++) nodes[i] = (struct node *)(region + i * distance + i * 0x9c0 % offsets);
    for (uint64_t i = count - 1; i > 0; i--) {
        uint64_t other = next_random(&seed) % i;
        struct node *held = nodes[i];
        nodes[i] = nodes[other];
        nodes[other] = held;
    }
    for (uint64_t i = 0; i < count; i++) *nodes[i] = (struct node){nodes[(i + 1) % count], i};
}

static uint64_t follow(uint64_t count, unsigned rounds) {
    struct node *node = nodes[0];
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count * rounds; i++) sum += node->number, node = node->next;
    return node == nodes[0] && sum == count * (count - 1) / 2 * rounds ? sum : 0;
}

enum { PAGES = 16384, PAGE_ROUNDS = 300, CHASED = 1 << 20, CHASE_ROUNDS = 4 };

/// One node in each of 16384 pages, in a line of its own of the host's caches.
static void prepare_pages(void) { make_cycle(PAGES, PAGE_SIZE, PAGE_SIZE); }
static uint64_t pages(void) { return follow(PAGES, PAGE_ROUNDS); }

/// A million nodes, 64 bytes each.
static void prepare_chase(void) { make_cycle(CHASED, 64, 64); }
static uint64_t chase(void) { return follow(CHASED, CHASE_ROUNDS); }

WORKLOADS({"streaming", prepare_streaming, streaming, 0x8ffffb840008f, 0},
          {"aliasing", prepare_aliasing, aliasing, 0x11ffff7400011, 0},
          {"pages", prepare_pages, pages, 0x95fda8000, PAGES *PAGE_ROUNDS},
          {"chase", prepare_chase, chase, 0x1ffffe00000, CHASED *CHASE_ROUNDS})
