// Starts every hart of the guest through SBI's Hart State Management, has them count together, talk with
// interprocessor interrupts, sleep, see changed code and stop.
#include "devicetree.h"
#include "paging.h"

const char guest_name[] = "harts";

enum { MAXIMUM_HARTS = 32, COUNTS = 20000, IPI_ROUNDS = 50 };

enum work { WORK_NONE, WORK_COUNT, WORK_IPI, WORK_CODE, WORK_SUSPEND, WORK_STOP };

static struct hart {
    uint64_t id;
    struct hart_start start;
    volatile enum work order;
    volatile enum work done;
    volatile unsigned interrupts;
    volatile uint64_t answer;
} harts[MAXIMUM_HARTS];
static unsigned hart_count;
static uint64_t boot_hart;
static uint64_t tick; // ticks per second

__attribute__((aligned(16))) static char stacks[MAXIMUM_HARTS][STACK_SIZE];

static volatile uint64_t amo_count, lrsc_count, locked_count;
static volatile uint32_t lock;

// MARK: counting together

static void count_together(void) {
    for (unsigned i = 0; i < COUNTS; i++) {
        asm volatile("amoadd.d zero, %0, (%1)" ::"r"(1ul), "r"(&amo_count) : "memory");

        uint64_t old, failed;
        do {
            asm volatile("lr.d.aq %0, (%2)\n"
                         "addi %0, %0, 1\n"
                         "sc.d.rl %1, %0, (%2)"
                         : "=&r"(old), "=&r"(failed)
                         : "r"(&lrsc_count)
                         : "memory");
        } while (failed);

        uint32_t held;
        do asm volatile("amoswap.w.aq %0, %1, (%2)" : "=r"(held) : "r"(1), "r"(&lock) : "memory");
        while (held != 0);
        locked_count = locked_count + 1;
        asm volatile("amoswap.w.rl zero, zero, (%0)" ::"r"(&lock) : "memory");
    }
}

// MARK: code that changes

__attribute__((aligned(16))) static uint32_t changing_code[2];

static void write_code(unsigned answer) {
    changing_code[0] = answer << 20 | 10 << 7 | 0x13; // li a0, answer
    changing_code[1] = 0x00008067; // ret
}

static uint64_t run_code(void) { return ((uint64_t(*)(void))changing_code)(); }

// MARK: the other harts

static struct hart *find_hart(uint64_t id) {
    for (unsigned i = 0; i < hart_count; i++)
        if (harts[i].id == id) return &harts[i];
    return NULL;
}

static bool wait_until_done(const struct hart *hart, enum work order) {
    uint64_t deadline = time_now() + tick * 20;
    while (hart->done != order)
        if (time_now() > deadline) return false;
    return true;
}

/// Waits for a software interrupt with the interrupt masked, and takes it away.
static void wait_for_ipi(struct hart *self) {
    csr_set(sie, SIE_SOFTWARE);
    while ((csr_read(sip) & SIE_SOFTWARE) == 0) wait_for_interrupt();
    csr_clear(sip, SIE_SOFTWARE);
    self->interrupts++;
}

static void hart_work(uint64_t hart, uint64_t argument) {
    struct hart *self = (struct hart *)argument;
    if (hart != self->id) shut_down(1);
    self->done = WORK_NONE;
    for (;;) {
        wait_for_ipi(self);
        enum work order = self->order;
        if (order == self->done) continue;
        switch (order) {
        case WORK_NONE:
        case WORK_IPI: break;
        case WORK_COUNT: count_together(); break;
        case WORK_CODE: self->answer = run_code(); break;
        case WORK_SUSPEND:
            // Retentive suspend: the call returns when an interrupt is pending.
            self->answer = (uint64_t)sbi_hsm(HSM_SUSPEND, 0, 0, 0).error;
            csr_clear(sip, SIE_SOFTWARE);
            break;
        case WORK_STOP:
            self->done = order;
            sbi_hsm(HSM_STOP, 0, 0, 0);
            shut_down(1);
        }
        asm volatile("fence rw, rw" ::: "memory");
        self->done = order;
    }
}

// MARK: the boot hart's side

static bool fail(const char *what, uint64_t hart) {
    report("FAILED: %s (hart %lu)", what, hart);
    return false;
}

static bool is_other(const struct hart *hart) { return hart->id != boot_hart; }

static bool give_order(struct hart *hart, enum work order) {
    hart->order = order;
    asm volatile("fence rw, rw" ::: "memory");
    return sbi_send_ipi(1, hart->id).error == 0;
}

static bool give_all(enum work order) {
    for (unsigned i = 0; i < hart_count; i++)
        if (is_other(&harts[i]) && !give_order(&harts[i], order)) return fail("send_ipi", harts[i].id);
    return true;
}

static bool wait_for_all(enum work order) {
    for (unsigned i = 0; i < hart_count; i++) {
        struct hart *hart = &harts[i];
        if (!is_other(hart)) continue;
        if (!wait_until_done(hart, order)) return fail("no answer", hart->id);
    }
    return true;
}

static bool wait_for_state(uint64_t hart, long state) {
    uint64_t deadline = time_now() + tick * 20;
    while (sbi_hsm(HSM_STATUS, hart, 0, 0).value != state)
        if (time_now() > deadline) return fail("hart_get_status", hart);
    return true;
}

