// Traps into a handler that traps: an endless loop without a single instruction retired.
#include "guest.h"

const char guest_name[] = "hostile-traploop";

__attribute__((aligned(4), naked)) static void handler(void) {
    asm volatile(".option push\n.option norvc\n.word 0\n.option pop");
}

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart, (void)device_tree;
    report("looping on traps");
    csr_write(stvec, (uint64_t)handler);
    asm volatile("ebreak");
    report("came back");
    return 1;
}
