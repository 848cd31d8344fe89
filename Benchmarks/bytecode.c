// A program in byte code, run by a loop around a switch.
#include "benchmark.h"

enum operation { PUSH, LOAD, STORE, ADD, MULTIPLY, HALVE, IS_ODD, LESS, JUMP, JUMP_IF_ZERO, HALT };
enum variable { N, X, STEPS, LIMIT, VARIABLES };
enum { NUMBERS = 60000 };

/// Counts the steps in which 3x + 1 and x / 2 lead from each number below LIMIT to one.
static const uint8_t program[] = {
    /* 0 while N < LIMIT */ LOAD, N, LOAD, LIMIT, LESS, JUMP_IF_ZERO, 58,
    /* 7 X = N */ LOAD, N, STORE, X,
    /* 11 while 1 < X */ PUSH, 1, LOAD, X, LESS, JUMP_IF_ZERO, 49,
    /* 18 STEPS = STEPS + 1 */ LOAD, STEPS, PUSH, 1, ADD, STORE, STEPS,
    /* 25 if X is odd */ LOAD, X, IS_ODD, JUMP_IF_ZERO, 42,
    /* 30 X = 3X + 1 */ LOAD, X, PUSH, 3, MULTIPLY, PUSH, 1, ADD, STORE, X, JUMP, 11,
    /* 42 else X = X / 2 */ LOAD, X, HALVE, STORE, X, JUMP, 11,
    /* 49 N = N + 1 */ LOAD, N, PUSH, 1, ADD, STORE, N, JUMP, 0,
    /* 58 */ HALT,
};

static uint64_t interpret(const uint8_t *code, uint64_t *variables) {
    uint64_t stack[8], *top = stack;
    for (const uint8_t *at = code;;) {
        switch ((enum operation)*at++) {
        case PUSH: *top++ = *at++; break;
        case LOAD: *top++ = variables[*at++]; break;
        case STORE: variables[*at++] = *--top; break;
        case ADD: top--, top[-1] += top[0]; break;
        case MULTIPLY: top--, top[-1] *= top[0]; break;
        case HALVE: top[-1] >>= 1; break;
        case IS_ODD: top[-1] &= 1; break;
        case LESS: top--, top[-1] = top[-1] < top[0]; break;
        case JUMP: at = code + *at; break;
        case JUMP_IF_ZERO: at = *--top == 0 ? code + *at : at + 1; break;
        case HALT: return variables[STEPS];
        }
    }
}

static uint64_t bytecode(void) {
    uint64_t variables[VARIABLES] = {[N] = 1, [LIMIT] = NUMBERS}, steps = 0;
    for (uint64_t n = 1; n < NUMBERS; n++)
        for (uint64_t x = n; x > 1; x = x % 2 != 0 ? 3 * x + 1 : x / 2) steps++;
    return interpret(program, variables) == steps ? steps : 0;
}

WORKLOADS({"bytecode", NULL, bytecode, 0x5d9c84, 0})
