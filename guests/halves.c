// Writes lines in two halves, with a pause between them that grows: what several such guests print side by side shows
// when an unfinished line is given to the reader. Guests with less memory are faster.
#include "guest.h"

const char guest_name[] = "halves";

static void sleep_until(uint64_t tick) {
    csr_set(sie, SIE_TIMER);
    sbi_set_timer(tick);
    // Interrupts stay off: a pending one ends the wait and goes nowhere.
    while (time_now() < tick) wait_for_interrupt();
}

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart;
    enum { LINES = 10, MILLISECOND = 10000 };
    // The device tree lies near the end of memory: 40 ms for 256 MiB, 24 ms for 128 MiB.
    unsigned pace = 10 + ((uintptr_t)device_tree >> 24 & 0xf) * 2;
    uint64_t tick = time_now();
    for (unsigned line = 1; line <= LINES; line++) {
        print("line %u: waits %u ms ", line, line * pace);
        sleep_until(tick += line * pace * MILLISECOND);
        print("and ends\n");
    }
    return 0;
}
