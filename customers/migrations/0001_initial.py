import datetime
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('crm', '0001_initial'),
        ('crm', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='changed')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('sort_name', models.CharField(editable=False, max_length=120)),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='phone')),
                ('language', models.CharField(blank=True, max_length=10, verbose_name='language')),
                ('do_not_contact', models.BooleanField(default=False, verbose_name='do not contact')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.team', verbose_name='team')),
            ],
            options={
                'verbose_name': 'contact',
                'verbose_name_plural': 'contacts',
                'ordering': ['sort_name', 'pk'],
                'indexes': [models.Index(condition=models.Q(('deleted_at', None)), fields=['-updated_at', '-id'], name='contact_newest'), models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', '-updated_at', '-id'], name='contact_owner'), models.Index(condition=models.Q(('deleted_at', None)), fields=['team', '-updated_at', '-id'], name='contact_team'), models.Index(condition=models.Q(('deleted_at', None)), fields=['sort_name', 'id'], name='contact_sort_name'), models.Index(fields=['email'], name='contact_email')],
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='contact_has_a_name'), models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='contact_email_is_lower_case')],
            },
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='changed')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('sort_name', models.CharField(editable=False, max_length=200)),
                ('form', models.CharField(choices=[('organisation', 'organisation'), ('person', 'person')], default='organisation', max_length=12, verbose_name='form')),
                ('lifecycle', models.CharField(choices=[('prospect', 'prospect'), ('active', 'active'), ('churned', 'churned')], default='prospect', max_length=10, verbose_name='lifecycle')),
                ('tier', models.CharField(blank=True, choices=[('A', 'A: key customer'), ('B', 'B: growing customer'), ('C', 'C: regular customer')], max_length=1, verbose_name='tier')),
                ('channel', models.CharField(blank=True, choices=[('referral', 'referral'), ('website', 'website'), ('campaign', 'campaign'), ('event', 'event'), ('outbound', 'outbound'), ('partner', 'partner'), ('other', 'other')], max_length=12, verbose_name='source channel')),
                ('industry', models.CharField(blank=True, max_length=100, verbose_name='industry')),
                ('number', models.CharField(blank=True, max_length=60, verbose_name='registration number')),
                ('website', models.URLField(blank=True, verbose_name='website')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='phone')),
                ('city', models.CharField(blank=True, max_length=100, verbose_name='city')),
                ('country', models.CharField(blank=True, max_length=100, verbose_name='country')),
                ('founded', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='founded in')),
                ('employees', models.PositiveIntegerField(blank=True, null=True, verbose_name='employees')),
                ('annual_revenue', models.DecimalField(blank=True, decimal_places=2, max_digits=18, null=True, verbose_name='annual revenue')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('health', models.PositiveSmallIntegerField(blank=True, editable=False, null=True, verbose_name='health')),
                ('last_activity_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last activity')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='subsidiaries', to='customers.customer', verbose_name='subsidiary of')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.team', verbose_name='team')),
            ],
            options={
                'verbose_name': 'customer',
                'verbose_name_plural': 'customers',
                'ordering': ['sort_name', 'pk'],
                'indexes': [models.Index(condition=models.Q(('deleted_at', None)), fields=['-updated_at', '-id'], name='customer_newest'), models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', '-updated_at', '-id'], name='customer_owner'), models.Index(condition=models.Q(('deleted_at', None)), fields=['team', '-updated_at', '-id'], name='customer_team'), models.Index(condition=models.Q(('deleted_at', None)), fields=['sort_name', 'id'], name='customer_sort_name'), models.Index(condition=models.Q(('deleted_at', None)), fields=['created_at', 'id'], name='customer_created'), models.Index(condition=models.Q(('deleted_at', None)), fields=['number'], name='customer_number')],
                'constraints': [models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='customer_has_a_name'), models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='customer_email_is_lower_case'), models.CheckConstraint(condition=models.Q(('pk', models.F('parent')), _negated=True), name='customer_is_not_its_own_parent'), models.CheckConstraint(condition=models.Q(('health__isnull', True), ('health__lte', 100), _connector='OR'), name='customer_health_at_most_100')],
            },
        ),
        migrations.CreateModel(
            name='Collaborator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('added_at', models.DateTimeField()),
                ('added_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='collaborators', to='customers.customer')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('customer', 'user'), name='collaborator_once')],
            },
        ),
        migrations.CreateModel(
            name='Activity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='changed')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted')),
                ('about_kind', models.CharField(blank=True, editable=False, max_length=40)),
                ('about_id', models.BigIntegerField(blank=True, editable=False, null=True)),
                ('type', models.CharField(choices=[('call', 'call'), ('meeting', 'meeting'), ('visit', 'visit'), ('email', 'email'), ('message', 'message'), ('note', 'note')], max_length=8, verbose_name='type')),
                ('direction', models.CharField(choices=[('outbound', 'from us'), ('inbound', 'from the customer'), ('none', 'internal')], default='outbound', max_length=8, verbose_name='direction')),
                ('outcome', models.CharField(blank=True, choices=[('reached', 'reached'), ('not_reached', 'not reached'), ('positive', 'positive'), ('neutral', 'neutral'), ('negative', 'negative')], max_length=12, verbose_name='outcome')),
                ('at', models.DateTimeField(verbose_name='when')),
                ('duration', models.DurationField(blank=True, null=True, verbose_name='duration')),
                ('subject', models.CharField(max_length=200, verbose_name='subject')),
                ('body', models.TextField(blank=True, verbose_name='what was said')),
                ('submission', models.UUIDField(blank=True, editable=False, null=True, unique=True)),
                ('colleagues', models.ManyToManyField(blank=True, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='colleagues')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.team', verbose_name='team')),
                ('contacts', models.ManyToManyField(blank=True, related_name='activities', to='customers.contact', verbose_name='people')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='activities', to='customers.customer', verbose_name='customer')),
            ],
            options={
                'verbose_name': 'activity',
                'verbose_name_plural': 'activities',
                'ordering': ['-at', '-id'],
                'indexes': [models.Index(condition=models.Q(('deleted_at', None)), fields=['customer', '-at', '-id'], name='activity_customer'), models.Index(condition=models.Q(('deleted_at', None)), fields=['-at', '-id'], name='activity_newest'), models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', '-at', '-id'], name='activity_owner'), models.Index(condition=models.Q(('deleted_at', None)), fields=['team', '-at', '-id'], name='activity_team'), models.Index(condition=models.Q(('about_id__isnull', False)), fields=['about_kind', 'about_id', '-at', '-id'], name='activity_about')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('about_id', None), ('about_kind', '')), models.Q(models.Q(('about_kind', ''), _negated=True), ('about_id__isnull', False)), _connector='OR'), name='activity_about_kind_and_id'), models.CheckConstraint(condition=models.Q(('subject', ''), _negated=True), name='activity_has_a_subject'), models.CheckConstraint(condition=models.Q(('duration__isnull', True), ('duration__gte', datetime.timedelta(0)), _connector='OR'), name='activity_duration_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='CustomerContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(blank=True, max_length=80, verbose_name='role')),
                ('is_main', models.BooleanField(default=False, verbose_name='main contact')),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='customer_links', to='customers.contact', verbose_name='contact')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contact_links', to='customers.customer', verbose_name='customer')),
            ],
            options={
                'ordering': ['-is_main', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('customer', 'contact'), name='contact_once_at_a_customer'), models.UniqueConstraint(condition=models.Q(('is_main', True)), fields=('customer',), name='customer_has_one_main_contact')],
            },
        ),
        migrations.AddField(
            model_name='contact',
            name='customers',
            field=models.ManyToManyField(related_name='contacts', through='customers.CustomerContact', to='customers.customer'),
        ),
        migrations.CreateModel(
            name='Standing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField(verbose_name='since')),
                ('lifecycle', models.CharField(choices=[('prospect', 'prospect'), ('active', 'active'), ('churned', 'churned')], max_length=10)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='standings', to='customers.customer')),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.team')),
            ],
            options={
                'ordering': ['customer_id', '-since', '-id'],
                'indexes': [models.Index(fields=['customer', '-since', '-id'], name='standing_customer'), models.Index(fields=['lifecycle', 'since'], name='standing_lifecycle')],
            },
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='changed')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted')),
                ('about_kind', models.CharField(blank=True, editable=False, max_length=40)),
                ('about_id', models.BigIntegerField(blank=True, editable=False, null=True)),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('due_at', models.DateTimeField(blank=True, null=True, verbose_name='due')),
                ('priority', models.PositiveSmallIntegerField(choices=[(1, 'low'), (2, 'normal'), (3, 'high')], default=2, verbose_name='priority')),
                ('done_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='done')),
                ('after', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='next_steps', to='customers.activity', verbose_name='next step after')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='tasks', to='customers.contact', verbose_name='contact')),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='customers.customer', verbose_name='customer')),
                ('done_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.team', verbose_name='team')),
            ],
            options={
                'verbose_name': 'task',
                'verbose_name_plural': 'tasks',
                'ordering': ['due_at', 'pk'],
                'indexes': [models.Index(condition=models.Q(('deleted_at', None), ('done_at', None)), fields=['owner', 'due_at', 'id'], name='task_owner_open'), models.Index(condition=models.Q(('deleted_at', None), ('done_at', None)), fields=['team', 'due_at', 'id'], name='task_team_open'), models.Index(condition=models.Q(('deleted_at', None)), fields=['-updated_at', '-id'], name='task_newest'), models.Index(condition=models.Q(('deleted_at', None)), fields=['customer', 'due_at', 'id'], name='task_customer'), models.Index(condition=models.Q(('about_id__isnull', False)), fields=['about_kind', 'about_id'], name='task_about')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('done_by', None)), ('done_at__isnull', False), _connector='OR'), name='task_done_by_needs_done_at'), models.CheckConstraint(condition=models.Q(models.Q(('about_id', None), ('about_kind', '')), models.Q(models.Q(('about_kind', ''), _negated=True), ('about_id__isnull', False)), _connector='OR'), name='task_about_kind_and_id'), models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='task_has_a_title')],
            },
        ),
    ]
