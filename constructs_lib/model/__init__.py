"""What connections are: frozen dataclasses and exact arithmetic, standard library only."""
