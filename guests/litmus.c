// Litmus tests: short programs for two to four harts whose outcomes the memory model (RVWMO) allows or forbids. Each runs
// many rounds; the outcomes are counted, and none that is forbidden may be among them.
//
//     litmus: SB+fence.rw.rws: 8192 rounds, 3 outcomes: 0010 4012, 1000 4100, 1010 80
//
// An outcome is what each hart's two registers held at the end, one digit each, and after a slash the two cells.
#include "crew.h"
#include "devicetree.h"
#include "litmus.h"

const char guest_name[] = "litmus";

enum { INSTANCES = 256, PATIENCE = 60, MAXIMUM_OUTCOMES = 24, KEY = 10 };

/// One round's cells, each on a line of its own.
static struct instance {
    uint64_t x;
    uint64_t apart[7];
    uint64_t y;
    uint64_t apart_too[7];
} instances[INSTANCES] __attribute__((aligned(64)));

static uint8_t results[MAXIMUM_ROLES][INSTANCES][2];

static struct progress {
    volatile uint64_t at;
    uint64_t apart[7];
} progress[MAXIMUM_ROLES] __attribute__((aligned(64)));

static struct outcome {
    char key[KEY];
    uint64_t count;
} outcomes[MAXIMUM_OUTCOMES];
static unsigned outcome_count;

static const struct shape *shape;
static unsigned harts, rotation;

// MARK: one batch

static void run_batch(void) {
    unsigned role = (crew_index() + rotation) % harts;
    if (role >= shape->roles) return;
    uint64_t seed = time_now() * 2 + role + 1;
    for (unsigned i = 0; i < INSTANCES; i++) {
        progress[role].at = i + 1;
        // Together if the others are on a processor, alone otherwise.
        for (unsigned other = 0; other < shape->roles; other++)
            for (unsigned spin = 0; progress[other].at <= i && spin < PATIENCE; spin++) {}
        for (uint64_t delay = next_random(&seed) >> 60; delay > 0; delay--) asm volatile("");
        uint64_t registers[2];
        shape->role[role](&instances[i].x, &instances[i].y, registers);
        for (unsigned j = 0; j < 2; j++) results[role][i][j] = registers[j] > 9 ? 9 : (uint8_t)registers[j];
    }
}

static char digit(uint64_t value) { return (char)('0' + (value > 9 ? 9 : value)); }

static void count_outcome(const char key[KEY]) {
    for (unsigned i = 0; i < outcome_count; i++)
        if (memcmp(outcomes[i].key, key, KEY) == 0) {
            outcomes[i].count++;
            return;
        }
    if (outcome_count == MAXIMUM_OUTCOMES) return;
    memcpy(outcomes[outcome_count].key, key, KEY);
    outcomes[outcome_count++].count = 1;
}

static void take_results(void) {
    for (unsigned i = 0; i < INSTANCES; i++) {
        char key[KEY];
        for (unsigned role = 0; role < MAXIMUM_ROLES; role++)
            for (unsigned j = 0; j < 2; j++) key[role * 2 + j] = digit(results[role][i][j]);
        key[8] = digit(instances[i].x);
        key[9] = digit(instances[i].y);
        count_outcome(key);
    }
}

// MARK: one shape

static bool matches(const char *pattern, const char key[KEY]) {
    if (pattern == NULL) return false;
    for (unsigned i = 0; i < KEY && pattern[i] != 0; i++)
        if (pattern[i] != '*' && pattern[i] != key[i]) return false;
    return true;
}

static bool is_forbidden(const char key[KEY]) {
    for (unsigned i = 0; i < MAXIMUM_FORBIDDEN; i++)
        if (matches(shape->forbidden[i], key)) return true;
    return false;
}

static size_t add(char *line, size_t length, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    length += format_text(line + length, size - length, format, arguments);
    va_end(arguments);
    return length;
}

static void report_shape(uint64_t rounds) {
    char line[512];
    size_t length = 0;
    uint64_t forbidden = 0;
    for (unsigned i = 0; i < outcome_count; i++) {
        bool isForbidden = is_forbidden(outcomes[i].key);
        if (isForbidden) forbidden += outcomes[i].count;
        char key[MAXIMUM_ROLES * 2 + 1] = {0};
        memcpy(key, outcomes[i].key, shape->roles * 2);
        const char *cells = &outcomes[i].key[8];
        length = add(line, length, sizeof line - 1, "%s%s%s/%c%c %lu", i == 0 ? "" : ", ",
                     isForbidden ? "FORBIDDEN " : "", key, cells[0], cells[1], outcomes[i].count);
    }
    line[length] = 0;
    report("%s: %lu rounds, %u outcomes: %s", shape->name, rounds, outcome_count, line);
    if (forbidden == 0) return;
    failures++;
    report("FAILED: %s: %lu of %lu rounds ended as the memory model forbids", shape->name, forbidden, rounds);
}

