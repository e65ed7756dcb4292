"""What the worker looks after for clients from day to day, asked of both databases."""

from datetime import timedelta

from sqlalchemy import func, select

from idp.oidc.clients import logos, origins
from idp.oidc.clients.store import documents as store
from idp.oidc.clients.store.documents import DocumentKind
from idp.oidc.clients.tables import ClientOrigin
from idp.outbox.tables import Job
from idp.unit_of_work import Units
from tests.conftest import SettableClock
from tests.http.oidc.browsing import registered

LOGO = "https://app.example/logo"


def test_old_and_missing_pictures_are_asked_for_once_a_run(units: Units, clock: SettableClock) -> None:
    with units.write() as work:
        for client_id in ("fresh", "missing", "old"):
            registered(work, client_id, logo_uri=LOGO)
        registered(work, "none")
        asked_at_first = work.db.scalar(select(func.count()).where(Job.kind == logos.KIND))
        for client_id, age in (("fresh", timedelta(hours=5)), ("old", timedelta(days=2))):
            store.keep(work.db, client_id, DocumentKind.LOGO, LOGO, "image/png", b"x", work.now - age)
    logos.refresh(units)
    with units.read() as work:
        payloads = [row.payload["client_id"] for row in work.db.execute(select(Job.payload).where(Job.kind == logos.KIND))]
    assert asked_at_first == 3
    assert sorted(payloads) == sorted(["fresh", "missing", "old", "missing", "old"])


def test_origins_are_completed_of_browser_apps_alone(units: Units) -> None:
    with units.write() as work:
        registered(work, "spa", token_endpoint_auth_method="none", redirect_uris=["https://spa.example/a", "https://spa.example:8443/b"])
        registered(work, "server")
        work.db.exec_driver_sql("DELETE FROM client_origins")
    for _ in range(2):
        origins.complete(units)
    with units.read() as work:
        found = {(row.client_id, row.origin) for row in work.db.execute(select(ClientOrigin.client_id, ClientOrigin.origin))}
    assert found == {("spa", "https://spa.example"), ("spa", "https://spa.example:8443")}
