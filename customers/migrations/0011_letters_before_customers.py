import django.contrib.postgres.operations as postgres
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # nobody waits while a large table gets its index, and older rows are asked

    dependencies = [
        ('customers', '0010_places'),
    ]

    operations = [
        migrations.AlterField(
            model_name='email',
            name='customer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='emails', to='customers.customer', verbose_name='customer'),
        ),
        postgres.AddIndexConcurrently(
            model_name='email',
            index=models.Index(condition=models.Q(('about_kind', ''), _negated=True), fields=['about_kind', 'about_id', '-at', '-id'], name='email_about'),
        ),
        postgres.AddConstraintNotValid(
            model_name='email',
            constraint=models.CheckConstraint(condition=models.Q(('customer__isnull', False), models.Q(models.Q(('about_kind', ''), _negated=True), ('activity', None)), _connector='OR'), name='email_of_a_customer_or_about_a_record'),
        ),
        postgres.ValidateConstraint(model_name='email', name='email_of_a_customer_or_about_a_record'),
    ]
