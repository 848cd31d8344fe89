import Platform
import RV64Core

@testable import Machine

/// Programs for which it matters what a save does to them.
enum SavedPrograms {
    /// Changes code and page tables in a loop and never says so, accumulates what it fetches and loads, the time and
    /// the results of SC: what a hart still has of old memory shows in what it comes to, which is stored at `result`.
    ///
    /// Runs in S-mode or VS-mode; x20 is left alone.
    static func unfenced(_ program: inout GuestProgram, rounds: Int32) {
        let tables = GuestProgram.data
        let (first, second, code) = (tables + 0x3000, tables + 0x4000, tables + 0x5000)
        let leaf: (UInt64, UInt64) -> UInt64 = { ($0 >> 12) << 10 | $1 }
        program.store(leaf(0x8000_0000, 0xCF), at: tables + 16)
        program.store(leaf(tables + 0x1000, 0x01), at: tables)
        program.store(leaf(tables + 0x2000, 0x01), at: tables + 0x1000)
        program.store(leaf(first, 0xC7), at: tables + 0x2000 + 16 * 8)
        program.store(1, at: first)
        program.store(2, at: second)
        program.store(UInt64(Encoding.addi(11, 11, 3)) | UInt64(Encoding.jumpRegister(1)) << 32, at: code)
        // Sv39.
        program.load(5, 8 << 60 | tables >> 12)
        program.emit(Encoding.csrWrite(.satp, 5), 0x1200_0073)
        program.load(13, leaf(second, 0xC7))
        program.load(14, leaf(first, 0xC7))
        program.load(15, tables + 0x2000 + 16 * 8)
        program.load(17, 0x1_0000)
        program.load(18, UInt64(Encoding.addi(11, 11, 5)))
        program.load(22, UInt64(Encoding.addi(11, 11, 3)))
        program.load(19, code)
        program.load(11, 0)
        program.load(9, UInt64(rounds))
        let top = program.address
        // The other page at the same address.
        program.emit(Encoding.sd(13, 15), Encoding.addi(5, 13, 0), Encoding.addi(13, 14, 0), Encoding.addi(14, 5, 0))
        program.emit(Encoding.ld(16, 17), Encoding.add(11, 11, 16))
        // The other instruction at the same place, called between LR and SC.
        program.emit(Encoding.loadReserved(24, 15))
        program.emit(Encoding.sw(18, 19), Encoding.addi(5, 18, 0), Encoding.addi(18, 22, 0), Encoding.addi(22, 5, 0))
        program.emit(Encoding.i(0x67, 0, 1, 19, 0))
        program.emit(Encoding.storeConditional(25, 24, 15), Encoding.add(11, 11, 25))
        program.emit(Encoding.csrRead(23, .time), Encoding.add(11, 11, 23))
        program.emit(Encoding.addi(23, 11, 0), Encoding.shiftLeft(23, 1), Encoding.add(11, 11, 23))
        program.emit(Encoding.addi(9, 9, -1))
        program.branchBack(Encoding.bne, 9, 0, to: top)
        program.load(5, result)
        program.emit(Encoding.sd(11, 5))
    }

    static let result = GuestProgram.data + 0x6000

    /// As a guest.
    static func unfencedGuest(rounds: Int32) -> GuestProgram {
        GuestProgram { program in
            unfenced(&program, rounds: rounds)
            program.reset(0)
        }
    }

    /// In S-mode of a plain machine.
    static func unfencedPlain(rounds: Int32, ending: [UInt32] = exit) -> PlainTestProgram {
        let supervisor: [UInt32] = [
            Encoding.addi(5, 0, -1), Encoding.csrWrite(.pmpaddr0, 5), Encoding.csrWrite(.mcounteren, 5),
            Encoding.addi(5, 0, 0x1F), Encoding.csrWrite(.pmpcfg0, 5),
            Encoding.lui(5, 1), Encoding.addi(5, 5, -0x800), Encoding.csrWrite(.mstatus, 5),
            // mepc: behind MRET.
            0x0000_0297, Encoding.addi(5, 5, 16), Encoding.csrWrite(.mepc, 5), 0x3020_0073,
        ]
        let body = GuestProgram { unfenced(&$0, rounds: rounds) }
        return PlainTestProgram(supervisor + body.words + ending)
    }

    static let exit = [Encoding.addi(5, 0, 1), Encoding.sd(5, PlainTestProgram.dataRegister), Encoding.spin]

