// How much faster several harts are than one: each does the same work, alone and all at once, and of many short rounds
// the shortest counts, since the host has other things to do as well; for what harts do to each other the one in the middle.
//
//     parallel: integer work: one hart 10012 us, 2 harts 10107 us: 1.98 times as fast
#include "crew.h"
#include "devicetree.h"

const char guest_name[] = "parallel";

enum { TABLE = 1024 };

static uint64_t tick;
static unsigned harts, active;
static void (*work)(void);

static struct own {
    uint64_t table[TABLE];
    uint64_t result;
    uint64_t apart[7];
} own[MAXIMUM_CREW] __attribute__((aligned(64)));

static volatile uint64_t shared __attribute__((aligned(64)));
static uint64_t apart[8] __attribute__((aligned(64)));

static uint64_t compute(uint64_t *table, uint64_t value, unsigned rounds) {
    for (unsigned i = 0; i < rounds; i++) {
        value ^= value << 13, value ^= value >> 7, value ^= value << 17;
        table[value % TABLE] += value;
        value += table[(value >> 20) % TABLE];
    }
    return value;
}

static void work_apart(void) {
    struct own *mine = &own[crew_index()];
    mine->result = compute(mine->table, crew_index() + 1, 500000);
}

/// One atomic operation on a counter that all share for some microseconds of work.
static void work_sharing(void) {
    struct own *mine = &own[crew_index()];
    for (unsigned i = 0; i < 500; i++) {
        mine->result = compute(mine->table, crew_index() + i + 1, 1000);
        __atomic_fetch_add(&shared, 1, __ATOMIC_RELAXED);
    }
}

static void work_calling(void) {
    for (unsigned i = 0; i < 30000; i++) sbi_base(BASE_SPEC_VERSION, 0);
}

enum { OPERATIONS = 1000000, MAXIMUM_ROUNDS = 101 };
static void add_own(void) {
    volatile uint64_t *cell = &own[crew_index()].result;
    for (unsigned i = 0; i < OPERATIONS; i++) __atomic_fetch_add(cell, 1, __ATOMIC_RELAXED);
}
static void add_shared(void) {
    for (unsigned i = 0; i < OPERATIONS; i++) __atomic_fetch_add(&shared, 1, __ATOMIC_RELAXED);
}
static void reserve_own(void) {
    volatile uint64_t *cell = &own[crew_index()].result;
    for (unsigned i = 0; i < OPERATIONS; i++) {
        uint64_t old = *cell;
        while (!__atomic_compare_exchange_n(cell, &old, old + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
    }
}
static void reserve_shared(void) {
    for (unsigned i = 0; i < OPERATIONS; i++) {
        uint64_t old = shared;
        while (!__atomic_compare_exchange_n(&shared, &old, old + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
    }
}

static volatile uint64_t begun[MAXIMUM_CREW], ended[MAXIMUM_CREW];
static void work_if_active(void) {
    unsigned self = crew_index();
    if (self >= active) return;
    begun[self] = time_now();
    work();
    ended[self] = time_now();
}

static uint64_t rounds;

/// Ticks from the first hart's start to the last one's end, of the round of that rank.
static uint64_t measure(unsigned count, uint64_t rank) {
    static uint64_t ticks[MAXIMUM_ROUNDS];
    active = count;
    for (uint64_t round = 0; round < rounds; round++) {
        crew_work(work_if_active);
        uint64_t first = UINT64_MAX, last = 0;
        for (unsigned i = 0; i < count; i++) {
            if (begun[i] < first) first = begun[i];
            if (ended[i] > last) last = ended[i];
        }
        uint64_t place = round;
        for (; place > 0 && ticks[place - 1] > last - first; place--) ticks[place] = ticks[place - 1];
        ticks[place] = last - first;
    }
    return ticks[rank];
}

static void compare(const char *what, void (*function)(void)) {
    work = function;
    uint64_t alone = measure(1, 0), together = measure(harts, 0);
    uint64_t percent = alone * harts * 100 / (together == 0 ? 1 : together);
    report("%s: one hart %lu us, %u harts %lu us: %lu.%02lu times as fast", what, alone * 1000000 / tick, harts,
           together * 1000000 / tick, percent / 100, percent % 100);
}

static void say_cost(const char *what, void (*function)(void)) {
    work = function;
    uint64_t alone = measure(1, rounds / 2), together = measure(harts, rounds / 2);
    report("%s: %lu ns by one hart, %lu ns by %u harts", what, alone * 1000000000 / tick / OPERATIONS,
           together * 1000000000 / tick / OPERATIONS / harts, harts);
}

int guest_main(uint64_t hart, const void *device_tree) {
    struct machine machine;
    if (!read_device_tree(device_tree, &machine)) return 1;
    tick = machine.timebase_frequency;
    rounds = argument_value(&machine, "rounds=", 21);
    if (rounds == 0 || rounds > MAXIMUM_ROUNDS) return 1;
    harts = gather_crew(hart);
    if (harts == 0) return 1;
    apart[0] = harts;
    compare("integer work", work_apart);
    compare("the same, and a shared counter", work_sharing);
    compare("calls of the SBI", work_calling);
    say_cost("AMOADD on a cell of its own", add_own);
    say_cost("AMOADD on one cell", add_shared);
    say_cost("LR and SC on a cell of its own", reserve_own);
    say_cost("LR and SC on one cell", reserve_shared);
    return 0;
}
