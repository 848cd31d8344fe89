# The kernel's boot image and its initial file system, byte for byte; linux.ld places them.
    .section .kernel, "awx"
    .globl _start
_start:
    .incbin "Image"

    .section .initrd, "a"
    .incbin "initramfs.cpio"
