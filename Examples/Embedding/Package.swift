// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "Embedding",
    dependencies: [.package(name: "rvhv", path: "../..")],
    targets: [
        .executableTarget(
            name: "Embedding",
            dependencies: [
                .product(name: "Hypervisor", package: "rvhv"), .product(name: "RV64Core", package: "rvhv"),
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
