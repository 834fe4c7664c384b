"""What the global options of `axisor` mean: which core, which account, which format."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct
from msgspec.structs import replace

from axisor.errors import NotFound, SessionOver, SettingsInvalid, TokenInvalid
from axisor.model import Mode
from axisor.ports import Secret
from axisor.wire.failures import CoreUnreachable
from axisor_cli import watching
from axisor_cli.output import FORMATS, Printer

if TYPE_CHECKING:
    from axisor.client import Client, Profile
    from axisor.client.calls import Renew
    from axisor.client.profile import Shown
    from axisor.wire.confirmations import Confirmation
    from axisor.wire.records import Account
    from axisor_cli.signed import Shelf

OWNER_TOKEN = "owner.token"  # noqa: S105 - a name, not a token

T = TypeVar("T")


class Proposing(Struct, frozen=True):
    """That the call of a command is to be prepared instead of being made."""

    request_id: str | None = None


class Proposed(Exception):
    """The call of a command was prepared; it waits for somebody's word."""

    def __init__(self, confirmation: Confirmation) -> None:
        super().__init__(confirmation.summary)
        self.confirmation = confirmation


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
    named: str | None = None
    proposing: Proposing | None = None

    def chosen(self) -> Options:
        """Return the options with what the profile says wherever nothing else was said.

        A profile that is named wins over the one in use, and options that name a core, or the
        environment, over both. Raises SettingsInvalid, NotFound.
        """
        from axisor_cli import profiles

        named = self.named
        if named is None and (self.connect or self.data_dir):
            return self
        place = profiles.place(os.environ, Path.home())
        if named is None and not place.exists():
            return self
        book = profiles.read(place)
        name = named or book.used
        if name is None:
            return self
        known = book.get(name)
        said = {field: getattr(known, field) for field in known.__struct_fields__}
        if self.connect or self.data_dir:
            said |= {"connect": None, "data_dir": None}
        return replace(
            self,
            **{field: value for field, value in said.items() if value and not getattr(self, field)},
        )

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

    def shelf(self) -> Shelf:
        """Return where a sign-in at this core is kept."""
        from axisor_cli.signed import Shelf

        target = self.connect or str(self.directory.resolve())
        return Shelf(os.environ, Path.home(), target)

    def holds_owner_token(self) -> bool:
        """Return whether whoever runs this can read the owner token of a core on this machine."""
        return self.token_file is None and os.access(self.directory / OWNER_TOKEN, os.R_OK)

    def profile(self, token: Secret | None = None) -> Profile:
        """Return which core to call, and with which token, if any. Raises SettingsInvalid."""
        self._check_there()
        from axisor.client import Profile

        target = self.connect or _read(self.directory / "address").decode("ascii", "replace")
        certificate, tls_name = self._trusted(target.strip())
        return Profile(
            target.strip(),
            token=token,
            certificate=certificate,
            plaintext=self.plaintext,
            shown=None if self.plaintext else self._shown(),
            tls_name=tls_name,
        )

    def _check_there(self) -> None:
        if not self.core_is_there():
            raise CoreUnreachable(
                f"No core is at work in {self.directory}.",
                money="Nothing guards positions from here.",
                fix="Start one: axisor up. Or name one: --data-dir DIR, --connect HOST:PORT.",
            )

    def _trusted(self, target: str) -> tuple[bytes | None, str | None]:
        if self.plaintext:
            return None, None
        if self.pin:
            from axisor.client.pins import PINNED_NAME, pinned

            return pinned(target, self.pin), PINNED_NAME
        return _read(Path(self.ca) if self.ca else self.directory / "tls" / "cert.pem"), None

    def _shown(self) -> Shown | None:
        from axisor.client.profile import Shown

        here = self.directory / "tls" / "local.crt"
        if self.client_certificate:
            path = Path(self.client_certificate)
        elif self.connect is None and here.exists():
            path = here
        else:
            return None
        return Shown(_read(path), _read(path.with_suffix(".key")))

    def token(self) -> Secret:
        """Return whose token goes with calls: one from a file, of who is signed in, the owner's."""
        if self.token_file is not None:
            return _token(Path(self.token_file))
        shelf = self.shelf()
        saved = shelf.read()
        if saved is None or not saved.is_in:
            return _token(self.directory / OWNER_TOKEN)
        return self._fresh(shelf)

    def connector(self) -> Callable[[], Client]:
        """Return what connects to that core, for use within a loop of one's own.

        An access token that is nearly over is exchanged here. Raises SettingsInvalid.
        """
        self._check_there()  # where there is no core, no token is looked for
        token, renew = self.token(), self._renewal()
        return lambda: self._client(token, renew)

    def run(self, use: Callable[[Client], Awaitable[T]]) -> T:
        """Connect, use the client, and close it; return what the use returns."""
        return _run(self.connector(), use)

    def run_as_nobody(self, use: Callable[[Client], Awaitable[T]]) -> T:
        """Like `run`, without any token."""
        return _run(lambda: self._client(None), use)

    def run_as_owner(self, use: Callable[[Client], Awaitable[T]]) -> T:
        """Like `run`, with the owner token, whoever is signed in."""
        token = _token(self.directory / OWNER_TOKEN)
        return _run(lambda: self._client(token), use)

    def keep_access(self, access: Secret | None) -> None:
        """Use another access token of the same session from now on; None exchanges it first."""
        shelf = self.shelf()
        with shelf.alone():
            saved = shelf.begin()
            if access is None:
                shelf.write(replace(saved, access_until=None))
            else:
                shelf.write(replace(saved, access=access.reveal()))

    def _client(self, token: Secret | None, renew: Renew | None = None) -> Client:
        from axisor.client import Client

        mode = None if self.expect_mode is None else Mode(self.expect_mode)
        profile = self.profile(token)
        return Client.connect(profile, timeout_s=self.timeout, expect_mode=mode, renew=renew)

    def _fresh(self, shelf: Shelf) -> Secret:
        """Return the access token of who is signed in, exchanging one that is nearly over."""
        import asyncio

        return asyncio.run(self._exchanged(shelf))

    def _renewal(self) -> Renew | None:
        """Return what exchanges a token that ran out during a call; None where none does."""
        shelf = self.shelf()
        saved = None if self.token_file is not None else shelf.read()
        if saved is None or not saved.is_in:
            return None
        return lambda held: self._exchanged(shelf, held)

    async def _exchanged(self, shelf: Shelf, held: Secret | None = None) -> Secret:
        """Return an access token that is good for a while, and is another than one held."""
        from axisor_cli.signed import now

        with shelf.alone():
            saved = shelf.begin()
            if saved.is_fresh(now()) and (held is None or saved.access != held.reveal()):
                return Secret(saved.access)
            refresh, key = Secret(saved.refresh), Secret(saved.device_key)
            try:
                async with self._client(None) as client:
                    signed = await client.auth.refresh(refresh, device_key=key)
            except (TokenInvalid, SessionOver):
                shelf.write(saved.out())  # nobody is signed in here any more
                raise
            after = saved.after(signed)
            shelf.write(after)
            return Secret(after.access)

    def run_on(self, use: Callable[[Client, Account], Awaitable[T]]) -> T:
        """Like `run`, with the account that the options mean."""

        async def whole(client: Client) -> T:
            account = await client.accounts.choose(self.account)
            if self.proposing is None:
                return await use(client, account)
            prepared = await client.confirmations.prepare(
                account.id,
                lambda calls: use(calls, account),
                request_id=self.proposing.request_id,
            )
            raise Proposed(prepared.confirmation)

        return self.run(whole)


def _run(connect: Callable[[], Client], use: Callable[[Client], Awaitable[T]]) -> T:
    import asyncio

    async def whole() -> T:
        async with connect() as client:
            return await use(client)

    return asyncio.run(whole())


def _token(path: Path) -> Secret:
    return Secret(_read(path).decode("ascii", "replace").strip())


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
        name = settings.setdefault("name", function.__name__.replace("_", "-"))

        @click.option("-o", "--output", "output", default=None, type=click.Choice(FORMATS))
        @click.pass_context
        def run(
            ctx: click.Context, /, output: str | None, every: float | None = None, **given: Any
        ) -> Any:
            options: Options = ctx.obj or Options()
            if output is not None:
                options.output = output
            if every is None:
                return function(options, **given)
            return watching.again(options, every, lambda: function(options, **given))

        run.__doc__ = function.__doc__
        if name == "list":
            run = watching.option(run)
        parameters = getattr(function, "__click_params__", [])
        run.__click_params__ = [*run.__click_params__, *parameters]  # type: ignore[attr-defined]
        return group.command(**settings)(run)

    return wrap
