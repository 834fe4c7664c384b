"""The core's settings: flag over environment over file over default, each value with its source.

Names are dotted (`grpc.listen`); in the environment they are `AXISOR_GRPC__LISTEN`. Unknown names
are errors that say which known name is nearest. Nothing secret is a setting: keys and tokens are
files.
"""

from __future__ import annotations

import difflib
import enum
import re
import tomllib
from collections.abc import Iterator, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from axisor.errors import SettingsInvalid
from axisor.model import Mode
from axisor_server.bounds import Link, Wire
from axisor_server.choices import (
    Confirmations,
    Mail,
    Outbound,
    People,
    PlanChoice,
    Provider,
    Runner,
    Tokens,
    Vault,
)
from axisor_server.conduct import Doubt, Lease, Prices, VenueLimits

ENV_PREFIX = "AXISOR_"

LISTS = (
    *("plugins", "roles", "grpc.names", "backup.recipients", "limits.proxies"),
    *("outbound.allow", "people.redirects", "runner.spawn", "runner.offers"),
)
"""Settings that are lists; commas part them in the environment."""

TABLES: Mapping[str, type[Struct]] = MappingProxyType(
    {"people.providers.": Provider, "plans.": PlanChoice}
)
"""Begins the names of settings about what an operator names, with what is set of each."""

_NAMED = re.compile(r"[a-z][a-z0-9-]{0,31}\.(\w+)")


class Role(enum.Enum):
    """What a core does for the others that share its database."""

    API = "api"
    """Serves clients; leads no account and opens no key."""

    ENGINE = "engine"
    """Leads accounts; serves only health and metrics."""

    NOTIFIER = "notifier"
    """Shows events to those plugins that observe them."""


