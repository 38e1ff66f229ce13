from django.db import models
from django.db.models.functions import Now
from django.utils import timezone


class SignIn(models.Model):
    """A try to sign in: what the lockout counts, and what a person is shown as the last sign-ins."""

    identifier = models.CharField(max_length=255)  # the address as typed, in lower case
    client_address = models.CharField(max_length=45)  # an IPv6 address as its /64 network
    at = models.DateTimeField(db_default=Now(), default=timezone.now)
    succeeded = models.BooleanField()

    class Meta:
        db_table = "mailadmin_sign_in"
        indexes = [
            models.Index(fields=["identifier", "succeeded", "at"], name="sign_in_by_identifier"),
            models.Index(fields=["client_address", "succeeded", "at"], name="sign_in_by_client"),
        ]

    def __str__(self) -> str:
        return f"{self.identifier} {self.client_address}"
