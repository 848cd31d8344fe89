# The entry of a Linux program without a C library, and threads.

    .section .text.start, "ax"
    .globl _start
_start:
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    ld      a0, 0(sp)
    addi    a1, sp, 8
    andi    sp, sp, -16
    call    vmm_main
    li      a7, 94
    ecall

# start_thread(stack_top, function, argument)
    .globl start_thread
start_thread:
    mv      t1, a1
    mv      t2, a2
    mv      a1, a0
    # CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM
    li      a0, 0x50f00
    li      a2, 0
    li      a3, 0
    li      a4, 0
    li      a7, 220
    ecall
    bnez    a0, 1f
    # The kernel keeps the caller's t1 and t2 in the new thread.
    mv      a0, t2
    jalr    t1
    unimp
1:  ret
