"""The `idp` command: one module for each noun, each with a click command or group called `command`.

Only the module that is asked for is imported, so that `idp --help` answers at once; the first line of a module's
docstring is its line in the list.
"""

from idp.cli.root import main

__all__ = ["main"]
