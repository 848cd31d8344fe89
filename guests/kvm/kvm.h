// What the VMM needs of Linux's KVM interface for RISC-V: numbers and layouts as Linux's documentation
// ("The Definitive KVM API Documentation") gives them.
#pragma once

#include <stdint.h>

enum { KVM_API_VERSION = 12 };

/// Requests of ioctl(2).
enum kvm_request : uint32_t {
    KVM_GET_API_VERSION = 0x0000ae00,
    KVM_CREATE_VM = 0x0000ae01,
    KVM_GET_VCPU_MMAP_SIZE = 0x0000ae04,
    KVM_CREATE_VCPU = 0x0000ae41,
    KVM_SET_USER_MEMORY_REGION = 0x4020ae46,
    KVM_RUN = 0x0000ae80,
    KVM_GET_ONE_REG = 0x4010aeab,
    KVM_SET_ONE_REG = 0x4010aeac,
};

struct kvm_memory_region {
    uint32_t slot;
    uint32_t flags;
    uint64_t guest_address;
    uint64_t size;
    uint64_t host_address;
};

struct kvm_one_register {
    uint64_t id;
    uint64_t address;
};

/// Registers of 64 bits by kind; a number below it picks the one.
enum kvm_register : uint64_t {
    KVM_REGISTER_CORE = 0x8030000002000000, // 0 pc, n xn, 32 mode
    KVM_REGISTER_CSR = 0x8030000003000000,
    KVM_REGISTER_TIMER = 0x8030000004000000,
    KVM_REGISTER_ISA_EXTENSION = 0x8030000007000000,
    KVM_REGISTER_SBI_EXTENSION = 0x8030000008000000,

    KVM_PC = KVM_REGISTER_CORE + 0,
    KVM_A0 = KVM_REGISTER_CORE + 10,
    KVM_A1 = KVM_REGISTER_CORE + 11,
    KVM_MODE = KVM_REGISTER_CORE + 32, // 0 user, 1 supervisor
    KVM_SSTATUS = KVM_REGISTER_CSR + 0,
    KVM_STVEC = KVM_REGISTER_CSR + 2,
    KVM_SEPC = KVM_REGISTER_CSR + 4,
    KVM_SCAUSE = KVM_REGISTER_CSR + 5,
    KVM_STVAL = KVM_REGISTER_CSR + 6,
    KVM_TIMER_FREQUENCY = KVM_REGISTER_TIMER + 0,
    KVM_HAS_SSTC = KVM_REGISTER_ISA_EXTENSION + 8,
    KVM_SBI_DBCN = KVM_REGISTER_SBI_EXTENSION + 9,
};
enum { KVM_CORE_REGISTERS = 32 };

enum kvm_exit {
    KVM_EXIT_MMIO = 6,
    KVM_EXIT_INTERRUPTED = 10,
    KVM_EXIT_SYSTEM_EVENT = 24,
    KVM_EXIT_RISCV_SBI = 35,
};
enum kvm_system_event { KVM_SYSTEM_EVENT_SHUTDOWN = 1, KVM_SYSTEM_EVENT_RESET = 2 };

/// The page that a virtual CPU shares with its VMM.
struct kvm_run {
    uint8_t request_interrupt_window;
    uint8_t immediate_exit;
    uint8_t unused1[6];
    uint32_t exit_reason;
    uint8_t unused2[20];
    union {
        struct {
            uint64_t address;
            uint8_t data[8];
            uint32_t length;
            uint8_t is_write;
        } mmio;
        struct {
            uint64_t extension;
            uint64_t function;
            uint64_t arguments[6];
            uint64_t result[2];
        } sbi;
        struct {
            uint32_t type;
            uint32_t count;
            uint64_t data[16];
        } event;
    };
};
_Static_assert(offsetof(struct kvm_run, mmio) == 32, "the layout is Linux's");
