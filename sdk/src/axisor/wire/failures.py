"""What goes wrong between a client and a core without the core's saying so."""

from __future__ import annotations

from axisor.errors import AxisorError


class CallFailed(AxisorError):
    """The call failed and the core did not say why in words this version knows.

    `metadata` has the gRPC `code`, the `reason` where one was given, and the `request_id` of a
    mutation: repeating it with that id is safe.
    """

    money = "Whether it was carried out is not known."
    fix = "Repeat with the same request id, or look at the journal."


class CoreUnreachable(CallFailed):
    """The core does not answer."""

    fix = "Is it running, at this address? axisor status. Repeat with the same request id."


class DeadlineExceeded(CallFailed):
    """The core did not answer in time."""

    fix = "Repeat with the same request id; it does not happen twice."


class CallCanceled(CallFailed):
    """The call was canceled before it was answered."""


class CoreBug(CallFailed):
    """The core failed in a way it should not; this is a bug of the core."""

    fix = "See the core's log; repeat with the same request id when it is mended."


class MethodUnknown(CallFailed):
    """The core does not know this method; it is older than this client or another program."""

    money = "Nothing was sent to the venue."
    fix = "Compare versions: axisor version, axisor status."


class AnswerInvalid(CallFailed):
    """The core's answer cannot be understood."""

    fix = "Compare versions: axisor version, axisor status."
