"""Further addresses and numbers, consent for purposes, tags."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0004_webhooks"),
        ("customers", "0007_calendar_feed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("given", "given"), ("withdrawn", "withdrawn")], max_length=9, verbose_name="state"
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("consent", "consent"),
                            ("contract", "contract"),
                            ("interest", "legitimate interest"),
                            ("obligation", "legal obligation"),
                        ],
                        default="consent",
                        max_length=10,
                        verbose_name="lawful basis",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                ("source", models.CharField(blank=True, max_length=200, verbose_name="source")),
                ("noted_at", models.DateTimeField(verbose_name="noted")),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ContactPoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("email", "email"),
                            ("phone", "phone"),
                            ("address", "postal address"),
                            ("handle", "social handle"),
                        ],
                        max_length=8,
                        verbose_name="type",
                    ),
                ),
                (
                    "network",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("wechat", "WeChat"),
                            ("linkedin", "LinkedIn"),
                            ("whatsapp", "WhatsApp"),
                            ("other", "other"),
                        ],
                        max_length=8,
                        verbose_name="network",
                    ),
                ),
                (
                    "label",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("work", "work"),
                            ("private", "private"),
                            ("mobile", "mobile"),
                            ("billing", "billing"),
                            ("delivery", "delivery"),
                            ("other", "other"),
                        ],
                        max_length=8,
                        verbose_name="label",
                    ),
                ),
                ("value", models.CharField(max_length=254, verbose_name="value")),
                ("postal_code", models.CharField(blank=True, max_length=20, verbose_name="postal code")),
                ("city", models.CharField(blank=True, max_length=100, verbose_name="city")),
                ("country", models.CharField(blank=True, max_length=100, verbose_name="country")),
                ("key", models.CharField(editable=False, max_length=320)),
                ("is_primary", models.BooleanField(default=False, verbose_name="first one")),
                ("opted_out_at", models.DateTimeField(blank=True, null=True, verbose_name="opted out")),
                (
                    "validity",
                    models.CharField(
                        choices=[("unknown", "not checked"), ("valid", "valid"), ("invalid", "invalid")],
                        default="unknown",
                        max_length=7,
                        verbose_name="validity",
                    ),
                ),
                ("invalid_since", models.DateTimeField(blank=True, null=True, verbose_name="invalid since")),
                ("added_at", models.DateTimeField(verbose_name="added")),
            ],
            options={
                "verbose_name": "address or number",
                "verbose_name_plural": "addresses and numbers",
                "ordering": ["type", "-is_primary", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Purpose",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=30, unique=True, verbose_name="code")),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("name_zh", models.CharField(blank=True, max_length=80, verbose_name="name in Chinese")),
                (
                    "needs_consent",
                    models.BooleanField(
                        default=False,
                        help_text="Nobody is written to for this purpose before they have agreed. Else until they say no.",
                        verbose_name="only with consent",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "purpose of writing",
                "verbose_name_plural": "purposes of writing",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                ("key", models.CharField(editable=False, max_length=80, unique=True)),
                (
                    "colour",
                    models.CharField(
                        choices=[
                            ("secondary", "grey"),
                            ("blue", "blue"),
                            ("green", "green"),
                            ("yellow", "yellow"),
                            ("orange", "orange"),
                            ("red", "red"),
                            ("purple", "purple"),
                        ],
                        default="secondary",
                        max_length=10,
                        verbose_name="colour",
                    ),
                ),
            ],
            options={
                "verbose_name": "tag",
                "verbose_name_plural": "tags",
                "ordering": ["key"],
            },
        ),
        migrations.AddField(
            model_name="contact",
            name="do_not_contact_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="why not"),
        ),
        migrations.AddField(
            model_name="contact",
            name="tags",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                blank=True,
                db_default=[],
                default=list,
                editable=False,
                size=None,
                verbose_name="tags",
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="do_not_contact",
            field=models.BooleanField(db_default=False, default=False, verbose_name="do not contact"),
        ),
        migrations.AddField(
            model_name="customer",
            name="do_not_contact_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="why not"),
        ),
        migrations.AddField(
            model_name="customer",
            name="tags",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                blank=True,
                db_default=[],
                default=list,
                editable=False,
                size=None,
                verbose_name="tags",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="contact",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="consents",
                to="customers.contact",
                verbose_name="contact",
            ),
        ),
        migrations.AddField(
            model_name="contactpoint",
            name="contact",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="points",
                to="customers.contact",
            ),
        ),
        migrations.AddField(
            model_name="contactpoint",
            name="customer",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="points",
                to="customers.customer",
            ),
        ),
        migrations.AddConstraint(
            model_name="purpose",
            constraint=models.CheckConstraint(
                condition=models.Q(("code", "service"), ("needs_consent", True), _negated=True),
                name="purpose_service_needs_no_consent",
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="purpose",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consents",
                to="customers.purpose",
                verbose_name="purpose",
            ),
        ),
        migrations.AddConstraint(
            model_name="tag",
            constraint=models.CheckConstraint(condition=models.Q(("name", ""), _negated=True), name="tag_has_a_name"),
        ),
        migrations.AddIndex(
            model_name="contactpoint",
            index=models.Index(fields=["key"], name="contact_point_key"),
        ),
        migrations.AddConstraint(
            model_name="contactpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("contact__isnull", True), ("customer__isnull", True), _connector="XOR"),
                name="contact_point_is_of_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactpoint",
            constraint=models.UniqueConstraint(fields=("contact", "key"), name="contact_point_once_at_a_contact"),
        ),
        migrations.AddConstraint(
            model_name="contactpoint",
            constraint=models.UniqueConstraint(fields=("customer", "key"), name="contact_point_once_at_a_customer"),
        ),
        migrations.AddConstraint(
            model_name="contactpoint",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_primary", True)),
                fields=("contact", "type"),
                name="contact_has_one_first_of_a_type",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactpoint",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_primary", True)),
                fields=("customer", "type"),
                name="customer_has_one_first_of_a_type",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("invalid_since__isnull", False), ("validity", "invalid")),
                    models.Q(models.Q(("validity", "invalid"), _negated=True), ("invalid_since__isnull", True)),
                    _connector="OR",
                ),
                name="contact_point_invalid_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("type", "handle"), models.Q(("network", ""), _negated=True)),
                    models.Q(models.Q(("type", "handle"), _negated=True), ("network", "")),
                    _connector="OR",
                ),
                name="contact_point_handle_has_a_network",
            ),
        ),
        migrations.AddConstraint(
            model_name="contactpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(("value", ""), _negated=True), name="contact_point_says_something"
            ),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["contact", "purpose", "-at", "-id"], name="consent_current"),
        ),
    ]
