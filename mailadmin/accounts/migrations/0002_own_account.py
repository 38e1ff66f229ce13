from django.db import migrations, models

from mailadmin.resume import AddField


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        AddField(
            model_name='account',
            name='confirmed_recovery_address',
            field=models.CharField(blank=True, db_default='', default='', max_length=255),
        ),
        AddField(
            model_name='account',
            name='password_change_required',
            field=models.BooleanField(db_default=False, default=False),
        ),
        AddField(
            model_name='account',
            name='recovery_address',
            field=models.CharField(blank=True, db_default='', default='', max_length=255, verbose_name='recovery address'),
        ),
        AddField(
            model_name='account',
            name='time_zone',
            field=models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='time zone'),
        ),
        AddField(
            model_name='account',
            name='totp_last_step',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        AddField(
            model_name='account',
            name='totp_secret',
            field=models.CharField(blank=True, db_default='', default='', max_length=64),
        ),
    ]
