import CPrimitives
import Configuration
import Primitives
import RESP
import Telemetry

/// Calls, time and errors per command. The clock is read once a batch; requests too short to be timed alone share
/// the batch's time evenly.
extension Executor {
    func account(
        _ batch: borrowing RequestBatch, from first: Int, to end: Int, _ session: UnsafeMutablePointer<Session>
    ) {
        let now = nc_monotonic_nanoseconds()
        let count = end - first
        var sharing = 0
        for index in first..<end where lookedUp[index].sharesTime { sharing += 1 }
        let share = sharing == 0 ? 0 : (now &- batchStartNanoseconds) / UInt64(sharing)
        batchStartNanoseconds = now
        let isTracked = settings.isLatencyTracked
        let isSlow = isWorthNoting(share)
        for index in first..<end {
            guard lookedUp[index].sharesTime, let command = lookedUp[index].command else { continue }
            let counter = commandCounters + Int(command.pointee.index)
            nc_counter_add(&counter.pointee.calls, 1)
            nc_counter_add(&counter.pointee.nanoseconds, share)
            if isTracked { latencies.record(Int(command.pointee.index), nanoseconds: share) }
            if isSlow {
                let request = batch.commands[index]
                noteSlow(command, batch.arguments + request.firstArgument, request.argumentCount, nanoseconds: share)
            }
        }
        counters.add(.commandsProcessed, UInt64(count))
        session.pointee.commandCount &+= UInt64(count)
        session.pointee.lastInteractionMilliseconds = nowMilliseconds
        if let last = lookedUp[end - 1].command { session.pointee.lastCommandIndex = last.pointee.index }
    }

    /// Books a command that was timed alone.
    func accountTimed(_ command: UnsafePointer<Command>, nanoseconds: UInt64) {
        if settings.isLatencyTracked { latencies.record(Int(command.pointee.index), nanoseconds: nanoseconds) }
        if isWorthNoting(nanoseconds) {
            noteSlow(command, state.pointee.arguments, state.pointee.argumentCount, nanoseconds: nanoseconds)
        }
        let counter = commandCounters + Int(command.pointee.index)
        nc_counter_add(&counter.pointee.calls, 1)
        nc_counter_add(&counter.pointee.nanoseconds, nanoseconds)
    }

    /// Whether a command of this length is for the slow log or the latency monitor.
    private func isWorthNoting(_ nanoseconds: UInt64) -> Bool {
        let slow = settings.slowlogThresholdMicroseconds
        if slow >= 0, nanoseconds / 1_000 >= UInt64(slow) { return true }
        let latency = settings.latencyMonitorThresholdMilliseconds
        return latency > 0 && nanoseconds / 1_000_000 >= UInt64(latency)
    }

    @inline(never)
    private func noteSlow(
        _ command: UnsafePointer<Command>, _ arguments: UnsafeMutablePointer<ByteSlice>, _ count: Int,
        nanoseconds: UInt64
    ) {
        let seconds = Call(state).wallMilliseconds / 1000
        let latency = settings.latencyMonitorThresholdMilliseconds
        if latency > 0, nanoseconds / 1_000_000 >= UInt64(latency) {
            let event: LatencyEvent = command.pointee.flags.contains(.fast) ? .fastCommand : .command
            shared.latencyMonitor.record(
                event, milliseconds: Int64(nanoseconds / 1_000_000), unixSeconds: seconds)
        }
        let slow = settings.slowlogThresholdMicroseconds
        guard slow >= 0, nanoseconds / 1_000 >= UInt64(slow), !command.pointee.flags.contains(.skipSlowlog) else {
            return
        }
        let session = state.pointee.session
        let isSensitive = command.pointee.flags.contains(.sensitive)
        let redacted = ("(redacted)" as StaticString).slice
        withUnsafeTemporaryAllocation(of: ByteSlice.self, capacity: max(count, 1)) { shown in
            for index in 0..<count {
                shown.initializeElement(at: index, to: isSensitive && index > 0 ? redacted : arguments[index])
            }
            withSlice(of: session.pointee.peerAddress) { address in
                session.pointee.name.withUnsafeBufferPointer { name in
                    let base = name.baseAddress ?? ("" as StaticString).utf8Start
                    shared.slowLog.record(
                        arguments: UnsafeBufferPointer(rebasing: shown[0..<count]),
                        durationMicroseconds: Int64(nanoseconds / 1_000), unixSeconds: seconds,
                        clientAddress: address, clientName: ByteSlice(base: base, count: name.count))
                }
            }
        }
    }

    /// Sends the request to MONITOR's connections, in Redis's form.
    func feedMonitors(_ command: UnsafePointer<Command>) {
        let session = state.pointee.session
        guard !command.pointee.flags.contains(.skipMonitor), !session.pointee.isMonitor else { return }
        let micros = nc_wall_nanoseconds() / 1_000
        let fraction = String(micros % 1_000_000)
        let padded = String(repeating: "0", count: 6 - fraction.count) + fraction
        let peer = session.pointee.isUnixSocket ? "unix:\(session.pointee.localAddress)" : session.pointee.peerAddress
        var line = Array("+\(micros / 1_000_000).\(padded) [\(session.pointee.database) \(peer)]".utf8)
        let isSensitive = command.pointee.flags.contains(.sensitive)
        for index in 0..<state.pointee.argumentCount {
            line.append(0x20)
            if isSensitive, index > 0 {
                line.append(contentsOf: "\"(redacted)\"".utf8)
            } else {
                QuotedText.append(state.pointee.arguments[index], to: &line)
            }
        }
        line.append(contentsOf: [0x0D, 0x0A])
        shared.control?.feedMonitors(line)
    }
}

/// Bytes in Redis's quoted form: printable ASCII as it is, the rest escaped.
enum QuotedText {
    static func append(_ bytes: ByteSlice, to line: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        line.append(UInt8(ascii: "\""))
        for byte in bytes.buffer {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""): line.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 0x0A: line.append(contentsOf: "\\n".utf8)
            case 0x0D: line.append(contentsOf: "\\r".utf8)
            case 0x09: line.append(contentsOf: "\\t".utf8)
            case 0x07: line.append(contentsOf: "\\a".utf8)
            case 0x08: line.append(contentsOf: "\\b".utf8)
            case 0x20...0x7E: line.append(byte)
            default: line.append(contentsOf: [0x5C, 0x78, digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
        line.append(UInt8(ascii: "\""))
    }
}
