/// Numbers as text in the forms of Redis's reports.
enum NumberText {
    /// `value` with exactly `places` digits behind the point, as C's `%.nf` prints it. A value that is no number, or
    /// too large for 64 bits of digits, is 0.
    ///
    /// - Parameter places: from 0 to 6.
    static func fixed(_ value: Double, _ places: Int) -> String {
        let scale = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000][places]
        guard let scaled = Int64(exactly: (value.magnitude * Double(scale)).rounded()) else { return fixed(0, places) }
        let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
        let sign = value < 0 && scaled != 0 ? "-" : ""
        guard places > 0 else { return "\(sign)\(whole)" }
        let digits = String(fraction)
        return "\(sign)\(whole).\(String(repeating: "0", count: places - digits.count))\(digits)"
    }

    /// `part` of `whole` in per cent, two digits behind the point and the sign; "0.00%" of nothing.
    static func percentage(_ part: Int, of whole: Int) -> String {
        whole == 0 ? "0.00%" : fixed(Double(part) / Double(whole) * 100, 2) + "%"
    }

    /// `part` by `whole`, two digits behind the point; "0.00" when there is no whole.
    static func ratio(_ part: Int, _ whole: Int) -> String {
        whole == 0 ? "0.00" : fixed(Double(part) / Double(whole), 2)
    }

    /// Bytes as Redis shows them to people: 512B, 1.50K, 23.54G.
    static func human(_ bytes: Int) -> String {
        guard bytes >= 1024 else { return "\(bytes)B" }
        var value = Double(bytes) / 1024
        for unit in ["K", "M", "G", "T"] {
            if value < 1024 { return fixed(value, 2) + unit }
            value /= 1024
        }
        return fixed(value, 2) + "P"
    }
}
