"""What is sent to other systems: who wants to know, and each delivery."""
