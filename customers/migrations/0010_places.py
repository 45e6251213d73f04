import django.contrib.postgres.operations as postgres
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # nobody waits while a large table gets its indexes, and older rows are asked

    dependencies = [
        ('customers', '0009_unsubscriptions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Place',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('city', models.CharField(max_length=100, verbose_name='city')),
                ('country', models.CharField(blank=True, max_length=100, verbose_name='country')),
                ('state', models.CharField(choices=[('found', 'found'), ('ambiguous', 'several places have this name'), ('unknown', 'unknown')], max_length=9, verbose_name='state')),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='found as')),
                ('latitude', models.DecimalField(blank=True, decimal_places=6, max_digits=8, null=True, verbose_name='latitude')),
                ('longitude', models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True, verbose_name='longitude')),
                ('source', models.CharField(max_length=60, verbose_name='source')),
                ('looked_up_at', models.DateTimeField(verbose_name='looked up')),
            ],
            options={
                'verbose_name': 'place',
                'verbose_name_plural': 'places',
                'ordering': ['city', 'country'],
            },
        ),
        migrations.AddField(
            model_name='customer',
            name='latitude',
            field=models.DecimalField(blank=True, decimal_places=6, max_digits=8, null=True, verbose_name='latitude'),
        ),
        migrations.AddField(
            model_name='customer',
            name='located_by',
            field=models.CharField(blank=True, choices=[('entered', 'entered'), ('imported', 'imported')], db_default='', default='', editable=False, max_length=8, verbose_name='coordinates known by'),
        ),
        migrations.AddField(
            model_name='customer',
            name='longitude',
            field=models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True, verbose_name='longitude'),
        ),
        postgres.AddIndexConcurrently(
            model_name='customer',
            index=models.Index(condition=models.Q(('deleted_at', None), models.Q(('city', ''), _negated=True)), fields=['city', 'country'], name='customer_city'),
        ),
        postgres.AddIndexConcurrently(
            model_name='customer',
            index=models.Index(condition=models.Q(('deleted_at', None), ('latitude__isnull', False)), fields=['latitude', 'longitude'], name='customer_position'),
        ),
        postgres.AddConstraintNotValid(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('latitude', None), ('located_by', ''), ('longitude', None)), models.Q(('latitude__isnull', False), ('located_by__in', ['entered', 'imported']), ('longitude__isnull', False)), _connector='OR'), name='customer_position_is_whole', violation_error_message='Latitude and longitude go together: give both or neither.'),
        ),
        postgres.AddConstraintNotValid(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(('latitude', None), models.Q(('latitude__range', (-90, 90)), ('longitude__range', (-180, 180))), _connector='OR'), name='customer_position_is_on_earth', violation_error_message='A latitude is between -90 and 90, a longitude between -180 and 180.'),
        ),
        postgres.ValidateConstraint(model_name='customer', name='customer_position_is_whole'),
        postgres.ValidateConstraint(model_name='customer', name='customer_position_is_on_earth'),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.UniqueConstraint(fields=('city', 'country'), name='place_once'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.CheckConstraint(condition=models.Q(('city', ''), _negated=True), name='place_has_a_city'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('latitude__isnull', False), ('longitude__isnull', False), ('state', 'found')), models.Q(models.Q(('state', 'found'), _negated=True), ('latitude', None), ('longitude', None)), _connector='OR'), name='place_found_has_coordinates'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.CheckConstraint(condition=models.Q(('latitude', None), models.Q(('latitude__range', (-90, 90)), ('longitude__range', (-180, 180))), _connector='OR'), name='place_is_on_earth'),
        ),
    ]
