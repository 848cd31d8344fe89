import Glibc

/// What the host's processor has beyond the first x86-64.
enum HostFeatures {
    /// BMI1, BMI2, LZCNT, POPCNT and FMA: all processors since 2013 but for the smallest.
    static let suffice: Bool = {
        let wanted = [" bmi1 ", " bmi2 ", " popcnt ", " fma ", " abm "]
        guard let file = fopen("/proc/cpuinfo", "r") else { return false }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var size = 0
        defer { free(line) }
        while getline(&line, &size, file) > 0 {
            guard let line else { return false }
            // The words of the line are between spaces; the last one, before the end of the line, is none of these.
            if strncmp(line, "flags", 5) == 0 { return wanted.allSatisfy { strstr(line, $0) != nil } }
        }
        return false
    }()
}
