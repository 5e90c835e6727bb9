import assert from "node:assert/strict";
import { mergeRunConfig, readRunConfig } from "./run_config.ts";
import { toConfigRecord } from "./scalar.ts";
import { withApp } from "./testing/app_files.ts";

Deno.test("run config: pairs are read with their types, and later ones override earlier ones", async () => {
  assert.deepEqual(await readRunConfig([]), {});
  assert.deepEqual(
    await readRunConfig([
      "num-rounds=3 lr=0.5 name=\"a b\" on=true e=1e3 t='x'",
      "lr=1.0 model.layers=-4",
    ]),
    { "num-rounds": 3n, lr: 1, name: "a b", on: true, e: 1000, t: "x", "model.layers": -4n },
  );
});

Deno.test("run config: a TOML file is flattened", () =>
  withApp(
    { "c.toml": "lr = 0.5\n[model]\nlayers = 4\n[model.head]\nsize = 8\n" },
    async (folder) => {
      assert.deepEqual(await readRunConfig([`${folder}/c.toml`]), {
        lr: 0.5,
        "model.layers": 4n,
        "model.head.size": 8n,
      });
      await assert.rejects(readRunConfig([`${folder}/c.toml`, "a=1"]), {
        message: /pairs or one file/,
      });
      await assert.rejects(readRunConfig([`${folder}/d.toml`], "-c"), {
        code: "not-found",
        message: /d\.toml" of -c cannot be read/,
      });
    },
  ));

Deno.test("run config: malformed pairs and values that are not scalars are refused, naming the flag", async () => {
  await assert.rejects(readRunConfig(["num-rounds"], "-c"), {
    message: /^-c, character 11: expected "="/,
  });
  await assert.rejects(readRunConfig(["a=b"]), { message: /b is not a number/ });
  await assert.rejects(readRunConfig(["a=[1,2]"]), { message: /"a" in --run-config is a list/ });
  await withApp({
    "c.toml": "a = [1]\n",
    "d.toml": "a = 99999999999999999999\n",
    "e.toml": "[b]\na = 07:32:00\n",
  }, async (folder) => {
    await assert.rejects(readRunConfig([`${folder}/c.toml`]), {
      message: /"a" in ".*c\.toml" must be .*, not a list/,
    });
    await assert.rejects(readRunConfig([`${folder}/d.toml`], "-c"), {
      message: /^-c: .* does not fit into 64 bits/,
    });
    await assert.rejects(readRunConfig([`${folder}/e.toml`]), {
      message: /"b\.a" .* a date or time/,
    });
  });
});

Deno.test("run config: a value overrides a default, and an unknown name is an error", () => {
  const defaults = { "num-rounds": 3n, lr: 0.5, "model.layers": 4n };
  assert.deepEqual(mergeRunConfig(defaults, { lr: 1n, "model.layers": "many" }), {
    "num-rounds": 3n,
    lr: 1n,
    "model.layers": "many",
  });
  assert.throws(() => mergeRunConfig(defaults, { rounds: 5n }), {
    code: "invalid-argument",
    message: 'The app has no setting "rounds"',
    hints: ['It has: "num-rounds", "lr", "model.layers"'],
  });
  assert.throws(() => mergeRunConfig({}, { toString: 1n }), { message: /no setting "toString"/ });
});

Deno.test("run config: floats stay floats in an app, even if they are whole numbers", () => {
  const record = toConfigRecord({ lr: 1, rounds: 1n, name: "x", on: false });
  assert.deepEqual([...record.typedEntries()].map(([name, { type }]) => [name, type]), [
    ["lr", "double"],
    ["rounds", "sint64"],
    ["name", "string"],
    ["on", "bool"],
  ]);
});
