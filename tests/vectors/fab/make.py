"""Records what Flower's own `flwr build` makes of a number of apps, and what the libraries under it say.

Run with flwr 1.41.0 (tomli 2.5.0, tomli_w 1.2.0, pathspec 1.1.1, packaging), and, where that is to be compared, 1.38.0:
    python make.py
It writes bundles.json, toml.json, patterns.json and versions.json beside itself.
"""

import base64
import hashlib
import itertools
import json
import random
import struct
import subprocess
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

import pathspec
import tomli
import tomli_w
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

warnings.simplefilter("ignore")
HERE = Path(__file__).parent
FLWR = Path(sys.executable).parent / "flwr"

BASE = """[project]
name = "{name}"
version = "{version}"
description = "An app"
license = "Apache-2.0"
{project}
[tool.flwr.app]
publisher = "tester"
{app}
[tool.flwr.app.components]
serverapp = "pkg.server:app"
clientapp = "pkg.client:app"

[tool.flwr.app.config]
num-rounds = 3
{config}
"""


def manifest(name="app", version="1.0.0", project="", app="", config="", after=""):
    return BASE.format(name=name, version=version, project=project, app=app, config=config) + after


CODE = {
    "pkg/__init__.py": "",
    "pkg/server.py": "app = 1\n",
    "pkg/client.py": "app = 2\n",
}
V1 = """fab-format-version = 1
flwr-version-target = "1.38.0"
"""
V1_PROJECT = """dependencies = ["flwr[simulation]>=1.30,<2.0", "numpy"]
license-files = []
"""


def v1(license_line, **changes):
    text = manifest(project=V1_PROJECT, app=V1, **changes)
    return text.replace('license = "Apache-2.0"', license_line)


