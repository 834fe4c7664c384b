"""Brings the scripts of others into the package, as `vendor/package-lock.json` pins them.

`make vendor` runs it, when a version there is another; who installs or runs Axisor does not. It
writes beside each file what it is: VENDOR.json with name, version, licence and digest.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
PACKED = HERE / "vendor"
TARGET = HERE / "src" / "axisor_web" / "static" / "vendor"
TOLD = "VENDOR.json"


class Taken(NamedTuple):
    """A file of a package, the name it gets here, what must be told of it, what lies in it."""

    package: str
    file: str
    name: str
    notice: str = ""
    within: tuple[str, ...] = ()


TAKEN = (
    Taken(
        "lightweight-charts",
        "dist/lightweight-charts.standalone.production.mjs",
        "lightweight-charts.mjs",
        "TradingView Lightweight Charts™. Copyright (c) 2026 TradingView, Inc. "
        "https://www.tradingview.com/",
        ("fancy-canvas",),
    ),
)


def main() -> None:
    """Install what is pinned, copy it, and say what it is."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not here; it is needed to bring other versions only.")
    subprocess.run([npm, "ci", "--ignore-scripts"], cwd=PACKED, check=True)
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir(parents=True)
    told = [_take(each) for each in TAKEN]
    (TARGET / TOLD).write_text(
        json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _take(taken: Taken) -> dict[str, object]:
    home = PACKED / "node_modules" / taken.package
    shutil.copyfile(home / taken.file, TARGET / taken.name)
    licence = f"{taken.package}.LICENSE.txt"
    shutil.copyfile(home / "LICENSE", TARGET / licence)
    return {
        "file": taken.name,
        "from": taken.file,
        **_said(taken.package),
        "licence_text": licence,
        "sha256": hashlib.sha256((TARGET / taken.name).read_bytes()).hexdigest(),
        **({"notice": taken.notice} if taken.notice else {}),
        **({"within": [_said(each) for each in taken.within]} if taken.within else {}),
    }


def _said(package: str) -> dict[str, str]:
    manifest = json.loads((PACKED / "node_modules" / package / "package.json").read_text())
    return {key: str(manifest[key]) for key in ("name", "version", "license")}


if __name__ == "__main__":
    main()
