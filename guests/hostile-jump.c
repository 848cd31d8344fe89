// Jumps into nowhere, with a trap handler that is nowhere either.
#include "guest.h"

const char guest_name[] = "hostile-jump";

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart, (void)device_tree;
    const uint64_t nowhere = 0xdead0000dead0000;
    report("jumping to 0x%lx", nowhere);
    csr_write(stvec, 0);
    ((void (*)(void))nowhere)();
    report("came back");
    return 1;
}
