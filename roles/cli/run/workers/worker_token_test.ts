import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { sha256Hex } from "../../../../base/platform.ts";
import { removeToken, WorkerToken } from "./worker_token.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("WorkerToken: its file is the user's alone, and has what the SuperLink knows the hash of", () =>
  withFolder(async (folder) => {
    const file = `${folder}/token`;
    await using token = await WorkerToken.create(file);
    assert.equal(await token.write(7n), file);
    const [id, secret] = (await Deno.readTextFile(file)).trim().split(".");
    assert.equal(id, "7");
    assert.match(secret!, /^[0-9a-f]{64}$/);
    assert.equal(token.hash, sha256Hex(secret!));
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    await assert.rejects(WorkerToken.create(file), { code: "already-exists" });
  }));

Deno.test("WorkerToken: a file that another user puts in the place of its own gets no token", () =>
  withFolder(async (folder) => {
    const file = `${folder}/token`;
    await using token = await WorkerToken.create(file);
    await Deno.remove(file);
    await Deno.writeTextFile(file, "", { mode: 0o666 });
    await token.write(7n);
    assert.equal(await Deno.readTextFile(file), "");
  }));

Deno.test("WorkerToken: no file is left of a run that was not started", () =>
  withFolder(async (folder) => {
    const file = `${folder}/token`;
    {
      await using _token = await WorkerToken.create(file);
    }
    await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
  }));

Deno.test("WorkerToken: a token that cannot be written is one sentence, with the file", () =>
  withFolder(async (folder) => {
    const file = `${folder}/token`;
    const token = await WorkerToken.create(file);
    await token[Symbol.asyncDispose]();
    await assert.rejects(
      token.write(7n),
      ({ code, message }: { code: string; message: string }) => {
        return code === "failed-precondition" && message.includes(file);
      },
    );
  }));

Deno.test("WorkerToken: that of a run that is over is removed from Flower's folder, and from no other", () =>
  withFolder(async (folder) => {
    const home = Deno.env.get("FLWR_HOME");
    Deno.env.set("FLWR_HOME", folder);
    try {
      await using own = await WorkerToken.create(undefined);
      await using other = await WorkerToken.create(undefined);
      await using given = await WorkerToken.create(`${folder}/7.token`);
      const file = await own.write(7n);
      const kept = [await other.write(8n), await given.write(7n)];
      await removeToken(7n);
      assert.ok(!existsSync(file));
      for (const file of kept) assert.ok(existsSync(file), file);
      // A run of a command that wrote the token elsewhere.
      await removeToken(9n);
    } finally {
      if (home === undefined) Deno.env.delete("FLWR_HOME");
      else Deno.env.set("FLWR_HOME", home);
    }
  }));
