// What every guest of ours stands on: entry, reports on the console, traps and probes.
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csr.h"
#include "layout.h"
#include "memory.h"
#include "sbi.h"

/// Each guest defines its name and its work. What `guest_main` returns is the outcome: 0 shuts down
/// cleanly, anything else shuts down with the reason "system failure".
extern const char guest_name[];
int guest_main(uint64_t hart, const void *device_tree);

/// Prints one line, `<guest name>: ...`. Knows %s %c %d %u %x with l, a width and a leading 0, and %%.
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// The same without name and end of line.
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_write(const char *text, size_t length);
size_t format_text(char *buffer, size_t size, const char *format, va_list arguments);

[[noreturn]] void shut_down(int status);

/// Findings of `expect` that were wrong.
extern unsigned failures;
/// Reports what ought to hold and does not.
void expect(bool holds, const char *what);

// MARK: traps

struct trap_frame {
    uint64_t pc; // in the place of x0
    uint64_t x[31]; // x[n - 1] is register n
    uint64_t cause;
    uint64_t value;
    uint64_t unused[2];
};
_Static_assert(sizeof(struct trap_frame) == FRAME_SIZE, "start.S saves what this describes");

enum { REGISTER_RA = 1, REGISTER_SP = 2, REGISTER_A0 = 10 };

/// Called for every trap that no probe caused; false means "not mine" and ends the guest with a report.
extern bool (*trap_hook)(struct trap_frame *frame);

// MARK: probes: PROBE_OK, or the cause of the trap that came instead

#define PROBE_OK UINT64_MAX
uint64_t probe_load8(uint64_t address, uint64_t *value);
uint64_t probe_load16(uint64_t address, uint64_t *value);
uint64_t probe_load32(uint64_t address, uint64_t *value);
uint64_t probe_load64(uint64_t address, uint64_t *value);
uint64_t probe_store8(uint64_t address, uint64_t value);
uint64_t probe_store16(uint64_t address, uint64_t value);
uint64_t probe_store32(uint64_t address, uint64_t value);
uint64_t probe_store64(uint64_t address, uint64_t value);
uint64_t probe_ebreak(void);
uint64_t probe_illegal(void);
uint64_t probe_stimecmp(uint64_t when);
uint64_t probe_code(uint64_t argument);
extern uint32_t probe_slot[4];

// MARK: further harts

struct hart_start {
    uint64_t stack_top;
    void (*function)(uint64_t hart, uint64_t argument);
    uint64_t argument;
};
void secondary_start(void);

// MARK: small things

static inline uint64_t time_now(void) { return csr_read(time); }

/// A fixed sequence that looks random (xorshift64*): the same at every run.
static inline uint64_t next_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}
