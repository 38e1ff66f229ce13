"""Renders the configuration of Postfix and Dovecot from the templates under deploy/, with one site's values."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template import Context, Engine

from mailadmin.mailhost import volume
from mailadmin.mailhost.entries import TABLES

PUBLIC = 0o644
SECRET = 0o600
# Of the passdb that accepts app passwords, and of the one that notes their use.
APP_PASSWORD_FILES = {
    "app_passwords": "dovecot-app-passwords.conf.ext",
    "app_password_use": "dovecot-app-password-use.conf.ext",
}
USE_COLUMNS = ("used_at", "service", "client_address")
GROUP_SECRET = 0o640  # for the server's group: the daemon that reads it has given up root


class ConfigurationError(Exception):
    """The site's values cannot be rendered."""


@dataclass(frozen=True)
class Database:
    """Where the mail servers ask. Their user needs SELECT on domain, mailbox, alias, alias_domain and
    mailbox_app_password, and SELECT, INSERT and UPDATE on mailadmin_app_password_use and, with MariaDB, on quota2:
    no more."""

    driver: str  # "mysql" or "sqlite"
    name: str  # sqlite: the path of the file
    user: str = ""
    password: str = field(default="", repr=False)
    host: str = ""  # with a leading slash: a socket
    port: int = 3306

    @property
    def postfix_host(self) -> str:
        return f"unix:{self.host}" if self.host.startswith("/") else f"inet:{self.host}:{self.port}"

    @property
    def dovecot_host(self) -> str:
        return self.host if self.host.startswith("/") else f"{self.host} port={self.port}"

    @classmethod
    def from_settings(cls) -> Database:
        given = settings.DATABASES["default"]
        if given["ENGINE"].endswith("sqlite3"):
            return cls("sqlite", str(given["NAME"]))
        host = given.get("OPTIONS", {}).get("unix_socket") or given["HOST"] or "/run/mysqld/mysqld.sock"
        return cls("mysql", given["NAME"], given["USER"], given["PASSWORD"], host, int(given["PORT"] or 3306))


@dataclass(frozen=True)
class Site:
    """All that differs between one mail host and another. Without `state` the system's own places are used."""

    host_name: str
    database: Database
    volume: Path
    maps_dir: Path
    maps_type: str
    uid: int  # the owner of the Maildirs
    gid: int
    certificate: Path
    key: Path
    state: Path | None = None  # a directory for queue, sockets and logs: a private instance
    listen: str = ""  # one address; empty: all
    networks: str = "127.0.0.0/8 [::1]/128"  # whose mail is relayed without a sign-in
    relay_host: str = ""  # as Postfix's relayhost; empty: straight to the recipient's server
    delivery: str = "lmtp"  # or "lda": one process of Dovecot's `deliver` for each message
    smtp_port: int = 25
    submission_port: int = 587
    imaps_port: int = 993
    imap_port: int = 0  # 0: none
    sieve_port: int = 4190  # 0: no Sieve at all
    auth_cache_size: str = "0"  # such as "10M"; 0: every sign-in asks the database
    message_size_bytes: int = 52_428_800
    postfix_user: str = "postfix"
    dovecot_user: str = "dovecot"
    postfix_settings: Mapping[str, str] = field(default_factory=dict)  # more lines of main.cf
    dovecot_settings: Mapping[str, str] = field(default_factory=dict)  # more lines of dovecot.conf

    @classmethod
    def from_settings(cls, **others: Any) -> Site:
        owner = volume.owner()
        given: dict[str, Any] = {
            "host_name": settings.HOSTNAME,
            "database": Database.from_settings(),
            "volume": settings.MAIL_VOLUME,
            "maps_dir": settings.MAPS_DIR,
            "maps_type": settings.MAPS_TYPE,
            "uid": owner.uid,
            "gid": pwd.getpwuid(owner.uid).pw_gid if owner.gid is None else owner.gid,
            "certificate": Path("/etc/ssl/certs/ssl-cert-snakeoil.pem"),
            "key": Path("/etc/ssl/private/ssl-cert-snakeoil.key"),
        }
        return cls(**given | others)

    @property
    def run(self) -> Path:
        return self.state / "dovecot-run" if self.state else Path("/run/dovecot")

    @property
    def auth_socket(self) -> Path:
        return self.run / "auth-postfix"

    @property
    def lmtp_socket(self) -> Path:
        return self.run / "lmtp-postfix"

    @property
    def user(self) -> str:
        return pwd.getpwuid(self.uid).pw_name

    @property
    def group(self) -> str:
        return grp.getgrgid(self.gid).gr_name

    def table(self, name: str) -> str:
        """As Postfix's settings name it."""
        if self.maps_type != "sql":
            return f"{self.maps_type}:{self.maps_dir / name}"
        return f"proxy:{self.database.driver}:{self.maps_dir / name}.cf"


