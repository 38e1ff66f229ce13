"""The mails that we send: an outbox of rows, written with the change that they tell of, and sent by a worker."""
