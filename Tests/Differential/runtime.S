# What runs the random cases of a program: sets up each case's state, enters it, logs its traps, stores its result.
# Both machines run these same instructions; Layout.swift has the same numbers.

    .equ CODE,         0x80008000       # the cases' instructions, read-only for M-mode too
    .equ SUPERVISOR,   0x80004000       # stvec: a trap to HS is an ecall to M at once
    .equ VIRTUAL,      0x80005000       # vstvec, likewise
    .equ CASES,        0x80080000
    .equ RESULTS,      0x800a0000
    .equ LOGS,         0x800c0000
    .equ FINISHER,     0x00100000
    .equ TIMER,        0x02004000       # mtimecmp of hart 0
    .equ TRAPS,        20               # traps of one case that are logged; the last ends it
    .equ SLOTS,        0x100            # bytes of the tables that vectored traps enter by
    .equ RETURN,       0x200            # from stvec or vstvec to its sret

    # A case, and a result: a kilobyte each.
    .equ ENTRY, 0
    .equ STATUS, 8
    .equ SATP, 16
    .equ VSATP, 24
    .equ HGATP, 32
    .equ MEDELEG, 40
    .equ HEDELEG, 48
    .equ MIDELEG, 56
    .equ HIDELEG, 64
    .equ HSTATUS, 72
    .equ VSSTATUS, 80
    .equ FCSR, 88
    .equ MTVEC, 96
    .equ STVEC, 104
    .equ VSTVEC, 112
    .equ COUNT, 120                     # of cases; in the first one only
    .equ X, 256
    .equ F, 512
    .equ RECORD, 192                    # bytes of a logged trap

    .macro each op, base, offset
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    \op x\n, (\offset + 8 * \n)(\base)
    .endr
    .endm

    .macro each_float op, base, offset
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op f\n, (\offset + 8 * \n)(\base)
    .endr
    .endm

    .macro log csr, index
    csrr    t0, \csr
    sd      t0, (8 * \index)(s0)
    .endm

    .section .text
    .globl _start
_start:
    li      t0, TIMER
    li      t1, -1
    sd      t1, 0(t0)
    # Locked, so that they hold in M-mode too: the instructions, 128 KiB, cannot be written; then comes the finisher; at
    # the end all other addresses than these and the two gigabytes that begin with the memory. The cases and what is
    # kept of them are M-mode's alone.
    .macro region index, base, size
    li      t0, (\base >> 2) | (\size / 8 - 1)
    csrw    pmpaddr\index, t0
    .endm
    region  0, 0x80000000, 0x20000
    region  1, FINISHER, 8
    region  2, 0x80080000, 0x80000
    region  3, 0x80100000, 0x100000
    region  4, 0x80000000, 0x80000000
    li      t0, -1
    csrw    pmpaddr5, t0
    li      t0, 0x989f18189b9d
    csrw    pmpcfg0, t0
    # PBMTE and ADUE
    li      t0, 3 << 61
    csrw    0x30a, t0
    csrw    0x60a, t0
    csrw    mcounteren, zero
    la      s0, state
    sd      zero, 0(s0)

next_case:
    la      s0, state
    ld      s1, 0(s0)                   # its number
    li      s2, CASES
    ld      t0, COUNT(s2)
    bgeu    s1, t0, finish
    slli    t0, s1, 10
    add     s2, s2, t0
    sd      zero, 8(s0)                 # traps so far

    csrw    mie, zero
    csrw    mip, zero
    csrw    0x645, zero                 # hvip
    csrw    mcause, zero
    csrw    mtval, zero
    csrw    0x34b, zero                 # mtval2
    csrw    0x34a, zero                 # mtinst
    csrw    mscratch, zero
    csrw    sepc, zero
    csrw    scause, zero
    csrw    stval, zero
    csrw    sscratch, zero
    csrw    scounteren, zero
    csrw    0x10a, zero                 # senvcfg
    csrw    0x606, zero                 # hcounteren
    csrw    0x607, zero                 # hgeie
    csrw    0x643, zero                 # htval
    csrw    0x64a, zero                 # htinst
    csrw    0x240, zero                 # vsscratch
    csrw    0x241, zero                 # vsepc
    csrw    0x242, zero                 # vscause
    csrw    0x243, zero                 # vstval
    .macro set csr, offset
    ld      t0, \offset(s2)
    csrw    \csr, t0
    .endm
    set     mtvec, MTVEC
    set     stvec, STVEC
    set     0x205, VSTVEC
    set     medeleg, MEDELEG
    set     mideleg, MIDELEG
    set     0x602, HEDELEG
    set     0x603, HIDELEG
    set     0x600, HSTATUS
    set     0x200, VSSTATUS
    set     satp, SATP
    set     0x280, VSATP
    set     0x680, HGATP
    sfence.vma
    .word   0x22000073                  # hfence.vvma
    .word   0x62000073                  # hfence.gvma
    fence.i
    li      t0, 3 << 13
    csrs    mstatus, t0
    each_float fld, s2, F
    set     fcsr, FCSR
    set     mstatus, STATUS
    set     mepc, ENTRY
    mv      x31, s2
    each    ld, x31, X
    ld      x31, (X + 8 * 31)(x31)
    mret

finish:
    li      t0, FINISHER
    li      t1, 0x5555
    sw      t1, 0(t0)
    csrw    mie, zero
    wfi
    j       . - 4

