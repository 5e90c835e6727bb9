import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { seededRandom } from "../../base/random.ts";
import type { NewLinkMessage } from "../../entities/message.ts";
import type { StoreUsage } from "../../link/store/store.ts";
import { BY_HAND } from "../../link/testing/records.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { type Bench, linkTest, NOTHING_UNDER_WAY, object, rootOf } from "./harness.ts";
import { pushComplete } from "./push_complete.ts";

// Soak test: many runs of four minutes each on a simulated clock, with nodes that come and go, ServerApps that crash,
// unanswered messages, and abandoned pushes.

const SEED = 7;
/** More than any of the limits keeps. At night more, for what grows slowly. */
const RUNS = NIGHTLY ? 300 : 132;
const RUN_SECONDS = 240;
const KEPT_RUNS = 20;
const LINE = "A line of a log\n";
/** Log limit: two lines of each of ten runs. */
const KEPT_LOG_BYTES = 20 * LINE.length;
/** Artifact limit: a byte of each of ten runs. */
const KEPT_ARTIFACT_BYTES = 10;
const NODE_RETENTION_SECONDS = 3600;
/** Journal limit, and the largest number of records of the last run, which are trimmed a minute later. */
const KEPT_RECORDS = 150;
const NEW_RECORDS = 60;
const LIMITS = {
  maxFinishedRuns: KEPT_RUNS,
  maxFinishedLogBytes: KEPT_LOG_BYTES,
  maxFinishedArtifactBytes: KEPT_ARTIFACT_BYTES,
  absentNodeRetentionSeconds: NODE_RETENTION_SECONDS,
  anonymousNodeRetentionSeconds: NODE_RETENTION_SECONDS,
  unheardRunSeconds: 86_400,
  maxJournalDetailsPerRun: 20,
  maxJournalRecordsPerRun: 4,
  maxJournalRecordsOfNodes: 40,
  maxJournalRecords: KEPT_RECORDS,
};
/** Nodes that stay, new nodes in each run, and the number of runs until these are removed. */
const STEADY_NODES = 2;
const NEW_NODES = 3;
const FORGOTTEN_AFTER_RUNS = Math.ceil((NODE_RETENTION_SECONDS + RUN_SECONDS) / RUN_SECONDS);
/** Runs that were started by hand and said nothing more: at least as many as are kept at the end. */
const ABANDONED_EVERY = NIGHTLY ? 10 : 6;
const ABANDONED = Math.ceil(LIMITS.unheardRunSeconds / RUN_SECONDS / ABANDONED_EVERY) + 1;

/** Largest usage of the store after any run. Messages are those of one run, because they expire with it. */
const BOUNDS: StoreUsage = {
  nodes: STEADY_NODES + NEW_NODES * (FORGOTTEN_AFTER_RUNS + 1),
  runs: 1 + KEPT_RUNS + ABANDONED + 1,
  instructions: STEADY_NODES + NEW_NODES,
  replies: STEADY_NODES + NEW_NODES,
  objects: 4 * (STEADY_NODES + NEW_NODES),
  objectChildren: 6 * (STEADY_NODES + NEW_NODES),
  pushes: 2,
  pushObjects: 10,
  announced: 2,
  logEntries: 20 + 2,
  fabs: 1,
  nodeSettings: 0,
  artifacts: 1 + KEPT_ARTIFACT_BYTES,
  // Unused pieces stay for an hour.
  pieces: 2 + Math.ceil(3600 / RUN_SECONDS),
  fabPieces: 1,
  strayReplies: 0,
  garbage: 0,
};

