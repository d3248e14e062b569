// swift-tools-version: 6.0
import PackageDescription

#if os(Linux)
// The shared library of `cargo build -p fulmar-ffi`; the linker is told where it is.
let library: Target = .systemLibrary(name: "fulmarFFI", path: "Sources/CFulmar")
#else
// Made by `cargo xtask package apple`, which also prints the checksum for a remote one.
let library: Target = .binaryTarget(name: "fulmarFFI", path: "fulmarFFI.xcframework")
#endif

let package = Package(
    name: "Fulmar",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "Fulmar", targets: ["Fulmar"])
    ],
    targets: [
        library,
        // Generated; it does not compile in Swift 6 mode.
        .target(
            name: "FulmarFFI",
            dependencies: ["fulmarFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        .target(name: "Fulmar", dependencies: ["FulmarFFI"]),
        // Steered by tests through lines of JSON; they kill it, too.
        .executableTarget(name: "FulmarDriver", dependencies: ["Fulmar"], path: "Tests/Driver"),
        .testTarget(name: "FulmarTests", dependencies: ["Fulmar", "FulmarDriver"]),
    ]
)
