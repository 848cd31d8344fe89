// Calls and returns: plain and mutual recursion, and calls through pointers to functions.
#include "benchmark.h"

#define NOINLINE __attribute__((noinline))

NOINLINE static uint64_t fibonacci(uint64_t n) {
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

NOINLINE static int64_t takeuchi(int64_t x, int64_t y, int64_t z) {
    return y >= x ? z : takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

struct machine_state {
    uint64_t accumulator, counter;
};
typedef void (*operation)(struct machine_state *state, uint64_t operand);

NOINLINE static void add(struct machine_state *state, uint64_t operand) { state->accumulator += operand; }
NOINLINE static void exclusive(struct machine_state *state, uint64_t operand) { state->accumulator ^= operand << 3; }
NOINLINE static void rotate(struct machine_state *state, uint64_t operand) {
    state->accumulator = state->accumulator << 11 | state->accumulator >> 53;
    state->counter += operand;
}
NOINLINE static void twice(struct machine_state *state, uint64_t operand) {
    add(state, operand);
    exclusive(state, operand);
}

static const operation operations[] = {add, exclusive, rotate, twice};

static uint64_t interpret(uint64_t steps) {
    struct machine_state state = {1, 0};
    uint64_t program = 0x1b1b2d8e4c7a93f6;
    for (uint64_t i = 0; i < steps; i++) {
        operations[program & 3](&state, i);
        program = program >> 2 | program << 62;
    }
    return state.accumulator ^ state.counter;
}

static uint64_t calls(void) {
    uint64_t checksum = mix(0, fibonacci(37));
    checksum = mix(checksum, (uint64_t)takeuchi(21, 14, 6));
    return mix(checksum, interpret(16000000));
}

WORKLOADS({"calls", NULL, calls, 0xac3ed7ff9dbea671, 0})
