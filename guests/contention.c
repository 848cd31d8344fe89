// All harts at the same locks, queues and counters, while timers go off, harts interrupt each other, and a page that all
// of them use moves from frame to frame. Each part checks itself.
#include "crew.h"
#include "devicetree.h"
#include "locks.h"
#include "paging.h"

const char guest_name[] = "contention";

enum { FRAMES = 4, NODES = 24, PERIOD = 1000, MOVE_INTERVAL = 5 };
static const uint64_t moving_page = UINT64_C(0x140000000);

static unsigned harts;
static bool hasCompareAndSwap;

/// Each part lasts this long, so that all harts are at it, and none waits for another that the host keeps waiting.
static uint64_t duration, deadline;
/// How often each hart has done what it does.
static uint64_t done[MAXIMUM_CREW];

static bool goes_on(uint64_t round) { return round % 16 != 0 || time_now() < deadline; }
static uint64_t done_by_all(void) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < harts; i++) sum += done[i];
    return sum;
}

static uint64_t problems;
static void count_problem(bool holds) {
    if (!holds) fetch_add(&problems, 1);
}

// MARK: what goes on beside: timers, interrupts, a page that moves

static struct beside {
    volatile uint64_t timers, interrupts;
    /// Bits that others have set, each with an interrupt; and how many of them this hart has seen.
    volatile uint64_t mail, letters;
    uint64_t sent, random;
    uint64_t apart[2];
} beside[MAXIMUM_CREW] __attribute__((aligned(64)));

/// The frames of the moving page: a number in the first word, and a word that each hart counts up.
static struct frame {
    volatile uint64_t number;
    volatile uint64_t counts[PTES_PER_TABLE - 1];
} frames[FRAMES] __attribute__((aligned(PAGE_SIZE)));
static volatile uint64_t current_frame;
static uint64_t moves, strays, lost_letters;

enum { RETIRED = 0xdead };

/// Reads and writes the page, wherever it is: never a frame that it has left.
static void use_moving_page(unsigned self) {
    struct frame *page = (struct frame *)moving_page;
    page->counts[self]++;
    if (page->number == RETIRED) fetch_add(&strays, 1);
}

/// Maps another frame there. Behind the fences nobody reads or writes the old one.
static void move_page(void) {
    struct frame *old = &frames[current_frame];
    current_frame = (current_frame + 1) % FRAMES;
    struct frame *new = &frames[current_frame];
    new->number = current_frame;
    asm volatile("fence rw, rw" ::: "memory");
    map_page(moving_page, (uint64_t)new, PTE_RW);
    asm volatile("sfence.vma %0, zero" ::"r"(moving_page) : "memory");
    sbi_call(SBI_RFENCE, RFENCE_SFENCE_VMA, UINT64_MAX, UINT64_MAX, moving_page, PAGE_SIZE, 0);
    old->number = RETIRED;
    uint64_t before[MAXIMUM_CREW];
    for (unsigned i = 0; i < harts; i++) before[i] = old->counts[i];
    for (unsigned i = 0; i < 200; i++) asm volatile("");
    for (unsigned i = 0; i < harts; i++)
        if (old->counts[i] != before[i]) fetch_add(&strays, 1);
    moves++;
}

static bool take_interrupt(struct trap_frame *frame) {
    unsigned self = crew_index();
    struct beside *mine = &beside[self];
    if (frame->cause == CAUSE_TIMER_INTERRUPT) {
        mine->timers++;
        use_moving_page(self);
        if (self == 0 && mine->timers % MOVE_INTERVAL == 0) move_page();
        unsigned other = (unsigned)(next_random(&mine->random) >> 32) % harts;
        if ((__atomic_fetch_or(&beside[other].mail, UINT64_C(1) << self, __ATOMIC_SEQ_CST) >> self & 1) == 0) mine->sent++;
        sbi_send_ipi(1, crew_hart(other));
        sbi_set_timer(time_now() + PERIOD / 2 + (next_random(&mine->random) >> 54));
        return true;
    }
    if (frame->cause == CAUSE_SOFTWARE_INTERRUPT) {
        csr_clear(sip, SIE_SOFTWARE);
        mine->interrupts++;
        use_moving_page(self);
        for (uint64_t mail = __atomic_exchange_n(&mine->mail, 0, __ATOMIC_SEQ_CST); mail != 0; mail &= mail - 1)
            mine->letters++;
        return true;
    }
    return false;
}

