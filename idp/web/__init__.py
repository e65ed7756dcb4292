"""Pages for people; each sub-package is one area and offers `init_app`."""
