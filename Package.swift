// swift-tools-version:6.2
import PackageDescription

/// Shared by every Swift target: warnings are errors, and every existential says `any`.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "rvhv",
    products: [
        .executable(name: "rvhv", targets: ["rvhv"]),
        .library(name: "Hypervisor", targets: ["Hypervisor", "Machine"]),
        .library(name: "RV64Core", targets: ["RV64Core"]),
    ],
    targets: [
        .systemLibrary(name: "CElf", pkgConfig: "libelf", providers: [.apt(["libelf-dev"])]),
        .systemLibrary(name: "CFdt", providers: [.apt(["libfdt-dev"])]),
        // What the toolchain's Glibc module leaves out: epoll and eventfd.
        .systemLibrary(name: "CLinux"),

        // The arrows of docs/Architecture.md: a target sees only what it lists here.
        .target(name: "Platform", dependencies: ["CLinux"], swiftSettings: strict),
        .target(name: "RV64Core", dependencies: ["Platform"], swiftSettings: strict),
        .target(name: "RV64JIT", dependencies: ["Platform", "RV64Core", "CLinux"], swiftSettings: strict),
        .target(name: "Devices", dependencies: ["Platform"], swiftSettings: strict),
        .target(name: "Hypervisor", dependencies: ["Platform", "RV64Core"], swiftSettings: strict),
        .target(
            name: "Machine",
            dependencies: ["Platform", "RV64Core", "RV64JIT", "Devices", "Hypervisor", "CElf", "CFdt"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "rvhv",
            dependencies: ["Platform", "RV64Core", "Devices", "Hypervisor", "Machine"],
            swiftSettings: strict
        ),

        .testTarget(name: "PlatformTests", dependencies: ["Platform"], swiftSettings: strict),
        .testTarget(
            name: "RV64CoreTests",
            dependencies: ["Platform", "RV64Core", "TestSupport"],
            swiftSettings: strict
        ),
        .target(
            name: "TestSupport",
            dependencies: ["Platform", "Devices", "Hypervisor", "Machine"],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        .testTarget(
            name: "DevicesTests",
            dependencies: ["Platform", "Devices", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "HypervisorTests",
            dependencies: ["Platform", "RV64Core", "Hypervisor", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "MachineTests",
            dependencies: ["Platform", "RV64Core", "Devices", "Hypervisor", "Machine", "CFdt", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RvhvTests",
            dependencies: ["Platform", "Hypervisor", "Machine", "rvhv"],
            swiftSettings: strict
        ),
        // Random programs on the plain machine and on Debian's QEMU; `make differential` runs it.
        .executableTarget(
            name: "differential",
            dependencies: ["Platform", "RV64Core", "Devices", "Hypervisor", "Machine"],
            path: "Tests/Differential",
            exclude: ["run", "runtime.S", "runtime.ld"],
            swiftSettings: strict
        ),
        // Random programs on the interpreter and on the translator; `make nightly` runs millions.
        .executableTarget(
            name: "translatorfuzz",
            dependencies: ["Platform", "RV64Core", "RV64JIT", "TestSupport"],
            path: "Tests/TranslatorFuzz",
            exclude: ["run"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RV64JITTests",
            dependencies: ["Platform", "RV64Core", "RV64JIT", "TestSupport", "translatorfuzz"],
            swiftSettings: strict
        ),
        // Machines saved at random places of their runs; GuestTests and `make nightly` run it.
        .executableTarget(
            name: "savecheck",
            dependencies: ["RV64Core", "Machine", "TestSupport"],
            path: "Tests/SaveCheck",
            exclude: ["run"],
            swiftSettings: strict
        ),
        .testTarget(name: "GuestTests", swiftSettings: strict),
        .testTarget(name: "TidyTests", dependencies: ["rvhv"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
