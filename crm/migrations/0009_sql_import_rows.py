from django.db import migrations


class Migration(migrations.Migration):
    """Each row of a file is written twice: as it was read, and with what became of it. Room in its page makes the
    second time cheap, for then no index has to be written again."""

    dependencies = [("crm", "0008_import_indexes")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE crm_importrow SET (fillfactor = 60)",
            "ALTER TABLE crm_importrow RESET (fillfactor)",
        ),
    ]
