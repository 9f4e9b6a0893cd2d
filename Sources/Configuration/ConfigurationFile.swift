import CLinux

/// Reads a conf file with the files that it includes into directives, in their order.
///
/// One directive a line; a line whose first character that is no blank is `#` is a comment. `include PATH` stands for
/// the lines of another file; a relative path starts at the folder of the file that has the line.
struct ConfigurationFile {
    /// Files read in one go, so that includes which multiply come to an end.
    private static let maximumFiles = 128

    private(set) var directives: [Directive] = []
    private var filesRead = 0
    /// Real paths of the files that are being read, from the outermost in.
    private var open: [String] = []

    /// Reads the file at `path`.
    ///
    /// - Throws: what cannot be read or parsed, with file and line.
    static func read(_ path: String) throws(ConfigurationError) -> [Directive] {
        var file = ConfigurationFile()
        try file.readFile(path, from: nil)
        return file.directives
    }

    /// Parses `bytes` as the contents of the file at `path`, and reads what they include.
    static func parse(_ bytes: [UInt8], path: String) throws(ConfigurationError) -> [Directive] {
        var file = ConfigurationFile()
        file.open = [realPath(path) ?? path]
        try file.parse(bytes, path)
        return file.directives
    }

    /// The name and arguments that a line has, nil for a blank line or a comment.
    static func parseLine(
        _ line: ArraySlice<UInt8>, source: Source
    ) throws(ConfigurationError) -> Directive? {
        let first = line.first { $0 != 0x20 && !(0x09...0x0D ~= $0) }
        guard let first, first != UInt8(ascii: "#") else { return nil }
        guard let words = DirectiveSyntax.words(line), !words.isEmpty else {
            throw source.error("quotes do not balance")
        }
        var texts: [String] = []
        for word in words {
            guard let text = String(validating: word, as: UTF8.self) else { throw source.error("not UTF-8 text") }
            texts.append(text)
        }
        return Directive(source: source, name: texts[0], arguments: Array(texts.dropFirst()))
    }

    private mutating func readFile(_ path: String, from source: Source?) throws(ConfigurationError) {
        let prefix = source.map { "\($0): include: " } ?? ""
        filesRead += 1
        guard filesRead <= Self.maximumFiles else {
            throw ConfigurationError("\(prefix)more than \(Self.maximumFiles) files are included")
        }
        let real = realPath(path) ?? path
        guard !open.contains(real) else { throw ConfigurationError("\(prefix)\(path) includes itself") }
        switch SmallFile.read(path) {
        case .failure(let error): throw ConfigurationError("\(prefix)cannot read \(path): \(error.text)")
        case .success(let bytes):
            open.append(real)
            try parse(bytes, path)
            open.removeLast()
        }
    }

    private mutating func parse(_ bytes: [UInt8], _ path: String) throws(ConfigurationError) {
        var number = 0
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            let source = Source.file(path: path, line: number)
            guard let directive = try Self.parseLine(line, source: source) else { continue }
            guard directive.name.asciiLowercased == "include" else {
                directives.append(directive)
                continue
            }
            guard directive.arguments.count == 1, !directive.arguments[0].isEmpty else {
                throw source.error("include takes one path")
            }
            try readFile(Self.resolve(directive.arguments[0], from: path), from: source)
        }
    }

    private static func resolve(_ path: String, from file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return String(file[...slash]) + path
    }
}

/// The path without links, `.` and `..`, or nil when it leads nowhere.
func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
}
