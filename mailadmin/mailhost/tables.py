"""The lookup tables in MAPS_DIR, in Postfix's five types (DATABASE_README).

Every program is called with a fixed list of arguments; keys and values go through standard input or a file.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from django.conf import settings

from mailadmin.mailhost.entries import TABLES, Entries

ENDINGS = {"lmdb": ".lmdb", "cdb": ".cdb", "hash": ".db", "texthash": "", "sql": ".cf"}
LINES_AT_ONCE = 1_000
SECONDS_AT_MOST = 600

Changes = dict[str, dict[str, str | None]]  # table -> key -> value, None to remove the key


# Behind the header of a page of lmdb: magic, size of a page; number of entries, number of the transaction.
_META = struct.Struct("=16xI20xI76xQ16xQ")
_META_MAGIC = 0xBEEFC0DE


class TableError(Exception):
    """A lookup table could not be read or written. The text is the program's own, for an administrator."""


class Tables:
    """The tables of this host. `incremental`: a change is written by itself; else every change is a full build."""

    incremental = False

    def __init__(self, kind: str, directory: Path) -> None:
        self.kind, self.directory = kind, directory

    def path(self, name: str) -> Path:
        return self.directory / f"{name}{ENDINGS[self.kind]}"

    def are_there(self) -> bool:
        return all(self.path(name).exists() for name in TABLES)

    def lookup(self, name: str, keys: Iterable[str]) -> dict[str, str]:
        """What the table answers for each key that it has, as Postfix would be told."""
        asked = "".join(f"{key}\n" for key in keys)
        if not asked:
            return {}
        output = self._postmap("-q", "-", self._reference(self.directory / name), given=asked, absent_is_1=True)
        return dict(_pairs(output.splitlines()))

    def dump(self, name: str) -> Iterator[tuple[str, str]]:
        """All entries, in the table's own order, a line at a time."""
        if not self.path(name).exists():
            return
        command = ["postmap", "-s", self._reference(self.directory / name)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self._environment()
        ) as process:
            assert process.stdout is not None  # noqa: S101 for the type checker
            assert process.stderr is not None  # noqa: S101
            yield from _pairs(line.rstrip("\n") for line in process.stdout)
            problem = process.stderr.read()
            if process.wait(SECONDS_AT_MOST):
                raise TableError(problem.strip() or f"postmap ended with {process.returncode}")

    def count(self, name: str) -> int:
        """How many entries a table has."""
        command = ["postmap", "-s", self._reference(self.directory / name)]
        lines = 0
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=self._environment()) as process:
            assert process.stdout is not None  # noqa: S101 for the type checker
            while block := process.stdout.read(1 << 20):
                lines += block.count(b"\n")
        return lines

    def update(self, changes: Changes) -> None:
        """Write these changes and no others; only where `incremental`."""
        raise TableError(f"A {self.kind} table is built whole.")

    def build(self, entries: Iterable[tuple[str, Entries]]) -> dict[str, int]:
        """Build every table anew beside the present ones, check it, and put it in their place, each by one rename.
        Returns how many entries each has."""
        self.directory.mkdir(parents=True, exist_ok=True)
        work = self.directory / ".build"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o755)
        try:
            counts, samples = _write_sources(work, entries)
            self._compile(work)
            with ThreadPoolExecutor() as checks:
                list(checks.map(lambda name: self._check(work / name, counts[name], samples[name]), TABLES))
            for name in TABLES:
                self._put_in_place(work, name)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return counts

    def _compile(self, work: Path) -> None:
        """All at once: there are more tables than cores, and postmap mostly waits for its disk."""
        commands = [["postmap", self._reference(work / name)] for name in TABLES]
        running = [
            subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=self._environment())
            for command in commands
        ]
        try:
            problems = [process.communicate(timeout=SECONDS_AT_MOST)[1] for process in running]
        except subprocess.TimeoutExpired as error:
            raise TableError(f"postmap: no end after {SECONDS_AT_MOST} s") from error
        finally:
            for process in running:
                process.kill()  # those that still run; the others have ended
        for process, problem in zip(running, problems, strict=True):
            if process.returncode:
                raise TableError(problem.strip() or f"postmap ended with {process.returncode}")

    def _check(self, source: Path, count: int, sample: Mapping[str, str]) -> None:
        built = type(self)(self.kind, source.parent)
        if built.lookup(source.name, sample) != dict(sample):
            raise TableError(f"{source.name}: the new table answers otherwise than its source")
        if (entries := built.count(source.name)) != count:
            raise TableError(f"{source.name}: {entries} entries instead of {count}")

    def _put_in_place(self, work: Path, name: str) -> None:
        present, previous = self.path(name), self.directory / f"{name}.previous{ENDINGS[self.kind]}"
        built = work / present.name
        if present.exists():
            # A copy, not a link: running Postfix processes look whether their open file has still a name.
            shutil.copy2(present, previous)
        built.rename(present)

    def _reference(self, path: Path) -> str:
        return f"{self.kind}:{path}"

    def _postmap(self, *arguments: str, given: str = "", absent_is_1: bool = False) -> str:
        try:
            run = subprocess.run(
                ["postmap", *arguments],
                input=given,
                capture_output=True,
                text=True,
                env=self._environment(),
                timeout=SECONDS_AT_MOST,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TableError(f"postmap: {error}") from error
        if run.returncode and not (absent_is_1 and run.returncode == 1 and not run.stderr.strip()):
            raise TableError(run.stderr.strip() or f"postmap ended with {run.returncode}")
        return run.stdout

    def _environment(self) -> dict[str, str]:
        """postmap wants a main.cf: the site's, else one of our own with nothing in it."""
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        if settings.MAIL_CONFIG:
            return {**environment, "MAIL_CONFIG": settings.MAIL_CONFIG}
        if Path("/etc/postfix/main.cf").exists():
            return environment
        own = settings.MAPS_DIR / ".postfix"
        own.mkdir(parents=True, exist_ok=True)
        (own / "main.cf").write_text("compatibility_level = 3.6\n")
        return {**environment, "MAIL_CONFIG": str(own)}


class CdbTables(Tables):
    """postmap(1) cannot list a constant database, so its records are read here: cdb(5), the format of D. J. Bernstein.

    A header of 256 hash tables (position, slots), then records (key length, value length, key, value), then those.
    """

    def dump(self, name: str) -> Iterator[tuple[str, str]]:
        if not self.path(name).exists():
            return
        with self.path(name).open("rb") as file:
            end = min(position for position, _slots in struct.iter_unpack("<II", file.read(2048)))
            while file.tell() < end:
                key_octets, value_octets = struct.unpack("<II", file.read(8))
                key, value = file.read(key_octets), file.read(value_octets)
                yield key.rstrip(b"\0").decode(), value.rstrip(b"\0").decode()

    def count(self, name: str) -> int:
        return sum(1 for _entry in self.dump(name))


class LmdbTables(Tables):
    """lmdb_table(5): changed in place beside running readers, at a cost that does not grow with the table."""

    incremental = True

    def count(self, name: str) -> int:
        """As its newer meta page says (struct MDB_meta of liblmdb): to list a million entries takes seconds."""
        with self.path(name).open("rb") as file:
            first = _META.unpack(file.read(_META.size))
            file.seek(first[1])
            second = _META.unpack(file.read(_META.size))
        if (first[0], second[0]) != (_META_MAGIC, _META_MAGIC):
            raise TableError(f"{name}: no lmdb table")
        return int(max(first, second, key=lambda meta: meta[3])[2])

    def update(self, changes: Changes) -> None:
        for name, of_table in changes.items():
            reference = self._reference(self.directory / name)
            puts = "".join(f"{key} {value}\n" for key, value in of_table.items() if value is not None)
            removals = "".join(f"{key}\n" for key, value in of_table.items() if value is None)
            if puts:
                # Without -r a key that is there already keeps its old value.
                self._postmap("-i", "-r", reference, given=puts)
            if removals:
                self._postmap("-d", "-", reference, given=removals, absent_is_1=True)


class TextTables(Tables):
    """texthash: plain files, which need no Postfix to be written and read."""

    def lookup(self, name: str, keys: Iterable[str]) -> dict[str, str]:
        wanted = set(keys)
        return {key: value for key, value in self.dump(name) if key in wanted}

    def dump(self, name: str) -> Iterator[tuple[str, str]]:
        if not self.path(name).exists():
            return
        with self.path(name).open() as lines:
            yield from _pairs(line.rstrip("\n").replace(" ", "\t", 1) for line in lines)

    def _compile(self, work: Path) -> None:
        """The source is the table."""

    def _check(self, source: Path, count: int, sample: Mapping[str, str]) -> None:
        """There is no program between the source and the table that could fail."""


class SqlTables(Tables):
    """Postfix asks the database itself: there is nothing to build, and nothing that could disagree."""

    incremental = True

    def are_there(self) -> bool:
        return True

    def dump(self, name: str) -> Iterator[tuple[str, str]]:
        return iter(())

    def update(self, changes: Changes) -> None:
        """Nothing to do."""

    def build(self, entries: Iterable[tuple[str, Entries]]) -> dict[str, int]:
        return {}

    def lookup(self, name: str, keys: Iterable[str]) -> dict[str, str]:
        return super().lookup(f"{name}.cf", keys)

    def _reference(self, path: Path) -> str:
        engine = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
        return f"{'sqlite' if engine == 'sqlite3' else engine}:{path}"


def tables_of_this_host() -> Tables:
    kinds = {"lmdb": LmdbTables, "cdb": CdbTables, "texthash": TextTables, "sql": SqlTables}
    return kinds.get(settings.MAPS_TYPE, Tables)(settings.MAPS_TYPE, settings.MAPS_DIR)


def lookup(name: str, keys: Iterable[str]) -> dict[str, str]:
    """What this host's table answers for each key that it has."""
    return tables_of_this_host().lookup(name, keys)


def _write_sources(
    work: Path, entries: Iterable[tuple[str, Entries]]
) -> tuple[dict[str, int], dict[str, dict[str, str]]]:
    """The tables' sources as text, a count of each, and one entry in LINES_AT_ONCE to ask for afterwards."""
    counts = dict.fromkeys(TABLES, 0)
    samples: dict[str, dict[str, str]] = {name: {} for name in TABLES}
    lines: dict[str, list[str]] = {name: [] for name in TABLES}
    with ExitStack() as stack:
        files = {name: stack.enter_context((work / name).open("w")) for name in TABLES}

        def flush(name: str) -> None:
            files[name].write("".join(lines[name]))
            counts[name] += len(lines[name])
            lines[name].clear()

        for key, values in entries:
            for name, value in values.items():
                lines[name].append(f"{key} {value}\n")
                if len(lines[name]) == LINES_AT_ONCE:  # a call of write() for each took a quarter of the build
                    samples[name][key] = value
                    flush(name)
        for name in TABLES:
            flush(name)
    return counts, samples


def _pairs(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        key, tab, value = line.partition("\t")
        if tab:
            yield key, value
