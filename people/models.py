"""Persons, and how they come and leave."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from domains.models import Domain
from mailadmin.addresses import show_address
from mailboxes.models import ArchivedMailbox, Mailbox

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


class PersonQuerySet(models.QuerySet["Person"]):
    def visible_to(self, actor: Actor) -> PersonQuerySet:
        return self if actor.is_superadmin else self.filter(mailbox__domain_id__in=actor.domain_names())


class Person(models.Model):
    """Whom a mailbox belongs to, as the personnel office knows them. What they are called is the mailbox's name."""

    # As of an account: the services move it, archive it and bring it back with the mailbox.
    mailbox = models.OneToOneField(Mailbox, on_delete=models.DO_NOTHING, db_constraint=False, related_name="person")
    # NULL: many have none.
    external_id = models.CharField(_("external id"), max_length=255, unique=True, null=True, blank=True)
    given_name = models.CharField(_("given name"), max_length=120, blank=True, db_default="", default="")
    family_name = models.CharField(_("family name"), max_length=120, blank=True, db_default="", default="")
    employee_number = models.CharField(
        _("employee number"), max_length=64, blank=True, db_default="", default="", db_index=True
    )
    department = models.CharField(_("department"), max_length=120, blank=True, db_default="", default="")
    cost_center = models.CharField(_("cost center"), max_length=120, blank=True, db_default="", default="")
    organization = models.CharField(_("organization"), max_length=120, blank=True, db_default="", default="")
    division = models.CharField(_("division"), max_length=120, blank=True, db_default="", default="")
    manager = models.CharField(_("manager"), max_length=255, blank=True, db_default="", default="")
    title = models.CharField(_("title"), max_length=120, blank=True, db_default="", default="")
    language = models.CharField(_("language"), max_length=35, blank=True, db_default="", default="")  # BCP 47
    # What the directory (SCIM) calls the account, where that is not the address letter by letter.
    user_name = models.CharField(max_length=255, blank=True, db_default="", default="")
    # The addresses as the directory lists them, with their labels; NULL: it never said.
    emails = models.JSONField(null=True, blank=True, default=None)

    objects = PersonQuerySet.as_manager()

    class Meta:
        db_table = "mailadmin_person"
        verbose_name = _("person")
        verbose_name_plural = _("persons")
        indexes = [models.Index(fields=["user_name"], name="person_by_user_name")]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}".strip() or self.mailbox_id


class ArchivedPerson(models.Model):
    """The person of a deleted mailbox, as the row was."""

    archived = models.OneToOneField(ArchivedMailbox, on_delete=models.CASCADE, primary_key=True, related_name="person")
    row = models.JSONField()

    class Meta:
        db_table = "mailadmin_archived_person"

    def __str__(self) -> str:
        return str(self.pk)


class ReservedAddressQuerySet(models.QuerySet["ReservedAddress"]):
    def visible_to(self, actor: Actor) -> ReservedAddressQuerySet:
        return self if actor.is_superadmin else self.filter(offboarding__domain_name__in=actor.domain_names())


class ReservedAddress(models.Model):
    """An address of somebody who left: until then nobody else gets it, nor the mail that is still sent to it."""

    AUDIT_KEY: ClassVar[str] = "address"

    address = models.CharField(_("address"), max_length=255, primary_key=True)
    until_at = models.DateTimeField(_("until"))
    offboarding = models.ForeignKey("Offboarding", on_delete=models.CASCADE, related_name="reserved")

    objects = ReservedAddressQuerySet.as_manager()

    class Meta:
        db_table = "mailadmin_reserved_address"
        ordering = ["address"]
        verbose_name = _("reserved address")
        verbose_name_plural = _("reserved addresses")

    def __str__(self) -> str:
        return show_address(self.address)


class TemplateQuerySet(models.QuerySet["Template"]):
    def visible_to(self, actor: Actor) -> TemplateQuerySet:
        """Those of all domains too: they are what an onboarding is filled from."""
        if actor.is_superadmin:
            return self
        return self.filter(models.Q(domain=None) | models.Q(domain_id__in=actor.domain_names()))


class Template(models.Model):
    """What fills in an onboarding and an offboarding: YAML, as `people.reading` has it. It is taken where its domain
    and its department are the person's; one that names neither is for all others."""

    AUDIT_KEY: ClassVar[str] = "name"

    name = models.CharField(
        _("name"),
        max_length=64,
        unique=True,
        validators=[RegexValidator(r"^\w[\w .-]*\Z", _("A name has letters, digits, blanks, dots and hyphens."))],
    )
    domain = models.ForeignKey(
        Domain,
        on_delete=models.CASCADE,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("domain"),
    )
    department = models.CharField(_("department"), max_length=120, blank=True, db_default="", default="")
    source = models.TextField(_("what it says"))
    modified_at = models.DateTimeField(_("changed"), db_default=Now(), default=timezone.now, editable=False)

    objects = TemplateQuerySet.as_manager()

    class Meta:
        db_table = "mailadmin_template"
        ordering = ["name"]
        verbose_name = _("template")
        verbose_name_plural = _("templates")

    def __str__(self) -> str:
        return self.name


