from django.db import migrations, models

PROBLEMS = [
    ('', 'None'),
    ('no_way', 'There is no way to reach them'),
    ('no_consent', 'They have not consented'),
    ('refused', 'The carrier refused it'),
    ('not_delivered', 'The carrier could not deliver it'),
    ('too_many_tries', 'Tried too often'),
    ('unreachable', 'The carrier could not be reached'),
    ('expired', 'Its time was over'),
    ('text', 'The text could not be filled'),
]


class Migration(migrations.Migration):

    dependencies = [
        ('loop_messages', '0002_template_versions_are_never_rewritten'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='not_after',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='problem',
            field=models.CharField(blank=True, choices=PROBLEMS, max_length=20),
        ),
        migrations.AlterField(
            model_name='message',
            name='problem',
            field=models.CharField(blank=True, choices=PROBLEMS, max_length=20),
        ),
    ]
