from django.urls import URLPattern, path
from django.views import View

from customers.lists.activities import ActivityList
from customers.lists.contacts import ContactList
from customers.lists.customers import CustomerList
from customers.lists.duplicates import DuplicateList
from customers.lists.pool import PoolList
from customers.lists.segments import SegmentList
from customers.lists.tasks import TaskList
from customers.views import (
    activities,
    calendar,
    calendar_feed,
    consents,
    contact_points,
    contacts,
    customers,
    duplicates,
    emails,
    merging,
    pool,
    repetition,
    segments,
    tags,
    tasks,
    timeline,
    today,
)


def points(kind: str, new: type[View], edit: type[View], removal: type[View]) -> list[URLPattern]:
    """Further emails, phones, addresses and handles of a record."""
    below = f"{kind}s/<int:pk>/points/"
    return [
        path(f"{below}new/", new.as_view(), name=f"{kind}-point-new"),
        path(f"{below}<int:point_pk>/", edit.as_view(), name=f"{kind}-point-edit"),
        path(f"{below}<int:point_pk>/removal/", removal.as_view(), name=f"{kind}-point-removal"),
    ]


urlpatterns: list[URLPattern] = [
    path("customers/", CustomerList.as_view(), name="customer-list"),
    *CustomerList.extra_urls("customers/", "customer-list"),
    path("customers/pool/", PoolList.as_view(), name="pool-list"),
    *PoolList.extra_urls("customers/pool/", "pool-list"),
    path("segments/", SegmentList.as_view(), name="segment-list"),
    *SegmentList.extra_urls("segments/", "segment-list"),
    path("segments/new/", segments.SegmentNew.as_view(), name="segment-new"),
    path("segments/<int:pk>/", segments.SegmentDetail.as_view(), name="segment-detail"),
    path("segments/<int:pk>/edit/", segments.SegmentEdit.as_view(), name="segment-edit"),
    path("segments/<int:pk>/delete/", segments.SegmentDelete.as_view(), name="segment-delete"),
    path("segments/<int:pk>/restoration/", segments.SegmentRestoration.as_view(), name="segment-restoration"),
    path("customers/options/", customers.options, name="customer-options"),
    path("customers/duplicates/", DuplicateList.as_view(), name="duplicate-list"),
    *DuplicateList.extra_urls("customers/duplicates/", "duplicate-list"),
    path("customers/duplicates/check/", duplicates.DuplicateCheck.as_view(), name="duplicate-check"),
    path("customers/duplicates/collaboration/", duplicates.Collaboration.as_view(), name="duplicate-collaboration"),
    path("customers/new/", customers.CustomerNew.as_view(), name="customer-new"),
    path("customers/<int:pk>/", customers.CustomerDetail.as_view(), name="customer-detail"),
    path("customers/<int:pk>/edit/", customers.CustomerEdit.as_view(), name="customer-edit"),
    path("customers/<int:pk>/merge/", merging.MergeWith.as_view(), name="customer-merge-with"),
    path("customers/<int:pk>/merge/<int:other_pk>/", merging.Merge.as_view(), name="customer-merge"),
    path(
        "customers/<int:pk>/merge/<int:other_pk>/dismissal/",
        duplicates.Dismissal.as_view(),
        name="duplicate-dismissal",
    ),
    path("customers/<int:pk>/delete/", customers.CustomerDelete.as_view(), name="customer-delete"),
    path("customers/<int:pk>/restoration/", customers.CustomerRestoration.as_view(), name="customer-restoration"),
    path("customers/<int:pk>/hand-over/", customers.CustomerHandOver.as_view(), name="customer-hand-over"),
    path("customers/<int:pk>/lifecycle/", customers.CustomerLifecycle.as_view(), name="customer-lifecycle"),
    path("customers/<int:pk>/claim/", pool.CustomerClaim.as_view(), name="customer-claim"),
    path("customers/<int:pk>/release/", pool.CustomerRelease.as_view(), name="customer-release"),
    path("customers/<int:pk>/holders/", pool.CustomerHolders.as_view(), name="customer-holders"),
    path("customers/<int:pk>/timeline/", timeline.Timeline.as_view(), name="customer-timeline"),
    path("customers/<int:pk>/contacts/", contacts.CustomerContacts.as_view(), name="customer-contacts"),
    path("customers/<int:pk>/tasks/", tasks.CustomerTasks.as_view(), name="customer-tasks"),
    path("customers/<int:pk>/collaborators/", customers.CustomerCollaborators.as_view(), name="customer-collaborators"),
    path("customers/<int:pk>/collaborators/new/", customers.CollaboratorNew.as_view(), name="collaborator-new"),
    path(
        "customers/<int:pk>/collaborators/<int:user_pk>/removal/",
        customers.CollaboratorRemoval.as_view(),
        name="collaborator-removal",
    ),
    path("customers/<int:pk>/tags/", tags.CustomerTags.as_view(), name="customer-tags"),
    *points(
        "customer",
        contact_points.CustomerPointNew,
        contact_points.CustomerPointEdit,
        contact_points.CustomerPointRemoval,
    ),
    path("contacts/", ContactList.as_view(), name="contact-list"),
    *ContactList.extra_urls("contacts/", "contact-list"),
    path("contacts/new/", contacts.ContactNew.as_view(), name="contact-new"),
    path("contacts/<int:pk>/", contacts.ContactDetail.as_view(), name="contact-detail"),
    path("contacts/<int:pk>/edit/", contacts.ContactEdit.as_view(), name="contact-edit"),
    path("contacts/<int:pk>/delete/", contacts.ContactDelete.as_view(), name="contact-delete"),
    path("contacts/<int:pk>/restoration/", contacts.ContactRestoration.as_view(), name="contact-restoration"),
    path("contacts/<int:pk>/timeline/", timeline.ContactTimeline.as_view(), name="contact-timeline"),
    path("contacts/<int:pk>/customers/new/", contacts.ContactLinkNew.as_view(), name="contact-link-new"),
    path(
        "contacts/<int:pk>/customers/<int:customer_pk>/leaving/",
        contacts.ContactLeaving.as_view(),
        name="contact-leaving",
    ),
    path(
        "contacts/<int:pk>/customers/<int:customer_pk>/removal/",
        contacts.ContactLinkRemoval.as_view(),
        name="contact-link-removal",
    ),
    path("contacts/<int:pk>/customers/<int:customer_pk>/main/", contacts.MainContact.as_view(), name="contact-main"),
    path("contacts/<int:pk>/consents/new/", consents.ConsentNew.as_view(), name="contact-consent-new"),
    path("contacts/<int:pk>/tags/", tags.ContactTags.as_view(), name="contact-tags"),
    *points(
        "contact", contact_points.ContactPointNew, contact_points.ContactPointEdit, contact_points.ContactPointRemoval
    ),
    path("activities/", ActivityList.as_view(), name="activity-list"),
    *ActivityList.extra_urls("activities/", "activity-list"),
    path("activities/new/", activities.ActivityNew.as_view(), name="activity-new"),
    path("activities/new/people/", activities.people, name="activity-people"),
    path("activities/<int:pk>/", activities.ActivityDetail.as_view(), name="activity-detail"),
    path("activities/<int:pk>/edit/", activities.ActivityEdit.as_view(), name="activity-edit"),
    path("activities/<int:pk>/delete/", activities.ActivityDelete.as_view(), name="activity-delete"),
    path("activities/<int:pk>/restoration/", activities.ActivityRestoration.as_view(), name="activity-restoration"),
    path("emails/new/", emails.EmailNew.as_view(), name="email-new"),
    path("emails/new/text/", emails.text, name="email-text"),
    path("emails/<int:pk>/", emails.EmailDetail.as_view(), name="email-detail"),
    path("emails/<int:pk>/resending/", emails.EmailResending.as_view(), name="email-resending"),
    path("emails/<int:pk>/sharing/", emails.EmailSharing.as_view(), name="email-sharing"),
    path("emails/<int:pk>/privacy/", emails.EmailPrivacy.as_view(), name="email-privacy"),
    path("tasks/", TaskList.as_view(), name="task-list"),
    *TaskList.extra_urls("tasks/", "task-list"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/feed/", calendar_feed.CalendarFeedPage.as_view(), name="calendar-feed"),
    path("calendar/feed/revocation/", calendar_feed.revocation, name="calendar-feed-revocation"),
    path("calendar/feed/<str:secret>.ics", calendar_feed.CalendarFeedFile.as_view(), name="calendar-feed-file"),
    path("today/", today.page, name="today-page"),
    path("today/<str:kind>/<int:pk>/snoozing/", today.Snoozing.as_view(), name="today-snoozing"),
    path("today/<str:kind>/<int:pk>/waking/", today.Waking.as_view(), name="today-waking"),
    path("tasks/today/", today.today, name="today"),
    path("tasks/new/", tasks.TaskNew.as_view(), name="task-new"),
    path("tasks/<int:pk>/", tasks.TaskDetail.as_view(), name="task-detail"),
    path("tasks/<int:pk>/edit/", tasks.TaskEdit.as_view(), name="task-edit"),
    path("tasks/<int:pk>/completion/", tasks.TaskCompletion.as_view(), name="task-completion"),
    path("tasks/<int:pk>/result/", tasks.TaskResult.as_view(), name="task-result"),
    path("tasks/<int:pk>/reopening/", tasks.TaskReopening.as_view(), name="task-reopening"),
    path("tasks/<int:pk>/time/", calendar.TaskTime.as_view(), name="task-time"),
    path("tasks/<int:pk>/repetition/", repetition.TaskRepetition.as_view(), name="task-repetition"),
    path("tasks/<int:pk>/assignment/", tasks.TaskAssignment.as_view(), name="task-assignment"),
    path("tasks/<int:pk>/delete/", tasks.TaskDelete.as_view(), name="task-delete"),
    path("tasks/<int:pk>/restoration/", tasks.TaskRestoration.as_view(), name="task-restoration"),
]
