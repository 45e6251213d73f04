import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("sales", "0013_opportunity_tags"),
    ]

    operations = [
        migrations.AddField(
            model_name="pipeline",
            name="big_from",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="In the organisation's currency. Managers are told of sales of this amount or more. Empty: never.",
                max_digits=18,
                null=True,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="big from",
            ),
        ),
    ]
