// What a kernel does between the lines: atomic counters, spin locks, fences, reads of the clock.
#include "benchmark.h"

enum { ROUNDS = 12000000 };

struct queue {
    uint32_t next_ticket, serving;
    uint64_t references, length;
};

static struct queue queues[16];

/// A ticket lock around a counter, a reference taken and dropped, a bit set and cleared.
static uint64_t work(struct queue *queue, uint64_t i) {
    uint32_t ticket = __atomic_fetch_add(&queue->next_ticket, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&queue->serving, __ATOMIC_ACQUIRE) != ticket) {}
    queue->length += i;
    __atomic_store_n(&queue->serving, ticket + 1, __ATOMIC_RELEASE);
    uint64_t old = queue->references;
    __atomic_compare_exchange_n(&queue->references, &old, old + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    uint64_t before = __atomic_fetch_or(&queue->length, 1, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return before + __atomic_fetch_and(&queue->length, ~UINT64_C(1), __ATOMIC_SEQ_CST);
}

static uint64_t locks(void) {
    uint64_t checksum = 0, before = time_now(), backwards = 0;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        checksum = mix(checksum, work(&queues[i % 16], i));
        uint64_t now = time_now();
        backwards += now < before;
        before = now;
    }
    return checksum + backwards;
}

WORKLOADS({"locks", NULL, locks, 0xaf7d301456455aab, 0})
