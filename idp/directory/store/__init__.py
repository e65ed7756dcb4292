"""All SQL of the directory: one module per table, prebuilt statements and small functions around them."""

from idp.directory.store.expiry import delete_expired

__all__ = ["delete_expired"]
