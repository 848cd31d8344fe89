@testable import RV64Core

extension Hart {
    /// How loads and stores are translated in the state as it is now.
    var contextOfData: TranslationContext {
        updateContext()
        return runState.pointee.data.context
    }

    /// How instruction fetches are translated.
    var contextOfFetches: TranslationContext {
        updateContext()
        return runState.pointee.fetch.context
    }
}
