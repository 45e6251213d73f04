from django.urls import URLPattern, path

from customers.lists.activities import ActivityList
from customers.lists.contacts import ContactList
from customers.lists.customers import CustomerList
from customers.lists.tasks import TaskList
from customers.views import activities, contacts, customers, tasks, timeline, today

urlpatterns: list[URLPattern] = [
    path("customers/", CustomerList.as_view(), name="customer-list"),
    *CustomerList.extra_urls("customers/", "customer-list"),
    path("customers/options/", customers.options, name="customer-options"),
    path("customers/new/", customers.CustomerNew.as_view(), name="customer-new"),
    path("customers/<int:pk>/", customers.CustomerDetail.as_view(), name="customer-detail"),
    path("customers/<int:pk>/edit/", customers.CustomerEdit.as_view(), name="customer-edit"),
    path("customers/<int:pk>/delete/", customers.CustomerDelete.as_view(), name="customer-delete"),
    path("customers/<int:pk>/restoration/", customers.CustomerRestoration.as_view(), name="customer-restoration"),
    path("customers/<int:pk>/hand-over/", customers.CustomerHandOver.as_view(), name="customer-hand-over"),
    path("customers/<int:pk>/lifecycle/", customers.CustomerLifecycle.as_view(), name="customer-lifecycle"),
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
        "contacts/<int:pk>/customers/<int:customer_pk>/removal/",
        contacts.ContactLinkRemoval.as_view(),
        name="contact-link-removal",
    ),
    path("contacts/<int:pk>/customers/<int:customer_pk>/main/", contacts.MainContact.as_view(), name="contact-main"),
    path("activities/", ActivityList.as_view(), name="activity-list"),
    *ActivityList.extra_urls("activities/", "activity-list"),
    path("activities/new/", activities.ActivityNew.as_view(), name="activity-new"),
    path("activities/new/people/", activities.people, name="activity-people"),
    path("activities/<int:pk>/", activities.ActivityDetail.as_view(), name="activity-detail"),
    path("activities/<int:pk>/edit/", activities.ActivityEdit.as_view(), name="activity-edit"),
    path("activities/<int:pk>/delete/", activities.ActivityDelete.as_view(), name="activity-delete"),
    path("activities/<int:pk>/restoration/", activities.ActivityRestoration.as_view(), name="activity-restoration"),
    path("tasks/", TaskList.as_view(), name="task-list"),
    *TaskList.extra_urls("tasks/", "task-list"),
    path("tasks/today/", today.today, name="today"),
    path("tasks/new/", tasks.TaskNew.as_view(), name="task-new"),
    path("tasks/<int:pk>/", tasks.TaskDetail.as_view(), name="task-detail"),
    path("tasks/<int:pk>/edit/", tasks.TaskEdit.as_view(), name="task-edit"),
    path("tasks/<int:pk>/completion/", tasks.TaskCompletion.as_view(), name="task-completion"),
    path("tasks/<int:pk>/reopening/", tasks.TaskReopening.as_view(), name="task-reopening"),
    path("tasks/<int:pk>/assignment/", tasks.TaskAssignment.as_view(), name="task-assignment"),
    path("tasks/<int:pk>/delete/", tasks.TaskDelete.as_view(), name="task-delete"),
    path("tasks/<int:pk>/restoration/", tasks.TaskRestoration.as_view(), name="task-restoration"),
]
