import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../base/error.ts";
import type { RunState } from "../../entities/run.ts";
import type { HandedInstruction } from "../../link/messages/messages.ts";
import { nextRunState, type RunTrigger } from "../../link/runs/run_state.ts";
import { PostgresStore } from "../../link/store/postgres/postgres_store.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { hasPostgres, withSchema } from "../support/postgres.ts";
import { cuttable } from "./cut_store.ts";
import { Bench, lasting, UPDATE_OBJECTS } from "./harness.ts";

// Random commands of nodes and ServerApps to two SuperLinks on one PostgreSQL, which end and are killed meanwhile. A
// model says after each command what every instruction and every run must be, whichever SuperLink is asked.

/** Number of steps: FLWR_MODEL_STEPS, or a default. */
const STEPS = Number(Deno.env.get("FLWR_MODEL_STEPS") ?? (NIGHTLY ? 100_000 : 200));
/** Seed of the first history: FLWR_MODEL_SEED, or a random one. */
const SEED = Deno.env.get("FLWR_MODEL_SEED");
/** Longest history. The average is half of it. */
const LONGEST = Math.min(500, Math.ceil(STEPS / 3));
const NODES = 3;

interface ModelInstruction {
  readonly node: number;
  /** "handed-out" by the SuperLink with this number. */
  state: "waiting" | "answered" | { readonly handedOutBy: number };
  /** Id of the reply, when it is known. */
  reply?: string;
  isCollected: boolean;
}

interface ModelRun {
  state: RunState;
  /** The SuperLink that claimed it, and the token of the claim. */
  holder?: number;
  token?: string;
}

/** What must be true. */
interface Model {
  readonly instructions: Map<string, ModelInstruction>;
  readonly runs: Map<bigint, ModelRun>;
}

/** Two SuperLinks and their nodes. */
interface Real {
  readonly benches: readonly [Bench, Bench];
  readonly isCutOff: [boolean, boolean];
  readonly nodes: readonly bigint[];
  /** Each delivery that a node received. */
  readonly deliveries: HandedInstruction[];
}

type Run = (model: Model, real: Real) => Promise<void>;

/** Number of steps that were made. */
let steps = 0;

class Step implements fc.AsyncCommand<Model, Real> {
  readonly #name: string;
  readonly #run: Run;

  constructor(name: string, run: Run) {
    this.#name = name;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    steps++;
    await this.#run(model, real);
  }

  toString(): string {
    return this.#name;
  }
}

/** Numbers from which a step chooses: a SuperLink, and something else. */
type Choice = readonly [server: number, other: number];

const choice: fc.Arbitrary<Choice> = fc.tuple(fc.nat(1), fc.nat(9999));

function step(name: string, run: (choice: Choice, ...input: Parameters<Run>) => Promise<void>) {
  return choice.map((chosen) =>
    new Step(`${name}(${chosen})`, (model, real) => run(chosen, model, real))
  );
}

function chosen<T>(items: Iterable<T>, number: number): T | undefined {
  const all = [...items];
  return all[number % all.length];
}

const push = step("push", async ([server, other], model, { benches, nodes }) => {
  const node = other % NODES;
  const message = benches[server]!.instruction(nodes[node]!, { ttl: 86_400 });
  await benches[server]!.take(message);
  model.instructions.set(message.messageId, { node, state: "waiting", isCollected: false });
});

const pull = step("pull", async ([server, other], model, { benches, nodes, deliveries }) => {
  const node = other % NODES;
  const waiting = [...model.instructions].filter(([, known]) =>
    known.node === node && known.state === "waiting"
  );
  const pulled = await benches[server]!.link.messages.pullInstruction(nodes[node]!);
  assert.equal(pulled !== undefined, waiting.length > 0, `${waiting.length} wait`);
  if (pulled === undefined) return;
  assert.ok(waiting.some(([id]) => id === pulled.messageId), `${pulled.messageId} does not wait`);
  model.instructions.get(pulled.messageId)!.state = { handedOutBy: server };
  deliveries.push(pulled);
});

