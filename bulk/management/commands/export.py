from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from bulk.exporting import cells_of, columns_of, rows_of
from bulk.models import Kind
from mailadmin.accounts.actors import Actor
from mailadmin.addresses import normalise_domain
from mailadmin.commands import EnglishCommand
from mailadmin.pages.exports import lines


class Command(EnglishCommand):
    help = "Print domains, mailboxes or aliases as CSV that `import` takes back."
    examples = (("All mailboxes of a domain", "export mailboxes --domain example.org > mailboxes.csv"),)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=Kind.values, help="what is in the file")
        parser.add_argument("--domain", default="", help="only those of this domain")
        parser.add_argument("--with-hashes", action="store_true", help="mailboxes with their password hashes")

    def handle(self, *args: Any, **options: Any) -> None:
        domain = normalise_domain(options["domain"]) if options["domain"] else ""
        columns = columns_of(options["kind"], with_hashes=options["with_hashes"])
        for line in lines(columns, cells_of(rows_of(options["kind"], domain, Actor.of_command()), columns)):
            self.stdout.write(line, ending="")
