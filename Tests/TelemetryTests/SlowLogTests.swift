import Primitives
import Testing

@testable import Telemetry

struct SlowLogTests {
    private func record(_ log: SlowLog, _ words: [String], microseconds: Int64 = 1) {
        let bytes = words.map { Array($0.utf8) + [0] }
        let memory = bytes.map { word in
            let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: word.count)
            copy.initialize(from: word, count: word.count)
            return copy
        }
        defer { for pointer in memory { pointer.deallocate() } }
        let slices = zip(memory, bytes).map { ByteSlice(base: UnsafePointer($0), count: $1.count - 1) }
        slices.withUnsafeBufferPointer { arguments in
            log.record(
                arguments: arguments, durationMicroseconds: microseconds, unixSeconds: 1000,
                clientAddress: ("127.0.0.1:5" as StaticString).slice, clientName: ("me" as StaticString).slice)
        }
    }

    private func texts(_ entry: SlowLog.Entry?) -> [String] {
        entry?.arguments.map { String(decoding: $0, as: UTF8.self) } ?? []
    }

    @Test func keepsTheNewestFirstWithAllFields() throws {
        let log = SlowLog(maximumCount: 2)
        for word in ["a", "b", "c"] { record(log, [word], microseconds: 7) }
        let entries = log.entries(limit: 10)
        #expect(entries.map(\.id) == [2, 1])
        let newest = try #require(entries.first)
        #expect(texts(newest) == ["c"])
        #expect(newest.unixSeconds == 1000 && newest.durationMicroseconds == 7)
        #expect(newest.clientAddress == Array("127.0.0.1:5".utf8) && newest.clientName == Array("me".utf8))
        #expect(log.entries(limit: 1).map(\.id) == [2])
        #expect(log.entries(limit: -1).isEmpty)
    }

    @Test func argumentsAreCutWithRedisTexts() {
        let log = SlowLog(maximumCount: 1)
        record(log, (1...32).map { "\($0)" })
        #expect(texts(log.entries(limit: 1).first).last == "32")
        record(log, (1...33).map { "\($0)" })
        let cut = texts(log.entries(limit: 1).first)
        #expect(cut.count == 32)
        #expect(cut[30...] == ["31", "... (2 more arguments)"])
        record(log, [String(repeating: "x", count: 128), String(repeating: "y", count: 130)])
        #expect(
            texts(log.entries(limit: 1).first)
                == [String(repeating: "x", count: 128), String(repeating: "y", count: 128) + "... (2 more bytes)"])
    }

    @Test func lengthChangesAndIdsGoOnThroughAReset() {
        let log = SlowLog(maximumCount: 3)
        for index in 0..<5 { record(log, ["\(index)"]) }
        log.setMaximumCount(5)
        for index in 5..<7 { record(log, ["\(index)"]) }
        #expect(log.entries(limit: 10).map(\.id) == [6, 5, 4, 3, 2])
        log.setMaximumCount(2)
        #expect(log.entries(limit: 10).map(\.id) == [6, 5])
        log.reset()
        #expect(log.count == 0)
        record(log, ["x"])
        #expect(log.entries(limit: 10).map(\.id) == [7])
        log.setMaximumCount(0)
        record(log, ["x"])
        #expect(log.count == 0)
    }

    /// Every limit and number of elements against an array, with the limit changed in between.
    @Test func ringIsTheEndOfAnArray() {
        for limit in 0...5 {
            for later in 0...6 {
                var ring = Ring<Int>(limit: limit)
                var model: [Int] = []
                for element in 0..<20 {
                    if element == 9 {
                        ring.setLimit(later)
                        model = Array(model.suffix(later))
                    }
                    ring.append(element)
                    model = Array((model + [element]).suffix(element < 9 ? limit : later))
                    #expect(ring.elements == model)
                    #expect(ring.newest == model.last)
                }
            }
        }
    }
}

struct LatencyMonitorTests {
    @Test func keepsTheLongestOfEachSecond() {
        let monitor = LatencyMonitor()
        monitor.record(.command, milliseconds: 5, unixSeconds: 10)
        monitor.record(.command, milliseconds: 9, unixSeconds: 10)
        monitor.record(.command, milliseconds: 7, unixSeconds: 10)
        monitor.record(.command, milliseconds: 3, unixSeconds: 11)
        let expected = [(10, 9), (11, 3)].map { LatencyMonitor.Sample(unixSeconds: $0, milliseconds: $1) }
        #expect(monitor.history(.command) == expected)
        let latest = monitor.latest
        #expect(latest.map(\.event) == [.command])
        #expect(latest.first?.sample == expected.last && latest.first?.maximumMilliseconds == 9)
    }

    @Test func keeps160SamplesAndResets() {
        let monitor = LatencyMonitor()
        for second in 0..<200 { monitor.record(.expireCycle, milliseconds: 1, unixSeconds: Int64(second)) }
        monitor.record(.fastCommand, milliseconds: 1, unixSeconds: 0)
        #expect(monitor.history(.expireCycle).map(\.unixSeconds) == Array(40..<200))
        #expect(monitor.reset([.command, .expireCycle]) == 1)
        #expect(monitor.history(.expireCycle).isEmpty)
        #expect(monitor.latest.map(\.event) == [.fastCommand])
        #expect(monitor.reset() == 1)
        #expect(monitor.latest.isEmpty)
    }

    @Test func namesAreRedis() {
        #expect(LatencyEvent.allCases.map(\.rawValue) == ["command", "fast-command", "expire-cycle", "eviction-cycle"])
    }
}
