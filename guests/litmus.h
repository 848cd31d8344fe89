// The shapes: who does what to the cells x and y, and what may not come of it.
//
// Named as in the literature (MP: message passing, SB: store buffering, LB: load buffering, WRC: write to read causality,
// IRIW: independent reads of independent writes, and so on); behind the + is what keeps the order.
#pragma once

#include "guest.h"

enum { MAXIMUM_ROLES = 4, MAXIMUM_FORBIDDEN = 2 };

typedef void role_function(uint64_t *x, uint64_t *y, uint64_t registers[2]);

struct shape {
    const char *name;
    unsigned roles;
    role_function *role[MAXIMUM_ROLES];
    /// Outcomes that may not be: a digit or * for each of two registers of four harts, then the cells.
    const char *forbidden[MAXIMUM_FORBIDDEN];
    /// What the hart has to have for it.
    const char *extension;
};

/// A hart's part. Registers a and b begin as 0 and are its results; s and t are free; "one" and "two" are numbers.
#define ROLE(name, ...)                                                                                       \
    static void name(uint64_t *x, uint64_t *y, uint64_t registers[2]) {                                      \
        uint64_t a = 0, b = 0, s, t;                                                                          \
        asm volatile(__VA_ARGS__                                                                              \
                     : [a] "+&r"(a), [b] "+&r"(b), [s] "=&r"(s), [t] "=&r"(t)                                 \
                     : [x] "r"(x), [y] "r"(y), [one] "r"(1ul), [two] "r"(2ul), [all] "r"(~0ul)                \
                     : "memory");                                                                             \
        registers[0] = a;                                                                                     \
        registers[1] = b;                                                                                     \
    }

#define LD(to, cell) "ld %[" #to "], (%[" #cell "])\n"
#define ST(value, cell) "sd %[" #value "], (%[" #cell "])\n"
#define FENCE(before, after) "fence " #before ", " #after "\n"
#define TSO "fence.tso\n"
#define SWAP(order, to, value, cell) "amoswap.d" order " %[" #to "], %[" #value "], (%[" #cell "])\n"
#define AMOADD(order, to, value, cell) "amoadd.d" order " %[" #to "], %[" #value "], (%[" #cell "])\n"
#define AMOOR(order, to, value, cell) "amoor.d" order " %[" #to "], %[" #value "], (%[" #cell "])\n"
#define LR(order, to, cell) "lr.d" order " %[" #to "], (%[" #cell "])\n"
#define SC(order, to, value, cell) "sc.d" order " %[" #to "], %[" #value "], (%[" #cell "])\n"
/// A store by LR and SC, however often it takes.
#define LRSC(acquire, release, value, cell) "1: " LR(acquire, s, cell) SC(release, s, value, cell) "bnez %[s], 1b\n"
#define CAS(order, to, value, cell) ".insn r 0x2f, 3, " order ", %[" #to "], %[" #cell "], %[" #value "]\n"
#define CAS_AQRL "0x17"
#define CAS_PLAIN "0x14"
/// Makes `to` depend on `from` without changing it.
#define DEPEND(to, from) "xor %[s], %[" #from "], %[" #from "]\nadd %[" #to "], %[" #to "], %[s]\n"

// MARK: stores of one hart

ROLE(st_x, ST(one, x))
ROLE(st_y, ST(one, y))
ROLE(st2_x, ST(two, x))
ROLE(st_xy, ST(one, x) ST(one, y))
ROLE(st_xy_ww, ST(one, x) FENCE(w, w) ST(one, y))
ROLE(st_xy_tso, ST(one, x) TSO ST(one, y))
ROLE(st_xy_swap_rl, ST(one, x) SWAP(".rl", s, one, y))
ROLE(st_xy_add_rl, ST(one, x) AMOADD(".rl", s, one, y))
ROLE(st_xy_lrsc_rl, ST(one, x) LRSC("", ".rl", one, y))
ROLE(st_x_twice, ST(one, x) ST(two, x))
ROLE(st_st_xy, ST(two, x) FENCE(w, w) ST(one, y))
ROLE(w22_0, ST(one, x) FENCE(w, w) ST(two, y))
ROLE(w22_1, ST(one, y) FENCE(w, w) ST(two, x))
ROLE(r_0, ST(one, x) FENCE(w, w) ST(one, y))
ROLE(r_1, ST(two, y) FENCE(rw, rw) LD(a, x))

// MARK: loads of one hart

