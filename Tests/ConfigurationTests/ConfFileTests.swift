import Testing

@testable import Configuration

struct ConfFileTests {
    private static let path =
        String(#filePath.dropLast("Tests/ConfigurationTests/ConfFileTests.swift".count))
        + "conf/nearcached.conf"

    /// Make it anew with `nearcached --print-conf > conf/nearcached.conf`.
    @Test func theCommittedFileIsTheTables() throws {
        guard case .success(let bytes) = SmallFile.read(Self.path) else {
            Issue.record("conf/nearcached.conf cannot be read")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self) == Configuration.confFileText)
    }

    @Test func itLoadsToTheDefaults() throws {
        #expect(try load([Self.path]).get("*") == Configuration().get("*"))
    }

    /// The commented lines are examples to take the # from: they must be right.
    @Test func itsCommentedLinesLoadToTheDefaults() throws {
        let names = Set(ParameterName.allCases.map(\.rawValue))
        var count = 0
        var lines: [String] = []
        var isBehindBareComment = false
        for line in Configuration.confFileText.split(separator: "\n") {
            if isBehindBareComment, line.hasPrefix("# "), let name = line.dropFirst(2).split(separator: " ").first,
                names.contains(String(name))
            {
                lines.append(String(line.dropFirst(2)))
                count += 1
            }
            isBehindBareComment = line == "#"
        }
        #expect(count == ParameterTable.all.filter { !$0.isFact }.count)
        let folder = TemporaryFolder()
        let file = folder.write("a.conf", lines.joined(separator: "\n"))
        #expect(try load([file]).get("*") == Configuration().get("*"))
    }

    @Test func linesAreShort() {
        for line in Configuration.confFileText.split(separator: "\n") { #expect(line.utf8.count <= 112, "\(line)") }
        for line in Configuration.helpText.split(separator: "\n") { #expect(line.utf8.count <= 112, "\(line)") }
    }
}
