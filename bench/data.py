"""A site of N mailboxes, made by the database itself from its sequence engine."""

from __future__ import annotations

from tests.servers.mariadb import MariaDB

LARGE, LARGE_MAILBOXES = "large.example", 20_000
SMALL, SMALL_MAILBOXES = "small.example", 500
OTHER_DOMAINS = 198
AUDIT_ROWS = 200_000
HASH = "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$Zm9yIG5vIHBhc3N3b3JkIGF0IGFsbCwgb25seSBiZW5jaA"
SURNAMES = "garcia,smith,müller,rossi,dubois,novak,jansen,silva,kowalski,nagy,popescu,larsen,virtanen,papadakis,yilmaz"

_DOMAIN = (
    f"IF(seq <= {LARGE_MAILBOXES}, '{LARGE}',"
    f" IF(seq <= {LARGE_MAILBOXES + SMALL_MAILBOXES}, '{SMALL}', CONCAT('domain', seq % {OTHER_DOMAINS}, '.example')))"
)
_LOCAL_PART = "CONCAT('user', LPAD(seq, 7, '0'))"
_NAME = (
    "CONCAT(ELT(1 + seq % 7, 'Anna', 'Bob', 'Chloé', 'David', 'Eva', 'Farid', 'Greta'), ' ',"
    f" CONCAT(SUBSTRING_INDEX(SUBSTRING_INDEX('{SURNAMES}', ',', 1 + seq % 15), ',', -1), seq % 1009))"
)


def fill(mariadb: MariaDB, database: str, mailboxes: int) -> None:
    """All rows but the counts (DomainUsage), which the product's own recount makes."""
    aliases = mailboxes // 5
    mariadb.execute(
        "SET unique_checks = 0, foreign_key_checks = 0",
        f"INSERT INTO domain (domain, description) SELECT CONCAT('domain', seq - 1, '.example'), 'One of many'"
        f" FROM seq_1_to_{OTHER_DOMAINS}",
        f"INSERT INTO domain (domain, description) VALUES ('{LARGE}', 'Large'), ('{SMALL}', 'Small')",
        f"INSERT INTO mailbox (username, password, name, maildir, quota, local_part, domain)"
        f" SELECT CONCAT(local_part, '@', domain), CONCAT('{{ARGON2ID}}$argon2id$v=19$m=65536,t=3,p=1$', SHA1(seq)),"
        f" name, CONCAT(domain, '/', local_part, '/'), 1024000000, local_part, domain FROM"
        f" (SELECT seq, {_LOCAL_PART} AS local_part, {_DOMAIN} AS domain, {_NAME} AS name"
        f" FROM seq_1_to_{mailboxes}) AS people",
        f"INSERT INTO alias (address, goto, domain) SELECT CONCAT({_LOCAL_PART}, '@', {_DOMAIN}),"
        f" CONCAT({_LOCAL_PART}, '@', {_DOMAIN}), {_DOMAIN} FROM seq_1_to_{mailboxes}",
        f"INSERT INTO alias (address, goto, domain) SELECT CONCAT('alias', LPAD(seq, 7, '0'), '@', {_DOMAIN}),"
        f" CONCAT({_LOCAL_PART}, '@', {_DOMAIN}, ',someone', seq, '@elsewhere.test'), {_DOMAIN}"
        f" FROM seq_1_to_{aliases}",
        f"INSERT INTO quota2 (username, bytes, messages) SELECT CONCAT({_LOCAL_PART}, '@', {_DOMAIN}),"
        f" seq % 900000000, seq % 5000 FROM seq_1_to_{mailboxes}",
        f"INSERT INTO mailadmin_audit (at, actor, face, client_address, action, object_type, object_key, domain_name,"
        f" `before`, `after`) SELECT NOW() - INTERVAL {AUDIT_ROWS} - seq MINUTE, 'root@example.net', 'page',"
        f" '192.0.2.1', 'mailbox.edit', 'mailbox', CONCAT({_LOCAL_PART}, '@', {_DOMAIN}), {_DOMAIN},"
        f" '{{\"quota_bytes\": 1}}', '{{\"quota_bytes\": 2}}' FROM seq_1_to_{AUDIT_ROWS}",
        "ANALYZE TABLE domain, mailbox, alias, quota2, mailadmin_audit",
        database=database,
    )