static void begin(void) {
    count_problem(enable_sv39());
    beside[crew_index()].random = crew_index() * 2 + 1;
    sbi_set_timer(time_now() + PERIOD);
    csr_set(sie, SIE_TIMER | SIE_SOFTWARE);
    csr_set(sstatus, SSTATUS_SIE);
}

static void end(void) {
    csr_clear(sstatus, SSTATUS_SIE);
    csr_clear(sie, SIE_TIMER);
    sbi_set_timer(UINT64_MAX);
    meet_crew();
    // No interrupt is lost: whatever was sent is taken now.
    csr_set(sstatus, SSTATUS_SIE);
    for (unsigned round = 0; beside[crew_index()].mail != 0;) {
        if (round == 1000000) {
            fetch_add(&lost_letters, 1);
            break;
        }
        round++;
    }
    csr_clear(sstatus, SSTATUS_SIE);
    meet_crew();
    csr_clear(sie, SIE_SOFTWARE);
    disable_translation();
}

// MARK: locks

static struct guarded {
    uint64_t count, apart[8], twin;
} guarded;

static void enter_guarded(void) {
    uint64_t value = guarded.count;
    count_problem(guarded.twin == value);
    guarded.count = value + 1;
    guarded.twin = value + 1;
}

static void check_guarded(const char *what) {
    expect(guarded.count == done_by_all() && guarded.twin == guarded.count, what);
    guarded = (struct guarded){0};
}

static struct ticket_lock ticket;
static void use_ticket_lock(void) {
    for (uint64_t i = 1; goes_on(i); i++) {
        ticket_acquire(&ticket);
        enter_guarded();
        ticket_release(&ticket);
        done[crew_index()]++;
    }
}

static struct queue_lock queue_lock;
static struct queue_place places[MAXIMUM_CREW];
static void use_queue_lock(void) {
    for (uint64_t i = 1; goes_on(i); i++) {
        queue_acquire(&queue_lock, &places[crew_index()]);
        enter_guarded();
        queue_release(&queue_lock, &places[crew_index()]);
        done[crew_index()]++;
    }
}

static volatile uint32_t reserved_lock;
static void use_reserved_lock(void) {
    for (uint64_t i = 1; goes_on(i); i++) {
        reserved_acquire(&reserved_lock);
        enter_guarded();
        reserved_release(&reserved_lock);
        done[crew_index()]++;
    }
}

/// Many read, some write: readers see both words alike.
static volatile uint32_t shared_lock;
static void use_shared_lock(void) {
    uint64_t random = crew_index() + 1;
    for (uint64_t i = 1; goes_on(i); i++) {
        if (next_random(&random) >> 62 == 0) {
            exclusive_acquire(&shared_lock);
            enter_guarded();
            exclusive_release(&shared_lock);
            done[crew_index()]++;
        } else {
            shared_acquire(&shared_lock);
            count_problem(guarded.count == guarded.twin);
            shared_release(&shared_lock);
        }
    }
}

// MARK: a stack of nodes

/// Taken by LR and SC around a load: what another hart does to the top in between has to make SC fail, even if the same
/// node is on top again.
static struct node {
    struct node *volatile next;
    volatile uint64_t owner;
} nodes[NODES];
static struct node *volatile top;

static void push(struct node *node) {
    struct node *old;
    uint64_t failed;
    do {
        old = top;
        node->next = old;
        struct node *seen;
        asm volatile("fence rw, w\n"
                     "lr.d %0, (%3)\n"
                     "li %1, 1\n"
                     "bne %0, %2, 1f\n"
                     "sc.d %1, %4, (%3)\n"
                     "1:"
                     : "=&r"(seen), "=&r"(failed)
                     : "r"(old), "r"(&top), "r"(node)
                     : "memory");
    } while (failed);
}

