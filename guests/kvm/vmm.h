// The parts of the VMM: the machine it makes, programs to load, exits of virtual CPUs to answer.
#pragma once

#include "linux.h"

#include "kvm.h"
#include "tree.h"

enum { MAXIMUM_HARTS = 8, UART_BASE = 0x10000000, UART_REGISTERS = 8, TREE_ROOM = 0x10000 };
#define RAM_BASE UINT64_C(0x80000000)

struct machine;

struct vcpu {
    struct machine *machine;
    int file;
    struct kvm_run *run;
};

struct machine {
    uint8_t *ram;
    uint64_t ram_size;
    unsigned hart_count;
    struct vcpu vcpus[MAXIMUM_HARTS];
};

/// Says what failed, and ends the VMM.
[[noreturn]] void fail(const char *what, long error);

/// `count` bytes of guest memory, or NULL when they are not all there.
static inline uint8_t *guest_memory(const struct machine *machine, uint64_t address, uint64_t count) {
    uint64_t offset = address - RAM_BASE;
    return offset <= machine->ram_size && count <= machine->ram_size - offset ? machine->ram + offset : NULL;
}

static inline uint64_t read_register(const struct vcpu *vcpu, uint64_t id) {
    uint64_t value = 0;
    struct kvm_one_register request = {id, (uint64_t)&value};
    long error = ioctl(vcpu->file, KVM_GET_ONE_REG, (uint64_t)&request);
    if (error < 0) fail("KVM_GET_ONE_REG", error);
    return value;
}
static inline void write_register(const struct vcpu *vcpu, uint64_t id, uint64_t value) {
    struct kvm_one_register request = {id, (uint64_t)&value};
    long error = ioctl(vcpu->file, KVM_SET_ONE_REG, (uint64_t)&request);
    if (error < 0) fail("KVM_SET_ONE_REG", error);
}

/// The program's entry.
uint64_t load_program(const struct machine *machine, const char *path);
/// Below the device tree; the range it takes.
void load_initrd(const struct machine *machine, const char *path, uint64_t *start, uint64_t *end);

/// Runs a virtual CPU for as long as there is one.
[[noreturn]] void run_vcpu(struct vcpu *vcpu);

/// Registers of the serial port, an 16550 without interrupt.
uint8_t uart_read(unsigned number);
void uart_write(unsigned number, uint8_t value);
