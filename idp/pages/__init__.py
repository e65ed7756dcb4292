"""What every page needs: layout and theme, forms, CSRF, language, security headers, cookies, error pages.

Owns nothing of what a page says; `idp/web`, `idp/oidc/endpoints` and `idp/demo` do. Start reading at `setup.py`, which puts the
parts together; `render.py` is what a view calls, `templates/layout/macros.html` what a template uses.
"""

from idp.pages.setup import init_app

__all__ = ["init_app"]
