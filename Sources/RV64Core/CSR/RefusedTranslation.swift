extension Hart {
    /// A write of `value` over `satp` or `vsatp`. What was refused is kept for reports: software that does not look goes
    /// on as if its page table were in effect, and ends far from here.
    func translation(_ value: UInt64, over old: SATP) -> SATP {
        let mode = SATP(value)[.mode]
        refusedTranslationMode = TranslationMode.isSupported(mode, configuration.pagingLimit) ? nil : mode
        return old.legalized(value, limit: configuration.pagingLimit)
    }

    /// What to tell the user where the last write of `satp` was refused; nil where it was not.
    package var refusedTranslationReport: String? {
        refusedTranslationMode.map { mode in
            let name = PagingLimit(rawValue: mode).map { "\($0)" } ?? "mode \(mode)"
            return "hart \(configuration.id) asked satp for \(name), and has at most \(configuration.pagingLimit) "
                + "(see --paging)"
        }
    }
}
