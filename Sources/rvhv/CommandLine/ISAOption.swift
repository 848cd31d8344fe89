import RV64Core

/// The value of `--isa`.
enum ISAOption {
    /// The extensions of a hart that the program has to itself.
    static func hart(_ text: String) throws(UsageError) -> ISAConfiguration {
        do throws(ISAConfigurationError) {
            return try ISAConfiguration(parsing: text)
        } catch {
            throw .invalidValue("--isa", value: text, reason: error.description)
        }
    }

    /// The extensions that a guest is offered: the hypervisor's own is not among them.
    static func guest(_ text: String) throws(UsageError) -> ISAConfiguration {
        let isa = try hart(text)
        guard !isa.extensions.contains(.h) else {
            throw .invalidValue("--isa", value: text, reason: "a guest has no 'h': it is itself behind it")
        }
        return isa
    }
}
