#include "vmm.h"

struct elf_header {
    uint8_t identification[16];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t program_headers;
    uint64_t section_headers;
    uint32_t flags;
    uint16_t header_size;
    uint16_t program_header_size;
    uint16_t program_header_count;
    uint16_t rest[3];
};
struct program_header {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t virtual_address;
    uint64_t physical_address;
    uint64_t file_size;
    uint64_t memory_size;
    uint64_t alignment;
};
/// The boot header of a RISC-V kernel.
struct image_header {
    uint32_t code[2];
    uint64_t load_offset;
    uint64_t size;
    uint64_t flags;
    uint32_t version;
    uint32_t unused[3];
    uint64_t magic;
    uint32_t magic2;
    uint32_t unused2;
};
_Static_assert(sizeof(struct elf_header) == 64 && sizeof(struct program_header) == 56, "layouts of ELF64");
_Static_assert(sizeof(struct image_header) == 64, "as Linux documents it");

enum { ELF_MAGIC = 0x464c457f, ELF_LOAD = 1, ELF_RISCV = 243, IMAGE_MAGIC = 0x05435352 };

static void read_at(int file, uint64_t offset, void *to, uint64_t count) {
    if (system_call(SYS_lseek, (uint64_t)file, offset, SEEK_TO_START, 0, 0, 0) < 0) fail("the file ends early", 0);
    for (uint64_t done = 0; done < count;) {
        long result = system_call(SYS_read, (uint64_t)file, (uint64_t)to + done, count - done, 0, 0, 0);
        if (result < 0) fail("reading a file", result);
        if (result == 0) fail("the file ends early", 0);
        done += (uint64_t)result;
    }
}

static uint64_t size_of(int file) {
    long size = system_call(SYS_lseek, (uint64_t)file, 0, SEEK_TO_END, 0, 0, 0);
    if (size < 0) fail("the size of a file", size);
    return (uint64_t)size;
}

static uint8_t *room(const struct machine *machine, uint64_t address, uint64_t count) {
    uint8_t *memory = guest_memory(machine, address, count);
    if (memory == NULL) fail("the program does not fit into the guest's memory", 0);
    return memory;
}

static uint64_t load_elf(const struct machine *machine, int file, const struct elf_header *header) {
    if (header->machine != ELF_RISCV || header->program_header_size != sizeof(struct program_header))
        fail("the program is not for RISC-V", 0);
    for (unsigned i = 0; i < header->program_header_count; i++) {
        struct program_header part;
        read_at(file, header->program_headers + i * sizeof part, &part, sizeof part);
        if (part.type != ELF_LOAD || part.memory_size == 0) continue;
        if (part.file_size > part.memory_size) fail("the program is not a good ELF file", 0);
        read_at(file, part.offset, room(machine, part.physical_address, part.memory_size), part.file_size);
    }
    return header->entry;
}

uint64_t load_program(const struct machine *machine, const char *path) {
    int file = open_file(path, OPEN_READ_ONLY);
    if (file < 0) fail(path, file);
    union {
        struct elf_header elf;
        struct image_header image;
        uint32_t magic;
    } header;
    read_at(file, 0, &header, sizeof header);
    if (header.magic == ELF_MAGIC) return load_elf(machine, file, &header.elf);
    if (header.image.magic2 != IMAGE_MAGIC) fail("the program is neither an ELF file nor a kernel", 0);
    uint64_t address = RAM_BASE + header.image.load_offset, size = size_of(file);
    room(machine, address, header.image.size);
    read_at(file, 0, room(machine, address, size), size);
    return address;
}

void load_initrd(const struct machine *machine, const char *path, uint64_t *start, uint64_t *end) {
    int file = open_file(path, OPEN_READ_ONLY);
    if (file < 0) fail(path, file);
    uint64_t size = size_of(file), room_size = machine->ram_size - TREE_ROOM;
    if (size > room_size) fail("the initrd does not fit into the guest's memory", 0);
    *start = RAM_BASE + ((room_size - size) & ~UINT64_C(0xfff));
    *end = *start + size;
    read_at(file, 0, room(machine, *start, size), size);
}
