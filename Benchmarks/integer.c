// Integer arithmetic in registers and small arrays: hashing, sieving, sorting, dividing, 32-bit words.
#include "benchmark.h"

enum { ROUNDS = 220, SIEVE = 1 << 16, SORTED = 1 << 13 };

static uint8_t composite[SIEVE];
static uint32_t keys[SORTED];

static uint64_t sieve(void) {
    memset(composite, 0, sizeof composite);
    uint64_t primes = 0;
    for (uint32_t i = 2; i < SIEVE; i++) {
        if (composite[i]) continue;
        primes++;
        for (uint32_t k = 2 * i; k < SIEVE; k += i) composite[k] = 1;
    }
    return primes;
}

static uint64_t sort(uint64_t *seed) {
    for (size_t i = 0; i < SORTED; i++) keys[i] = (uint32_t)next_random(seed);
    for (size_t gap = SORTED / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < SORTED; i++) {
            uint32_t key = keys[i];
            size_t at = i;
            for (; at >= gap && keys[at - gap] > key; at -= gap) keys[at] = keys[at - gap];
            keys[at] = key;
        }
    return keys[SORTED / 3];
}

static uint64_t divide(uint64_t *seed) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < 40000; i++) {
        uint64_t a = next_random(seed), b = next_random(seed) >> (i % 60) | 1;
        while (b > 1 && a != 0) {
            uint64_t rest = a % b;
            sum += a / b;
            a = b, b = rest;
            if (rest < 1000) break;
        }
    }
    return sum;
}

static uint64_t hash_words(uint64_t *seed) {
    uint32_t a = (uint32_t)*seed, b = 0x12345678, c = 0x9abcdef0;
    for (unsigned i = 0; i < 200000; i++) {
        a = (a << 7 | a >> 25) + (b ^ c);
        b = (b << 13 | b >> 19) ^ (a + 0x9e3779b9);
        c = (c >> 3) + (a & b) + i;
    }
    return (uint64_t)a << 32 ^ (uint64_t)b << 16 ^ c;
}

static uint64_t integer(void) {
    uint64_t seed = 0x696e7465676572, checksum = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        checksum = mix(checksum, sieve());
        checksum = mix(checksum, sort(&seed));
        checksum = mix(checksum, divide(&seed));
        checksum = mix(checksum, hash_words(&seed));
    }
    return checksum;
}

WORKLOADS({"integer", NULL, integer, 0xbafaaaf3cf23342e, 0})