ROLE(ld_yx, LD(a, y) LD(b, x))
ROLE(ld_yx_rr, LD(a, y) FENCE(r, r) LD(b, x))
ROLE(ld_xy_rr, LD(a, x) FENCE(r, r) LD(b, y))
ROLE(ld_yx_tso, LD(a, y) TSO LD(b, x))
ROLE(ld_yx_address, LD(a, y) "mv %[t], %[x]\n" DEPEND(t, a) LD(b, t))
ROLE(ld_xy_address, LD(a, x) "mv %[t], %[y]\n" DEPEND(t, a) LD(b, t))
ROLE(ld_yx_lr_aq, LR(".aq", a, y) LD(b, x))
ROLE(ld_yx_or_aq, "li %[s], 0\n" AMOOR(".aq", a, s, y) LD(b, x))
ROLE(ld_yx_fence_i, LD(a, y) "bnez %[a], 1f\n1: fence r, r\nfence.i\n" LD(b, x))
ROLE(ld_xx, LD(a, x) LD(b, x))

// MARK: a store and a load

ROLE(sb_x, ST(one, x) LD(a, y))
ROLE(sb_y, ST(one, y) LD(a, x))
ROLE(sb_x_rw, ST(one, x) FENCE(rw, rw) LD(a, y))
ROLE(sb_y_rw, ST(one, y) FENCE(rw, rw) LD(a, x))
ROLE(sb_x_wr, ST(one, x) FENCE(w, r) LD(a, y))
ROLE(sb_y_wr, ST(one, y) FENCE(w, r) LD(a, x))
ROLE(sb_x_all, ST(one, x) FENCE(iorw, iorw) LD(a, y))
ROLE(sb_y_all, ST(one, y) FENCE(iorw, iorw) LD(a, x))
ROLE(sb_x_tso, ST(one, x) TSO LD(a, y))
ROLE(sb_y_tso, ST(one, y) TSO LD(a, x))
// FENCE.TSO with other sets than RW and RW is reserved, and reserved ones are as FENCE.
ROLE(sb_x_reserved, ST(one, x) ".word 0x8ff0000f\n" LD(a, y))
ROLE(sb_y_reserved, ST(one, y) ".word 0x8ff0000f\n" LD(a, x))
ROLE(sb_x_swap, SWAP(".aqrl", s, one, x) LD(a, y))
ROLE(sb_y_swap, SWAP(".aqrl", s, one, y) LD(a, x))
ROLE(sb_x_or_aq, AMOOR(".aq", s, one, x) LD(a, y))
ROLE(sb_y_or_aq, AMOOR(".aq", s, one, y) LD(a, x))
ROLE(sb_x_add_rl, ST(one, x) "li %[s], 0\n" AMOADD(".rl", a, s, y))
ROLE(sb_y_add_rl, ST(one, y) "li %[s], 0\n" AMOADD(".rl", a, s, x))
// Both RCsc.
ROLE(sb_x_rcsc, SWAP(".rl", s, one, x) LR(".aq", a, y))
ROLE(sb_y_rcsc, SWAP(".rl", s, one, y) LR(".aq", a, x))
ROLE(sb_x_lrsc_rcsc, LRSC("", ".rl", one, x) LR(".aq", a, y))
ROLE(sb_y_lrsc_rcsc, LRSC("", ".rl", one, y) LR(".aq", a, x))
// An LR with aq and rl has a release annotation: what is before it comes first.
ROLE(sb_x_lr, ST(one, x) LR(".aqrl", a, y))
ROLE(sb_y_lr, ST(one, y) LR(".aqrl", a, x))
ROLE(sb_x_cas, "li %[s], 0\n" CAS(CAS_AQRL, s, one, x) LD(a, y))
ROLE(sb_y_cas, "li %[s], 0\n" CAS(CAS_AQRL, s, one, y) LD(a, x))

// MARK: a load and a store

ROLE(lb_x, LD(a, x) ST(one, y))
ROLE(lb_y, LD(a, y) ST(one, x))
ROLE(lb_x_rw, LD(a, x) FENCE(r, w) ST(one, y))
ROLE(lb_y_rw, LD(a, y) FENCE(r, w) ST(one, x))
ROLE(lb_x_data, LD(a, x) "li %[t], 1\n" DEPEND(t, a) ST(t, y))
ROLE(lb_y_data, LD(a, y) "li %[t], 1\n" DEPEND(t, a) ST(t, x))
ROLE(lb_x_control, LD(a, x) "bnez %[a], 1f\n1:\n" ST(one, y))
ROLE(lb_y_control, LD(a, y) "bnez %[a], 1f\n1:\n" ST(one, x))
ROLE(s_y_data, LD(a, y) "li %[t], 1\n" DEPEND(t, a) ST(t, x))
ROLE(wrc_1, LD(a, x) FENCE(r, w) ST(one, y))
ROLE(cowr, ST(one, x) LD(a, x))
ROLE(corw, LD(a, x) ST(one, x))

