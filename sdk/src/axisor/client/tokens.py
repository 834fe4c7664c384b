"""Calls about tokens for programs: made, listed, revoked, and the keys of those of people."""

from __future__ import annotations

from collections.abc import Sequence

from axisor.client.calls import Caller, Page, new_request_id
from axisor.ports import Secret
from axisor.v1 import tokens_pb2 as pb
from axisor.v1.tokens_pb2_grpc import TokenServiceStub
from axisor.wire.tokens import (
    PublicKey,
    TokenSummary,
    key_from_wire,
    token_from_wire,
    token_name,
)


class Tokens:
    """The methods of TokenService."""

    def __init__(self, caller: Caller) -> None:
        self._call = caller
        self._stub = TokenServiceStub(caller.channel)

    async def create(
        self, label: str, caveats: Sequence[str] = (), *, request_id: str | None = None
    ) -> tuple[TokenSummary, Secret]:
        """Make a token narrowed by caveats, and return it with the token itself.

        Caveats are those of `axisor.tokens.caveat`. Raises PermissionDenied, StepUpRequired,
        AccountNotFound, FieldInvalid.
        """
        request = pb.CreateTokenRequest(
            request_id=request_id or new_request_id(), label=label, caveats=caveats
        )
        answer = await self._call.unary(self._stub.CreateToken, request, of_account=False)
        return token_from_wire(answer.token), Secret(answer.secret)

    async def list(self, *, page_size: int = 0, page_token: str = "") -> Page[TokenSummary]:
        """Return one's own tokens, oldest first."""
        request = pb.ListTokensRequest(page_size=page_size, page_token=page_token)
        answer = await self._call.unary(self._stub.ListTokens, request, of_account=False)
        return Page(tuple(map(token_from_wire, answer.tokens)), answer.next_page_token)

    async def get(self, id: str) -> TokenSummary:
        """Return one of one's own tokens. Raises TokenNotFound."""
        request = pb.GetTokenRequest(name=token_name(id))
        answer = await self._call.unary(self._stub.GetToken, request, of_account=False)
        return token_from_wire(answer.token)

    async def revoke(self, id: str, *, request_id: str | None = None) -> None:
        """Revoke a token and all that were made of it. Raises TokenNotFound."""
        request = pb.RevokeTokenRequest(
            name=token_name(id), request_id=request_id or new_request_id()
        )
        await self._call.unary(self._stub.RevokeToken, request, of_account=False)

    async def keys(self, *, page_size: int = 0, page_token: str = "") -> Page[PublicKey]:
        """Return the public keys of access tokens, oldest first."""
        request = pb.ListSigningKeysRequest(page_size=page_size, page_token=page_token)
        answer = await self._call.unary(self._stub.ListSigningKeys, request, of_account=False)
        return Page(tuple(map(key_from_wire, answer.signing_keys)), answer.next_page_token)
