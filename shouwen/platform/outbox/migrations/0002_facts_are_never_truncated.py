from django.db import migrations


class Migration(migrations.Migration):
    """Refuse to empty the table of facts in one go; a test database, which is emptied between tests, may be."""

    dependencies = [("outbox", "0001_facts_and_deliveries")]

    operations = [
        migrations.RunSQL(
            sql=r"""
                create trigger fact_is_kept before truncate on outbox_fact execute function outbox_fact_stands();

                -- The tests of this trigger switch it on.
                do $$ begin
                    if current_database() like 'test\_%' then
                        alter table outbox_fact disable trigger fact_is_kept;
                    end if;
                end $$;
            """,
            reverse_sql="drop trigger fact_is_kept on outbox_fact;",
        ),
    ]
