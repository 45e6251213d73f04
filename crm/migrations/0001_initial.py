import crm.models.calendar
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('email', models.EmailField(blank=True, max_length=254, null=True, unique=True, verbose_name='email address')),
                ('name', models.CharField(help_text='As it is spoken: 张伟, or Anna Snelling.', max_length=120, verbose_name='name')),
                ('language', models.CharField(default='en', max_length=10, verbose_name='language')),
                ('theme', models.CharField(choices=[('auto', 'like the device'), ('light', 'light'), ('dark', 'dark')], default='auto', max_length=5, verbose_name='theme')),
                ('timezone', models.CharField(blank=True, max_length=60, verbose_name='time zone')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('is_superuser', models.BooleanField(default=False, verbose_name='administrator of the installation')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='joined')),
            ],
            options={
                'verbose_name': 'person',
                'verbose_name_plural': 'people',
                'ordering': ['name', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('email__isnull', True), ('email', django.db.models.functions.text.Lower('email')), _connector='OR'), name='user_email_is_lower_case')],
            },
        ),
        migrations.CreateModel(
            name='BusinessCalendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('timezone', models.CharField(default='UTC', max_length=60, validators=[crm.models.calendar.validate_timezone], verbose_name='time zone')),
            ],
            options={
                'verbose_name': 'business calendar',
                'verbose_name_plural': 'business calendars',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Role',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('description', models.TextField(blank=True, verbose_name='description')),
            ],
            options={
                'verbose_name': 'role',
                'verbose_name_plural': 'roles',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=80, verbose_name='type')),
                ('subject_kind', models.CharField(max_length=40, verbose_name='kind of record')),
                ('subject_id', models.BigIntegerField(verbose_name='record')),
                ('subject_label', models.CharField(blank=True, max_length=200, verbose_name='called')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('data', models.JSONField(blank=True, default=dict, verbose_name='data')),
                ('request_id', models.CharField(blank=True, max_length=64, verbose_name='request')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
            ],
            options={
                'verbose_name': 'event',
                'verbose_name_plural': 'events',
                'ordering': ['-at', '-id'],
                'indexes': [models.Index(fields=['subject_kind', 'subject_id', '-at', '-id'], name='event_subject'), models.Index(fields=['type', '-at', '-id'], name='event_type'), models.Index(fields=['-at', '-id'], name='event_at')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subscriber', models.CharField(max_length=100, verbose_name='subscriber')),
                ('state', models.CharField(choices=[('pending', 'pending'), ('done', 'done'), ('dead', 'given up')], default='pending', max_length=8, verbose_name='state')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('due_at', models.DateTimeField(verbose_name='next attempt')),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='done')),
                ('error', models.TextField(blank=True, verbose_name='last error')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='crm.event', verbose_name='event')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['due_at', 'id'], name='delivery_due'), models.Index(condition=models.Q(('state', 'dead')), fields=['-id'], name='delivery_dead')],
                'constraints': [models.UniqueConstraint(fields=('event', 'subscriber'), name='delivery_once_per_subscriber'), models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', False), ('state', 'done')), models.Q(models.Q(('state', 'done'), _negated=True), ('done_at__isnull', True)), _connector='OR'), name='delivery_done_has_a_time')],
            },
        ),
        migrations.CreateModel(
            name='EventLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('object_id', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='crm.event')),
            ],
            options={
                'indexes': [models.Index(fields=['kind', 'object_id', '-at', '-event'], name='event_link_timeline')],
                'constraints': [models.UniqueConstraint(fields=('event', 'kind', 'object_id'), name='event_linked_once')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200)),
                ('path', models.CharField(max_length=300)),
                ('fingerprint', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(default=0)),
                ('body', models.JSONField(null=True)),
                ('headers', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='idempotency_key_age')],
                'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='idempotency_key_once')],
            },
        ),
        migrations.CreateModel(
            name='ImportBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('target', models.CharField(max_length=40, verbose_name='kind of record')),
                ('file_name', models.CharField(max_length=200, verbose_name='file')),
                ('heads', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ('reading', models.JSONField(default=dict)),
                ('profile', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('uploaded', 'uploaded'), ('mapped', 'columns chosen'), ('checking', 'being checked'), ('checked', 'checked'), ('running', 'running'), ('done', 'done'), ('failed', 'failed'), ('undoing', 'being undone'), ('undone', 'undone')], default='uploaded', max_length=10, verbose_name='state')),
                ('created_at', models.DateTimeField(verbose_name='uploaded')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='started')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('undone_at', models.DateTimeField(blank=True, null=True, verbose_name='undone')),
                ('cleared_at', models.DateTimeField(blank=True, null=True)),
                ('is_emptied', models.BooleanField(default=False)),
                ('touched_at', models.DateTimeField(blank=True, null=True)),
                ('rows', models.PositiveIntegerField(default=0, verbose_name='rows')),
                ('settled', models.PositiveIntegerField(default=0)),
                ('counts', models.JSONField(default=dict)),
                ('problem', models.TextField(blank=True, verbose_name='problem')),
                ('last_event', models.BigIntegerField(blank=True, null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
            ],
            options={
                'verbose_name': 'import',
                'verbose_name_plural': 'imports',
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['done', 'undone']), _negated=True), ('finished_at__isnull', False), _connector='OR'), name='import_done_has_a_time')],
            },
        ),
        migrations.CreateModel(
            name='ImportJournal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind_code', models.CharField(max_length=40)),
                ('record_id', models.BigIntegerField()),
                ('label', models.CharField(blank=True, max_length=200)),
                ('created', models.BooleanField()),
                ('before', models.JSONField(default=dict)),
                ('after', models.JSONField(default=dict)),
                ('parts', models.JSONField(default=dict)),
                ('undone', models.CharField(blank=True, choices=[('', 'not undone'), ('undone', 'undone'), ('partly', 'partly undone'), ('kept', 'kept')], default='', max_length=8)),
                ('reason', models.TextField(blank=True, default='')),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='journal', to='crm.importbatch')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['batch', 'undone', '-id'], name='import_journal_undo'), models.Index(fields=['kind_code', 'record_id'], name='import_journal_record')],
            },
        ),
        migrations.CreateModel(
            name='ImportRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('cells', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ('bunch', models.PositiveIntegerField(default=0)),
                ('turn', models.PositiveSmallIntegerField(default=0)),
                ('outcome', models.CharField(blank=True, choices=[('', 'not yet'), ('created', 'created'), ('updated', 'updated'), ('same', 'already there'), ('skipped', 'left out'), ('error', 'error')], default='', max_length=8)),
                ('reason', models.TextField(blank=True, default='')),
                ('changes', models.JSONField(default=dict)),
                ('record_id', models.BigIntegerField(null=True)),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='crm.importbatch')),
            ],
            options={
                'ordering': ['number'],
                'indexes': [models.Index(fields=['batch', 'turn', 'bunch', 'number'], name='import_row_in_turn')],
                'constraints': [models.UniqueConstraint(fields=('batch', 'number'), name='import_row_once')],
            },
        ),
        migrations.CreateModel(
            name='JobRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('job', models.CharField(max_length=80, verbose_name='job')),
                ('slot', models.CharField(max_length=20, verbose_name='slot')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='started')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('error', models.TextField(blank=True, verbose_name='last error')),
            ],
            options={
                'verbose_name': 'job run',
                'verbose_name_plural': 'job runs',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('finished_at__isnull', True)), fields=['id'], name='job_run_unfinished')],
                'constraints': [models.UniqueConstraint(fields=('job', 'slot'), name='job_run_once_per_slot')],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message', models.CharField(max_length=300)),
                ('values', models.JSONField(blank=True, default=dict)),
                ('url', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField()),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('key', models.CharField(max_length=120)),
                ('receiver', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-at', '-id'],
                'indexes': [models.Index(fields=['receiver', '-at', '-id'], name='notification_newest')],
                'constraints': [models.UniqueConstraint(fields=('receiver', 'key'), name='notification_once')],
            },
        ),
        migrations.AddField(
            model_name='user',
            name='roles',
            field=models.ManyToManyField(blank=True, related_name='people', to='crm.role', verbose_name='roles'),
        ),
        migrations.CreateModel(
            name='RoleGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40, verbose_name='kind of record')),
                ('verb', models.CharField(choices=[('view', 'View'), ('create', 'Create'), ('edit', 'Edit'), ('delete', 'Delete'), ('export', 'Export'), ('assign', 'Assign')], max_length=10, verbose_name='permission')),
                ('reach', models.PositiveSmallIntegerField(choices=[(0, 'none'), (1, 'own'), (2, 'team'), (3, 'team and below'), (4, 'all')], default=1, verbose_name='reach')),
                ('role', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='crm.role', verbose_name='role')),
            ],
            options={
                'verbose_name': 'permission',
                'verbose_name_plural': 'permissions',
                'ordering': ['kind', 'verb'],
                'constraints': [models.UniqueConstraint(fields=('role', 'kind', 'verb'), name='role_grants_each_verb_once')],
            },
        ),
        migrations.CreateModel(
            name='SearchDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('object_id', models.BigIntegerField()),
                ('owner_id', models.BigIntegerField(null=True)),
                ('team_id', models.BigIntegerField(null=True)),
                ('title', models.CharField(max_length=300)),
                ('subtitle', models.CharField(blank=True, max_length=300)),
                ('words', django.contrib.postgres.search.SearchVectorField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['words'], name='search_words'), models.Index(fields=['-updated_at', '-id'], name='search_newest'), models.Index(fields=['owner_id', '-updated_at', '-id'], name='search_owner'), models.Index(fields=['team_id', '-updated_at', '-id'], name='search_team')],
                'constraints': [models.UniqueConstraint(fields=('kind', 'object_id'), name='search_document_once')],
            },
        ),
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('path', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, editable=False, size=None)),
                ('path_names', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, editable=False, size=None)),
                ('manager', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='managed_teams', to=settings.AUTH_USER_MODEL, verbose_name='manager')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='crm.team', verbose_name='part of')),
            ],
            options={
                'verbose_name': 'team',
                'verbose_name_plural': 'teams',
                'ordering': ['path_names'],
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['path'], name='team_path')],
                'constraints': [models.UniqueConstraint(models.F('parent'), models.F('name'), name='team_name_once_below_parent', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('pk', models.F('parent')), _negated=True), name='team_is_not_its_own_parent')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='changed')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted')),
                ('list_code', models.CharField(editable=False, max_length=60)),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('audience', models.CharField(choices=[('personal', 'Only me'), ('team', 'My team and the teams below'), ('everyone', 'Everyone')], default='personal', max_length=8, verbose_name='for')),
                ('query', models.TextField(blank=True, editable=False)),
                ('position', models.PositiveSmallIntegerField(default=100, verbose_name='position')),
                ('is_default', models.BooleanField(default=False, verbose_name='open the list with it')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.team', verbose_name='team')),
            ],
            options={
                'verbose_name': 'saved view',
                'verbose_name_plural': 'saved views',
                'ordering': ['list_code', 'position', 'name', 'pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('deleted_at', None)), fields=('list_code', 'owner', 'name'), name='saved_view_name_once_per_owner'), models.CheckConstraint(condition=models.Q(models.Q(('audience', 'team'), ('team__isnull', False)), models.Q(models.Q(('audience', 'team'), _negated=True), ('team__isnull', True)), _connector='OR'), name='saved_view_for_a_team_names_it'), models.CheckConstraint(condition=models.Q(('owner__isnull', False)), name='saved_view_has_an_owner')],
            },
        ),
        migrations.CreateModel(
            name='ImportProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('target', models.CharField(max_length=40, verbose_name='kind of record')),
                ('content', models.JSONField(default=dict)),
                ('updated_at', models.DateTimeField(verbose_name='changed')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.team')),
            ],
            options={
                'verbose_name': 'import profile',
                'verbose_name_plural': 'import profiles',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('by', 'target', 'name'), name='import_profile_once')],
            },
        ),
        migrations.AddField(
            model_name='importbatch',
            name='team',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='crm.team'),
        ),
        migrations.AddField(
            model_name='user',
            name='team',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='people', to='crm.team', verbose_name='team'),
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('hint', models.CharField(editable=False, max_length=12)),
                ('verbs', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('view', 'View'), ('create', 'Create'), ('edit', 'Edit'), ('delete', 'Delete'), ('export', 'Export'), ('assign', 'Assign')], max_length=10), size=None, verbose_name='may')),
                ('created_at', models.DateTimeField(verbose_name='made')),
                ('expires_at', models.DateTimeField(verbose_name='valid until')),
                ('used_at', models.DateTimeField(blank=True, null=True, verbose_name='last used')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API token',
                'verbose_name_plural': 'API tokens',
                'ordering': ['-created_at', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='token_expires_after_it_is_made')],
            },
        ),
        migrations.CreateModel(
            name='CalendarFrame',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], verbose_name='weekday')),
                ('opens', models.TimeField(verbose_name='opens')),
                ('closes', models.TimeField(help_text='23:59 means the end of the day.', verbose_name='closes')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='frames', to='crm.businesscalendar')),
            ],
            options={
                'verbose_name': 'opening hours',
                'verbose_name_plural': 'opening hours',
                'ordering': ['weekday', 'opens'],
                'constraints': [models.CheckConstraint(condition=models.Q(('weekday__lte', 6)), name='calendar_frame_weekday'), models.CheckConstraint(condition=models.Q(('closes__gt', models.F('opens'))), name='calendar_frame_closes_later'), models.UniqueConstraint(fields=('calendar', 'weekday', 'opens'), name='calendar_frame_once')],
            },
        ),
        migrations.CreateModel(
            name='CalendarHoliday',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('date', models.DateField(verbose_name='date')),
                ('name', models.CharField(blank=True, max_length=120, verbose_name='name')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='holidays', to='crm.businesscalendar')),
            ],
            options={
                'verbose_name': 'holiday',
                'verbose_name_plural': 'holidays',
                'ordering': ['date'],
                'constraints': [models.UniqueConstraint(fields=('calendar', 'date'), name='calendar_holiday_once')],
            },
        ),
        migrations.CreateModel(
            name='ChosenColumns',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('list_code', models.CharField(max_length=60)),
                ('columns', models.JSONField(default=list)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'list_code'), name='columns_chosen_once_per_list')],
            },
        ),
    ]
