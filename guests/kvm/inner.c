// The guest of a guest: S-mode code that uses everything of the H-extension that a hypervisor has to look
// after, one line for each finding. It runs behind KVM's G-stage tables, on the VMM beside it.
#include "devicetree.h"
#include "paging.h"
#include "testdevice.h"

const char guest_name[] = "inner";

static struct machine machine;

// MARK: a device behind no page table: every load and store that KVM must decode

#define DEVICE(type, offset) (*(volatile type *)(uint64_t)(TEST_DEVICE_BASE + (offset)))

static void fill_device(uint64_t value) { DEVICE(uint64_t, 0) = value; }

/// Loads of every width and sign, by instructions of 4 and of 2 bytes. What a signed load reads is positive: some
/// versions of KVM forget the sign of what their VMM answers.
static void load_from_device(void) {
    int64_t value;
    register uint64_t base asm("a4") = TEST_DEVICE_BASE;
    register int64_t narrow asm("a5");
#define LOADED(instruction, expected)                                              \
    asm volatile(instruction : "=&r"(value) : "r"(base) : "memory");               \
    expect(value == (int64_t)(expected), instruction)
#define LOADED_NARROW(instruction, expected)                                       \
    asm volatile(instruction : "=r"(narrow) : "r"(base) : "t0", "memory");         \
    expect(narrow == (int64_t)(expected), instruction)
    fill_device(0x8877665584838281);
    LOADED("lbu %0, 2(%1)", 0x83);
    LOADED("lhu %0, 2(%1)", 0x8483);
    LOADED("lwu %0, 4(%1)", 0x88776655);
    LOADED("ld %0, 0(%1)", 0x8877665584838281);
    LOADED_NARROW("c.ld %0, 0(%1)", 0x8877665584838281);
    LOADED_NARROW("mv t0, sp\n mv sp, %1\n c.ldsp %0, 0(sp)\n mv sp, t0", 0x8877665584838281);
    fill_device(0x7877665574737271);
    LOADED("lb %0, 1(%1)", 0x72);
    LOADED("lh %0, 6(%1)", 0x7877);
    LOADED("lw %0, 0(%1)", 0x74737271);
    LOADED_NARROW("c.lw %0, 0(%1)", 0x74737271);
    LOADED_NARROW("mv t0, sp\n mv sp, %1\n c.lwsp %0, 4(sp)\n mv sp, t0", 0x78776655);
#undef LOADED
#undef LOADED_NARROW
}

static void store_to_device(void) {
#define STORED(instruction, expected)                                                              \
    fill_device(0x8877665584838281);                                                                                 \
    asm volatile(instruction ::"r"(UINT64_C(0x1122334455667788)), "r"(base) : "t0", "a5", "memory"); \
    expect(DEVICE(uint64_t, 0) == (expected), instruction)
    register uint64_t base asm("a4") = TEST_DEVICE_BASE;
    STORED("sb %0, 1(%1)", 0x8877665584838881);
    STORED("sh %0, 6(%1)", 0x7788665584838281);
    STORED("sw %0, 4(%1)", 0x5566778884838281);
    STORED("sd %0, 0(%1)", 0x1122334455667788);
    STORED("mv a5, %0\n c.sw a5, 0(%1)", 0x8877665555667788);
    STORED("mv a5, %0\n c.sd a5, 0(%1)", 0x1122334455667788);
    STORED("mv t0, sp\n mv a5, %0\n mv sp, %1\n c.swsp a5, 4(sp)\n mv sp, t0", 0x5566778884838281);
    // Not offset 0, where some versions of KVM take the instruction for a load without a target.
    STORED("mv t0, sp\n mv a5, %0\n addi sp, %1, -8\n c.sdsp a5, 8(sp)\n mv sp, t0", 0x1122334455667788);
#undef STORED
}

static void use_device(void) {
    load_from_device();
    store_to_device();
    uint64_t value, nowhere = probe_load32(TEST_DEVICE_BASE + 0x10000000, &value);
    expect(nowhere == CAUSE_LOAD_ACCESS, "a load from nowhere gives an access fault");
    report("device: loads and stores of every width answered by the VMM");
}

// MARK: the VS-stage

enum { WINDOWS = 4 };
static const uint64_t window = 0x2000000000;
__attribute__((aligned(PAGE_SIZE))) static volatile uint64_t frames[WINDOWS][PAGE_SIZE / 8];

static void use_translation(void) {
    uint64_t value = 0;
    map_gigapage(machine.ram_base, machine.ram_base, PTE_RWX);
    // The console and the test device: a device through both stages.
    map_gigapage(0, 0, PTE_RW);
    for (unsigned i = 0; i < WINDOWS; i++) {
        frames[i][0] = i;
        expect(map_page(window + i * PAGE_SIZE, (uint64_t)frames[i], PTE_RW), "room for page tables");
    }
    expect(enable_sv39(), "satp takes Sv39");
    for (unsigned i = 0; i < WINDOWS; i++)
        expect(*(volatile uint64_t *)(window + i * PAGE_SIZE) == i, "each page shows its frame");
    expect(probe_load64(window + WINDOWS * PAGE_SIZE, &value) == CAUSE_LOAD_PAGE, "no page gives a page fault");
    map_page(window, (uint64_t)frames[0], PTE_V | PTE_R | PTE_A);
    fence_translations();
    expect(probe_store64(window, 1) == CAUSE_STORE_PAGE, "a store to a read-only page gives a page fault");
    map_page(window, 0x4000000000, PTE_RW);
    fence_translations();
    expect(probe_load64(window, &value) == CAUSE_LOAD_ACCESS, "a frame that is not there gives an access fault");
    load_from_device();
    store_to_device();
    report("translation: Sv39 over the G-stage, page faults taken here, the device behind both stages");
}

