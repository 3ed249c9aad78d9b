from django.db import migrations


class Migration(migrations.Migration):
    """Refuse to empty the register in one go; a test database, which is emptied between tests, may be."""

    dependencies = [("policies", "0002_policies_are_never_rewritten")]

    operations = [
        migrations.RunSQL(
            sql=r"""
                create function policies_policy_is_kept() returns trigger language plpgsql as $$
                begin raise exception 'A policy is never deleted: close its known time.'; end $$;
                create trigger policy_is_kept before truncate on policies_policy execute function policies_policy_is_kept();

                -- The tests of this trigger switch it on.
                do $$ begin
                    if current_database() like 'test\_%' then
                        alter table policies_policy disable trigger policy_is_kept;
                    end if;
                end $$;
            """,
            reverse_sql="drop trigger policy_is_kept on policies_policy; drop function policies_policy_is_kept();",
        ),
    ]
