extension SBIExtension {
    /// What there is: SBI 3.0, "Base Extension".
    static let base = SBIExtension(
        0x10,
        "BASE",
        [
            SBIFunction(0, "get_spec_version") { _ in .success(Base.specificationVersion) },
            SBIFunction(1, "get_impl_id") { _ in .success(Base.implementationID) },
            SBIFunction(2, "get_impl_version") { _ in .success(Base.implementationVersion) },
            SBIFunction(3, "probe_extension", [SBIParameter("extension_id", .extensionID)]) { request in
                .success(SBIExtension.all.contains { $0.id == request.arguments.a0 } ? 1 : 0)
            },
            SBIFunction(4, "get_mvendorid") { .success($0.environment.machineIdentity.vendor) },
            SBIFunction(5, "get_marchid") { .success($0.environment.machineIdentity.architecture) },
            SBIFunction(6, "get_mimpid") { .success($0.environment.machineIdentity.implementation) },
        ]
    )

    private enum Base {
        /// Version 3.0: the minor number in bits 23:0, the major number above.
        static let specificationVersion: UInt64 = 3 << 24
        /// "rvhv" in ASCII: no number is assigned to us, and the low ones are others'.
        static let implementationID: UInt64 = 0x7276_6876
        /// Version 0.1, encoded as the specification's own.
        static let implementationVersion: UInt64 = 1
    }
}
