"""What the Bot API sends, as far as it is used here."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class User(Struct, frozen=True):
    """Somebody at Telegram, or a bot."""

    id: int
    first_name: str = ""
    username: str = ""
    language_code: str = ""
    is_bot: bool = False


class Chat(Struct, frozen=True):
    """Where something is said: `private`, or a kind of group."""

    id: int
    type: str = ""

    @property
    def is_private(self) -> bool:
        """Return whether nobody else reads here."""
        return self.type == "private"


class Message(Struct, frozen=True, rename={"sender": "from"}):
    """Something that was said; `text` is empty where it was a picture or the like."""

    message_id: int
    chat: Chat
    sender: User | None = None
    text: str = ""


class Tap(Struct, frozen=True, rename={"sender": "from"}):
    """A tap on a button; `message` is None where the message is too old to be shown."""

    id: str
    sender: User
    message: Message | None = None
    data: str = ""


class Update(Struct, frozen=True):
    """One thing that happened; what is neither a message nor a tap is empty."""

    update_id: int
    message: Message | None = None
    callback_query: Tap | None = None


class Parameters(Struct, frozen=True):
    """What a refusal says beyond its words."""

    retry_after: int = 0


class Answer(Struct, Generic[T], frozen=True):
    """An answer of the Bot API: the result, or a refusal."""

    ok: bool
    result: T | None = None
    error_code: int = 0
    description: str = ""
    parameters: Parameters = Parameters()
