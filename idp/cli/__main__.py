"""`python -m idp.cli`: how the supervisor starts its children with the same interpreter."""

from idp.cli.root import main

main()
