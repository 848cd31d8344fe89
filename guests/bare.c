// A tour of the machine from S-mode without an operating system: one line for each finding.
#include "devicetree.h"
#include "paging.h"

const char guest_name[] = "bare";

static struct machine machine;

static void see_machine(uint64_t hart, const void *device_tree) {
    if (!read_device_tree(device_tree, &machine)) {
        expect(false, "a device tree at the address in a1");
        machine = (struct machine){.ram_base = 0x80000000, .ram_size = 64 << 20, .timebase_frequency = 10000000};
        return;
    }
    report("hart %lu of %u on %s, device tree at 0x%lx", hart, machine.hart_count, machine.model,
           (uint64_t)device_tree);
    report("memory %lu MiB at 0x%lx, time base %lu Hz", machine.ram_size >> 20, machine.ram_base,
           machine.timebase_frequency);
    report("isa %s", machine.isa);
}

static void see_sbi(void) {
    static const struct {
        enum sbi_extension id;
        const char *name;
    } extensions[] = {{SBI_TIME, "TIME"}, {SBI_IPI, "IPI"},   {SBI_RFENCE, "RFENCE"},
                      {SBI_HSM, "HSM"},   {SBI_SRST, "SRST"}, {SBI_DBCN, "DBCN"}};
    long version = sbi_base(BASE_SPEC_VERSION, 0).value;
    char offered[64];
    size_t length = 0;
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        if (!sbi_has(extensions[i].id)) continue;
        offered[length++] = ' ';
        memcpy(offered + length, extensions[i].name, strlen(extensions[i].name));
        length += strlen(extensions[i].name);
    }
    offered[length] = 0;
    report("SBI %ld.%ld, implementation 0x%lx version 0x%lx:%s", version >> 24 & 0x7f, version & 0xffffff,
           (uint64_t)sbi_base(BASE_IMPL_ID, 0).value, (uint64_t)sbi_base(BASE_IMPL_VERSION, 0).value, offered);
    expect(sbi_call(0x0badca11, 0, 0, 0, 0, 0, 0).error == -2, "an unknown SBI call answers -2");
}

// MARK: timer

static volatile unsigned timer_interrupts;

static bool count_timer_interrupt(struct trap_frame *frame) {
    if (frame->cause != CAUSE_TIMER_INTERRUPT) return false;
    timer_interrupts++;
    csr_clear(sie, SIE_TIMER);
    return true;
}

enum timer { TIMER_SBI, TIMER_STIMECMP };

/// Sleeps in WFI until the interrupt has come, and gives how late it was in ticks.
static uint64_t sleep_one(enum timer timer, uint64_t ticks) {
    unsigned before = timer_interrupts;
    uint64_t deadline = time_now() + ticks;
    if (timer == TIMER_SBI)
        sbi_set_timer(deadline);
    else
        probe_stimecmp(deadline);
    csr_set(sie, SIE_TIMER);
    // Interrupts stay off around the test, so that one cannot slip in between it and the WFI.
    while (timer_interrupts == before) {
        wait_for_interrupt();
        csr_set(sstatus, SSTATUS_SIE);
        csr_clear(sstatus, SSTATUS_SIE);
        if (time_now() > deadline + machine.timebase_frequency * 10) return UINT64_MAX;
    }
    uint64_t now = time_now();
    expect(now >= deadline, "a timer interrupt does not come early");
    return now - deadline;
}

static void see_timer(enum timer timer, const char *name) {
    enum { ROUNDS = 5 };
    uint64_t worst = 0;
    trap_hook = count_timer_interrupt;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t late = sleep_one(timer, machine.timebase_frequency / 100);
        if (late > worst) worst = late;
    }
    trap_hook = NULL;
    expect(worst != UINT64_MAX, "a timer interrupt comes");
    if (worst == UINT64_MAX) return;
    report("timer: %u interrupts of 10 ms through %s, the latest %lu us late", ROUNDS, name,
           worst * 1000000 / machine.timebase_frequency);
}

static void see_timers(void) {
    see_timer(TIMER_SBI, "SBI");
    if (probe_stimecmp(UINT64_MAX) == PROBE_OK)
        see_timer(TIMER_STIMECMP, "stimecmp");
    else
        report("timer: stimecmp is not offered");
}

static void see_counters(void) {
    uint64_t cycles = csr_read(cycle), instructions = csr_read(instret), ticks = time_now();
    for (volatile unsigned i = 0; i < 10000; i++) continue;
    cycles = csr_read(cycle) - cycles, instructions = csr_read(instret) - instructions, ticks = time_now() - ticks;
    expect(cycles > 0 && instructions >= 10000, "cycle and instret count");
    report("counters: a loop of 10000 took %lu instructions", instructions);
}

// MARK: memory

static uint64_t pattern(uint64_t address, uint64_t seed) { return (address ^ seed) * UINT64_C(0x9e3779b97f4a7c15); }

