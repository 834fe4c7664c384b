"""Turns errors into gRPC statuses and back by one table, so both sides raise the same class."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import NoReturn

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from axisor import errors
from axisor.errors import AxisorError, FormatError, reasons
from axisor.wire.failures import (
    CallCanceled,
    CallFailed,
    CoreBug,
    CoreUnreachable,
    DeadlineExceeded,
    MethodUnknown,
)

DOMAIN = "axisor"
DETAILS_KEY = "grpc-status-details-bin"
MODE_HEADER = "axisor-mode"
"""The header of an answer that states the account's mode, as `sim`, `paper`, `shadow` or `live`."""
EXPECT_MODE_HEADER = "axisor-expect-mode"
"""The header of a request that states the mode its caller expects, in the same words."""

MOST_TEXT = 500
"""Bytes of one text in a status; a status travels in headers, of which clients take 8 KiB."""

MOST_FIELDS = 4

_C = grpc.StatusCode
_CODES: dict[grpc.StatusCode, tuple[type[AxisorError], ...]] = {
    _C.UNAUTHENTICATED: (
        errors.Unauthenticated,
        errors.TokenInvalid,
        errors.SessionOver,
        errors.SignInRefused,
        errors.IdentityRefused,
    ),
    _C.PERMISSION_DENIED: (
        errors.PermissionDenied,
        errors.StepUpRequired,
        errors.RegistrationClosed,
        errors.ConfirmationRequired,
    ),
    _C.INVALID_ARGUMENT: (
        errors.FieldInvalid,
        errors.PriceOffStep,
        errors.LeverageOutOfRange,
        errors.AmountNotPositive,
        errors.QuantityOutOfRange,
        errors.PageTokenInvalid,
        errors.ConfigInvalid,
        errors.CandlesInvalid,
        errors.SettingsInvalid,
        errors.HistoryInvalid,
        errors.PasswordRefused,
        errors.AddressForbidden,
        errors.ArchiveRefused,
    ),
    _C.NOT_FOUND: (
        errors.AccountNotFound,
        errors.PositionNotFound,
        errors.OrderNotFound,
        errors.RunNotFound,
        errors.StrategyNotFound,
        errors.VenueNotFound,
        errors.EventNotFound,
        errors.PersonNotFound,
        errors.PlanNotFound,
        errors.TokenNotFound,
        errors.MemberNotFound,
        errors.ConfirmationNotFound,
        errors.BacktestNotFound,
        errors.UpgradeNotFound,
        errors.VersionNotFound,
        errors.ChannelNotFound,
        errors.NotifierNotFound,
        errors.AlertNotFound,
    ),
    _C.ALREADY_EXISTS: (errors.RequestIdReused,),
    _C.ABORTED: (
        errors.EtagMismatch,
        errors.ActionPending,
        errors.RunnerFault,
        errors.BacktestInterrupted,
    ),
    _C.OUT_OF_RANGE: (errors.SequenceExpired, errors.SequenceAhead),
    _C.RESOURCE_EXHAUSTED: (
        errors.SlowReader,
        errors.RateLimited,
        errors.PlanLimit,
        errors.VenueRateLimited,
    ),
    _C.UNIMPLEMENTED: (errors.NotSupported,),
    _C.UNAVAILABLE: (
        errors.LeaseLost,
        errors.NoEngine,
        errors.ShuttingDown,
        errors.RestoreReconciling,
        errors.VenueUnavailable,
        errors.VenueClockSkew,
        errors.StoreUnavailable,
        errors.DiskFull,
        errors.ReceiverUnavailable,
        errors.KeyServiceUnavailable,
        errors.ProviderUnavailable,
        errors.DeliveryDelayed,
    ),
    _C.DATA_LOSS: (
        errors.VenueAnswerInvalid,
        errors.JournalCorrupt,
        errors.ReplayDiverged,
        errors.BackupInvalid,
        errors.CheckpointInvalid,
        errors.VaultSealBroken,
    ),
    _C.UNKNOWN: (errors.OutcomeUnknown, errors.DeliveryUnknown),
    _C.FAILED_PRECONDITION: (
        errors.PluginInUse,
        errors.RequestExpired,
        errors.ModeMismatch,
        errors.ModeNotAllowed,
        errors.RunStateInvalid,
        errors.BacktestCanceled,
        errors.DeliveryRefused,
        errors.ChannelLimit,
        errors.Halted,
        errors.HaltKept,
        errors.AccountInUse,
        errors.WitnessContradicts,
        errors.UpgradeUnsound,
        errors.UpgradeStateInvalid,
        errors.LastOwner,
        errors.VaultKeyInUse,
        errors.BudgetExceeded,
        errors.ReserveBroken,
        errors.LeashExceeded,
        errors.StalePrice,
        errors.ReduceOnly,
        errors.ReviewRefused,
        errors.AttemptsExhausted,
        errors.InsufficientBalance,
        errors.ShadowOnly,
        errors.TokenSpent,
        errors.KeyCanWithdraw,
        errors.VenueRefused,
        errors.VenueAuth,
        errors.StoreInUse,
        errors.EmailUnverified,
        errors.ProofInvalid,
        errors.PersonStateInvalid,
        errors.IdentityNotLinked,
        errors.ConfirmationStale,
        errors.ConfirmationSettled,
        errors.RunnerUnwanted,
        errors.PluginQuarantined,
    ),
}

