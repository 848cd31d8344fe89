#include "crew.h"

enum { SPINS = 2000 };

static struct member {
    uint64_t hart;
    struct hart_start start;
} crew[MAXIMUM_CREW];
static unsigned count;

__attribute__((aligned(16))) static char stacks[MAXIMUM_CREW][STACK_SIZE];

static void (*volatile job)(void);
static volatile uint64_t jobs, arrived, meeting;

static void set_index(uint64_t index) { asm volatile("mv tp, %0" ::"r"(index)); }

void wait_a_little(unsigned *round) {
    if ((*round)++ < SPINS) return;
    *round = 0;
    // Whoever has a timer of his own is woken by it.
    if ((csr_read(sie) & SIE_TIMER) != 0) return wait_for_interrupt();
    sbi_set_timer(time_now() + 200);
    csr_set(sie, SIE_TIMER);
    wait_for_interrupt();
    csr_clear(sie, SIE_TIMER);
    sbi_set_timer(UINT64_MAX);
}

void meet_crew(void) {
    uint64_t current = meeting;
    if (fetch_add(&arrived, 1) == count - 1) {
        arrived = 0;
        asm volatile("fence rw, rw" ::: "memory");
        meeting = current + 1;
    } else {
        for (unsigned round = 0; meeting == current;) wait_a_little(&round);
    }
    asm volatile("fence rw, rw" ::: "memory");
}

static void serve(uint64_t hart, uint64_t index) {
    (void)hart;
    set_index(index);
    for (uint64_t done = 0;; done++) {
        for (unsigned round = 0; jobs == done;) wait_a_little(&round);
        asm volatile("fence r, rw" ::: "memory");
        job();
        meet_crew();
    }
}

void crew_work(void (*work)(void)) {
    job = work;
    asm volatile("fence rw, rw" ::: "memory");
    jobs = jobs + 1;
    work();
    meet_crew();
}

uint64_t crew_hart(unsigned index) { return crew[index].hart; }

unsigned gather_crew(uint64_t boot_hart) {
    crew[0].hart = boot_hart;
    count = 1;
    set_index(0);
    for (uint64_t id = 0; id < 128 && count < MAXIMUM_CREW; id++)
        if (id != boot_hart && sbi_hsm(HSM_STATUS, id, 0, 0).error == 0) crew[count++].hart = id;
    for (unsigned i = 1; i < count; i++) {
        crew[i].start = (struct hart_start){(uint64_t)stacks[i] + STACK_SIZE, serve, i};
        if (sbi_hsm(HSM_START, crew[i].hart, (uint64_t)secondary_start, (uint64_t)&crew[i].start).error != 0) return 0;
    }
    return count;
}