const answer = step("answer", async ([server, other], model, { benches, deliveries }) => {
  const open = deliveries.filter(({ messageId }) =>
    !model.instructions.get(messageId)!.isCollected
  );
  const delivery = chosen(open, other);
  if (delivery === undefined) return;
  const { delivery: _, ...instruction } = delivery;
  const known = model.instructions.get(instruction.messageId)!;
  const reply = benches[server]!.reply(instruction);
  const refusal = await benches[server]!.refusalOf(reply, UPDATE_OBJECTS);
  assert.equal(refusal?.code, known.state === "answered" ? "instruction-answered" : undefined);
  if (refusal !== undefined) return;
  known.state = "answered";
  known.reply = reply.messageId;
});

const ask = step("ask", async ([server, other], model, { benches }) => {
  const open = [...model.instructions].filter(([, { isCollected }]) => !isCollected);
  const asked = open.filter((_, place) => (place + other) % 3 === 0);
  if (asked.length === 0) return;
  const expected = asked.flatMap(([id, { reply }]) => reply === undefined ? [] : [[id, reply]]);
  // The other SuperLink says the same at once.
  for (const { link, runId } of [benches[server]!, benches[1 - server]!]) {
    const replies = await link.messages.pullReplies(asked.map(([id]) => id), { runId });
    const got = replies.map(({ replyToMessageId, messageId }) => [replyToMessageId, messageId]);
    assert.deepEqual(got.sort(), expected.sort());
  }
  for (const [, known] of asked) known.isCollected = known.state === "answered";
});

const heartbeat = step("heartbeat", async ([server, other], _, { benches, nodes }) => {
  const nodeId = nodes[other % NODES]!;
  assert.equal(await benches[server]!.link.nodes.heartbeat(nodeId, 1800), true);
});

const createRun = step("create-run", async ([server], model, { benches }) => {
  const fab = { hash: "fab", content: new Uint8Array([1]) };
  const input = { fabId: "me/app", fabVersion: "1.0.0", fab };
  const { runId } = await benches[server]!.link.runs.create(input);
  model.runs.set(runId, { state: "pending" });
});

/** A step that changes the state of a run, if that is legal. */
function runStep(
  name: RunTrigger,
  act: (bench: Bench, runId: bigint, run: ModelRun, server: number) => Promise<boolean>,
) {
  return step(`${name}-run`, async ([server, other], model, { benches }) => {
    const [runId, run] = chosen(model.runs, other) ?? [];
    if (runId === undefined || run === undefined) return;
    const next = nextRunState(run.state, name);
    assert.equal(await act(benches[server]!, runId, run, server), next !== undefined, run.state);
    if (next !== undefined) run.state = next;
    for (const { link } of benches) {
      assert.equal((await link.runs.get(runId))?.state, run.state);
    }
    if (run.state.startsWith("finished")) model.runs.delete(runId);
  });
}

const runSteps = [
  runStep("claim", async ({ link }, runId, run, server) => {
    const claimed = await link.runs.claim({ runId, isBeside: true });
    if (claimed !== undefined) Object.assign(run, { holder: server, token: claimed.token });
    return claimed !== undefined;
  }),
  runStep("begin", ({ link }, _, { token }) => isLegal(() => link.runs.begin(token ?? ""))),
  runStep("complete", ({ link }, _, { token }) => {
    const result = { outcome: "completed", details: "" } as const;
    return isLegal(() => link.runs.finish(token ?? "", result));
  }),
  runStep("stop", ({ link }, runId) => isLegal(() => link.runs.stop(runId))),
];

/** Whether a call is not refused because of the run's state. */
async function isLegal(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    const { code } = FlwrError.from(error);
    assert.ok(code === "failed-precondition" || code === "unauthenticated", `${error}`);
    return false;
  }
}

