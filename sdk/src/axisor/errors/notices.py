"""Errors about channels, alerts, and what a service does with what it is sent."""

from __future__ import annotations

from axisor.errors.base import NotFound, StateError


class ChannelNotFound(NotFound):
    """The caller has no such channel."""

    reason = "CHANNEL_NOT_FOUND"
    money = "Nothing was sent."
    fix = "See which there are: axisor notify list."


class NotifierNotFound(NotFound):
    """No enabled plugin offers this kind of channel."""

    reason = "NOTIFIER_NOT_FOUND"
    money = "Nothing was sent."
    fix = "See which there are: axisor notify kinds. Enable its plugin in the settings."


class AlertNotFound(NotFound):
    """The account has no such alert, or it is no longer kept."""

    reason = "ALERT_NOT_FOUND"
    fix = "See which there are: axisor alert list."


class DeliveryDelayed(StateError):
    """The service did not take the message now; later it may."""

    reason = "DELIVERY_DELAYED"
    money = "No money moves by it, and guards go on."
    fix = "It is sent again by itself."

    @property
    def retry_after_s(self) -> int:
        """Return how many seconds the service asks to wait, 0 where it does not say."""
        text = self.metadata.get("retry_after_s", "")
        return int(text) if text.isascii() and text.isdigit() else 0


class DeliveryRefused(StateError):
    """The service refuses the message for good."""

    reason = "DELIVERY_REFUSED"
    money = "No money moves by it, and guards go on; this channel tells nothing."
    fix = "Correct the channel, then try it: axisor notify test."


class DeliveryUnknown(StateError):
    """The message left, and whether the service has it is not known."""

    reason = "DELIVERY_UNKNOWN"
    money = "No money moves by it, and guards go on."
    fix = "Where a repeat does no harm, it is sent again by itself."


class ChannelLimit(StateError):
    """There is no room for one channel more."""

    reason = "CHANNEL_LIMIT"
    money = "Nothing was changed."
    fix = "Remove a channel that is not used: axisor notify remove."
