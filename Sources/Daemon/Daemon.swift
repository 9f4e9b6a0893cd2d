import Configuration
import Networking
import Primitives

/// The program: what the command line asks for, done.
public enum Daemon {
    /// Runs until the daemon is told to stop.
    ///
    /// - Parameter arguments: the words behind the program's name.
    /// - Returns: the process's exit code: 0 after an orderly end; 1 when it cannot start, after one line on stderr that says
    ///   why.
    public static func main(arguments: [String]) -> Int32 {
        do throws(StartError) {
            switch try request(arguments) {
            case .printText(let text): print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
            case .printVersion: print("\(Release.name) v=\(Release.version)")
            case .check: print("The configuration is good")
            case .serve(let configuration): try Service(configuration).run()
            }
            return 0
        } catch {
            StandardError.print("\(Release.name): \(error)")
            return 1
        }
    }

    private static func request(_ arguments: [String]) throws(StartError) -> StartRequest {
        do throws(ConfigurationError) {
            return try Configuration.load(arguments: arguments, environment: EnvironmentVariables.ofProcess())
        } catch {
            throw StartError(error.description)
        }
    }
}

/// Why the daemon cannot start, in one line.
struct StartError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
