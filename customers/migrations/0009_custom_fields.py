from django.db import migrations, models

import crm.models.custom_field


def values() -> crm.models.custom_field.CustomValuesField:
    return crm.models.custom_field.CustomValuesField(
        blank=True,
        db_default=models.Value({}, models.JSONField()),
        default=dict,
        editable=False,
        verbose_name="custom fields",
    )


class Migration(migrations.Migration):
    dependencies = [("crm", "0004_custom_fields"), ("customers", "0008_daily_summary")]

    operations = [
        migrations.AddField("customer", "custom", values()),
        migrations.AddField("contact", "custom", values()),
    ]
