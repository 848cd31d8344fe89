// The devices of the machine at their fixed addresses, register by register.
#pragma once

#include "guest.h"

enum device_address {
    FINISHER_BASE = 0x100000,
    RTC_BASE = 0x101000,
    PLIC_BASE = 0xc000000,
    UART_BASE = 0x10000000,
    VIRTIO_BASE = 0x10001000,
};
enum { VIRTIO_SLOTS = 8, VIRTIO_STRIDE = 0x1000, UART_INTERRUPT = 10, RTC_INTERRUPT = 11, VIRTIO_INTERRUPT = 1 };

enum uart_register { UART_DATA, UART_IER, UART_IIR, UART_LCR, UART_MCR, UART_LSR, UART_MSR, UART_SCRATCH };
enum { UART_IER_TRANSMIT_EMPTY = 2, UART_LCR_DLAB = 0x80, UART_LSR_DATA_READY = 1, UART_LSR_TRANSMIT_EMPTY = 0x20 };

enum rtc_register { RTC_TIME_LOW = 0, RTC_TIME_HIGH = 4 };

enum virtio_register {
    VIRTIO_MAGIC = 0x000,
    VIRTIO_VERSION = 0x004,
    VIRTIO_DEVICE_ID = 0x008,
    VIRTIO_VENDOR_ID = 0x00c,
    VIRTIO_DEVICE_FEATURES = 0x010,
    VIRTIO_DEVICE_FEATURES_SELECT = 0x014,
    VIRTIO_DRIVER_FEATURES = 0x020,
    VIRTIO_DRIVER_FEATURES_SELECT = 0x024,
    VIRTIO_QUEUE_SELECT = 0x030,
    VIRTIO_QUEUE_SIZE_MAX = 0x034,
    VIRTIO_QUEUE_SIZE = 0x038,
    VIRTIO_QUEUE_READY = 0x044,
    VIRTIO_QUEUE_NOTIFY = 0x050,
    VIRTIO_INTERRUPT_STATUS = 0x060,
    VIRTIO_INTERRUPT_ACK = 0x064,
    VIRTIO_STATUS = 0x070,
    VIRTIO_QUEUE_DESCRIPTORS = 0x080,
    VIRTIO_QUEUE_AVAILABLE = 0x090,
    VIRTIO_QUEUE_USED = 0x0a0,
    VIRTIO_CONFIG_GENERATION = 0x0fc,
    VIRTIO_CONFIG = 0x100,
};
enum virtio_status {
    VIRTIO_STATUS_ACKNOWLEDGE = 1,
    VIRTIO_STATUS_DRIVER = 2,
    VIRTIO_STATUS_DRIVER_OK = 4,
    VIRTIO_STATUS_FEATURES_OK = 8,
};
enum { VIRTIO_ID_CONSOLE = 3, VIRTIO_ID_ENTROPY = 4 };

static inline uint8_t read8(uint64_t address) { return *(volatile uint8_t *)address; }
static inline uint32_t read32(uint64_t address) { return *(volatile uint32_t *)address; }
static inline void write8(uint64_t address, uint8_t value) { *(volatile uint8_t *)address = value; }
static inline void write32(uint64_t address, uint32_t value) { *(volatile uint32_t *)address = value; }

static inline uint64_t plic_priority(unsigned source) { return PLIC_BASE + 4 * source; }
static inline uint64_t plic_pending(unsigned source) { return PLIC_BASE + 0x1000 + source / 32 * 4; }
static inline uint64_t plic_enable(unsigned context, unsigned source) {
    return PLIC_BASE + 0x2000 + 0x80 * context + source / 32 * 4;
}
static inline uint64_t plic_threshold(unsigned context) { return PLIC_BASE + 0x200000 + 0x1000 * context; }
static inline uint64_t plic_claim(unsigned context) { return plic_threshold(context) + 4; }

struct virtio_descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};
enum { DESCRIPTOR_NEXT = 1, DESCRIPTOR_WRITE = 2, DESCRIPTOR_INDIRECT = 4 };

enum { QUEUE_SIZE = 8 };
/// One split queue: descriptor table, available ring, used ring.
struct virtio_queue {
    struct virtio_descriptor descriptors[QUEUE_SIZE];
    struct {
        uint16_t flags;
        uint16_t index;
        uint16_t ring[QUEUE_SIZE];
        uint16_t used_event;
    } available;
    struct {
        uint16_t flags;
        volatile uint16_t index;
        struct {
            uint32_t id;
            uint32_t length;
        } ring[QUEUE_SIZE];
        uint16_t available_event;
    } used __attribute__((aligned(4)));
} __attribute__((aligned(16)));
