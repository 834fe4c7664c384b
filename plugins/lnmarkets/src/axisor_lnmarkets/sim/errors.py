"""The venue's refusals: an HTTP status, a stable code and a sentence."""

from __future__ import annotations


class ApiError(Exception):
    """A refusal as the venue sends it; the request had no effect.

    `code` is what clients switch on, `retry_after_s` is set on 429 alone.
    """

    def __init__(
        self, status: int, code: str, message: str, *, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, str]:
        """Return the JSON body of the refusal."""
        return {"code": self.code, "message": self.message}


def bad_request(message: str) -> ApiError:
    """Return the refusal of a malformed request or of one the exchange's rules forbid."""
    return ApiError(400, "BAD_REQUEST", message)


def unauthorized(message: str) -> ApiError:
    """Return the refusal of a missing or wrong key, passphrase, signature or timestamp."""
    return ApiError(401, "UNAUTHORIZED", message)


def forbidden(scope: str) -> ApiError:
    """Return the refusal of a key that lacks a scope."""
    return ApiError(403, "FORBIDDEN", f"The API key lacks the permission {scope}")


def too_many_requests(retry_after_s: int) -> ApiError:
    """Return the refusal of a request beyond the rate limit."""
    return ApiError(429, "TOO_MANY_REQUESTS", "Too many requests", retry_after_s=retry_after_s)
