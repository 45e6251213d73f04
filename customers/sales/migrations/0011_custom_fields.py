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
    dependencies = [("crm", "0004_custom_fields"), ("sales", "0010_leads_complete")]

    operations = [
        migrations.AddField("lead", "custom", values()),
        migrations.AddField("opportunity", "custom", values()),
    ]