static struct node *pop(void) {
    struct node *node, *next;
    uint64_t failed;
    asm volatile("1: lr.d.aq %0, (%3)\n"
                 "beqz %0, 2f\n"
                 "ld %1, (%0)\n"
                 "sc.d.rl %2, %1, (%3)\n"
                 "bnez %2, 1b\n"
                 "2:"
                 : "=&r"(node), "=&r"(next), "=&r"(failed)
                 : "r"(&top)
                 : "memory");
    return node;
}

static void use_stack(void) {
    for (uint64_t i = 1; goes_on(i); i++) {
        done[crew_index()]++;
        struct node *taken[3];
        for (unsigned j = 0; j < 3; j++) {
            taken[j] = pop();
            if (taken[j] != NULL) count_problem(__atomic_exchange_n(&taken[j]->owner, 1, __ATOMIC_ACQ_REL) == 0);
        }
        for (unsigned j = 0; j < 3; j++) {
            if (taken[j] == NULL) continue;
            count_problem(__atomic_exchange_n(&taken[j]->owner, 0, __ATOMIC_ACQ_REL) == 1);
            push(taken[j]);
        }
    }
}

static void check_stack(void) {
    unsigned count = 0;
    for (struct node *node = top; node != NULL && count <= NODES; node = node->next) count++;
    expect(count == NODES, "no node of the stack is lost");
}

// MARK: a queue

static struct ring ring;
static uint64_t put_sum, taken_sum;

static bool take_in_order(uint64_t last[MAXIMUM_CREW], uint64_t *sum) {
    uint64_t value;
    if (!ring_take(&ring, &value, hasCompareAndSwap)) return false;
    // What one hart has put in comes out in that order.
    uint64_t from = value >> 32 & (MAXIMUM_CREW - 1), number = value & UINT32_MAX;
    count_problem(number > last[from]);
    last[from] = number;
    *sum += value;
    return true;
}

static void use_queue(void) {
    uint64_t last[MAXIMUM_CREW] = {0}, put = 0, taken = 0, number = 0, self = crew_index();
    unsigned waits = 0;
    for (uint64_t i = 1; goes_on(i); i++) {
        bool moved = ring_put(&ring, self << 32 | (number + 1), hasCompareAndSwap);
        if (moved) put += self << 32 | ++number;
        if (!take_in_order(last, &taken) && !moved) wait_a_little(&waits);
    }
    done[self] += number;
    meet_crew();
    while (take_in_order(last, &taken)) {}
    fetch_add(&put_sum, put);
    fetch_add(&taken_sum, taken);
}

static void check_queue(const char *what) {
    expect(put_sum == taken_sum, what);
    put_sum = taken_sum = 0;
}

// MARK: counters

static struct counters {
    uint64_t sum, sum_lrsc, bits, exclusive, maximum, minimum;
    uint32_t word, word_apart;
    int64_t signed_maximum;
} counters = {.minimum = UINT64_MAX, .signed_maximum = INT64_MIN};

static void use_counters(void) {
    uint64_t self = crew_index(), i;
    for (i = 0; goes_on(i + 1); i++) {
        uint64_t value = i * harts + self + 1, old, failed;
        fetch_add(&counters.sum, value);
        do asm volatile("lr.d %0, (%2)\nadd %0, %0, %3\nsc.d %1, %0, (%2)"
                        : "=&r"(old), "=&r"(failed)
                        : "r"(&counters.sum_lrsc), "r"(value)
                        : "memory");
        while (failed);
        asm volatile("amoxor.d zero, %0, (%1)" ::"r"(value), "r"(&counters.exclusive) : "memory");
        asm volatile("amoxor.d %0, %1, (%2)" : "=r"(old) : "r"(value << 20), "r"(&counters.exclusive) : "memory");
        asm volatile("amoor.d %0, %1, (%2)" : "=r"(old) : "r"(UINT64_C(1) << self), "r"(&counters.bits) : "memory");
        count_problem((old >> self & 1) == (i == 0 ? 0 : 1));
        asm volatile("amomaxu.d zero, %0, (%1)" ::"r"(value), "r"(&counters.maximum) : "memory");
        asm volatile("amominu.d zero, %0, (%1)" ::"r"(~value), "r"(&counters.minimum) : "memory");
        asm volatile("amomax.d zero, %0, (%1)" ::"r"(-value), "r"(&counters.signed_maximum) : "memory");
        asm volatile("amoadd.w zero, %0, (%1)" ::"r"(value), "r"(&counters.word) : "memory");
    }
    done[self] = i;
}

