import CLinux
import Testing

@testable import Telemetry

struct LogTests {
    private static let time = timespec(tv_sec: 1_795_231_981, tv_nsec: 123_456_789)

    private func line(_ text: String, _ level: LogLevel = .notice, isJournal: Bool = false) -> String {
        String(
            decoding: LogLine.bytes(level, text, isJournal: isJournal, process: 42, time: Self.time), as: UTF8.self)
    }

    @Test func plainLinesAreRedis() {
        // The zone is the machine's: the date is compared in UTC only when it has no offset.
        let text = line("Ready")
        #expect(text.hasPrefix("42:M "))
        #expect(text.hasSuffix(".123 * Ready\n"))
        #expect(text.utf8.count == "42:M 21 Nov 2026 03:33:01.123 * Ready\n".utf8.count)
        for (level, sign) in zip(LogLevel.allCases, [".", "-", "*", "#"]) {
            #expect(line("x", level).hasSuffix(" \(sign) x\n"))
        }
    }

    @Test func journalLinesHaveThePriorityOnly() {
        let lines = [LogLevel.debug, .verbose, .notice, .warning].map { line("x", $0, isJournal: true) }
        #expect(lines == ["<7>x\n", "<6>x\n", "<5>x\n", "<4>x\n"])
    }

    @Test func controlBytesAreEscapedAndLongMessagesCut() {
        #expect(line("a\r\nb\tc\u{1b}[2J\u{7f}\0é", isJournal: true) == "<5>a\\r\\nb\\tc\\x1b[2J\\x7f\\x00é\n")
        #expect(line(String(repeating: "x", count: 100_000), isJournal: true).utf8.count == 4096 + 4)
    }

    @Test func thresholdDecidesWhatIsWrittenAndEvaluated() throws {
        let folder = TestFolder()
        let log = try Log(threshold: .notice, path: folder.file("log"))
        log.verbose(
            {
                Issue.record("an unwritten message was built"); return ""
            }())
        log.notice("one")
        log.setThreshold(.debug)
        log.debug("two")
        log.setThreshold(.nothing)
        log.warning("three")
        let words = folder.lines("log").compactMap { $0.split(separator: " ").last }
        #expect(words == ["one", "two"])
    }

    @Test func reopenFollowsARotation() throws {
        let folder = TestFolder()
        let log = try Log(threshold: .notice, path: folder.file("log"))
        log.notice("one")
        #expect(rename(folder.file("log"), folder.file("log.1")) == 0)
        log.notice("two")
        try log.reopen()
        log.notice("three")
        #expect(folder.lines("log.1").map { $0.hasSuffix("one") || $0.hasSuffix("two") } == [true, true])
        #expect(folder.lines("log").map { $0.hasSuffix("three") } == [true])
    }

    @Test func failuresAreErrorsAtTheStartAndSilentLater() throws {
        #expect(throws: LogError.self) { try Log(threshold: .notice, path: "/no/such/folder/log") }
        // Every write to it fails with ENOSPC.
        let log = try Log(threshold: .notice, path: "/dev/full")
        log.warning("lost")
        log.warning("lost")
    }

    @Test func theJournalIsKnownByItsDeviceAndInode() {
        var status = stat()
        #expect(fstat(STDERR_FILENO, &status) == 0)
        #expect(Log.isJournal(STDERR_FILENO, variable: "\(status.st_dev):\(status.st_ino)"))
        #expect(!Log.isJournal(STDERR_FILENO, variable: "\(status.st_dev):\(status.st_ino + 1)"))
        #expect(!Log.isJournal(STDERR_FILENO, variable: "nonsense"))
        #expect(!Log.isJournal(STDERR_FILENO, variable: nil))
    }
}

/// A folder that goes with its files.
final class TestFolder {
    private let path: String

    init() {
        var template = Array("/tmp/nearcached-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("cannot make a folder") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { _ = system("rm -rf \(path)") }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func lines(_ name: String) -> [String] {
        guard let stream = fopen(file(name), "re") else { return [] }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, stream)
        return bytes[..<count].split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }
}
