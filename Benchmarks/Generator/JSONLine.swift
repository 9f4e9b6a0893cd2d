/// One flat JSON object, printed as one line. Names are ours and need no escapes.
struct JSONLine {
    private var fields: [String] = []

    mutating func add(_ name: String, _ value: UInt64) { fields.append("\"\(name)\": \(value)") }
    mutating func add(_ name: String, _ value: Int) { fields.append("\"\(name)\": \(value)") }
    mutating func add(_ name: String, _ value: Double) {
        fields.append("\"\(name)\": \(value.isFinite ? value.description : "null")")
    }

    /// The usual percentiles of `histogram`, in microseconds.
    mutating func add(_ histogram: LatencyHistogram) {
        add("p50_us", Double(histogram.value(atPercentile: 50)) / 1e3)
        add("p99_us", Double(histogram.value(atPercentile: 99)) / 1e3)
        add("p999_us", Double(histogram.value(atPercentile: 99.9)) / 1e3)
        add("max_us", Double(histogram.maximum) / 1e3)
    }

    func write() { print("{" + fields.joined(separator: ", ") + "}") }
}
