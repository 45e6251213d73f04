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
        ('service', '0001_initial'),
    ]

    operations = [CreateModels([
        migrations.CreateModel(
            name='Survey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(unique=True, verbose_name='code')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('type', models.CharField(choices=[('nps', 'NPS: would you recommend us?'), ('csat', 'CSAT: how satisfied were you?'), ('ces', 'CES: how easy was it?')], max_length=4, verbose_name='type')),
                ('trigger', models.CharField(choices=[('none', 'by hand'), ('ticket_resolved', 'when a ticket is resolved')], default='none', max_length=20, verbose_name='sent')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('expires_after_days', models.PositiveSmallIntegerField(default=30, verbose_name='link valid for days')),
                ('subject_en', models.CharField(max_length=150, verbose_name='mail subject, English')),
                ('subject_zh', models.CharField(max_length=150, verbose_name='mail subject, Chinese')),
                ('intro_en', models.TextField(verbose_name='mail text, English')),
                ('intro_zh', models.TextField(verbose_name='mail text, Chinese')),
            ],
            options={
                'verbose_name': 'survey',
                'verbose_name_plural': 'surveys',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_active', True), models.Q(('trigger', 'none'), _negated=True)), fields=('trigger',), name='one_active_survey_per_trigger')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='changed')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted')),
                ('channel', models.CharField(choices=[('mail', 'mail'), ('link', 'link')], default='mail', max_length=4, verbose_name='channel')),
                ('state', models.CharField(choices=[('queued', 'about to be sent'), ('sent', 'sent'), ('answered', 'answered'), ('failed', 'could not be delivered'), ('suppressed', 'not sent')], default='queued', max_length=10, verbose_name='state')),
                ('reason', models.CharField(blank=True, choices=[('no_email', 'no email address'), ('do_not_contact', 'does not want to be contacted'), ('throttled', 'was asked in the last 30 days'), ('customer', 'nobody at the customer is to be contacted'), ('opted_out', 'the address has opted out'), ('withdrawn', 'has withdrawn the consent'), ('no_consent', 'has not given consent'), ('invalid', 'the address is invalid'), ('gone', 'the contact was deleted'), ('refused', 'the mail server refused the address')], max_length=60, verbose_name='why not sent')),
                ('nonce', models.CharField(blank=True, editable=False, max_length=64)),
                ('token_hash', models.CharField(blank=True, editable=False, max_length=64, null=True, unique=True)),
                ('invited_at', models.DateTimeField(verbose_name='invited')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='valid until')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='customers.contact', verbose_name='contact')),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer', verbose_name='customer')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.team', verbose_name='team')),
                ('ticket', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='service.ticket', verbose_name='ticket')),
                ('survey', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='surveys.survey', verbose_name='survey')),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'ordering': ['-invited_at', '-id'],
                'indexes': [models.Index(fields=['contact', '-invited_at'], name='invitation_throttle'), models.Index(condition=models.Q(('deleted_at', None)), fields=['-invited_at', '-id'], name='invitation_newest'), models.Index(fields=['survey', 'sent_at'], name='invitation_sent')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ticket__isnull', False)), fields=('survey', 'ticket'), name='invitation_once_per_ticket'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', False), ('state', 'answered')), models.Q(models.Q(('state', 'answered'), _negated=True), ('answered_at', None)), _connector='OR'), name='invitation_answered_has_a_time')],
            },
        ),
        migrations.CreateModel(
            name='Response',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='changed')),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted')),
                ('score', models.PositiveSmallIntegerField(verbose_name='score')),
                ('comment', models.TextField(blank=True, verbose_name='comment')),
                ('answered_at', models.DateTimeField(verbose_name='answered')),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.contact', verbose_name='contact')),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer', verbose_name='customer')),
                ('invitation', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='response', to='surveys.invitation', verbose_name='invitation')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='crm.team', verbose_name='team')),
                ('ticket', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='service.ticket', verbose_name='ticket')),
                ('survey', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='responses', to='surveys.survey', verbose_name='survey')),
            ],
            options={
                'verbose_name': 'response',
                'verbose_name_plural': 'responses',
                'ordering': ['-answered_at', '-id'],
                'indexes': [models.Index(condition=models.Q(('deleted_at', None)), fields=['-answered_at', '-id'], name='response_newest'), models.Index(fields=['survey', 'answered_at'], name='response_survey'), models.Index(fields=['customer', '-answered_at'], name='response_customer')],
                'constraints': [models.CheckConstraint(condition=models.Q(('score__lte', 10)), name='response_score_at_most_10')],
            },
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(choices=[('score', 'score'), ('text', 'free text')], max_length=5, verbose_name='type')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('text_en', models.CharField(max_length=300, verbose_name='question, English')),
                ('text_zh', models.CharField(max_length=300, verbose_name='question, Chinese')),
                ('is_required', models.BooleanField(default=False, verbose_name='required')),
                ('survey', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='questions', to='surveys.survey', verbose_name='survey')),
            ],
            options={
                'verbose_name': 'question',
                'verbose_name_plural': 'questions',
                'ordering': ['position', 'pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('type', 'score')), fields=('survey',), name='survey_has_one_scored_question')],
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(blank=True)),
                ('question', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='surveys.question')),
                ('response', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='surveys.response')),
            ],
            options={
                'ordering': ['question__position'],
                'constraints': [models.UniqueConstraint(fields=('response', 'question'), name='answer_once_per_question')],
            },
        ),
    ]),]
