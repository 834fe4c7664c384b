"""`axisor completion`: the words of `axisor` completed by bash, zsh and fish."""

from __future__ import annotations

import os
from pathlib import Path

import click

from axisor_cli.session import Options

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_AXISOR_COMPLETE"


@click.group()
def completion() -> None:
    """Let your shell complete the words of `axisor`, and the ids of your positions and runs."""


def _printed(shell: str) -> click.Command:
    @completion.command(shell, help=f"Print what {shell} is to read at its start.")
    @click.pass_context
    def show(ctx: click.Context) -> None:
        click.echo(script(ctx.find_root().command, shell), nl=False)

    return show


for _each in SHELLS:
    _printed(_each)


@completion.command()
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.pass_context
def install(ctx: click.Context, shell: str | None) -> None:
    """Write it where the shell looks by itself; the shell of `$SHELL` unless one is named."""
    wanted = shell or Path(os.environ.get("SHELL", "")).name
    if wanted not in SHELLS:
        raise click.UsageError(f"Name your shell: {', '.join(SHELLS)}.", ctx)
    place = where(wanted, os.environ, Path.home())
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(script(ctx.find_root().command, wanted), encoding="utf-8")
    options: Options = ctx.obj or Options()
    printer = options.printer()
    printer.say(f"Wrote {place}; a new {wanted} completes `axisor`.")
    if wanted == "zsh":
        printer.say(f"It needs in .zshrc, before compinit: fpath+=({place.parent})")


def script(command: click.Command, shell: str) -> str:
    """Return what a shell reads, as click writes it."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None, "click knows each of SHELLS"
    # The text alone is asked for: `source` would first start bash to ask for its version.
    made = kind(command, {}, "axisor", VARIABLE)
    return made.source_template % made.source_vars()


def where(shell: str, environment: os._Environ[str] | dict[str, str], home: Path) -> Path:
    """Return the file in which a shell looks for the completion of `axisor`."""
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    settings = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    return {
        "bash": data / "bash-completion" / "completions" / "axisor",
        "zsh": data / "zsh" / "site-functions" / "_axisor",
        "fish": settings / "fish" / "completions" / "axisor.fish",
    }[shell]
