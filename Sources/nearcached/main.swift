import CLinux
import Daemon

exit(Daemon.main(arguments: Array(CommandLine.arguments.dropFirst())))
