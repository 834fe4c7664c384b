"""The commands `axisor up` and `axisor config`: the edge of the core's process."""

from __future__ import annotations

import asyncio
import difflib
import json
import os
import sys
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from axisor.errors import AxisorError, FormatError, SettingsInvalid
from axisor.model import Mode
from axisor_server.adapters import companions
from axisor_server.settings import Loaded, Role, Settings, load, names, values

R = TypeVar("R")

EXIT_ERROR = 1
EXIT_USAGE = 2
FAILPOINT = "AXISOR_FAILPOINT"
PLAYING = ("sim", "web")
"""The clients that `--sim` keeps beside a core."""

TELLS = "channels"
"""The plugin that `--sim` enables too, so that a rescue can be told."""

OUTPUT = click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print."
)
CONFIG = click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The settings file; the usual one otherwise.",
)


def usual_config() -> Path:
    """Return where the settings file is unless another is named."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "axisor" / "config.toml"


def usual_data_dir() -> Path:
    """Return where the core keeps its data unless another place is named."""
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "axisor"


def read(file: Path | None, **flags: Any) -> Loaded:
    """Return the settings of a file, the environment and flags.

    Raises SettingsInvalid, also where a named file does not exist.
    """
    path = file or usual_config()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if file is not None:
            raise SettingsInvalid(f"There is no settings file {file}.") from None
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"The settings file {path} cannot be read: {error}.") from error
    return load(file=text, environment=os.environ, flags=flags)


def told(command: Callable[..., R]) -> Callable[..., R]:
    """Write an error as data where data was asked for; else whoever called says it in words."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> R:
        try:
            return command(*args, **kwargs)
        except AxisorError as error:
            if kwargs.get("output") != "json":
                raise
            shape = {
                "reason": error.reason,
                "message": error.message,
                "money": error.means,
                "fix": error.todo,
                "metadata": error.metadata,
            }
            click.echo(json.dumps({"error": shape}), err=True)
            sys.exit(EXIT_USAGE if isinstance(error, FormatError) else EXIT_ERROR)

    return wrapped


@click.command()
@click.option(
    "--data-dir",
    envvar="AXISOR_DATA_DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where journal, keys and certificate are.",
)
@click.option("--listen", help="HOST:PORT; port 0 picks a free one.")
@click.option("--max-mode", type=click.Choice([mode.value for mode in Mode]))
@click.option("--plaintext", is_flag=True, default=None, help="No TLS; on loopback only.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    help="Do this only, beside other cores on one PostgreSQL; may be given again.",
)
@click.option("--database", help="postgresql://… instead of SQLite in the data directory.")
@click.option("--redis", help="redis://… for wake-ups between replicas.")
@click.option("--metrics", help="HOST:PORT for Prometheus.")
@click.option("--plugin", "plugins", multiple=True, help="Enable these plugins only.")
@click.option(
    "--with",
    "beside",
    multiple=True,
    type=click.Choice(sorted(companions.WORDS)),
    help="Keep this client running beside the core; may be given again.",
)
@click.option(
    "--sim",
    is_flag=True,
    help="Play: --with sim --with web, so that there is an account with play money and a page.",
)
@click.option("--new", is_flag=True, help="Begin with an empty database where the old one is gone.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))
@CONFIG
@OUTPUT
@told
def up(file: Path | None, data_dir: Path | None, output: str, **options: Any) -> None:
    """Run the core until it is told to stop."""
    flags = {
        "grpc.listen": options["listen"],
        "max_mode": options["max_mode"],
        "grpc.plaintext": options["plaintext"],
        "roles": list(options["roles"]) or None,
        "database.url": options["database"],
        "redis.url": options["redis"],
        "metrics.listen": options["metrics"],
        "plugins": list(options["plugins"]) or None,
        "log.level": options["log_level"],
    }
    loaded = read(file, **flags)
    if options["sim"] and loaded.sources["plugins"] == "default":
        told_too = {**flags, "plugins": [*loaded.settings.plugins, TELLS]}
        loaded = read(file, **told_too)
    # Only a core that may start is loaded: that is most of the work until it serves.
    from axisor_server.adapters import interpreter

    interpreter.build()
    from axisor_server.adapters import hardening, logs

    logs.configure(loaded.settings.log.level)
    if not loaded.settings.process.inspectable:
        hardening.harden()
    from axisor_server import app

    folder = data_dir or usual_data_dir()
    beside = companions.Companions(
        (*(PLAYING if options["sim"] else ()), *options["beside"]),
        folder,
        out=sys.stderr.fileno() if output == "json" else None,
    )

    async def core() -> None:
        async with beside:
            await app.run(
                loaded,
                folder,
                failpoint=os.environ.get(FAILPOINT, ""),
                anew=options["new"],
                ready=partial(_ready, beside=beside, output=output),
            )

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(core())


def _ready(ready: Any, *, beside: companions.Companions, output: str) -> None:
    from axisor_server.adapters import interpreter

    _announce(ready, output=output)
    interpreter.settle()
    beside.start()


def _announce(ready: Any, *, output: str) -> None:
    certificate = "" if ready.certificate is None else str(ready.certificate)
    if output == "json":
        found = {
            "address": ready.address,
            "token_file": str(ready.token_file),
            "certificate_file": certificate,
            "fingerprint": ready.fingerprint,
            "pin": ready.pin,
        }
        click.echo(json.dumps(found))
    else:
        place = f"certificate {certificate}" if certificate else "without TLS"
        click.echo(f"Serving at {ready.address}; token {ready.token_file}, {place}")


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


@click.group()
def config() -> None:
    """Show and check the core's settings."""


@config.command()
@CONFIG
@OUTPUT
@told
def show(file: Path | None, output: str) -> None:
    """Print every setting with its value and where the value comes from."""
    loaded = read(file)
    found = values(loaded.settings)
    if output == "json":
        shape = {
            name: {"value": value, "source": loaded.sources[name]} for name, value in found.items()
        }
        click.echo(json.dumps(shape, indent=2))
        return
    for name, value in found.items():
        click.echo(f"{name} = {json.dumps(value)}  ({loaded.sources[name]})")


@config.command()
@click.argument("name")
@CONFIG
@OUTPUT
@told
def get(name: str, file: Path | None, output: str) -> None:
    """Print one setting."""
    found = values(read(file).settings)
    if name not in found:
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise SettingsInvalid(f"There is no setting `{name}`.{hint}", setting=name)
    value = found[name]
    click.echo(value if isinstance(value, str) and output == "text" else json.dumps(value))


@config.command()
def path() -> None:
    """Print where the settings file is looked for."""
    click.echo(str(usual_config()))


@config.command()
def schema() -> None:
    """Print the JSON Schema of the settings."""
    click.echo(json.dumps(msgspec.json.schema(Settings), indent=2))


@config.command()
@CONFIG
@OUTPUT
@told
def validate(file: Path | None, output: str) -> None:
    """Check the settings and print nothing but the verdict."""
    read(file)
    click.echo(json.dumps({"valid": True}) if output == "json" else "The settings are valid.")