APPS = {
    "plain": {"pyproject.toml": manifest()},
    "unicode": {
        "pyproject.toml": manifest(
            name="Blüte",
            version="2.0.0rc1+lokal.7",
            project='authors = [{ name = "Zoë 🌸", email = "z@example.org" }, { name = "李" }]\n'
            'keywords = ["føderiert", "学習"]',
            config='greeting = "Grüße, \\u4e16界 \\U0001F338\\t!"\n"schlüssel mit leerzeichen" = 1\n"текст" = "x"',
        ),
        "pkg/données.json": '{"é": 1}',
        "pkg/𝒳.md": "astral",
        "pkg/\ufb01.md": "before the astral one in UTF-16, after by nothing",
        "pkg/zz.md": "z",
        "ÄÖ/日本.toml": "a = 1\n",
    },
    "tables": {
        "pyproject.toml": manifest(
            project='urls = { home = "https://example.org", docs = "https://example.org/docs" }\n'
            "[project.optional-dependencies]\ntest = []\ndev = ['a', \"b\"]\n",
            config='deep.er.still = 1\ninline = { a = 1, b = { c = "d" } }\n[tool.flwr.app.config.model]\nlayers = 4\n'
            "[tool.flwr.app.config.model.head]\nsize = 8\n[tool.flwr.app.config.empty]\n",
            after='[[tool.other.items]]\nname = "one"\n[[tool.other.items]]\nname = "two"\n'
            'long = "' + "x" * 120 + '"\n[[tool.other.items.nested]]\nx = 1\n',
        )
    },
    "numbered keys": {
        "pyproject.toml": manifest(
            config='b = 1\n10 = "ten"\n2 = "two"\n"1" = "one"\n01 = "leading"\n\'0\' = 0\n',
            after="[tool.x]\nz = 1\n5 = { 9 = 1, a = 2, 3 = [{ 7 = 1, b = 2, 1 = 3 }] }\n[tool.x.4.\"2\"]\nq = 1\n"
            'text = """\n8 = 1\n[6]\n"""\n# 3 = 4\n',
        )
    },
    "values": {
        "pyproject.toml": manifest(
            config="one = 1.0\ntiny = 1e-5\nhuge = 1e16\nbig = 1_000_000\nhex = 0xff\nneg = -0.0\nyes = true\n"
            'multi = """\nfirst\n  second \\\n     joined\n"""\nraw = \'\'\'C:\\path\n"quoted"\'\'\'\n'
            'escapes = "\\b\\f\\r\\"\\\\\\u0000\\u007f\\u0085"\nempty = ""\n',
            after="[tool.dates]\nd = 1979-05-27\nt = 07:32:00.5\nlocal = 1979-05-27T07:32:00.123456789\n"
            "utc = 1979-05-27 07:32:00Z\nzone = 1979-05-27T00:32:00.999999-07:30\nlist = [1979-05-27, 1980-01-01]\n"
            "mixed = [1, 2.5, 'x', [true, [ ]], { a = [1, { b = 2 }] }]\nspecial = [inf, -inf, nan, +1.5e+300]\n",
        )
    },
    "crlf": {"pyproject.toml": manifest(config='multi = """\na\nb"""').replace("\n", "\r\n")},
    "federations": {
        "pyproject.toml": manifest(
            after='[tool.flwr.federations]\ndefault = "local"\n[tool.flwr.federations.local]\n'
            "options.num-supernodes = 10\n[tool.flwr.other]\nkept = true\n"
        )
    },
    "only federations beside the app": {
        "pyproject.toml": "[tool.flwr.federations]\na = 1\n" + manifest(),
    },
    "files of all kinds": {
        "pyproject.toml": manifest(),
        "README.md": "# App\n",
        "LICENSE": "free\n",
        "LICENSE.md": "also\n",
        "pkg/LICENSE": "not this one\n",
        "data/a.yaml": "a: 1\n",
        "data/b.yml": "b: 1\n",
        "data/c.json": "{}",
        "data/d.jsonl": "{}\n{}\n",
        "data/e.txt": "no",
        "data/f.csv": "no",
        "pkg/task.ts": "no",
        ".hidden/x.py": "yes",
        ".editorconfig": "no",
        "sub/pyproject.toml": "[project]\n",
        "flwr.toml": "unrelated = true\n",
        "a-b.py": "",
        "a.py": "",
        "a/b.py": "",
        "A.md": "",
        "Z.py": "",
        "_.py": "",
    },
    "files left out": {
        "pyproject.toml": manifest(),
        "pkg/test_client.py": "",
        "pkg/client_test.py": "",
        "pkg/testing.py": "",
        "tests/contest.py": "",
        "build/x.py": "",
        "pkg/build/x.py": "",
        "lib/x.py": "",
        "lib64/x.md": "",
        "parts/x.py": "",
        "eggs/x.py": "",
        ".eggs/x.py": "",
        "a.egg/x.py": "",
        "venv/x.py": "",
        ".venv/x.py": "",
        "env/x.py": "",
        "ENV/x.py": "",
        "env.bak/x.py": "",
        "pkg/venv/x.py": "",
        ".flwr/x.toml": "",
        "pkg/.flwr/x.toml": "",
        "pkg/__pycache__/x.py": "",
        "node_modules/x/package.json": "{}",
    },
    "gitignore": {
        "pyproject.toml": manifest(),
        ".gitignore": "# comment\n*.json\n!keep.json\n/secret/\n  spaced.md  \ndocs/**/draft.md\nlogs\n*.y[am]l\nq?.md\n"
        "\\#real.md\n\\!bang.md\nopen[.md\n**/deep\na/**\n!a/b.py\n",
        "keep.json": "{}",
        "drop.json": "{}",
        "secret/x.py": "",
        "pkg/secret/x.py": "",
        "spaced.md": "",
        "docs/draft.md": "",
        "docs/a/b/draft.md": "",
        "docs/final.md": "",
        "logs/x.md": "",
        "pkg/logs/x.md": "",
        "a.yml": "",
        "a.yaml": "",
        "q1.md": "",
        "q12.md": "",
        "#real.md": "",
        "!bang.md": "",
        "open[.md": "",
        "x/deep/y.md": "",
        "a/b.py": "",
        "a/c.py": "",
    },
    "fab-include": {
        "pyproject.toml": manifest(
            app='fab-include = ["pkg/**/*.py", "conf/*.yaml", "!pkg/extra/*"]'
            .replace(', "!pkg/extra/*"', "")
        ),
        "pkg/extra/x.py": "",
        "conf/a.yaml": "",
        "conf/deep/b.yaml": "",
        "conf/c.json": "{}",
        "README.md": "",
    },
    "fab-exclude": {
        "pyproject.toml": manifest(app='fab-exclude = ["docs/", "*.jsonl", "/top.md"]'),
        "docs/a.md": "",
        "pkg/docs/a.md": "",
        "x.jsonl": "",
        "top.md": "",
        "pkg/top.md": "",
    },
    "fab-include and fab-exclude": {
        "pyproject.toml": manifest(
            app='fab-include = ["pkg", "*.md"]\nfab-exclude = ["pkg/private/**"]\n'
        ),
        "pkg/private/x.py": "",
        "other/x.py": "",
        "other/y.md": "",
    },
    "depth 10": {
        "pyproject.toml": manifest(),
        "/".join("abcdefghij") + "/x.py": "deepest",
    },
    "version 1": {
        "pyproject.toml": v1('license = { file = "LICENSE" }'),
        "LICENSE": "free\n",
    },
    "version 1 with LICENSE.md": {
        "pyproject.toml": v1('license = { file = "LICENSE.md" }'),
        "LICENSE.md": "free\n",
    },
    "version 0 said": {
        "pyproject.toml": manifest(
            project='dependencies = ["flwr>=1.20 ; python_version > \'3.9\'", "torch==2.*", "x @ https://e.org/x.whl"]',
            app="fab-format-version = 0\nflwr-version-target = 7",
        )
    },
    "large": {
        "pyproject.toml": manifest(),
        "pkg/big.md": "0123456789abcdef" * 4096,
    },
    # what follows is refused
    "no name": {"pyproject.toml": manifest().replace('name = "app"\n', "")},
    "bad name": {"pyproject.toml": manifest(name="my_app")},
    "name begins with a digit": {"pyproject.toml": manifest(name="1app")},
    "long name": {"pyproject.toml": manifest(name="a" * 33)},
    "no version": {"pyproject.toml": manifest().replace('version = "1.0.0"\n', "")},
    "no publisher": {"pyproject.toml": manifest().replace('publisher = "tester"\n', "")},
    "no app": {"pyproject.toml": '[project]\nname = "app"\nversion = "1.0.0"\n'},
    "no serverapp": {"pyproject.toml": manifest().replace('serverapp = "pkg.server:app"\n', "")},
    "no object": {"pyproject.toml": manifest().replace("pkg.client:app", "pkg.client")},
    "list in config": {"pyproject.toml": manifest(config="sizes = [1, 2]")},
    "date in config": {"pyproject.toml": manifest(config="day = 2024-10-01")},
    "empty fab-include": {"pyproject.toml": manifest(app="fab-include = []")},
    "fab-exclude without a match": {"pyproject.toml": manifest(app='fab-exclude = ["*.nothing"]')},
    "fab-include of an unknown kind": {
        "pyproject.toml": manifest(app='fab-include = ["pkg/*", "*.txt"]'),
        "notes.txt": "",
    },
    "too deep": {"pyproject.toml": manifest(), "/".join("abcdefghijk") + "/x.py": ""},
    "version 2": {"pyproject.toml": manifest(app="fab-format-version = 2")},
    "version 1 without a licence file": {"pyproject.toml": v1('license = { file = "LICENSE" }')},
    "version 1 with a licence's name": {"pyproject.toml": v1('license = "MIT"'), "LICENSE": ""},
    "version 1 with a target too low": {
        "pyproject.toml": v1('license = { file = "LICENSE" }').replace("1.38.0", "1.29"),
        "LICENSE": "",
    },
    "version 1 with a target too high": {
        "pyproject.toml": v1('license = { file = "LICENSE" }').replace("1.38.0", "2.0"),
        "LICENSE": "",
    },
    "version 1 without a bound": {
        "pyproject.toml": v1('license = { file = "LICENSE" }').replace(">=1.30,<2.0", "==1.38.0"),
        "LICENSE": "",
    },
    "bad dependency": {"pyproject.toml": manifest(project='dependencies = ["flwr>>1"]')},
    "flwr twice": {"pyproject.toml": manifest(project='dependencies = ["flwr>=1", "flwr<2"]')},
}


