"""What happens for real: a database, a pooler and N clients, driven with a fleet's numbers."""
