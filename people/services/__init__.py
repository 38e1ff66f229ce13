"""The one way in which persons come and leave. `persons` and `tombstones` are called by the services of mailboxes and
aliases, and know nothing of them; `onboarding` and `offboarding` call those."""