trap:
    # MPRV may be set: no access to memory before it is cleared.
    csrw    mscratch, x31
    lui     x31, 0x20
    csrc    mstatus, x31
    la      x31, saved
    each    sd, x31, 0
    csrr    t0, mscratch
    sd      t0, 248(x31)

    la      s1, state
    ld      s2, 0(s1)                   # case
    ld      s3, 8(s1)                   # trap
    li      s0, LOGS
    slli    t0, s2, 12
    add     s0, s0, t0
    li      t0, RECORD
    mul     t0, t0, s3
    add     s0, s0, t0
    addi    s3, s3, 1
    sd      s3, 8(s1)

    # Which handler it really went to: s6 is 0 for M, 1 for HS, 2 for VS; s7 where that one began.
    csrr    s4, mcause
    csrr    s5, mepc
    andi    s7, s5, ~(SLOTS - 1)
    li      s6, 0
    li      t0, 9
    bne     s4, t0, 1f
    li      t0, SUPERVISOR
    bne     s7, t0, 2f
    li      s6, 1
    csrr    s4, scause
    csrr    s5, sepc
    j       2f
1:  li      t0, 10
    bne     s4, t0, 2f
    li      t0, VIRTUAL
    bne     s7, t0, 2f
    li      s6, 2
    csrr    s4, 0x242
    csrr    s5, 0x241
    # QEMU 7.2 says 1 for 2 here; the real 1 is never delegated.
    li      t0, 1
    bne     s4, t0, 2f
    li      s4, 2
2:
    sd      s6, 0(s0)
    log     mcause, 1
    log     mepc, 2
    log     mtval, 3
    log     mstatus, 4
    log     0x34b, 5                    # mtval2
    log     0x34a, 6                    # mtinst
    log     scause, 7
    log     sepc, 8
    log     stval, 9
    log     sstatus, 10
    log     0x600, 11                   # hstatus
    log     0x643, 12                   # htval
    log     0x64a, 13                   # htinst
    log     0x242, 14                   # vscause
    log     0x241, 15                   # vsepc
    log     0x243, 16                   # vstval
    log     0x200, 17                   # vsstatus

    bltz    s4, interrupt
    li      t0, TRAPS
    bgeu    s3, t0, end_case
    # Fetches that fail and breakpoints end a case; everything else goes on behind the instruction.
    li      t0, 1 << 0 | 1 << 1 | 1 << 3 | 1 << 12 | 1 << 20
    srl     t0, t0, s4
    andi    t0, t0, 1
    bnez    t0, end_case
    # All mappings of an instruction agree in these bits of its address.
    li      t0, 0x1fffff
    and     t0, t0, s5
    li      t1, 0x80000000
    or      t0, t0, t1
    lhu     t1, 0(t0)
    lhu     t2, 2(t0)
    # An LR is skipped with the two instructions behind it, the last of which is its SC.
    andi    t0, t1, 0x7f
    addi    t0, t0, -0x2f
    srli    t2, t2, 11
    addi    t2, t2, -2
    or      t0, t0, t2
    bnez    t0, 6f
    addi    s5, s5, 8
6:  andi    t0, t1, 3
    addi    s5, s5, 2
    li      t1, 3
    bne     t0, t1, resume
    addi    s5, s5, 2
    j       resume

interrupt:
    csrw    mie, zero
    csrw    mip, zero
    csrw    0x645, zero                 # hvip

resume:
    beqz    s6, 3f
    li      t0, 1
    beq     s6, t0, 4f
    csrw    0x241, s5
    li      s5, VIRTUAL + RETURN
    j       3f
4:  csrw    sepc, s5
    li      s5, SUPERVISOR + RETURN
3:  csrw    mepc, s5
    la      x31, saved
    each    ld, x31, 0
    ld      x31, 248(x31)
    mret

end_case:
    li      s0, RESULTS
    slli    t0, s2, 10
    add     s0, s0, t0
    sd      s3, ENTRY(s0)               # traps
    csrr    t0, mstatus
    sd      t0, STATUS(s0)
    li      t1, 3 << 13
    csrs    mstatus, t1
    .macro keep csr, offset
    csrr    t0, \csr
    sd      t0, \offset(s0)
    .endm
    keep    satp, SATP
    keep    0x280, VSATP
    keep    0x680, HGATP
    keep    medeleg, MEDELEG
    keep    0x602, HEDELEG
    keep    mideleg, MIDELEG
    keep    0x603, HIDELEG
    keep    0x600, HSTATUS
    keep    0x200, VSSTATUS
    keep    fcsr, FCSR
    keep    mtvec, MTVEC
    keep    stvec, STVEC
    keep    0x205, VSTVEC
    keep    mie, 120
    keep    mip, 128
    keep    sscratch, 136
    keep    0x240, 144                  # vsscratch
    keep    mscratch, 152
    keep    scounteren, 160
    keep    mcounteren, 168
    keep    0x606, 176                  # hcounteren
    keep    0x645, 184                  # hvip
    keep    0x607, 192                  # hgeie
    csrw    mcounteren, zero
    # The registers, as the trap found them.
    la      s5, saved
    addi    s6, s0, X
    li      t0, 32
5:  ld      t1, 0(s5)
    sd      t1, 0(s6)
    addi    s5, s5, 8
    addi    s6, s6, 8
    addi    t0, t0, -1
    bnez    t0, 5b
    each_float fsd, s0, F
    addi    s2, s2, 1
    sd      s2, 0(s1)
    # M-mode without translation for what comes.
    li      t0, 3 << 11
    csrs    mstatus, t0
    j       next_case

    .section .vectors, "ax"
    .option norvc
    .rept SLOTS / 4
    j       trap
    .endr

    .section .supervisor, "ax"
    .rept SLOTS / 4
    ecall
    .endr
    .skip RETURN - SLOTS
    sret

    .section .virtual, "ax"
    .rept SLOTS / 4
    ecall
    .endr
    .skip RETURN - SLOTS
    sret

    .section .bss, "aw", @nobits
    .balign 8
saved:  .skip 256
state:  .skip 64
