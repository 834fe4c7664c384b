"""`axisor notify`: the channels that one is told by, the rules, and what was sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import ChannelNotFound, FieldInvalid, NotifierNotFound
from axisor.notices import NoticeLevel
from axisor.states import DeliveryState
from axisor_cli.asking import ask
from axisor_cli.mutations import confirm
from axisor_cli.output import Column
from axisor_cli.session import Options, command, unique

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.ports import Secret
    from axisor.wire.notices import (
        ChannelSummary,
        DeliverySummary,
        NotifierSummary,
        RulesSummary,
    )

LEVELS = click.Choice([level.value for level in NoticeLevel])
STATES = click.Choice([state.value for state in DeliveryState])
CHANNELS = (
    Column("short", "id"),
    Column("label", "label"),
    Column("notifier", "kind"),
    Column("min_level", "hears from"),
    Column("where", "where"),
    Column("state", "state"),
)
KINDS = (
    Column("name", "kind"),
    Column("summary", "what it is"),
    Column("fields", "fields (* needed)"),
    Column("secrets", "secrets (* needed)"),
)
SENT = (
    Column("created_at", "written"),
    Column("short", "id"),
    Column("channel_short", "channel"),
    Column("state", "state"),
    Column("attempts", "tries", number=True),
    Column("headline", "what"),
    Column("error", "why not"),
)
LOOK_S = 0.5
TEST_S = 40
"""How long a test is waited for."""


@click.group()
def notify() -> None:
    """Be told of your accounts: channels, rules, and what was sent."""


def row(found: ChannelSummary) -> dict[str, Any]:
    """Return a channel as a row."""
    return {
        "id": found.id,
        "short": found.id[-8:],
        "label": found.label,
        "notifier": found.notifier,
        "min_level": found.min_level.value,
        "where": " ".join(f"{name}={text}" for name, text in sorted(found.values.items())),
        "values": found.values,
        "secrets": list(found.secrets),
        "kinds": list(found.kinds),
        "accounts": list(found.accounts),
        "state": found.trouble or ("paused" if found.paused else "ok"),
        "paused": found.paused,
        "trouble": found.trouble,
        "created_at": found.created_at,
    }


def sent_row(found: DeliverySummary) -> dict[str, Any]:
    """Return a delivery as a row."""
    return {
        "id": found.id,
        "short": found.id[:8],
        "channel": found.channel,
        "channel_short": found.channel[-8:],
        "alert": found.alert,
        "state": found.state.value,
        "attempts": found.attempts,
        "headline": found.headline,
        "error": found.error,
        "receipt": found.receipt,
        "created_at": found.created_at,
        "sent_at": found.sent_at,
        "next_at": found.next_at,
    }


async def find(client: Client, wanted: str) -> str:
    """Return the id of a channel by its label, its id, or the end or beginning of its id."""
    from axisor.client import every

    held = await every(lambda token: client.notices.list_channels(page_token=token), most=1_000)
    named = [each.id for each in held if wanted in (each.label, each.id, each.id[-8:])]
    if len(named) == 1:
        return named[0]
    return unique(wanted, [each.id for each in held], ChannelNotFound)


@command(notify, name="list")
def list_channels(options: Options) -> None:
    """List the channels, oldest first."""
    from axisor.client import every

    async def use(client: Client) -> tuple[ChannelSummary, ...]:
        return await every(lambda token: client.notices.list_channels(page_token=token), most=1_000)

    options.printer().rows([row(each) for each in options.run(use)], CHANNELS)


@command(notify)
def kinds(options: Options) -> None:
    """List the kinds of channels, and what each needs."""
    found = options.run(_kinds)
    rows = [
        {
            "name": each.name,
            "summary": each.summary,
            "fields": _fields(each, secret=False),
            "secrets": _fields(each, secret=True),
        }
        for each in found
    ]
    options.printer().rows(rows, KINDS)


async def _kinds(client: Client) -> tuple[NotifierSummary, ...]:
    from axisor.client import every

    return await every(lambda token: client.notices.notifiers(page_token=token), most=1_000)


def _fields(kind: NotifierSummary, *, secret: bool) -> str:
    marks = {True: "*", False: ""}
    fields = [each for each in kind.fields if each.secret is secret]
    return " ".join(f"{each.key}{marks[each.required]}" for each in fields)


@command(notify)
@click.argument("kind")
@click.option("--label", help="What it is called; else its kind.")
@click.option("--set", "given", multiple=True, metavar="NAME=TEXT", help="A field; see `kinds`.")
@click.option("--secret", "more", multiple=True, metavar="NAME", help="A secret that may be left.")
@click.option("--from", "level", type=LEVELS, default="warn", help="The quietest that it hears.")
@click.option("--only-kind", "only", multiple=True, help="Only this kind of alert, such as near.")
@click.option("--only-account", "accounts", multiple=True, help="Only this account.")
@click.option("--request-id", type=click.UUID, help="Repeat a request: the same id makes one.")
def add(
    options: Options, kind: str, given: tuple[str, ...], more: tuple[str, ...], **rest: Any
) -> None:
    """Make a channel; its secrets are read from hidden prompts or from lines of standard input."""
    values = dict(map(_pair, given))
    fitting = next((each for each in options.run(_kinds) if each.name == kind), None)
    if fitting is None:
        raise NotifierNotFound(f"There is no kind `{kind}`.", notifier=kind)
    secrets = _secrets(fitting, more)
    request_id = rest["request_id"]

    async def use(client: Client) -> ChannelSummary:
        return await client.notices.create_channel(
            kind,
            rest["label"] or kind,
            values=values,
            secrets=secrets,
            min_level=NoticeLevel(rest["level"]),
            kinds=rest["only"],
            accounts=rest["accounts"],
            request_id=None if request_id is None else str(request_id),
        )

    options.printer().record(row(options.run(use)))


def _secrets(kind: NotifierSummary, more: tuple[str, ...]) -> dict[str, Secret]:
    wanted = [
        each.key for each in kind.fields if each.secret and (each.required or each.key in more)
    ]
    return {name: ask(name.replace("_", " ").capitalize()) for name in wanted}


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise FieldInvalid(f"`{text}` is no NAME=TEXT.", field="set")
    return name, value


@command(notify)
@click.argument("channel")
@click.option("--label", help="Another name.")
@click.option("--from", "level", type=LEVELS, help="The quietest that it hears.")
@click.option("--pause/--resume", "paused", default=None, help="Send nothing by it, or again.")
def change(
    options: Options, channel: str, label: str | None, level: str | None, paused: bool | None
) -> None:
    """Change a channel."""

    async def use(client: Client) -> ChannelSummary:
        return await client.notices.update_channel(
            await find(client, channel),
            label=label,
            min_level=None if level is None else NoticeLevel(level),
            paused=paused,
        )

    options.printer().record(row(options.run(use)))


@command(notify)
@click.argument("channel")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(options: Options, channel: str, yes: bool) -> None:
    """Remove a channel; what waits for it is not sent."""
    confirm(options, f"Remove the channel {channel}?", yes=yes, dry_run=False)

    async def use(client: Client) -> None:
        await client.notices.delete_channel(await find(client, channel))

    options.run(use)
    options.printer().say("removed")


@command(notify)
@click.argument("channel")
def test(options: Options, channel: str) -> None:
    """Send a test message, and say how that ended."""

    async def use(client: Client) -> DeliverySummary:
        id = await find(client, channel)
        found = await client.notices.test_channel(id)
        for _ in range(int(TEST_S / LOOK_S)):
            if found.state.is_over or found.error:
                break
            await asyncio.sleep(LOOK_S)
            page = await client.notices.list_deliveries(channel=id, page_size=50)
            found = next((each for each in page.items if each.id == found.id), found)
        return found

    options.printer().record(sent_row(options.run(use)))


@command(notify)
@click.option("--channel", default="", help="Only of this channel.")
@click.option("--state", type=STATES, help="Only in this state: dead are those given up.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, help="How many.")
def log(options: Options, channel: str, state: str | None, limit: int) -> None:
    """List what was sent and what waits, newest first."""
    from axisor.client import every

    async def use(client: Client) -> tuple[DeliverySummary, ...]:
        id = await find(client, channel) if channel else ""
        wanted = None if state is None else DeliveryState(state)
        return await every(
            lambda token: client.notices.list_deliveries(
                channel=id, state=wanted, page_token=token
            ),
            most=limit,
        )

    options.printer().rows([sent_row(each) for each in options.run(use)], SENT)


@command(notify)
@click.option("--language", type=click.Choice(["en-US", "pt-BR"]), help="In which language.")
@click.option("--zone", help="The time zone of hours, such as America/Sao_Paulo.")
@click.option("--quiet", metavar="FROM-UNTIL", help="Quiet hours, such as 23:00-07:00; off: none.")
@click.option("--daily", metavar="HH:MM", help="When the daily all-clear comes; off: never.")
@click.option("--repeat-after", type=click.IntRange(0, 1_440), help="Minutes; 0 repeats nothing.")
@click.option("--repeat-times", type=click.IntRange(0, 100), help="How often at most.")
@click.option("--repeat-to", multiple=True, help="A channel that repeats go to.")
def rules(options: Options, **given: Any) -> None:
    """Show how you are told, or change it."""

    async def use(client: Client) -> RulesSummary:
        if all(value in (None, ()) for value in given.values()):
            return await client.notices.rules()
        before = await client.notices.rules()
        channels = [await find(client, each) for each in given["repeat_to"]]
        asked = [given["repeat_after"], given["repeat_times"]]
        escalation = None
        if channels or asked != [None, None]:
            after, times = asked
            escalation = (
                before.repeat_after_minutes if after is None else after,
                before.repeat_count if times is None else times,
                channels or before.repeat_channels,
            )
        daily = given["daily"]
        return await client.notices.update_rules(
            language=given["language"],
            zone=given["zone"],
            quiet=_hours(given["quiet"]),
            escalation=escalation,
            daily_at="" if daily == "off" else daily,
            etag=before.etag,
        )

    found = options.run(use)
    options.printer().record(
        {
            "language": found.language,
            "zone": found.zone,
            "quiet": f"{found.quiet_begin}-{found.quiet_end}" if found.quiet_begin else "off",
            "daily": found.daily_at or "off",
            "repeat_after_minutes": found.repeat_after_minutes,
            "repeat_times": found.repeat_count,
            "repeat_to": list(found.repeat_channels),
            "muted": [f"{each.account} {each.kind}".strip() for each in found.mutes],
        }
    )


def _hours(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    if text == "off":
        return "", ""
    begin, sign, end = text.partition("-")
    if not sign:
        raise FieldInvalid("Quiet hours are FROM-UNTIL, such as 23:00-07:00.", field="quiet")
    return begin, end