// MARK: time

static volatile unsigned timer_interrupts;

static bool count_timer_interrupt(struct trap_frame *frame) {
    if (frame->cause != CAUSE_TIMER_INTERRUPT) return false;
    timer_interrupts++;
    csr_clear(sie, SIE_TIMER);
    return true;
}

/// As Linux does: its own comparator where there is one. KVM up to 7.0 at least writes the deadline of an SBI call to
/// vstimecmp alone, and forgets it when its thread loses the processor before the guest has run again
/// (kvm_riscv_vcpu_timer_restore): then the interrupt never comes, once in some hundred runs on a busy host.
static void set_timer(uint64_t deadline) {
    if (probe_stimecmp(deadline) != PROBE_OK) sbi_set_timer(deadline);
}

static void use_timer(void) {
    enum { ROUNDS = 5 };
    trap_hook = count_timer_interrupt;
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned before = timer_interrupts;
        uint64_t deadline = time_now() + machine.timebase_frequency / 200;
        set_timer(deadline);
        csr_set(sie, SIE_TIMER);
        while (timer_interrupts == before && time_now() < deadline + 20 * machine.timebase_frequency) {
            wait_for_interrupt();
            csr_set(sstatus, SSTATUS_SIE);
            csr_clear(sstatus, SSTATUS_SIE);
        }
        expect(timer_interrupts == before + 1, "a timer interrupt comes once");
        expect(time_now() >= deadline, "it does not come early");
    }
    trap_hook = NULL;
    report("timer: %u interrupts", timer_interrupts);
}

// MARK: a second hart

enum { ROUNDS = 50 };
__attribute__((aligned(16))) static char stack[STACK_SIZE];
static volatile uint64_t order, answer, answered, interrupts;
static volatile bool is_listening;

/// Answers each interrupt with what it sees through the window, on the page tables of the first hart, and keeps
/// a value in a floating-point register all the while.
static void second_hart(uint64_t hart, uint64_t argument) {
    (void)argument;
    double kept = 1.5 + (double)hart, seen;
    csr_write(satp, SATP_SV39 | (uint64_t)root_table >> 12);
    fence_translations();
    csr_set(sie, SIE_SOFTWARE);
    register double fs0 asm("fs0") = kept;
    asm volatile("" : "+f"(fs0));
    is_listening = true;
    for (;;) {
        while ((csr_read(sip) & SIE_SOFTWARE) == 0) wait_for_interrupt();
        csr_clear(sip, SIE_SOFTWARE);
        interrupts = interrupts + 1;
        asm volatile("fmv.d %0, %1" : "=f"(seen) : "f"(fs0));
        answer = seen == kept ? *(volatile uint64_t *)(window + PAGE_SIZE) : UINT64_MAX;
        asm volatile("fence rw, rw" ::: "memory");
        answered = order;
    }
}

static uint64_t deadline_for_answers(void) { return time_now() + 20 * machine.timebase_frequency; }

/// An interrupt sent before it runs would be lost: starting a hart clears what is pending there.
static bool second_hart_listens(void) {
    uint64_t deadline = deadline_for_answers();
    while (!is_listening)
        if (time_now() > deadline) return false;
    return true;
}

static bool ask_second_hart(uint64_t number) {
    uint64_t deadline = deadline_for_answers();
    order = number;
    asm volatile("fence rw, rw" ::: "memory");
    if (sbi_send_ipi(1, 1).error != 0) return false;
    while (answered != number)
        if (time_now() > deadline) return false;
    return true;
}

static void use_second_hart(void) {
    if (machine.hart_count < 2) return;
    static struct hart_start start = {(uint64_t)stack + STACK_SIZE, second_hart, 0};
    expect(sbi_hsm(HSM_START, 1, (uint64_t)secondary_start, (uint64_t)&start).error == 0, "hart_start");
    if (!second_hart_listens()) {
        expect(false, "the second hart runs");
        return;
    }
    register double own asm("fs1") = 0.75;
    asm volatile("" : "+f"(own));
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        unsigned shown = round % WINDOWS;
        // The other hart has the old page in its TLB.
        map_page(window + PAGE_SIZE, (uint64_t)frames[shown], PTE_RW);
        sbi_call(SBI_RFENCE, RFENCE_SFENCE_VMA, 1, 1, window + PAGE_SIZE, PAGE_SIZE, 0);
        if (!ask_second_hart(round)) {
            expect(false, "the second hart answers an interrupt");
            return;
        }
        expect(answer == shown, "the second hart sees the page as of the remote fence, and keeps its registers");
    }
    asm volatile("" : "+f"(own));
    expect(own == 0.75, "this hart keeps its registers");
    report("second hart: %lu interrupts answered, each after a remote fence", interrupts);
}

int guest_main(uint64_t hart, const void *device_tree) {
    if (!read_device_tree(device_tree, &machine)) {
        report("no device tree at 0x%lx", (uint64_t)device_tree);
        return 1;
    }
    report("hello from hart %lu of %u in VS-mode, SBI implementation %ld", hart, machine.hart_count,
           sbi_base(BASE_IMPL_ID, 0).value);
    use_device();
    use_timer();
    use_translation();
    use_second_hart();
    if (failures == 0)
        report("all is well, shutting down");
    else
        report("%u findings are wrong, shutting down", failures);
    return failures == 0 ? 0 : 1;
}
