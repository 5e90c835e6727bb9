/**
 * Requests that nobody should send, at the Runtime API by which Python ClientApps speak to their SuperNode: recorded ones
 * that were spoilt and arbitrary ones of the right shape, with the token of a task and without. None may make it break
 * down inside, or keep a task from going on.
 *
 * FUZZ_RUNTIME_INPUTS says how many (default: 2,000; nightly: 40,000). It prints its seed, which is
 * fixed in daily runs and random in nightly ones. FUZZ_SEED repeats a run.
 */
import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { ConfigRecord } from "../../app/config_record.ts";
import { Message } from "../../app/message.ts";
import { RecordDict } from "../../app/record_dict.ts";
import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import {
  PullAppMessagesResponseSchema,
  PullTaskInputResponseSchema,
} from "../../proto/gen/current/runtime_pb.ts";
import type { ClientAppTask } from "../../roles/supernode/python/client_app_task.ts";
import { deflateInstruction } from "../../roles/supernode/python/message_objects.ts";
import { RuntimeApi } from "../../roles/supernode/python/runtime_api.ts";
import { TaskBackend } from "../../roles/supernode/python/task_backend.ts";
import { transcript } from "../interop/recorded/transcript.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { type Input, inputs, shown, targets } from "./inputs.ts";
import { type LiveState, recordedIds } from "./live_state.ts";
import { isBreakdown, post } from "./transports.ts";
import { fuzzSeed } from "./seed.ts";

const INPUTS = Number(Deno.env.get("FUZZ_RUNTIME_INPUTS") ?? (NIGHTLY ? 40_000 : 2_000));
/** Inputs that are under way at the same time; then the task must go on. */
const BATCH = 20;
/** After so long a call that waits for work is given up, in seconds. */
const HELD_SECONDS = 0.05;
const NODE_ID = 5n;
const RUN_ID = 7n;

/** The Runtime API of a node on which an app runs, and a message for it after the other. */
class Node implements AsyncDisposable {
  readonly backend = new TaskBackend(systemClock, () => {});
  readonly #tasks: ClientAppTask[] = [];
  readonly #api = new RuntimeApi({
    host: "127.0.0.1",
    port: 0,
    anyPort: false,
    executors: "this-machine",
    backend: this.backend,
  });
  readonly exchanges = transcript();
  readonly recorded = recordedIds(this.exchanges);

  open(): Promise<string> {
    return this.#api.open();
  }

  /** Ends the tasks that were made. */
  end(): void {
    for (const task of this.#tasks.splice(0)) this.backend.close(task);
  }

  /** Another instruction, and the right to speak for it. */
  async renew(): Promise<LiveState> {
    const instruction = Message.create({
      content: { config: new ConfigRecord({ x: 20 }) },
      dstNodeId: NODE_ID,
      messageType: "train",
    }).withMetadata({ runId: RUN_ID, messageId: "as the SuperLink names it" });
    const taskId = systemRandom.uint64();
    const task = this.backend.open({
      taskId,
      runId: RUN_ID,
      nodeId: NODE_ID,
      run: {
        runId: RUN_ID,
        fabId: "agenta/mini",
        fabVersion: "1.0.0",
        fabHash: "3ffe",
        overrideConfig: new ConfigRecord(),
        seriesId: 3n,
      },
      bundle: { hash: "3ffe", content: new Uint8Array([1]), verifications: {} },
      instruction,
      deflated: await deflateInstruction(instruction),
      context: {
        runId: RUN_ID,
        nodeId: NODE_ID,
        nodeConfig: new ConfigRecord(),
        state: new RecordDict(),
        runConfig: new ConfigRecord(),
      },
    });
    task.recordSign();
    // For whoever asks for work: its token goes to them.
    this.backend.offer(task, "3ffe");
    this.#tasks.push(task);
    return this.#state(task.task.token, taskId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#api[Symbol.asyncDispose]();
  }

  #state(token: string, taskId: bigint): LiveState {
    const { recorded } = this;
    const numbers = new Map([[recorded.nodeId, NODE_ID]]);
    for (const id of recorded.runIds) numbers.set(id, RUN_ID);
    return {
      nodeId: NODE_ID,
      runId: RUN_ID,
      token,
      sign: () => ({}),
      ids: { numbers, bytes: new Map() },
      meaningful: {
        numbers: [NODE_ID, RUN_ID, taskId],
        fields: new Map([["nodeId", NODE_ID], ["srcNodeId", NODE_ID], ["dstNodeId", 1n], [
          "runId",
          RUN_ID,
        ]]),
        texts: ["", token, "train", "flwr-clientapp", "__proto__", ...recorded.objectIds],
        bytes: [new TextEncoder().encode("ArrayChunk  1\0a"), new Uint8Array()],
      },
    };
  }
}

/** What a process does first with a task; the whole of it is what python_app_test plays. */
async function goesOn(address: string, { token }: LiveState): Promise<void> {
  const ask = async (method: string) => {
    const headers = { "flwr-task-token": token };
    const body = new Uint8Array();
    const outcome = await post(address, `/v1/runtime/${method}`, { headers, body });
    assert.equal(outcome.status, "200", `a good call is answered: ${method}`);
    return outcome.body;
  };
  const input = fromBinary(PullTaskInputResponseSchema, await ask("pull-task-input"));
  assert.equal(input.run?.runId, RUN_ID);
  const { messagesList } = fromBinary(PullAppMessagesResponseSchema, await ask("pull-messages"));
  assert.deepEqual(messagesList.map(({ metadata }) => metadata?.dstNodeId), [NODE_ID]);
}

Deno.test(`${INPUTS} wrong requests leave a SuperNode's Runtime API as able as before`, async () => {
  await using node = new Node();
  const address = await node.open();
  const all = targets(node.exchanges).filter(({ api }) => api === "runtime");
  const seen = new Map<string, number>();
  let live = await node.renew();
  const send = ({ path, headers, body, mayBeHeld }: Input) =>
    post(address, path, { headers, body, ...(mayBeHeld && { heldAfter: HELD_SECONDS }) });
  const attempt = async (batch: readonly Input[]) => {
    for (const [index, { status }] of (await Promise.all(batch.map(send))).entries()) {
      seen.set(status, (seen.get(status) ?? 0) + 1);
      assert.ok(!isBreakdown(status), `${status} for ${shown(batch[index]!)}`);
    }
    await goesOn(address, await node.renew());
    node.end();
    live = await node.renew();
  };
  const seed = fuzzSeed();
  console.log(`FUZZ_SEED=${seed} FUZZ_RUNTIME_INPUTS=${INPUTS}`);
  const batches = fc.array(inputs(all, () => live), { minLength: BATCH, maxLength: BATCH });
  await fc.assert(fc.asyncProperty(batches, attempt), {
    seed,
    numRuns: Math.ceil(INPUTS / BATCH),
    endOnFailure: true,
  });
  console.log(`Answers: ${[...seen].map(([status, n]) => `${status} ${n}`).sort().join(", ")}`);
  assert.ok((seen.get("200") ?? 0) > INPUTS / 10, "many are right enough to be looked at");
});
