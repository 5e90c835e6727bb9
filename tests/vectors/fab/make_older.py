"""Makes older.fab: the bundle that Flower 1.23.0 to 1.26.1 build of a small app, all to the same bytes.

    python make_older.py    with the Python of an environment that has such a Flower
"""

from pathlib import Path

from flwr.cli.build import build_fab_from_files

MANIFEST = b"""[project]
name = "app"
version = "1.0.0"
description = "An app"
license = "Apache-2.0"
dependencies = ["flwr>=1.23.0"]

[tool.flwr.app]
publisher = "tester"

[tool.flwr.app.components]
serverapp = "pkg.server:app"
clientapp = "pkg.client:app"

[tool.flwr.app.config]
num-rounds = 3

[tool.flwr.federations]
default = "local"
"""
FILES = {
    "pyproject.toml": MANIFEST,
    "README.md": b"# An app\n",
    "pkg/__init__.py": b"",
    "pkg/server.py": b"app = 1\n",
    "pkg/client.py": b"app = 2\n",
}

fab = build_fab_from_files(FILES)
(Path(__file__).parent / "older.fab").write_bytes(fab)
