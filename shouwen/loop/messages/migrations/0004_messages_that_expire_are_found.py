from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('loop_messages', '0003_messages_have_an_end'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='message',
            index=models.Index(condition=models.Q(('not_after__isnull', False), ('state', 'QUEUED')), fields=['not_after', 'id'], name='message_expires'),
        ),
    ]
