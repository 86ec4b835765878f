"""What is looked up beside logs: places of addresses, servers' settings, a user's formats."""