TABLE: dict[str, grpc.StatusCode] = {
    error.reason: code for code, listed in _CODES.items() for error in listed
}
"""Every reason with its gRPC code; classes and reasons are one to one (`errors.reasons`)."""

WAITS: dict[str, timedelta] = {
    "ACTION_PENDING": timedelta(seconds=5),
    "LEASE_LOST": timedelta(seconds=1),
    "NO_ENGINE": timedelta(seconds=2),
    "SHUTTING_DOWN": timedelta(seconds=2),
    "RATE_LIMITED": timedelta(seconds=1),
    "SLOW_READER": timedelta(seconds=1),
    "VENUE_UNAVAILABLE": timedelta(seconds=1),
    "VENUE_CLOCK_SKEW": timedelta(seconds=5),
    "VENUE_RATE_LIMITED": timedelta(seconds=1),
    "STORE_UNAVAILABLE": timedelta(seconds=1),
    "RESTORE_RECONCILING": timedelta(seconds=10),
    "DISK_FULL": timedelta(seconds=10),
    "RECEIVER_UNAVAILABLE": timedelta(seconds=60),
    "KEY_SERVICE_UNAVAILABLE": timedelta(seconds=10),
    "PROVIDER_UNAVAILABLE": timedelta(seconds=5),
}
"""How long to wait where waiting helps, unless the error's `retry_after_s` says otherwise."""

_FAILURES: dict[grpc.StatusCode, type[AxisorError]] = {
    _C.UNAVAILABLE: CoreUnreachable,
    _C.DEADLINE_EXCEEDED: DeadlineExceeded,
    _C.CANCELLED: CallCanceled,
    _C.INTERNAL: CoreBug,
    _C.UNIMPLEMENTED: MethodUnknown,
    _C.UNAUTHENTICATED: errors.Unauthenticated,
    _C.PERMISSION_DENIED: errors.PermissionDenied,
}


def code_of(error: AxisorError) -> grpc.StatusCode:
    """Return the gRPC code of an error; INTERNAL for one without a reason, which is our bug."""
    return TABLE.get(error.reason, _C.INTERNAL)