    /// Harts that add to one word, send each other interrupts, sleep by their timers, and print.
    static let busyHarts = GuestProgram { program in
        for hart in 1..<UInt64(4) { program.call(0x48_534D, 0, hart, GuestProgram.base, 0) }
        program.load(5, InterruptCause.supervisorTimer.mask | InterruptCause.supervisorSoftware.mask)
        program.emit(Encoding.csrWrite(.sie, 5))
        program.load(9, 40)
        let top = program.address
        program.load(6, GuestProgram.data)
        program.load(7, 1)
        program.emit(Encoding.amoadd(8, 7, 6), Encoding.i(0x13, 7, 10, 8, 15), Encoding.addi(10, 10, 0x41))
        program.print()
        program.call(0x73_5049, 0, 3, 0)
        program.load(7, 300)
        program.emit(Encoding.csrRead(10, .time), Encoding.add(10, 10, 7))
        program.call(0x5449_4D45, 0)
        program.emit(Encoding.wfi, Encoding.addi(9, 9, -1))
        // The software interrupt is taken back.
        program.load(5, InterruptCause.supervisorSoftware.mask)
        program.emit(Encoding.i(0x73, 3, 0, 5, Int32(CSRAddress.sip.rawValue)))
        program.branchBack(Encoding.bne, 9, 0, to: top)
        program.load(6, GuestProgram.data + 8)
        program.load(7, 1)
        program.emit(Encoding.amoadd(8, 7, 6))
        // The last one ends the machine, the others stop.
        let wait = program.address
        program.load(5, GuestProgram.data)
        program.emit(Encoding.ld(5, 5), Encoding.addi(5, 5, -40))
        program.branchBack(Encoding.blt, 5, 0, to: wait)
        program.reset(0)
    }

    /// Asks virtio's entropy device again and again, reads what was typed, and sets the real-time clock's alarm.
    static let devices = GuestProgram { program in
        let (device, ring) = (MemoryMap.virtio(1).base, GuestProgram.data)
        func set(_ register: UInt64, _ value: UInt64) { program.store(word: value, at: device + register) }
        set(0x70, 3)
        set(0x24, 1)
        set(0x20, 1)
        set(0x70, 11)
        set(0x30, 0)
        set(0x38, 8)
        set(0x80, ring)
        set(0x90, ring + 0x1000)
        set(0xA0, ring + 0x2000)
        set(0x44, 1)
        set(0x70, 15)
        // One buffer of eight bytes that the device writes.
        program.store(ring + 0x3000, at: ring)
        program.store(8 | 2 << 32, at: ring + 8)
        program.load(9, 60)
        program.load(11, 0)
        program.load(7, 0)
        let top = program.address
        program.emit(Encoding.addi(7, 7, 1))
        program.load(5, ring + 0x1000)
        program.emit(Encoding.store(1, 7, 5, 2))
        set(0x50, 0)
        program.load(5, ring + 0x3000)
        program.emit(Encoding.ld(6, 5), Encoding.add(12, 12, 6))
        // The console's next byte, and the alarm a little later.
        program.load(17, 2)
        program.emit(Encoding.ecall)
        program.skip(Encoding.blt, 10, 0) { $0.print() }
        program.load(5, MemoryMap.rtc.base)
        program.emit(Encoding.lw(6, 5), Encoding.addi(6, 6, 100), Encoding.sw(0, 5, 12), Encoding.sw(6, 5, 8))
        program.emit(Encoding.addi(9, 9, -1))
        program.branchBack(Encoding.bne, 9, 0, to: top)
        program.emit(Encoding.addi(10, 12, 0), Encoding.i(0x13, 7, 10, 10, 15), Encoding.addi(10, 10, 0x61))
        program.print()
        program.reset(0)
    }
}

extension Encoding {
    static func loadReserved(_ rd: UInt32, _ rs1: UInt32) -> UInt32 { 0x1000_302F | rs1 << 15 | rd << 7 }
    static func storeConditional(_ rd: UInt32, _ rs2: UInt32, _ rs1: UInt32) -> UInt32 {
        0x1800_302F | rs2 << 20 | rs1 << 15 | rd << 7
    }
}

extension GuestProgram {
    /// Stores a number; x5 and x6 are overwritten.
    mutating func store(_ value: UInt64, at address: UInt64) {
        load(5, address)
        load(6, value)
        emit(Encoding.sd(6, 5))
    }

    mutating func store(word value: UInt64, at address: UInt64) {
        load(5, address)
        load(6, value)
        emit(Encoding.sw(6, 5))
    }
}
