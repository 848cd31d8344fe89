// `left` and `right` run beside each other at the same addresses and look for each other's memory.
#include "isolation.h"

const char guest_name[] = "right";

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart;
    return prove_isolation(device_tree, &(struct neighbours){.own_pattern = 0x51de51de, .other_pattern = 0x1ef71ef7});
}
