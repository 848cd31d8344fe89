# `make help` lists the verbs. Everything built goes to .build, build, guests/*.elf and Benchmarks/*.elf.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.SECONDARY:

RVHV := .build/release/rvhv
SOURCES := Package.swift $(shell find Sources -type f)

GUESTS := $(patsubst %.c,%.elf,$(wildcard guests/*.c)) $(addprefix guests/,linux.elf kvm.elf opensbi.elf uboot.elf)
BENCHMARKS := $(patsubst %.c,%.elf,$(wildcard Benchmarks/*.c))

BENCHMARK_GUESTS := guests/hello.elf guests/idle.elf guests/opensbi.elf build/linux/initramfs.cpio \
	build/bench/initramfs.cpio build/kvm/initramfs.cpio

# clang and lld of the Swift toolchain, wherever it is installed.
FIND_TOOLCHAIN = swift -print-target-info | sed -n 's|.*"runtimeResourcePath": "\(.*\)/lib/swift".*|\1/bin|p'
TOOLCHAIN = $(eval TOOLCHAIN := $(shell $(FIND_TOOLCHAIN)))$(TOOLCHAIN)
GUEST_CC = $(TOOLCHAIN)/clang --target=riscv64-unknown-elf -march=rv64gc -mabi=lp64d -mcmodel=medany
GUEST_CFLAGS := -std=gnu23 -O2 -g -ffreestanding -fno-pic -Wall -Wextra -Werror -Iguests/common
GUEST_LDFLAGS := -nostdlib -static -fuse-ld=lld
CREW := build/common/crew.c.o
COMMON := $(filter-out $(CREW),$(patsubst guests/common/%,build/common/%.o,$(wildcard guests/common/*.c guests/common/*.S)))
COMMON_HEADERS := $(wildcard guests/common/*.h)

DIFFERENTIAL := .build/release/differential
TRANSLATOR_FUZZ := .build/release/translatorfuzz
SAVECHECK := .build/release/savecheck

.PHONY: help deps build guests run test test-unit example torture differential sanitize nightly compliance bench fmt \
	lint clean distclean

help: ## show this list
	@echo "rvhv: a RISC-V hypervisor and its guests"
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

deps: build/deps.stamp ## install what the build needs and this machine lacks
build: $(RVHV) ## build the hypervisor, optimised
guests: $(GUESTS) ## make the guests: Linux from Debian's packages, the others from their sources

run: build guests/linux.elf guests/bare.elf ## run Linux and a bare-metal guest side by side (no terminal: to their end)
	@if [ -t 0 ]; then \
		exec $(RVHV) guests/linux.elf guests/bare.elf; \
	else \
		exec $(RVHV) guests/linux.elf --append rvhv.poweroff guests/bare.elf; \
	fi

# The guests one after the other: some are timed.
test: build guests $(SAVECHECK) test-unit ## run every test
	@scripts/test --filter GuestTests --no-parallel

test-unit: | build/deps.stamp ## run the tests that need no guests
	swift build --build-tests
	@scripts/test --skip GuestTests

example: guests/hello.elf ## build and run a program that embeds a guest
	swift run --package-path Examples/Embedding --scratch-path .build/example Embedding guests/hello.elf

torture: build ## run gcc's execution tests at three optimisation levels on the plain machine
	@Tests/Torture/run

differential: $(DIFFERENTIAL) build/differential/runtime.bin build/differential/deps.stamp ## compare random programs with Debian's QEMU (2 minutes)
	@Tests/Differential/run short

sanitize: guests ## run the guests with AddressSanitizer and with ThreadSanitizer (an hour)
	@Tests/Sanitizers/run

nightly: $(DIFFERENTIAL) build/differential/runtime.bin build/differential/deps.stamp $(TRANSLATOR_FUZZ) torture sanitize guests $(BENCHMARKS) $(SAVECHECK) ## gcc's execution tests, the sanitizers, random programs by the million, saved machines, harts under load, both engines in lockstep
	@Tests/Differential/run long
	@Tests/SaveCheck/run
	@Tests/Harts/run
	@Tests/Lockstep/run
	@Tests/TranslatorFuzz/run 10000000

compliance: ## write docs/Compliance.md anew: the manual's rules and their tests
	RVHV_WRITE_COMPLIANCE=1 swift test --filter ComplianceTests

bench: build build/bench/deps.stamp $(BENCHMARKS) $(BENCHMARK_GUESTS) ## measure rvhv beside its interpreter and the QEMU on PATH (10 minutes; RUNS=3 ONLY=name,... QEMU=path BASE=rvhv)
	@Benchmarks/run $(or $(OUTPUT),build/bench)

fmt: ## format the Swift sources
	swift format --in-place --recursive Package.swift Sources Tests Examples

lint: ## check format and white space without changing anything
	swift format lint --strict --recursive Package.swift Sources Tests Examples
	git diff --check $$(git hash-object -t tree /dev/null) HEAD
	git diff --check

clean: ## remove what was built (downloads stay)
	rm -rf .build build/common build/deps.stamp guests/*.elf Benchmarks/*.elf

distclean: clean ## remove the downloads as well
	rm -rf build

build/deps.stamp: scripts/install-deps
	@scripts/install-deps
	@mkdir -p build && touch $@

# Each handler of the interpreter begins a line of its own of what the processor fetches. Without this a change
# anywhere before the loop moves its code, and integer.elf takes 2.3 or 2.9 s (AMD EPYC, 2026-11-28); with it, 2.1 s.
ALIGNED := -Xswiftc -Xllvm -Xswiftc -align-all-nofallthru-blocks=5

# 22000 places of the program depend on where it is loaded. lld lists them in a fiftieth of the room, which C libraries
# from 2.36 on can read: half a megabyte less of memory.
PACKED := $(if $(filter 2.36,$(word 1,$(shell printf '%s\n' 2.36 \
	"$$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d ' ' -f 2)" | sort -V))),-Xswiftc -use-ld=lld \
	-Xlinker -z -Xlinker pack-relative-relocs)

# The C++ library and gcc's, which Swift's runtime needs, go inside where there are archives of them: a start takes 0.9 ms
# less. The linker looks in this folder first.
build/archives.stamp:
	@mkdir -p build/archives
	@for names in libstdc++.a:libstdc++.a libgcc_eh.a:libgcc_s.a; do \
		archive=$$($(TOOLCHAIN)/clang -print-file-name=$${names%:*}); \
		if [ -f "$$archive" ]; then ln -sf "$$archive" build/archives/$${names#*:}; fi; \
	done
	@touch $@

# With the standard library inside: two and a half megabytes less of memory for a small guest, and a quicker start.
$(RVHV): $(SOURCES) | build/deps.stamp build/archives.stamp
	swift build -c release --static-swift-stdlib --product rvhv $(ALIGNED) $(PACKED) -Xlinker -L$(CURDIR)/build/archives
	@touch $@

build/differential/deps.stamp: scripts/install-deps
	@scripts/install-deps differential
	@mkdir -p $(@D) && touch $@

build/bench/deps.stamp: scripts/install-deps
	@scripts/install-deps bench
	@mkdir -p $(@D) && touch $@

# The programs' own part of the random comparison: a flat image.
$(DIFFERENTIAL): $(SOURCES) $(wildcard Tests/Differential/*.swift) | build/deps.stamp
	swift build -c release --product differential
	@touch $@

$(TRANSLATOR_FUZZ): $(SOURCES) $(wildcard Tests/TranslatorFuzz/*.swift) | build/deps.stamp
	swift build -c release --product translatorfuzz
	@touch $@

$(SAVECHECK): $(SOURCES) $(wildcard Tests/SaveCheck/*.swift Tests/TestSupport/*.swift) | build/deps.stamp
	swift build -c release --product savecheck
	@touch $@

build/differential/runtime.bin: Tests/Differential/runtime.S Tests/Differential/runtime.ld | build/deps.stamp
	@mkdir -p $(@D)
	@$(GUEST_CC) $(GUEST_LDFLAGS) $< -Wl,-T,Tests/Differential/runtime.ld -Wl,--oformat=binary -o $@

# Linux: kernel and busybox from Debian, our init, one ELF file around them.

build/linux/Image: guests/linux/fetch guests/linux/debian | build/deps.stamp
	@echo "Making the Linux guest from Debian's packages (once)"
	@guests/linux/fetch build/linux
	@touch build/linux/Image build/linux/busybox

build/linux/initramfs.cpio: build/linux/Image guests/linux/init guests/linux/make-initramfs
	@guests/linux/make-initramfs build/linux/busybox guests/linux/init $@

# Linux with KVM: the kernel package with its modules, our VMM as a Linux program, and guests for it: one of our own,
# and the same Linux once more.

build/kvm/Image: guests/kvm/fetch guests/linux/debian | build/deps.stamp
	@echo "Making the KVM guest from Debian's packages (once)"
	@guests/kvm/fetch build/kvm
	@touch build/kvm/Image build/kvm/busybox build/kvm/opensbi.elf build/kvm/uboot.elf

KVM_VMM := $(addprefix guests/kvm/,vmm.c run.c load.c tree.c uart.c start.S)
KVM_HEADERS := $(wildcard guests/kvm/*.h)

build/kvm/vmm: $(KVM_VMM) $(KVM_HEADERS) build/common/memory.c.o Makefile
	@mkdir -p $(@D)
	@$(GUEST_CC) $(GUEST_CFLAGS) $(GUEST_LDFLAGS) $(KVM_VMM) build/common/memory.c.o -o $@

build/kvm/inner.elf: guests/kvm/inner.c $(KVM_HEADERS) $(COMMON) guests/common/guest.ld Makefile
	@mkdir -p $(@D)
	@$(GUEST_CC) $(GUEST_CFLAGS) $(GUEST_LDFLAGS) $< $(COMMON) -Wl,-T,guests/common/guest.ld -o $@

build/kvm/linux.cpio: build/kvm/Image guests/linux/init guests/linux/make-initramfs
	@guests/linux/make-initramfs build/kvm/busybox guests/linux/init $@

build/kvm/initramfs.cpio: build/kvm/vmm build/kvm/inner.elf build/kvm/linux.cpio guests/kvm/init
	@guests/linux/make-initramfs build/kvm/busybox guests/kvm/init $@ lib/kvm.ko.xz=build/kvm/kvm.ko.xz \
		bin/vmm=build/kvm/vmm lib/inner.elf=build/kvm/inner.elf lib/Image=build/kvm/Image lib/linux.cpio=build/kvm/linux.cpio

guests/opensbi.elf guests/uboot.elf: build/kvm/Image
	@echo "  $@"
	@cp build/kvm/$(@F) $@

# The word at offset 16 of the kernel's header is the memory it takes at run time.
guests/%.elf: build/%/Image build/%/initramfs.cpio guests/linux/linux.S guests/linux/linux.ld
	@echo "  $@"
	@$(GUEST_CC) $(GUEST_LDFLAGS) -Ibuild/$* guests/linux/linux.S -Wl,-T,guests/linux/linux.ld \
		-Wl,--defsym=IMAGE_SIZE=$$(od -An -tu8 -j16 -N8 $< | tr -d ' ') -o $@

# Our own guests and benchmarks: one C file each over guests/common.

build/common/%.o: guests/common/% $(COMMON_HEADERS) Makefile | build/deps.stamp
	@mkdir -p $(@D)
	@$(GUEST_CC) $(GUEST_CFLAGS) -c $< -o $@

# Those that have all harts at work together.
guests/litmus.elf guests/contention.elf guests/parallel.elf: COMMON += $(CREW)
guests/litmus.elf guests/contention.elf guests/parallel.elf: $(CREW)
guests/litmus.elf: guests/litmus.h
guests/contention.elf: guests/locks.h

guests/%.elf: guests/%.c $(COMMON) guests/common/guest.ld
	@echo "  $@"
	@$(GUEST_CC) $(GUEST_CFLAGS) $(GUEST_LDFLAGS) $< $(COMMON) -Wl,-T,guests/common/guest.ld -o $@

Benchmarks/wide.elf: GUEST_CC += -march=rv64gc_zba_zbb_zbs

# Linux once more, with a first process that is measured.

build/bench/init: Benchmarks/linux/init.c guests/kvm/linux.h build/common/memory.c.o Makefile
	@mkdir -p $(@D)
	@$(GUEST_CC) $(GUEST_CFLAGS) -Iguests/kvm $(GUEST_LDFLAGS) $< build/common/memory.c.o -o $@

build/bench/initramfs.cpio: build/bench/init build/linux/Image guests/linux/make-initramfs
	@guests/linux/make-initramfs build/linux/busybox build/bench/init $@

Benchmarks/%.elf: Benchmarks/%.c $(COMMON) guests/common/guest.ld Makefile
	@echo "  $@"
	@$(GUEST_CC) $(GUEST_CFLAGS) $(GUEST_LDFLAGS) $< $(COMMON) -Wl,-T,guests/common/guest.ld -o $@
