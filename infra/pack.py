"""Packs one executable as a Lambda package: a zip that holds it as `bootstrap`. usage: pack.py ARCHITECTURE EXECUTABLE ZIP

Refuses what would fail only at the function's first invocation: an executable for another architecture than the template's
parameter says (x86_64, arm64), or one that needs a newer C library than Amazon Linux 2023 has.
"""

import re
import struct
import sys
import zipfile

MACHINES = {"x86_64": 62, "arm64": 183}  # ELF's e_machine
NEWEST_GLIBC = (2, 34)
NEEDED_VERSIONS = 0x6FFFFFFE  # a section's type: SHT_GNU_verneed


def main(architecture, executable, package):
    if architecture not in MACHINES:
        sys.exit(f"pack.py: {architecture} is no architecture: {' or '.join(MACHINES)}")
    with open(executable, "rb") as file:
        binary = file.read()
    # 64 bits, least significant byte first: both architectures are.
    if binary[:6] != b"\x7fELF\x02\x01":
        sys.exit(f"pack.py: {executable} is no executable for Lambda")
    (machine,) = struct.unpack_from("<H", binary, 18)
    if machine != MACHINES[architecture]:
        names = {number: name for name, number in MACHINES.items()}
        sys.exit(f"pack.py: {executable} is built for {names.get(machine, f'machine {machine}')}, not for {architecture}")
    glibc = max(glibc_versions(binary), default=(0, 0))
    if glibc > NEWEST_GLIBC:
        needed, there = (".".join(map(str, version)) for version in (glibc, NEWEST_GLIBC))
        sys.exit(f"pack.py: {executable} needs glibc {needed}, the functions have {there}: build it on an older system")

    entry = zipfile.ZipInfo("bootstrap")  # its fixed date makes equal builds equal packages
    entry.create_system = 3  # Unix: the next line's mode counts
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(entry, binary, compresslevel=9)  # for an entry of one's own the archive's level does not count
        packed = archive.getinfo("bootstrap").compress_size
    needed = ".".join(map(str, glibc)) if glibc != (0, 0) else "none"
    print(f"{package}: {architecture}, glibc {needed}, {len(binary) // 1024} KiB, packed {packed // 1024} KiB")


def glibc_versions(binary):
    """The versions of the C library that the executable's symbols come from."""
    (sections,) = struct.unpack_from("<Q", binary, 40)
    size, count = struct.unpack_from("<HH", binary, 58)
    headers = [struct.unpack_from("<IIQQQQIIQQ", binary, sections + number * size) for number in range(count)]
    for _, kind, _, _, start, _, link, libraries, _, _ in headers:
        if kind != NEEDED_VERSIONS:
            continue
        names = headers[link][4]
        for _ in range(libraries):
            _, versions, _, first, following = struct.unpack_from("<HHIII", binary, start)
            entry = start + first
            for _ in range(versions):
                _, _, _, name, further = struct.unpack_from("<IHHII", binary, entry)
                text = binary[names + name : binary.index(b"\0", names + name)].decode()
                if match := re.fullmatch(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?", text):
                    yield int(match[1]), int(match[2])
                entry += further
            start += following


main(*sys.argv[1:])
