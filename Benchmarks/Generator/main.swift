// The load generator behind Benchmarks/run: one thread, one epoll, one JSON line. docs/benchmarks.md explains the figures.

let arguments = Arguments(CommandLine.arguments)

switch arguments.subcommand {
case "load": runClosedLoop(arguments, keys: .sequential)
case "run": runClosedLoop(arguments, keys: .uniform)
case "pause": runPauseProbe(arguments)
case "storm": runStorm(arguments)
case "rules": runRuleShapes()
default: fail("usage: nearcached-benchmark load|run|pause|storm|rules --port N [--name value ...]")
}
