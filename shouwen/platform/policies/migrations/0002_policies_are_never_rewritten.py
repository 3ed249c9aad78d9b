from django.db import migrations


class Migration(migrations.Migration):
    """Let a policy change in one way only: its open known time is closed, once."""

    dependencies = [("policies", "0001_the_register")]

    operations = [
        migrations.RunSQL(
            sql="""
                create function policies_policy_stands() returns trigger language plpgsql as $$
                declare
                    closing text[] := array['known_until', 'closed_by_id', 'closed_origin'];
                begin
                    if tg_op = 'UPDATE' and old.known_until is null and new.known_until is not null
                            and to_jsonb(new) - closing = to_jsonb(old) - closing then
                        return new;
                    end if;
                    raise exception 'A policy is never rewritten: close its known time and enter a new one.';
                end $$;
                create trigger policy_stands before update or delete on policies_policy
                    for each row execute function policies_policy_stands();
            """,
            reverse_sql="drop trigger policy_stands on policies_policy; drop function policies_policy_stands();",
        ),
    ]
