"""Tables of customers. What is personal is sealed; blind indexes and keyed terms stand beside it for finding."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from shouwen.platform.search.fields import EncryptedText, terms_field, terms_index
from shouwen.records.customers.choices import (
    AreaClass,
    Consent,
    ContactKind,
    CustomerClass,
    CustomerKind,
    IdentityKind,
    ImportOutcome,
    ImportState,
    Language,
    NeedKind,
    PreferredChannel,
    SensitivityKind,
    Tier,
    VoltageClass,
)


class Customer(models.Model):
    """A person or an organisation (客户). ``number`` is the company's own customer number."""

    number = models.CharField(max_length=24)
    kind = models.CharField(max_length=12, choices=CustomerKind.choices)
    name = EncryptedText()
    identity_kind = models.CharField(max_length=16, choices=IdentityKind.choices, blank=True)
    identity_number = EncryptedText()
    identity_blind = models.BigIntegerField(null=True, editable=False)
    identity_tail_blind = models.BigIntegerField(null=True, editable=False)
    tier = models.CharField(max_length=12, choices=Tier.choices, default=Tier.ORDINARY)
    representative = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    registered_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["identity_blind"], name="customer_identity", condition=Q(identity_blind__isnull=False)),
            models.Index(
                fields=["identity_tail_blind", "id"],
                name="customer_identity_tail",
                condition=Q(identity_tail_blind__isnull=False),
            ),
        ]
        constraints = [models.UniqueConstraint(fields=["number"], name="customer_number_once")]

    def __str__(self) -> str:
        return self.number


class Account(models.Model):
    """An account for which bills are made (户号)."""

    number = models.CharField(max_length=24)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="accounts")
    opened_on = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    imported_digest = models.BigIntegerField(null=True, editable=False)  # of the row it was last imported from, by key
    imported_run_id = models.BigIntegerField(null=True, editable=False)
    imported_row_no = models.BigIntegerField(null=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["number"], name="account_number_once")]

    def __str__(self) -> str:
        return self.number


