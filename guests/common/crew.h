// All harts of the machine at one piece of work, and at rest in between.
#pragma once

#include "guest.h"

enum { MAXIMUM_CREW = 16 };

/// Starts every other hart and gives each an index, the boot hart 0.
///
/// Returns how many there are, or 0 where one did not start.
unsigned gather_crew(uint64_t boot_hart);

/// The index of the hart that asks.
static inline unsigned crew_index(void) {
    uint64_t index;
    asm volatile("mv %0, tp" : "=r"(index));
    return (unsigned)index;
}

/// The hart of an index.
uint64_t crew_hart(unsigned index);

/// Has every hart do the same, and returns when all have.
void crew_work(void (*work)(void));

/// Waits for all harts that are at work.
void meet_crew(void);

/// A round of waiting for somebody: spins first, then sleeps some microseconds, since there may be more harts than the
/// host has processors. `round` counts up from 0.
void wait_a_little(unsigned *round);

static inline uint64_t fetch_add(volatile uint64_t *cell, uint64_t value) {
    uint64_t old;
    asm volatile("amoadd.d.aqrl %0, %1, (%2)" : "=r"(old) : "r"(value), "r"(cell) : "memory");
    return old;
}
