#include "devicetree.h"

enum token { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOP = 4, END = 9 };
enum { MAGIC = 0xd00dfeed, MAXIMUM_SIZE = 0x100000, HEADER_SIZE = 40, SUPERVISOR_EXTERNAL = 9 };

static uint32_t big32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}
static uint64_t big64(const uint8_t *bytes) { return (uint64_t)big32(bytes) << 32 | big32(bytes + 4); }

struct property {
    const char *node;
    const char *name;
    const uint8_t *value;
    uint32_t length;
};

static bool starts_with(const char *text, const char *start) {
    return strlen(text) >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

static void copy_text(char *to, size_t size, const struct property *property) {
    size_t length = property->length < size - 1 ? property->length : size - 1;
    memcpy(to, property->value, length);
    to[length] = 0;
}

static void read_property(struct machine *machine, const struct property *property) {
    if (strcmp(property->name, "timebase-frequency") == 0 && property->length >= 4) {
        machine->timebase_frequency = big32(property->value);
    } else if (strcmp(property->name, "reg") == 0 && starts_with(property->node, "memory@") && property->length >= 16) {
        machine->ram_base = big64(property->value);
        machine->ram_size = big64(property->value + 8);
    } else if (strcmp(property->name, "reg") == 0 && starts_with(property->node, "cpu@")) {
        machine->hart_count++;
    } else if (strcmp(property->name, "riscv,isa") == 0 && machine->isa[0] == 0) {
        copy_text(machine->isa, sizeof machine->isa, property);
    } else if (strcmp(property->name, "model") == 0 && property->node[0] == 0) {
        copy_text(machine->model, sizeof machine->model, property);
    } else if (strcmp(property->name, "bootargs") == 0) {
        copy_text(machine->arguments, sizeof machine->arguments, property);
    } else if (strcmp(property->name, "interrupts-extended") == 0 &&
               (starts_with(property->node, "plic@") || starts_with(property->node, "interrupt-controller@c"))) {
        for (uint32_t i = 0; i + 8 <= property->length; i += 8) {
            if (big32(property->value + i + 4) != SUPERVISOR_EXTERNAL) continue;
            machine->plic_context = i / 8;
            break;
        }
    }
}

bool read_device_tree(const void *device_tree, struct machine *machine) {
    *machine = (struct machine){0};
    const uint8_t *header = device_tree;
    if (header == NULL || big32(header) != MAGIC) return false;
    uint32_t size = big32(header + 4), structure = big32(header + 8), strings = big32(header + 12);
    if (size < HEADER_SIZE || size > MAXIMUM_SIZE || structure >= size || strings >= size) return false;

    const char *nodes[16] = {""};
    unsigned depth = 0;
    for (uint32_t at = structure; at + 4 <= size;) {
        uint32_t token = big32(header + at);
        at += 4;
        if (token == BEGIN_NODE) {
            const char *name = (const char *)header + at;
            at += ((uint32_t)strlen(name) + 4) & ~3u;
            depth++;
            if (depth < sizeof nodes / sizeof *nodes) nodes[depth] = name;
        } else if (token == END_NODE) {
            depth--;
        } else if (token == PROPERTY) {
            if (at + 8 > size) return false;
            uint32_t length = big32(header + at), name = big32(header + at + 4);
            at += 8;
            if (length > size - at || name > size - strings) return false;
            if (depth < sizeof nodes / sizeof *nodes) {
                struct property property = {nodes[depth], (const char *)header + strings + name, header + at, length};
                read_property(machine, &property);
            }
            at += (length + 3) & ~3u;
        } else if (token == END) {
            return true;
        } else if (token != NOP) {
            return false;
        }
    }
    return false;
}

uint64_t argument_value(const struct machine *machine, const char *name, uint64_t otherwise) {
    for (const char *at = machine->arguments; *at != 0; at++) {
        if (!starts_with(at, name)) continue;
        uint64_t value = 0;
        for (at += strlen(name); *at >= '0' && *at <= '9'; at++) value = value * 10 + (uint64_t)(*at - '0');
        return value;
    }
    return otherwise;
}
