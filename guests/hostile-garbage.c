// Executes a page of garbage; what traps meets more garbage.
#include "guest.h"

const char guest_name[] = "hostile-garbage";

__attribute__((aligned(4096))) static uint64_t garbage[512];

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart, (void)device_tree;
    uint64_t seed = 0x6761726261676521;
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) garbage[i] = next_random(&seed);
    fence_code();
    report("executing garbage at 0x%lx", (uint64_t)garbage);
    csr_write(stvec, (uint64_t)&garbage[256]);
    ((void (*)(void))garbage)();
    report("came back");
    return 1;
}
