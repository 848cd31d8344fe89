// Reads and writes every device: plain and compressed accesses of each width, interrupts through the
// PLIC, and virtio queues.
#include "devices.h"
#include "devicetree.h"

const char guest_name[] = "devices";

static struct machine machine;

// MARK: the forms of load and store, compressed ones included

static uint64_t load_compressed32(uint64_t address) {
    uint64_t value;
    asm volatile(".option push\n.option rvc\nc.lw %0, 0(%1)\n.option pop" : "=cr"(value) : "cr"(address) : "memory");
    return value;
}

static void store_compressed32(uint64_t address, uint64_t value) {
    asm volatile(".option push\n.option rvc\nc.sw %0, 0(%1)\n.option pop" ::"cr"(value), "cr"(address) : "memory");
}

static void see_access_forms(void) {
    uint64_t priority = plic_priority(UART_INTERRUPT);
    write32(priority, 5);
    uint64_t wide, compressed = load_compressed32(priority);
    asm volatile("lwu %0, 0(%1)" : "=r"(wide) : "r"(priority) : "memory");
    expect(compressed == 5 && wide == 5, "lw, lwu and c.lw read the same");
    store_compressed32(priority, 3);
    expect(read32(priority) == 3, "c.sw writes what sw writes");

    // Bytes of the UART: signed and unsigned, and offsets from the base register.
    write8(UART_BASE + UART_SCRATCH, 0xa5);
    int64_t byte_signed, byte_unsigned;
    asm volatile("lb %0, 7(%1)" : "=r"(byte_signed) : "r"(UART_BASE) : "memory");
    asm volatile("lbu %0, 7(%1)" : "=r"(byte_unsigned) : "r"(UART_BASE) : "memory");
    expect(byte_signed == (int8_t)0xa5 && byte_unsigned == 0xa5, "lb extends the sign, lbu does not");

    // A load into x0 still reaches the device, and changes nothing.
    asm volatile("lw zero, 0(%0)" ::"r"(priority) : "memory");
    report("accesses: lb lbu lw lwu sb sw, c.lw and c.sw agree");
}

// MARK: UART, PLIC and RTC

static void see_uart(void) {
    write8(UART_BASE + UART_LCR, UART_LCR_DLAB | 3);
    write8(UART_BASE + UART_DATA, 0x2a);
    uint8_t divisor = read8(UART_BASE + UART_DATA);
    write8(UART_BASE + UART_LCR, 3);
    expect(divisor == 0x2a, "the UART's divisor latch can be read back");
    expect(read8(UART_BASE + UART_LCR) == 3, "the UART's line control can be read back");
    static const char line[] = "devices: this line went out through the UART, byte by byte\n";
    for (const char *at = line; *at != 0; at++) {
        while ((read8(UART_BASE + UART_LSR) & UART_LSR_TRANSMIT_EMPTY) == 0) continue;
        write8(UART_BASE + UART_DATA, (uint8_t)*at);
    }
    report("uart: IIR 0x%02x, LSR 0x%02x, MSR 0x%02x", read8(UART_BASE + UART_IIR), read8(UART_BASE + UART_LSR),
           read8(UART_BASE + UART_MSR));
}

static volatile unsigned external_interrupts, claimed, claimed_again;

static bool take_external_interrupt(struct trap_frame *frame) {
    if (frame->cause != CAUSE_EXTERNAL_INTERRUPT) return false;
    external_interrupts++;
    claimed = read32(plic_claim(machine.plic_context));
    // Claimed and not completed: the same source is not offered again.
    claimed_again = read32(plic_claim(machine.plic_context));
    write8(UART_BASE + UART_IER, 0);
    write32(plic_claim(machine.plic_context), claimed);
    return true;
}

