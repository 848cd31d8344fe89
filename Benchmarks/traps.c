// Traps that stay inside: system calls from U-mode to our own handler, exceptions taken and returned from. And those
// that leave: calls of SBI, and registers of a device.
#include "benchmark.h"
#include "devices.h"

enum { SYSTEM_CALLS = 2500000, EXCEPTIONS = 2000000, SBI_CALLS = 1500000, DEVICE_ACCESSES = 1500000 };

/// Runs in U-mode: a0 system calls that add up in a1, then one with a7 = 1, which ends it.
__attribute__((naked, aligned(4))) static void user_program(void) {
    asm volatile("li   a7, 0\n"
                 "1:   ecall\n"
                 "addi a0, a0, -1\n"
                 "bnez a0, 1b\n"
                 "li   a7, 1\n"
                 "ecall\n");
}

/// Takes the system calls. The kernel's sp waits in sscratch, its way back in the word there.
__attribute__((naked, aligned(4))) static void handle_system_call(void) {
    asm volatile("csrrw sp, sscratch, sp\n"
                 "sd   t0, -8(sp)\n"
                 "csrr t0, sepc\n"
                 "addi t0, t0, 4\n"
                 "csrw sepc, t0\n"
                 "bnez a7, 2f\n"
                 "add  a1, a1, a0\n"
                 "ld   t0, -8(sp)\n"
                 "csrrw sp, sscratch, sp\n"
                 "sret\n"
                 "2:   ld ra, 0(sp)\n"
                 "addi sp, sp, 16\n"
                 "mv   a0, a1\n"
                 "ret\n");
}

/// Enters U-mode at `program` with a0 = count; comes back, through the handler, with what was summed up.
__attribute__((naked, noinline)) static uint64_t run_user(uint64_t count, void (*program)(void)) {
    asm volatile("addi sp, sp, -16\n"
                 "sd   ra, 0(sp)\n"
                 "csrw sscratch, sp\n"
                 "csrw sepc, a1\n"
                 "li   t0, 0x100\n"
                 "csrc sstatus, t0\n"
                 "li   a1, 0\n"
                 "sret\n");
}

static uint64_t system_calls(void) {
    uint64_t vector = csr_read(stvec);
    csr_write(stvec, (uint64_t)handle_system_call);
    uint64_t sum = run_user(SYSTEM_CALLS, user_program);
    csr_write(stvec, vector);
    return sum;
}

static uint64_t exceptions(void) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < EXCEPTIONS; i++) sum += i % 2 == 0 ? probe_ebreak() : probe_illegal();
    return sum;
}

static uint64_t sbi_calls(void) {
    uint64_t answered = 0;
    for (unsigned i = 0; i < SBI_CALLS; i++) {
        struct sbi_result result = sbi_base(BASE_PROBE, SBI_HSM);
        answered += result.error == 0 && result.value != 0;
    }
    return answered;
}

/// Writes and reads the UART's scratch register.
static uint64_t device_accesses(void) {
    volatile uint8_t *scratch = (volatile uint8_t *)(UART_BASE + UART_SCRATCH);
    uint64_t sum = 0;
    for (unsigned i = 0; i < DEVICE_ACCESSES / 2; i++) {
        *scratch = (uint8_t)i;
        sum += *scratch;
    }
    return sum;
}

WORKLOADS({"syscalls", NULL, system_calls, 0x2d79896e4d0, SYSTEM_CALLS},
          {"exceptions", NULL, exceptions, 0x4c4b40, EXCEPTIONS},
          {"sbi", NULL, sbi_calls, SBI_CALLS, SBI_CALLS},
          {"mmio", NULL, device_accesses, 0x5b303a8, DEVICE_ACCESSES})
