import Configuration
import Primitives
import RESP
import Telemetry

/// LATENCY: events that took longer than `latency-monitor-threshold`, and how long commands take.
enum LatencyCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            container: "latency", group: .server, since: "2.8.13", summary: "A container for commands about latency.",
            subcommands: [
                CommandSpec(
                    "latest", arity: 2, flags: flags, group: .server, since: "2.8.13",
                    summary: "Returns the last sample of each event: name, unix time, milliseconds, the longest.",
                    complexity: "O(1)", tips: tips, handler: { latest(Call($0)) }),
                CommandSpec(
                    "history", arity: 3, flags: flags, group: .server, since: "2.8.13",
                    summary: "Returns the samples of an event: unix times and milliseconds.", complexity: "O(1)",
                    syntax: "event", tips: tips, handler: { history(Call($0)) }),
                CommandSpec(
                    "reset", arity: -2, flags: flags, group: .server, since: "2.8.13",
                    summary: "Forgets the samples of some events, or of all.", complexity: "O(1)",
                    syntax: "[event [event ...]]",
                    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], handler: { reset(Call($0)) }),
                CommandSpec(
                    "graph", arity: 3, flags: flags, group: .server, since: "2.8.13",
                    summary: "Draws the samples of an event.", complexity: "O(1)", syntax: "event", tips: tips,
                    handler: { graph(Call($0)) }),
                CommandSpec(
                    "doctor", arity: 2, flags: flags, group: .server, since: "2.8.13",
                    summary: "Says which events were slow and what may help.", complexity: "O(1)", tips: tips,
                    handler: { doctor(Call($0)) }),
                CommandSpec(
                    "histogram", arity: -2, flags: flags, group: .server, since: "7.0.0",
                    summary:
                        "Returns how long commands took: for powers of two of microseconds, how many took no longer.",
                    complexity: "O(N) where N is the number of commands with latency information being retrieved.",
                    syntax: "[command [command ...]]", tips: tips, handler: { histogram(Call($0)) }),
                CommandHelp.spec(group: .server, since: "2.8.13"),
            ])
    ]

    private static let flags: CommandFlags = [.admin, .noScript, .loading, .stale]
    private static let tips: [StaticString] = [
        "nondeterministic_output", "request_policy:all_nodes", "response_policy:special",
    ]

    private static func event(_ name: ByteSlice) -> LatencyEvent? { LatencyEvent(rawValue: name.errorText) }

    private static func latest(_ call: Call) {
        let latest = call.shared.latencyMonitor.latest
        call.reply.array(latest.count)
        for entry in latest {
            call.reply.array(4)
            call.reply.bulk(entry.event.rawValue)
            call.reply.integer(entry.sample.unixSeconds)
            call.reply.integer(entry.sample.milliseconds)
            call.reply.integer(entry.maximumMilliseconds)
        }
    }

    private static func samples(_ call: Call) -> [LatencyMonitor.Sample] {
        event(call[2]).map(call.shared.latencyMonitor.history) ?? []
    }

    private static func history(_ call: Call) {
        let samples = samples(call)
        call.reply.array(samples.count)
        for sample in samples {
            call.reply.array(2)
            call.reply.integer(sample.unixSeconds)
            call.reply.integer(sample.milliseconds)
        }
    }

    private static func reset(_ call: Call) {
        let events = (2..<call.argumentCount).compactMap { event(call[$0]) }
        let count = call.shared.latencyMonitor.reset(call.argumentCount == 2 ? nil : events)
        call.reply.integer(Int64(count))
    }

    private static func graph(_ call: Call) {
        let samples = samples(call)
        guard !samples.isEmpty else {
            return call.reply.error("ERR No samples available for event '\(call[2].errorText)'")
        }
        call.reply.verbatim(
            LatencyText.graph(samples, event: call[2].errorText, nowSeconds: call.wallMilliseconds / 1000))
    }

    private static func doctor(_ call: Call) {
        let monitor = call.shared.latencyMonitor
        let series = monitor.latest.map { (latest: $0, samples: monitor.history($0.event)) }
        let threshold = call.shared.configuration.settings.latencyMonitorThresholdMilliseconds
        call.reply.verbatim(LatencyText.report(series, thresholdMilliseconds: threshold))
    }

    private static func histogram(_ call: Call) {
        let table = call.shared.table
        var wanted: [Int] = []
        if call.argumentCount == 2 {
            wanted = Array(0..<table.count)
        } else {
            for index in 2..<call.argumentCount {
                let name = call[index].errorText.lowercasedASCII
                // A container stands for its subcommands.
                wanted += (0..<table.count).filter { table.names[$0] == name || table.names[$0].hasPrefix(name + "|") }
            }
        }
        let summaries = wanted.compactMap { index in
            call.shared.latencySummary(of: index).flatMap { $0.total > 0 ? (table.names[index], $0) : nil }
        }
        call.reply.map(summaries.count)
        for (name, summary) in summaries {
            call.reply.bulk(name)
            call.reply.map(2)
            call.reply.bulk("calls")
            call.reply.integer(Int64(clamping: summary.total))
            call.reply.bulk("histogram_usec")
            let buckets = summary.cumulativeMicroseconds
            call.reply.map(buckets.count)
            for bucket in buckets {
                call.reply.integer(Int64(clamping: bucket.microseconds))
                call.reply.integer(Int64(clamping: bucket.count))
            }
        }
    }
}