static void see_uart_interrupt(void) {
    unsigned context = machine.plic_context;
    trap_hook = take_external_interrupt;
    write32(plic_priority(UART_INTERRUPT), 1);
    write32(plic_threshold(context), 0);
    write32(plic_enable(context, UART_INTERRUPT), 1u << UART_INTERRUPT);
    expect(read32(plic_enable(context, UART_INTERRUPT)) == 1u << UART_INTERRUPT, "the PLIC's enable bits read back");
    csr_set(sie, SIE_EXTERNAL);

    write8(UART_BASE + UART_IER, UART_IER_TRANSMIT_EMPTY);
    uint64_t deadline = time_now() + machine.timebase_frequency;
    while (external_interrupts == 0 && time_now() < deadline) {
        csr_set(sstatus, SSTATUS_SIE);
        csr_clear(sstatus, SSTATUS_SIE);
    }
    expect(external_interrupts == 1 && claimed == UART_INTERRUPT, "the UART interrupts through the PLIC");
    expect(claimed_again == 0, "a claimed interrupt is not claimed twice");

    // Behind the threshold nothing comes.
    write32(plic_threshold(context), 1);
    write8(UART_BASE + UART_IER, UART_IER_TRANSMIT_EMPTY);
    for (unsigned i = 0; i < 1000; i++) (void)csr_read(sip);
    expect((csr_read(sip) & SIE_EXTERNAL) == 0, "a priority not above the threshold does not interrupt");
    expect((read32(plic_pending(UART_INTERRUPT)) & 1u << UART_INTERRUPT) != 0, "it is pending all the same");
    write8(UART_BASE + UART_IER, 0);
    write32(plic_threshold(context), 0);
    write32(plic_enable(context, UART_INTERRUPT), 0);
    csr_clear(sie, SIE_EXTERNAL);
    trap_hook = NULL;
    report("plic: context %u claimed interrupt %u, %u time(s)", context, claimed, external_interrupts);
}

static uint64_t rtc_nanoseconds(void) {
    uint64_t low = read32(RTC_BASE + RTC_TIME_LOW); // latches the high half
    return (uint64_t)read32(RTC_BASE + RTC_TIME_HIGH) << 32 | low;
}

static void see_rtc(void) {
    uint64_t before = rtc_nanoseconds();
    uint64_t deadline = time_now() + machine.timebase_frequency / 100;
    while (time_now() < deadline) continue;
    uint64_t passed = rtc_nanoseconds() - before;
    expect(passed >= 5000000 && passed < UINT64_C(10000000000), "the RTC moves on by about 10 ms");
    report("rtc: %lu s since 1970", before / 1000000000);
}

// MARK: virtio

static struct virtio_queue queue;

