"""How fast it is, beside what the machine allows: `python -m bench --help`, or `make bench` for all of it."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.bulk import measure_bulk
from bench.live import measure_live
from bench.pages import measure_creates, measure_pages
from bench.parts import Part, measure_maildirs, measure_services, measure_tables
from bench.portal import measure_portal
from bench.report import Line, markdown
from bench.rest import measure_rest
from bench.site import DURABLE, Site
from tests.servers.mariadb import MariaDB
from tests.servers.redis import Redis


def with_web(measure: Part) -> Part:
    def measured(sites: Sequence[Site]) -> list[Line]:
        try:
            for site in sites:
                site.web.start()
            return measure(sites)
        finally:
            for site in sites:
                site.web.stop()

    return measured


PARTS: dict[str, tuple[str, Part]] = {
    "pages": ("Pages", with_web(measure_pages)),
    "create": ("Creating a mailbox", lambda sites: measure_services(sites) + _creates(sites)),
    "tables": ("Lookup tables", measure_tables),
    "maildirs": ("Maildirs", measure_maildirs),
    "portal": ("The portal", with_web(measure_portal)),
    "rest": ("REST", with_web(measure_rest)),
    "bulk": ("Imports", measure_bulk),
    "live": ("Until a change is live", with_web(lambda sites: measure_live(sites[0]))),
}


def main() -> None:
    options = _options()
    print(f"`{' '.join(['python -m bench', *sys.argv[1:]])}`, {_machine()}, load before {os.getloadavg()[0]:.1f}.")
    with tempfile.TemporaryDirectory(prefix="mailadmin-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        mariadb, redis = MariaDB(directory / "mariadb", DURABLE), Redis(directory / "redis")
        try:
            mariadb.start()
            redis.start()
            sites = [Site(directory, mariadb, redis, size) for size in sorted(options.mailboxes)]
            for part in options.only:
                title, measure = PARTS[part]
                print(f"\n### {title}\n\n{markdown(measure(sites))}", flush=True)
        finally:
            redis.stop()
            mariadb.stop()
    print(f"\nLoad after: {os.getloadavg()[0]:.1f}.")


def _creates(sites: Sequence[Site]) -> list[Line]:
    return with_web(lambda all_sites: [line for site in all_sites for line in measure_creates(site)])(sites)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--mailboxes", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes of the sites")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="these parts alone")
    return parser.parse_args()


def _machine() -> str:
    day = datetime.datetime.now(tz=datetime.UTC)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{day:%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}"


main()
