import RV64Core

/// A function that generated code calls: the hart, and the number of the instruction's place.
///
/// - Returns: a ``NativeReturn``, or where else to go on.
typealias NativeFunction = @convention(c) (UnsafeMutableRawPointer, UInt32) -> UInt

/// Where generated code goes on after a function; any other number is the address of code.
enum NativeReturn {
    /// Behind the instruction.
    static let next: UInt = 0
    /// In the run loop. pc and `retired` have been written back, as for the next one.
    static let event: UInt = 1
    /// In the engine, which looks for the code at pc.
    static let elsewhere: UInt = 2
}

enum NativeCalls {
    static func execute(_ hart: UnsafeMutableRawPointer, _ place: UInt32) -> UInt {
        Unmanaged<Hart>.fromOpaque(hart)._withUnsafeGuaranteedRef { hart in
            let place = self.place(place, hart)
            if hart.execute(place.pointee.decoded) {
                switch place.pointee.decoded.opcode.execution {
                case .float, .floatLoad, .floatStore: startFloating(hart)
                default: break
                }
                return NativeReturn.next
            }
            // The instructions from this one on have not retired.
            hart.writeBack(place.pointee.pc, retired: done(hart, place.pointee.index))
            hart.deliver(hart.runState.pointee.trap, raisedBy: place.pointee.decoded)
            return goOn(hart)
        }
    }

    static func system(_ hart: UnsafeMutableRawPointer, _ place: UInt32) -> UInt {
        Unmanaged<Hart>.fromOpaque(hart)._withUnsafeGuaranteedRef { hart in
            let place = self.place(place, hart)
            let index = place.pointee.index
            hart.writeBack(place.pointee.pc, retired: done(hart, index))
            guard hart.executeSystem(place.pointee.decoded) else { return goOn(hart) }
            // What has been written back need not be again.
            hart.runState.pointee.native.budget = hart.runState.pointee.native.remaining &- index &- 1
            return NativeReturn.next
        }
    }

    // What comes with every call of a system has functions of its own.

    static func environmentCall(_ hart: UnsafeMutableRawPointer, _ place: UInt32) -> UInt {
        Unmanaged<Hart>.fromOpaque(hart)._withUnsafeGuaranteedRef { hart in
            let place = self.place(place, hart)
            hart.writeBack(place.pointee.pc, retired: done(hart, place.pointee.index))
            hart.executeEnvironmentCall()
            return goOn(hart)
        }
    }

    static func supervisorReturn(_ hart: UnsafeMutableRawPointer, _ place: UInt32) -> UInt {
        Unmanaged<Hart>.fromOpaque(hart)._withUnsafeGuaranteedRef { hart in
            let place = self.place(place, hart)
            hart.writeBack(place.pointee.pc, retired: done(hart, place.pointee.index))
            hart.executeSupervisorReturn(place.pointee.decoded)
            return goOn(hart)
        }
    }

    /// Goes on at pc, in whatever mode and context, without leaving generated code if nobody has to look.
    private static func goOn(_ hart: Hart) -> UInt {
        let budget = hart.goOn()
        guard budget > 0 else { return NativeReturn.event }
        hart.runState.pointee.native.budget = budget
        hart.runState.pointee.native.remaining = budget
        let code = hart.runState.pointee.native.isDirty ? 0 : JumpCache.code(of: hart)
        return code == 0 ? NativeReturn.elsewhere : code
    }

    /// From here on the host's unit is the guest's, if it can round as the guest wants it.
    private static func startFloating(_ hart: Hart) {
        guard hart.runState.pointee.floatingPoint == .dirty, hart.state.pointee.frm < 4 else { return }
        // RNE, RTZ, RDN, RUP as the host numbers them.
        let rounding: UInt32 = 0b10_01_11_00 &>> UInt32(truncatingIfNeeded: 2 &* hart.state.pointee.frm) & 3
        hart.runState.pointee.native.guestControl = 0x1F80 | rounding &<< 13
        hart.runState.pointee.native.wasFloating = hart.state.pointee.frm &+ 1
    }

    private static func done(_ hart: Hart, _ index: Int) -> Int {
        hart.runState.pointee.native.budget &- hart.runState.pointee.native.remaining &+ index
    }

    private static func place(_ number: UInt32, _ hart: Hart) -> UnsafePointer<NativePlace> {
        // SAFETY: code holds numbers of places that were appended before it was written, until both are given up.
        hart.runState.pointee.native.places.unsafelyUnwrapped.assumingMemoryBound(to: NativePlace.self) + Int(number)
    }
}
