"""`axisor plugin check` and `test`: what every plugin must hold to, and its own tests."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from axisor.errors import AxisorError, ConfigInvalid, FieldInvalid
from axisor.testing.plugins import Given, Verdict, plugin_checks
from axisor.testing.venues import Where
from axisor_cli.authoring.target import Target, about_checks, find
from axisor_cli.output import Printer


def check(given: dict[str, Any], printer: Printer) -> int:
    """Check every plugin of the target and write what came of it; return how many checks failed."""
    rows: list[dict[str, Any]] = []
    for target in find(given["target"]):
        tried = _given(target, given)
        for verdict in _verdicts(target, tried):
            row = _row(target.name, verdict)
            rows.append(row)
            if not printer.is_data:
                _say(row)
    failed: int = sum(row["result"] == "failed" for row in rows)
    if printer.is_data:
        printer.rows(rows, ())
    else:
        left = sum(row["result"] == "left out" for row in rows)
        click.echo(
            f"{len(rows) - failed - left} hold, {failed} failed"
            + (f", {left} left out" if left else "")
        )
    return failed


def _verdicts(target: Target, given: Given) -> Iterator[Verdict]:
    yield from about_checks(target)
    try:
        module = target.load()
    except Exception as error:  # whatever a stranger's import raises is its failure
        yield Verdict("can be imported", error)
        return
    yield from plugin_checks(target.name, module, given)


def _given(target: Target, given: dict[str, Any]) -> Given:
    configs = dict(target.tool.get("configs", {}))
    if given["config"] is not None:
        configs = {"": _json(given["config"], "--config")}
    settings = target.tool.get("settings", {})
    if given["settings"] is not None:
        settings = _json(given["settings"], "--settings")
    return Given(configs=configs, settings=settings, where=Where(url=given["url"]))


def _json(text: str, option: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise ConfigInvalid(f"{option} is no JSON object: {error}.") from error


def _row(plugin: str, verdict: Verdict) -> dict[str, Any]:
    failure = verdict.failure
    said = failure.message if isinstance(failure, AxisorError) else str(failure or "")
    result = "failed" if failure is not None else "left out" if verdict.left_out else "holds"
    return {
        "plugin": plugin,
        "check": verdict.check,
        "result": result,
        "because": (said or type(failure).__name__) if failure is not None else verdict.left_out,
    }


def _say(row: dict[str, Any]) -> None:
    word = {"holds": "ok", "failed": "FAILED", "left out": "-"}[row["result"]]
    click.echo(f"{word:7}{row['check']}")
    if row["because"]:
        click.echo("".join(f"       {line}\n" for line in row["because"].splitlines()), nl=False)


def test(folder: Path, words: tuple[str, ...]) -> int:
    """Run a plugin's own tests by pytest; return pytest's exit code."""
    if not (folder / "pyproject.toml").is_file():
        raise FieldInvalid(
            f"{folder} has no pyproject.toml.", fix="Name a plugin's folder.", field="folder"
        )
    if importlib.util.find_spec("pytest") is None:
        raise FieldInvalid(
            "pytest is not installed beside this `axisor`.",
            fix="Install what the plugin's tests need: pip install -e '.[dev]'.",
            field="folder",
        )
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", *words]
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode  # noqa: S603 - the author's own tests
