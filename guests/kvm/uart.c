// A serial port of the 16550 kind, as far as a driver that polls needs it. Only one virtual CPU at a time
// holds the driver's lock, so that there is none here.
#include "vmm.h"

enum { DATA, INTERRUPT_ENABLE, INTERRUPT_ID, LINE_CONTROL, MODEM_CONTROL, LINE_STATUS, MODEM_STATUS, SCRATCH };
enum { ENABLE_RECEIVE = 1, ENABLE_TRANSMIT = 2, DIVISOR_LATCH = 0x80 };
enum { NOTHING_PENDING = 1, TRANSMIT_PENDING = 2, RECEIVE_PENDING = 4, FIFO_ENABLED = 0xc0 };
enum { DATA_READY = 1, TRANSMIT_EMPTY = 0x60 };

static uint8_t registers[UART_REGISTERS];
static bool has_input;
static uint8_t input;

/// Takes a byte from standard input, if there is one.
static void look_for_input(void) {
    struct {
        int file;
        int16_t events;
        int16_t happened;
    } poll = {STANDARD_INPUT, 1, 0};
    uint64_t no_time[2] = {0, 0};
    if (has_input || system_call(SYS_ppoll, (uint64_t)&poll, 1, (uint64_t)no_time, 0, 0, 0) <= 0) return;
    has_input = system_call(SYS_read, STANDARD_INPUT, (uint64_t)&input, 1, 0, 0, 0) == 1;
}

static uint8_t interrupt_id(void) {
    look_for_input();
    if (has_input && registers[INTERRUPT_ENABLE] & ENABLE_RECEIVE) return FIFO_ENABLED | RECEIVE_PENDING;
    if (registers[INTERRUPT_ENABLE] & ENABLE_TRANSMIT) return FIFO_ENABLED | TRANSMIT_PENDING;
    return FIFO_ENABLED | NOTHING_PENDING;
}

uint8_t uart_read(unsigned number) {
    bool is_latched = registers[LINE_CONTROL] & DIVISOR_LATCH;
    switch (number) {
    case DATA:
        if (is_latched) return 1;
        has_input = false;
        return input;
    case INTERRUPT_ENABLE: return is_latched ? 0 : registers[number];
    case INTERRUPT_ID: return interrupt_id();
    case LINE_STATUS: return TRANSMIT_EMPTY | (has_input ? DATA_READY : 0);
    case MODEM_STATUS: return 0xb0;
    default: return registers[number];
    }
}

void uart_write(unsigned number, uint8_t value) {
    bool is_latched = registers[LINE_CONTROL] & DIVISOR_LATCH;
    if (is_latched && number <= INTERRUPT_ENABLE) return;
    if (number == DATA)
        write_bytes(STANDARD_OUTPUT, &value, 1);
    else
        registers[number] = value;
}
