"""Starts one of Flower's console scripts: launch.py flower-superlink [ARGUMENT ...].

The scripts that pip writes carry the path at which the environment was made; this finds the same functions
wherever it lies now.
"""

import sys
from importlib.metadata import distribution

name = sys.argv[1]
sys.argv = sys.argv[1:]
script = next(e for e in distribution("flwr").entry_points if e.name == name)
sys.exit(script.load()())
