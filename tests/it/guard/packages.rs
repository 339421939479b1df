//! What would fail only at a function's first invocation is not packed: `infra/pack.py` on executables made for the purpose.

use std::process::Command;

use relay_tests::binaries::repository;

const X86_64: u16 = 62;
const AARCH64: u16 = 183;

#[test]
fn an_executable_is_packed_for_its_own_architecture_only() {
    assert_eq!(pack("x86_64", &executable(X86_64, "GLIBC_2.34")), Ok("x86_64, glibc 2.34".to_owned()));
    assert_eq!(pack("arm64", &executable(AARCH64, "GLIBC_2.17")), Ok("arm64, glibc 2.17".to_owned()));
    for (architecture, machine) in [("arm64", X86_64), ("x86_64", AARCH64), ("x86_64", 8)] {
        let refused = pack(architecture, &executable(machine, "GLIBC_2.34")).unwrap_err();
        assert!(refused.contains(&format!("not for {architecture}")), "{refused}");
    }
    let refused = pack("x86_64", b"#!/bin/sh\n").unwrap_err();
    assert!(refused.contains("is no executable for Lambda"), "{refused}");
    let refused = pack("x86-64", &executable(X86_64, "GLIBC_2.34")).unwrap_err();
    assert!(refused.contains("x86_64 or arm64"), "{refused}");
}

#[test]
fn an_executable_for_a_newer_c_library_than_the_functions_have_is_refused() {
    let refused = pack("x86_64", &executable(X86_64, "GLIBC_2.35")).unwrap_err();
    assert!(refused.contains("needs glibc 2.35, the functions have 2.34"), "{refused}");
    // Compared as numbers: 2.4 is older than 2.34.
    assert_eq!(pack("x86_64", &executable(X86_64, "GLIBC_2.4")), Ok("x86_64, glibc 2.4".to_owned()));
    // Other libraries' versions are none of glibc's.
    assert_eq!(pack("x86_64", &executable(X86_64, "GCC_4.2.0")), Ok("x86_64, glibc none".to_owned()));
}

/// Packs it, and gives the beginning of what is said of the package, or why there is none.
fn pack(architecture: &str, executable: &[u8]) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let (binary, zip) = (folder.path().join("binary"), folder.path().join("package.zip"));
    std::fs::write(&binary, executable).unwrap();
    let mut command = Command::new("python3");
    let output =
        command.arg(repository().join("infra/pack.py")).arg(architecture).args([&binary, &zip]).output().unwrap();
    if !output.status.success() {
        assert!(!zip.exists(), "a refused executable leaves no package");
        return Err(String::from_utf8(output.stderr).unwrap());
    }
    assert!(zip.is_file());
    let said = String::from_utf8(output.stdout).unwrap();
    let said = said.split_once(": ").unwrap().1;
    Ok(said.split(", ").take(2).collect::<Vec<_>>().join(", "))
}

/// An ELF file for this machine that needs this version of some library's symbols, and holds nothing else.
fn executable(machine: u16, version: &str) -> Vec<u8> {
    const SECTIONS: u64 = 64;
    const NAMES: u64 = SECTIONS + 2 * 64;
    const NEEDED: u64 = NAMES + 32;
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend([2_u16, machine].map(u16::to_le_bytes).concat());
    file.extend(1_u32.to_le_bytes());
    file.extend([0, 0, SECTIONS].map(u64::to_le_bytes).concat());
    file.extend(0_u32.to_le_bytes());
    file.extend([64_u16, 0, 0, 64, 2, 0].map(u16::to_le_bytes).concat());
    // Names, and the versions that are needed: of one library.
    for (kind, start, size, link, info) in [(3_u32, NAMES, 32_u64, 0_u32, 0_u32), (0x6fff_fffe, NEEDED, 32, 0, 1)] {
        file.extend([0, kind].map(u32::to_le_bytes).concat());
        file.extend([0, 0, start, size].map(u64::to_le_bytes).concat());
        file.extend([link, info].map(u32::to_le_bytes).concat());
        file.extend([0_u64; 2].map(u64::to_le_bytes).concat());
    }
    file.push(0);
    file.extend(version.as_bytes());
    file.resize(usize::try_from(NEEDED).unwrap(), 0);
    // The library: one version, which follows at once; no further library.
    file.extend([1_u16, 1].map(u16::to_le_bytes).concat());
    file.extend([0_u32, 16, 0].map(u32::to_le_bytes).concat());
    // The version: its name begins after the first zero; no further version.
    file.extend(0_u32.to_le_bytes());
    file.extend([0_u16; 2].map(u16::to_le_bytes).concat());
    file.extend([1_u32, 0].map(u32::to_le_bytes).concat());
    file
}
