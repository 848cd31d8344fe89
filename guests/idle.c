// Sleeps in WFI with interrupts on and none to come: what an idle guest costs can be measured with it.
#include "guest.h"

const char guest_name[] = "idle";

static bool ignore_interrupts(struct trap_frame *frame) { return (frame->cause & CAUSE_INTERRUPT) != 0; }

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart, (void)device_tree;
    report("sleeping for ever");
    trap_hook = ignore_interrupts;
    csr_set(sie, SIE_SOFTWARE | SIE_TIMER | SIE_EXTERNAL);
    csr_set(sstatus, SSTATUS_SIE);
    for (;;) wait_for_interrupt();
}
