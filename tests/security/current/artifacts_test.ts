/** Limits of saving artifacts with a ServerApp's token, and of downloading them. */
import assert from "node:assert/strict";
import { DEFAULT_LINK_LIMITS } from "../../../link/limits.ts";
import { readZip } from "../../../fab/read_zip.ts";
import { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { CurrentSuperLink, type StartedTask } from "./superlink.ts";

const MIB = 2 ** 20;

const save = ({ client }: StartedTask, name: string, bytes = new Uint8Array([1])) =>
  client.pushArtifact(name, bytes.length, 0, bytes);

async function finish({ client }: StartedTask): Promise<void> {
  await client.finish("completed", "");
}

/** Requests a URL from this machine. */
async function get(
  { authority }: CurrentSuperLink,
  url: string,
  init: RequestInit = {},
): Promise<{ status: number; bytes: Uint8Array }> {
  using client = Deno.createHttpClient({ caCerts: [authority] });
  const answer = await fetch(url, { ...init, client });
  return { status: answer.status, bytes: new Uint8Array(await answer.arrayBuffer()) };
}

Deno.test("artifacts: no name leads out of a folder or is hidden in it", async () => {
  await using superLink = await CurrentSuperLink.start();
  const task = await superLink.task();
  const names = [
    ...["", ".", "..", "../x", "a/../../x", "/etc/passwd", "//x", "a//b", "a/", "C:\\x", "C:x"],
    ...["\\\\host\\share", ".ssh/authorized_keys", "a/.b", "~/x", "-rf", "a\0b", "a\nb", "a b"],
    ...["con", "NUL.npz", "a.", "ａ", "a/b/c/d/e/f", "x".repeat(201), "%2e%2e/x", "\u202ecod.exe"],
  ];
  for (const name of names) {
    await assert.rejects(save(task, name), { code: "invalid-argument" }, JSON.stringify(name));
  }
  await save(task, "model");
  await assert.rejects(save(task, "MODEL"), {
    code: "invalid-argument",
    message: /"MODEL".*"model"/,
  });
  await assert.rejects(save(task, "model/x"), { code: "invalid-argument" });
  await finish(task);
  const url = await superLink.controlClient().pullArtifacts(task.runId);
  const { bytes } = await get(superLink, url);
  assert.deepEqual([...readZip(bytes).keys()], ["model"]);
});

Deno.test("artifacts: wrong sizes, pieces out of order and too many bytes are refused", async () => {
  await using superLink = await CurrentSuperLink.start();
  const task = await superLink.task();
  const { client } = task;
  const { maxArtifactBytesPerRun, maxArtifactPieceBytes } = DEFAULT_LINK_LIMITS;
  const piece = new Uint8Array(MIB);
  const wrong = { code: "invalid-argument" };
  await assert.rejects(client.pushArtifact("a", MIB - 1, 0, piece), wrong);
  await assert.rejects(client.pushArtifact("a", 2 * MIB, 0, new Uint8Array(10)), wrong);
  await assert.rejects(client.pushArtifact("a", Number.MAX_SAFE_INTEGER, 0, piece), {
    code: "resource-exhausted",
  });
  await assert.rejects(client.pushArtifact("a", maxArtifactBytesPerRun + 1, 0, piece), {
    code: "resource-exhausted",
  });
  const large = new Uint8Array(maxArtifactPieceBytes + 1);
  await assert.rejects(client.pushArtifact("a", large.length, 0, large), wrong);
  const huge = new Uint8Array(maxArtifactPieceBytes + 4096);
  await assert.rejects(client.pushArtifact("a", huge.length, 0, huge), /larger than/);
  const early = { code: "failed-precondition" };
  await assert.rejects(client.pushArtifact("a", 3 * MIB, MIB, piece), early);
  await client.pushArtifact("a", 3 * MIB, 0, piece);
  await assert.rejects(client.pushArtifact("a", 4 * MIB, MIB, piece), early);
  await assert.rejects(client.pushArtifact("a", 3 * MIB, 2 * MIB, piece), early);
  // Incomplete artifacts are not visible.
  await save(task, "b");
  await finish(task);
  const url = await superLink.controlClient().pullArtifacts(task.runId);
  assert.deepEqual([...readZip((await get(superLink, url)).bytes).keys()], ["b"]);
});

Deno.test("artifacts: a run can have at most a thousand", async () => {
  await using superLink = await CurrentSuperLink.start();
  const task = await superLink.task();
  const { maxArtifactsPerRun } = DEFAULT_LINK_LIMITS;
  for (let count = 0; count < maxArtifactsPerRun; count++) await save(task, `file-${count}`);
  await assert.rejects(save(task, "one-more"), {
    code: "resource-exhausted",
  });
  await save(task, "file-0", new Uint8Array([2]));
});

Deno.test("artifacts: a finished run accepts none, and its token is not valid for another run", async () => {
  await using superLink = await CurrentSuperLink.start();
  const [own, other] = [await superLink.task(), await superLink.task()];
  await save(own, "own");
  await finish(own);
  await assert.rejects(save(own, "late"), { code: "cancelled" });
  await save(other, "other");
  const control = superLink.controlClient();
  await assert.rejects(control.pullArtifacts(other.runId), {
    code: "failed-precondition",
  });
  const { bytes } = await get(superLink, await control.pullArtifacts(own.runId));
  assert.deepEqual([...readZip(bytes).keys()], ["own"]);
});

Deno.test("artifacts: a download needs the run's address, and web pages get nothing", async () => {
  await using superLink = await CurrentSuperLink.start();
  const [own, other] = [await superLink.task(), await superLink.task()];
  for (const task of [own, other]) {
    await save(task, "model");
    await finish(task);
  }
  const url = await superLink.controlClient().pullArtifacts(own.runId);
  const status = async (target: string, init?: RequestInit) =>
    (await get(superLink, target, init)).status;
  assert.equal(await status(url), 200);
  assert.equal(await status(url.replace(String(own.runId), String(other.runId))), 404);
  assert.equal(await status(url.replace(/[0-9a-f]{64}/, "0".repeat(64))), 404);
  assert.equal(await status(url.replace(/[0-9a-f]{64}/, (token) => token.toUpperCase())), 404);
  assert.equal(await status(url.replace(/[0-9a-f]{64}\//, "")), 404);
  assert.equal(await status(new URL("files/../../x", url).href), 404);
  assert.equal(await status(new URL("files/..%2f..%2fx", url).href), 404);
  assert.equal(await status(new URL(".", url).href), 404);
  assert.equal(await status(url, { headers: { origin: "https://example.org" } }), 403);
  assert.equal(await status(url, { method: "POST" }), 405);
});

Deno.test("artifacts: the address has the requested host, whatever else a caller claims", async () => {
  await using superLink = await CurrentSuperLink.start();
  const task = await superLink.task();
  await save(task, "model");
  await finish(task);
  const http = superLink.control("http");
  const over = async (transport: "http" | "grpc") => {
    const channel = superLink.open(transport, superLink.control(transport));
    return await new ControlClient(channel).pullArtifacts(task.runId);
  };
  assert.equal(new URL(await over("http")).host, http);
  const url = await over("grpc");
  assert.equal(new URL(url).port, new URL(`https://${http}`).port);
  assert.equal((await get(superLink, url)).status, 200);
});
