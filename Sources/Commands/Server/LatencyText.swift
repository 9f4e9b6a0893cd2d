import Telemetry

/// LATENCY's reports for people.
enum LatencyText {
    private static let rowCount = 4

    /// A column for each sample, newest to the right: height by the milliseconds, below it the age.
    static func graph(_ samples: [LatencyMonitor.Sample], event: String, nowSeconds: Int64) -> String {
        let heights = samples.map(\.milliseconds)
        let (low, high) = (heights.min() ?? 0, heights.max() ?? 0)
        var text = "\(event) - high \(high) ms, low \(low) ms\n" + String(repeating: "-", count: 80) + "\n"
        for row in (0..<rowCount).reversed() {
            for height in heights {
                // Above the lowest by as many parts of the whole span.
                let level = high == low ? 0 : Int((height - low) * Int64(rowCount - 1) / (high - low))
                text += level == row ? "_" : level > row ? "|" : " "
            }
            text += "\n"
        }
        let ages = samples.map { Array(age(nowSeconds - $0.unixSeconds)) }
        for line in 0..<(ages.map(\.count).max() ?? 0) {
            text += ages.map { line < $0.count ? String($0[line]) : " " }.joined() + "\n"
        }
        return text
    }

    private static func age(_ seconds: Int64) -> String {
        switch max(0, seconds) {
        case let seconds where seconds < 60: "\(seconds)s"
        case let seconds where seconds < 3_600: "\(seconds / 60)m"
        case let seconds where seconds < 86_400: "\(seconds / 3_600)h"
        case let seconds: "\(seconds / 86_400)d"
        }
    }

    /// What LATENCY DOCTOR says.
    static func report(
        _ series: [(latest: LatencyMonitor.Latest, samples: [LatencyMonitor.Sample])], thresholdMilliseconds: Int64
    ) -> String {
        guard thresholdMilliseconds > 0 else {
            return """
                Latency monitoring is off. CONFIG SET latency-monitor-threshold <milliseconds> switches it on.

                """
        }
        guard !series.isEmpty else { return "Nothing took \(thresholdMilliseconds) ms or longer.\n" }
        var text = ""
        for (latest, samples) in series {
            let times = samples.map(\.milliseconds)
            let mean = times.isEmpty ? 0 : times.reduce(0, +) / Int64(times.count)
            text += "\(latest.event.rawValue): \(times.count) samples, mean \(mean) ms, "
            text += "longest \(latest.maximumMilliseconds) ms\n    \(advice(latest.event))\n"
        }
        return text
    }

    private static func advice(_ event: LatencyEvent) -> String {
        switch event {
        case .command: "SLOWLOG GET names the commands. KEYS and long values take their time; SCAN works in steps."
        case .fastCommand: "Commands that take no time by themselves waited for the processor: see what else runs."
        case .expireCycle: "Many entries expire at one time: spread their lifetimes, or lower active-expire-effort."
        case .evictionCycle: "Writes come faster than room can be made: raise maxmemory."
        }
    }
}
