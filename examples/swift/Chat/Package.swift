// swift-tools-version: 6.0
import PackageDescription

let fulmar: Target.Dependency = .product(name: "Fulmar", package: "swift")

let package = Package(
    name: "Chat",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [
        .library(name: "ChatScreen", targets: ["ChatScreen"])
    ],
    dependencies: [
        // In an app: .package(url: …, from: …)
        .package(path: "../../../bindings/swift")
    ],
    targets: [
        .executableTarget(name: "TerminalChat", dependencies: [fulmar]),
        .target(name: "ChatScreen", dependencies: [fulmar]),
    ]
)
