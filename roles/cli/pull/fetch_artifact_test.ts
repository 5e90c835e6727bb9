import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { FlwrError } from "../../../base/error.ts";
import { fetchArtifact } from "./fetch_artifact.ts";

const CONTENT = new TextEncoder().encode('{"a":1}');
const TOKEN = "a".repeat(64);

/** A SuperLink that lists an artifact with this hash, and sends {@link CONTENT}. */
async function withServer(
  sha256: string,
  body: (
    fetchNamed: (name: string, maxBytes?: number) => Promise<Uint8Array | undefined>,
  ) => Promise<void>,
): Promise<void> {
  const artifacts = [{ name: "history.json", size: CONTENT.length, sha256 }];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    const path = new URL(url).pathname;
    if (path === `/artifacts/${TOKEN}/index.json`) return Response.json({ artifacts });
    if (path === `/artifacts/${TOKEN}/files/history.json`) return new Response(CONTENT);
    return new Response(null, { status: 404 });
  });
  const address = `127.0.0.1:${server.addr.port}`;
  const control = {
    pullArtifacts: (runId: bigint) =>
      Promise.resolve(`http://${address}/artifacts/${TOKEN}/run-${runId}.zip`),
  };
  await body((name, maxBytes = 100) =>
    fetchArtifact(
      control,
      { address, insecure: true },
      { runId: 7n, name, maxBytes },
      new AbortController().signal,
    )
  );
}

const HASH = createHash("sha256").update(CONTENT).digest("hex");

Deno.test("fetch artifact: one file of a run, or nothing if the run has not saved it", () =>
  withServer(HASH, async (fetchNamed) => {
    assert.deepEqual(await fetchNamed("history.json"), CONTENT);
    assert.equal(await fetchNamed("model.npz"), undefined);
    await assert.rejects(fetchNamed("history.json", CONTENT.length - 1), { code: "data-loss" });
  }));

Deno.test("fetch artifact: a file with another hash is damaged", () =>
  withServer("0".repeat(64), async (fetchNamed) => {
    await assert.rejects(fetchNamed("history.json"), { code: "data-loss" });
  }));

Deno.test("fetch artifact: a run without artifacts has none, and other errors are reported", async () => {
  const fetchWith = (code: "failed-precondition" | "unimplemented" | "unavailable") =>
    fetchArtifact(
      { pullArtifacts: () => Promise.reject(new FlwrError(code, "No")) },
      { address: "127.0.0.1:1", insecure: true },
      { runId: 7n, name: "history.json", maxBytes: 100 },
      new AbortController().signal,
    );
  assert.equal(await fetchWith("failed-precondition"), undefined);
  assert.equal(await fetchWith("unimplemented"), undefined);
  await assert.rejects(fetchWith("unavailable"), { code: "unavailable" });
});