def render(site: Site, target: Path) -> list[Path]:
    """Write postfix/ and dovecot/ below `target`, for MAPS_TYPE=sql also the lookups in maps_dir; return the files."""
    _refuse_unusable(site)
    postfix, dovecot = target / "postfix", target / "dovecot"
    sql_config = dovecot / "dovecot-sql.conf.ext"
    # The table quota2, as Postfixadmin shows it. Dovecot 2.3 cannot write it to SQLite, which knows no such upsert.
    usage_config = dovecot / "dovecot-dict-sql.conf.ext" if site.database.driver == "mysql" else None
    app_passwords = {f"{name}_config": dovecot / file for name, file in APP_PASSWORD_FILES.items()}
    paths = {"sql_config": sql_config, "usage_config": usage_config, **app_passwords}
    tables = {name: site.table(name) for name in TABLES}
    written = [
        _write(postfix / "main.cf", PUBLIC, _text("postfix/main.cf", site, tables=tables)),
        _write(postfix / "master.cf", PUBLIC, _master(site, dovecot / "dovecot.conf")),
        _write(dovecot / "dovecot.conf", PUBLIC, _text("dovecot/dovecot.conf", site, **paths)),
        *(_render_sql(site, path) for path in (sql_config, *app_passwords.values())),
        *([_render_usage(site, usage_config)] if usage_config else []),
        *(_render_lookup(site, name) for name in TABLES if site.maps_type == "sql"),
    ]
    _link_dynamic_maps(postfix)
    if site.state:
        _make_state(site, site.state)
    return written


def query(site: Site, table: str) -> str:
    """The query that answers for one lookup table: the same entries as those of the built tables."""
    return _text(f"postfix/sql/{table}.sql", site, **_fragments(site.database.driver)).rstrip()


def _render_sql(site: Site, path: Path) -> Path:
    return _write(path, SECRET, _text(f"dovecot/{path.name}", site, connect=_connect(site), **_dovecot_sql(site)))


def _connect(site: Site) -> str:
    database = site.database
    if database.driver == "sqlite":
        return f"driver = sqlite\nconnect = {database.name}"
    user = f"user={database.user} password={database.password}"
    return f"driver = mysql\nconnect = host={database.dovecot_host} dbname={database.name} {user}"


def _render_usage(site: Site, path: Path) -> Path:
    _write(path, GROUP_SECRET, _text("dovecot/dovecot-dict-sql.conf.ext", site))
    return _for_group_of(site.dovecot_user, path)


def _render_lookup(site: Site, name: str) -> Path:
    text = _text("postfix/lookup.cf", site, query=query(site, name))
    path = _write(site.maps_dir / f"{name}.cf", GROUP_SECRET, text)
    return _for_group_of(site.postfix_user, path)


def _for_group_of(user: str, path: Path) -> Path:
    # Rendered by somebody else, to look at or to carry elsewhere, it stays theirs.
    if os.geteuid() == 0:
        shutil.chown(path, group=pwd.getpwnam(user).pw_gid)
    return path


def _fragments(driver: str) -> dict[str, str]:
    """What SQL has no common words for. '%s' is the key that is asked, '%d' its domain; a key without one is not
    answered. Not '%u', which Postfix answers with nothing where the local part is empty, as in '@example.org'."""
    if driver == "sqlite":
        twin = "substr('%s', 1, length('%s') - length('%d')) || ad.target_domain"
        at_domain = "'@' || '%d'"
        listed = "',' || replace(replace(replace(a.goto, char(13), ''), char(10), ','), ' ', '') || ','"
        without = f"trim(replace({listed}, ',' || a.address || ',', ','), ',')"
    else:
        twin = "CONCAT(LEFT('%s', CHAR_LENGTH('%s') - CHAR_LENGTH('%d')), ad.target_domain)"
        at_domain = "CONCAT('@', '%d')"
        listed = "CONCAT(',', REPLACE(REPLACE(REPLACE(a.goto, CHAR(13), ''), CHAR(10), ','), ' ', ''), ',')"
        without = f"TRIM(BOTH ',' FROM REPLACE({listed}, CONCAT(',', a.address, ','), ','))"
    kept_here = "(d.backupmx = 0 AND d.transport NOT LIKE 'smtp%%' AND d.transport NOT LIKE 'relay%%')"
    return {"twin": f"({twin})", "at_domain": f"({at_domain})", "without_itself": without, "kept_here": kept_here}