/** What a SuperLink had is taken over: its deliveries wait again, and its runs are pending. */
function takenOver({ instructions, runs }: Model, server: number): void {
  for (const known of instructions.values()) {
    if (typeof known.state === "object" && known.state.handedOutBy === server) {
      known.state = "waiting";
    }
  }
  for (const run of runs.values()) {
    if (run.holder !== server) continue;
    // A claim lasts until it expires, and belongs to no later SuperLink.
    delete run.holder;
    if (run.state === "running") run.state = nextRunState(run.state, "interrupt")!;
  }
}

/** One of so many ends happens, because it takes as long as many other steps. */
const SELDOM = 20;

const end = step("end", async ([server, other], model, { benches }) => {
  if (other % SELDOM !== 0) return;
  await benches[server]!.restart();
  // Either of them may do the housekeeping.
  for (let seconds = 0; seconds < 6; seconds += 2) {
    for (const bench of benches) await bench.pass(1, 1);
  }
  takenOver(model, server);
});

const kill = step("kill", async ([server, other], model, { benches, isCutOff, nodes }) => {
  if (other % SELDOM !== 0) return;
  isCutOff[server] = true;
  // In steps so short that the other one extends its lease in time.
  await benches[1 - server]!.pass(40, 20);
  await benches[server]!.link.close();
  isCutOff[server] = false;
  await benches[server]!.restart();
  for (const bench of benches) await bench.pass(1, 1);
  takenOver(model, server);
  for (const nodeId of nodes) await benches[server]!.link.nodes.heartbeat(nodeId, 1800);
});

/** Limits that no step reaches, except for the lease. */
const LIMITS = {
  relookSeconds: 5,
  serverLeaseSeconds: 15,
  maxDeliveries: 1e6,
  maxResumes: 1e6,
  maxVainResumes: 1e6,
  claimSeconds: 1e6,
  taskTimeoutSeconds: 1e6,
};

/** Runs commands on two new SuperLinks. */
async function history(commands: Iterable<fc.AsyncCommand<Model, Real>>): Promise<void> {
  await withSchema(async (target) => {
    const stores = [await PostgresStore.open(target), await PostgresStore.open(target)] as const;
    const isCutOff: [boolean, boolean] = [false, false];
    const open = (number: 0 | 1) => ({
      open: () =>
        cuttable(lasting(stores[number]).open(), {
          isCutOff: () => isCutOff[number],
          isDeaf: () => false,
        }),
    });
    const first = new Bench(open(0), LIMITS);
    const second = new Bench(open(1), LIMITS, first);
    await first.start();
    await second.join(first);
    try {
      const nodes: bigint[] = [];
      for (let node = 0; node < NODES; node++) nodes.push(await first.node(1800));
      const setup = () => ({
        model: { instructions: new Map(), runs: new Map() },
        real: { benches: [first, second] as const, isCutOff, nodes, deliveries: [] },
      });
      await fc.asyncModelRun(setup, commands);
    } finally {
      isCutOff.fill(false);
      for (const { link } of [first, second]) await link.close();
      for (const store of stores) await store.close();
    }
  });
}

Deno.test({
  name: "whatever two SuperLinks on one PostgreSQL are told, the model says what is true",
  ignore: !hasPostgres(),
  async fn() {
    const all = [push, pull, answer, ask, heartbeat, createRun, ...runSteps, end, kill];
    // More of what others need.
    const commands = fc.commands([...all, push, pull, answer], {
      maxCommands: LONGEST,
      size: "max",
    });
    const began = performance.now();
    const first = SEED === undefined ? Math.floor(Math.random() * 1e9) : Number(SEED);
    let histories = 0;
    for (; steps < STEPS; histories++) {
      // Of each seed one history, so that the number of steps is known.
      await fc.assert(fc.asyncProperty(commands, history), {
        seed: first + histories,
        numRuns: 1,
        // To shrink a history takes minutes: begin with its seed to do it.
        endOnFailure: SEED === undefined,
      });
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(`${steps} steps in ${histories} histories, ${seconds} s, from seed ${first}`);
  },
});
