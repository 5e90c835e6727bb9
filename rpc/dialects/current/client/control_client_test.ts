import assert from "node:assert/strict";
import { ConfigRecord } from "../../../../app/config_record.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { Channel } from "../../../channel.ts";
import { ControlClient } from "./control_client.ts";

const SUBMISSION = {
  fab: { content: new Uint8Array([1]), hash: "ab" },
  overrideConfig: new ConfigRecord(),
};

/**
 * Submits an app to a SuperLink; `refuses` returns its error for a federation. Returns the federations that were
 * sent.
 */
async function submitted(
  refuses: (federation: string) => string | undefined,
  federation?: string,
): Promise<{ sent: string[]; outcome: bigint | string }> {
  const sent: string[] = [];
  const channel: Channel = {
    address: "superlink",
    call: (_method, request) => {
      const { federation = "" } = request as { federation?: string };
      sent.push(federation);
      const refusal = refuses(federation);
      return refusal === undefined
        ? Promise.resolve({ response: { runId: 7n } as never, header: () => undefined })
        : Promise.reject(new FlwrError("failed-precondition", refusal));
    },
    stream: () => assert.fail("not used"),
    close: () => {},
  };
  const starting = new ControlClient(channel).startRun({ ...SUBMISSION, federation });
  const outcome = await starting.then(
    ({ runId }) => runId,
    (error) => FlwrError.from(error).message,
  );
  return { sent, outcome };
}

Deno.test("control client: a SuperLink of Flower 1.24 gets the name of its federation", async () => {
  const older = (federation: string) =>
    federation === "default" ? undefined : `Federation '${federation}' does not exist.`;
  assert.deepEqual(await submitted(older), { sent: ["", "default"], outcome: 7n });
  assert.deepEqual(await submitted(older, "@me/mine"), {
    sent: ["@me/mine"],
    outcome: "Federation '@me/mine' does not exist.",
  });
});

Deno.test("control client: a submission refused for another reason is not repeated", async () => {
  assert.deepEqual(await submitted(() => "The bundle is no ZIP file"), {
    sent: [""],
    outcome: "The bundle is no ZIP file",
  });
  assert.deepEqual(await submitted(() => undefined), { sent: [""], outcome: 7n });
});

Deno.test("control client: an error says if the run may have started", async () => {
  const lost: [FlwrError, boolean][] = [
    [new FlwrError("unavailable", "The connection broke", { cause: new Error("reset") }), true],
    [new FlwrError("deadline-exceeded", "No answer"), true],
    [new FlwrError("unavailable", "Cannot reach it", { hints: ["Start the SuperLink"] }), false],
    [new FlwrError("failed-precondition", "It is full"), false],
  ];
  for (const [error, mayHaveStarted] of lost) {
    const channel: Channel = {
      address: "superlink",
      call: () => Promise.reject(error),
      stream: () => assert.fail("not used"),
      close: () => {},
    };
    const refused = await new ControlClient(channel).startRun(SUBMISSION).catch((error) => error);
    assert.equal(refused.code, error.code);
    assert.equal(/"flwr ls"/.test(refused.message), mayHaveStarted, error.message);
    assert.deepEqual(refused.hints, error.hints);
  }
});

/** A SuperLink with simulated nodes that answers in one way, and the names of the calls that it gets. */
function simulating(response: Record<string, unknown>): { client: ControlClient; calls: string[] } {
  const calls: string[] = [];
  const channel: Channel = {
    address: "superlink",
    call: ({ localName }) => {
      calls.push(localName);
      return Promise.resolve({ response: response as never, header: () => undefined });
    },
    stream: () => assert.fail("not used"),
    close: () => {},
  };
  return { client: new ControlClient(channel), calls };
}

const OURS = [
  { nodeTable: new Uint8Array(1) },
  { simulation: { dropout: 0.1 } },
  { simulation: { slow: 0 } },
  { simulation: { slowSeconds: 1 } },
  { simulation: { lie: 1 } },
];

Deno.test("control client: a run whose faults or table of nodes the SuperLink ignores is stopped", async () => {
  for (const asked of OURS) {
    const older = simulating({ runId: 7n });
    await assert.rejects(older.client.startRun({ ...SUBMISSION, ...asked }), {
      code: "unimplemented",
    });
    assert.deepEqual(older.calls, ["startRun", "stopRun"]);
    const ours = simulating({ runId: 7n, simulatedAsAsked: true });
    await ours.client.startRun({ ...SUBMISSION, ...asked });
    assert.deepEqual(ours.calls, ["startRun"]);
  }
  // Flower's own settings are ignored by a SuperLink with SuperNodes, as in Flower.
  const { client, calls } = simulating({ runId: 7n });
  await client.startRun({ ...SUBMISSION, simulation: { numSupernodes: 3 } });
  assert.deepEqual(calls, ["startRun"]);
});

Deno.test("control client: faults that the SuperLink ignores are refused as settings, too", async () => {
  const { client } = simulating({ federationName: "f" });
  await assert.rejects(client.configureSimulation("f", { lie: 0.1 }), { code: "unimplemented" });
  assert.equal(await client.configureSimulation("f", { numSupernodes: 3 }), "f");
});
