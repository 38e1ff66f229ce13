"""Persons, how they come and how they leave."""
