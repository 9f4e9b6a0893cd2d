import CLinux

/// The bytes of one line of the log.
enum LogLine {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The line with its end. Control bytes of the message are escaped: input cannot forge a line or move a terminal.
    static func bytes(_ level: LogLevel, _ text: String, isJournal: Bool, process: pid_t, time: timespec) -> [UInt8] {
        var line: [UInt8]
        if isJournal {
            line = Array("<\(level.priority)>".utf8)
        } else {
            line = Array("\(process):M \(stamp(time)) \(level.sign) ".utf8)
        }
        for byte in text.utf8.prefix(Log.maximumMessageBytes) {
            switch byte {
            case 0x0A: line += [0x5C, UInt8(ascii: "n")]
            case 0x0D: line += [0x5C, UInt8(ascii: "r")]
            case 0x09: line += [0x5C, UInt8(ascii: "t")]
            case 0..<0x20, 0x7F: line += [0x5C, UInt8(ascii: "x"), hexDigit(byte >> 4), hexDigit(byte & 15)]
            default: line.append(byte)
            }
        }
        line.append(0x0A)
        return line
    }

    /// Local time to the millisecond, as Redis writes it.
    private static func stamp(_ time: timespec) -> String {
        var seconds = time.tv_sec
        var parts = tm()
        localtime_r(&seconds, &parts)
        let month = months.indices.contains(Int(parts.tm_mon)) ? months[Int(parts.tm_mon)] : "?"
        let date = "\(padded(Int(parts.tm_mday), 2)) \(month) \(Int(parts.tm_year) + 1900)"
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }.joined(separator: ":")
        return "\(date) \(clock).\(padded(time.tv_nsec / 1_000_000, 3))"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        // nibble is at most 15, so neither sum passes 255.
        nibble < 10 ? 0x30 + nibble : 0x57 + nibble
    }
}