/** One run, with random events and a random end. */
class Life {
  readonly #bench: Bench;
  readonly #random = seededRandom(SEED);
  #keys = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  key(): Uint8Array {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, ++this.#keys);
    return bytes;
  }

  #chance(part: number): boolean {
    return this.#random.uniform() < part;
  }

  async run(index: number, steady: readonly bigint[]): Promise<void> {
    const { link } = this.#bench;
    const content = new Uint8Array([index % 7]);
    const attached = new TextEncoder().encode(`model of run ${index}`);
    const piece = createHash("sha256").update(attached).digest("hex");
    await link.runs.keepPieces([], attached);
    const { runId } = await link.runs.create({
      fabId: "flwr/app",
      fabVersion: "1",
      fab: { hash: `fab ${index % 7}`, content, pieces: [piece] },
    });
    const { token } = (await link.runs.claim({ runId }))!;
    await link.runs.begin(token);
    this.#bench.runId = runId;
    await link.runs.appendLog(runId, [LINE]);
    for (const nodeId of steady) await link.nodes.heartbeat(nodeId, 1800);
    const nodes = [...steady, ...await this.#newNodes()];
    const instructions = await this.#instruct(nodes, index);
    await this.#announce(nodes[0]!, index);
    for (const instruction of instructions) await this.#work(instruction, index);
    if (this.#chance(0.8)) {
      await link.messages.pullReplies(instructions.map(({ messageId }) => messageId), { runId });
    }
    await link.runs.appendLog(runId, [LINE]);
    await link.artifacts.putPiece(runId, {
      name: "model.npz",
      size: content.length,
      offset: 0,
      bytes: content,
    });
    if (this.#chance(0.7)) await link.runs.finish(token, { outcome: "completed", details: "" });
    else if (this.#chance(0.5)) await link.runs.stop(runId);
    // Otherwise its ServerApp has crashed and the run times out.
    if (index % ABANDONED_EVERY === 0) await link.runs.start(BY_HAND);
  }

  /** New nodes, with a new key or, like Flower 1.9's, without one. */
  async #newNodes(): Promise<bigint[]> {
    const { link } = this.#bench;
    const nodes = [await this.#bench.node(30), await this.#bench.node(30, this.key())];
    const publicKey = this.key();
    const { nodeId } = await link.nodes.register({ publicKey, by: "self" });
    if (this.#chance(0.7)) {
      await link.nodes.activate({ publicKey, heartbeatInterval: 30 });
      nodes.push(nodeId);
    }
    return nodes;
  }

  async #instruct(nodes: readonly bigint[], index: number): Promise<NewLinkMessage[]> {
    const model = object(`model ${index}`, [object("constant")]);
    const messages = nodes.map((nodeId) => this.#bench.instruction(nodeId, { content: model.id }));
    const refusals = await pushComplete(this.#bench.link, messages, [
      object("constant"),
      model,
      ...messages.map(rootOf),
    ]);
    assert.ok(refusals.every((refusal) => refusal === undefined));
    return messages;
  }

  /** Announces instructions whose objects never arrive. */
  async #announce(nodeId: bigint, index: number): Promise<void> {
    const never = this.#bench.instruction(nodeId, { content: `never ${index}` });
    const { sessionId } = await this.#bench.link.messages.openPush({
      nodeId: 1n,
      runId: this.#bench.runId,
      messages: [never],
      trees: [new Map([[never.messageId, [`never ${index}`]], [`never ${index}`, []]])],
    });
    assert.notEqual(sessionId, "");
  }

  /** A node's random action: answer, crash, or sign off, leave or unregister after the reply. */
  async #work({ dstNodeId: nodeId }: NewLinkMessage, index: number): Promise<void> {
    const { link } = this.#bench;
    if (this.#chance(0.1)) return;
    const instruction = (await link.messages.pullInstruction(nodeId))!;
    if (this.#chance(0.1)) return;
    const update = object(`update ${index} of ${nodeId}`, [object("constant")]);
    const reply = this.#bench.reply(instruction, { content: update.id });
    assert.equal(await this.#bench.refusalOf(reply, [object("constant"), update]), undefined);
    const node = (await link.nodes.list()).find((each) => each.nodeId === nodeId)!;
    if (node.heartbeatInterval === 1800) return;
    const drawn = this.#random.uniform();
    if (drawn < 0.3) await link.nodes.deactivate(nodeId);
    else if (drawn < 0.5) await link.nodes.leave(nodeId);
    else if (drawn < 0.7 && node.publicKey) await link.nodes.unregister(nodeId, "self");
  }
}

function checkBounds(usage: StoreUsage, when: string): void {
  for (const [table, bound] of Object.entries(BOUNDS)) {
    const rows = usage[table as keyof StoreUsage];
    assert.ok(rows <= bound, `${when}: ${rows} ${table}, more than ${bound} (seed ${SEED})`);
  }
  assert.deepEqual(Object.keys(usage).sort(), Object.keys(BOUNDS).sort());
}

/** Number of records in the journal. */
async function recordsOf({ store }: Bench): Promise<number> {
  const counts = await store.transaction("read-only", (tx) => tx.journal.counts());
  return counts.reduce((sum, { details, others }) => sum + details + others, 0);
}

linkTest(
  `${RUNS} runs with nodes that come and go stay within the store's limits`,
  async (bench) => {
    const life = new Life(bench);
    const steady = [await bench.node(1800, life.key()), await bench.node(1800, life.key())];
    const owned = await bench.link.nodes.register({ publicKey: life.key() });
    const largest: Record<string, number> = {};
    let most = 0;
    for (let index = 0; index < RUNS; index++) {
      await life.run(index, steady);
      await bench.pass(RUN_SECONDS, 4);
      const usage = await bench.store.usage();
      for (const [table, rows] of Object.entries(usage)) {
        largest[table] = Math.max(largest[table] ?? 0, rows);
      }
      checkBounds({ ...usage, nodes: usage.nodes - 1 }, `after run ${index}`);
      const records = await recordsOf(bench);
      most = Math.max(most, records);
      assert.ok(records <= KEPT_RECORDS + NEW_RECORDS, `${records} records after run ${index}`);
      if (index % 100 === 50) await bench.restart();
    }
    // The limits are tight enough to be reached.
    for (const table of ["nodes", "runs", "logEntries", "artifacts", "pieces"] as const) {
      assert.ok(largest[table]! > BOUNDS[table] / 2, `never more than ${largest[table]} ${table}`);
    }

    // Without activity, only retained data is left.
    for (const nodeId of steady) await bench.link.nodes.leave(nodeId);
    await bench.pass(LIMITS.unheardRunSeconds + 120, 200);
    const { logEntries, ...rest } = await bench.store.usage();
    assert.deepEqual(rest, {
      nodes: 1,
      runs: KEPT_RUNS,
      ...NOTHING_UNDER_WAY,
    });
    assert.ok(logEntries <= 20);
    assert.ok(most > KEPT_RECORDS / 2, `never more than ${most} records`);
    assert.ok(await recordsOf(bench) <= KEPT_RECORDS);
    const [node] = await bench.link.nodes.list();
    assert.equal(node?.nodeId, owned.nodeId);
    const runs = await bench.link.runs.list({ limit: 1000, skip: 0 });
    const told = bench.eventsOf("runs-removed").flatMap(({ runIds }) => runIds);
    const made = bench.eventsOf("run-created").map(({ runId }) => runId);
    const left = runs.map(({ runId }) => runId);
    assert.deepEqual(
      [...told, ...left].sort(),
      made.toSorted(),
      "each is there or told to be gone",
    );
  },
  LIMITS,
);
