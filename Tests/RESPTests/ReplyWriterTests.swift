import Primitives
import Testing

@testable import RESP

@Suite struct ReplyWriterTests {
    /// What `body` writes, as text.
    private func written(_ version: Int32, _ body: (ReplyWriter) -> Void) -> String {
        var buffer = ReplyBuffer()
        withUnsafeMutablePointer(to: &buffer) { body(ReplyWriter($0, version: version)) }
        return buffer.unsentBytes.string
    }

    private func expect(
        _ two: String, _ three: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (ReplyWriter) -> Void
    ) {
        #expect(written(2, body) == two, sourceLocation: sourceLocation)
        #expect(written(3, body) == three, sourceLocation: sourceLocation)
    }

    @Test func scalars() {
        expect("+OK\r\n", "+OK\r\n") { $0.ok() }
        expect("+PONG\r\n", "+PONG\r\n") { $0.simple("PONG") }
        expect("$-1\r\n", "_\r\n") { $0.null() }
        expect("*-1\r\n", "_\r\n") { $0.nullArray() }
        expect(":1\r\n", "#t\r\n") { $0.boolean(true) }
        expect(":0\r\n", "#f\r\n") { $0.boolean(false) }
    }

    @Test func integers() {
        var values: [Int64] = [.min, .min + 1, .max, .max - 1, -1, -9, -10, -11]
        values += (0...120).map { $0 }
        var power: Int64 = 1
        for _ in 0..<18 {
            power *= 10
            values += [power - 1, power, power + 1, -power]
        }
        for value in values {
            expect(":\(value)\r\n", ":\(value)\r\n") { $0.integer(value) }
            let text = "\(value)"
            expect("$\(text.count)\r\n\(text)\r\n", "$\(text.count)\r\n\(text)\r\n") { $0.bulkInteger(value) }
        }
    }

    @Test func bulksOfAllLengths() {
        for count in Array(0...1_100) + [9_999, 10_000, 16_383, 16_384, 16_385, 100_000] {
            let text = String(repeating: "v", count: count)
            expect("$\(count)\r\n\(text)\r\n", "$\(count)\r\n\(text)\r\n") { $0.bulk(text) }
        }
        expect("$3\r\nabc\r\n", "$3\r\nabc\r\n") { $0.bulk("abc") }
        expect("$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n") { $0.bulk(("a\r\nb" as StaticString).slice) }
    }

    @Test func aggregates() {
        for count in [0, 1, 9, 10, 99, 100, 12_345] {
            expect("*\(count)\r\n", "*\(count)\r\n") { $0.array(count) }
            expect("*\(2 * count)\r\n", "%\(count)\r\n") { $0.map(count) }
            expect("*\(count)\r\n", "~\(count)\r\n") { $0.set(count) }
            expect("*\(count)\r\n", ">\(count)\r\n") { $0.push(count) }
        }
    }

    @Test func verbatim() {
        expect("$5\r\nhello\r\n", "=9\r\ntxt:hello\r\n") { $0.verbatim("hello") }
        expect("$0\r\n\r\n", "=4\r\nmkd:\r\n") { $0.verbatim("", format: "mkd") }
    }

    @Test(arguments: [
        (0.0, "0"), (-0.0, "-0"), (1.0, "1"), (-1.5, "-1.5"), (3.1, "3.1"), (0.1, "0.1"), (100.0, "100"),
        (1234.5678, "1234.5678"), (0.0001, "0.0001"), (0.00001, "1e-05"), (1.5e-7, "1.5e-07"),
        (1e16, "10000000000000000"), (1e17, "1e+17"), (1.25e100, "1.25e+100"),
        (9007199254740993.0, "9007199254740992"), (Double.leastNonzeroMagnitude, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"), (Double.infinity, "inf"), (-Double.infinity, "-inf"),
        (Double.nan, "nan"), (123456789012345680.0, "1.2345678901234568e+17"),
        (12345678901234568.0, "12345678901234568"),
    ])
    func doubles(value: Double, text: String) {
        expect("$\(text.utf8.count)\r\n\(text)\r\n", ",\(text)\r\n") { $0.double(value) }
    }

    @Test func doublesReadBack() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = RandomGenerator(seed: seed)
        for _ in 0..<2_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            #expect(Double(ReplyWriter.text(of: value)) == value, "seed \(seed), \(value)")
        }
    }

    /// P16, CVE-2025-67733: nothing a client chose ends the line.
    @Test func errorsStayOnOneLine() {
        expect("-ERR syntax error\r\n", "-ERR syntax error\r\n") { $0.error("ERR syntax error") }
        let hostile = "ERR unknown command 'a\r\n+OK\r\n\0b'"
        let clean = "-ERR unknown command 'a  +OK   b'\r\n"
        expect(clean, clean) { $0.error(hostile) }
        withSlice(of: hostile) { slice in expect(clean, clean) { $0.error(slice) } }
        for byte in UInt8.min ... .max {
            let text: [UInt8] = [0x45, byte, 0x45]
            var buffer = ReplyBuffer()
            withUnsafeMutablePointer(to: &buffer) { pointer in
                text.withUnsafeBufferPointer { bytes in
                    guard let base = bytes.baseAddress else { return }
                    ReplyWriter(pointer, version: 2).error(ByteSlice(base: base, count: bytes.count))
                }
            }
            let middle = [0, 0x0A, 0x0D].contains(byte) ? 0x20 : byte
            #expect(buffer.unsentBytes.array == [0x2D, 0x45, middle, 0x45, 0x0D, 0x0A])
        }
        let long = String(repeating: "x", count: 10_000)
        let cut = "-" + String(repeating: "x", count: ReplyWriter.maximumErrorCount) + "\r\n"
        expect(cut, cut) { $0.error(long) }
    }

    @Test func headerKnownAfterwards() {
        var buffer = ReplyBuffer()
        withUnsafeMutablePointer(to: &buffer) { pointer in
            let writer = ReplyWriter(pointer, version: 3)
            writer.ok()
            let mark = pointer.pointee.mark
            for index in 0..<12 { writer.integer(Int64(index)) }
            writer.insertArray(12, at: mark)
            writer.ok()
        }
        let elements = (0..<12).map { ":\($0)\r\n" }.joined()
        #expect(buffer.unsentBytes.string == "+OK\r\n*12\r\n\(elements)+OK\r\n")
    }
}
