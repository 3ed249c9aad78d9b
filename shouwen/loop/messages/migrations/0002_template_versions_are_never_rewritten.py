from django.db import migrations


class Migration(migrations.Migration):
    """Let an approved text stand as it is: whoever wishes another approves the next version."""

    dependencies = [("loop_messages", "0001_templates_notices_and_messages")]

    operations = [
        migrations.RunSQL(
            sql="""
                create function loop_messages_template_version_stands() returns trigger language plpgsql as $$
                begin
                    raise exception 'An approved text is never changed or deleted: approve the next version of it.';
                end $$;
                create trigger template_version_stands before update or delete on loop_messages_templateversion
                    for each row execute function loop_messages_template_version_stands();
            """,
            reverse_sql="""
                drop trigger template_version_stands on loop_messages_templateversion;
                drop function loop_messages_template_version_stands();
            """,
        ),
    ]
