import assert from "node:assert/strict";
import { join } from "node:path";
import { type Random, seededRandom } from "../../base/random.ts";
import { isRefusal, type LinkNode, type LinkRun, type Refusal } from "../../link/link.ts";
import type { LinkMessage, LinkObject, NewLinkMessage } from "../../link/message.ts";
import type { DurableStep } from "../../link/store/sqlite.ts";
import type { StoreUsage } from "../../link/store/store.ts";
import {
  type Answer,
  type Call,
  decode,
  encode,
  type Failpoint,
  type Operation,
} from "./crash_protocol.ts";
import { object } from "./harness.ts";

const OPERATIONS: readonly Operation[] = [
  "createNode",
  "heartbeat",
  "pushInstructions",
  "pullInstruction",
  "returnInstruction",
  "pushReply",
  "pullReplies",
  "advance",
];
const STEPS: readonly DurableStep[] = ["begin", "write", "commit", "committed"];
const SEEDS = [1, 2, 3, 4];
const NODES = 2;
const TTL = 1000;

/** The SuperLink dies in the middle of a call: whether the call took effect is not known. */
class Died extends Error {}

/** A SuperLink that is started again, on the same database, after each death. */
class MortalSuperLink implements AsyncDisposable {
  now = 1_800_000_000;
  deaths = 0;
  readonly #path: string;
  #life: Life | undefined;
  failpoint: Failpoint | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws Died */
  async call<T>(operation: Operation, ...input: readonly unknown[]): Promise<T> {
    this.#life ??= new Life(this.#path, this.now, this.failpoint);
    const answer = await this.#life.call({ operation, input });
    if (answer === undefined) {
      await this.#life[Symbol.asyncDispose]();
      this.#life = undefined;
      this.failpoint = null;
      this.deaths++;
      throw new Died(operation);
    }
    return answer.output as T;
  }

  /** Calls until the SuperLink lived to answer. */
  async insist<T>(operation: Operation, ...input: readonly unknown[]): Promise<T> {
    for (;;) {
      try {
        return await this.call<T>(operation, ...input);
      } catch (error) {
        if (!(error instanceof Died)) throw error;
      }
    }
  }

  /** Ends the present life in peace; the next one has the failpoint. */
  async arm(failpoint: Failpoint): Promise<void> {
    await this.#life?.[Symbol.asyncDispose]();
    this.#life = undefined;
    this.failpoint = failpoint;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life?.[Symbol.asyncDispose]();
  }
}

/** One process. */
class Life implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #read = "";

  constructor(path: string, now: number, failpoint: Failpoint | null) {
    const script = new URL("./crash_superlink.ts", import.meta.url).pathname;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", script, path, `${now}`, JSON.stringify(failpoint)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#output = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** @returns undefined when the process died */
  async call(call: Call): Promise<Answer | undefined> {
    try {
      await this.#input.write(new TextEncoder().encode(`${encode(call)}\n`));
    } catch {
      return undefined;
    }
    while (!this.#read.includes("\n")) {
      const { value, done } = await this.#output.read();
      if (done) return undefined;
      this.#read += value;
    }
    const end = this.#read.indexOf("\n");
    const line = this.#read.slice(0, end);
    this.#read = this.#read.slice(end + 1);
    return decode(line) as Answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#process.status;
    await this.#output.cancel();
  }
}

/**
 * A ServerApp and its nodes, as they live through the SuperLink's deaths, and what they know: the model against
 * which its answers are checked.
 */
class Federation {
  readonly #link: MortalSuperLink;
  readonly #random: Random;
  readonly #keys: readonly Uint8Array[];
  #ids: bigint[] = [];
  #runId = 0n;
  #round = 0;

  constructor(link: MortalSuperLink, random: Random) {
    this.#link = link;
    this.#random = random;
    this.#keys = Array.from({ length: NODES }, (_, index) => new Uint8Array([index]));
  }

