// A device of the VMM for its guest's tests: eight bytes that keep what is written, at any width.
#pragma once

#define TEST_DEVICE_BASE 0x10001000
#define TEST_DEVICE_SIZE 8
