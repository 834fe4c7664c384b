"""Which database belongs to a data directory, so that a lost one is not replaced by an empty one.

The database carries an id, and the directory a file with the same. A directory that knows its
database refuses another, an empty one, and none at all, unless it is told to begin anew.
"""

from __future__ import annotations

from pathlib import Path

from axisor.errors import StoreUnavailable
from axisor_server.adapters.database.directory import DATABASE
from axisor_server.adapters.files import replace_private
from axisor_server.ports import Store, Transaction

FILE = "database.id"
KEY = "id"


class Identity:
    """The tie between a data directory and its database."""

    def __init__(self, directory: Path, *, anew: bool = False) -> None:
        self._directory = directory
        self._anew = anew

    def check_file(self) -> None:
        """Raise StoreUnavailable where the directory had a SQLite database and has none now."""
        if self._known() is None:
            return
        path = self._directory / DATABASE
        if not path.exists() or path.stat().st_size == 0:
            raise self._lost(f"The database {path} is gone")

    async def tie(self, store: Store, new_id: str) -> None:
        """Tie an open database to the directory, or raise StoreUnavailable where it is another."""
        known = self._known()

        def unit(tx: Transaction) -> str:
            found = tx.meta(KEY)
            if found is None and known is None:
                tx.put_meta(KEY, new_id)
                return new_id
            return found or ""

        found = await store.read(lambda reader: reader.meta(KEY))
        if found is None or known is None:
            found = await store.write(unit)
        if known is not None and found != known:
            raise self._lost("The database is empty, or another one than this directory had")
        if known is None:
            replace_private(self._directory / FILE, f"{found}\n".encode())

    def _known(self) -> str | None:
        if self._anew:
            return None
        try:
            return (self._directory / FILE).read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise StoreUnavailable(f"{self._directory / FILE} cannot be read: {error}.") from error

    def _lost(self, what: str) -> StoreUnavailable:
        return StoreUnavailable(
            f"{what}.",
            money="Its accounts, runs and history are not known here; nothing is guarded.",
            fix="Bring it back, or restore a backup: axisor backup restore. To begin with an empty"
            " one on purpose: axisor up --new.",
            directory=self._directory,
        )
