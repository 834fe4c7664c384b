"""`axisor plugin`: what a core has of plugins, and what their authors need."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TextIO

import click

from axisor_cli.mutations import confirm, mutating
from axisor_cli.output import Column
from axisor_cli.session import Options, command

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.client.plugins import PluginResult
    from axisor.wire.records import Account

COLUMNS = (
    Column("name", "plugin"),
    Column("version", "version"),
    Column("state", "state"),
    Column("runs", "runs in"),
    Column("faults", "faults", number=True),
    Column("offers", "offers"),
    Column("problem", "problem"),
)


RELOADED = (
    Column("run", "run"),
    Column("state", "state"),
    Column("from", "from"),
    Column("to", "to"),
)

STATES = {1: "found", 2: "enabled", 3: "quarantined"}
PLACES = {0: "", 1: "the core", 2: "runners of the core", 3: "runners of others"}


def row(found: Any, strategies: tuple[Any, ...]) -> dict[str, Any]:
    """Return a plugin as a row, with the strategies it offers."""
    names = [name.rpartition("/")[2] for name in (*found.strategies, *found.venues)]
    mine = [each for each in strategies if each.name in found.strategies]
    return {
        "name": found.name.rpartition("/")[2],
        "version": found.version,
        "state": STATES.get(found.state, "unrecognized"),
        "runs": PLACES.get(found.place, "unrecognized"),
        "faults": found.faults,
        "hooks": list(found.hooks),
        "offers": names,
        "problem": found.error,
        "strategies": [
            {
                "name": each.name.rpartition("/")[2],
                "documentation": each.documentation,
                "permissions": permissions(each),
                "config_schema": json.loads(each.config_schema or "{}"),
            }
            for each in mine
        ],
    }


def permissions(strategy: Any) -> list[str]:
    """Return the rights a strategy asks for, as words."""
    from axisor.wire.scalars import permissions_from_wire

    return [str(right.name) for right in permissions_from_wire(strategy.permissions)]


@click.group()
def plugin() -> None:
    """Plugins: those of the core, and making, checking and running your own."""


@command(plugin, name="list")
def list_plugins(options: Options) -> None:
    """List plugins installed beside the core; -o json has the schemas of their strategies."""
    options.printer().rows(_all(options), COLUMNS)


def _all(options: Options) -> list[dict[str, Any]]:
    return options.run(_rows)


async def _rows(client: Client) -> list[dict[str, Any]]:
    from axisor.client import every

    plugins = await every(lambda token: client.strategies.list_plugins(page_token=token))
    strategies = await every(lambda token: client.strategies.list(page_token=token))
    return [row(each, strategies) for each in plugins]


def _one(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    from axisor.errors import FieldInvalid

    found = next((each for each in rows if each["name"] == name), None)
    if found is None:
        known = ", ".join(each["name"] for each in rows)
        raise FieldInvalid(
            f"No plugin `{name}` is installed beside the core.",
            fix=f"There are {known}.",
            field="name",
        )
    return found


@command(plugin)
@click.argument("name")
def info(options: Options, name: str) -> None:
    """Show a plugin of the core: where it runs, its faults, hooks, rights and settings."""
    found = _one(_all(options), name)
    printer = options.printer()
    if printer.is_data:
        printer.record(found)
        return
    printer.record({key: value for key, value in found.items() if key != "strategies"})
    for strategy in found["strategies"]:
        rights = ", ".join(strategy["permissions"]) or "none"
        click.echo(f"\n{strategy['name']}  asks for {rights}\n{strategy['documentation']}")
        for line in fields(strategy["config_schema"]):
            click.echo(line)


@command(plugin)
@click.argument("name")
@click.option("--start-runs", is_flag=True, help="Start what it stopped, or failed without it.")
@click.option("--in-core", is_flag=True, help="Let one of others into the core, to your keys.")
@mutating
def enable(options: Options, name: str, start_runs: bool, in_core: bool, **given: Any) -> None:
    """Enable a plugin that is installed beside the core, without a restart."""
    question = f"Import {name} into the core, or let runners of it be started?"
    confirm(options, question, yes=given["yes"], dry_run=given["dry_run"])
    more = {"start_runs": start_runs, "in_core": in_core, **_asked(given)}
    _tell(options, lambda client: client.strategies.enable_plugin(name, **more), "started")


@command(plugin)
@click.argument("name")
@click.option("--force", is_flag=True, help="Also where it reviews actions.")
@click.option("--stop-runs", is_flag=True, help="Stop its runs first; what they protect is bare.")
@mutating
def disable(options: Options, name: str, force: bool, stop_runs: bool, **given: Any) -> None:
    """Disable a plugin whose runs have ended, without a restart."""
    question = f"Take away all that {name} offers, reviews and observes?"
    if stop_runs:
        question = f"Stop every run of {name}, and take away all that it offers and reviews?"
    confirm(options, question, yes=given["yes"], dry_run=given["dry_run"])
    more = {"force": force, "stop_runs": stop_runs, **_asked(given)}
    _tell(options, lambda client: client.strategies.disable_plugin(name, **more), "stopped")


@command(plugin)
@click.argument("name")
@click.argument("settings", type=click.File())
@mutating
def configure(options: Options, name: str, settings: TextIO, **given: Any) -> None:
    """Hand a plugin of the core other settings: a TOML file with its table alone; - is stdin."""
    import tomllib

    from axisor.errors import FieldInvalid

    try:
        table = tomllib.loads(settings.read())
    except tomllib.TOMLDecodeError as error:
        raise FieldInvalid(f"The settings are no TOML: {error}.", field="settings") from error
    question = f"Hand {name} these settings instead of those it has?"
    confirm(options, question, yes=given["yes"], dry_run=given["dry_run"])
    text, more = json.dumps(table), _asked(given)
    found = options.run(lambda client: client.strategies.configure_plugin(name, text, **more))
    options.printer().record(_record(found))


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    again = given["request_id"]
    return {
        "validate_only": given["dry_run"],
        "request_id": None if again is None else str(again),
    }


def _tell(options: Options, use: Callable[[Client], Awaitable[PluginResult]], moved: str) -> None:
    done = options.run(use)
    options.printer().record({**_record(done.plugin), moved: [each.run for each in done.runs]})


def _record(plugin: Any) -> dict[str, Any]:
    return {key: value for key, value in row(plugin, ()).items() if key != "strategies"}


def fields(schema: dict[str, Any]) -> list[str]:
    """Return a line for each field of a configuration's schema, those of its own first."""
    shapes = schema.get("$defs", {})
    top = shapes.get(schema.get("$ref", "").rpartition("/")[2], schema)
    needed = set(top.get("required", ()))
    width = max((len(name) for name in top.get("properties", {})), default=0)
    return [
        f"  {name:<{width}}  {about.get('description', '')} "
        + ("(must be given)" if name in needed else f"[{_default(about)}]")
        for name, about in top.get("properties", {}).items()
    ]


