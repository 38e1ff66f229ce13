"""Files of many rows, and what became of each line."""
