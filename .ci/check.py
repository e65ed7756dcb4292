"""Run every check of `make check`; name each with its result, show what failed, fail when one fails."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BIN = Path(sys.executable).parent
PYTHON = sys.executable

CHECKS: dict[str, list[str]] = {
    "types": [str(BIN / "mypy")],
    "lint": [str(BIN / "ruff"), "check", "--quiet", "."],
    "format": [str(BIN / "ruff"), "format", "--quiet", "--check", "."],
    "layers": [str(BIN / "lint-imports")],
    "sizes": [PYTHON, ".ci/sizes.py"],
    "places": [PYTHON, ".ci/forbidden.py"],
    "translations": [PYTHON, ".ci/translations.py", "check"],
    "chart": [PYTHON, ".ci/chart.py", "check"],
    "settings docs": [str(BIN / "idp"), "settings", "write-docs", "--check"],
}


def run(name: str) -> tuple[str, int, str, float]:
    """Run one check; give its name, exit code, output and seconds."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((".", "clients"))}
    started = time.monotonic()
    done = subprocess.run(CHECKS[name], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    return name, done.returncode, done.stdout, time.monotonic() - started


def main() -> int:
    """Run the checks two at a time, as many as the smallest machine has cores."""
    failed = 0
    with ThreadPoolExecutor(2) as pool:
        for name, code, output, seconds in pool.map(run, CHECKS):
            print(f"{'ok' if code == 0 else 'FAILED':7} {name} ({seconds:.1f} s)", flush=True)
            if code:
                failed += 1
                print(output, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
