import Primitives

/// Amounts of memory as redis.conf writes them.
enum MemorySize {
    /// The units by Redis's rule: one letter is decimal, two are binary.
    private static let units: [(suffix: String, bytes: Int64)] = [
        ("", 1), ("b", 1),
        ("k", 1000), ("kb", 1024),
        ("m", 1_000_000), ("mb", 1 << 20),
        ("g", 1_000_000_000), ("gb", 1 << 30),
    ]

    /// The bytes that `text` names, or nil when it names none or more than 2^63 - 1.
    ///
    /// Redis 7.0 and Valkey let the multiplication overflow and answer OK to 99999999999999999999gb.
    static func bytes(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = String(text.dropFirst(digits.count)).asciiLowercased
        guard let unit = units.first(where: { $0.suffix.sameBytes(as: suffix) })?.bytes else { return nil }
        guard let count = wholeNumber(String(digits)), count >= 0 else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: unit)
        return overflow ? nil : bytes
    }

    /// The shortest exact text with a binary unit: what the conf file shows and CONFIG REWRITE writes.
    static func compact(_ bytes: Int64) -> String {
        for (suffix, unit) in [("gb", Int64(1) << 30), ("mb", 1 << 20), ("kb", 1 << 10)]
        where bytes != 0 && bytes % unit == 0 {
            return "\(bytes / unit)\(suffix)"
        }
        return "\(bytes)"
    }
}

extension Int64 {
    /// So many hundredths of the number, without overflow.
    ///
    /// - Parameter percentage: 0 to 100.
    func share(_ percentage: Int64) -> Int64 { self / 100 * percentage + self % 100 * percentage / 100 }
}

/// The integer that `text` spells by Redis's strict rules, or nil.
func wholeNumber(_ text: String) -> Int64? {
    withSlice(of: text) { $0.int64 }
}