static void run_shape(uint64_t rounds) {
    outcome_count = 0;
    uint64_t batches = (rounds + INSTANCES - 1) / INSTANCES;
    for (uint64_t batch = 0; batch < batches; batch++) {
        memset(instances, 0, sizeof instances);
        memset(results, 0, sizeof results);
        for (unsigned role = 0; role < MAXIMUM_ROLES; role++) progress[role].at = 0;
        rotation++;
        crew_work(run_batch);
        take_results();
    }
    report_shape(batches * INSTANCES);
}

// MARK: code that another hart writes

enum { PATCHES_PER_INTERRUPT = 64 };

/// `li a0, answer` and `ret`; the other harts run it again and again.
__attribute__((aligned(64))) static uint32_t patched_code[2];
static volatile uint64_t written, answered[MAXIMUM_CREW], patches, strangers, outdated;
static volatile bool byInterrupt;

static uint64_t run_patched(void) { return ((uint64_t(*)(void))patched_code)() & 0x7ff; }

static void write_patch(uint64_t value) {
    *(volatile uint32_t *)&patched_code[0] = (uint32_t)(value & 0x7ff) << 20 | 10 << 7 | 0x13;
    asm volatile("fence rw, rw" ::: "memory");
}

static void patch(void) {
    for (uint64_t value = 1; value <= patches; value++) {
        byInterrupt = value % PATCHES_PER_INTERRUPT == 0;
        write_patch(value);
        written = value;
        for (unsigned i = 1; i < harts && byInterrupt; i++) sbi_send_ipi(1, crew_hart(i));
        for (unsigned i = 1; i < harts; i++)
            for (unsigned round = 0; answered[i] != value;) wait_a_little(&round);
    }
}

static void follow_patches(void) {
    for (uint64_t value = 1; value <= patches; value++) {
        // Old or new, but nothing else, for as long as there has been no fence.
        unsigned round = 0;
        while (written != value) {
            uint64_t answer = run_patched();
            if (answer != (value & 0x7ff) && answer != ((value - 1) & 0x7ff)) fetch_add(&strangers, 1);
            wait_a_little(&round);
        }
        if (byInterrupt) {
            csr_set(sie, SIE_SOFTWARE);
            while ((csr_read(sip) & SIE_SOFTWARE) == 0) wait_for_interrupt();
            csr_clear(sip, SIE_SOFTWARE);
        }
        asm volatile("fence r, r" ::: "memory");
        fence_code();
        if (run_patched() != (value & 0x7ff)) fetch_add(&outdated, 1);
        asm volatile("fence rw, rw" ::: "memory");
        answered[crew_index()] = value;
    }
}

static void patch_and_follow(void) { crew_index() == 0 ? patch() : follow_patches(); }

/// Writes code that the other harts run, told by a store and by an interrupt in turn.
static void patch_code(uint64_t rounds) {
    patches = rounds;
    written = 0;
    patched_code[1] = 0x00008067;
    write_patch(0);
    fence_code();
    sbi_call(SBI_RFENCE, RFENCE_FENCE_I, UINT64_MAX, UINT64_MAX, 0, 0, 0);
    crew_work(patch_and_follow);
    report("code patched %lu times: %lu times old code behind FENCE.I, %lu times neither old nor new", rounds, outdated,
           strangers);
    expect(outdated == 0 && strangers == 0, "code that another hart has written runs behind FENCE.I");
}

static bool contains(const char *text, const char *part) {
    for (; *text != 0; text++)
        if (strlen(text) >= strlen(part) && memcmp(text, part, strlen(part)) == 0) return true;
    return false;
}

int guest_main(uint64_t hart, const void *device_tree) {
    struct machine machine;
    if (!read_device_tree(device_tree, &machine)) return 1;
    uint64_t rounds = argument_value(&machine, "rounds=", 2048);
    harts = gather_crew(hart);
    if (harts < 2) {
        report("FAILED: there is nothing to see with %u harts", harts);
        return 1;
    }
    for (unsigned i = 0; i < shape_count; i++) {
        shape = &shapes[i];
        if (shape->roles > harts || (shape->extension != NULL && !contains(machine.isa, shape->extension))) continue;
        run_shape(rounds);
    }
    patch_code(rounds);
    if (failures == 0) report("no outcome that the memory model forbids, on %u harts", harts);
    return failures == 0 ? 0 : 1;
}
