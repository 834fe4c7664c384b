"""`axisor api`: what the contract holds, and any call of it by name."""

from __future__ import annotations

import json
import sys
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import FieldInvalid, reasons
from axisor_cli.mutations import confirm
from axisor_cli.output import Column, Printer
from axisor_cli.session import Options, command

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.client.contract import Field, Method

METHODS = (
    Column("method", "method"),
    Column("kind", "kind"),
    Column("right", "right"),
    Column("danger", "danger"),
)
FIELDS = (Column("name", "field"), Column("type", "type"), Column("text", "meaning"))
ERRORS = (Column("reason", "reason"), Column("what", "what happened"))
ASKED_FIRST = ("money", "destructive")


@click.group()
def api() -> None:
    """The contract: list, describe and make its calls, or see them as programs."""


@command(api, name="list")
@click.argument("service", required=False)
def list_methods(options: Options, service: str | None) -> None:
    """List every call with the right it needs, or those of one service."""
    from axisor.client.contract import methods

    wanted = (service or "").lower().removeprefix("axisor.v1.")
    found = [m for m in methods() if m.short.lower().startswith(wanted)]
    if not found:
        raise FieldInvalid(
            f"The contract has no service `{service}`.", fix="See all: axisor api list."
        )
    options.printer().rows([row(each) for each in found], METHODS)


@command(api)
@click.argument("method")
def describe(options: Options, method: str) -> None:
    """Say what a call does, takes, gives, needs, and how it fails."""
    from axisor.client.contract import fields, find

    meant = find(method)
    known = reasons()
    failures = [
        {"reason": name, "what": known[name]().message, "means": known[name].money}
        for name in meant.reasons
    ]
    whole = {
        **row(meant),
        "path": meant.path,
        "about": meant.resource,
        "journaled": meant.journaled,
        "step_up": meant.step_up,
        "text": meant.text,
        "request": [field_row(each) for each in fields(meant.request)],
        "answer": [field_row(each) for each in fields(meant.answer)],
        "errors": failures,
    }
    printer = options.printer()
    if printer.is_data:
        printer.record(whole)
    else:
        _tell(printer, meant, whole)


def _tell(printer: Printer, method: Method, whole: dict[str, Any]) -> None:
    click.echo(f"{method.path}\n\n{method.text}\n")
    keys = ("kind", "right", "danger", "about", "journaled", "step_up")
    printer.record({key: whole[key] for key in keys})
    named = (
        (method.request.rpartition(".")[2], "request", FIELDS),
        (method.answer.rpartition(".")[2], "answer", FIELDS),
        ("Errors", "errors", ERRORS),
    )
    for heading, key, columns in named:
        if whole[key]:
            click.echo(f"\n{heading}")
            printer.rows(whole[key], columns)


@command(api)
@click.argument("method")
@click.argument("request", required=False)
@click.option("--stream", is_flag=True, help="Follow a stream: a line for each frame.")
@click.option("--count", type=click.IntRange(min=1), help="End a stream after so many frames.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def call(
    options: Options, method: str, request: str | None, stream: bool, count: int | None, yes: bool
) -> None:
    """Make a call with a REQUEST in JSON, or `-` for standard input; answers in JSON."""
    from axisor.client.contract import find

    meant = find(method)
    _no_talk(meant)
    asked = _asked(request)
    if stream != meant.streams:
        word = "a stream: say --stream" if meant.streams else "no stream: leave --stream away"
        raise FieldInvalid(f"{meant.short} is {word}.", field="stream")
    if meant.danger in ASKED_FIRST:
        dry = bool(asked.get("validateOnly") or asked.get("validate_only"))
        confirm(options, f"Call {meant.short}?", yes=yes, dry_run=dry)

    async def once(client: Client) -> None:
        click.echo(json.dumps(await client.named.call(meant.path, asked), indent=2))

    async def follow(client: Client) -> None:
        seen = 0
        async with aclosing(client.named.stream(meant.path, asked)) as frames:
            async for frame in frames:
                click.echo(json.dumps(frame))
                seen += 1
                if seen == count:
                    return

    options.run(follow if stream else once)


def _no_talk(method: Method) -> None:
    if method.converses:
        raise FieldInvalid(
            f"{method.short} is a conversation, which takes a program.",
            fix="See examples/runner-typescript.",
            field="method",
        )


def _asked(request: str | None) -> dict[str, Any]:
    text = sys.stdin.read() if request == "-" else request or "{}"
    try:
        asked = json.loads(text)
    except ValueError as error:
        raise FieldInvalid(f"The request is no JSON: {error}.", field="request") from error
    if not isinstance(asked, dict):
        raise FieldInvalid("The request is no object in JSON.", field="request")
    return asked


@command(api)
@click.argument("method")
@click.argument("language", type=click.Choice(("grpcurl", "python", "node", "go")))
def snippets(options: Options, method: str, language: str) -> None:
    """Show a call as a program; what is in capitals is to be filled in."""
    from axisor.client.contract import find
    from axisor_cli.snippets import LANGUAGES, sample

    meant = find(method)
    _no_talk(meant)
    click.echo(LANGUAGES[language](meant, sample(meant)), nl=False)


@command(api)
@click.option("--to", type=click.Path(dir_okay=False), required=True, help="File to write.")
def protos(options: Options, to: str) -> None:
    """Write the contract as a FileDescriptorSet, which any protoc and proto-loader take."""
    from axisor.client.contract import description

    Path(to).write_bytes(description())
    options.printer().say(f"{to}: protoc --descriptor_set_in={to}")


def row(method: Method) -> dict[str, Any]:
    """Return a method as a row."""
    kind = "talk" if method.converses else "stream" if method.streams else "call"
    right = method.right or "nobody"
    return {"method": method.short, "kind": kind, "right": right, "danger": method.danger}


def field_row(field: Field) -> dict[str, Any]:
    """Return a field as a row."""
    kind = field.type.removeprefix("axisor.v1.")
    shown = f"repeated {kind}" if field.repeated else kind
    return {"name": field.name, "type": shown, "one_of": field.one_of, "text": field.text}
