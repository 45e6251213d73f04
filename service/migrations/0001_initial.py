import datetime
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


from crm.create_models import CreateModels


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('crm', '0001_initial'),
        ('crm', '__first__'),
        ('customers', '0001_initial'),
    ]

    operations = [CreateModels([
        migrations.CreateModel(
            name='SlaPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('is_default', models.BooleanField(default=False, verbose_name='default')),
                ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.businesscalendar', verbose_name='calendar')),
            ],
            options={
                'verbose_name': 'SLA policy',
                'verbose_name_plural': 'SLA policies',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('is_default',), name='one_default_sla_policy')],
            },
        ),
        migrations.CreateModel(
            name='Queue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='queues', to='crm.team', verbose_name='team')),
                ('sla_policy', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='queues', to='service.slapolicy', verbose_name='SLA policy')),
            ],
            options={
                'verbose_name': 'queue',
                'verbose_name_plural': 'queues',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='SlaTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('priority', models.PositiveSmallIntegerField(choices=[(1, 'low'), (2, 'normal'), (3, 'high'), (4, 'urgent')], verbose_name='priority')),
                ('first_response', models.DurationField(verbose_name='first response within')),
                ('resolution', models.DurationField(verbose_name='resolution within')),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='service.slapolicy', verbose_name='SLA policy')),
            ],
            options={
                'verbose_name': 'SLA target',
                'verbose_name_plural': 'SLA targets',
                'ordering': ['-priority'],
                'constraints': [models.UniqueConstraint(fields=('policy', 'priority'), name='sla_target_once_per_priority'), models.CheckConstraint(condition=models.Q(('first_response__gt', datetime.timedelta(0)), ('resolution__gt', datetime.timedelta(0))), name='sla_target_is_longer_than_nothing')],
            },
        ),
        migrations.CreateModel(
            name='TicketState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='name')),
                ('category', models.CharField(choices=[('open', 'open'), ('paused', 'paused'), ('resolved', 'resolved')], max_length=8, verbose_name='category')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('is_default', models.BooleanField(default=False, verbose_name='default of its category')),
                ('closes', models.BooleanField(default=False, help_text='For good: only for states of the category resolved.', verbose_name='closes the ticket')),
            ],
            options={
                'verbose_name': 'ticket state',
                'verbose_name_plural': 'ticket states',
                'ordering': ['position', 'pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('category',), name='one_default_state_per_category'), models.CheckConstraint(condition=models.Q(('closes', False), ('category', 'resolved'), _connector='OR'), name='ticket_state_closes_when_resolved')],
            },
        ),
        migrations.CreateModel(
            name='Ticket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='changed')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted')),
                ('number', models.CharField(max_length=40, unique=True, verbose_name='number')),
                ('subject', models.CharField(max_length=200, verbose_name='subject')),
                ('type', models.CharField(choices=[('question', 'question'), ('incident', 'incident'), ('request', 'request'), ('complaint', 'complaint')], default='question', max_length=10, verbose_name='type')),
                ('source', models.CharField(choices=[('mail', 'mail'), ('web', 'web form'), ('phone', 'phone'), ('chat', 'chat'), ('api', 'API'), ('other', 'other')], default='phone', max_length=6, verbose_name='source')),
                ('priority', models.PositiveSmallIntegerField(choices=[(1, 'low'), (2, 'normal'), (3, 'high'), (4, 'urgent')], default=2, verbose_name='priority')),
                ('category', models.CharField(blank=True, max_length=80, verbose_name='category')),
                ('opened_at', models.DateTimeField(verbose_name='opened')),
                ('first_response_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='first answered')),
                ('resolved_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='resolved')),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='closed')),
                ('reopen_count', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='reopened')),
                ('first_response_due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='answer due')),
                ('resolution_due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='resolution due')),
                ('first_response_target', models.DurationField(blank=True, editable=False, null=True)),
                ('resolution_target', models.DurationField(blank=True, editable=False, null=True)),
                ('next_due_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='next deadline')),
                ('first_response_breached_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('resolution_breached_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('waiting_since', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='waiting since')),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, db_default=[], default=list, editable=False, size=None, verbose_name='tags')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='customers.contact', verbose_name='contact')),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='customers.customer', verbose_name='customer')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('queue', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='service.queue', verbose_name='queue')),
                ('sla_policy', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='service.slapolicy', verbose_name='SLA policy')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.team', verbose_name='team')),
                ('state', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='service.ticketstate', verbose_name='state')),
            ],
            options={
                'verbose_name': 'ticket',
                'verbose_name_plural': 'tickets',
                'ordering': ['-opened_at', '-id'],
                'indexes': [models.Index(condition=models.Q(('deleted_at', None)), fields=['priority', 'id'], name='ticket_by_priority'), models.Index(condition=models.Q(('deleted_at', None), ('waiting_since__isnull', False)), fields=['waiting_since', 'id'], name='ticket_by_waiting_since'), models.Index(condition=models.Q(('deleted_at', None), ('resolved_at__isnull', False)), fields=['resolved_at', 'id'], name='ticket_by_resolved_at'), models.Index(condition=models.Q(('deleted_at', None)), fields=['-opened_at', '-id'], name='ticket_newest'), models.Index(condition=models.Q(('deleted_at', None)), fields=['-updated_at', '-id'], name='ticket_changed'), models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', '-updated_at', '-id'], name='ticket_owner'), models.Index(condition=models.Q(('deleted_at', None)), fields=['team', '-updated_at', '-id'], name='ticket_team'), models.Index(condition=models.Q(('deleted_at', None)), fields=['customer', '-opened_at'], name='ticket_customer'), models.Index(condition=models.Q(('deleted_at', None)), fields=['next_due_at', 'id'], name='ticket_next_due'), django.contrib.postgres.indexes.GinIndex(condition=models.Q(('deleted_at', None)), fields=['tags'], name='ticket_tags'), models.Index(condition=models.Q(('deleted_at', None), ('first_response_at', None), ('first_response_breached_at', None)), fields=['first_response_due_at'], name='ticket_answer_due'), models.Index(condition=models.Q(('deleted_at', None), ('resolution_breached_at', None), ('resolved_at', None)), fields=['resolution_due_at'], name='ticket_resolution_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('closed_at', None), ('resolved_at__isnull', False), _connector='OR'), name='ticket_closed_only_when_resolved')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('direction', models.CharField(choices=[('inbound', 'from the customer'), ('outbound', 'to the customer'), ('note', 'internal note')], max_length=8, verbose_name='direction')),
                ('body', models.TextField(verbose_name='text')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('unsent', models.CharField(blank=True, choices=[('gone', 'the contact was deleted'), ('no_email', 'no email address'), ('invalid', 'the address is invalid'), ('do_not_contact', 'does not want to be contacted'), ('customer', 'nobody at the customer is to be contacted'), ('opted_out', 'the address has opted out'), ('withdrawn', 'has withdrawn the consent'), ('no_consent', 'has not given consent')], db_default='', default='', editable=False, max_length=20, verbose_name='why not sent')),
                ('is_automatic', models.BooleanField(default=False)),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='customers.contact')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='service.ticket')),
            ],
            options={
                'ordering': ['at', 'pk'],
                'indexes': [models.Index(fields=['ticket', 'at', 'id'], name='message_conversation')],
            },
        ),
        migrations.CreateModel(
            name='TicketEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(choices=[('opened', 'opened'), ('assigned', 'assigned'), ('moved', 'moved to another queue'), ('answered', 'answered'), ('written', 'the customer wrote'), ('noted', 'internal note'), ('paused', 'paused'), ('resumed', 'resumed'), ('resolved', 'resolved'), ('reopened', 'reopened'), ('closed', 'closed'), ('prioritised', 'priority changed'), ('changed', 'changed'), ('breached', 'deadline missed')], max_length=12)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('category', models.CharField(choices=[('open', 'open'), ('paused', 'paused'), ('resolved', 'resolved')], max_length=8)),
                ('priority', models.PositiveSmallIntegerField(choices=[(1, 'low'), (2, 'normal'), (3, 'high'), (4, 'urgent')])),
                ('elapsed', models.DurationField(null=True)),
                ('data', models.JSONField(default=dict)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('queue', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='service.queue')),
                ('team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.team')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='service.ticket')),
                ('state', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ticket_events', to='service.ticketstate')),
            ],
            options={
                'ordering': ['at', 'pk'],
                'indexes': [models.Index(fields=['ticket', 'at', 'id'], name='ticket_event_history'), models.Index(fields=['type', 'at'], name='ticket_event_type')],
            },
        ),
    ]),]
