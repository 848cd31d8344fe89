// The flattened device tree that the VMM's guest is given.
#pragma once

#include "linux.h"

struct guest_description {
    uint64_t ram_base;
    uint64_t ram_size;
    uint64_t uart_base;
    uint64_t timebase_frequency;
    unsigned hart_count;
    bool has_sstc;
    const char *boot_arguments;
    uint64_t initrd_start;
    uint64_t initrd_end;
};

/// The tree's size, or 0 when it does not fit into `size` bytes.
size_t write_device_tree(const struct guest_description *guest, uint8_t *tree, size_t size);
