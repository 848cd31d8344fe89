import Hypervisor

/// What a run is watched by, as the options ask, and what that leads to at its end.
struct RunObservation {
    let observers: [any Observer]
    private let profile: (Profile, path: String)?
    private let perfMap: PerfMap?

    init(_ options: SessionOptions, _ session: TerminalSession) throws(HostFailure) {
        profile = options.profile.map { (Profile(), $0) }
        perfMap = options.perfMap == .written ? try PerfMap() : nil
        let tracer = options.trace == .traps ? TrapTracer(session) : nil
        let all: [(any Observer)?] = [tracer, profile?.0, perfMap]
        observers = all.compactMap { $0 }
    }

    /// Writes the files and shows the profile. All machines have ended.
    func finish(_ session: TerminalSession) throws(HostFailure) {
        if let (profile, path) = profile {
            try OutputFile.write(Array(profile.folded.utf8), to: path)
            session.show(profile.table())
        }
        try perfMap?.finish()
    }
}
