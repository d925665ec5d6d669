"""What a fleet can do at its worst: a discrete-event simulation, and an adversary that looks for the worst schedule.

The simulation knows nothing of the proofs in ``constructs_lib.model``: it plays functions, environments, deploys, poolers and databases
event by event, so that a verdict can be held against what actually happens. Times are whole ticks, so nothing is rounded.
"""
