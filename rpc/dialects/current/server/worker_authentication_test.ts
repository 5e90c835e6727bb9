import assert from "node:assert/strict";
import { sha256Hex } from "../../../../base/platform.ts";
import type { LinkRun } from "../../../../entities/run.ts";
import type { CallHead } from "../../../call.ts";
import { WORKER_TOKEN_HEADER } from "../headers.ts";
import { workerAuthentication } from "./worker_authentication.ts";

const SECRET = "ab".repeat(32);

/** Checks of tokens, and how often they read the store. */
function checks() {
  const counted = { reads: 0 };
  const runs = {
    get: (runId: bigint) => {
      counted.reads += 1;
      const simulation = { workersTokenHash: sha256Hex(SECRET) };
      return Promise.resolve(runId < 3n ? { runId, simulation } as unknown as LinkRun : undefined);
    },
  };
  const { admit } = workerAuthentication(runs as Parameters<typeof workerAuthentication>[0]);
  const codeOf = async (token: string, peer = "192.0.2.1:1234") => {
    const head = {
      transport: "http",
      method: "/flwr.proto.NodeJobs/TakeJob",
      peer,
      header: (name: string) => name === WORKER_TOKEN_HEADER ? token : undefined,
      headerBytes: () => undefined,
    } satisfies CallHead;
    try {
      await admit!(head);
      return "ok";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  return { counted, codeOf };
}

Deno.test("worker token: guesses of a run's secret cost the store one read", async () => {
  const { counted, codeOf } = checks();
  for (let n = 0; n < 1000; n++) {
    assert.equal(await codeOf(`1.${n.toString(16).padStart(64, "0")}`), "unauthenticated");
  }
  assert.equal(counted.reads, 1);
  assert.equal(await codeOf(`1.${SECRET}`), "ok");
});

Deno.test("worker token: guesses of runs are few, and do not hinder the workers of a run that has some", async () => {
  const { counted, codeOf } = checks();
  assert.equal(await codeOf(`1.${SECRET}`), "ok");
  const codes = new Set<string>();
  for (let n = 100; n < 2000; n++) codes.add(await codeOf(`${n}.${SECRET}`));
  assert.deepEqual([...codes].sort(), ["unauthenticated", "unavailable"]);
  assert.ok(counted.reads < 500, `${counted.reads} reads`);
  assert.equal(await codeOf(`1.${SECRET}`), "ok");
  // From elsewhere, the first worker of another run comes in as well.
  assert.equal(await codeOf(`2.${SECRET}`, "198.51.100.1:1234"), "ok");
});
