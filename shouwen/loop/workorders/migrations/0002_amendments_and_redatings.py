from django.db import migrations, models
from django.db.models import F


def known_at_once(apps, schema_editor):
    """Whatever was planned so far was due when it was planned."""
    apps.get_model("workorders", "Redating").objects.update(due_from=F("begun_at"))


class Migration(migrations.Migration):

    dependencies = [
        ("people", "0001_units_staff_and_posts"),
        ("workorders", "0001_work_orders"),
    ]

    operations = [
        migrations.CreateModel(
            name="Amendment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("before", models.JSONField()),
                ("by_staff", models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="+", to="people.staff")),
                ("work_order", models.ForeignKey(on_delete=models.CASCADE, related_name="amendments", to="workorders.workorder")),
            ],
        ),
        migrations.AddField("redating", "due_from", models.DateTimeField(null=True)),
        migrations.RunPython(known_at_once, migrations.RunPython.noop),
        migrations.AlterField("redating", "due_from", models.DateTimeField()),
        migrations.AlterField("redating", "digest", models.CharField(max_length=64)),
        migrations.AddConstraint(
            "redating",
            models.UniqueConstraint(fields=["calendar", "digest", "begun_at"], name="redating_once_for_each_version"),
        ),
    ]