class Grpc(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the core listens, and how it is spoken to."""

    listen: Annotated[str, Meta(description="Host and port; port 0 picks a free one.")] = (
        "127.0.0.1:8420"
    )
    reflection: Annotated[bool, Meta(description="Offer server reflection.")] = True
    plaintext: Annotated[
        bool, Meta(description="Speak without TLS; refused anywhere but on loopback.")
    ] = False
    client_certificates: Annotated[
        bool, Meta(description="Let in only who shows a certificate of the core's own authority.")
    ] = False
    names: Annotated[
        tuple[str, ...], Meta(description="Further host names of the self-made certificate.")
    ] = ()


class Database(Link, frozen=True, forbid_unknown_fields=True):
    """Where the journal lives."""

    url: Annotated[
        str, Meta(description="Empty: SQLite in the data directory; else postgresql://…")
    ] = ""


class Redis(Link, frozen=True, forbid_unknown_fields=True):
    """Wake-ups between replicas; without it they poll."""

    url: Annotated[str, Meta(description="Empty: none; else rediss://… or redis://…")] = ""


class Log(Struct, frozen=True, forbid_unknown_fields=True):
    """What is logged."""

    level: Annotated[str, Meta(pattern="^(debug|info|warning|error)$")] = "info"


class Process(Struct, frozen=True, forbid_unknown_fields=True):
    """What others on the machine may learn of the process."""

    inspectable: Annotated[
        bool, Meta(description="Allow core dumps and debuggers; they show every key.")
    ] = False


class Metrics(Struct, frozen=True, forbid_unknown_fields=True):
    """Where Prometheus reads."""

    listen: Annotated[str, Meta(description="Empty: nowhere; else host and port.")] = ""


class Backup(Struct, frozen=True, forbid_unknown_fields=True):
    """Backups that the core makes of itself."""

    folder: Annotated[
        str, Meta(description="Where to; empty: none are made. Better another disk.")
    ] = ""
    recipients: Annotated[
        tuple[str, ...], Meta(description="Public keys (age1…) of those who can open them.")
    ] = ()
    every: Annotated[
        int, Meta(ge=5, le=86_400, description="Seconds between two, where anything is new.")
    ] = 60
    full_every_h: Annotated[
        int, Meta(ge=1, le=168, description="Hours until one holds everything again.")
    ] = 24
    keep: Annotated[int, Meta(ge=1, le=1_000, description="How many full ones stay.")] = 7
    keep_daily: Annotated[
        int, Meta(ge=0, le=1_000, description="Of how many days the last full one stays.")
    ] = 7
    keep_weekly: Annotated[
        int, Meta(ge=0, le=1_000, description="Of how many weeks the last full one stays.")
    ] = 4


class CallLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """How often clients may call; guards and strategies inside the core are not counted."""

    address_per_min: Annotated[
        int, Meta(ge=1, description="Calls from one address, before anything else is known.")
    ] = 12_000
    sign_in_per_min: Annotated[
        int, Meta(ge=1, description="Calls without a token from one address: login, reset.")
    ] = 60
    read_per_min: Annotated[int, Meta(ge=1, description="Readings of one caller.")] = 6_000
    change_per_min: Annotated[int, Meta(ge=1, description="Changes of one caller.")] = 1_200
    money_per_min: Annotated[
        int, Meta(ge=1, description="Calls of one caller that can move money.")
    ] = 600
    stream_per_min: Annotated[int, Meta(ge=1, description="Streams that one caller opens.")] = 6_000
    streams: Annotated[int, Meta(ge=1, description="Streams that one caller has open.")] = 2_000
    cores: Annotated[
        int, Meta(ge=1, description="Among how many cores they are shared while Redis is away.")
    ] = 3
    proxies: Annotated[
        tuple[str, ...],
        Meta(description="Networks of proxies that may say whose address a call came from."),
    ] = ()


class Audit(Struct, frozen=True, forbid_unknown_fields=True):
    """Signed checkpoints of journals."""

    file: Annotated[
        str,
        Meta(
            description="Where they are added; empty: checkpoints.ndjson beside the data. Better"
            " another machine's disk."
        ),
    ] = ""
    entries: Annotated[
        int, Meta(ge=1, le=100_000, description="After how many entries one is taken.")
    ] = 1_000
    every: Annotated[
        int, Meta(ge=5, le=86_400, description="Seconds between two, where anything was added.")
    ] = 60
    webhook: Annotated[
        str, Meta(description="Empty: nowhere; else the address that gets each one as well.")
    ] = ""
    webhook_secrets: Annotated[
        str,
        Meta(description="The private file with its secret, and the next one in a second line."),
    ] = ""


class Backtesting(Struct, frozen=True, forbid_unknown_fields=True):
    """Back-tests that the core makes."""

    kept: Annotated[
        int, Meta(ge=1, le=1_000, description="How many that ended are kept of each account.")
    ] = 20


class Deadman(Struct, frozen=True, forbid_unknown_fields=True):
    """A watcher outside that tells when it is called no more."""

    url_file: Annotated[
        str, Meta(description="A private file with the address that is called; empty: none is.")
    ] = ""
    every: Annotated[int, Meta(ge=10, le=86_400, description="Seconds between two calls.")] = 60


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything an operator can set."""

    max_mode: Annotated[Mode, Meta(description="The most real mode an account may have.")] = (
        Mode.SHADOW
    )
    plugins: Annotated[tuple[str, ...], Meta(description="Plugins to enable, by name.")] = (
        "lnmarkets",
        "logbook",
        "margin-guard",
    )
    roles: Annotated[
        tuple[Role, ...],
        Meta(description="What this core does of `api`, `engine`, `notifier`; all on SQLite."),
    ] = (Role.API, Role.ENGINE, Role.NOTIFIER)
    grpc: Grpc = Grpc()
    wire: Wire = Wire()
    database: Database = Database()
    redis: Redis = Redis()
    lease: Lease = Lease()
    venue: VenueLimits = VenueLimits()
    prices: Prices = Prices()
    doubt: Doubt = Doubt()
    log: Log = Log()
    process: Process = Process()
    metrics: Metrics = Metrics()
    backup: Backup = Backup()
    people: People = People()
    plans: dict[str, PlanChoice] = {}
    mail: Mail = Mail()
    tokens: Tokens = Tokens()
    vault: Vault = Vault()
    audit: Audit = Audit()
    limits: CallLimits = CallLimits()
    outbound: Outbound = Outbound()
    confirmations: Confirmations = Confirmations()
    runner: Runner = Runner()
    backtests: Backtesting = Backtesting()
    deadman: Deadman = Deadman()


class Loaded(Struct, frozen=True):
    """Settings with the source of each value: `flag`, `environment`, `file` or `default`.

    `plugin` holds the tables `[plugin.NAME]` of the file, for each plugin to read its own.
    """

    settings: Settings
    sources: dict[str, str]
    plugin: dict[str, dict[str, Any]] = {}


def load(*, file: str, environment: Mapping[str, str], flags: Mapping[str, Any]) -> Loaded:
    """Return the settings made of a TOML text, environment variables and flags (dotted names).

    Raises SettingsInvalid naming the setting, its source and the nearest known name.
    """
    sources: dict[str, str] = dict.fromkeys(names(), "default")
    merged: dict[str, Any] = {}
    given = _parse(file)
    plugin = _plugin_tables(given.pop("plugin", {}))
    for source, values in (
        ("file", _flatten(given)),
        ("environment", _from_environment(environment)),
        ("flag", dict(flags)),
    ):
        for name, value in values.items():
            if value is None:
                continue
            if name not in sources and not _is_of_table(name):
                raise _unknown(name, source)
            merged[name] = value
            sources[name] = source
    try:
        settings = msgspec.convert(_nest(merged), Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsInvalid(f"A setting cannot be read: {error}.") from error
    return Loaded(settings, {**dict.fromkeys(_tabled(settings), "default"), **sources}, plugin)


def names() -> tuple[str, ...]:
    """Return the dotted name of every setting, those of tables apart."""
    return tuple(_names(Settings, ""))


def _names(struct: type[Struct], prefix: str) -> Iterator[str]:
    for field in msgspec.structs.fields(struct):
        inner = field.type
        if isinstance(inner, type) and issubclass(inner, Struct):
            yield from _names(inner, f"{prefix}{field.name}.")
        elif f"{prefix}{field.name}." not in TABLES:
            yield prefix + field.name


def values(settings: Settings) -> dict[str, Any]:
    """Return every value under its dotted name, as JSON would have it."""
    found = _flatten(msgspec.to_builtins(settings))
    return {name: found[name] for name in (*names(), *_tabled(settings))}


def _tabled(settings: Settings) -> list[str]:
    return [
        f"{begins}{name}.{field}"
        for begins, kind in TABLES.items()
        for name in sorted(attrgetter(begins.rstrip("."))(settings))
        for field in kind.__struct_fields__
    ]


def _is_of_table(name: str) -> bool:
    for begins, kind in TABLES.items():
        found = _NAMED.fullmatch(name.removeprefix(begins)) if name.startswith(begins) else None
        if found is not None:
            return found[1] in kind.__struct_fields__
    return False


def _parse(file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(file)
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid(f"The settings file is not valid TOML: {error}.") from error


def _plugin_tables(given: Any) -> dict[str, dict[str, Any]]:
    if isinstance(given, dict) and all(isinstance(table, dict) for table in given.values()):
        return given
    raise SettingsInvalid(
        "The settings of plugins are tables: write [plugin.NAME] and what it takes below it.",
        setting="plugin",
    )


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    known = {ENV_PREFIX + name.upper().replace(".", "__"): name for name in names()}
    found: dict[str, Any] = {}
    for variable, name in known.items():
        if variable in environment:
            text = environment[variable]
            found[name] = text.split(",") if name in LISTS else text
    for table in TABLES:
        begins = ENV_PREFIX + table.upper().replace(".", "__")
        for variable, text in environment.items():
            if variable.startswith(begins):
                name, _, field = variable.removeprefix(begins).lower().rpartition("__")
                found[f"{table}{name.replace('_', '-')}.{field}"] = text
    return found


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= _flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *path, last = name.split(".")
        at = tree
        for part in path:
            at = at.setdefault(part, {})
        at[last] = value
    return tree


def _unknown(name: str, source: str) -> SettingsInvalid:
    near = difflib.get_close_matches(name, names(), n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    return SettingsInvalid(
        f"There is no setting `{name}` (from the {source}).{hint}", setting=name, source=source
    )
