"""Names the files of the repository for the tests that read them."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import verdicts

ROOT = Path(__file__).resolve().parents[2]
VENDORED = (
    "proto/google/",
    "proto/grpc/",
    "proto/buf/",
    "clients/web/src/axisor_web/static/vendor/",
)
PACKAGES = (
    "sdk/src/axisor",
    "server/src/axisor_server",
    "clients/cli/src/axisor_cli",
    "clients/tui/src/axisor_tui",
    "clients/web/src/axisor_web",
    "clients/bot/src/axisor_bot",
    "plugins/lnmarkets/src/axisor_lnmarkets",
    "plugins/logbook/src/axisor_logbook",
    "plugins/margin-guard/src/axisor_margin_guard",
    "plugins/balance/src/axisor_balance",
    "plugins/limits/src/axisor_limits",
    "plugins/carry/src/axisor_carry",
    "plugins/entries/src/axisor_entries",
    "plugins/exits/src/axisor_exits",
    "plugins/channels/src/axisor_channels",
    "examples/dip-buyer/src/axisor_dip_buyer",
)


@cache
def files() -> tuple[Path, ...]:
    """Name every file that is committed or about to be, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = sorted({Path(name) for name in listed.split("\0") if name})
    return tuple(name for name in names if (ROOT / name).is_file())


def is_generated(path: Path) -> bool:
    """Tell whether a machine wrote the file."""
    name = path.as_posix()
    return (
        "_pb2" in path.name
        or path.name == "package-lock.json"
        or "/__snapshots__/" in name
        or name.startswith("sdk/src/axisor/v1/")
    )


def hand_written(*suffixes: str) -> list[Path]:
    """Name the files with these suffixes that people wrote here."""
    return [
        path
        for path in files()
        if path.suffix in suffixes
        and not is_generated(path)
        and not path.as_posix().startswith(VENDORED)
    ]


@cache
def text(path: Path) -> str:
    """Read a file; one that is not text reads as empty."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def tree(path: Path) -> ast.Module:
    """Parse a Python file."""
    return ast.parse(text(path), filename=str(path))


def all_well(paths: Iterable[Path], look: Callable[[Path], object]) -> None:
    """Fail with the name of each file in which a look finds something; there must be some."""
    verdicts.all_well({path.as_posix(): look(path) for path in paths})


def manifests() -> dict[str, dict[str, Any]]:
    """Read every pyproject.toml, by its path."""
    return {
        path.as_posix(): tomllib.loads(text(path))
        for path in files()
        if path.name == "pyproject.toml"
    }


def make_targets() -> set[str]:
    """Name the targets of the Makefile."""
    import re

    return set(re.findall(r"^([a-z][a-z-]*):", text(Path("Makefile")), flags=re.MULTILINE))


def offered_commands() -> dict[str, str]:
    """Map each command that a distribution offers to `module:attribute`."""
    offered: dict[str, str] = {}
    for manifest in manifests().values():
        groups = manifest["project"].get("entry-points", {})
        offered |= groups.get("axisor.commands", {})
    return offered
