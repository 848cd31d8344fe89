// What the architectural tests leave to the model: where a test ends, and where its signature lies.
#ifndef RVHV_MODEL_TEST_H
#define RVHV_MODEL_TEST_H

#define RVMODEL_BOOT

// An odd value in tohost ends the run; 1 is success.
#define RVMODEL_HALT                                                   \
    li t0, 1;                                                          \
    la t1, tohost;                                                     \
    sd t0, 0(t1);                                                      \
    fence;                                                             \
    j .;

#define RVMODEL_DATA_SECTION                                           \
    .pushsection .tohost, "aw", @progbits;                             \
    .balign 64; .global tohost; tohost: .dword 0;                      \
    .balign 64; .global fromhost; fromhost: .dword 0;                  \
    .popsection;

#define RVMODEL_DATA_BEGIN                                             \
    RVMODEL_DATA_SECTION                                               \
    .balign 16; .global begin_signature; begin_signature:

#define RVMODEL_DATA_END                                               \
    .balign 16; .global end_signature; end_signature:

#define RVMODEL_IO_INIT
#define RVMODEL_IO_WRITE_STR(register, string)
#define RVMODEL_IO_CHECK()
#define RVMODEL_IO_ASSERT_GPR_EQ(scratch, register, expected)
#define RVMODEL_IO_ASSERT_SFPR_EQ(scratch, register, expected)
#define RVMODEL_IO_ASSERT_DFPR_EQ(scratch, register, expected)

// The ACLINT's MSWI device.
#define RVMODEL_SET_MSW_INT                                            \
    li t1, 1;                                                          \
    li t2, 0x2000000;                                                  \
    sw t1, 0(t2);

#define RVMODEL_CLEAR_MSW_INT                                          \
    li t2, 0x2000000;                                                  \
    sw x0, 0(t2);

#define RVMODEL_CLEAR_MTIMER_INT
#define RVMODEL_CLEAR_MEXT_INT

#endif