// MARK: parts of a cell, and cells across words

ROLE(st_bytes, "sb %[one], (%[x])\n" FENCE(w, w) "sb %[one], 4(%[x])\n")
ROLE(ld_bytes, LD(s, x) "andi %[a], %[s], 255\nsrli %[b], %[s], 32\n")
ROLE(st_words, "slli %[s], %[one], 32\nor %[s], %[s], %[one]\n" ST(s, x))
ROLE(ld_words, "lw %[a], (%[x])\n" FENCE(r, r) "lw %[b], 4(%[x])\n")
ROLE(sb_low, "sw %[one], (%[x])\n" FENCE(rw, rw) LD(s, x) "srli %[a], %[s], 32\n")
ROLE(sb_high, "sw %[one], 4(%[x])\n" FENCE(rw, rw) "lwu %[a], (%[x])\n")
ROLE(st_across, "sd %[all], 3(%[x])\n")
ROLE(ld_across, "ld %[s], 3(%[x])\nbeqz %[s], 1f\nli %[a], 1\naddi %[s], %[s], 1\nbeqz %[s], 1f\nli %[a], 2\n1:\n")

// MARK: reads and writes at once

ROLE(increment_amo, "amoadd.d %[a], %[one], (%[x])\n")
ROLE(increment_lrsc, "1: " LR("", a, x) "add %[s], %[a], %[one]\n" SC("", s, s, x) "bnez %[s], 1b\n")
ROLE(increment_cas, "1: ld %[a], (%[x])\nadd %[t], %[a], %[one]\nmv %[s], %[a]\n" CAS(CAS_PLAIN, s, t, x)
     "bne %[s], %[a], 1b\n")
ROLE(increment_word, "amoadd.w %[a], %[one], (%[x])\n")
// What LR saw, and whether SC failed.
ROLE(lrsc_once, LR("", a, x) SC("", b, two, x))
ROLE(st_top_byte, "sb %[one], 7(%[x])\n")
ROLE(lrsc_top, LR("", a, x) SC("", b, two, x) "srli %[a], %[a], 56\n")
// Away and back again, with a note between and one behind.
ROLE(aba_0, LR(".aq", s, x) LD(t, y) FENCE(r, r) "li %[b], 50\n"
     "1: " LD(a, y) "addi %[b], %[b], -1\naddi %[a], %[a], -2\nbeqz %[a], 2f\nbnez %[b], 1b\n"
     "2: " LD(a, y) FENCE(rw, rw) SC(".rl", b, two, x)
     "slli %[b], %[b], 1\nor %[b], %[b], %[s]\nslli %[t], %[t], 2\nor %[b], %[b], %[t]\n")
ROLE(aba_1, ST(one, x) FENCE(w, w) ST(one, y) FENCE(w, w) "sd zero, (%[x])\n" FENCE(w, w) ST(two, y))

