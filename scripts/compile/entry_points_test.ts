import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOMS as ROOM_TABLE } from "../../tests/architecture/rooms.ts";
import { ENTRY, LIBRARY, loadedByUrl, ROOMS } from "./entry_points.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

Deno.test("workers, commands and modules loaded on demand are compiled in", async () => {
  const modules = await loadedByUrl(PROJECT);
  for (
    const module of [
      "ml/session/worker.ts", // a worker of node:worker_threads
      "hosting/app/app_worker.ts", // a worker of the web's kind
      "roles/superlink/command.ts", // a command
      "rpc/grpc/channel.ts", // needed by some commands, sometimes
    ]
  ) assert.ok(modules.includes(module), module);
  assert.deepEqual(modules, [...new Set(modules)].sort());
});

Deno.test("the rooms of the program are the folders of the room table, without the examples", () => {
  const folders = Object.keys(ROOM_TABLE).map((room) => room.split("/")[0]!)
    .filter((name) => !name.endsWith(".ts") && name !== "examples");
  assert.deepEqual([...ROOMS], [...new Set(folders)].sort());
});

Deno.test("the modules to compile in exist, and mod.ts is what apps import", async () => {
  for (const file of [ENTRY, LIBRARY, ...await loadedByUrl(PROJECT)]) {
    assert.ok((await Deno.stat(join(PROJECT, file))).isFile, file);
  }
  const { imports } = JSON.parse(await Deno.readTextFile(join(PROJECT, "deno.json")));
  assert.equal(imports.flwr, `./${LIBRARY}`);
});
