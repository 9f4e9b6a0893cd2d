import Primitives

/// Doubles.
extension ReplyWriter {
    /// `,value`; with RESP2 a string.
    public func double(_ value: Double) {
        let text = Self.text(of: value)
        guard version == 3 else { return bulk(text) }
        raw(",")
        withSlice(of: text) { raw($0) }
        raw("\r\n")
    }

    /// The shortest digits that read back as `value`, laid out as C's %.17g does: an exponent only below 10^-4 or from
    /// 10^17 on, of at least two digits. Allocates: no command of a hot path answers with a double.
    static func text(of value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        if value == 0 { return value.sign == .minus ? "-0" : "0" }
        let (digits, exponent) = decimalParts(of: value.magnitude)
        var text = value < 0 ? "-" : ""
        if exponent < -4 || exponent >= 17 {
            text.append(digits[0])
            if digits.count > 1 { text += "." + String(digits[1...]) }
            text += exponent < 0 ? "e-" : "e+"
            text += exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
        } else if exponent < 0 {
            text += "0." + String(repeating: "0", count: -exponent - 1) + String(digits)
        } else if digits.count <= exponent + 1 {
            text += String(digits) + String(repeating: "0", count: exponent + 1 - digits.count)
        } else {
            text += String(digits[...exponent]) + "." + String(digits[(exponent + 1)...])
        }
        return text
    }

    /// The shortest digits d1 d2 d3 ... and the exponent e of d1.d2d3... × 10^e, taken from Swift's own shortest form
    /// (`0.001`, `12.5`, `1e-07`).
    private static func decimalParts(of value: Double) -> (digits: [Character], exponent: Int) {
        var digits: [Character] = []
        var pointIndex: Int?
        var exponent = 0
        var mantissa = Substring(value.description)
        if let index = mantissa.firstIndex(of: "e") {
            exponent = Int(mantissa[mantissa.index(after: index)...]) ?? 0
            mantissa = mantissa[..<index]
        }
        for character in mantissa {
            if character == "." { pointIndex = digits.count } else { digits.append(character) }
        }
        exponent += (pointIndex ?? digits.count) - 1
        let leadingZeros = digits.prefix { $0 == "0" }.count
        digits.removeFirst(leadingZeros)
        exponent -= leadingZeros
        while digits.last == "0" { digits.removeLast() }
        return (digits, exponent)
    }
}
