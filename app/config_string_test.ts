import assert from "node:assert/strict";
import { parseConfigString } from "./config_string.ts";

const typed = (text: string) =>
  Object.fromEntries(
    [...parseConfigString(text).typedEntries()].map((
      [name, { type, value }],
    ) => [name, [type, value]]),
  );

Deno.test("pairs are separated by spaces or commas, values are TOML", () => {
  assert.deepEqual(typed(`partition-id=0  num-partitions = 2, name="x y" ok=true lr=1.0`), {
    "partition-id": ["sint64", 0n],
    "num-partitions": ["sint64", 2n],
    name: ["string", "x y"],
    ok: ["bool", true],
    lr: ["double", 1],
  });
  assert.deepEqual(typed(""), {});
});

Deno.test("values in quotes or brackets may contain separators", () => {
  assert.deepEqual(typed(`a='it, is' b="say \\"hi\\"" c=[1, 2] d=["x", "y z"] e=[0.5, 1.0]`), {
    a: ["string", "it, is"],
    b: ["string", 'say "hi"'],
    c: ["sint64[]", [1n, 2n]],
    d: ["string[]", ["x", "y z"]],
    e: ["double[]", [0.5, 1]],
  });
});

Deno.test("keys may have dots, dashes, and anything in quotes", () => {
  assert.deepEqual(typed(`optim.lr=1 "a key"=2`), {
    "optim.lr": ["sint64", 1n],
    "a key": ["sint64", 2n],
  });
});

Deno.test("integers are exact to 64 bits", () => {
  assert.deepEqual(typed("n=9223372036854775807"), { n: ["sint64", 2n ** 63n - 1n] });
});

Deno.test("an error names the option, the position and the problem", () => {
  const cases: [string, RegExp][] = [
    ["a=1 =2", /^--node-config, character 5: expected a key, got "="$/],
    ["a", /character 2: expected "=" after "a"/],
    ["a=", /character 3: "a" has no value/],
    ["a=1 a=2", /character 5: "a" occurs twice/],
    ["a=hello", /character 3: hello is not a number, true, false, a quoted text or a list/],
    ['a="x', /character 3: "x is not/],
    ["a={b=1}", /character 3: {b=1} is not/],
    ["a=2026-01-01", /character 3: 2026-01-01 is not/],
    ['a=[1,"x"]', /character 3: \[1,"x"\] is not/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseConfigString(text, "--node-config"), { message });
  }
  assert.throws(() => parseConfigString(" ".repeat(70_000)), /at most 65536 characters: got 70000/);
});

Deno.test("a text without quotes gets a hint that survives the shell", () => {
  const hintsOf = (text: string): readonly string[] => {
    try {
      parseConfigString(text, "--run-config");
    } catch (error) {
      return (error as { hints: readonly string[] }).hints;
    }
    return assert.fail(`${text} was read`);
  };
  assert.match(hintsOf("lr=1 model=mlp")[0]!, /'model="mlp"'/);
  assert.match(hintsOf("data=/data/x.csv")[0]!, /'data="\/data\/x.csv"'/);
  assert.equal(hintsOf("a={b=1}").length, 1);
});
