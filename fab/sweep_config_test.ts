import assert from "node:assert/strict";
import { readSweepConfig } from "./sweep_config.ts";
import { withApp } from "./testing/app_files.ts";

const read = async (...values: string[]) => [...await readSweepConfig(values)];

Deno.test("sweep config: a list has the values to try, in order and each with its type", async () => {
  assert.deepEqual(
    await read('lr=[0.1, 1, 1.0] seed=[3,1] opt="sgd" on=[true,false]', "lr=[0.5]"),
    [
      ["lr", [0.5]],
      ["seed", [3n, 1n]],
      ["opt", "sgd"],
      ["on", [true, false]],
    ],
  );
  assert.deepEqual(await read("lr=[0.1, 1, 1.0]"), [["lr", [0.1, 1n, 1]]]);
  assert.deepEqual(await read('layers=["8,16", "32"]'), [["layers", ["8,16", "32"]]]);
  assert.deepEqual(await read("a=[nan, 1]"), [["a", [NaN, 1n]]]);
});

Deno.test("sweep config: what no run can have is refused, with the setting", async () => {
  for (
    const [text, message] of [
      ["layers=[[8,16],[32]]", /"layers" in --run-config is a list/],
      ["lr=[]", /"lr" in --run-config has no values/],
      ["lr=[0.1, 0.1]", /"lr" in --run-config has the value "0.1" twice/],
      ["lr=[nan, nan]", /"NaN" twice/],
      ["lr=[1, {a=1}]", /character 4: \[1, \{a=1\}\] is not/],
      ["lr=[0.1", /character 4/],
      ["n=[18446744073709551616]", /does not fit into 64 bits/],
    ] as const
  ) {
    await assert.rejects(read(text), { code: "invalid-argument", message }, text);
  }
});

Deno.test("sweep config: a TOML file has lists as well, with its name in errors", () =>
  withApp(
    { "a.toml": "lr = [0.1, 0.2]\n[model]\nlayers = 4\n", "b.toml": "lr = [[1]]\n" },
    async (folder) => {
      assert.deepEqual(await read(`${folder}/a.toml`), [["lr", [0.1, 0.2]], ["model.layers", 4n]]);
      await assert.rejects(read(`${folder}/b.toml`), { message: /"lr" in ".*b\.toml" is a list/ });
    },
  ));
