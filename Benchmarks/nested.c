// What a hypervisor does, as guest code in HS-mode: its guest in VS-mode, behind Sv39 over Sv39x4, calls it and reaches
// for a device. For `rvhv machine` and QEMU with OpenSBI. Guest and hypervisor are one program at the same addresses.
#include "benchmark.h"
#include "paging.h"

enum { CALLS = 500000, ACCESSES = 250000, VIRTUAL_CALL = 10, LOAD_GUEST_PAGE_FAULT = 21 };
#define HSTATUS_SPV UINT64_C(0x80)
static const uint64_t device = 0x10000000;

__attribute__((aligned(0x4000))) static uint64_t guest_stage[4 * PTES_PER_TABLE];

static void make_tables(void) {
    guest_stage[2] = UINT64_C(0x80000000) >> 12 << 10 | PTE_RWX | PTE_U;
    map_gigapage(0x80000000, 0x80000000, PTE_RWX);
    map_gigapage(0, 0, PTE_RW);
    csr_write(hgatp, SATP_SV39 | (uint64_t)guest_stage >> 12);
    csr_write(vsatp, SATP_SV39 | (uint64_t)root_table >> 12);
    csr_write(hedeleg, 0);
    csr_write(hideleg, 0);
    asm volatile(".option push\n.option arch, +h\n"
                 "hfence.gvma\n"
                 "hfence.vvma\n"
                 ".option pop" ::: "memory");
}

/// Goes on in VS-mode behind this.
static inline void enter_guest(void) {
    asm volatile("csrs hstatus, %0\n"
                 "csrs sstatus, %1\n"
                 "csrc sstatus, %2\n"
                 "la t0, 1f\n"
                 "csrw sepc, t0\n"
                 "sret\n"
                 "1:" ::"r"(HSTATUS_SPV), "r"(SSTATUS_SPP), "r"(SSTATUS_SPIE) : "t0", "memory");
}

/// From VS-mode: a call with a7 = 0 is answered with a0 + 1, one with a7 = 1 goes on in HS-mode.
static inline uint64_t call_hypervisor(uint64_t argument, uint64_t function) {
    register uint64_t a0 asm("a0") = argument;
    register uint64_t a7 asm("a7") = function;
    asm volatile("ecall" : "+r"(a0) : "r"(a7) : "memory");
    return a0;
}

// MARK: calls, by a handler as short as it can be

__attribute__((naked, aligned(4))) static void answer_call(void) {
    asm volatile("csrw sscratch, t0\n"
                 "csrr t0, scause\n"
                 "addi t0, t0, -10\n"
                 "1: bnez t0, 1b\n"
                 "csrr t0, sepc\n"
                 "addi t0, t0, 4\n"
                 "csrw sepc, t0\n"
                 "bnez a7, 2f\n"
                 "addi a0, a0, 1\n"
                 "csrr t0, sscratch\n"
                 "sret\n"
                 "2: li t0, 0x80\n"
                 "csrc hstatus, t0\n"
                 "csrr t0, sscratch\n"
                 "sret\n");
}

static uint64_t calls(void) {
    uint64_t vector = csr_read(stvec), answered = 0;
    csr_write(stvec, (uint64_t)answer_call);
    enter_guest();
    for (unsigned i = 0; i < CALLS; i++) answered = call_hypervisor(answered, 0);
    call_hypervisor(0, 1);
    csr_write(stvec, vector);
    return answered;
}

// MARK: a device, by a handler that saves all registers and reads htval and htinst

static uint64_t device_register;

static uint64_t fetch_half(uint64_t address) {
    uint64_t half;
    asm volatile(".option push\n.option arch, +h\nhlvx.hu %0, (%1)\n.option pop" : "=r"(half) : "r"(address));
    return half;
}

/// The transformed instruction; where the hart gives none, what it would be made from.
static uint64_t trapping_instruction(uint64_t pc) {
    uint64_t instruction = csr_read(htinst);
    return instruction != 0 ? instruction : fetch_half(pc) | fetch_half(pc + 2) << 16;
}

static bool emulate(struct trap_frame *frame) {
    if (frame->cause == VIRTUAL_CALL) {
        csr_clear(hstatus, HSTATUS_SPV);
        frame->pc += 4;
        return true;
    }
    uint64_t address = csr_read(htval) << 2 | (frame->value & 3);
    uint64_t instruction = trapping_instruction(frame->pc), target = instruction >> 7 & 31;
    // A transformed lw: bit 1 tells whether it was compressed. Here it is not, for a hart that transforms nothing.
    if (frame->cause != LOAD_GUEST_PAGE_FAULT || (address & ~UINT64_C(0xff)) != device ||
        (instruction & 0x707d) != 0x2001 || target == 0)
        return false;
    frame->x[target - 1] = ++device_register + (address & 0xff);
    frame->pc += (instruction & 2) != 0 ? 4 : 2;
    return true;
}

static uint64_t accesses(void) {
    uint64_t sum = 0;
    trap_hook = emulate;
    device_register = 0;
    enter_guest();
    for (unsigned i = 0; i < ACCESSES; i++) {
        uint64_t value;
        asm volatile(".option push\n.option norvc\nlw %0, 0(%1)\n.option pop"
                     : "=r"(value)
                     : "r"(device + 4 * (i & 7))
                     : "memory");
        sum += value;
    }
    call_hypervisor(0, 1);
    trap_hook = NULL;
    return sum;
}

WORKLOADS({"nested-ecall", make_tables, calls, CALLS, CALLS},
          {"nested-mmio", make_tables, accesses, 0x746dc78a8, ACCESSES})
