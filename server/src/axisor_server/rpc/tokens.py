"""TokenService."""

from __future__ import annotations

from axisor.v1 import tokens_pb2 as pb
from axisor.wire.names import last_part
from axisor.wire.tokens import PublicKey, TokenSummary, key_to_wire, token_to_wire
from axisor_server.domain.api_tokens import TokenRecord
from axisor_server.domain.journal import from_us
from axisor_server.domain.signing import SigningKey
from axisor_server.rpc.calls import Call
from axisor_server.services import paging
from axisor_server.services.signing import Signing
from axisor_server.services.tokens import Tokens, owner_of


class TokenServicer:
    """Makes, shows and revokes tokens for programs."""

    def __init__(self, tokens: Tokens, signing: Signing) -> None:
        self._tokens = tokens
        self._signing = signing

    async def CreateToken(
        self, request: pb.CreateTokenRequest, call: Call
    ) -> pb.CreateTokenResponse:
        """Make a token."""
        record, secret = await self._tokens.create(
            call.principal,
            label=request.label,
            caveats=tuple(request.caveats),
            request=call.request(),
        )
        return pb.CreateTokenResponse(token=_to_wire(record), secret=secret.reveal())

    async def ListTokens(self, request: pb.ListTokensRequest, call: Call) -> pb.ListTokensResponse:
        """Answer with a page of the caller's tokens."""
        of = f"tokens/{call.principal.name}"
        paging.place(of, request.page_token)
        found = await self._tokens.of(call.principal)
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        return pb.ListTokensResponse(tokens=map(_to_wire, page), next_page_token=token)

    async def GetToken(self, request: pb.GetTokenRequest, call: Call) -> pb.GetTokenResponse:
        """Answer with one of the caller's tokens."""
        record = await self._tokens.get(call.principal, last_part(request.name))
        return pb.GetTokenResponse(token=_to_wire(record))

    async def RevokeToken(
        self, request: pb.RevokeTokenRequest, call: Call
    ) -> pb.RevokeTokenResponse:
        """Revoke one of the caller's tokens."""
        id = last_part(request.name)
        await self._tokens.revoke(call.principal, id, request=call.request())
        return pb.RevokeTokenResponse()

    async def ListSigningKeys(
        self, request: pb.ListSigningKeysRequest, call: Call
    ) -> pb.ListSigningKeysResponse:
        """Answer with a page of the public keys."""
        of = "signingKeys"
        paging.place(of, request.page_token)
        found = await self._signing.keys()
        page, token = paging.cut(found, of=of, size=request.page_size, after=request.page_token)
        return pb.ListSigningKeysResponse(
            signing_keys=[key_to_wire(_public(key)) for key in page], next_page_token=token
        )


def _to_wire(record: TokenRecord) -> pb.Token:
    return token_to_wire(
        TokenSummary(
            id=record.id,
            label=record.label,
            owner=owner_of(record.owner),
            caveats=record.caveats,
            made=from_us(record.made_us),
            until=None if record.until_us is None else from_us(record.until_us),
        )
    )


def _public(key: SigningKey) -> PublicKey:
    return PublicKey(
        id=key.id,
        public=key.public,
        begins=from_us(key.from_us),
        ends=None if key.until_us is None else from_us(key.until_us),
    )
