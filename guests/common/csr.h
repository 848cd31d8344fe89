// Control and status registers of S-mode, by the names of the privileged manual.
#pragma once

#include <stdint.h>

#define csr_read(name)                                     \
    ({                                                     \
        uint64_t value_;                                   \
        asm volatile("csrr %0, " #name : "=r"(value_)::"memory"); \
        value_;                                            \
    })
#define csr_write(name, value) asm volatile("csrw " #name ", %0" ::"r"((uint64_t)(value)) : "memory")
#define csr_set(name, value) asm volatile("csrs " #name ", %0" ::"r"((uint64_t)(value)) : "memory")
#define csr_clear(name, value) asm volatile("csrc " #name ", %0" ::"r"((uint64_t)(value)) : "memory")

#define SSTATUS_SIE (UINT64_C(1) << 1)
#define SSTATUS_SPIE (UINT64_C(1) << 5)
#define SSTATUS_SPP (UINT64_C(1) << 8)
#define SSTATUS_SUM (UINT64_C(1) << 18)
#define SIE_SOFTWARE (UINT64_C(1) << 1)
#define SIE_TIMER (UINT64_C(1) << 5)
#define SIE_EXTERNAL (UINT64_C(1) << 9)
#define SATP_SV39 (UINT64_C(8) << 60)

enum cause {
    CAUSE_FETCH_MISALIGNED = 0,
    CAUSE_FETCH_ACCESS = 1,
    CAUSE_ILLEGAL = 2,
    CAUSE_BREAKPOINT = 3,
    CAUSE_LOAD_MISALIGNED = 4,
    CAUSE_LOAD_ACCESS = 5,
    CAUSE_STORE_MISALIGNED = 6,
    CAUSE_STORE_ACCESS = 7,
    CAUSE_ECALL_FROM_U = 8,
    CAUSE_FETCH_PAGE = 12,
    CAUSE_LOAD_PAGE = 13,
    CAUSE_STORE_PAGE = 15,
};
#define CAUSE_INTERRUPT (UINT64_C(1) << 63)
#define CAUSE_SOFTWARE_INTERRUPT (CAUSE_INTERRUPT | 1)
#define CAUSE_TIMER_INTERRUPT (CAUSE_INTERRUPT | 5)
#define CAUSE_EXTERNAL_INTERRUPT (CAUSE_INTERRUPT | 9)

static inline void wait_for_interrupt(void) { asm volatile("wfi" ::: "memory"); }
static inline void fence_code(void) { asm volatile("fence.i" ::: "memory"); }
static inline void fence_translations(void) { asm volatile("sfence.vma" ::: "memory"); }
