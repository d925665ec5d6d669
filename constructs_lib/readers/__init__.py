"""How a fleet comes in: source to fleet, and what could not be read. Readers never judge."""
