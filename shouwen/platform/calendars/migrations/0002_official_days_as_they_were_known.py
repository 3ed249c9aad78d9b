from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calendars', '0001_calendar_versions'),
    ]

    operations = [
        migrations.AddField(
            model_name='calendarversion',
            name='official_days',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='calendarversion',
            name='official_source',
            field=models.CharField(blank=True, default='', max_length=120),
            preserve_default=False,
        ),
    ]
