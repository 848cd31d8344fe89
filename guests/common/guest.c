#include "guest.h"

bool (*trap_hook)(struct trap_frame *frame);

extern const char probe_begin[], probe_end[], probe_slot_end[];

void guest_start(uint64_t hart, const void *device_tree) { shut_down(guest_main(hart, device_tree)); }

void shut_down(int status) {
    sbi_call(SBI_SRST, 0, 0, status == 0 ? 0 : 1, 0, 0, 0);
    sbi_call(SBI_LEGACY_SHUTDOWN, 0, 0, 0, 0, 0, 0);
    for (;;) wait_for_interrupt();
}

unsigned failures;

void expect(bool holds, const char *what) {
    if (holds) return;
    failures++;
    report("FAILED: %s", what);
}

static bool is_probe(uint64_t pc) {
    return (pc >= (uint64_t)probe_begin && pc < (uint64_t)probe_end) ||
           (pc >= (uint64_t)probe_slot && pc < (uint64_t)probe_slot_end);
}

void handle_trap(struct trap_frame *frame) {
    if ((frame->cause & CAUSE_INTERRUPT) == 0 && is_probe(frame->pc)) {
        frame->pc = frame->x[REGISTER_RA - 1];
        frame->x[REGISTER_A0 - 1] = frame->cause;
        return;
    }
    if (trap_hook != NULL && trap_hook(frame)) return;
    report("unexpected trap: scause 0x%lx, sepc 0x%lx, stval 0x%lx", frame->cause, frame->pc, frame->value);
    shut_down(1);
}
