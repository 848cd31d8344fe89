// Calls to the supervisor execution environment (SBI): extension in a7, function in a6,
// an error and a value back.
#pragma once

#include <stdint.h>

enum sbi_extension {
    SBI_LEGACY_SET_TIMER = 0,
    SBI_LEGACY_PUTCHAR = 1,
    SBI_LEGACY_GETCHAR = 2,
    SBI_LEGACY_SHUTDOWN = 8,
    SBI_BASE = 0x10,
    SBI_TIME = 0x54494d45,
    SBI_IPI = 0x735049,
    SBI_RFENCE = 0x52464e43,
    SBI_HSM = 0x48534d,
    SBI_SRST = 0x53525354,
    SBI_DBCN = 0x4442434e,
};

enum sbi_base_function { BASE_SPEC_VERSION, BASE_IMPL_ID, BASE_IMPL_VERSION, BASE_PROBE };
enum sbi_hsm_function { HSM_START, HSM_STOP, HSM_STATUS, HSM_SUSPEND };
enum sbi_hart_state { HART_STARTED, HART_STOPPED, HART_START_PENDING, HART_STOP_PENDING, HART_SUSPENDED };
enum sbi_rfence_function { RFENCE_FENCE_I, RFENCE_SFENCE_VMA, RFENCE_SFENCE_VMA_ASID };
enum sbi_dbcn_function { DBCN_WRITE, DBCN_READ, DBCN_WRITE_BYTE };

struct sbi_result {
    long error;
    long value;
};

static inline struct sbi_result sbi_call(long extension, long function, uint64_t arg0, uint64_t arg1, uint64_t arg2,
                                         uint64_t arg3, uint64_t arg4) {
    register uint64_t a0 asm("a0") = arg0;
    register uint64_t a1 asm("a1") = arg1;
    register uint64_t a2 asm("a2") = arg2;
    register uint64_t a3 asm("a3") = arg3;
    register uint64_t a4 asm("a4") = arg4;
    register long a6 asm("a6") = function;
    register long a7 asm("a7") = extension;
    asm volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
    return (struct sbi_result){(long)a0, (long)a1};
}

static inline struct sbi_result sbi_base(enum sbi_base_function function, uint64_t argument) {
    return sbi_call(SBI_BASE, function, argument, 0, 0, 0, 0);
}

static inline int sbi_has(enum sbi_extension extension) { return sbi_base(BASE_PROBE, (uint64_t)extension).value != 0; }

static inline void sbi_set_timer(uint64_t when) {
    if (sbi_call(SBI_TIME, 0, when, 0, 0, 0, 0).error != 0) sbi_call(SBI_LEGACY_SET_TIMER, 0, when, 0, 0, 0, 0);
}

static inline struct sbi_result sbi_send_ipi(uint64_t mask, uint64_t base) {
    return sbi_call(SBI_IPI, 0, mask, base, 0, 0, 0);
}

static inline struct sbi_result sbi_hsm(enum sbi_hsm_function function, uint64_t arg0, uint64_t arg1, uint64_t arg2) {
    return sbi_call(SBI_HSM, function, arg0, arg1, arg2, 0, 0);
}
