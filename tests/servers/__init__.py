"""Real servers for tests, each in a private directory on free ports of 127.0.0.1, ended by its own process id."""
