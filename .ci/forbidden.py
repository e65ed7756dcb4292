"""Check what may stand in one named place only, and what may stand in no tracked file."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ONE_PLACE = {
    r"\.commit\(": {"idp/unit_of_work.py", "idp/migrations/env.py"},
    r"\bos\.environ\b|\bos\.getenv\b": {"idp/settings.py", "idp/operations/children.py"},
    r"\bdatetime\.now\b|\bdatetime\.today\b|\butcnow\b": {"idp/clock.py"},
    r"\bcurrent_app\b": {"idp/unit_of_work.py"},
    r"^\s*(?:import|from) prometheus_client\b": {"idp/metrics.py"},
    r"^\s*(?:import|from) joserfc\b": {"idp/oidc/keys/jose.py"},
    r"^\s*(?:import|from) vonage": {"idp/messaging/sms/vonage.py"},
}
AUTHLIB = re.compile(r"^\s*(?:import|from) authlib\b", re.MULTILINE)
AUTHLIB_ROOMS = ("idp/oidc/authlib_server.py", "idp/oidc/grants/", "idp/oidc/clients/", "idp/oidc/endpoints/")
DRAWERS = {"utils", "helpers", "manager", "base", "common", "util", "helper", "misc"}

# Absolute paths of a developer's machine, and hosts of package indexes, are nobody else's.
NOWHERE = {
    r"(?<![\w.])/(?:work|home/\w+|Users/\w+)/": "an absolute path of one machine",
    r"--(?:extra-)?index-url|registry\s*=\s*[\"']?(?:https?:)?//": "the host of a package index",
    r"https?://[^\s\"']+/(?:simple|packages)/": "the host of a package index",
    r"\b(?:TODO|FIXME|XXX)\b": "something left undone",
}


def tracked() -> list[Path]:
    """Name the files under version control, and those about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [file for line in listed.splitlines() if (file := Path(line)).is_file()]


def lines_with(pattern: str, source: str) -> Iterator[int]:
    """Yield the numbers of the lines in which a pattern occurs."""
    for number, line in enumerate(source.splitlines(), 1):
        if re.search(pattern, line):
            yield number


def out_of_place(file: Path, source: str) -> Iterator[str]:
    """Yield what stands outside its one place in a module of the provider."""
    for pattern, places in ONE_PLACE.items():
        if str(file) not in places:
            yield from (f"{file}:{number}: belongs into {', '.join(sorted(places))}" for number in lines_with(pattern, source))
    if AUTHLIB.search(source) and not str(file).startswith(AUTHLIB_ROOMS):
        yield f"{file}: Authlib may be imported in {', '.join(AUTHLIB_ROOMS)} only"
    if DRAWERS & {file.stem, *file.parts[:-1]}:
        yield f"{file}: a drawer for everything; name the subject"


def problems() -> Iterator[str]:
    """Walk the tracked files."""
    for file in tracked():
        try:
            source = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if file.parts[0] == "idp" and file.suffix == ".py":
            yield from out_of_place(file, source)
        if str(file) != ".ci/forbidden.py":
            for pattern, what in NOWHERE.items():
                yield from (f"{file}:{number}: {what}" for number in lines_with(pattern, source))


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found), end="\n" if found else "")
    sys.exit(bool(found))
