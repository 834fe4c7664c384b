"""Pack the contract for clients in other languages: every proto file, and its description."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
DESCRIPTION = ROOT / "sdk" / "src" / "axisor" / "v1" / "contract.binpb"
# The earliest moment that every archive format can tell: the same content gives the same bytes.
MOMENT = 315_532_800
MODULE = ("modules:\n  - path: proto\n", "modules:\n  - path: .\n")


def main() -> int:
    """Write the archive into a folder and say its hash."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="folder to write into")
    folder: Path = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name()}.tar.gz"
    path.write_bytes(packed())
    print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}")
    return 0


def name() -> str:
    """Return what the archive and the folder in it are called."""
    project = tomllib.loads((ROOT / "sdk" / "pyproject.toml").read_text(encoding="utf-8"))
    return f"axisor-contract-{project['project']['version']}"


def packed() -> bytes:
    """Return the archive: a module of buf with the description that older protoc read."""
    text = io.BytesIO()
    with tarfile.open(fileobj=text, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for inside, content in sorted(contents()):
            entry = tarfile.TarInfo(f"{name()}/{inside}")
            entry.size, entry.mtime, entry.mode = len(content), MOMENT, 0o644
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(text.getvalue(), mtime=MOMENT)


def contents() -> Iterator[tuple[str, bytes]]:
    """Give the name of each file in the archive, with what it holds."""
    for path in PROTO.rglob("*.proto"):
        yield path.relative_to(PROTO).as_posix(), path.read_bytes()
    module = (ROOT / "buf.yaml").read_text(encoding="utf-8").replace(*MODULE)
    yield "buf.yaml", module.replace("proto/", "").encode()
    yield "contract.binpb", DESCRIPTION.read_bytes()
    yield "README.md", (PROTO / "README.md").read_bytes()
    yield "LICENSE", (ROOT / "LICENSE").read_bytes()


if __name__ == "__main__":
    sys.exit(main())
