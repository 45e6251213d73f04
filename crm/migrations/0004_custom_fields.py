import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0003_mentions_and_summaries"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomField",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20, verbose_name="kind of record")),
                (
                    "code",
                    models.CharField(
                        help_text="What files and other programs call it. It stays for ever.",
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z][a-z0-9]*(_[a-z0-9]+)*$",
                                "Small letters, digits and single underscores, beginning with a letter.",
                            )
                        ],
                        verbose_name="code",
                    ),
                ),
                ("label", models.CharField(max_length=80, verbose_name="label")),
                ("label_zh", models.CharField(blank=True, max_length=80, verbose_name="label in Chinese")),
                ("help_text", models.CharField(blank=True, max_length=200, verbose_name="help text")),
                ("help_text_zh", models.CharField(blank=True, max_length=200, verbose_name="help text in Chinese")),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("text", "text"),
                            ("long_text", "long text"),
                            ("number", "whole number"),
                            ("decimal", "decimal number"),
                            ("date", "date"),
                            ("boolean", "yes or no"),
                            ("choice", "one choice"),
                            ("choices", "several choices"),
                            ("link", "link"),
                        ],
                        help_text="It stays as soon as a record has a value.",
                        max_length=10,
                        verbose_name="type",
                    ),
                ),
                (
                    "is_required",
                    models.BooleanField(
                        default=False,
                        help_text="In forms, files and through the API, from now on.",
                        verbose_name="required",
                    ),
                ),
                (
                    "default",
                    models.CharField(
                        blank=True,
                        help_text="What a new record has unless something else is said. Of choices: mark one below.",
                        max_length=200,
                        verbose_name="default",
                    ),
                ),
                ("group", models.CharField(blank=True, max_length=60, verbose_name="group")),
                ("group_zh", models.CharField(blank=True, max_length=60, verbose_name="group in Chinese")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("is_searched", models.BooleanField(default=False, verbose_name="found by search")),
                (
                    "is_shown",
                    models.BooleanField(
                        default=False,
                        help_text="Unless a person chose columns of their own.",
                        verbose_name="shown in the list",
                    ),
                ),
                (
                    "is_retired",
                    models.BooleanField(
                        default=False,
                        help_text="No longer asked for or shown; what was written down is kept.",
                        verbose_name="retired",
                    ),
                ),
                ("is_deleted", models.BooleanField(default=False, editable=False)),
            ],
            options={
                "verbose_name": "custom field",
                "verbose_name_plural": "custom fields",
                "ordering": ["kind", "position", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "code"),
                        name="custom_field_code_once",
                        violation_error_message="There is, or was, a field with this code.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("code__regex", "^[a-z][a-z0-9]*(_[a-z0-9]+)*$")),
                        name="custom_field_code_is_plain",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("label", ""), _negated=True), name="custom_field_has_a_label"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomFieldChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z][a-z0-9]*(_[a-z0-9]+)*$",
                                "Small letters, digits and single underscores, beginning with a letter.",
                            )
                        ],
                        verbose_name="code",
                    ),
                ),
                ("label", models.CharField(max_length=80, verbose_name="label")),
                ("label_zh", models.CharField(blank=True, max_length=80, verbose_name="label in Chinese")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                ("is_default", models.BooleanField(default=False, verbose_name="default")),
                ("is_retired", models.BooleanField(default=False, verbose_name="retired")),
                (
                    "field",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="choices",
                        to="crm.customfield",
                        verbose_name="field",
                    ),
                ),
            ],
            options={
                "verbose_name": "choice",
                "verbose_name_plural": "choices",
                "ordering": ["position", "pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("field", "code"), name="custom_field_choice_once"),
                    models.CheckConstraint(
                        condition=models.Q(("code__regex", "^[a-z][a-z0-9]*(_[a-z0-9]+)*$")),
                        name="custom_field_choice_code_is_plain",
                    ),
                ],
            },
        ),
    ]
