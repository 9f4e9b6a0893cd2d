// swift-tools-version: 6.2
// The package's targets by floor, as docs/architecture.md draws the house: arrows only downward.

import Foundation
import PackageDescription

/// jemalloc replaces malloc, which the sanitizers must do themselves: `scripts/test` sets this for
/// sanitizer and fuzzing builds.
let withJemalloc = ProcessInfo.processInfo.environment["NEARCACHED_WITHOUT_JEMALLOC"] == nil

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
    // CAllocator's inline functions compile into their Swift callers too, and must say the same there as in C. And a
    // module built with and one built without _GNU_SOURCE disagree on sys/select.h.
    .unsafeFlags(["-Xcc", "-D_GNU_SOURCE"] + (withJemalloc ? ["-Xcc", "-DNEARCACHED_JEMALLOC"] : [])),
]

let cSettings: [CSetting] = [
    .unsafeFlags(["-Wall", "-Wextra", "-Werror", "-O2"])
]

func room(_ name: String, floor _: Int, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ room: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(room)Tests",
        dependencies: [.target(name: room)] + dependencies,
        swiftSettings: swiftSettings
    )
}

let package = Package(
    name: "nearcached",
    products: [
        .executable(name: "nearcached", targets: ["nearcached"]),
        .library(name: "Store", targets: ["Store"]),
    ],
    targets: [
        // Floor 0
        .systemLibrary(name: "CJemalloc", providers: [.apt(["libjemalloc-dev"])]),
        .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CPCRE2", providers: [.apt(["libpcre2-dev"])]),
        .target(name: "CLinux", cSettings: cSettings),
        .target(name: "CPrimitives", cSettings: cSettings),
        // Needs xxhash.h (libxxhash-dev); nothing is linked.
        .target(name: "CXXHash", cSettings: cSettings),
        .target(name: "CLongDouble", cSettings: cSettings),
        .target(
            name: "CAllocator",
            dependencies: withJemalloc ? ["CJemalloc"] : [],
            cSettings: cSettings + (withJemalloc ? [.define("NEARCACHED_JEMALLOC")] : []),
            // Shared, not the archive: a statically linked Swift runtime brings --exclude-libs ALL, which hides an archive's malloc
            // from libc. Then libc has a heap of its own, and freeing what its realpath returned was a fault.
            linkerSettings: withJemalloc ? [.linkedLibrary("jemalloc")] : []
        ),
        .target(name: "Primitives", dependencies: ["CPrimitives", "CLinux"], swiftSettings: swiftSettings),
        // Floor 1
        room("Store", floor: 1, ["Primitives", "CPrimitives", "CAllocator"]),
        room("RESP", floor: 1, ["Primitives", "CPrimitives", "CLinux"]),
        room("Networking", floor: 1, ["Primitives", "CPrimitives", "CLinux"]),
        room("Configuration", floor: 1, ["Primitives", "CLinux"]),
        room("Telemetry", floor: 1, ["Primitives", "CPrimitives", "CLinux"]),
        // Floor 4
        room(
            "Commands", floor: 4,
            [
                "Store", "RESP", "Configuration", "Telemetry", "Primitives", "CPrimitives", "CLinux", "CAllocator",
                "CXXHash", "CLongDouble", "CCrypto", "CPCRE2",
            ]),
        // Floor 5
        room(
            "Server", floor: 5,
            [
                "Commands", "Store", "RESP", "Networking", "Configuration", "Telemetry", "Primitives", "CPrimitives",
                "CLinux",
            ]
        ),
        // Floor 6
        room(
            "Daemon", floor: 6,
            [
                "Server", "Commands", "Store", "Networking", "Configuration", "Telemetry", "Primitives", "CPrimitives",
                "CLinux",
            ]
        ),
        // Floor 7
        .executableTarget(name: "nearcached", dependencies: ["Daemon", "CLinux"], swiftSettings: swiftSettings),
        .executableTarget(
            name: "nearcached-benchmark",
            dependencies: ["CLinux", "CPrimitives", "Primitives", "Configuration", "Commands"],
            path: "Benchmarks/Generator",
            swiftSettings: swiftSettings
        ),
        tests("Primitives"),
        tests("Store", ["Primitives", "CPrimitives", "CAllocator"]),
        tests("RESP", ["Primitives", "CAllocator", "CLinux"]),
        tests("Networking", ["CLinux"]),
        tests("Configuration", ["Primitives", "CLinux"]),
        tests("Telemetry", ["Primitives", "CLinux"]),
        tests("Commands", ["Store", "RESP", "Configuration", "Telemetry", "Primitives", "CLinux"]),
        tests(
            "Server",
            [
                "CAllocator", "CLinux", "Commands", "Store", "RESP", "Networking", "Configuration", "Telemetry",
                "Primitives",
            ]),
    ]
)

/// A fuzzing target: a folder of Tests/Fuzz.
func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: "Fuzz\(name)",
        dependencies: ["CFuzzer"] + dependencies,
        path: "Tests/Fuzz/\(name)",
        exclude: ["corpus", "dictionary"],
        swiftSettings: swiftSettings
    )
}

// They link only with the flags that Tests/Fuzz/run gives.
if ProcessInfo.processInfo.environment["NEARCACHED_FUZZ"] != nil {
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        fuzzer("RequestParser", ["RESP", "Primitives", "CLinux"]),
    ]
}