/// Resets the device and sets up one queue; false when the device does not agree.
static bool start_virtio(uint64_t base, unsigned index) {
    write32(base + VIRTIO_STATUS, 0);
    write32(base + VIRTIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
    write32(base + VIRTIO_DRIVER_FEATURES_SELECT, 1);
    write32(base + VIRTIO_DRIVER_FEATURES, 1); // VIRTIO_F_VERSION_1
    write32(base + VIRTIO_DRIVER_FEATURES_SELECT, 0);
    write32(base + VIRTIO_DRIVER_FEATURES, 0);
    uint32_t status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK;
    write32(base + VIRTIO_STATUS, status);
    if ((read32(base + VIRTIO_STATUS) & VIRTIO_STATUS_FEATURES_OK) == 0) return false;

    queue = (struct virtio_queue){0};
    const uint64_t areas[] = {(uint64_t)queue.descriptors, (uint64_t)&queue.available, (uint64_t)&queue.used};
    const uint64_t registers[] = {VIRTIO_QUEUE_DESCRIPTORS, VIRTIO_QUEUE_AVAILABLE, VIRTIO_QUEUE_USED};
    write32(base + VIRTIO_QUEUE_SELECT, index);
    if (read32(base + VIRTIO_QUEUE_SIZE_MAX) < QUEUE_SIZE) return false;
    write32(base + VIRTIO_QUEUE_SIZE, QUEUE_SIZE);
    for (unsigned i = 0; i < 3; i++) {
        write32(base + registers[i], (uint32_t)areas[i]);
        write32(base + registers[i] + 4, (uint32_t)(areas[i] >> 32));
    }
    write32(base + VIRTIO_QUEUE_READY, 1);
    write32(base + VIRTIO_STATUS, status | VIRTIO_STATUS_DRIVER_OK);
    return true;
}

/// Offers one buffer and waits until it is used; gives the length the device wrote, or -1.
static long exchange(uint64_t base, unsigned index, void *buffer, uint32_t length, uint16_t flags) {
    uint16_t before = queue.used.index, slot = queue.available.index % QUEUE_SIZE;
    queue.descriptors[0] = (struct virtio_descriptor){(uint64_t)buffer, length, flags, 0};
    queue.available.ring[slot] = 0;
    asm volatile("fence rw, rw" ::: "memory");
    queue.available.index++;
    asm volatile("fence rw, orw" ::: "memory");
    write32(base + VIRTIO_QUEUE_NOTIFY, index);
    uint64_t deadline = time_now() + machine.timebase_frequency * 5;
    while (queue.used.index == before)
        if (time_now() > deadline) return -1;
    asm volatile("fence rw, rw" ::: "memory");
    expect((read32(base + VIRTIO_INTERRUPT_STATUS) & 1) != 0, "virtio says that it used a buffer");
    write32(base + VIRTIO_INTERRUPT_ACK, 1);
    expect((read32(base + VIRTIO_INTERRUPT_STATUS) & 1) == 0, "the acknowledged virtio interrupt is gone");
    return queue.used.ring[before % QUEUE_SIZE].length;
}

static void use_entropy(uint64_t base) {
    static uint64_t words[4];
    if (!start_virtio(base, 0)) return expect(false, "the entropy device takes its driver");
    long length = exchange(base, 0, words, sizeof words, DESCRIPTOR_WRITE);
    expect(length > 0 && length <= (long)sizeof words, "the entropy device fills a buffer");
    expect(words[0] != 0, "entropy is not zero");
    report("virtio entropy: %ld bytes, the first word 0x%016lx", length, words[0]);
}

static void use_console(uint64_t base) {
    enum { TRANSMIT_QUEUE = 1 };
    static char line[] = "devices: this line went out through virtio\n";
    if (!start_virtio(base, TRANSMIT_QUEUE)) return expect(false, "the virtio console takes its driver");
    expect(exchange(base, TRANSMIT_QUEUE, line, sizeof line - 1, 0) >= 0, "the virtio console sends a buffer");
    report("virtio console: %u bytes sent", (unsigned)sizeof line - 1);
}

static void see_virtio(void) {
    for (unsigned slot = 0; slot < VIRTIO_SLOTS; slot++) {
        uint64_t base = VIRTIO_BASE + slot * VIRTIO_STRIDE, magic;
        if (probe_load32(base + VIRTIO_MAGIC, &magic) != PROBE_OK) continue;
        uint32_t device = read32(base + VIRTIO_DEVICE_ID), version = read32(base + VIRTIO_VERSION);
        expect(magic == 0x74726976, "the magic number of virtio");
        if (device == 0) continue;
        report("virtio slot %u: device %u, version %u, vendor 0x%x", slot, device, version,
               read32(base + VIRTIO_VENDOR_ID));
        if (version != 2) continue;
        if (device == VIRTIO_ID_ENTROPY) use_entropy(base);
        if (device == VIRTIO_ID_CONSOLE) use_console(base);
        write32(base + VIRTIO_STATUS, 0);
    }
}

/// Accesses that have no device behind them come back as access faults.
static void see_holes(void) {
    static const uint64_t holes[] = {0x10, 0x8000000, 0x1f000000, 0x20, 0x7fffff8};
    uint64_t value;
    for (size_t i = 0; i < sizeof holes / sizeof *holes; i++) {
        expect(probe_load32(holes[i], &value) == CAUSE_LOAD_ACCESS, "a load from a hole faults");
        expect(probe_store32(holes[i], 1) == CAUSE_STORE_ACCESS, "a store to a hole faults");
    }
    report("holes: loads and stores give causes 5 and 7");
}

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart;
    if (!read_device_tree(device_tree, &machine)) machine.timebase_frequency = 10000000;
    see_access_forms();
    see_uart();
    see_uart_interrupt();
    see_rtc();
    see_virtio();
    see_holes();
    report(failures == 0 ? "all is well, shutting down" : "something is wrong, shutting down");
    return failures == 0 ? 0 : 1;
}