  async found(): Promise<void> {
    this.#runId = (await this.#link.insist<LinkRun>("createRun", { fabId: "", fabVersion: "" }))
      .runId;
    for (const key of this.#keys) this.#ids.push(await this.#join(key));
  }

  /** One round: every node gets an instruction, works on it and answers; all replies are checked. */
  async playRound(): Promise<void> {
    const model = object(`model ${++this.#round}`, [object("constant")]);
    const instructions = this.#ids.map((id) => this.#instruction(id, model.id));
    const objects = [object("constant"), model];
    const pushed = await this.#link.insist<LinkMessage[]>(
      "pushInstructions",
      instructions,
      objects,
    );
    assert.ok(pushed.every((outcome) => !isRefusal(outcome)));

    const expected = new Map<string, bigint>();
    for (const { messageId, dstNodeId } of pushed) expected.set(messageId, dstNodeId);
    const firstReplies = new Map<string, string>();
    for (let turn = 0; expected.size > 0; turn++) {
      assert.ok(turn < 30, `Replies to ${[...expected.keys()]} are lost`);
      for (const [index, id] of this.#ids.entries()) {
        // In some rounds a node starts afresh; in all others nothing but the SuperLink helps it to a lost message.
        if (turn === 0 && this.#random.uniform() < 0.3) {
          assert.equal(await this.#join(this.#keys[index]!), id);
        }
        await this.#work(id);
      }
      const asked = [...expected.keys(), ...firstReplies.keys()];
      for (const reply of await this.#link.insist<LinkMessage[]>("pullReplies", asked)) {
        await this.#check(reply, pushed, firstReplies);
        expected.delete(reply.replyToMessageId);
      }
    }
    await this.#pass(61);
  }

  /** After all messages' time there is nothing left of them. */
  async dissolve(): Promise<void> {
    for (let part = 0; part < 4; part++) await this.#pass(TTL / 2);
    const usage = await this.#link.insist<StoreUsage>("usage");
    assert.deepEqual(usage, { nodes: NODES, runs: 1, instructions: 0, replies: 0, objects: 0 });
  }

  /** What a node does again and again, as if its SuperLink had never died. */
  async #work(id: bigint): Promise<void> {
    assert.equal(await this.#link.insist("heartbeat", id, 1800), true);
    const instruction = await this.#link.insist<LinkMessage | null>("pullInstruction", id);
    if (instruction === null) return;
    assert.equal(instruction.dstNodeId, id);
    if (this.#random.uniform() < 0.4) {
      await this.#link.insist("returnInstruction", id, instruction.messageId);
      return;
    }
    const tree = await this.#link.insist<LinkObject[]>("objectTree", instruction.content);
    assert.deepEqual(tree.at(-1), object(instruction.content!, [object("constant")]));
    const { reply, content } = this.#reply(instruction);
    // Sent until it is answered: the second time it can be refused only because the first one was taken.
    const outcome = await this.#link.insist<LinkMessage | Refusal>("pushReply", id, reply, content);
    if (isRefusal(outcome)) assert.match(outcome.reason, /already answered|no longer there/);
  }

  async #check(
    reply: LinkMessage,
    pushed: readonly LinkMessage[],
    firstReplies: Map<string, string>,
  ): Promise<void> {
    const instruction = pushed.find(({ messageId }) => messageId === reply.replyToMessageId)!;
    assert.equal(reply.error, undefined);
    assert.equal(reply.srcNodeId, instruction.dstNodeId);
    assert.equal(reply.content, this.#reply(instruction).reply.content);
    const first = firstReplies.get(reply.replyToMessageId) ?? reply.messageId;
    assert.equal(reply.messageId, first, "a second reply to one instruction");
    firstReplies.set(reply.replyToMessageId, first);
    const tree = await this.#link.insist<LinkObject[]>("objectTree", reply.content);
    assert.deepEqual(tree, this.#reply(instruction).content);
  }

  async #join(key: Uint8Array): Promise<bigint> {
    const input = { publicKey: key, heartbeatInterval: 1800 };
    return (await this.#link.insist<LinkNode>("createNode", input)).nodeId;
  }

  async #pass(seconds: number): Promise<void> {
    // Time goes on while the SuperLink is dead, so it is not passed again.
    this.#link.now += seconds;
    try {
      await this.#link.call("advance", seconds);
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
    for (const id of this.#ids) await this.#link.insist("heartbeat", id, 1800);
  }

  #instruction(dstNodeId: bigint, content: string): NewLinkMessage {
    return {
      runId: this.#runId,
      srcNodeId: 1n,
      dstNodeId,
      replyToMessageId: "",
      groupId: `${this.#round}`,
      messageType: "train",
      createdAt: this.#link.now,
      ttl: TTL,
      content,
    };
  }

  #reply(instruction: LinkMessage): { reply: NewLinkMessage; content: LinkObject[] } {
    const update = object(`update for ${instruction.messageId}`, [object("constant")]);
    const { messageId, pushedAt: _, ...fields } = instruction;
    return {
      reply: {
        ...fields,
        srcNodeId: instruction.dstNodeId,
        dstNodeId: 1n,
        replyToMessageId: messageId,
        content: update.id,
      },
      content: [object("constant"), update],
    };
  }
}

for (const seed of SEEDS) {
  Deno.test(`killed at every durable step, it loses and doubles nothing (seed ${seed})`, async () => {
    const folder = await Deno.makeTempDir();
    const random = seededRandom(seed);
    try {
      await using link = new MortalSuperLink(join(folder, "link.db"));
      const federation = new Federation(link, random);
      await federation.found();
      for (const operation of OPERATIONS) {
        for (const step of STEPS) {
          const calls = 1 + Math.floor(random.uniform() * 2);
          // Most calls write several times.
          const occurrence = step === "write" ? calls + Math.floor(random.uniform() * 5) : calls;
          await link.arm({ operation, step, occurrence });
          const deaths = link.deaths;
          for (let round = 0; link.deaths === deaths; round++) {
            assert.ok(round < 20, `It never came to ${step} of ${operation}`);
            await federation.playRound();
          }
        }
      }
      assert.equal(link.deaths, OPERATIONS.length * STEPS.length);
      await federation.dissolve();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
