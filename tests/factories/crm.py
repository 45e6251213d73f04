import factory

from crm.models import BusinessCalendar, CalendarFrame, Team, User


class TeamFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"Team {n}")


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person{n}@example.com")
    password = "!"  # signs in by force_login only; blank would not pass the model's own check

    @factory.post_generation
    def roles(self, create, extracted, **kwargs):
        if create and extracted:
            self.roles.set(extracted)


class CalendarFactory(factory.django.DjangoModelFactory):
    """Monday to Friday, nine to five, in UTC."""

    class Meta:
        model = BusinessCalendar
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Calendar {n}")

    @factory.post_generation
    def frames(self, create, extracted, **kwargs):
        if create:
            for weekday in range(5):
                CalendarFrame.objects.create(calendar=self, weekday=weekday, opens="09:00", closes="17:00")
