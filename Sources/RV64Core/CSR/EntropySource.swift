/// Where `seed` takes its randomness from. Cryptography Extensions, "Entropy Source".
package struct EntropySource: Sendable {
    /// Sixteen bits nobody has seen before; nil when the source has failed for good.
    package let poll: @Sendable () -> UInt16?

    package init(poll: @escaping @Sendable () -> UInt16?) { self.poll = poll }

    /// The host's own generator: a virtual entropy source. norm:seed_min_security_256
    package static let host = EntropySource { .random(in: .min ... .max) }
}

/// Values of OPST in `seed`. A source that always has an answer needs neither BIST nor WAIT.
package enum EntropyStatus {
    /// Nothing now: ask again.
    package static let wait: UInt64 = 0b01 << 30
    /// The low half is 16 bits of randomness.
    package static let es16: UInt64 = 0b10 << 30
    package static let dead: UInt64 = 0b11 << 30
}

extension Hart {
    /// A read of `seed`. norm:seed_entropy_unique norm:seed_entropy_zero_non_es16 norm:seed_wipe_on_read
    func pollEntropy() -> UInt64 {
        guard extensions.contains(.zkr) else { return 0 }
        guard let entropy = configuration.entropy.poll() else { return EntropyStatus.dead }
        return EntropyStatus.es16 | UInt64(entropy)
    }
}