static void check_counters(void) {
    uint64_t sum = 0, exclusive = 0, maximum = 0, bits = 0;
    for (unsigned self = 0; self < harts; self++)
        for (uint64_t i = 0; i < done[self]; i++) {
            uint64_t value = i * harts + self + 1;
            sum += value;
            exclusive ^= value ^ value << 20;
            bits |= UINT64_C(1) << self;
            if (value > maximum) maximum = value;
        }
    expect(counters.sum == sum && counters.sum_lrsc == sum && counters.word == (uint32_t)sum, "sums");
    expect(counters.exclusive == exclusive && counters.bits == bits, "bits");
    expect(counters.maximum == maximum && counters.minimum == ~maximum, "unsigned extremes");
    expect(counters.signed_maximum == -1 && counters.word_apart == 0, "signed extremes and the word beside");
}

// MARK: all of it

static void part(const char *what, void (*work)(void)) {
    memset(done, 0, sizeof done);
    deadline = time_now() + duration;
    crew_work(work);
    report("%s: %lu times", what, done_by_all());
    expect(problems == 0, what);
    problems = 0;
}

int guest_main(uint64_t hart, const void *device_tree) {
    struct machine machine;
    if (!read_device_tree(device_tree, &machine)) return 1;
    duration = machine.timebase_frequency / 1000 * argument_value(&machine, "milliseconds=", 20);
    for (const char *at = machine.isa; *at != 0; at++)
        hasCompareAndSwap |= strlen(at) >= 6 && memcmp(at, "_zacas", 6) == 0;
    harts = gather_crew(hart);
    if (harts == 0) return 1;
    trap_hook = take_interrupt;
    map_gigapage(UINT64_C(0x80000000), UINT64_C(0x80000000), PTE_RWX);
    map_page(moving_page, (uint64_t)&frames[0], PTE_RW);
    crew_work(begin);

    part("a ticket lock", use_ticket_lock);
    check_guarded("a ticket lock");
    part("a queue lock", use_queue_lock);
    check_guarded("a queue lock");
    part("a lock by LR and SC", use_reserved_lock);
    check_guarded("a lock by LR and SC");
    part("readers and writers", use_shared_lock);
    expect(guarded.count == guarded.twin, "readers and writers");
    for (unsigned i = 0; i < NODES; i++) push(&nodes[i]);
    part("a stack", use_stack);
    check_stack();
    bool has = hasCompareAndSwap;
    hasCompareAndSwap = false;
    part("a queue by LR and SC", use_queue);
    check_queue("a queue by LR and SC");
    hasCompareAndSwap = has;
    if (has) {
        part("a queue by AMOCAS", use_queue);
        check_queue("a queue by AMOCAS");
    }
    part("counters", use_counters);
    check_counters();

    crew_work(end);
    uint64_t timers = 0, interrupts = 0, sent = 0, letters = 0;
    for (unsigned i = 0; i < harts; i++) {
        timers += beside[i].timers, interrupts += beside[i].interrupts;
        sent += beside[i].sent, letters += beside[i].letters;
    }
    report("beside: %lu timers, %lu interrupts for %lu letters, a page moved %lu times", timers, interrupts, sent, moves);
    expect(lost_letters == 0 && sent == letters, "every interrupt arrived");
    expect(strays == 0, "nobody used a frame that the page had left");
    if (failures == 0) report("all is well with %u harts", harts);
    return failures == 0 ? 0 : 1;
}
