/// `fcsr` and its two parts.
package enum FloatingPointControl {
    package static let fflagsMask: UInt64 = 0x1f
    package static let frmMask: UInt64 = 0x7
    package static let frmShift: UInt64 = 5
}

/// Encodings of FS, VS and XS. norm:mstatus_fs_vs_xs_enc
package enum ContextStatus {
    package static let off: UInt64 = 0
    package static let initial: UInt64 = 1
    package static let clean: UInt64 = 2
    package static let dirty: UInt64 = 3
}
