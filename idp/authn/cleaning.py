"""What authentication keeps no longer; each call deletes a bounded number of rows."""

from idp.authn import activations, devices, pins, sessions, signins, throttling
from idp.unit_of_work import UnitOfWork

_KINDS = (
    signins.delete_expired,
    pins.delete_expired,
    activations.delete_expired,
    devices.delete_expired,
    throttling.delete_expired,
    sessions.delete_expired,
)


def delete_expired(work: UnitOfWork, limit: int) -> int:
    """Delete up to `limit` rows of each kind; give their number."""
    return sum(delete(work, limit) for delete in _KINDS)
