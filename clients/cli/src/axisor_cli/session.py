"""What the global options of `axisor` mean: which core, which account, which format."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct

from axisor.errors import NotFound, SettingsInvalid
from axisor.model import Mode
from axisor.ports import Secret
from axisor.wire.failures import CoreUnreachable
from axisor_cli.output import FORMATS, Printer

if TYPE_CHECKING:
    from axisor.client import Client, Profile
    from axisor.client.profile import Shown
    from axisor.wire.records import Account

T = TypeVar("T")


class Options(Struct, kw_only=True):
    """The global options. Commands get it as their click object."""

    connect: str | None = None
    data_dir: str | None = None
    token_file: str | None = None
    ca: str | None = None
    pin: str | None = None
    client_certificate: str | None = None
    plaintext: bool = False
    output: str = "table"
    no_color: bool = False
    expect_mode: str | None = None
    account: str | None = None
    timeout: float = 30
    verbose: bool = False

    def printer(self, output: str | None = None) -> Printer:
        """Return where answers are written; `output` is a command's own choice of format."""
        return Printer(output or self.output, color=not self.no_color)

    @property
    def directory(self) -> Path:
        """Return the data directory: the option's, or the place where a core works by default."""
        from axisor.client.profile import default_data_dir

        if self.data_dir:
            return Path(self.data_dir)
        return default_data_dir(os.environ, Path.home())

    def core_is_there(self) -> bool:
        """Return whether a core said where it listens, or the options do."""
        return self.connect is not None or (self.directory / "address").exists()

    def profile(self) -> Profile:
        """Return which core to call and with what. Raises SettingsInvalid."""
        if not self.core_is_there():
            raise CoreUnreachable(
                f"No core is at work in {self.directory}.",
                money="Nothing guards positions from here.",
                fix="Start one: axisor up. Or name one: --data-dir DIR, --connect HOST:PORT.",
            )
        from axisor.client import Profile

        if self.connect is None:
            return Profile.from_data_dir(self.directory, plaintext=self.plaintext)
        directory = self.directory
        token = Path(self.token_file) if self.token_file else directory / "owner.token"
        tls_name = None
        if self.plaintext:
            certificate = None
        elif self.pin:
            from axisor.client.pins import PINNED_NAME, pinned

            certificate, tls_name = pinned(self.connect, self.pin), PINNED_NAME
        else:
            certificate = _read(Path(self.ca) if self.ca else directory / "tls" / "cert.pem")
        return Profile(
            self.connect,
            token=Secret(_read(token).decode().strip()),
            certificate=certificate,
            plaintext=self.plaintext,
            shown=self._shown(),
            tls_name=tls_name,
        )

    def _shown(self) -> Shown | None:
        if not self.client_certificate:
            return None
        from axisor.client.profile import Shown

        path = Path(self.client_certificate)
        return Shown(_read(path), _read(path.with_suffix(".key")))

    def client(self) -> Client:
        """Return a client of that core; nothing is sent yet. Raises SettingsInvalid."""
        from axisor.client import Client

        mode = None if self.expect_mode is None else Mode(self.expect_mode)
        return Client.connect(self.profile(), timeout_s=self.timeout, expect_mode=mode)

    def run(self, use: Callable[[Client], Awaitable[T]]) -> T:
        """Connect, use the client, and close it; return what the use returns."""
        import asyncio

        async def whole() -> T:
            async with self.client() as client:
                return await use(client)

        return asyncio.run(whole())

    def run_on(self, use: Callable[[Client, Account], Awaitable[T]]) -> T:
        """Like `run`, with the account that the options mean."""

        async def whole(client: Client) -> T:
            return await use(client, await client.accounts.choose(self.account))

        return self.run(whole)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsInvalid(
            f"{path} cannot be read: {error.strerror}.",
            fix="Give --data-dir of the core, or --token-file and --ca.",
            source=path,
        ) from error


def unique(wanted: str, ids: list[str], error: type[NotFound]) -> str:
    """Return the one id that is or begins with `wanted`. Raises `error` where there is not one."""
    if wanted in ids:
        return wanted
    found = [id for id in ids if id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise error(f"`{wanted}` fits {len(found)} of them: {', '.join(found)}.", wanted=wanted)
    raise error(f"Nothing here has an id that begins with `{wanted}`.", wanted=wanted)


def command(group: click.Group, **settings: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Add a command to a group, with its own `-o` beside the global one."""

    def wrap(function: Callable[..., Any]) -> click.Command:
        @click.option("-o", "--output", "output", default=None, type=click.Choice(FORMATS))
        @click.pass_context
        def run(ctx: click.Context, /, output: str | None, **arguments: Any) -> Any:
            options: Options = ctx.obj or Options()
            if output is not None:
                options.output = output
            return function(options, **arguments)

        run.__doc__ = function.__doc__
        parameters = getattr(function, "__click_params__", [])
        run.__click_params__ = [*run.__click_params__, *parameters]  # type: ignore[attr-defined]
        settings.setdefault("name", function.__name__.replace("_", "-"))
        return group.command(**settings)(run)

    return wrap