// A shape each line.
static const struct shape shapes[] = {
    {"MP", 2, {st_xy, ld_yx}, {NULL}, NULL},
    {"MP+fence.w.w+fence.r.r", 2, {st_xy_ww, ld_yx_rr}, {"**10"}, NULL},
    {"MP+fence.tsos", 2, {st_xy_tso, ld_yx_tso}, {"**10"}, NULL},
    {"MP+fence.w.w+addr", 2, {st_xy_ww, ld_yx_address}, {"**10"}, NULL},
    {"MP+amoswap.rl+lr.aq", 2, {st_xy_swap_rl, ld_yx_lr_aq}, {"**10"}, NULL},
    {"MP+amoadd.rl+amoor.aq", 2, {st_xy_add_rl, ld_yx_or_aq}, {"**10"}, NULL},
    {"MP+sc.rl+lr.aq", 2, {st_xy_lrsc_rl, ld_yx_lr_aq}, {"**10"}, NULL},
    {"MP+fence.w.w+fence.i", 2, {st_xy_ww, ld_yx_fence_i}, {"**10"}, NULL},
    {"SB", 2, {sb_x, sb_y}, {NULL}, NULL},
    {"SB+fence.tsos", 2, {sb_x_tso, sb_y_tso}, {NULL}, NULL},
    {"SB+fence.rw.rws", 2, {sb_x_rw, sb_y_rw}, {"0*0*"}, NULL},
    {"SB+fence.w.rs", 2, {sb_x_wr, sb_y_wr}, {"0*0*"}, NULL},
    {"SB+fence.iorw.iorws", 2, {sb_x_all, sb_y_all}, {"0*0*"}, NULL},
    {"SB+fence.reserved", 2, {sb_x_reserved, sb_y_reserved}, {"0*0*"}, NULL},
    {"SB+amoswap.aqrls", 2, {sb_x_swap, sb_y_swap}, {"0*0*"}, NULL},
    {"SB+amoor.aqs", 2, {sb_x_or_aq, sb_y_or_aq}, {"0*0*"}, NULL},
    {"SB+amoadd.rls", 2, {sb_x_add_rl, sb_y_add_rl}, {"0*0*"}, NULL},
    {"SB+amoswap.rl+lr.aq", 2, {sb_x_rcsc, sb_y_rcsc}, {"0*0*"}, NULL},
    {"SB+sc.rl+lr.aq", 2, {sb_x_lrsc_rcsc, sb_y_lrsc_rcsc}, {"0*0*"}, NULL},
    {"SB+lr.aqrls", 2, {sb_x_lr, sb_y_lr}, {"0*0*"}, NULL},
    {"SB+amocas.aqrls", 2, {sb_x_cas, sb_y_cas}, {"0*0*"}, "_zacas"},
    {"LB", 2, {lb_x, lb_y}, {NULL}, NULL},
    {"LB+fence.r.ws", 2, {lb_x_rw, lb_y_rw}, {"1*1*"}, NULL},
    {"LB+datas", 2, {lb_x_data, lb_y_data}, {"1*1*"}, NULL},
    {"LB+ctrls", 2, {lb_x_control, lb_y_control}, {"1*1*"}, NULL},
    {"S+fence.w.w+data", 2, {st_st_xy, s_y_data}, {"**1*****2"}, NULL},
    {"R+fence.w.w+fence.rw.rw", 2, {r_0, r_1}, {"**0******2"}, NULL},
    {"2+2W+fence.w.ws", 2, {w22_0, w22_1}, {"********11"}, NULL},
    {"CoRR", 2, {st_x, ld_xx}, {"**10"}, NULL},
    {"CoWW", 2, {st_x_twice, ld_xx}, {"********1", "**21"}, NULL},
    {"CoWR", 2, {cowr, st2_x}, {"2*******1"}, NULL},
    {"CoRW", 2, {corw, st2_x}, {"1*", "2*******2"}, NULL},
    {"bytes+fence.w.w+double", 2, {st_bytes, ld_bytes}, {"**01"}, NULL},
    {"double+words+fence.r.r", 2, {st_words, ld_words}, {"**10"}, NULL},
    {"SB+mixed+fence.rw.rws", 2, {sb_low, sb_high}, {"0*0*"}, NULL},
    {"misaligned", 2, {st_across, ld_across}, {"**2"}, "_zama16b"},
    {"amoadds", 2, {increment_amo, increment_amo}, {"********1", "0*0*"}, NULL},
    {"lrscs", 2, {increment_lrsc, increment_lrsc}, {"********1", "0*0*"}, NULL},
    {"amoadd+lrsc", 2, {increment_amo, increment_lrsc}, {"********1", "0*0*"}, NULL},
    {"amoadd.w+lrsc", 2, {increment_word, increment_lrsc}, {"********1", "0*0*"}, NULL},
    {"amocas+amoadd", 2, {increment_cas, increment_amo}, {"********1", "0*0*"}, "_zacas"},
    {"amocas+lrsc", 2, {increment_cas, increment_lrsc}, {"********1", "0*0*"}, "_zacas"},
    {"lrsc+store", 2, {lrsc_once, st_x}, {"00******2"}, NULL},
    {"lrsc+store of a byte", 2, {lrsc_top, st_top_byte}, {"00******2"}, NULL},
    // LR saw the first 0 (y was 0 behind it), y was 2 before SC, and SC stored.
    {"lrsc+there and back", 2, {aba_0, aba_1}, {"20"}, NULL},
    {"WRC+fence.r.w+fence.r.r", 3, {st_x, wrc_1, ld_yx_rr}, {"**1*10"}, NULL},
    {"WRC+fence.r.w+addr", 3, {st_x, wrc_1, ld_yx_address}, {"**1*10"}, NULL},
    {"WRC+data+addr", 3, {st_x, lb_x_data, ld_yx_address}, {"**1*10"}, NULL},
    {"IRIW+fence.r.rs", 4, {st_x, st_y, ld_xy_rr, ld_yx_rr}, {"****1010"}, NULL},
    {"IRIW+addrs", 4, {st_x, st_y, ld_xy_address, ld_yx_address}, {"****1010"}, NULL},
};
enum { shape_count = sizeof shapes / sizeof *shapes };
