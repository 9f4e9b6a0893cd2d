import CLinux
import Primitives

@testable import Configuration

/// A folder for the files of one test, removed with it.
final class TemporaryFolder {
    let path: String

    init() {
        var template = Array("/tmp/nearcached-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("cannot make a folder: errno \(SystemError.last.code)") }
        path = template.withUnsafeBufferPointer {
            String(decoding: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    deinit { _ = system("rm -rf \(path)") }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ name: String, _ text: String) -> String {
        let file = "\(path)/\(name)"
        let stream = fopen(file, "w")
        fputs(text, stream)
        if let stream { fclose(stream) }
        return file
    }

    func read(_ name: String) -> String {
        guard case .success(let bytes) = SmallFile.read("\(path)/\(name)") else { return "unreadable" }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The configuration that the sources give.
func load(
    _ arguments: [String] = [], environment: [(name: String, value: String)] = []
) throws(ConfigurationError) -> Configuration {
    guard case .serve(let configuration) = try Configuration.load(arguments: arguments, environment: environment) else {
        throw ConfigurationError("not asked to serve")
    }
    return configuration
}

/// The message with which the sources are refused, or "accepted".
func refusal(_ arguments: [String] = [], environment: [(name: String, value: String)] = []) -> String {
    do throws(ConfigurationError) {
        _ = try load(arguments, environment: environment)
        return "accepted"
    } catch {
        return error.message
    }
}

extension Configuration {
    /// CONFIG GET as one line: "name=value name=value".
    func get(_ patterns: String...) -> String {
        let slices = patterns.map { copy($0) }
        return get(patterns: slices).map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    }

    /// CONFIG SET of name, value, name, value ...: the error's text or "OK".
    func set(_ words: String...) -> String {
        var pairs: [(name: ByteSlice, value: ByteSlice)] = []
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            pairs.append((name: copy(words[index]), value: copy(words[index + 1])))
        }
        do throws(ConfigurationError) {
            try set(pairs)
            return "OK"
        } catch {
            return error.message
        }
    }
}

/// Bytes that live as long as the test process.
func copy(_ text: String) -> ByteSlice {
    let bytes = Array(text.utf8)
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
    memory.initialize(from: bytes, count: bytes.count)
    return ByteSlice(base: memory, count: bytes.count)
}
