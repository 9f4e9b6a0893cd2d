/// `--help` and the commented conf file, both made from the table.
extension Configuration {
    /// The text of `--help`.
    public static var helpText: String {
        var text = """
            Usage: nearcached [CONF-FILE] [--NAME VALUE ...]

              nearcached                                      serve with the defaults
              nearcached conf/nearcached.conf                 serve with a conf file
              nearcached --port 7000 --maxmemory 25%          serve with parameters
              NEARCACHED_MAXMEMORY=1gb nearcached             the same from the environment

            The command line goes before the environment, the environment before the file.

              -h, --help       this text
              -v, --version    the version
              --check          read the configuration, say what is wrong with it, and exit
              --print-conf     print a commented conf file with the defaults

            Parameters, with their defaults; those with * change by CONFIG SET as well:

            """
        for section in ParameterTable.sections where section.title != ParameterTable.facts.title {
            text += "\n\(section.title)\n"
            for parameter in section.parameters {
                text += "  --\(parameter.name.rawValue) \(defaultText(parameter))\(parameter.isMutable ? " *" : "")\n"
                text += wrapped(parameter.documentation, prefix: "      ", width: 100)
                text += wrapped("Allowed: \(parameter.kind.allowed).", prefix: "      ", width: 100)
            }
        }
        return text
    }

    /// The text of `conf/nearcached.conf`: every parameter explained, with its default as a comment.
    public static var confFileText: String {
        var text = """
            # nearcached configuration
            #
            # One parameter a line: its name, a blank, its value. A value with blanks stands in double quotes, where
            # \\n, \\r, \\t, \\", \\\\ and \\xHH are escapes, or in single quotes. Memory takes units: 1k is 1000 bytes,
            # 1kb is 1024, and so on with m, mb, g and gb. "include PATH" stands for the lines of another file; a
            # relative path starts at the folder of this one. Of two lines for one parameter the later counts.
            #
            # Lines that begin with "# name" below show the defaults. Parameters marked "run time" change by CONFIG SET
            # as well, and CONFIG REWRITE writes them here.
            #
            # This file is made by nearcached --print-conf.

            """
        for section in ParameterTable.sections where section.title != ParameterTable.facts.title {
            text += "\n\(String(repeating: "#", count: 80))\n# \(section.title)\n"
            for parameter in section.parameters {
                text += "\n" + wrapped(parameter.documentation, prefix: "# ", width: 80)
                text += wrapped("Allowed: \(parameter.kind.allowed).", prefix: "# ", width: 80)
                if parameter.isMutable { text += "# Run time.\n" }
                text += "#\n# \(parameter.name.rawValue) \(defaultText(parameter))\n"
            }
        }
        return text
    }

    private static func defaultText(_ parameter: Parameter) -> String {
        parameter.fallback.arguments.map(DirectiveSyntax.quoted).joined(separator: " ")
    }

    /// `text` in lines of at most `width` characters, each with `prefix`.
    private static func wrapped(_ text: String, prefix: String, width: Int) -> String {
        var result = ""
        var line = prefix
        for word in text.split(separator: " ") {
            if line.count + word.count + 1 > width, line != prefix {
                result += line + "\n"
                line = prefix
            }
            line += (line == prefix ? "" : " ") + word
        }
        return result + line + "\n"
    }
}