def to_status(error: AxisorError) -> status_pb2.Status:
    """Return an error as a status with exactly one `ErrorInfo`.

    Its metadata are the error's, in lowerCamelCase, with `means` (for the money) and `todo`.
    `BadRequest` names the field of a malformed value, `RetryInfo` says how long to wait where that
    helps. Texts are cut at 500 bytes.
    """
    code = code_of(error)
    status = status_pb2.Status(code=code.value[0], message=_cut(error.message))
    if error.reason not in TABLE:
        return status
    metadata = {camel(key): _cut(value) for key, value in error.metadata.items()}
    metadata |= {"means": _cut(error.means), "todo": _cut(error.todo)}
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata)
    details = [info, *_bad_request(error), *_retry_info(error)]
    for detail in details:
        packed = Packed()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def _bad_request(error: AxisorError) -> list[error_details_pb2.BadRequest]:
    if not isinstance(error, FormatError):
        return []
    fields = [field for field in error.metadata.get("field", "").split(",") if field]
    violation = error_details_pb2.BadRequest.FieldViolation
    violations = [
        violation(field=_cut(field), description=_cut(error.message))
        for field in fields[:MOST_FIELDS]
    ]
    return [error_details_pb2.BadRequest(field_violations=violations)] if violations else []


def _retry_info(error: AxisorError) -> list[error_details_pb2.RetryInfo]:
    wait = retry_after(error)
    if wait is None:
        return []
    delay = Duration()
    delay.FromTimedelta(wait)
    return [error_details_pb2.RetryInfo(retry_delay=delay)]


def retry_after(error: AxisorError) -> timedelta | None:
    """Return how long to wait before the same call may succeed, None where waiting does not help.

    It is the error's metadata `retry_after_s` (decimal seconds), else the usual wait of its reason.
    """
    stated = error.metadata.get("retry_after_s", "")
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", stated):
        return timedelta(seconds=float(stated))
    return WAITS.get(error.reason)


async def abort(context: grpc.aio.ServicerContext[object, object], error: AxisorError) -> NoReturn:
    """End a call with an error. Always raises; a servicer calls it and nothing after it."""
    status = to_status(error)
    details = ((DETAILS_KEY, status.SerializeToString()),)
    await context.abort(code_of(error), status.message, details)
    raise AssertionError("abort raises")


def from_call(call: grpc.aio.AioRpcError) -> AxisorError:
    """Return the error that a failed call carries, of the class that the core raised.

    A failure without one (no core, no time, another program) becomes a `CallFailed`.
    """
    try:
        status = rpc_status.from_call(call)  # type: ignore[arg-type]
    except ValueError:
        status = None
    error = None if status is None else from_status(status)
    if error is None or error.reason == "":
        kind = _FAILURES.get(call.code(), CallFailed)
        error = kind(call.details() or "", code=call.code().name)
    return error


def from_status(status: status_pb2.Status) -> AxisorError | None:
    """Return the error in a status, None where it holds no `ErrorInfo` of ours.

    A reason that a newer core sent becomes a `CallFailed` with that reason in its metadata.
    """
    info = error_details_pb2.ErrorInfo()
    retry = error_details_pb2.RetryInfo()
    for packed in status.details:
        if packed.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            packed.Unpack(info)
        elif packed.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            packed.Unpack(retry)
    if info.domain != DOMAIN:
        return None
    metadata = {snake(key): value for key, value in info.metadata.items()}
    means, todo = metadata.pop("means", None), metadata.pop("todo", None)
    kind = reasons().get(info.reason)
    error = (kind or CallFailed)(status.message, money=means, fix=todo)
    error.metadata = metadata
    if kind is None:
        error.metadata["reason"] = info.reason
    if retry.HasField("retry_delay") and "retry_after_s" not in metadata:
        error.metadata["retry_after_s"] = f"{retry.retry_delay.ToTimedelta().total_seconds():g}"
    return error


def camel(key: str) -> str:
    """Return a metadata key as the wire has it: `request_id` becomes `requestId`."""
    return re.sub(r"_([a-z0-9])", lambda found: found.group(1).upper(), key)


def snake(key: str) -> str:
    """Return a metadata key as Python has it: `requestId` becomes `request_id`."""
    return re.sub(r"[A-Z]", lambda found: "_" + found.group(0).lower(), key)


def _cut(text: str) -> str:
    encoded = text.encode()
    if len(encoded) <= MOST_TEXT:
        return text
    return encoded[: MOST_TEXT - len("…".encode())].decode(errors="ignore") + "…"
