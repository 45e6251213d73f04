from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def made_before(self, moment: datetime) -> Self:
        return self.filter(created_at__lt=moment)


class IdempotencyKey(models.Model):
    """What a program's POST was answered the first time, so that sending it again changes nothing more.

    Written in the transaction of the write itself: a second request with the key waits for the first.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    path = models.CharField(max_length=300)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(null=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return self.key
