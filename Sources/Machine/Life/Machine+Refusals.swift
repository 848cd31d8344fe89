import Hypervisor
import Platform
import RV64Core

extension Machine {
    /// What the program asked for and did not get, a line for each kind, once the machine has ended: where the end is a
    /// failure, it may be why. Software that probes for what there is asks for such things, and goes on.
    public var refusals: [String] {
        // Before that the harts are not ours to read.
        guard life.withLock({ $0.ending }) != nil else { return [] }
        return [
            drivers.lazy.compactMap { $0.hart.refusedTranslationReport }.first,
            drivers.lazy.compactMap { $0.hart.missingInstructionReport(offered: $0.offered, self.describe) }.first,
        ].compactMap { $0 }
    }
}