def _default(about: dict[str, Any]) -> str:
    return json.dumps(about.get("default"), ensure_ascii=False)


@command(plugin)
@click.argument("name")
@click.option(
    "--equal-steps",
    type=click.IntRange(0, 1_000_000),
    default=0,
    help="Take over by itself after so many equal decisions in a row.",
)
@click.option("--dry-run", is_flag=True, help="Load and check it, and stop.")
def reload(options: Options, name: str, equal_steps: int, dry_run: bool) -> None:
    """Begin to upgrade each run at work of a plugin to its newest version at hand."""
    from axisor.events import RunState
    from axisor_cli.commands import upgrades
    from axisor_cli.finding import all_runs

    async def use(client: Client, account: Account) -> list[dict[str, Any]]:
        offered = _one(await _rows(client), name)["offers"]
        begun = [
            await client.strategies.start_upgrade(
                account.id, run.id, equal_steps=equal_steps, validate_only=dry_run
            )
            for run in await all_runs(client, account.id)
            if run.strategy in offered and run.state is RunState.RUNNING
        ]
        return [upgrades.row(each) for each in begun]

    options.printer().rows(options.run_on(use), RELOADED)


@command(plugin)
@click.argument("name", required=False)
def hooks(options: Options, name: str | None) -> None:
    """Show the hooks that a plugin may implement, or one of them."""
    import inspect

    from axisor.errors import FieldInvalid
    from axisor.hookspecs import hooks as specified

    known = specified()
    if name is not None and name not in known:
        raise FieldInvalid(
            f"There is no hook `{name}`.", fix=f"There are {', '.join(known)}.", field="name"
        )
    rows: list[dict[str, Any]] = [
        {
            "name": each,
            "arguments": list(inspect.signature(spec).parameters),
            "text": inspect.getdoc(spec) or "",
        }
        for each, spec in known.items()
        if name in (None, each)
    ]
    printer = options.printer()
    if printer.is_data:
        printer.rows(rows, ())
        return
    for each in rows:
        click.echo(f"{each['name']}({', '.join(each['arguments'])})")
        click.echo("".join(f"    {line}\n" if line else "\n" for line in each["text"].splitlines()))


