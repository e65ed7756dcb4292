"""The OpenID and OAuth protocol; see `docs/lifecycle.md` for one sign-in from click to token."""
