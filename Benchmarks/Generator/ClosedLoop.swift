import CPrimitives

/// A fixed workload as the arguments describe it, with no operation allowed yet.
func fixedWorkload(_ arguments: Arguments, keys order: KeyOrder) -> FixedWorkload {
    FixedWorkload(
        dialect: arguments.dialect,
        isGet: arguments.text("verb", "set") == "get",
        depth: arguments.integer("depth", 64, in: 1...1024),
        keyCount: arguments.integer("keys", 1_000_000, in: 1...KeyDigits.maximumKeys),
        valueCount: arguments.integer("value", 64, in: 1...1_000_000),
        expiresAt: arguments.integer("expires-at", 0),
        tagCount: arguments.integer("tags", 0, in: 0...64),
        order: order,
        seed: arguments.integer("seed", 1)
    )
}

/// `load` and `run`: a number of operations over some connections as fast as they go, with the CPU time of the server between
/// the first request and the last reply. Warm-up operations come first and count for nothing.
func runClosedLoop(_ arguments: Arguments, keys order: KeyOrder) {
    let operations = arguments.integer("operations", arguments.integer("keys", 1_000_000))
    let warmUp = arguments.integer("warm-up", 0)
    var driver = Driver(
        port: arguments.port, connectionCount: arguments.integer("connections", 8, in: 1...4096),
        work: fixedWorkload(arguments, keys: order))
    let server = arguments.serverProcess.map(ProcessClock.init(process:))
    let generator = ProcessClock()

    driver.work.begin(operations: warmUp)
    driver.run()
    driver.work.begin(operations: operations)
    driver.histogram.reset()

    let serverBefore = server?.nanoseconds() ?? 0
    let generatorBefore = generator.nanoseconds()
    let start = nc_monotonic_nanoseconds()
    driver.run()
    let elapsed = Double(nc_monotonic_nanoseconds() - start)
    let serverTime = Double((server?.nanoseconds() ?? 0) - serverBefore)
    let generatorTime = Double(generator.nanoseconds() - generatorBefore)

    var line = JSONLine()
    line.add("operations", operations)
    line.add("seconds", elapsed / 1e9)
    line.add("operations_per_second", Double(operations) / elapsed * 1e9)
    line.add("server_ns_per_operation", serverTime / Double(operations))
    line.add("server_busy", serverTime / elapsed)
    line.add("generator_busy", generatorTime / elapsed)
    line.add(driver.histogram)
    line.add(driver.work.counts)
    line.write()
}

extension JSONLine {
    mutating func add(_ counts: ReplyCounts) {
        add("done", counts.done)
        add("hits", counts.hits)
        add("misses", counts.misses)
        add("failures", counts.failures)
        add("mismatches", counts.mismatches)
    }
}