def build(flwr, files):
    """The bundle that `flwr build` makes, or None where it refuses."""
    with tempfile.TemporaryDirectory() as temp:
        app = Path(temp) / "app"
        for name, content in files.items():
            file = app / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode())
        out = Path(temp) / "out"
        out.mkdir()
        subprocess.run([flwr, "build", "--app", app], cwd=out, capture_output=True, check=False)
        made = list(out.iterdir())
        return (made[0].name, made[0].read_bytes()) if made else None


def bundles(flwr=FLWR):
    recorded = []
    for title, own in APPS.items():
        files = {**CODE, **own}
        made = build(flwr, files)
        entry = {"title": title, "files": files}
        if made is not None:
            name, fab = made
            entry |= {"file": name, "sha256": hashlib.sha256(fab).hexdigest()}
            if len(fab) < 8192:
                entry["fab"] = base64.b64encode(fab).decode()
        recorded.append(entry)
    return recorded


FLOATS = [0.0, -0.0, 1.0, 0.1, 1e15, 1e16, 123456789012345680.0, 1e22, 1e23, 1e-4, 1e-5, 1.5e-7, 5e-324,
          1.7976931348623157e308, 100.0, 0.30000000000000004, 12345.678, 9007199254740993.0, float("inf"), float("nan")]


