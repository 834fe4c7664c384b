"""Write the reference pages and tables that come from the code, or check that they are fresh."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

from docs import contract, rest  # noqa: E402  # found from the root, wherever this is started

if TYPE_CHECKING:
    from axisor.errors import AxisorError
    from axisor.strategy import Strategy

WIDTH = 96
NOTE = "<!-- Written by docs/generate.py; change its sources instead. -->"


def main() -> int:
    """Write the pages, or with --check name those that are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and change nothing")
    check: bool = parser.parse_args().check
    stale = [path for path, fresh in pages().items() if read(path) != fresh]
    for path in stale:
        if check:
            print(f"docs: {path.relative_to(ROOT)} is stale; run docs/generate.py")
        else:
            path.write_text(pages()[path], encoding="utf-8")
            print(f"docs: wrote {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


def read(path: Path) -> str:
    """Return a page's text, empty where there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def pages() -> dict[Path, str]:
    """Return every page that is generated, in whole or in part, as it should be."""
    return {
        DOCS / "api.md": contract.reference(NOTE),
        ROOT / "clients/web/src/axisor_web/openapi.json": rest.openapi(contract.described()),
        DOCS / "backtests.md": within(DOCS / "backtests.md", {"figures": figures()}),
        DOCS / "cli.md": commands(),
        DOCS / "console.md": within(DOCS / "console.md", {"keys": console_keys()}),
        DOCS / "errors.md": within(DOCS / "errors.md", {"errors": error_tables()}),
        DOCS / "guard.md": within(DOCS / "guard.md", {"settings": guard_settings()}),
        DOCS / "strategies-shipped.md": within(
            DOCS / "strategies-shipped.md",
            {strategy.name: config_settings(strategy.config_type) for strategy in shipped()}
            | {"limits": config_settings(limits())},
        ),
        DOCS / "hooks.md": within(DOCS / "hooks.md", hook_tables()),
        DOCS / "operations.md": within(
            DOCS / "operations.md",
            {"settings": core_settings(), "exit codes": exit_codes(), "metrics": metrics()},
        ),
    }


def within(path: Path, blocks: dict[str, str]) -> str:
    """Return a page with the text between each pair of markers replaced."""
    text = read(path)
    for name, block in blocks.items():
        found = re.search(rf"<!-- generated: {name} -->\n(.*?)<!-- end -->", text, re.DOTALL)
        if found is None:
            raise SystemExit(f"docs: {path.name} has no place for {name}")
        text = text[: found.start(1)] + block + text[found.end(1) :]
    return text


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |\n"
        for line in lines
    )


# ---------------------------------------------------------------- errors


def error_tables() -> str:
    """Return every error, by family: what it means for the money, what to do, and its codes."""
    from axisor.errors import AxisorError
    from axisor.wire.status import TABLE
    from axisor_cli.fail import exit_code

    text = ""
    for family in AxisorError.__subclasses__():
        rows = [
            (
                f"`{reason}`",
                sentence(kind),
                f"{kind.money} {kind.fix}".strip(),
                f"`{TABLE[reason].name}`",
                str(int(exit_code(kind()))),
            )
            for reason, kind in published()
            if issubclass(kind, family)
        ]
        if rows:
            head = ("reason", "what happened", "your money, and what to do", "gRPC", "exit")
            text += f"\n## {sentence(family)}\n\n" + table(head, rows)
    return text + "\n"


def published() -> list[tuple[str, type[AxisorError]]]:
    """Return every reason with the class that `axisor.errors` publishes for it, in order."""
    from axisor import errors

    kinds = [getattr(errors, name) for name in errors.__all__]
    return sorted((kind.reason, kind) for kind in kinds if getattr(kind, "reason", ""))


def sentence(kind: type) -> str:
    """Return the first line of a docstring."""
    return (kind.__doc__ or "").strip().splitlines()[0]


# ---------------------------------------------------------------- settings


def figures() -> str:
    """Return the figures that judge an account, with their definitions."""
    from axisor.metrics import DEFINITIONS

    return table(("figure", "definition"), [(f"`{n}`", text) for n, text in DEFINITIONS.items()])


def console_keys() -> str:
    """Return the keys of the console, by where they hold."""
    from axisor_tui import keymap

    text = ""
    for scope in (keymap.EVERYWHERE, keymap.LISTS, *keymap.SCREENS):
        rows = [
            (f"`{keymap.written(each.keys)}`", each.label, f"`{each.id}`")
            for each in keymap.of(scope)
        ]
        text += f"\n{keymap.SCREENS.get(scope, scope.capitalize())}:\n\n"
        text += table(("keys", "what they do", "id"), rows)
    return text + "\n"


def hook_tables() -> dict[str, str]:
    """Return what each hook's specification says of it, by its name."""
    import inspect

    from axisor.hookspecs import hooks

    labels = ("When", "Arguments", "Return", "Raising", "Used by", "Since")
    tables = {}
    for name, spec in hooks().items():
        said = dict(re.findall(r"^(\w[\w ]*): (.*)$", inspect.getdoc(spec) or "", re.MULTILINE))
        tables[name] = table(("", ""), [(label, said[label]) for label in labels])
    return tables


def guard_settings() -> str:
    """Return the settings of the margin guard's rule with their defaults."""
    from axisor_margin_guard.config import GuardConfig

    return table(("setting", "meaning", "allowed", "default"), list(fields(GuardConfig)))


def shipped() -> tuple[type[Strategy[Any, Any]], ...]:
    """Return the strategies of our plugins beside the guard, in the order of their page."""
    from axisor_balance import Hedge, Rebalance
    from axisor_carry import Carry
    from axisor_entries import AverageEntry, Dca, Grid, PriceEntry, RsiEntry
    from axisor_exits import Exits

    return (Exits, PriceEntry, RsiEntry, AverageEntry, Dca, Grid, Carry, Rebalance, Hedge)


def limits() -> type[msgspec.Struct]:
    """Return what an operator may set as limits."""
    from axisor_limits import LimitsConfig

    return LimitsConfig


def config_settings(config: type[msgspec.Struct]) -> str:
    """Return the settings of a configuration with their defaults."""
    rows = list(fields(config))
    return table(("setting", "meaning", "allowed", "default"), rows)


def fields(struct: type[msgspec.Struct]) -> Iterator[tuple[str, ...]]:
    """Yield name, description, shape and default of each field of a configuration."""
    schema = msgspec.json.schema(struct)
    known: dict[str, Any] = schema["$defs"]
    for name, about in known[struct.__name__]["properties"].items():
        default = about.get("default")
        shown = "none" if default is None else _plain(default)
        yield (f"`{name}`", about.get("description", ""), allowed(about), shown)


def allowed(about: dict[str, Any]) -> str:
    """Return what a JSON Schema takes, in words."""
    if "enum" in about:
        return ", ".join(f"`{value}`" for value in about["enum"])
    if "anyOf" in about:
        return " or ".join(allowed(part) for part in about["anyOf"])
    if about.get("type") == "array":
        items = about.get("items", {})
        return "list" if not items or "$ref" in items else f"list of {allowed(items)}"
    if about.get("type") == "null":
        return "none"
    if about.get("format") == "decimal":
        return "number"
    words = {"integer": "whole number", "string": "text", "boolean": "yes or no"}
    shape = words.get(str(about.get("type")), "see the schema")
    low, high = about.get("minimum"), about.get("maximum")
    if low is not None:
        shape += f" from {low:,}"
    return shape if high is None else f"{shape} to {high:,}"


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(f"`{each}`" for each in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    return "empty" if value == "" else f"`{value}`"


def core_settings() -> str:
    """Return the core's settings with their variable and default."""
    from axisor_server.settings import ENV_PREFIX, TABLES, Settings, names, values

    described = dict(_described(Settings, ""))
    tabled: dict[str, Any] = {}
    for begins, kind in TABLES.items():
        one = f"{begins}NAME."
        described |= _described(kind, one)
        tabled |= {f"{one}{name}": value for name, value in msgspec.to_builtins(kind()).items()}
    defaults = {**values(Settings()), **tabled}
    rows = [
        (
            f"`{name}`",
            f"`{ENV_PREFIX}{name.upper().replace('.', '__')}`",
            described[name],
            "empty" if defaults[name] == "" else _plain(defaults[name]),
        )
        for name in (*names(), *tabled)
    ]
    return table(("setting", "variable", "meaning", "default"), rows)


def _described(struct: type[msgspec.Struct], prefix: str) -> Iterator[tuple[str, str]]:
    properties = msgspec.json.schema(struct)["$defs"][struct.__name__]["properties"]
    for field in msgspec.structs.fields(struct):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from _described(field.type, f"{prefix}{field.name}.")
        else:
            about = properties[field.encode_name]
            words = about.get("description", "")
            choice = f" One of {allowed(about)}." if "enum" in about else ""
            pattern = about.get("pattern", "").strip("^$()")
            choice = (
                f" One of {', '.join(f'`{p}`' for p in pattern.split('|'))}." if pattern else choice
            )
            yield prefix + field.name, f"{words}{choice}".strip()


def exit_codes() -> str:
    """Return what each exit code of the command line is for."""
    from axisor.wire import failures
    from axisor_cli.fail import ExitCode, exit_code

    raised: dict[int, list[str]] = {}
    for reason, kind in published():
        raised.setdefault(int(exit_code(kind())), []).append(f"`{reason}`")
    for failure in (failures.CoreUnreachable, failures.DeadlineExceeded):
        raised.setdefault(int(exit_code(failure())), []).append(sentence(failure).rstrip("."))
    return table(
        ("code", "name", "raised by"),
        [(str(int(c)), c.name.lower(), ", ".join(raised.get(int(c), []))) for c in ExitCode],
    )


def metrics() -> str:
    """Return the figures that Prometheus finds."""
    from prometheus_client import CollectorRegistry

    from axisor.model import Mode
    from axisor_server.engine.answers import EngineStatus
    from axisor_server.rpc.metrics import CallMetrics, CopyMetrics, CoreCollector

    registry = CollectorRegistry()
    CallMetrics(registry)
    CopyMetrics(registry)
    idle = EngineStatus(
        owner="", max_mode=Mode.SIM, started_at=None, stopping=False, accounts=(), feeds=()
    )
    registry.register(CoreCollector(lambda: idle, lambda: 0))
    rows = [
        (
            f"`{family.name}{'_total' if family.type == 'counter' else ''}`",
            family.type,
            family.documentation,
        )
        for family in registry.collect()
    ]
    return table(("metric", "type", "meaning"), sorted(rows))


# ---------------------------------------------------------------- the command line


def commands() -> str:
    """Return the reference of the command line, from its own help."""
    from axisor_cli.main import cli

    parts = [
        "# The command line",
        NOTE,
        "One command, `axisor`. This is what its `--help` says, command by command. Exit codes\n"
        "are in [operations.md](operations.md#exit-codes), errors in [errors.md](errors.md).",
        "```text\n" + _help(cli, "axisor", None) + "\n```",
    ]
    context = _context(cli, "axisor", None)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        parts.append(f"## `axisor {name}`")
        parts += _told(command, name, context)
    return "\n\n".join(parts) + "\n"


def _told(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    context = _context(command, name, parent)
    yield "```text\n" + _help(command, name, parent) + "\n```"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield f"### `axisor {name} {inner}`" if parent.parent is None else f"#### `{inner}`"
            yield from _told(found, inner, context)


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
    )


def _help(command: click.Command, name: str, parent: click.Context | None) -> str:
    lines = command.get_help(_context(command, name, parent)).splitlines()
    return "\n".join(line.rstrip() for line in lines)


if __name__ == "__main__":
    sys.exit(main())
