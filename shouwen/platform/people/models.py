"""Tables of people: units, staff, posts, skills, certificates, absence."""

from __future__ import annotations

from datetime import date, datetime

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from shouwen.platform.people.choices import AbsenceReason, RoleCode, UnitKind


class UnitQuerySet(models.QuerySet["Unit"]):
    def within(self, path: str) -> UnitQuerySet:
        """Return the unit at ``path`` and all below it."""
        return self.filter(path__startswith=path)

    def open(self) -> UnitQuerySet:
        return self.filter(closed_at__isnull=True)


class Unit(models.Model):
    """A unit of the company (单位). ``path`` holds the codes from the top, each ended by a dot: ``01.03.``."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=30, choices=UnitKind.choices)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=200, unique=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["path"], name="unit_path_prefix", opclasses=["text_pattern_ops"]),
            models.Index(fields=["kind", "path"], name="unit_of_kind"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9A-Za-z_-]+$"), name="unit_code_fits_in_a_path"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class StaffManager(BaseUserManager["Staff"]):
    def get_by_natural_key(self, username: str | None) -> Staff:
        return self.get(staff_no=username)


class Staff(AbstractBaseUser):
    """Somebody who works here and may sign in (员工). ``home_unit`` is where they belong; posts say what they do.

    ``session_stamp`` is written into every session; a new stamp ends them all.
    """

    staff_no = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=60, blank=True)
    home_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="staff")
    superior = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="subordinates")
    email = models.EmailField(blank=True)
    extension = models.CharField(max_length=20, blank=True)
    joined_on = models.DateField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    is_automatic = models.BooleanField(default=False)  # a gateway or a job that acts in its own name
    session_stamp = models.PositiveIntegerField(default=1)

    objects = StaffManager()

    USERNAME_FIELD = "staff_no"
    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Whether they may sign in: nobody who has left."""
        return self.left_at is None


class PostQuerySet(models.QuerySet["Post"]):
    def held_at(self, at: datetime) -> PostQuerySet:
        return self.filter(Q(held_until__isnull=True) | Q(held_until__gt=at), held_from__lte=at)


class Post(models.Model):
    """A role that somebody holds in a unit, from one day until another (任职)."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="posts")
    role = models.CharField(max_length=30, choices=RoleCode.choices)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    held_from = models.DateTimeField()
    held_until = models.DateTimeField(null=True, blank=True)

    objects = PostQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["role", "unit"], name="post_of_role")]
        constraints = [
            models.CheckConstraint(
                condition=Q(held_until__isnull=True) | Q(held_until__gte=F("held_from")), name="post_ends_after_it_begins"
            ),
            models.UniqueConstraint(
                fields=["staff", "role", "unit"], condition=Q(held_until__isnull=True), name="post_held_once_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role}@{self.unit_id}"


class Skill(models.Model):
    """What somebody is good at, for routing: a language, a subject; level 1 (learning) to 5 (teaches it)."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="skills")
    code = models.CharField(max_length=40)
    level = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "code"], name="skill_once_per_person"),
            models.CheckConstraint(condition=Q(level__gte=1, level__lte=5), name="skill_level_one_to_five"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.level}"


class Certificate(models.Model):
    """What somebody has proved to be able to do, until when (证书, F4)."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="certificates")
    code = models.CharField(max_length=40)
    number = models.CharField(max_length=60, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(valid_until__gt=F("valid_from")), name="certificate_ends_after_it_begins")
        ]

    def __str__(self) -> str:
        return self.code

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day < self.valid_until


class TsTzRange(Func):
    """The half-open period between two columns."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Absence(models.Model):
    """A time when somebody is away, and who stands in (缺勤与代理)."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="absences")
    reason = models.CharField(max_length=20, choices=AbsenceReason.choices)
    away_from = models.DateTimeField()
    away_until = models.DateTimeField()
    stand_in = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True, related_name="stands_in_for")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(away_until__gt=F("away_from")), name="absence_ends_after_it_begins"),
            ExclusionConstraint(
                name="absence_never_overlaps",
                expressions=[("staff", RangeOperators.EQUAL), (TsTzRange("away_from", "away_until"), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.away_from:%F}"

    def covers(self, at: datetime) -> bool:
        return self.away_from <= at < self.away_until


class FailedSignIn(models.Model):
    """One attempt to sign in under a name, whether anybody is called so or not; taken back when it succeeds."""

    staff_no = models.CharField(max_length=20)
    address = models.CharField(max_length=45)
    failed_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["staff_no", "failed_at"], name="failed_sign_in_of_name")]

    def __str__(self) -> str:
        return self.staff_no


class EndedSession(models.Model):
    """A session that was signed out before it ran out: its cookie is no longer believed."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="ended_sessions")
    session = models.CharField(max_length=22, unique=True)
    ended_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.session


class ApiToken(models.Model):
    """A key with which a program acts as a member of staff, within ``scopes`` (接口令牌). Only its SHA-256 is kept."""

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=60))
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("issued_at")), name="token_expires_after_issue"),
        ]

    def __str__(self) -> str:
        return f"{self.prefix} {self.name}"
