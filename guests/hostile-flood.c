// Floods the console without end.
#include "guest.h"

const char guest_name[] = "hostile-flood";

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart, (void)device_tree;
    for (uint64_t line = 0;; line++) {
        report("flood, line %lu", line);
        for (unsigned i = 0; i < 64; i++) sbi_call(SBI_LEGACY_PUTCHAR, 0, i == 63 ? '\n' : '~', 0, 0, 0, 0);
    }
}
