import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { seededRandom } from "../../base/random.ts";
import type { HandedInstruction } from "../../link/messages/messages.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import type { LinkStore } from "../../link/store/store.ts";
import { interleave } from "../../link/store/testing/interleave.ts";
import { cuttable } from "./cut_store.ts";
import { Bench, lasting, UPDATE_OBJECTS } from "./harness.ts";

// Random histories of two SuperLinks on one store. Each can lose the store and come back, end, or die with what it was
// sending, and wake-ups get lost. Whatever happens, each instruction is answered once, and all who ask get that answer.

const SEEDS = Deno.env.get("FLWR_TEST_NIGHTLY") === undefined ? 10 : 500;
const STEPS = 200;
const NODES = 3;

/** A SuperLink that can lose the store. */
interface Server {
  readonly bench: Bench;
  isCutOff: boolean;
}

/** An instruction on its node, and the SuperLink that handed it out. */
interface Work {
  readonly instruction: HandedInstruction;
  readonly server: Server;
}

class History {
  readonly #random;
  readonly #store: LinkStore;
  /** SuperLinks up to now, to be closed. */
  readonly #all: Server[] = [];
  readonly #servers: Server[] = [];
  readonly #nodes: bigint[] = [];
  /** Ids of the instructions that were pushed. */
  readonly #pushed: string[] = [];
  /** What the nodes work on. */
  readonly #work: Work[] = [];
  /** The reply to each instruction, as it was first pulled. */
  readonly #replies = new Map<string, string>();
  #isDeaf = false;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#store = lasting(interleave(new MemoryStore(), seed)).open();
  }

  async run(): Promise<void> {
    const [first] = [await this.#start(), await this.#start()];
    for (let count = 0; count < NODES; count++) this.#nodes.push(await first.bench.node(1800));
    for (let step = 0; step < STEPS; step++) await this.#step();
    await this.#finish();
    for (const { bench } of this.#all) await bench.link.close();
  }

  /** Starts a SuperLink. */
  async #start(): Promise<Server> {
    // A cut must not look like a node that does not answer.
    const limits = { maxDeliveries: 1000, relookSeconds: 5, serverLeaseSeconds: 15 };
    const twin = this.#all[0]?.bench;
    const open = () =>
      cuttable(this.#store, { isCutOff: () => server.isCutOff, isDeaf: () => this.#isDeaf });
    const bench = new Bench({ open }, limits, twin, this.#all.length + 1);
    const server: Server = { isCutOff: false, bench };
    await (twin === undefined ? bench.start() : bench.join(twin));
    this.#all.push(server);
    this.#servers.push(server);
    return server;
  }

  #below(limit: number): number {
    return Number(this.#random.uint64() % BigInt(limit));
  }

  #any<T>(choices: readonly T[]): T {
    return choices[this.#below(choices.length)]!;
  }

  async #step(): Promise<void> {
    const server = this.#any(this.#servers);
    switch (this.#below(10)) {
      case 0:
        return await this.#push(server);
      case 1:
      case 2:
      case 3:
        return void await this.#pull(server, this.#any(this.#nodes));
      case 4:
        return await this.#answer(server);
      case 5:
        return await this.#ask(server);
      case 6:
        return await server.bench.pass(this.#below(30), 6);
      case 7:
        server.isCutOff = !server.isCutOff;
        return;
      case 8:
        this.#isDeaf = this.#below(2) === 0;
        return;
      default:
        if (this.#below(3) === 0) await this.#end(server);
    }
  }

  /** A SuperLink ends, or dies before its nodes have received what it handed out. Another one takes its place. */
  async #end(server: Server): Promise<void> {
    this.#servers.splice(this.#servers.indexOf(server), 1);
    if (this.#below(2) === 0) {
      server.isCutOff = true;
      const left = this.#work.filter((work) => work.server !== server);
      this.#work.splice(0, Infinity, ...left);
    }
    await server.bench.link.close();
    await this.#start();
  }

  async #push({ bench }: Server): Promise<void> {
    const message = bench.instruction(this.#any(this.#nodes), { ttl: 86_400 });
    if (await reached(() => bench.take(message)) !== undefined) {
      this.#pushed.push(message.messageId);
    }
  }

  async #pull(server: Server, nodeId: bigint): Promise<boolean> {
    const { messages } = server.bench.link;
    const instruction = await reached(() => messages.pullInstruction(nodeId));
    if (instruction !== undefined) this.#work.push({ instruction, server });
    return instruction !== undefined;
  }

  /** A node answers, if its SuperLink can be reached. */
  async #answer({ bench, isCutOff }: Server): Promise<void> {
    if (isCutOff || this.#work.length === 0) return;
    const [work] = this.#work.splice(this.#below(this.#work.length), 1);
    const { delivery: _, ...instruction } = work!.instruction;
    // Refused if another delivery of the instruction was answered.
    const refusal = await bench.refusalOf(bench.reply(instruction), UPDATE_OBJECTS);
    if (refusal !== undefined) assert.equal(refusal.code, "instruction-answered");
  }

  async #ask({ bench }: Server): Promise<void> {
    const { runId } = bench;
    const replies = await reached(() => bench.link.messages.pullReplies(this.#pushed, { runId }));
    for (const { replyToMessageId, messageId, error } of replies ?? []) {
      assert.equal(error, undefined);
      const known = this.#replies.get(replyToMessageId) ?? messageId;
      assert.equal(messageId, known, `another answer to ${replyToMessageId}`);
      this.#replies.set(replyToMessageId, messageId);
    }
  }

  /** All SuperLinks are back, and the nodes work on: everything is answered in the end. */
  async #finish(): Promise<void> {
    for (const server of this.#servers) server.isCutOff = false;
    await this.#servers[0]!.bench.pass(60, 20);
    for (const nodeId of this.#nodes) {
      while (await this.#pull(this.#any(this.#servers), nodeId));
    }
    while (this.#work.length > 0) await this.#answer(this.#any(this.#servers));
    for (const server of this.#servers) {
      this.#replies.clear();
      await this.#ask(server);
      assert.deepEqual(this.#pushed.filter((id) => !this.#replies.has(id)), [], "not answered");
    }
    const answered = this.#all.flatMap(({ bench }) => bench.eventsOf("instruction-answered"))
      .map(({ instruction }) => instruction.messageId);
    assert.deepEqual(answered.filter((id, place) => answered.indexOf(id) !== place), []);
  }
}

/** The result of a call; undefined if the SuperLink did not reach the store. */
async function reached<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof FlwrError && error.code === "unavailable") return undefined;
    throw error;
  }
}

Deno.test("whatever happens to two SuperLinks, each instruction is answered once", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      await new History(seed).run();
    } catch (error) {
      console.log(`seed ${seed}`);
      throw error;
    }
  }
});
