// Accesses the devices at random places and widths, and programs virtio queues with nonsense. Only the
// registers that would end the run or fill the screen are spared.
#include "devices.h"

const char guest_name[] = "hostile-mmio";

enum { ACCESSES = 100000, QUEUE_PROGRAMS = 2000, ARENA_SIZE = 1 << 16 };

static uint64_t seed = 0x6d6d696f5f626164;
__attribute__((aligned(4096))) static uint8_t arena[ARENA_SIZE];

static uint64_t any(void) { return next_random(&seed); }

static const struct {
    uint64_t base, size;
} devices[] = {
    {UART_BASE, 0x100}, {RTC_BASE, 0x1000}, {PLIC_BASE, 0x4000}, {PLIC_BASE + 0x200000, 0x10000},
    {VIRTIO_BASE, VIRTIO_SLOTS * VIRTIO_STRIDE}, {PLIC_BASE, 0x600000},
};

/// The transmit register prints; the others of the UART may be had.
static bool spared(uint64_t address, uint64_t width) {
    return address < UART_BASE + 1 && address + width > UART_BASE;
}

static uint64_t access_at(uint64_t address, unsigned kind, uint64_t value) {
    uint64_t loaded;
    switch (kind) {
    case 0: return probe_load8(address, &loaded);
    case 1: return probe_load16(address, &loaded);
    case 2: return probe_load32(address, &loaded);
    case 3: return probe_load64(address, &loaded);
    case 4: return probe_store8(address, value);
    case 5: return probe_store16(address, value);
    case 6: return probe_store32(address, value);
    default: return probe_store64(address, value);
    }
}

static void access_everything(void) {
    uint64_t answered = 0, refused = 0;
    for (unsigned i = 0; i < ACCESSES; i++) {
        size_t device = any() % (sizeof devices / sizeof *devices);
        unsigned kind = any() % 8;
        uint64_t address = devices[device].base + any() % devices[device].size;
        if (any() % 4 != 0) address &= ~7ul; // often aligned, often not
        if (spared(address, 1u << kind % 4)) address += 8;
        if (access_at(address, kind, any() >> (any() % 64)) == PROBE_OK)
            answered++;
        else
            refused++;
    }
    report("%u random accesses: %lu answered, %lu refused", ACCESSES, answered, refused);
}

/// In our arena, or where no memory is: what a device may write to never holds this code.
static uint64_t pick_address(void) {
    switch (any() % 8) {
    case 0: return any() | 1ul << 57;
    case 1: return ~0ul - any() % 64;
    case 2: return any() % 0x1000;
    default: return (uint64_t)arena + any() % ARENA_SIZE;
    }
}

static void fill_arena(void) {
    struct virtio_descriptor *descriptors = (struct virtio_descriptor *)arena;
    for (size_t i = 0; i < ARENA_SIZE / sizeof *descriptors; i++) {
        uint64_t address = pick_address();
        uint64_t room = (uint64_t)arena + ARENA_SIZE - address;
        uint32_t length = (uint32_t)(any() >> (any() % 64));
        if (room <= ARENA_SIZE && any() % 2 == 0) length %= (uint32_t)room + 1;
        // Lengths that run out of the arena must not end in memory of ours.
        if (room <= ARENA_SIZE && length > room) length = 0xffffffff - (uint32_t)(any() % 16);
        descriptors[i] = (struct virtio_descriptor){address, length, (uint16_t)(any() % 8), (uint16_t)(any() % 64)};
    }
}

static void write_address(uint64_t address, uint64_t value) {
    write32(address, (uint32_t)value);
    write32(address + 4, (uint32_t)(value >> 32));
}

static void program_queues(unsigned slot) {
    uint64_t base = VIRTIO_BASE + slot * VIRTIO_STRIDE;
    // A slot without a device may be a hole.
    uint64_t device;
    if (probe_load32(base + VIRTIO_DEVICE_ID, &device) != PROBE_OK) return;
    if (device == 0 || read32(base + VIRTIO_VERSION) != 2) return;
    // The console's transmit queue prints what it is given, so its nonsense goes to queue 0 alone.
    unsigned queues = device == VIRTIO_ID_CONSOLE ? 1 : 4;
    for (unsigned i = 0; i < QUEUE_PROGRAMS; i++) {
        if (i % 64 == 0) fill_arena();
        write32(base + VIRTIO_STATUS, any() % 4 == 0 ? (uint32_t)any() & 0xff : 0);
        write32(base + VIRTIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
        write32(base + VIRTIO_DRIVER_FEATURES_SELECT, 1);
        write32(base + VIRTIO_DRIVER_FEATURES, 1);
        write32(base + VIRTIO_STATUS,
                VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK);
        write32(base + VIRTIO_QUEUE_SELECT, any() % 8 == 0 ? (uint32_t)any() : (uint32_t)(any() % queues));
        write32(base + VIRTIO_QUEUE_SIZE, any() % 2 == 0 ? (uint32_t)any() : 1u << any() % 9);
        write_address(base + VIRTIO_QUEUE_DESCRIPTORS, pick_address() & ~(any() % 2 * 15));
        write_address(base + VIRTIO_QUEUE_AVAILABLE, pick_address() & ~(any() % 2));
        write_address(base + VIRTIO_QUEUE_USED, pick_address() & ~(any() % 2 * 3));
        write32(base + VIRTIO_QUEUE_READY, 1);
        write32(base + VIRTIO_STATUS, 15);
        write32(base + VIRTIO_QUEUE_NOTIFY, any() % 8 == 0 ? (uint32_t)any() : (uint32_t)(any() % queues));
        (void)read32(base + VIRTIO_INTERRUPT_STATUS);
        write32(base + VIRTIO_INTERRUPT_ACK, (uint32_t)any());
    }
    write32(base + VIRTIO_STATUS, 0);
    report("virtio slot %u (device %u): programmed with nonsense %u times", slot, (unsigned)device, QUEUE_PROGRAMS);
}

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart, (void)device_tree;
    report("accessing the devices at random");
    access_everything();
    for (unsigned slot = 0; slot < VIRTIO_SLOTS; slot++) program_queues(slot);
    report("survived");
    return 0;
}
