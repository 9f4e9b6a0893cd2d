import CLinux
import Testing

@testable import Commands

/// Holds `docs/commands.md` to the command table. With NEARCACHED_UPDATE_DOCS set, the page is written instead.
@Suite struct CommandsPageTests {
    private let path = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" } + "/docs/commands.md"

    @Test func theCommittedPageIsTheTables() throws {
        let expected = Array(CommandsPage.text(of: CommandTable.standard()).utf8)
        if getenv("NEARCACHED_UPDATE_DOCS") != nil {
            let stream = try #require(fopen(path, "w"))
            #expect(fwrite(expected, 1, expected.count, stream) == expected.count)
            fclose(stream)
        }
        let stream = try #require(fopen(path, "r"), "docs/commands.md is there")
        defer { fclose(stream) }
        var found = [UInt8](repeating: 0, count: 1 << 20)
        found.removeLast(found.count - fread(&found, 1, found.count, stream))
        #expect(found == expected, "run with NEARCACHED_UPDATE_DOCS=1 to write the page anew")
    }

    @Test func everySyntaxIsWellFormedAndEverySummaryASentence() {
        let table = CommandTable.standard()
        for index in 0..<table.count {
            let spec = table.spec(index: index)
            #expect(CommandSyntax("\(spec.syntax)") != nil, "\(table.names[index])")
            #expect("\(spec.summary)".hasSuffix("."), "\(table.names[index])")
            #expect(!"\(spec.since)".isEmpty, "\(table.names[index])")
        }
    }
}
