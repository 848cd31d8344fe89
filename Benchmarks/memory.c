// Loads and stores behind Sv39 page tables of 4 KiB pages: streams, copies, and chasing pointers through
// memory in an order no cache likes.
#include "benchmark.h"
#include "paging.h"

BENCHMARK("memory")

enum { REGION_SIZE = 16 << 20, WORDS = REGION_SIZE / 8 / 4 };
static const uint64_t region_frame = 0x84000000, region = 0x2000000000;

static uint64_t stream(uint64_t *a, const uint64_t *b, const uint64_t *c, unsigned rounds) {
    for (unsigned round = 0; round < rounds; round++)
        for (size_t i = 0; i < WORDS; i++) a[i] = b[i] + 3 * c[i] + round;
    return a[WORDS / 2];
}

static uint64_t copy(uint8_t *to, const uint8_t *from, unsigned rounds) {
    for (unsigned round = 0; round < rounds; round++) memcpy(to, from + round, REGION_SIZE / 8);
    return to[12345];
}

/// One cycle through all the elements, in a random order.
static void make_cycle(uint32_t *next, uint32_t count) {
    uint64_t seed = 0x6379636c65;
    for (uint32_t i = 0; i < count; i++) next[i] = i;
    for (uint32_t i = count - 1; i > 0; i--) {
        uint32_t other = (uint32_t)(next_random(&seed) % i), held = next[i];
        next[i] = next[other];
        next[other] = held;
    }
}

static uint64_t chase(const uint32_t *next, unsigned steps) {
    uint32_t at = 0;
    for (unsigned i = 0; i < steps; i++) at = next[at];
    return at;
}

uint64_t benchmark(void) {
    map_gigapage(0x80000000, 0x80000000, PTE_RWX);
    for (uint64_t at = 0; at < REGION_SIZE; at += PAGE_SIZE) map_page(region + at, region_frame + at, PTE_RW);
    if (!enable_sv39()) return 0;
    uint64_t *words = (uint64_t *)region;
    uint64_t seed = 0x6d656d6f7279;
    for (size_t i = 0; i < REGION_SIZE / 8; i++) words[i] = next_random(&seed);

    uint64_t checksum = stream(words, words + WORDS, words + 2 * WORDS, 20);
    checksum = mix(checksum, copy((uint8_t *)words, (uint8_t *)(words + 2 * WORDS), 8));
    uint32_t *next = (uint32_t *)(words + 3 * WORDS);
    make_cycle(next, REGION_SIZE / 16);
    checksum = mix(checksum, chase(next, 2000000));
    disable_translation();
    return checksum;
}