def _dovecot_sql(site: Site) -> dict[str, str]:
    """What the two databases have no common words for. Times are UTC, as we write them."""
    quota = "CASE WHEN m.quota > 0 THEN m.quota ELSE 0 END"
    parts = {
        "home": (f"'{site.volume}/home/'", "m.maildir"),
        "mail": (f"'maildir:{site.volume}/users/'", "m.maildir"),
        "quota_rule": ("'*:bytes='", quota),
    }
    if site.database.driver == "sqlite":
        given = ", ".join(f"{column} = excluded.{column}" for column in USE_COLUMNS)
        return {name: f"{first} || {second}" for name, (first, second) in parts.items()} | {
            "now": "datetime('now')",
            "a_minute_ago": "datetime('now', '-1 minute')",
            "on_conflict": f"ON CONFLICT (app_password_id) DO UPDATE SET {given}",
        }
    given = ", ".join(f"{column} = VALUES({column})" for column in USE_COLUMNS)
    return {name: f"CONCAT({first}, {second})" for name, (first, second) in parts.items()} | {
        "now": "UTC_TIMESTAMP()",
        "a_minute_ago": "UTC_TIMESTAMP() - INTERVAL 1 MINUTE",
        "on_conflict": f"ON DUPLICATE KEY UPDATE {given}",
    }


def _master(site: Site, dovecot_config: Path) -> str:
    return _text("postfix/master.cf", site, dovecot_config=dovecot_config)


def _text(template: str, site: Site, **context: object) -> str:
    engine = Engine(dirs=[str(settings.BASE_DIR / "deploy")], autoescape=False)
    context_with_site = Context({"site": site, **context}, autoescape=False)
    # A line that only held a tag is left empty; Postfix would take such a line for the end of a value.
    text = engine.get_template(template).render(context_with_site)
    return "".join(f"{line}\n" for line in text.splitlines() if line.strip())


def _write(path: Path, mode: int, text: str) -> Path:
    """At once, and never readable by more people than its mode says, not even while it is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def _link_dynamic_maps(postfix: Path) -> None:
    """Which file holds the code of each table type is the machine's own (Debian's packages register it there)."""
    for name in ("dynamicmaps.cf", "dynamicmaps.cf.d"):
        if Path("/etc/postfix", name).exists() and postfix != Path("/etc/postfix"):
            with contextlib.suppress(FileExistsError):
                (postfix / name).symlink_to(Path("/etc/postfix", name))


def _make_state(site: Site, state: Path) -> None:
    for name in ("queue", "data", "dovecot-run", "dovecot-state"):
        (state / name).mkdir(parents=True, exist_ok=True)
    shutil.chown(state / "data", site.postfix_user)
    log = state / "delivery.log"  # `deliver` runs as the owner of the Maildirs, and defers all mail if it cannot log
    log.touch(mode=0o600)
    os.chown(log, site.uid, site.gid)


def _refuse_unusable(site: Site) -> None:
    if site.uid == 0:
        raise ConfigurationError("The Maildirs would be root's, which Dovecot refuses: set MAIL_OWNER to USER:GROUP.")
    if site.delivery not in ("lmtp", "lda"):
        raise ConfigurationError(f"Delivery is by lmtp or lda, not {site.delivery!r}.")
    database = {each.name: getattr(site.database, each.name) for each in fields(Database)}
    own = {each.name: getattr(site, each.name) for each in fields(Site)}
    for name, value in (own | {f"database {key}": value for key, value in database.items()}).items():
        if isinstance(value, str | Path) and any(ord(letter) < 32 for letter in str(value)):
            raise ConfigurationError(f"{name} has a control character.")
    # Both servers split what names the database at blanks, and the volume stands inside a quoted text of the queries.
    if any(" " in str(value) for value in database.values()):
        raise ConfigurationError("The database's name, user, password or path has a blank, which Dovecot cannot read.")
    if any(letter in str(site.volume) for letter in "'\"\\%: "):
        raise ConfigurationError("The mail volume's path has a quote, backslash, percent sign, colon or blank.")
