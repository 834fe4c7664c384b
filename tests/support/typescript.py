"""Compiles the examples in TypeScript, where node and their packages are."""

from __future__ import annotations

import asyncio
import shutil
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def there(example: str) -> bool:
    """Tell whether node and the packages of an example are here."""
    return shutil.which("node") is not None and _compiler(example).exists()


def needs(example: str) -> pytest.MarkDecorator:
    """Skip where node, or the packages of an example, are not."""
    return pytest.mark.skipif(
        not there(example),
        reason=f"node, or the packages of examples/{example}, are not here: npm ci",
    )


def _compiler(example: str) -> Path:
    return EXAMPLES / example / "node_modules" / ".bin" / "tsc"


async def compiled(example: str, folder: Path) -> Path:
    """Compile an example into a folder, where it finds its packages; return where it lies."""
    project, into = EXAMPLES / example, folder / "dist"
    words = (str(_compiler(example)), "--project", str(project), "--outDir", str(into))
    process = await asyncio.create_subprocess_exec(*words, stdout=PIPE, cwd=project)
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(project / "node_modules")
    return into
