// Makes a device work without end: a queue of buffers as large as can be, offered again and again.
#include "devices.h"

const char guest_name[] = "hostile-queue";

enum { BUFFER_SIZE = 1 << 20 };
static uint8_t buffer[BUFFER_SIZE];
static struct virtio_queue queue;

static void write_address(uint64_t address, uint64_t value) {
    write32(address, (uint32_t)value);
    write32(address + 4, (uint32_t)(value >> 32));
}

static void start_entropy(uint64_t base) {
    write32(base + VIRTIO_STATUS, 0);
    uint32_t status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;
    write32(base + VIRTIO_STATUS, status);
    write32(base + VIRTIO_DRIVER_FEATURES_SELECT, 1);
    write32(base + VIRTIO_DRIVER_FEATURES, 1); // VIRTIO_F_VERSION_1
    status |= VIRTIO_STATUS_FEATURES_OK;
    write32(base + VIRTIO_STATUS, status);
    write32(base + VIRTIO_QUEUE_SELECT, 0);
    write32(base + VIRTIO_QUEUE_SIZE, QUEUE_SIZE);
    write_address(base + VIRTIO_QUEUE_DESCRIPTORS, (uint64_t)queue.descriptors);
    write_address(base + VIRTIO_QUEUE_AVAILABLE, (uint64_t)&queue.available);
    write_address(base + VIRTIO_QUEUE_USED, (uint64_t)&queue.used);
    write32(base + VIRTIO_QUEUE_READY, 1);
    write32(base + VIRTIO_STATUS, status | VIRTIO_STATUS_DRIVER_OK);
}

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart, (void)device_tree;
    uint64_t base = 0, device = 0;
    for (unsigned slot = 0; slot < VIRTIO_SLOTS && device != VIRTIO_ID_ENTROPY; slot++) {
        base = VIRTIO_BASE + slot * VIRTIO_STRIDE;
        if (probe_load32(base + VIRTIO_DEVICE_ID, &device) != PROBE_OK) device = 0;
    }
    if (device != VIRTIO_ID_ENTROPY) return 1;
    for (unsigned i = 0; i < QUEUE_SIZE; i++)
        queue.descriptors[i] = (struct virtio_descriptor){(uint64_t)buffer, BUFFER_SIZE, DESCRIPTOR_WRITE, 0};
    start_entropy(base);
    report("asking for %u bytes of entropy, for ever", QUEUE_SIZE * BUFFER_SIZE);
    for (;;) {
        for (unsigned i = 0; i < QUEUE_SIZE; i++) queue.available.ring[i] = (uint16_t)i;
        asm volatile("fence rw, rw" ::: "memory");
        queue.available.index += QUEUE_SIZE;
        asm volatile("fence rw, orw" ::: "memory");
        write32(base + VIRTIO_QUEUE_NOTIFY, 0);
    }
}
