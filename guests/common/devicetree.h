// A reader for the flattened device tree a guest is given in a1.
#pragma once

#include "guest.h"

/// What our guests want to know of the machine.
struct machine {
    uint64_t ram_base;
    uint64_t ram_size;
    uint64_t timebase_frequency;
    unsigned hart_count;
    /// PLIC context of the first hart's S-mode: the first one wired to interrupt 9.
    unsigned plic_context;
    char isa[512];
    char model[48];
    /// What the machine was told to tell its kernel.
    char arguments[256];
};

/// False when there is no device tree at this address or it makes no sense.
bool read_device_tree(const void *device_tree, struct machine *machine);

/// The number behind `name` (such as "rounds=") among the arguments, or `otherwise`.
uint64_t argument_value(const struct machine *machine, const char *name, uint64_t otherwise);