static bool start_all(void) {
    for (unsigned i = 0; i < hart_count; i++) {
        struct hart *hart = &harts[i];
        if (!is_other(hart)) continue;
        if (sbi_hsm(HSM_STATUS, hart->id, 0, 0).value != HART_STOPPED) return fail("not stopped at first", hart->id);
        hart->order = WORK_NONE;
        hart->start = (struct hart_start){(uint64_t)stacks[i] + STACK_SIZE, hart_work, (uint64_t)hart};
        long error = sbi_hsm(HSM_START, hart->id, (uint64_t)secondary_start, (uint64_t)&hart->start).error;
        if (error != 0) return fail("hart_start", hart->id);
        if (!wait_for_state(hart->id, HART_STARTED)) return false;
        if (sbi_hsm(HSM_START, hart->id, (uint64_t)secondary_start, 0).error != -6)
            return fail("hart_start of a started hart answers -6", hart->id);
    }
    return true;
}

static bool count(void) {
    uint64_t expected = (uint64_t)hart_count * COUNTS;
    amo_count = lrsc_count = locked_count = 0;
    if (!give_all(WORK_COUNT)) return false;
    count_together();
    if (!wait_for_all(WORK_COUNT)) return false;
    report("%u harts counted to %lu with amoadd, %lu with lr/sc, %lu under a lock", hart_count, amo_count, lrsc_count,
           locked_count);
    if (amo_count != expected || lrsc_count != expected || locked_count != expected)
        return fail("counts are lost", boot_hart);
    return true;
}

static bool exchange_ipis(void) {
    for (unsigned round = 0; round < IPI_ROUNDS; round++) {
        enum work order = round % 2 == 0 ? WORK_IPI : WORK_NONE;
        if (!give_all(order) || !wait_for_all(order)) return false;
    }
    unsigned total = 0;
    for (unsigned i = 0; i < hart_count; i++) total += harts[i].interrupts;
    report("%u interprocessor interrupts answered", total);
    return sbi_send_ipi(1, 4000).error == -3 || fail("send_ipi to nobody answers -3", 4000);
}

static bool change_code(void) {
    for (unsigned answer = 1; answer <= 3; answer++) {
        write_code(answer);
        fence_code();
        sbi_call(SBI_RFENCE, RFENCE_FENCE_I, UINT64_MAX, UINT64_MAX, 0, 0, 0);
        if (!give_all(WORK_NONE) || !wait_for_all(WORK_NONE)) return false;
        if (!give_all(WORK_CODE) || !wait_for_all(WORK_CODE)) return false;
        if (run_code() != answer) return fail("own changed code", boot_hart);
        for (unsigned i = 0; i < hart_count; i++)
            if (is_other(&harts[i]) && harts[i].answer != answer) return fail("old code ran", harts[i].id);
    }
    report("changed code 3 times, every hart ran the new code after remote_fence_i");
    return true;
}

static bool suspend_all(void) {
    if (!give_all(WORK_SUSPEND)) return false;
    for (unsigned i = 0; i < hart_count; i++) {
        if (!is_other(&harts[i])) continue;
        if (!wait_for_state(harts[i].id, HART_SUSPENDED)) return false;
        sbi_send_ipi(1, harts[i].id);
    }
    if (!wait_for_all(WORK_SUSPEND)) return false;
    for (unsigned i = 0; i < hart_count; i++)
        if (is_other(&harts[i]) && harts[i].answer != 0) return fail("hart_suspend", harts[i].id);
    report("every other hart suspended and woke by an interrupt");
    return true;
}

static bool stop_all(void) {
    if (!give_all(WORK_STOP)) return false;
    for (unsigned i = 0; i < hart_count; i++)
        if (is_other(&harts[i]) && !wait_for_state(harts[i].id, HART_STOPPED)) return false;
    return true;
}

static bool find_harts(void) {
    for (uint64_t id = 0; id < 128 && hart_count < MAXIMUM_HARTS; id++) {
        struct sbi_result result = sbi_hsm(HSM_STATUS, id, 0, 0);
        if (result.error == 0) harts[hart_count++].id = id;
    }
    struct hart *self = find_hart(boot_hart);
    if (self == NULL || sbi_hsm(HSM_STATUS, boot_hart, 0, 0).value != HART_STARTED)
        return fail("the boot hart is started", boot_hart);
    if (sbi_hsm(HSM_START, 4000, (uint64_t)secondary_start, 0).error != -3)
        return fail("hart_start of no hart answers -3", 4000);
    report("boot hart %lu, %u harts in all", boot_hart, hart_count);
    return true;
}

int guest_main(uint64_t hart, const void *device_tree) {
    struct machine machine;
    boot_hart = hart;
    tick = read_device_tree(device_tree, &machine) ? machine.timebase_frequency : 10000000;
    if (!find_harts() || !start_all()) return 1;
    if (!count() || !exchange_ipis() || !change_code() || !suspend_all()) return 1;
    // Stopped harts start again, as fresh as at first.
    if (!stop_all() || !start_all() || !count() || !stop_all()) return 1;
    report("all harts stopped, started again and stopped; shutting down");
    return 0;
}
