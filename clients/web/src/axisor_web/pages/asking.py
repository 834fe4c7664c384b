"""Dialogs: what is asked for, what it would change, and what became of it.

The core prepares, shows and carries out; a dialog holds the request ids, so that whatever is sent
twice is done once.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import BaseRoute

from axisor.errors import FieldInvalid
from axisor.ports import Secret
from axisor_web.browser import body
from axisor_web.pages.acting import DEEDS, NOTHING, Deed, call_of
from axisor_web.pages.desk import Desk
from axisor_web.pages.visits import Visit
from axisor_web.transcode import parsed

UNDOABLE = "risk"
"""A halt of new risk takes no protection away and ends with a word, so nothing is typed for it."""


THEN = frozenset({"/automations"})
"""The pages that are shown once something is done and its dialog is closed."""


class Asking:
    """The three steps of a deed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> tuple[BaseRoute, ...]:
        """Return their routes."""
        desk = self._desk
        return (
            desk.fragment("/ask/{deed}", self.ask, "GET"),
            desk.fragment("/ask/{deed}", self.prepare, "POST"),
            desk.fragment("/commit", self.commit, "POST"),
            desk.fragment("/answer", self.answer, "POST"),
        )

    async def ask(self, visit: Visit) -> Response:
        """Ask what a deed needs to know."""
        query = visit.request.query_params
        deed = _deed(visit)
        account = await visit.client.accounts.choose(query.get("of", ""))
        return self._desk.part(
            visit,
            "dialog/ask.html",
            deed=deed,
            of=account,
            target=query.get("target", ""),
            suggested=query.get("sats", ""),
        )

    async def prepare(self, visit: Visit) -> Response:
        """Have the core check a deed and say what it would change."""
        deed, given = _deed(visit), await given_by(visit)
        account = given.get("of", "")
        prepared = await visit.client.confirmations.prepare(
            account, call_of(deed, account, given), request_id=given.get("request_id")
        )
        confirmation = prepared.confirmation
        destructive = confirmation.danger == "destructive" and given.get("level") != UNDOABLE
        return self._desk.part(
            visit,
            "dialog/preview.html",
            deed=deed,
            of=account,
            account_label=given.get("label", ""),
            target=given.get("target", ""),
            sats=given.get("sats", ""),
            price=given.get("price", ""),
            confirmation=confirmation,
            token=None if prepared.token is None else prepared.token.reveal(),
            word=deed.word if destructive else "",
            level=given.get("level", ""),
        )

    async def commit(self, visit: Visit) -> Response:
        """Carry out what was shown, once however often it is sent."""
        given = await given_by(visit)
        if given.get("word", "") != given.get("typed", "").strip().lower():
            raise FieldInvalid("The word is another.", field="typed", money=NOTHING)
        carried = await visit.client.confirmations.commit(
            given.get("of", ""),
            given.get("confirmation", ""),
            Secret(given.get("token", "")),
            request_id=given.get("request_id"),
        )
        then = given.get("then", "")
        return self._desk.part(
            visit, "dialog/done.html", carried=carried, then=then if then in THEN else ""
        )

    async def answer(self, visit: Visit) -> Response:
        """Approve or refuse what somebody else prepared."""
        given = await given_by(visit)
        of, id, key = given.get("of", ""), given.get("confirmation", ""), given.get("request_id")
        confirmations = visit.client.confirmations
        if given.get("answer") == "approve":
            carried = await confirmations.approve(of, id, request_id=key)
            return self._desk.part(visit, "dialog/done.html", carried=carried, then="")
        refused = await confirmations.refuse(of, id, request_id=key)
        return self._desk.part(visit, "dialog/taken.html", confirmation=refused)


def _deed(visit: Visit) -> Deed:
    deed = DEEDS.get(visit.request.path_params["deed"])
    if deed is None:
        raise FieldInvalid("There is no such deed.", field="deed", money=NOTHING)
    return deed


async def given_by(visit: Visit) -> Mapping[str, str]:
    """Return the texts that a dialog or a form sends. Raises FieldInvalid for anything else."""
    if visit.said is not None:
        return visit.said
    said = parsed(await body(visit.request))
    if not isinstance(said, dict) or not all(isinstance(each, str) for each in said.values()):
        raise FieldInvalid("A dialog sends an object of texts.", field="body", money=NOTHING)
    return {name: text for name, text in said.items() if name != "csrf"}