/// Fills and checks a range in strides, once with a pattern and once with its complement.
static bool check_range(uint64_t start, uint64_t end, uint64_t stride) {
    for (uint64_t seed = 0;; seed = ~seed) {
        for (uint64_t at = start; at < end; at += stride) *(volatile uint64_t *)at = pattern(at, seed);
        for (uint64_t at = start; at < end; at += stride)
            if (*(volatile uint64_t *)at != pattern(at, seed)) return false;
        if (seed != 0) return true;
    }
}

extern char __guest_end[];

static void see_memory(void) {
    enum { ALL_OF = 1 << 20, STRIDE = 1 << 16 };
    uint64_t start = ((uint64_t)__guest_end + STRIDE - 1) & ~(uint64_t)(STRIDE - 1);
    uint64_t end = machine.ram_base + machine.ram_size;
    // The device tree, wherever it lies, has been read by now.
    expect(end > start + ALL_OF, "at least 4 MiB of memory");
    expect(check_range(start, start + ALL_OF, 8), "every word of 1 MiB keeps its value");
    expect(check_range(start, end, STRIDE), "every 64 KiB of memory keeps its value");
    report("memory: 1 MiB tested in full, %lu MiB in steps of 64 KiB", (end - start) >> 20);
}

// MARK: traps and translation

static void see_traps(void) {
    uint64_t value;
    uint64_t breakpoint = probe_ebreak(), illegal = probe_illegal(), nowhere = probe_load64(0x10, &value);
    report("traps: ebreak gives cause %lu, no instruction %lu, a load from 0x10 %lu", breakpoint, illegal, nowhere);
    expect(breakpoint == CAUSE_BREAKPOINT, "ebreak traps as a breakpoint");
    expect(illegal == CAUSE_ILLEGAL, "an unknown encoding traps as an illegal instruction");
    expect(nowhere == CAUSE_LOAD_ACCESS, "a load from nowhere traps as an access fault");
}

__attribute__((aligned(PAGE_SIZE))) static volatile uint64_t shared_page[PAGE_SIZE / 8];

static void see_translation(void) {
    const uint64_t first = 0x3f00000000, second = 0x3f00200000, read_only = 0x3f00400000, unmapped = 0x3f00600000;
    uint64_t frame = (uint64_t)shared_page, value = 0;
    map_gigapage(machine.ram_base, machine.ram_base, PTE_RWX);
    bool mapped = map_page(first, frame, PTE_RW) && map_page(second, frame, PTE_RW) &&
                  map_page(read_only, frame, PTE_V | PTE_R | PTE_A);
    if (!mapped || !enable_sv39()) {
        expect(false, "satp takes Sv39");
        return;
    }
    *(volatile uint64_t *)first = 0x5339;
    expect(*(volatile uint64_t *)second == 0x5339 && shared_page[0] == 0x5339, "one frame at two addresses");
    uint64_t store = probe_store64(read_only, 1), load = probe_load64(unmapped, &value);
    expect(store == CAUSE_STORE_PAGE && load == CAUSE_LOAD_PAGE, "page faults");
    expect(probe_load64(read_only, &value) == PROBE_OK && value == 0x5339, "a read-only page can be read");
    report("translation: Sv39 on, one frame seen at 3 addresses; store to read-only gives cause %lu, no page %lu",
           store, load);

    // Remapping shows only after a fence; without A and D the page is either updated by hardware or faults.
    map_page(first, frame, PTE_V | PTE_R | PTE_W);
    fence_translations();
    uint64_t unaccessed = probe_load64(first, &value);
    expect(unaccessed == PROBE_OK || unaccessed == CAUSE_LOAD_PAGE, "a page without A");
    report("translation: a page without its A bit %s",
           unaccessed == PROBE_OK ? "gets it from the hart" : "faults (Svade)");
    disable_translation();
}

static void see_arithmetic(void) {
    volatile double two = 2.0;
    double root;
    asm volatile("fsqrt.d %0, %1" : "=f"(root) : "f"(two));
    uint64_t bits;
    memcpy(&bits, &root, sizeof bits);
    volatile uint64_t large = UINT64_C(0xfedcba9876543210);
    uint64_t high;
    asm volatile("mulhu %0, %1, %1" : "=r"(high) : "r"(large));
    static volatile uint64_t counter = 40;
    uint64_t old;
    asm volatile("amoadd.d %0, %1, (%2)" : "=r"(old) : "r"(2ul), "r"(&counter) : "memory");
    expect(bits == 0x3ff6a09e667f3bcd, "fsqrt.d of 2");
    expect(high == 0xfdbac097c8dc5acc, "mulhu");
    expect(old == 40 && counter == 42, "amoadd.d");
    report("arithmetic: fsqrt.d(2) = 0x%lx, amoadd.d gives %lu and leaves %lu", bits, old, counter);
}

int guest_main(uint64_t hart, const void *device_tree) {
    report("hello from S-mode");
    see_machine(hart, device_tree);
    see_sbi();
    see_timers();
    see_counters();
    see_arithmetic();
    see_memory();
    see_traps();
    see_translation();
    if (failures == 0)
        report("all is well, shutting down");
    else
        report("%u findings are wrong, shutting down", failures);
    return failures == 0 ? 0 : 1;
}
