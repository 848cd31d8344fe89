// What start.S and the C code agree on.
#pragma once

#define STACK_SIZE 0x4000
#define FRAME_SIZE 288
#define SSTATUS_FS_INITIAL 0x2000
