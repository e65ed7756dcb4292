"""What the log keeps of a person who is forgotten: that something happened, when, by ids and codes; all else in the details goes."""

from dataclasses import replace

from idp.audit import hashed_lines, lines, store
from idp.unit_of_work import UnitOfWork

PAGE = 500


def erase_details(work: UnitOfWork, account_id: str) -> int:
    """Erase from the events about an account what is neither code nor id; give the number of events. Their seals stay valid.

    Events sealed by an older version (over the events themselves) are left as they are until they are deleted.
    """
    after, erased = store.last_of_first_format(work.db), 0
    while page := store.of_account(work.db, account_id, after=after, limit=PAGE):
        rows = []
        for row in page:
            kept = lines.codes_of(row.entry.detail)
            if row.sealed_as is None and kept != row.entry.detail:
                left = replace(row.entry, detail=kept)
                rows.append({"event_id": row.entry.id, "kept": kept, "was": hashed_lines.sealed_as(work.secrets, row, left)})
        store.erase_details(work.db, rows)
        after, erased = page[-1].entry.id, erased + len(rows)
    return erased
