"""`packages.py LIST`: the Debian packages named in the file LIST, one a line, installed as far as they are missing.

As root it installs them, without starting their servers; otherwise it says what is missing, and fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")
ENVIRONMENT = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}


def main(list_file: str) -> None:
    lines = Path(list_file).read_text().splitlines()
    names = [name for line in lines if (name := line.partition("#")[0].strip())]
    missing = [name for name in names if not _is_installed(name)]
    if not missing:
        return
    if os.geteuid() != 0:
        sys.exit(
            f"Debian packages are missing. As root:\n  apt-get install --no-install-recommends {' '.join(missing)}"
        )
    print(f"Installing the Debian packages {' '.join(missing)}", flush=True)
    with _no_servers_started():
        _apt("update", "-qq")
        _apt("install", "-qq", "--yes", "--no-install-recommends", *missing)


def _is_installed(name: str) -> bool:
    try:
        query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", name]
        result = subprocess.run(query, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        sys.exit(f"The tests run on Debian; {sys.argv[1]} names the packages that they need.")
    return result.stdout == "installed"


@contextmanager
def _no_servers_started() -> Iterator[None]:
    """Debian starts a server when it is installed, unless this file says no."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def _apt(*arguments: str) -> None:
    if subprocess.run(["apt-get", *arguments], env=ENVIRONMENT, check=False).returncode:
        sys.exit(f"apt-get {arguments[0]} failed: see above.")


if __name__ == "__main__":
    main(sys.argv[1])
