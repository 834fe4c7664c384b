"""Changes of how somebody is told: alerts, channels, rules."""

from __future__ import annotations

from axisor.client import Client, every
from axisor.notices import NoticeLevel
from axisor.ports import Secret
from axisor.wire.notices import NotifierSummary
from axisor_web.languages import marked
from axisor_web.pages.changes import (
    Change,
    Done,
    Field,
    Given,
    accounts_field,
    listed,
    target_of,
    whole,
)
from axisor_web.pages.words import NOTICE_LEVELS

MUTES = (
    ("30", marked("30 minutes")),
    ("120", marked("2 hours")),
    ("480", marked("8 hours")),
    ("1440", marked("a day")),
    ("10080", marked("a week")),
)
VALUE, SECRET = "value_", "secret_"
"""What the fields of a channel's kind are called by in its form."""


async def _acknowledge(client: Client, given: Given) -> None:
    await client.notices.acknowledge(given.get("of", ""), target_of(given))


async def _mute_fields(client: Client, given: Given) -> tuple[Field, ...]:
    return (
        Field(name="minutes", title=marked("for how long"), kind="choice", options=MUTES),
        Field(
            name="kind",
            title=marked("only this kind; nothing is all"),
            value=given.get("kind", ""),
        ),
    )


async def _mute(client: Client, given: Given) -> None:
    minutes, kind = whole(given, "minutes"), given.get("kind", "").strip()
    key = given.get("request_id")
    await client.notices.mute(given.get("of", ""), minutes, kind=kind, request_id=key)


async def _unmute(client: Client, given: Given) -> None:
    await client.notices.mute(given.get("of", ""), 0, kind=given.get("kind", ""))


async def _kind(client: Client, name: str) -> NotifierSummary | None:
    kinds = await every(lambda token: client.notices.notifiers(page_token=token))
    return next((each for each in kinds if each.name == name), None)


async def _channel_fields(client: Client, given: Given) -> tuple[Field, ...]:
    kind = await _kind(client, target_of(given))
    asked = tuple(
        Field(
            name=(SECRET if each.secret else VALUE) + each.key,
            said=each.key,
            kind="secret" if each.secret else "text",
            required=each.required,
            hint=each.description,
        )
        for each in (kind.fields if kind else ())
    )
    return (
        Field(name="label", title=marked("what you call it"), required=True),
        *asked,
        Field(
            name="level",
            title=marked("hears what is at least"),
            kind="choice",
            value=NoticeLevel.WARN.value,
            options=tuple((each.value, NOTICE_LEVELS[each.value]) for each in NoticeLevel),
        ),
        await accounts_field(client, marked("of which account")),
        Field(name="kinds", title=marked("only these kinds, between commas; nothing is all")),
    )


async def _add_channel(client: Client, given: Given) -> None:
    account = given.get("account", "")
    await client.notices.create_channel(
        target_of(given),
        given.get("label", "").strip(),
        values=_below(given, VALUE),
        secrets={name: Secret(text) for name, text in _below(given, SECRET).items()},
        min_level=NoticeLevel(given.get("level") or NoticeLevel.WARN.value),
        kinds=listed(given, "kinds"),
        accounts=(account,) if account else (),
        request_id=given.get("request_id"),
    )


def _below(given: Given, beginning: str) -> dict[str, str]:
    """Return what was said of fields that begin so; nothing said is nothing given."""
    return {
        name.removeprefix(beginning): text.strip()
        for name, text in given.items()
        if name.startswith(beginning) and text.strip()
    }


async def _pause_channel(client: Client, given: Given) -> None:
    await client.notices.update_channel(target_of(given), paused=True)


async def _resume_channel(client: Client, given: Given) -> None:
    await client.notices.update_channel(target_of(given), paused=False)


async def _test_channel(client: Client, given: Given) -> Done:
    await client.notices.test_channel(target_of(given))
    return Done(text=marked("A test is on its way. What became of it is on the page of alerts."))


async def _remove_channel(client: Client, given: Given) -> None:
    await client.notices.delete_channel(target_of(given), request_id=given.get("request_id"))


async def _rules_fields(client: Client, given: Given) -> tuple[Field, ...]:
    rules = await client.notices.rules()
    languages = (("en-US", "English"), ("pt-BR", "Português"))
    return (
        Field(
            name="language",
            title=marked("language"),
            kind="choice",
            value=rules.language,
            names=languages,
        ),
        Field(name="zone", title=marked("time zone"), value=rules.zone, hint="America/Sao_Paulo"),
        Field(
            name="quiet_begin",
            title=marked("quiet hours begin"),
            kind="time",
            value=rules.quiet_begin,
        ),
        Field(
            name="quiet_end", title=marked("quiet hours end"), kind="time", value=rules.quiet_end
        ),
        Field(
            name="after",
            title=marked("repeat what nobody acknowledged after minutes; 0 never"),
            kind="number",
            value=str(rules.repeat_after_minutes),
        ),
        Field(
            name="times",
            title=marked("how often at most"),
            kind="number",
            value=str(rules.repeat_count),
        ),
        Field(
            name="daily",
            title=marked("daily all-clear at; nothing is never"),
            kind="time",
            value=rules.daily_at,
        ),
        Field(name="etag", kind="hidden", value=rules.etag),
        Field(name="channels", kind="hidden", value=",".join(rules.repeat_channels)),
    )


async def _rules(client: Client, given: Given) -> None:
    await client.notices.update_rules(
        language=given.get("language", ""),
        zone=given.get("zone", "").strip(),
        quiet=(given.get("quiet_begin", ""), given.get("quiet_end", "")),
        escalation=(whole(given, "after"), whole(given, "times"), listed(given, "channels")),
        daily_at=given.get("daily", ""),
        etag=given.get("etag", ""),
        request_id=given.get("request_id"),
    )


_OF = "NotificationService."
NOTICES = (
    Change(
        name="acknowledge",
        call=_OF + "AcknowledgeAlert",
        title=marked("Acknowledge"),
        do=_acknowledge,
        live=True,
    ),
    Change(
        name="mute",
        call=_OF + "MuteAlerts",
        title=marked("Mute"),
        do=_mute,
        fields=_mute_fields,
        text=marked(
            "You are told nothing of it meanwhile; "
            "what is CRIT or LOST is mute for 30 minutes at most."
        ),
    ),
    Change(name="unmute", call=_OF + "MuteAlerts", title=marked("Tell me again"), do=_unmute),
    Change(
        name="add_channel",
        call=_OF + "CreateChannel",
        title=marked("Add a channel"),
        do=_add_channel,
        fields=_channel_fields,
        text=marked("Secrets are sealed by the core and shown nowhere again."),
    ),
    Change(
        name="test_channel", call=_OF + "TestChannel", title=marked("Send a test"), do=_test_channel
    ),
    Change(
        name="pause_channel", call=_OF + "UpdateChannel", title=marked("Pause"), do=_pause_channel
    ),
    Change(
        name="resume_channel",
        call=_OF + "UpdateChannel",
        title=marked("Resume"),
        do=_resume_channel,
    ),
    Change(
        name="remove_channel",
        call=_OF + "DeleteChannel",
        title=marked("Remove"),
        do=_remove_channel,
        text=marked("What waits to be sent by it is not sent any more."),
    ),
    Change(
        name="rules",
        call=_OF + "UpdateNotificationRules",
        title=marked("Change how you are told"),
        do=_rules,
        fields=_rules_fields,
    ),
)
