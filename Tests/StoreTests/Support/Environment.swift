import CAllocator

private func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// Whether `STORETESTS_FULL` is set: see `sized`.
let isFullRun = environment("STORETESTS_FULL") != nil

/// The seed of what is random: `STORETESTS_SEED`, or the same one every time, so that a failure on one machine is one on all.
let testSeed = environment("STORETESTS_SEED").flatMap { UInt64($0) } ?? 20_240_611
