// The exits of virtual CPUs.
#include "vmm.h"

#include "memory.h"
#include "testdevice.h"

enum { SBI_SUCCESS = 0, SBI_INVALID_PARAMETER = -3, SBI_NOT_SUPPORTED = -2 };
enum { SBI_LEGACY_PUTCHAR = 1, SBI_LEGACY_GETCHAR = 2, SBI_DBCN = 0x4442434e };
enum { DBCN_WRITE, DBCN_READ, DBCN_WRITE_BYTE };
enum { CAUSE_LOAD_ACCESS = 5, CAUSE_STORE_ACCESS = 7 };
enum : uint64_t { SSTATUS_SIE = 1 << 1, SSTATUS_SPIE = 1 << 5, SSTATUS_SPP = 1 << 8 };

static void console_call(const struct machine *machine, struct kvm_run *run) {
    uint64_t count = run->sbi.arguments[0];
    run->sbi.result[0] = SBI_SUCCESS;
    run->sbi.result[1] = 0;
    switch (run->sbi.function) {
    case DBCN_WRITE: {
        uint8_t *bytes = guest_memory(machine, run->sbi.arguments[1], count);
        if (bytes == NULL || run->sbi.arguments[2] != 0) {
            run->sbi.result[0] = (uint64_t)SBI_INVALID_PARAMETER;
            return;
        }
        write_bytes(STANDARD_OUTPUT, bytes, count);
        run->sbi.result[1] = count;
        return;
    }
    case DBCN_READ: return;
    case DBCN_WRITE_BYTE: {
        uint8_t byte = (uint8_t)run->sbi.arguments[0];
        write_bytes(STANDARD_OUTPUT, &byte, 1);
        return;
    }
    default: run->sbi.result[0] = (uint64_t)SBI_NOT_SUPPORTED;
    }
}

static void answer_sbi(const struct machine *machine, struct kvm_run *run) {
    switch (run->sbi.extension) {
    case SBI_DBCN: console_call(machine, run); return;
    case SBI_LEGACY_PUTCHAR: {
        uint8_t byte = (uint8_t)run->sbi.arguments[0];
        write_bytes(STANDARD_OUTPUT, &byte, 1);
        run->sbi.result[0] = SBI_SUCCESS;
        return;
    }
    case SBI_LEGACY_GETCHAR: run->sbi.result[0] = UINT64_MAX; return;
    default: run->sbi.result[0] = (uint64_t)SBI_NOT_SUPPORTED; run->sbi.result[1] = 0;
    }
}

/// Makes the guest take an access fault for an access to nothing, as hardware would. KVM has no request for
/// that: its own completion of the access is let happen first, and then undone.
static void raise_access_fault(struct vcpu *vcpu) {
    uint64_t registers[KVM_CORE_REGISTERS], address = vcpu->run->mmio.address;
    uint64_t cause = vcpu->run->mmio.is_write ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS;
    for (unsigned i = 0; i < KVM_CORE_REGISTERS; i++) registers[i] = read_register(vcpu, KVM_REGISTER_CORE + i);
    vcpu->run->immediate_exit = 1;
    ioctl(vcpu->file, KVM_RUN, 0);
    vcpu->run->immediate_exit = 0;
    for (unsigned i = 1; i < KVM_CORE_REGISTERS; i++) write_register(vcpu, KVM_REGISTER_CORE + i, registers[i]);

    uint64_t status = read_register(vcpu, KVM_SSTATUS), mode = read_register(vcpu, KVM_MODE);
    uint64_t entered = status & ~(SSTATUS_SIE | SSTATUS_SPIE | SSTATUS_SPP);
    if (status & SSTATUS_SIE) entered |= SSTATUS_SPIE;
    if (mode != 0) entered |= SSTATUS_SPP;
    write_register(vcpu, KVM_SSTATUS, entered);
    write_register(vcpu, KVM_SEPC, registers[0]);
    write_register(vcpu, KVM_SCAUSE, cause);
    // The guest's own address is not told: right as long as the guest runs untranslated.
    write_register(vcpu, KVM_STVAL, address);
    write_register(vcpu, KVM_PC, read_register(vcpu, KVM_STVEC) & ~UINT64_C(3));
    write_register(vcpu, KVM_MODE, 1);
}

static uint8_t test_device[TEST_DEVICE_SIZE];

static void answer_mmio(struct vcpu *vcpu) {
    struct kvm_run *run = vcpu->run;
    uint64_t number = run->mmio.address - UART_BASE, offset = run->mmio.address - TEST_DEVICE_BASE;
    if (offset < TEST_DEVICE_SIZE && run->mmio.length <= TEST_DEVICE_SIZE - offset) {
        if (run->mmio.is_write)
            memcpy(test_device + offset, run->mmio.data, run->mmio.length);
        else
            memcpy(run->mmio.data, test_device + offset, run->mmio.length);
        return;
    }
    if (number >= UART_REGISTERS || run->mmio.length != 1) {
        raise_access_fault(vcpu);
        return;
    }
    if (run->mmio.is_write)
        uart_write((unsigned)number, run->mmio.data[0]);
    else
        run->mmio.data[0] = uart_read((unsigned)number);
}

[[noreturn]] static void end_guest(const struct kvm_run *run) {
    if (run->event.type == KVM_SYSTEM_EVENT_RESET) fail("the guest asks for a reset", 0);
    // SRST's reset reason: 0 none, 1 system failure.
    exit_process(run->event.count > 0 && run->event.data[0] != 0 ? 1 : 0);
}

void run_vcpu(struct vcpu *vcpu) {
    for (;;) {
        long error = ioctl(vcpu->file, KVM_RUN, 0);
        if (error == ERROR_INTERRUPTED || error == ERROR_AGAIN) continue;
        if (error < 0) fail("KVM_RUN", error);
        switch (vcpu->run->exit_reason) {
        case KVM_EXIT_MMIO: answer_mmio(vcpu); break;
        case KVM_EXIT_RISCV_SBI: answer_sbi(vcpu->machine, vcpu->run); break;
        case KVM_EXIT_SYSTEM_EVENT: end_guest(vcpu->run);
        case KVM_EXIT_INTERRUPTED: break;
        default: fail("KVM_RUN ended for a reason that the VMM does not know", -(long)vcpu->run->exit_reason);
        }
    }
}
