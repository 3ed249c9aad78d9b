from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('loop_messages', '0004_messages_that_expire_are_found'),
    ]

    operations = [
        migrations.CreateModel(
            name='ChannelRest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('sms', 'Text message'), ('email', 'E-mail')], max_length=8)),
                ('away_count', models.PositiveIntegerField(default=0)),
                ('until', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('channel',), name='channel_rests_once')],
            },
        ),
    ]