class OnboardingQuerySet(models.QuerySet["Onboarding"]):
    def visible_to(self, actor: Actor) -> OnboardingQuerySet:
        return self if actor.is_superadmin else self.filter(domain_name__in=actor.domain_names())


class Onboarding(models.Model):
    """What was made for a person, by one call."""

    AUDIT_KEY: ClassVar[str] = "address"

    address = models.CharField(_("address"), max_length=255)
    domain_name = models.CharField(_("domain"), max_length=255)
    name = models.CharField(_("name"), max_length=255, blank=True, db_default="", default="")
    external_id = models.CharField(max_length=255, blank=True, db_default="", default="")
    template_name = models.CharField(_("template"), max_length=64, blank=True, db_default="", default="")
    made = models.JSONField(default=dict)  # the addresses: aliases, groups, forward_to, invitation
    created_at = models.DateTimeField(_("when"), db_default=Now(), default=timezone.now, editable=False)
    created_by = models.CharField(_("by"), max_length=255, db_default="", default="")

    objects = OnboardingQuerySet.as_manager()

    class Meta:
        db_table = "mailadmin_onboarding"
        ordering = ["-id"]
        verbose_name = _("onboarding")
        verbose_name_plural = _("onboardings")
        indexes = [models.Index(fields=["domain_name", "-id"], name="onboarding_by_domain")]

    def __str__(self) -> str:
        return show_address(self.address)


class State(models.TextChoices):
    PLANNED = "planned", _("Planned")
    RUNNING = "running", _("Under way")
    FINISHED = "finished", _("Finished")
    UNDONE = "undone", _("Undone")


class OffboardingQuerySet(models.QuerySet["Offboarding"]):
    def visible_to(self, actor: Actor) -> OffboardingQuerySet:
        return self if actor.is_superadmin else self.filter(domain_name__in=actor.domain_names())

    def open(self) -> OffboardingQuerySet:
        return self.filter(state__in=[State.PLANNED, State.RUNNING])


class Offboarding(models.Model):
    """How a person leaves: what is to happen at what time is in its steps."""

    AUDIT_KEY: ClassVar[str] = "address"

    address = models.CharField(_("address"), max_length=255, db_index=True)
    domain_name = models.CharField(_("domain"), max_length=255)
    name = models.CharField(_("name"), max_length=255, blank=True, db_default="", default="")
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.PLANNED)
    at = models.DateTimeField(_("leaves"))
    successor = models.CharField(_("successor"), max_length=255, blank=True, db_default="", default="")
    reply_subject = models.CharField(_("subject of the reply"), max_length=255, blank=True, db_default="", default="")
    reply_body = models.TextField(_("text of the reply"), blank=True, db_default="", default="")
    reserve_days = models.PositiveIntegerField(_("addresses kept free, days"), db_default=0, default=0)
    # The former hash, and the last one that opens nothing: if it is another by now, somebody has set a password.
    password = models.CharField(max_length=255, blank=True, db_default="", default="")
    locked_password = models.CharField(max_length=255, blank=True, db_default="", default="")
    archived = models.ForeignKey(
        ArchivedMailbox, on_delete=models.SET_NULL, null=True, blank=True, related_name="offboardings"
    )
    created_at = models.DateTimeField(db_default=Now(), default=timezone.now, editable=False)
    created_by = models.CharField(_("by"), max_length=255, db_default="", default="")
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.CharField(max_length=255, blank=True, db_default="", default="")

    objects = OffboardingQuerySet.as_manager()

    class Meta:
        db_table = "mailadmin_offboarding"
        ordering = ["-id"]
        verbose_name = _("offboarding")
        verbose_name_plural = _("offboardings")
        indexes = [
            models.Index(fields=["domain_name", "-id"], name="offboarding_by_domain"),
            models.Index(fields=["state", "-id"], name="offboarding_by_state"),
        ]

    def __str__(self) -> str:
        return show_address(self.address)

    @property
    def is_open(self) -> bool:
        """Whether something of it is still to be done, and all of it can be undone."""
        return self.state in (State.PLANNED, State.RUNNING)


class Kind(models.TextChoices):
    """The steps, in their order."""

    SIGN_IN = "sign_in", _("Sign-in off, sessions ended, app passwords revoked")
    FORWARD = "forward", _("Own forwarding ended; mail to the successor")
    REPLY = "reply", _("Automatic reply")
    GROUPS = "groups", _("Off the distribution aliases")
    FORWARD_END = "forward_end", _("No mail to the successor any more")
    ARCHIVE = "archive", _("Mailbox deleted, its mail in the archive, its addresses kept free")
    PURGE = "purge", _("Archived mail removed for good")


class Step(models.Model):
    """One thing that is to be done at its time; `kept` is what undoing it needs."""

    offboarding = models.ForeignKey(Offboarding, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    due_at = models.DateTimeField()
    done_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=255, blank=True, db_default="", default="")
    error = models.CharField(max_length=255, blank=True, db_default="", default="")
    kept = models.JSONField(default=dict)

    class Meta:
        db_table = "mailadmin_offboarding_step"
        ordering = ["due_at", "id"]
        indexes = [models.Index(fields=["done_at", "due_at"], name="step_to_do")]
        constraints = [models.UniqueConstraint(fields=["offboarding", "kind"], name="step_once")]

    def __str__(self) -> str:
        return self.kind
