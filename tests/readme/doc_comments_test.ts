/** Everything that an app can import from "flwr" is explained where it stands. */
import assert from "node:assert/strict";
import { runCommand } from "../packaging/command.ts";
import { apiPage } from "./api_page.ts";
import { operatorsPage } from "./operators_page.ts";
import { optionsPage, parts } from "./options_page.ts";
import { unformatted } from "./markdown.ts";
import { repositoryPath } from "../support/repository.ts";

/** Types behind a public signature that no app's own signature needs. All others can be imported. */
const INTERNAL = [
  "DEVICES", // Device lists its names
  "DTypeData", // the typed array of each DType
  "Engine", // createEngine is for tests
  "EngineCompute",
  "FedOpt", // what FedAdagrad, FedAdam and FedYogi share
  "Node", // a Value is opaque to apps
  "Primitive",
  "Optimizations", // for comparing the passes of the compiler
  "STORED_TYPES", // StoredType lists its names
  "PlainModelContract", // a contract as the threads of a simulation get it
  "PushedFold", // what strategies of this program give an exchange
  "Registration", // what ClientApp.train and its siblings are
];

Deno.test("every public symbol, and every member of one, has a doc comment", async () => {
  const { stderr } = await runCommand(
    Deno.execPath(),
    ["doc", "--lint", repositoryPath("mod.ts")],
    { env: { NO_COLOR: "1" } },
  );
  const faults = [...stderr.matchAll(/^error\[(.*)\n *--> (.*)$/gm)]
    .filter(([, fault]) => !INTERNAL.some((type) => fault!.includes(`private type '${type}'`)))
    .map(([, fault, place]) => `${place}: ${fault}`);
  assert.deepEqual(faults, []);
  assert.match(stderr, /Checked \d+ file|error\[private-type-ref\]/, "it was looked at");
});

Deno.test("docs/api.md: every name that an app can import, as the doc comments have it", async () => {
  const page = await Deno.readTextFile(repositoryPath("docs/api.md"));
  assert.deepEqual(
    unformatted(page),
    unformatted(await apiPage()),
    "make it anew: deno task docs",
  );
});

Deno.test("docs/operators.md: every operator that has a rule", async () => {
  const page = await Deno.readTextFile(repositoryPath("docs/operators.md"));
  assert.deepEqual(
    unformatted(page),
    unformatted(await operatorsPage()),
    "make it anew: deno task docs",
  );
});

Deno.test("docs/options.md: every option with its type and default, as the doc comments have it", async () => {
  const expected = await optionsPage();
  const page = await Deno.readTextFile(repositoryPath("docs/options.md"));
  assert.deepEqual(
    unformatted(page),
    unformatted(expected),
    "make it anew: deno task docs",
  );
  for (const option of ["fractionTrain", "clippingNorm", "proximalMu", "minThreshold"]) {
    assert.match(expected, new RegExp(`^\\| \`${option}\` \\| \`number\` \\|`, "m"));
  }
  const misplaced = expected.split("\n").filter((line) => /\(default\)|\bDefault for\b/.test(line));
  assert.deepEqual(misplaced, [], 'a default must stand at the end, as "(default 3)"');
});

Deno.test("docs/options.md: the default is taken out of an option's comment", () => {
  const cases: [string, string, string?][] = [
    ["A rate (default 3).", "A rate.", "3"],
    ["A rate\n(default: a (b), c). More.", "A rate. More.", "a (b), c"],
    ["A rate. Default: 2.5, as in X. More.", "A rate. More.", "2.5, as in X"],
    ["A rate.", "A rate."],
  ];
  for (const [doc, meaning, byDefault] of cases) {
    assert.deepEqual({ byDefault: undefined, ...parts(doc) }, { meaning, byDefault });
  }
});
