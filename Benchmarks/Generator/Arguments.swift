import CLinux

/// Prints `message` on stderr and exits 1: what the generator does about every error, since half a measurement is none.
func fail(_ message: String) -> Never {
    var text = "nearcached-benchmark: \(message)\n"
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(1)
}

/// The command line: a subcommand, then pairs of `--name value`.
struct Arguments {
    let subcommand: String
    private var values: [String: String] = [:]

    init(_ words: [String]) {
        subcommand = words.count > 1 ? words[1] : ""
        var rest = words.dropFirst(2)
        while let name = rest.popFirst() {
            guard name.hasPrefix("--"), let value = rest.popFirst() else { fail("expected --name value, not \(name)") }
            values[String(name.dropFirst(2))] = value
        }
    }

    /// The text of `name`, or `fallback` when it was not given.
    func text(_ name: String, _ fallback: String) -> String { values[name] ?? fallback }

    /// The whole number of `name`, or `fallback` when it was not given; exits unless it lies in `range`.
    func integer(_ name: String, _ fallback: Int, in range: ClosedRange<Int> = 0...1_000_000_000_000) -> Int {
        guard let text = values[name] else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            fail("--\(name) takes \(range.lowerBound) to \(range.upperBound), not \(text)")
        }
        return number
    }

    var port: UInt16 {
        guard let port = UInt16(exactly: integer("port", 0)), port > 0 else { fail("--port takes 1 to 65535") }
        return port
    }

    var dialect: Dialect {
        guard let dialect = Dialect(rawValue: text("dialect", "resp")) else {
            fail("--dialect takes resp or memcached")
        }
        return dialect
    }

    /// The process whose CPU time is charged for the operations, or nil.
    var serverProcess: Int32? {
        let number = integer("server-pid", 0, in: 0...Int(Int32.max))
        return number == 0 ? nil : Int32(truncatingIfNeeded: number)
    }
}
