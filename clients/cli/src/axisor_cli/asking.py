"""Asks for secrets: by hidden prompts on a terminal, line by line from standard input elsewhere."""

from __future__ import annotations

import sys

import click

from axisor.errors import FieldInvalid
from axisor.ports import Secret


def ask(name: str) -> Secret:
    """Return a secret. Raises FieldInvalid where none was given."""
    if sys.stdin.isatty():
        text = click.prompt(name, hide_input=True, err=True)
    else:
        text = sys.stdin.readline().rstrip("\r\n")
    if not text:
        raise FieldInvalid(
            f"The {name.lower()} is empty.",
            fix="Give it on a line of its own on standard input.",
            field=name.lower().replace(" ", "_"),
        )
    return Secret(text)


def ask_new(name: str) -> Secret:
    """Return a secret that is being chosen; on a terminal it is asked for twice."""
    first = ask(name)
    if sys.stdin.isatty() and ask(f"{name} again").reveal() != first.reveal():
        raise FieldInvalid("The two are not the same.", field=name.lower().replace(" ", "_"))
    return first


def email_of(given: str | None) -> str:
    """Return an address, asking for it where it was not given."""
    return given or str(click.prompt("E-mail", err=True))
