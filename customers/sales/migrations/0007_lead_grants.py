"""Installations that have their roles already may use leads too, as a new one may."""

from django.db import migrations

OWN, TEAM, SUBTREE, ALL = 1, 2, 3, 4
MANAGE = ("view", "create", "edit", "delete", "export", "assign")
GRANTS = {
    "sales_rep": {"view": TEAM, "create": TEAM, "edit": TEAM, "delete": OWN, "export": OWN},
    "sales_manager": dict.fromkeys(MANAGE, SUBTREE),
    "analyst": {"view": ALL, "export": ALL},
    "administrator": dict.fromkeys(MANAGE, ALL),
}


def grant(apps, schema_editor):
    Role, RoleGrant = apps.get_model("crm", "Role"), apps.get_model("crm", "RoleGrant")
    for role in Role.objects.filter(code__in=GRANTS):
        RoleGrant.objects.bulk_create(
            [RoleGrant(role=role, kind="lead", verb=verb, reach=reach) for verb, reach in GRANTS[role.code].items()],
            ignore_conflicts=True,
        )


class Migration(migrations.Migration):
    dependencies = [("sales", "0006_leads")]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
