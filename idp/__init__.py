"""An OpenID Connect identity provider for the business customers of a telecommunications carrier.

Start reading at `app.py`, the one place where the parts are put together; `docs/map.md` names every folder.
"""

import sys

# structlog loads `rich` and `pygments` where they are installed (development tools bring them), to draw tracebacks on terminals. Our
# lines are JSON: each of our processes would start 0.2 s later and be 7 MB larger for nothing.
_AVOIDED = "rich"
_known = _AVOIDED in sys.modules
if not _known:
    sys.modules[_AVOIDED] = None  # type: ignore[assignment]
import structlog  # noqa: E402, F401

if not _known:
    del sys.modules[_AVOIDED]
