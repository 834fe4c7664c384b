"""What goes wrong with a bot itself; what the core refuses keeps the core's own errors."""

from __future__ import annotations

from axisor.errors import AxisorError


class NotUnderstood(AxisorError):
    """A line of a chat is no command, or a malformed one.

    `problem` is a key of the catalogues, `form` and `example` show how the command is written.
    """

    def __init__(self, problem: str, *, form: str = "", example: str = "", given: str = "") -> None:
        self.problem, self.form, self.example, self.given = problem, form, example, given
        super().__init__(f"{problem}: {given}", fix=f"Write {form}" if form else None)


class ChatFailed(AxisorError):
    """The chat service could not be used."""

    money = "The core goes on by itself; the guard needs no bot."


class ChatUnreachable(ChatFailed):
    """The chat service does not answer."""

    fix = "The bot tries again by itself. Does this machine reach the Internet?"


class ChatBusy(ChatFailed):
    """The chat service asks to wait; `wait_s` says how long."""

    def __init__(self, wait_s: int) -> None:
        self.wait_s = wait_s
        super().__init__(f"The chat service asks to wait {wait_s} s.")


class ChatRefused(ChatFailed):
    """The chat service refused a request for good, such as to a chat that blocked the bot."""

    fix = "Look at what it said; pair the chat again where it is gone."


class BotTokenInvalid(ChatFailed):
    """The chat service does not know the bot's own token."""

    fix = "Get the token from @BotFather again: axisor bot telegram token."


class AnotherPoller(ChatFailed):
    """Another process asks for the messages of the same bot."""

    fix = "End the other one: of two that ask, each gets half of what is said."


class NostrKeyInvalid(ChatFailed):
    """A key of Nostr is none. The error shows no secret."""

    fix = "Copy it again from the program that made it: nsec1… is secret, npub1… is public."


class RelayInvalid(ChatFailed):
    """An address is not that of a relay."""

    fix = "Name relays by their addresses: --relay wss://relay.example.org."


class HomeInvalid(ChatFailed):
    """A file of the bot cannot be used."""

    fix = "Move it away and pair again; the core keeps nothing there."


class PagesFailed(AxisorError):
    """The web pages could not be asked for a link."""

    money = "The core is not touched, and nothing changed."
    fix = "Is the bridge running, and is it reached by the address of --web?"


class TokenTooWide(AxisorError):
    """A token may do more by itself than an agent should."""

    fix = (
        "Make one: axisor token create agent --permissions read,adjust_margin --propose-only "
        "--to agent.token"
    )
