// swift-tools-version: 6.2

import PackageDescription

let swiftSettings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let package = Package(
    name: "cached",
    targets: [
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .target(name: "Cached", dependencies: ["CHiredis"], swiftSettings: swiftSettings),
        .executableTarget(name: "demonstration", dependencies: ["Cached"], swiftSettings: swiftSettings),
    ]
)
