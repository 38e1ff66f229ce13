"""Who does something: a person in a browser, a script with its token, or a command. Every service takes one, last."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

    from mailadmin.accounts.models import Account
    from mailadmin.api.models import Token


@dataclass(frozen=True)
class Actor:
    """`label` and `client_address` go to the audit; `face` is page, command, api, ... A superadmin may do all."""

    label: str
    face: str
    client_address: str = ""
    account: Account | None = None
    token: Token | None = None
    is_superadmin: bool = False

    @classmethod
    def of_request(cls, request: HttpRequest) -> Actor:
        account: Account = request.user  # type: ignore[assignment]  # views are behind the sign-in
        return cls(
            label=account.address,
            face="page",
            client_address=request.META.get("REMOTE_ADDR", ""),
            account=account,
            is_superadmin=account.is_superadmin,
        )

    @classmethod
    def of_token(cls, token: Token, client_address: str) -> Actor:
        """What its scopes allow is asked before the service; here it is whose objects it may touch at all."""
        return cls(
            label=f"token {token.name}",
            face="api",
            client_address=client_address,
            token=token,
            is_superadmin=token.every_domain,
        )

    @classmethod
    def of_command(cls) -> Actor:
        try:
            name = getpass.getuser()
        except (KeyError, OSError):
            name = "?"
        return cls(label=name, face="command", is_superadmin=True)

    @classmethod
    def of_system(cls) -> Actor:
        """The worker, for what time brings about: the end of an archive."""
        return cls(label="mailadmin", face="worker", is_superadmin=True)

    def domain_names(self) -> Iterable[str]:
        """The names of the administered domains, as a subquery. Nobody's is empty."""
        from mailadmin.accounts.models import Administration  # accounts' models import this room's neighbours

        if self.token is not None:
            return self.token.domain_names()
        if self.account is None:
            return []
        return Administration.objects.filter(account=self.account).values_list("domain_id", flat=True)

    def administers(self, domain_name: str) -> bool:
        from mailadmin.accounts.models import Administration

        if self.is_superadmin:
            return True
        if self.token is not None:
            return self.token.domain_names().filter(domain_id=domain_name).exists()
        return (
            self.account is not None
            and Administration.objects.filter(account=self.account, domain_id=domain_name).exists()
        )
