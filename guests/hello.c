// The smallest guest: one line, and a clean end.
#include "guest.h"

const char guest_name[] = "hello";

int guest_main(uint64_t hart, const void *device_tree) {
    report("hello from hart %lu, device tree at 0x%lx", hart, (uint64_t)device_tree);
    return 0;
}
