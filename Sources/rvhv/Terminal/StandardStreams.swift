import Glibc

/// The three descriptors that a process is born with.
enum StandardStreams {
    /// Fills the places of those that were closed, before anything else of ours gets their numbers.
    ///
    /// What fills them is opened the wrong way round, so that reading or writing still fails as on a closed descriptor.
    static func complete() {
        for (stream, access) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(stream, F_GETFD) < 0 {
            // The lowest free number is the one wanted. `/` stands in where there is no `/dev`.
            if open("/dev/null", access) < 0 { _ = open("/", O_RDONLY) }
        }
    }
}
