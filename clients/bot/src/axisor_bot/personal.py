"""Answers what the bot itself knows: who somebody is here, and how they want to be told."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from axisor_bot import commands
from axisor_bot.commands import Personal
from axisor_bot.muting import muted
from axisor_bot.people import Person


def personal(person: Person, command: Personal, now: datetime) -> tuple[Person, str]:
    """Return somebody as they want to be from now on, and what they are answered."""
    match command:
        case commands.Identify():
            return person, f"chat {person.chat} · user {person.user} · {person.role}"
        case commands.Speak(language=language):
            person = replace(person, language=language)
            return person, person.voice.say("spoken")
        case commands.Private(on=on):
            person = replace(person, private=on)
            return person, person.voice.say("private.on" if on else "private.off")
        case commands.Mute(lasting=lasting, kind=kind):
            person = replace(person, mutes=muted(person.mutes, kind, lasting, now))
            if lasting is None:
                return person, person.voice.say("mute.off")
            until = f"{now + lasting:%Y-%m-%d %H:%M} UTC"
            key = "mute.kind" if kind else "mute.all"
            return person, person.voice.say(key, kind=kind, until=until)
