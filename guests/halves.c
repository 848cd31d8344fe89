// Writes lines in two halves, with a pause between them that grows: what several such guests print side by side shows
// when an unfinished line is given to the reader.
#include "guest.h"

const char guest_name[] = "halves";

static void sleep_until(uint64_t tick) {
    csr_set(sie, SIE_TIMER);
    sbi_set_timer(tick);
    // Interrupts stay off: a pending one ends the wait and goes nowhere.
    while (time_now() < tick) wait_for_interrupt();
}

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart, (void)device_tree;
    enum { LINES = 10, MILLISECOND = 10000 };
    uint64_t tick = time_now();
    for (unsigned line = 1; line <= LINES; line++) {
        print("line %u: waits %u ms ", line, line * 40);
        sleep_until(tick += line * 40 * MILLISECOND);
        print("and ends\n");
    }
    return 0;
}
