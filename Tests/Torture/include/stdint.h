#pragma once
// The compiler's own: its stdint.h would look for a C library's first.
#include <stdint-gcc.h>
