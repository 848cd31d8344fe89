// Bit manipulation as compilers emit it for Zba, Zbb and Zbs: chess boards, bit maps, hashes, normalised numbers.
#include "benchmark.h"

enum { ROUNDS = 3000, WORDS = 1 << 12 };

static uint64_t words[WORDS];

static inline uint64_t rotate(uint64_t value, unsigned by) { return value << (by & 63) | value >> (-by & 63); }

/// Visits the set bits of a bit map, as an allocator or a move generator does.
static uint64_t visit_bits(void) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < WORDS; i++)
        for (uint64_t left = words[i]; left != 0; left &= left - 1) sum += i * 64 + (unsigned)__builtin_ctzll(left);
    return sum;
}

/// Population counts, leading zeros and the classes of sizes that follow from them.
static uint64_t classify(void) {
    static uint32_t histogram[128];
    for (unsigned i = 0; i < WORDS; i++) {
        unsigned ones = (unsigned)__builtin_popcountll(words[i]);
        unsigned zeros = words[i] != 0 ? (unsigned)__builtin_clzll(words[i]) : 64;
        histogram[ones]++;
        histogram[64 + zeros % 64] += ones < zeros ? ones : zeros;
    }
    uint64_t sum = 0;
    for (unsigned i = 0; i < 128; i++) sum = mix(sum, histogram[i]);
    return sum;
}

/// SipHash-like rounds: adds, rotations and exclusive ors.
static uint64_t hash(uint64_t a, uint64_t b) {
    uint64_t c = a ^ 0x736f6d6570736575, d = b ^ 0x646f72616e646f6d;
    for (unsigned i = 0; i < WORDS; i++) {
        d ^= words[i];
        a += b, b = rotate(b, 13) ^ a, a = rotate(a, 32);
        c += d, d = rotate(d, (unsigned)words[i]) ^ c;
        a += d, d = rotate(d, 21) ^ a;
        c += b, b = rotate(b, 17) ^ c, c = __builtin_bswap64(c);
    }
    return a ^ b ^ c ^ d;
}

static uint64_t wide(void) {
    uint64_t seed = 0x77696465, checksum = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < WORDS; i++) words[i] = next_random(&seed) >> (i % 48);
        checksum = mix(checksum, visit_bits());
        checksum = mix(checksum, classify());
        for (unsigned i = 0; i < 8; i++) checksum = mix(checksum, hash(checksum, seed));
    }
    return checksum;
}

WORKLOADS({"wide", NULL, wide, 0xa8b74cdf13fd9f67, 0})
