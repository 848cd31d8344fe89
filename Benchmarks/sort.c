// Records sorted three ways, through pointers to functions that compare.
#include "benchmark.h"

enum { RECORDS = 20000, SORTS = 24 };

struct record {
    uint32_t key, group;
    char name[8];
};
typedef int (*comparison)(const struct record *a, const struct record *b);

static struct record records[RECORDS];

static int by_key(const struct record *a, const struct record *b) { return (a->key > b->key) - (a->key < b->key); }
static int by_group(const struct record *a, const struct record *b) {
    return a->group != b->group ? (int)a->group - (int)b->group : by_key(a, b);
}
static int by_name(const struct record *a, const struct record *b) {
    int order = memcmp(a->name, b->name, sizeof a->name);
    return order != 0 ? order : by_key(a, b);
}
static const comparison comparisons[] = {by_key, by_group, by_name};

static void exchange(struct record *a, struct record *b) {
    struct record held = *a;
    *a = *b;
    *b = held;
}

static void quick_sort(struct record *first, struct record *last, comparison compare) {
    while (last - first > 8) {
        struct record pivot = first[(last - first) / 2];
        struct record *low = first, *high = last;
        while (low <= high) {
            while (compare(low, &pivot) < 0) low++;
            while (compare(high, &pivot) > 0) high--;
            if (low <= high) exchange(low++, high--);
        }
        if (high - first < last - low) {
            quick_sort(first, high, compare);
            first = low;
        } else {
            quick_sort(low, last, compare);
            last = high;
        }
    }
    for (struct record *at = first + 1; at <= last; at++)
        for (struct record *to = at; to > first && compare(to - 1, to) > 0; to--) exchange(to - 1, to);
}

static uint64_t sort(void) {
    uint64_t seed = 0x736f7274, checksum = 0;
    for (unsigned round = 0; round < SORTS; round++) {
        for (unsigned i = 0; i < RECORDS; i++) {
            uint64_t random = next_random(&seed);
            records[i] = (struct record){(uint32_t)random, random >> 32 & 63, {}};
            for (unsigned k = 0; k < sizeof records[i].name; k++) records[i].name[k] = "aeiou"[(random >> 5 * k) % 5];
        }
        for (unsigned way = 0; way < 3; way++) {
            quick_sort(records, records + RECORDS - 1, comparisons[way]);
            for (unsigned i = 1; i < RECORDS; i++)
                if (comparisons[way](&records[i - 1], &records[i]) > 0) return 0;
            checksum = mix(checksum, records[RECORDS / 3].key);
        }
    }
    return checksum;
}

WORKLOADS({"sort", NULL, sort, 0x2e72b0faead2dbf3, 0})