@command(plugin, name="new")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["strategy", "venue", "notifier"]),
    default="strategy",
    show_default=True,
    help="What it is for.",
)
@click.option(
    "--to", "folder", type=click.Path(file_okay=False), help="Its folder; ./NAME by default."
)
def new(options: Options, name: str, kind: str, folder: str | None) -> None:
    """Write a plugin that works, with its tests, into a new folder."""
    from pathlib import Path

    from axisor_cli.authoring.scaffold import Kind, scaffold

    place = Path(folder or name)
    written = scaffold(name, Kind(kind), place)
    printer = options.printer()
    if printer.is_data:
        printer.record({"name": name, "kind": kind, "folder": str(place), "files": written})
        return
    for each in written:
        click.echo(place / each)
    click.echo(
        f"\nNext:  cd {place}\n"
        "       pip install -e '.[dev]'\n"
        "       axisor plugin test\n"
        "       axisor plugin check"
    )


@command(plugin)
@click.argument("target", default=".")
@click.option("--config", metavar="JSON", help="The configuration that strategies are played with.")
@click.option("--settings", metavar="JSON", help="The settings that the plugin gets.")
@click.option("--url", help="A simulator's address, where a venue needs one. It is traded at.")
def check(options: Options, **given: Any) -> None:
    """Hold a plugin to what every plugin must do; TARGET is its folder, or its name.

    Its code is run here, with whatever it does. A venue is traded at on its network sim. What to
    play with may stand in its manifest: [tool.axisor.configs.STRATEGY], [tool.axisor.settings].
    """
    from axisor_cli.authoring.checking import check as checked

    if checked(given, options.printer()):
        raise click.exceptions.Exit(1)


@plugin.command(context_settings={"ignore_unknown_options": True})
@click.option("--record", is_flag=True, help="Speak to exchanges, and write cassettes anew.")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[FOLDER] [WORDS]...")
def test(record: bool, words: tuple[str, ...]) -> None:
    """Run a plugin's own tests, of the folder you are in or of FOLDER; WORDS go to pytest."""
    from pathlib import Path

    from axisor_cli.authoring.checking import test as tested

    named = bool(words) and not words[0].startswith("-")
    folder, rest = (Path(words[0]), words[1:]) if named else (Path(), words)
    if tested(folder, (*rest, "--record-cassettes") if record else rest):
        raise click.exceptions.Exit(1)


@command(plugin, name="run")
@click.argument("target", default=".")
@click.option("--strategy", help="Which, where the plugin offers several.")
@click.option("--config", metavar="JSON", default="{}", help="Its configuration.")
@click.option("--scenario", default="flash-crash", show_default=True)
@click.option("--seed", type=int, default=21, show_default=True)
@click.option("--balance", type=click.IntRange(1), default=2_000_000, show_default=True)
@click.option("--speed", type=click.FloatRange(0.1, 20), default=4, show_default=True)
@click.option("--reload", "reloads", is_flag=True, help="What is saved decides from then on.")
def play(
    options: Options, target: str, strategy: str | None, config: str, reloads: bool, **market: Any
) -> None:
    """Run a strategy of yours on a simulator and a core of its own, and tell what it decides.

    TARGET is an installed plugin, by name or folder. Both are gone afterwards.
    """
    import asyncio
    import tempfile
    from pathlib import Path

    from msgspec import structs

    from axisor_cli.authoring import playing, reloading
    from axisor_cli.rigging import Market

    found = playing.the_one(target)
    chosen = playing.strategy_of(found, strategy)
    played_on = Market(**{**market, "speed": str(market["speed"])})
    saved = reloading.saves(reloading.place_of(found.entry.module)) if reloads else None
    printer = options.printer()
    say = (lambda _: None) if printer.is_data else click.echo
    with tempfile.TemporaryDirectory(prefix="axisor-plugin-") as folder:
        played = asyncio.run(
            playing.play(
                Path(folder),
                found.name,
                chosen,
                played_on,
                config=playing.check_config(config),
                say=say,
                saved=saved,
            )
        )
    if printer.is_data:
        printer.record({**structs.asdict(played), "went_well": played.went_well})
    else:
        click.echo("\n".join(playing.lines(played)))
    if not played.went_well:
        raise click.exceptions.Exit(1)