class SupplyPoint(models.Model):
    """A place where power is used (用电点). ``street`` ends with the house number; ``room`` is what follows: building, unit, room."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="supply_points")
    street = EncryptedText()
    room = EncryptedText()
    area_class = models.CharField(max_length=10, choices=AreaClass.choices)
    zone = models.CharField(max_length=30, blank=True)
    jurisdiction = models.CharField(max_length=40, default="CN")
    customer_class = models.CharField(max_length=20, choices=CustomerClass.choices)
    voltage_class = models.CharField(max_length=8, choices=VoltageClass.choices, blank=True)
    ownership_boundary = models.CharField(max_length=200, blank=True)
    transformer = models.ForeignKey(
        "network.Transformer", on_delete=models.PROTECT, null=True, blank=True, related_name="supply_points"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.account_id}/{self.pk}"


class ContactPointQuerySet(models.QuerySet["ContactPoint"]):
    def in_use(self) -> ContactPointQuerySet:
        return self.filter(removed_at__isnull=True)


class ContactPoint(models.Model):
    """One way to reach a customer (联系方式). Telephone numbers are kept as E.164, with ``;ext=`` for an extension.

    ``quiet_from``/``quiet_until`` are local times of day (Asia/Shanghai) between which nothing is sent; past midnight is allowed.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contact_points")
    kind = models.CharField(max_length=10, choices=ContactKind.choices)
    value = EncryptedText()
    whole_blind = models.BigIntegerField(editable=False)
    tail_blind = models.BigIntegerField(null=True, editable=False)
    holder = models.CharField(max_length=20, blank=True)  # owner, tenant, accountant: never a name
    consent = models.CharField(max_length=8, choices=Consent.choices, default=Consent.UNKNOWN)
    consent_at = models.DateTimeField(null=True, blank=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    is_preferred = models.BooleanField(default=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = ContactPointQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["whole_blind"], name="contact_whole"),
            models.Index(fields=["tail_blind", "customer"], name="contact_tail", condition=Q(tail_blind__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(is_preferred=True, removed_at__isnull=True),
                name="contact_point_one_preferred_per_customer",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="contact_point_quiet_hours_have_both_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Preference(models.Model):
    """How a customer wishes to be told (偏好, E4)."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="preference")
    language = models.CharField(max_length=8, choices=Language.choices, default=Language.ZH_HANS)
    channel = models.CharField(max_length=8, choices=PreferredChannel.choices, default=PreferredChannel.SMS)

    def __str__(self) -> str:
        return f"{self.language} {self.channel}"


class SpecialNeed(models.Model):
    """A need that power or service must respect (特殊需求, E4), at one place or wherever the customer is."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="special_needs")
    supply_point = models.ForeignKey(SupplyPoint, on_delete=models.CASCADE, null=True, blank=True, related_name="special_needs")
    kind = models.CharField(max_length=20, choices=NeedKind.choices)
    note = EncryptedText()
    recorded_at = models.DateTimeField()
    review_on = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "supply_point", "kind"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="special_need_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("recorded_at")), name="special_need_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return self.kind

    def holds_at(self, at: datetime) -> bool:
        return self.recorded_at <= at and (self.ended_at is None or at < self.ended_at)


class Sensitivity(models.Model):
    """What whoever answers should know (敏感标签, A5), until a day."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="sensitivities")
    kind = models.CharField(max_length=20, choices=SensitivityKind.choices)
    note = EncryptedText()
    noted_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "sensitivities"

    def __str__(self) -> str:
        return self.kind


class SearchEntry(models.Model):
    """The keyed terms of one customer at one place (``place_id`` 0: of a customer without a place). Derived: can be made anew."""

    pk = models.CompositePrimaryKey("customer_id", "place_id")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    place_id = models.BigIntegerField(default=0)
    terms = terms_field()

    class Meta:
        indexes = [terms_index("customer_search_terms")]

    def __str__(self) -> str:
        return f"{self.customer_id}/{self.place_id}"


class ImportRun(models.Model):
    """One import of one file by one mapping (导入). The same file by the same mapping is the same run, resumed where it stopped."""

    file_name = models.CharField(max_length=200)
    file_digest = models.CharField(max_length=64)
    mapping_name = models.CharField(max_length=80)
    mapping_digest = models.CharField(max_length=64)
    encoding = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.RUNNING)
    rows_done = models.PositiveBigIntegerField(default=0)
    bytes_done = models.PositiveBigIntegerField(default=0)
    bytes_total = models.PositiveBigIntegerField(default=0)
    created_count = models.PositiveBigIntegerField(default=0)
    updated_count = models.PositiveBigIntegerField(default=0)
    unchanged_count = models.PositiveBigIntegerField(default=0)
    rejected_count = models.PositiveBigIntegerField(default=0)
    transferred_count = models.PositiveBigIntegerField(default=0)
    flawed_count = models.PositiveBigIntegerField(default=0)  # taken, but for something that is named as a problem
    started_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file_digest", "mapping_digest"], name="import_run_once_per_file_and_mapping")
        ]

    def __str__(self) -> str:
        return f"{self.file_name} {self.state}"


class ImportRow(models.Model):
    """What became of one row of a file. A rejected row is kept whole, sealed, with what is wrong with it."""

    pk = models.CompositePrimaryKey("run_id", "row_no")
    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="rows")
    row_no = models.PositiveBigIntegerField()  # the first row after the heading is 1
    line_no = models.PositiveBigIntegerField()  # the line of the file on which it begins, from 1
    outcome = models.CharField(max_length=12, choices=ImportOutcome.choices)
    customer_id = models.BigIntegerField(null=True)
    problems = models.JSONField(null=True, blank=True)
    raw = EncryptedText()

    class Meta:
        indexes = [
            models.Index(fields=["run", "row_no"], name="import_row_rejected", condition=Q(outcome=ImportOutcome.REJECTED))
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.row_no} {self.outcome}"
