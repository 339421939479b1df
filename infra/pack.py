"""Packs one executable as a Lambda package: a zip that holds it as `bootstrap`. usage: pack.py EXECUTABLE ZIP"""

import sys
import zipfile

executable, package = sys.argv[1:]
entry = zipfile.ZipInfo("bootstrap")  # its fixed date makes equal builds equal packages
entry.create_system = 3  # Unix: the next line's mode counts
entry.external_attr = 0o100755 << 16
entry.compress_type = zipfile.ZIP_DEFLATED
with open(executable, "rb") as binary, zipfile.ZipFile(package, "w", compresslevel=9) as archive:
    archive.writestr(entry, binary.read())