def random_float(rng):
    return struct.unpack("<d", rng.getrandbits(64).to_bytes(8, "little"))[0]


def random_value(rng, depth):
    kind = rng.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return rng.choice([True, False])
    if kind == 1:
        return rng.choice([0, -1, 7, 2**31, -(2**63), 2**63 - 1, rng.randrange(10**6)])
    if kind == 2:
        return rng.choice([*FLOATS, random_float(rng), round(rng.uniform(-1000, 1000), 3)])
    if kind <= 5:
        return "".join(rng.choice(TEXT) for _ in range(rng.randrange(rng.choice([4, 30]))))
    if kind == 6:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 7:
        return [random_table(rng, depth + 1) for _ in range(rng.randrange(1, 4))]
    return random_table(rng, depth + 1)


TEXT = "abcxyz019 -_.\"'\\\n\t\r\b\x00\x1f\x7f#=[]{},é世🌸\u2028"
KEYS = ["a", "b", "key", "with space", "a.b", "", "10", "2", "0", "01", "ключ", 'q"q', "-", "__proto__", "constructor",
        "toString", "1_0", "4294967295"]


def random_table(rng, depth=0):
    keys = rng.sample(KEYS, rng.randrange(0 if depth else 3, 6))
    return {key: random_value(rng, depth) for key in keys}


def toml():
    rng = random.Random(20260102)
    sources = [tomli_w.dumps({"floats": [value]}) for value in FLOATS]
    sources += [tomli_w.dumps(random_table(rng)) for _ in range(90)]
    sources += [tomli_w.dumps(random_table(rng), multiline_strings=True) for _ in range(20)]
    # A table in a list is written in one line up to 100 characters.
    for length in range(78, 88):
        sources.append(f'items = [{{ a = "{"x" * length}" }}, {{ b = 1 }}]\n')
        sources.append(f'items = [{{ a = "{"🌸" * length}" }}, {{ b = 1 }}]\n')
    sources.append("a.b.c = 1\n[a.x]\ny = 2\n[z]\n[a.b.d]\ne = 3\n")
    sources.append("[[a]]\n[[a]]\n[a.b]\nc = 1\n[[a]]\nd = []\n")
    sources.append("x = [\n  1, # one\n  2,\n]\ny = { a.b = 1, a.c = 2 }\n")
    return [{"source": source, "written": tomli_w.dumps(tomli.loads(source))} for source in sources]


PATTERNS = [
    ["*.py"], ["/*.py"], ["**/*.py"], ["a"], ["a/"], ["/a"], ["a/b"], ["a/**"], ["a/**/b"], ["**/a/**"], ["**"], ["**/"],
    ["*"], ["*/"], ["/"], ["a*c"], ["a?c"], ["[abc].py"], ["[!abc].py"], ["[^a].py"], ["[a-c].py"], ["[]a].py"],
    ["[!]a].py"], ["[a\\].py"], ["[abc.py"], ["*.py", "!b.py"], ["!b.py", "*.py"], ["a/", "!a/b"], ["#x"], ["\\#x"],
    ["\\!x"], ["a\\*c"], ["a "], ["a\\ "], [" a"], ["a.b"], ["a+b"], ["(a)"], ["a{1}"], ["$a^"], ["a|b"], ["**a"],
    ["a**b"], ["a/*"], ["a/*/c"], ["*/b"], ["/**/b"], ["/**"], ["**/**/b"], ["a/**/**/b"], ["ü*"], ["?.md"], ["//"],
    ["a//b"], ["!/"], ["[]"], ["[!]"], ["[a-]"], ["[-a]"], ["[[a]"], ["[a^]"], ["a/b/"], ["./a"], [""], ["!"], ["a\\"],
]
PATHS = [
    "a", "b", "x", "#x", "!x", "a/b", "a/c", "b/a", "a/b/c", "a/x/c", "x/a/b", "a/x/y/b", "a.py", "b.py", "d.py", "-.py",
    "].py", "\\.py", "[abc.py", "sub/a.py", "sub/b.py", "abc", "aXc", "a*c", "a/c.py", "a ", " a", "a.b", "aXb", "a+b",
    "(a)", "a{1}", "$a^", "a|b", "ab", "axb", "üx", "🌸.md", "é.md", "sub/üx", "^", "[", "-", "]", "ba",
]


