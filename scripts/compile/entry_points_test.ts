import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ENTRY, LOADED_BY_URL } from "./entry_points.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** The rooms that end up in the executable. */
const ROOMS = [
  "app",
  "auth",
  "base",
  "certs",
  "fab",
  "link",
  "ml",
  "proto",
  "roles",
  "rpc",
  "tensor",
];

/** A worker's module as its host names it. */
const WORKER = /new Worker\(\s*new URL\("([^"]+)", import\.meta\.url\)/g;

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(PROJECT, folder))) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) yield `${folder}/${name}`;
  }
}

Deno.test("every module that a worker is started with is compiled in", async () => {
  const workers: string[] = [];
  for (const room of ROOMS) {
    for await (const file of sources(room)) {
      const text = await Deno.readTextFile(join(PROJECT, file));
      for (const [, module] of text.matchAll(WORKER)) {
        workers.push(join(file, "..", module!).replaceAll("\\", "/"));
      }
    }
  }
  assert.deepEqual(
    workers.toSorted(),
    LOADED_BY_URL.filter((file) => file !== "mod.ts").toSorted(),
  );
});

Deno.test("the modules that are compiled in are there, and mod.ts is what apps import", async () => {
  for (const file of [ENTRY, ...LOADED_BY_URL]) {
    assert.ok((await Deno.stat(join(PROJECT, file))).isFile, file);
  }
  const { imports } = JSON.parse(await Deno.readTextFile(join(PROJECT, "deno.json")));
  assert.ok(LOADED_BY_URL.includes(imports.flwr.replace("./", "")));
});
