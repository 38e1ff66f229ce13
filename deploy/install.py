"""Puts the locked Python packages into .venv: `install.py` for running, `install.py --dev` for testing as well; and
compiles the message catalogues.

Only the standard library, because nothing is installed yet. Does nothing when neither has changed.
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
CATALOGUES = BASE_DIR / "mailadmin" / "locale"
OLDEST_PYTHON = (3, 11)
MARIADB_PACKAGES = ("libmariadb", "mariadb", "mysqlclient")


def install(*, for_tests: bool) -> None:
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    lock = _lock(for_tests)
    if not _is_installed(lock):
        _install(lock)
    for catalogue in CATALOGUES.glob("*/LC_MESSAGES/*.po"):
        _compile(catalogue)


def _install(lock: Path) -> None:
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


def _compile(catalogue: Path) -> None:
    """By Babel, which needs no gettext on the machine. A process that runs never reads half a file."""
    compiled, new = catalogue.with_suffix(".mo"), catalogue.with_suffix(".mo.new")
    if compiled.exists() and compiled.stat().st_mtime_ns >= catalogue.stat().st_mtime_ns:
        return
    language = catalogue.parent.parent.name
    babel = [PYTHON, "-m", "babel.messages.frontend", "--quiet", "compile"]
    if subprocess.run([*babel, "-l", language, "-i", catalogue, "-o", new], check=False).returncode:
        sys.exit(f"{catalogue.relative_to(BASE_DIR)} could not be compiled: see above.")
    new.replace(compiled)


if __name__ == "__main__":
    install(for_tests="--dev" in sys.argv[1:])
