"""Administrators' passwords, at the same cost as those of mailboxes."""

from django.contrib.auth.hashers import Argon2PasswordHasher

from mailadmin.accounts.schemes import ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_TIME


class Argon2(Argon2PasswordHasher):
    time_cost = ARGON2_TIME
    memory_cost = ARGON2_MEMORY_KIB
    parallelism = ARGON2_LANES
