"""Puts the locked Python packages into .venv: `install.py` for running, `install.py --dev` for testing as well.

Only the standard library, because nothing is installed yet. Does nothing when the locks have not changed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
VENV = BASE_DIR / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
DEV_LOCK = BASE_DIR / "requirements" / "dev.txt"
OLDEST_PYTHON = (3, 11)
MARIADB_PACKAGES = ("libmariadb", "mariadb", "mysqlclient")


def install(*, for_tests: bool) -> None:
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    lock = _lock(for_tests)
    if _is_installed(lock):
        return
    _make_venv()
    print(f"Installing the packages of requirements/{lock.name} into .venv", flush=True)
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", lock]
    if subprocess.run(command, check=False).returncode:
        sys.exit("The packages could not be installed: see above.")
    STAMP.write_text(_stamp(lock))


def _lock(for_tests: bool) -> Path:
    """Each lock is complete: mysql.txt holds base.txt, and dev.txt both."""
    if for_tests:
        return DEV_LOCK
    return BASE_DIR / "requirements" / ("mysql.txt" if can_compile_mysqlclient() else "base.txt")


def can_compile_mysqlclient() -> bool:
    """MariaDB's and Python's headers, pkg-config and a compiler are there."""
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    if not (headers.exists() and shutil.which("pkg-config") and (shutil.which("cc") or shutil.which("gcc"))):
        return False
    return any(
        not subprocess.run(["pkg-config", "--exists", each], check=False).returncode for each in MARIADB_PACKAGES
    )


def _stamp(lock: Path) -> str:
    return hashlib.sha256(sys.version.encode() + lock.read_bytes()).hexdigest()


def _is_installed(lock: Path) -> bool:
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() in (_stamp(lock), _stamp(DEV_LOCK))


def _make_venv() -> None:
    if PYTHON.exists():
        return
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        sys.exit("This Python cannot make virtual environments. On Debian and Ubuntu:\n  apt-get install python3-venv")
    if subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False).returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit("The virtual environment .venv could not be made: see above.")


if __name__ == "__main__":
    install(for_tests="--dev" in sys.argv[1:])
