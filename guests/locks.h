// Locks and a queue, as kernels have them, in the atomic instructions themselves.
#pragma once

#include "crew.h"

// MARK: tickets

struct ticket_lock {
    volatile uint32_t next, serving;
};

static inline void ticket_acquire(struct ticket_lock *lock) {
    uint32_t ticket;
    asm volatile("amoadd.w %0, %1, (%2)" : "=r"(ticket) : "r"(1), "r"(&lock->next) : "memory");
    for (unsigned round = 0; lock->serving != ticket;) wait_a_little(&round);
    asm volatile("fence r, rw" ::: "memory");
}

static inline void ticket_release(struct ticket_lock *lock) {
    asm volatile("fence rw, w" ::: "memory");
    lock->serving = lock->serving + 1;
}

// MARK: a queue of those who wait (MCS)

struct queue_place {
    struct queue_place *volatile next;
    volatile uint64_t waits;
    uint64_t apart[6];
};
struct queue_lock {
    struct queue_place *volatile last;
};

static inline void queue_acquire(struct queue_lock *lock, struct queue_place *place) {
    place->next = NULL;
    place->waits = 1;
    struct queue_place *before;
    asm volatile("amoswap.d.aqrl %0, %1, (%2)" : "=r"(before) : "r"(place), "r"(&lock->last) : "memory");
    if (before == NULL) return;
    before->next = place;
    for (unsigned round = 0; place->waits != 0;) wait_a_little(&round);
    asm volatile("fence r, rw" ::: "memory");
}

static inline void queue_release(struct queue_lock *lock, struct queue_place *place) {
    if (place->next == NULL) {
        uint64_t failed;
        struct queue_place *seen;
        asm volatile("1: lr.d.aqrl %0, (%2)\n"
                     "li %1, 2\n"
                     "bne %0, %3, 2f\n"
                     "sc.d.rl %1, zero, (%2)\n"
                     "bnez %1, 1b\n"
                     "2:"
                     : "=&r"(seen), "=&r"(failed)
                     : "r"(&lock->last), "r"(place)
                     : "memory");
        if (failed == 0) return;
        for (unsigned round = 0; place->next == NULL;) wait_a_little(&round);
    }
    asm volatile("fence rw, w" ::: "memory");
    place->next->waits = 0;
}

// MARK: a word by LR and SC

static inline void reserved_acquire(volatile uint32_t *lock) {
    unsigned round = 0;
    for (;;) {
        uint32_t held;
        asm volatile("lr.w.aq %0, (%1)\n"
                     "bnez %0, 1f\n"
                     "sc.w %0, %2, (%1)\n"
                     "1:"
                     : "=&r"(held)
                     : "r"(lock), "r"(1)
                     : "memory");
        if (held == 0) break;
        wait_a_little(&round);
    }
    asm volatile("fence r, rw" ::: "memory");
}

static inline void reserved_release(volatile uint32_t *lock) {
    asm volatile("amoswap.w.rl zero, zero, (%0)" ::"r"(lock) : "memory");
}

// MARK: readers and writers: the readers' number, or the top bit for a writer

static inline void exclusive_acquire(volatile uint32_t *lock) {
    unsigned round = 0;
    for (uint32_t expected = 0; !__atomic_compare_exchange_n(lock, &expected, UINT32_C(1) << 31, false, __ATOMIC_ACQUIRE,
                                                             __ATOMIC_RELAXED);
         expected = 0)
        wait_a_little(&round);
}
static inline void exclusive_release(volatile uint32_t *lock) { __atomic_store_n(lock, 0, __ATOMIC_RELEASE); }

static inline void shared_acquire(volatile uint32_t *lock) {
    unsigned round = 0;
    for (;;) {
        uint32_t old = __atomic_load_n(lock, __ATOMIC_RELAXED);
        if (old >> 31 == 0 &&
            __atomic_compare_exchange_n(lock, &old, old + 1, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return;
        wait_a_little(&round);
    }
}
static inline void shared_release(volatile uint32_t *lock) { __atomic_fetch_sub(lock, 1, __ATOMIC_RELEASE); }

// MARK: a bounded queue for any number at both ends: each cell has the number of the turn it waits for

enum { RING_SIZE = 8 };
struct ring {
    struct {
        volatile uint64_t turn, value;
    } cells[RING_SIZE];
    uint64_t apart[8];
    volatile uint64_t head;
    uint64_t apart_too[8];
    volatile uint64_t tail;
};

static inline bool compare_and_swap(volatile uint64_t *cell, uint64_t old, uint64_t new, bool in_one) {
    if (in_one) {
        uint64_t seen = old;
        asm volatile(".insn r 0x2f, 3, 0x14, %0, %1, %2" : "+r"(seen) : "r"(cell), "r"(new) : "memory");
        return seen == old;
    }
    uint64_t seen, failed;
    asm volatile("1: lr.d %0, (%2)\n"
                 "li %1, 1\n"
                 "bne %0, %3, 2f\n"
                 "sc.d %1, %4, (%2)\n"
                 "bnez %1, 1b\n"
                 "2:"
                 : "=&r"(seen), "=&r"(failed)
                 : "r"(cell), "r"(old), "r"(new)
                 : "memory");
    return failed == 0;
}

static inline bool ring_put(struct ring *ring, uint64_t value, bool in_one) {
    for (;;) {
        uint64_t place = ring->tail;
        uint64_t turn = ring->cells[place % RING_SIZE].turn;
        asm volatile("fence r, rw" ::: "memory");
        // A cell begins with turn 0; it is put into at 2n and taken from at 2n + 1, n being how often it was used.
        uint64_t wanted = place / RING_SIZE * 2;
        if (turn < wanted) return false;
        if (turn > wanted || !compare_and_swap(&ring->tail, place, place + 1, in_one)) continue;
        ring->cells[place % RING_SIZE].value = value;
        asm volatile("fence rw, w" ::: "memory");
        ring->cells[place % RING_SIZE].turn = wanted + 1;
        return true;
    }
}

static inline bool ring_take(struct ring *ring, uint64_t *value, bool in_one) {
    for (;;) {
        uint64_t place = ring->head;
        uint64_t turn = ring->cells[place % RING_SIZE].turn;
        asm volatile("fence r, rw" ::: "memory");
        uint64_t wanted = place / RING_SIZE * 2 + 1;
        if (turn < wanted) return false;
        if (turn > wanted || !compare_and_swap(&ring->head, place, place + 1, in_one)) continue;
        *value = ring->cells[place % RING_SIZE].value;
        asm volatile("fence rw, w" ::: "memory");
        ring->cells[place % RING_SIZE].turn = wanted + 1;
        return true;
    }
}
