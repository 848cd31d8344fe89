# Start of a test program: M-mode, one hart, a stack, the FPU on. `exit` reports through HTIF.

    .section .text.start, "ax"
    .globl _start
_start:
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    la      sp, __stack_top
    la      t0, trap
    csrw    mtvec, t0
    li      t0, 1 << 13             # mstatus.FS = Initial
    csrs    mstatus, t0
    csrw    fcsr, zero
    call    run_constructors
    li      a0, 0
    li      a1, 0
    call    main
    tail    exit

# A trap fails the test: 128 + mcause, beside which mepc and mtval say where.
    .balign 4
trap:
    csrr    a0, mcause
    andi    a0, a0, 63
    addi    a0, a0, 128
    tail    _exit

# The exit code in HTIF's form, again and again: the run ends when the host looks.
    .globl _exit
_exit:
    slli    a0, a0, 32
    srli    a0, a0, 31
    ori     a0, a0, 1
1:  la      t0, tohost
    sd      a0, 0(t0)
    j       1b

    .globl setjmp
setjmp:
    sd      ra, 0(a0)
    sd      sp, 8(a0)
    sd      s0, 16(a0)
    sd      s1, 24(a0)
    sd      s2, 32(a0)
    sd      s3, 40(a0)
    sd      s4, 48(a0)
    sd      s5, 56(a0)
    sd      s6, 64(a0)
    sd      s7, 72(a0)
    sd      s8, 80(a0)
    sd      s9, 88(a0)
    sd      s10, 96(a0)
    sd      s11, 104(a0)
    fsd     fs0, 112(a0)
    fsd     fs1, 120(a0)
    fsd     fs2, 128(a0)
    fsd     fs3, 136(a0)
    fsd     fs4, 144(a0)
    fsd     fs5, 152(a0)
    fsd     fs6, 160(a0)
    fsd     fs7, 168(a0)
    fsd     fs8, 176(a0)
    fsd     fs9, 184(a0)
    fsd     fs10, 192(a0)
    fsd     fs11, 200(a0)
    li      a0, 0
    ret

    .globl longjmp
longjmp:
    ld      ra, 0(a0)
    ld      sp, 8(a0)
    ld      s0, 16(a0)
    ld      s1, 24(a0)
    ld      s2, 32(a0)
    ld      s3, 40(a0)
    ld      s4, 48(a0)
    ld      s5, 56(a0)
    ld      s6, 64(a0)
    ld      s7, 72(a0)
    ld      s8, 80(a0)
    ld      s9, 88(a0)
    ld      s10, 96(a0)
    ld      s11, 104(a0)
    fld     fs0, 112(a0)
    fld     fs1, 120(a0)
    fld     fs2, 128(a0)
    fld     fs3, 136(a0)
    fld     fs4, 144(a0)
    fld     fs5, 152(a0)
    fld     fs6, 160(a0)
    fld     fs7, 168(a0)
    fld     fs8, 176(a0)
    fld     fs9, 184(a0)
    fld     fs10, 192(a0)
    fld     fs11, 200(a0)
    seqz    a0, a1
    add     a0, a0, a1              # longjmp(buffer, 0) returns 1
    ret

    .section .tohost, "aw", @progbits
    .balign 64
    .globl tohost
tohost:
    .dword  0
    .balign 64
    .globl fromhost
fromhost:
    .dword  0
