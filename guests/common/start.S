# Entry, trap vector and probes. A guest is entered in S-mode with a0 = hart id, a1 = device tree,
# address translation off and interrupts off (SBI, "Hart State Management").

#include "layout.h"

    .section .text.start, "ax"
    .globl _start
_start:
    la      sp, boot_stack + STACK_SIZE
    la      t0, trap_vector
    csrw    stvec, t0
    li      t0, SSTATUS_FS_INITIAL
    csrs    sstatus, t0
    call    guest_start
1:  wfi
    j       1b

# Where HSM starts further harts: a1 is their struct hart_start (stack, function, argument).
    .globl secondary_start
secondary_start:
    ld      sp, 0(a1)
    la      t0, trap_vector
    csrw    stvec, t0
    li      t0, SSTATUS_FS_INITIAL
    csrs    sstatus, t0
    ld      t0, 8(a1)
    ld      a1, 16(a1)
    jalr    t0
1:  wfi
    j       1b

.macro registers op
    \op x1, 8(sp)
    \op x3, 24(sp)
    \op x4, 32(sp)
    \op x5, 40(sp)
    \op x6, 48(sp)
    \op x7, 56(sp)
    \op x8, 64(sp)
    \op x9, 72(sp)
    \op x10, 80(sp)
    \op x11, 88(sp)
    \op x12, 96(sp)
    \op x13, 104(sp)
    \op x14, 112(sp)
    \op x15, 120(sp)
    \op x16, 128(sp)
    \op x17, 136(sp)
    \op x18, 144(sp)
    \op x19, 152(sp)
    \op x20, 160(sp)
    \op x21, 168(sp)
    \op x22, 176(sp)
    \op x23, 184(sp)
    \op x24, 192(sp)
    \op x25, 200(sp)
    \op x26, 208(sp)
    \op x27, 216(sp)
    \op x28, 224(sp)
    \op x29, 232(sp)
    \op x30, 240(sp)
    \op x31, 248(sp)
.endm

# Traps come from S-mode and use the stack they interrupt.
    .balign 4
    .globl trap_vector
trap_vector:
    addi    sp, sp, -FRAME_SIZE
    registers sd
    addi    t0, sp, FRAME_SIZE
    sd      t0, 16(sp)
    csrr    t0, sepc
    csrr    t1, scause
    csrr    t2, stval
    sd      t0, 0(sp)
    sd      t1, 256(sp)
    sd      t2, 264(sp)
    mv      a0, sp
    call    handle_trap
    ld      t0, 0(sp)
    csrw    sepc, t0
    registers ld
    addi    sp, sp, FRAME_SIZE
    sret

# Probes: leaf functions that touch what may not be there. They return PROBE_OK (-1), or, when a trap
# comes from between the two labels, the trap handler returns for them with the cause in a0.
    .balign 4
    .globl probe_begin
probe_begin:

.macro probe_read name, op
    .globl \name
\name:
    \op     t0, 0(a0)
    sd      t0, 0(a1)
    li      a0, -1
    ret
.endm
    probe_read probe_load8, lbu
    probe_read probe_load16, lhu
    probe_read probe_load32, lwu
    probe_read probe_load64, ld

.macro probe_write name, op
    .globl \name
\name:
    \op     a1, 0(a0)
    li      a0, -1
    ret
.endm
    probe_write probe_store8, sb
    probe_write probe_store16, sh
    probe_write probe_store32, sw
    probe_write probe_store64, sd

    .globl probe_ebreak
probe_ebreak:
    .option push
    .option norvc
    ebreak
    .option pop
    li      a0, -1
    ret

    .globl probe_illegal
probe_illegal:
    .word   0xffffffff
    li      a0, -1
    ret

# probe_stimecmp(value): the supervisor timer comparison register, if there is one (Sstc).
    .globl probe_stimecmp
probe_stimecmp:
    csrw    0x14d, a0
    li      a0, -1
    ret

# probe_code(argument): runs the two instructions that the caller wrote to probe_slot.
    .globl probe_code
probe_code:
    j       probe_slot
    .globl probe_end
probe_end:

    .section .data, "aw"
    .balign 64
    .globl probe_slot
probe_slot:
    .word   0, 0, 0, 0
    .globl probe_slot_end
probe_slot_end:

    .section .bss, "aw", @nobits
    .balign 16
boot_stack:
    .skip   STACK_SIZE
