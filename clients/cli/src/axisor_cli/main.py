"""The `axisor` command: one group that takes its commands from every distribution installed.

Commands are entry points of the group `axisor.commands`; a module is imported only when its command
is called or its help is shown, so that `axisor version` stays quick.
"""

from __future__ import annotations

import sys
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from axisor.errors import AxisorError
from axisor_cli import completing
from axisor_cli.companionship import end_with_input
from axisor_cli.fail import ExitCode, show_error
from axisor_cli.listing import purpose
from axisor_cli.output import FORMATS
from axisor_cli.session import Options

GROUP = "axisor.commands"
INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended, as shells have it."""


WITHOUT_CORE = ("completion", "profile", "up", "version")
"""Commands that speak to no core: what they are told stays as it was said."""


class Commands(click.Group):
    """A group whose commands come from entry points."""

    @cached_property
    def _offered(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=GROUP)}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands installed."""
        return sorted(self._offered)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or None."""
        entry = self._offered.get(cmd_name)
        if entry is None:
            return None
        try:
            found: click.Command = entry.load()
        except ImportError as error:
            return _missing(cmd_name, error)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with what they are for, read without importing them."""
        rows = [
            (name, purpose(entry) or self._asked(ctx, name))
            for name, entry in sorted(self._offered.items())
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _asked(self, ctx: click.Context, name: str) -> str:
        command = self.get_command(ctx, name)
        return "" if command is None else command.get_short_help_str(100)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, naming the nearest one where there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(
                f"{error.message} See `axisor --help` for what there is.", ctx
            ) from error


def _missing(name: str, error: ImportError) -> click.Command:
    """Return a command that says why it cannot run; the other commands are not its concern."""

    @click.command(
        name, help=f"Not usable: {error}.", context_settings={"ignore_unknown_options": True}
    )
    @click.argument("anything", nargs=-1)
    def explain(anything: tuple[str, ...]) -> None:
        raise click.ClickException(f"`axisor {name}` cannot be loaded: {error}.")

    return explain


@click.group(cls=Commands, invoke_without_command=True)
@click.option("--connect", metavar="HOST:PORT", envvar="AXISOR_CONNECT", help="Core to speak to.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False),
    envvar="AXISOR_DATA_DIR",
    help="Data directory of a core on this machine; its address, token and certificate are read.",
)
@click.option(
    "--profile",
    "named",
    metavar="NAME",
    envvar="AXISOR_PROFILE",
    help="A core by the name you gave it: axisor profile.",
)
@click.option(
    "--token-file", type=click.Path(dir_okay=False), help="File that holds the token to use."
)
@click.option("--ca", type=click.Path(dir_okay=False), help="Certificate to pin (PEM).")
@click.option(
    "--pin",
    metavar="sha256:…",
    envvar="AXISOR_PIN",
    help="Hash of the core's key, as it says at its start; holds over renewals.",
)
@click.option(
    "--client-certificate",
    type=click.Path(dir_okay=False),
    help="Certificate to show to the core (PEM); its key is beside it, ending in .key.",
)
@click.option("--plaintext", is_flag=True, help="Speak without TLS; only to this machine.")
@click.option("-o", "--output", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--no-color", is_flag=True, envvar="NO_COLOR", help="No colours.")
@click.option(
    "--expect-mode",
    type=click.Choice(["sim", "paper", "shadow", "live"]),
    help="Fail unless the account is in this mode.",
)
@click.option(
    "--account",
    metavar="ACCOUNT",
    envvar="AXISOR_ACCOUNT",
    help="Account id or prefix.",
    shell_complete=completing.accounts,
)
@click.option("--timeout", type=float, default=30, show_default=True, help="Seconds to wait.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks of unexpected failures.")
@click.pass_context
def cli(ctx: click.Context, /, **options: Any) -> None:
    """Guard leveraged Bitcoin positions: speak to a core, or run one."""
    ctx.obj = Options(**options)
    if ctx.invoked_subcommand not in WITHOUT_CORE:
        ctx.obj = ctx.obj.chosen()
    if ctx.invoked_subcommand is None:
        _open_console(ctx)


def _open_console(ctx: click.Context) -> None:
    options: Options = ctx.obj
    if not options.core_is_there():
        click.echo("No core here: run `axisor demo` to see one, or `axisor up` to start yours.")
        ctx.exit(ExitCode.UNREACHABLE)
    if not isinstance(ctx.command, click.Group):
        return
    console = ctx.command.get_command(ctx, "console")
    if console is None:
        raise click.UsageError("The console is not installed: install axisor-tui.", ctx)
    ctx.invoke(console)


def _not_confirmed() -> ExitCode:
    click.echo("Not confirmed; nothing was done.", err=True)
    return ExitCode.NOT_CONFIRMED


def main() -> None:
    """Run the command and leave with the exit code of what happened."""
    end_with_input()
    options = {"standalone_mode": False, "prog_name": "axisor"}
    verbose = "-v" in sys.argv or "--verbose" in sys.argv
    try:
        code = cli(**options)
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.Abort as abort:
        # Click makes one of Ctrl-C too; only a question that was not answered with yes is ours.
        code = INTERRUPTED if isinstance(abort.__cause__, KeyboardInterrupt) else _not_confirmed()
    except click.UsageError as error:
        error.show()
        code = ExitCode.USAGE
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except AxisorError as error:
        code = show_error(error)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # the edge of the program: say it in the shape of all errors
        if verbose:
            raise
        click.echo(f"error: {type(error).__name__}: {error}", err=True)
        click.echo("       this is a fault in Axisor; -v shows where", err=True)
        code = ExitCode.ERROR
    sys.exit(int(code or 0))
