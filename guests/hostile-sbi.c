// Hammers the SBI with arguments that look random (and are the same at every run), then says whether the
// machine still answers sense. It leaves out only what would rightly end or silence the guest itself.
#include "guest.h"

const char guest_name[] = "hostile-sbi";

enum { CALLS = 300000, ARENA_SIZE = 4096 };

static uint64_t seed = 0x7362695f68616d72;
static char arena[ARENA_SIZE];

static uint64_t any(void) { return next_random(&seed); }

static uint64_t pick_argument(void) {
    static const uint64_t edges[] = {0,          1,          2,          63,         64,         0x7fffffff,
                                     0x80000000, 0x80200000, 0xffffffff, 1ul << 32,  1ul << 56,  1ul << 63,
                                     ~0ul,       ~0ul - 7,   0x10000000, 0x0c000000, 0x87ffffff, 0x100000};
    switch (any() % 4) {
    case 0: return any();
    case 1: return any() >> (any() % 64);
    case 2: return edges[any() % (sizeof edges / sizeof *edges)];
    default: return (uint64_t)arena + any() % ARENA_SIZE;
    }
}

static long pick_extension(void) {
    // The legacy calls, the extensions of our own header, then PMU, SUSP, CPPC, NACL, STA, SSE and FWFT.
    static const long known[] = {
        0, 1, 2, 3, 4, 5, 6, 7,
        SBI_BASE, SBI_TIME, SBI_IPI, SBI_RFENCE, SBI_HSM, SBI_SRST, SBI_DBCN,
        0x504d55, 0x53555350, 0x43505043, 0x4e41434c, 0x535441, 0x535345, 0x46574654,
    };
    uint64_t choice = any() % 32;
    return choice < sizeof known / sizeof *known ? known[choice] : (long)pick_argument();
}

struct call {
    long extension, function;
    uint64_t arguments[5];
};

/// An address that no call may reach: writing there must be refused, so it harms nobody.
static uint64_t outside(uint64_t address) { return address | 1ul << 58; }

static bool inside_arena(uint64_t address) { return address - (uint64_t)arena < ARENA_SIZE; }

/// Turns the few calls that would end this guest, or write over its own code, into close relatives.
static void spare_self(struct call *call) {
    uint64_t *a = call->arguments;
    switch (call->extension) {
    case SBI_LEGACY_PUTCHAR: a[0] = '.'; break;
    case SBI_LEGACY_SHUTDOWN: call->extension = 9; break;
    case SBI_SRST: a[0] |= 0x1000; break; // a reserved reset type
    case SBI_HSM:
        if (call->function == HSM_START) a[0] |= 0x10000; // no such hart
        if (call->function == HSM_STOP) call->function = 77;
        if (call->function == HSM_SUSPEND) a[0] = (a[0] & 0xff) | 0x1000; // a reserved suspend type
        break;
    case 0x53555350: a[0] |= 0x1000; break; // a reserved sleep type
    case SBI_DBCN:
        if (call->function == DBCN_WRITE_BYTE) a[0] = '.';
        if (call->function == DBCN_WRITE || call->function == DBCN_READ) {
            if (inside_arena(a[1]) && a[2] == 0)
                a[0] %= (uint64_t)arena + ARENA_SIZE - a[1];
            else
                a[1] = outside(a[1]);
        }
        break;
    case 0x504d55:
    case 0x4e41434c:
    case 0x535441: a[0] = outside(a[0]); break; // shared memory areas
    case 0x535345: a[1] = outside(a[1]); break;
    default: break;
    }
    // The rest of the console calls would only fill the screen.
    bool prints = call->extension == SBI_LEGACY_PUTCHAR ||
                  (call->extension == SBI_DBCN && (call->function == DBCN_WRITE_BYTE || call->function == DBCN_WRITE));
    static unsigned printed;
    if (prints && printed++ > 200) call->extension = 0x0a000000;
}

static uint64_t faults;

/// Legacy calls read a hart mask at a virtual address of ours; where it is not readable, the load's fault
/// comes back to the call.
static bool skip_call(struct trap_frame *frame) {
    static const uint32_t ecall = 0x00000073;
    if ((frame->cause & CAUSE_INTERRUPT) != 0) return false;
    if (memcmp((const void *)frame->pc, &ecall, sizeof ecall) != 0) return false;
    faults++;
    frame->pc += 4;
    return true;
}

int guest_main(uint64_t hart, const void *device_tree) {
    (void)hart, (void)device_tree;
    uint64_t outcomes[16] = {0}, odd = 0;
    long version = sbi_base(BASE_SPEC_VERSION, 0).value;
    memset(arena, '.', sizeof arena);
    trap_hook = skip_call;
    report("calling the SBI %u times", CALLS);
    for (unsigned i = 0; i < CALLS; i++) {
        struct call call = {pick_extension(), any() % 8 == 0 ? (long)pick_argument() : (long)(any() % 9), {0}};
        for (unsigned k = 0; k < 5; k++) call.arguments[k] = pick_argument();
        if (any() % 2 == 0) call.arguments[2] = 0;
        spare_self(&call);
        uint64_t *a = call.arguments;
        long error = sbi_call(call.extension, call.function, a[0], a[1], a[2], a[3], a[4]).error;
        if (error <= 0 && error > -16)
            outcomes[-error]++;
        else
            odd++;
    }
    print("\n");
    for (unsigned i = 0; i < 16; i++)
        if (outcomes[i] != 0) report("answer %d: %lu times", -(int)i, outcomes[i]);
    report("other answers: %lu (legacy calls return what they like)", odd);
    report("calls that faulted on their hart mask: %lu", faults);
    bool sane = sbi_base(BASE_SPEC_VERSION, 0).value == version;
    report(sane ? "survived, the SBI still answers" : "FAILED: the SBI has lost its mind");
    return sane ? 0 : 1;
}
