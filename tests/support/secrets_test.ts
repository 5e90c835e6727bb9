import assert from "node:assert/strict";
import { Process } from "./process.ts";
import { assertNoSecrets } from "./secrets.ts";
import { TempDir } from "./tempdir.ts";

Deno.test("a process that prints a line of a private key is caught", async () => {
  await using folder = await TempDir.make();
  const secret = "c2VjcmV0".repeat(8);
  const key = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`;
  await Deno.mkdir(`${folder.path}/keys`);
  await Deno.writeTextFile(`${folder.path}/keys/client`, key);
  await using careful = new Process({ name: "careful", command: "echo", args: ["-----BEGIN"] });
  await using careless = new Process({
    name: "careless",
    command: "echo",
    args: [`key=${secret}`],
  });
  await Promise.all([careful.ended(), careless.ended()]);

  await assertNoSecrets(folder.path, [careful]);
  await assert.rejects(
    assertNoSecrets(folder.path, [careful, careless]),
    /careless prints no part/,
  );

  await Deno.writeTextFile(`${folder.path}/audit.log-1.000001`, `{"actor":"${secret}"}\n`);
  await assert.rejects(assertNoSecrets(folder.path, [careful]), /audit log .* has no part/);
});
