"""REST for many rows: files of CSV in and out, and many writes in one request."""
