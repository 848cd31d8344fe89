// vmm [--harts N] [--memory MIB] [--initrd FILE] [--append TEXT] PROGRAM: runs a guest on Linux's KVM.
//
// PROGRAM is an ELF file for S-mode or a kernel's boot image. The guest has RAM at 0x80000000, a serial
// port, and what KVM itself does for it (SBI, timers). It ends when the guest shuts down: status 0, or 1
// when that was for a failure.
#include "vmm.h"

#include "memory.h"

static struct machine machine;

[[noreturn]] void fail(const char *what, long error) {
    write_bytes(STANDARD_ERROR, "vmm: ", 5);
    write_bytes(STANDARD_ERROR, what, strlen(what));
    char digits[20];
    size_t first = sizeof digits;
    for (uint64_t value = (uint64_t)-error; value != 0; value /= 10) digits[--first] = (char)('0' + value % 10);
    if (error != 0) write_bytes(STANDARD_ERROR, ": error ", 8);
    write_bytes(STANDARD_ERROR, digits + first, sizeof digits - first);
    write_bytes(STANDARD_ERROR, "\n", 1);
    exit_process(2);
}

static uint64_t number(const char *text, uint64_t least, uint64_t most) {
    uint64_t value = 0;
    for (const char *at = text; *at != 0; at++) {
        if (*at < '0' || *at > '9' || value > most) fail("an option's value is not a number", 0);
        value = value * 10 + (uint64_t)(*at - '0');
    }
    if (value < least || value > most) fail("an option's value is out of range", 0);
    return value;
}

struct options {
    const char *program;
    const char *initrd;
    const char *arguments;
    unsigned hart_count;
    uint64_t memory;
};

static struct options read_options(int count, char **words) {
    struct options options = {.arguments = "", .hart_count = 1, .memory = 64 << 20};
    for (int i = 1; i < count; i++) {
        const char *word = words[i];
        if (word[0] != '-') {
            options.program = word;
            continue;
        }
        if (++i >= count) fail("an option lacks its value", 0);
        if (strcmp(word, "--harts") == 0)
            options.hart_count = (unsigned)number(words[i], 1, MAXIMUM_HARTS);
        else if (strcmp(word, "--memory") == 0)
            options.memory = number(words[i], 16, 4096) << 20;
        else if (strcmp(word, "--initrd") == 0)
            options.initrd = words[i];
        else if (strcmp(word, "--append") == 0)
            options.arguments = words[i];
        else
            fail("usage: vmm [--harts N] [--memory MIB] [--initrd FILE] [--append TEXT] PROGRAM", 0);
    }
    if (options.program == NULL) fail("no program given", 0);
    return options;
}

// MARK: the machine

static void make_machine(const struct options *options) {
    int kvm = open_file("/dev/kvm", OPEN_READ_WRITE);
    if (kvm < 0) fail("/dev/kvm", kvm);
    if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION) fail("KVM has another interface", 0);
    long run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (run_size < (long)sizeof(struct kvm_run)) fail("KVM_GET_VCPU_MMAP_SIZE", run_size);
    int vm = (int)ioctl(kvm, KVM_CREATE_VM, 0);
    if (vm < 0) fail("KVM_CREATE_VM", vm);

    long ram = map_memory(-1, MAP_PRIVATE | MAP_ANONYMOUS, options->memory);
    if (ram < 0) fail("memory", ram);
    machine.ram = (uint8_t *)ram;
    machine.ram_size = options->memory;
    struct kvm_memory_region region = {
        .guest_address = RAM_BASE, .size = options->memory, .host_address = (uint64_t)ram};
    long error = ioctl(vm, KVM_SET_USER_MEMORY_REGION, (uint64_t)&region);
    if (error < 0) fail("KVM_SET_USER_MEMORY_REGION", error);

    machine.hart_count = options->hart_count;
    for (unsigned i = 0; i < machine.hart_count; i++) {
        struct vcpu *vcpu = &machine.vcpus[i];
        vcpu->machine = &machine;
        vcpu->file = (int)ioctl(vm, KVM_CREATE_VCPU, i);
        if (vcpu->file < 0) fail("KVM_CREATE_VCPU", vcpu->file);
        long run = map_memory(vcpu->file, MAP_SHARED, (uint64_t)run_size);
        if (run < 0) fail("a virtual CPU's page", run);
        vcpu->run = (struct kvm_run *)run;
        // KVM leaves the debug console to its VMM only when asked to.
        write_register(vcpu, KVM_SBI_DBCN, 1);
    }
}

static void describe_machine(const struct options *options, uint64_t entry, uint64_t initrd_start,
                             uint64_t initrd_end) {
    struct vcpu *boot = &machine.vcpus[0];
    struct guest_description description = {
        .ram_base = RAM_BASE,
        .ram_size = machine.ram_size,
        .uart_base = UART_BASE,
        .timebase_frequency = read_register(boot, KVM_TIMER_FREQUENCY),
        .hart_count = machine.hart_count,
        .has_sstc = read_register(boot, KVM_HAS_SSTC) != 0,
        .boot_arguments = options->arguments,
        .initrd_start = initrd_start,
        .initrd_end = initrd_end,
    };
    uint64_t offset = machine.ram_size - TREE_ROOM;
    if (write_device_tree(&description, machine.ram + offset, TREE_ROOM) == 0) fail("the device tree is too long", 0);
    write_register(boot, KVM_PC, entry);
    write_register(boot, KVM_A0, 0);
    write_register(boot, KVM_A1, RAM_BASE + offset);
}

static void run_thread(void *vcpu) { run_vcpu(vcpu); }

static void start_threads(void) {
    enum { STACK_SIZE = 1 << 16 };
    for (unsigned i = 1; i < machine.hart_count; i++) {
        long stack = map_memory(-1, MAP_PRIVATE | MAP_ANONYMOUS, STACK_SIZE);
        if (stack < 0) fail("a thread's stack", stack);
        long thread = start_thread((void *)(stack + STACK_SIZE), run_thread, &machine.vcpus[i]);
        if (thread < 0) fail("a thread", thread);
    }
}

int vmm_main(int count, char **words) {
    struct options options = read_options(count, words);
    make_machine(&options);
    uint64_t entry = load_program(&machine, options.program);
    uint64_t initrd_start = 0, initrd_end = 0;
    if (options.initrd != NULL) load_initrd(&machine, options.initrd, &initrd_start, &initrd_end);
    describe_machine(&options, entry, initrd_start, initrd_end);
    start_threads();
    run_vcpu(&machine.vcpus[0]);
}
