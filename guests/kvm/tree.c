#include "tree.h"

#include "memory.h"

enum token { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, END = 9 };
enum { MAGIC = 0xd00dfeed, VERSION = 17, COMPATIBLE_VERSION = 16, HEADER_SIZE = 40, RESERVATIONS_SIZE = 16 };
enum { STRUCTURE_SIZE = 6000, STRINGS_SIZE = 1000 };

struct block {
    uint8_t bytes[STRUCTURE_SIZE];
    size_t length;
};

struct writer {
    struct block structure;
    struct block strings;
    bool overflowed;
};

static void put32(uint8_t *to, uint32_t value) {
    for (unsigned i = 0; i < 4; i++) to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void append(struct writer *writer, struct block *block, const void *bytes, size_t length) {
    if (length > sizeof block->bytes - block->length) {
        writer->overflowed = true;
        return;
    }
    memcpy(block->bytes + block->length, bytes, length);
    block->length += length;
}

static void word(struct writer *writer, uint32_t value) {
    uint8_t bytes[4];
    put32(bytes, value);
    append(writer, &writer->structure, bytes, sizeof bytes);
}

static void pad(struct writer *writer) {
    while (writer->structure.length % 4 != 0 && !writer->overflowed) append(writer, &writer->structure, "", 1);
}

static void begin(struct writer *writer, const char *name) {
    word(writer, BEGIN_NODE);
    append(writer, &writer->structure, name, strlen(name) + 1);
    pad(writer);
}

static void end(struct writer *writer) { word(writer, END_NODE); }

static void property(struct writer *writer, const char *name, const void *value, size_t length) {
    word(writer, PROPERTY);
    word(writer, (uint32_t)length);
    word(writer, (uint32_t)writer->strings.length);
    append(writer, &writer->strings, name, strlen(name) + 1);
    append(writer, &writer->structure, value, length);
    pad(writer);
}

static void text(struct writer *writer, const char *name, const char *value) {
    property(writer, name, value, strlen(value) + 1);
}

static void cells(struct writer *writer, const char *name, size_t count, const uint32_t *values) {
    uint8_t bytes[16];
    for (size_t i = 0; i < count; i++) put32(bytes + 4 * i, values[i]);
    property(writer, name, bytes, 4 * count);
}

static void number(struct writer *writer, const char *name, uint32_t value) { cells(writer, name, 1, &value); }

static void number64(struct writer *writer, const char *name, uint64_t value) {
    cells(writer, name, 2, (uint32_t[]){(uint32_t)(value >> 32), (uint32_t)value});
}

static void range(struct writer *writer, uint64_t base, uint64_t size) {
    cells(writer, "reg", 4,
          (uint32_t[]){(uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(size >> 32), (uint32_t)size});
}

static void hart(struct writer *writer, const struct guest_description *guest, unsigned index) {
    static const char extensions[] = "i\0m\0a\0f\0d\0c\0zicsr\0zifencei\0sstc";
    size_t last = sizeof "sstc";
    begin(writer, (char[]){'c', 'p', 'u', '@', (char)('0' + index), 0});
    text(writer, "device_type", "cpu");
    text(writer, "compatible", "riscv");
    text(writer, "status", "okay");
    text(writer, "mmu-type", "riscv,sv39");
    text(writer, "riscv,isa", guest->has_sstc ? "rv64imafdc_zicsr_zifencei_sstc" : "rv64imafdc_zicsr_zifencei");
    text(writer, "riscv,isa-base", "rv64i");
    property(writer, "riscv,isa-extensions", extensions, sizeof extensions - (guest->has_sstc ? 0 : last));
    number(writer, "reg", index);
    begin(writer, "interrupt-controller");
    text(writer, "compatible", "riscv,cpu-intc");
    number(writer, "#interrupt-cells", 1);
    property(writer, "interrupt-controller", "", 0);
    end(writer);
    end(writer);
}

static void machine(struct writer *writer, const struct guest_description *guest) {
    begin(writer, "");
    text(writer, "model", "rvhv,kvm-guest");
    text(writer, "compatible", "rvhv,kvm-guest");
    number(writer, "#address-cells", 2);
    number(writer, "#size-cells", 2);

    begin(writer, "chosen");
    text(writer, "bootargs", guest->boot_arguments);
    text(writer, "stdout-path", "/serial@10000000");
    if (guest->initrd_end > guest->initrd_start) {
        number64(writer, "linux,initrd-start", guest->initrd_start);
        number64(writer, "linux,initrd-end", guest->initrd_end);
    }
    end(writer);

    begin(writer, "memory@80000000");
    text(writer, "device_type", "memory");
    range(writer, guest->ram_base, guest->ram_size);
    end(writer);

    // No interrupt: Linux looks after the port with a timer then.
    begin(writer, "serial@10000000");
    text(writer, "compatible", "ns16550a");
    range(writer, guest->uart_base, 0x100);
    number(writer, "clock-frequency", 3686400);
    end(writer);

    begin(writer, "cpus");
    number(writer, "#address-cells", 1);
    number(writer, "#size-cells", 0);
    number(writer, "timebase-frequency", (uint32_t)guest->timebase_frequency);
    for (unsigned i = 0; i < guest->hart_count; i++) hart(writer, guest, i);
    end(writer);

    end(writer);
    word(writer, END);
}

size_t write_device_tree(const struct guest_description *guest, uint8_t *tree, size_t size) {
    // Too large for a small stack, and written once.
    static struct writer writer;
    machine(&writer, guest);
    size_t structure = HEADER_SIZE + RESERVATIONS_SIZE, strings = structure + writer.structure.length;
    size_t total = strings + writer.strings.length;
    if (writer.overflowed || total > size) return 0;

    const uint32_t header[] = {MAGIC,
                               (uint32_t)total,
                               (uint32_t)structure,
                               (uint32_t)strings,
                               HEADER_SIZE,
                               VERSION,
                               COMPATIBLE_VERSION,
                               0,
                               (uint32_t)writer.strings.length,
                               (uint32_t)writer.structure.length};
    _Static_assert(sizeof header == HEADER_SIZE, "ten words");
    for (size_t i = 0; i < sizeof header / sizeof *header; i++) put32(tree + 4 * i, header[i]);
    memset(tree + HEADER_SIZE, 0, RESERVATIONS_SIZE);
    memcpy(tree + structure, writer.structure.bytes, writer.structure.length);
    memcpy(tree + strings, writer.strings.bytes, writer.strings.length);
    return total;
}