def patterns():
    recorded = []
    for lines in PATTERNS:
        try:
            spec = pathspec.PathSpec.from_lines("gitwildmatch", lines)
            matched = [path for path in PATHS if spec.match_file(path)]
        except Exception:  # malformed, by whatever error
            matched = None
        recorded.append({"patterns": lines, "matched": matched})
    return {"paths": PATHS, "cases": recorded}


VERSIONS = ["1", "1.0", "1.0.0", "1.0.1", "1.1", "1.10", "1.9", "2", "0.9", "1!0.1", "1.0.dev1", "1.0a1", "1.0a1.dev2",
            "1.0alpha2", "1.0b1", "1.0-beta.3", "1.0c1", "1.0rc1", "1.0rc2.post1", "1.0.post1", "1.0-1", "1.0.post1.dev3",
            "1.0+local", "1.0+1", "1.0+local.2", "v1.0", " 1.0 ", "1.0.*", "", "a", "1..0", "1.0x", "1_0", "1.38.0",
            "1.41.0.dev20251101"]
SPECIFIERS = ["", ">=1", ">1", "<1.1", "<=1.0", "==1.0", "!=1.0", "~=1.0", "~=1.0.1", "==1.*", "!=1.0.*", "===1.0",
              ">=1.0a1", "<1.0", ">1.0.post1", "<2,>=1.0", "~=1", "==1.0+local", ">=1.0rc1,<2", "=>1", "1.0", "<1.0rc1",
              "~=1.0rc1", ">=1,,<2", "== 1.0", ">=1.*"]
REQUIREMENTS = ["flwr", "flwr>=1.0", "flwr[simulation]>=1.0,<2", "flwr (>=1.0)", "flwr>=1.0; python_version > '3.9'",
                "flwr @ https://e.org/f.whl", "flwr@https://e.org/f.whl ; extra == 'x'", "FLWR>=1", "a_b-c.d", "-a", "a-",
                "flwr>=", "flwr >= 1.0 , < 2", "flwr;", "flwr 1.0", "flwr=1", "", "flwr[", "flwr[a]", "flwr[a,b]", "flwr @"]


def versions():
    parsed = {}
    for text in VERSIONS:
        try:
            parsed[text] = Version(text)
        except InvalidVersion:
            pass
    order = [[a, b, (parsed[a] > parsed[b]) - (parsed[a] < parsed[b])] for a, b in itertools.combinations(parsed, 2)]
    contained = []
    for text in SPECIFIERS:
        try:
            requirement = Requirement(f"x{text}" if text[:1] != "1" else f"x {text}")
            contained.append([text, [v for v in parsed if parsed[v] in requirement.specifier]])
        except InvalidRequirement:
            contained.append([text, None])
    requirements = []
    for text in REQUIREMENTS:
        try:
            requirements.append([text, Requirement(text).name])
        except InvalidRequirement:
            requirements.append([text, None])
    invalid = [text for text in VERSIONS if text not in parsed]
    return {"invalid": invalid, "order": order, "contained": contained, "requirements": requirements}


def write(name, data):
    lines = ",\n".join(json.dumps(item, ensure_ascii=True) for item in data) if isinstance(data, list) else None
    text = f"[\n{lines}\n]\n" if lines is not None else json.dumps(data) + "\n"
    (HERE / name).write_text(text)


if __name__ == "__main__":
    print({name: version(name) for name in ("flwr", "tomli", "tomli_w", "pathspec", "packaging")})
    write("toml.json", toml())
    write("patterns.json", patterns())
    write("versions.json", versions())
    made = bundles()
    write("bundles.json", made)
    for other in sys.argv[1:]:
        assert bundles(Path(other)) == made, f"{other} makes other bundles"
        print(other, "makes the same bundles")
