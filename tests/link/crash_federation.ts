import assert from "node:assert/strict";
import type { FlwrError } from "../../base/error.ts";
import type { Random } from "../../base/random.ts";
import type { LinkMessage, NewLinkMessage } from "../../entities/message.ts";
import type { HandedInstruction } from "../../link/messages/messages.ts";
import type { OpenedPush } from "../../entities/push.ts";
import type { LinkNode } from "../../entities/node.ts";
import type { LinkObject, ObjectTree, PulledObject } from "../../entities/object.ts";
import type { ClaimedRun } from "../../entities/run.ts";
import type { LinkRun, LogPiece } from "../../entities/run.ts";
import type { StoreUsage } from "../../link/store/store.ts";
import { KEPT_LOG_BYTES, KEPT_RUNS } from "./crash_protocol.ts";
import { NOTHING_UNDER_WAY, object, rootOf } from "./harness.ts";
import { wholePush } from "./push_whole.ts";
import { Died, type MortalSuperLink } from "./mortal_superlink.ts";

const NODES = 2;
const TTL = 1000;
const APP = { fabId: "flwr/app", fabVersion: "1.0.0" };
const FAB = { hash: "fab", content: new Uint8Array([1]) };
/** Part of everything that is sent. */
const CONSTANT = object("constant");
/** An object of several pages of the database, which are free when it goes. */
const large = (name: string): LinkObject => ({
  ...object(name, [CONSTANT]),
  bytes: new TextEncoder().encode(name.padEnd(12_000)),
});

/**
 * A ServerApp and its nodes, as they live through the SuperLink's deaths, and what they know: the model against which
 * its answers are checked.
 */
export class Federation {
  readonly #link: MortalSuperLink;
  readonly #random: Random;
  readonly #keys: readonly Uint8Array[];
  #ids: bigint[] = [];
  #runId = 0n;
  readonly #runs: bigint[] = [];
  #round = 0;

  constructor(link: MortalSuperLink, random: Random) {
    this.#link = link;
    this.#random = random;
    this.#keys = Array.from({ length: NODES }, (_, index) => new Uint8Array([index]));
  }

  /** Its nodes join. */
  async found(): Promise<void> {
    for (const key of this.#keys) this.#ids.push(await this.#join(key));
  }

  /** One run of one round: every node gets an instruction, works on it and answers; all replies are checked. */
  async playRound(): Promise<void> {
    const token = await this.#launch();
    assert.equal(await this.#link.insist("runs.heartbeat", token), true);
    await this.#link.insist("runs.appendLog", this.#runId, [this.#logLine(this.#runId)]);
    const model = large(`model ${++this.#round}`);
    const instructions = this.#ids.map((id) => this.#instruction(id, model.id));
    await this.#send(instructions, [CONSTANT, model]);

    const expected = new Set(instructions.map(({ messageId }) => messageId));
    const firstReplies = new Map<string, string>();
    for (let turn = 0; expected.size > 0; turn++) {
      assert.ok(turn < 30, `Replies to ${[...expected]} are lost`);
      for (const [index, id] of this.#ids.entries()) {
        // In some rounds a node starts afresh; in all others nothing but the SuperLink helps it to a lost message.
        if (turn === 0 && this.#random.uniform() < 0.3) {
          assert.equal(await this.#join(this.#keys[index]!), id);
        }
        await this.#work(id);
      }
      const asked = [...expected, ...firstReplies.keys()];
      const as = this.#isOldKind ? {} : { runId: this.#runId };
      for (
        const reply of await this.#link.insist<LinkMessage[]>("messages.pullReplies", asked, as)
      ) {
        await this.#check(reply, instructions, firstReplies);
        expected.delete(reply.replyToMessageId);
      }
    }
    if (this.#isOldKind) {
      // It confirms nothing: what it was told goes with time.
      await this.#pass(31);
      assert.equal(await this.#link.insist("runs.heartbeat", token), true);
      await this.#pass(31);
    } else {
      for (const id of firstReplies.values()) {
        await this.#link.insist("messages.confirmReceived", this.#serverApp, id);
      }
    }
    await this.#finish(token);
  }

  /** After all messages' time there is nothing left of them. */
  async dissolve(): Promise<void> {
    for (let part = 0; part < 4; part++) await this.#pass(TTL / 2);
    const { logEntries, ...usage } = await this.#link.insist<StoreUsage>("usage");
    assert.deepEqual(usage, {
      nodes: NODES,
      runs: Math.min(this.#round, KEPT_RUNS),
      ...NOTHING_UNDER_WAY,
    });
    await this.#checkHistory(logEntries);
  }

  /** The newest runs are there, in their order, of the newest of them the logs, and nothing of any other. */
  async #checkHistory(logEntries: number): Promise<void> {
    const runs = await this.#link.insist<LinkRun[]>("runs.list", { limit: 1000, skip: 0 });
    assert.deepEqual(
      runs.map(({ runId }) => runId),
      this.#runs.toReversed().slice(0, KEPT_RUNS),
    );
    let lines = 0;
    for (const [index, { runId, logRemovedAt }] of runs.entries()) {
      const { text } = await this.#link.insist<LogPiece>("runs.readLog", runId, 0);
      const line = this.#logLine(runId);
      lines += text.length / line.length;
      // What was repeated after a death may stand there twice.
      assert.equal(text, logRemovedAt === undefined ? line.repeat(text === line ? 1 : 2) : "");
      if (index === 0) assert.equal(logRemovedAt, undefined);
    }
    assert.equal(lines, logEntries);
    assert.ok(lines * this.#logLine(0n).length <= KEPT_LOG_BYTES);
  }

  /** As long for each run. */
  #logLine(runId: bigint): string {
    return `This is run ${String(runId).padStart(20, "0")}\n`;
  }

  /** Whether this round's ServerApp is of the older kind, whose messages come and go whole. */
  get #isOldKind(): boolean {
    return this.#round % 2 === 0;
  }

  get #serverApp() {
    return { nodeId: 1n, runId: this.#runId };
  }

  /** Starts a run. A token that was lost on the way is good for nothing, and soon for nobody. */
  async #launch(): Promise<string> {
    const { runId } = await this.#link.insist<LinkRun>("runs.create", { ...APP, fab: FAB });
    this.#runId = runId;
    this.#runs.push(runId);
    for (;;) {
      const claimed = await this.#link.insist<ClaimedRun | null>("runs.claim", { runId });
      if (claimed === null) {
        await this.#pass(31);
        continue;
      }
      try {
        await this.#link.insist("runs.begin", claimed.token);
      } catch (error) {
        // Begun before the SuperLink died.
        assert.equal((error as FlwrError).code, "failed-precondition");
      }
      const run = await this.#link.insist<LinkRun>("runs.ofToken", claimed.token);
      assert.equal(run.state, "running");
      return claimed.token;
    }
  }

  async #finish(token: string): Promise<void> {
    try {
      await this.#link.insist("runs.finish", token, { outcome: "completed", details: "" });
    } catch (error) {
      // Finished before the SuperLink died.
      assert.equal((error as FlwrError).code, "unauthenticated");
    }
    const run = await this.#link.insist<LinkRun>("runs.get", this.#runId);
    assert.equal(run.state, "finished:completed");
  }

  /** Sends instructions, whole or object by object. */
  async #send(messages: readonly NewLinkMessage[], objects: readonly LinkObject[]): Promise<void> {
    if (this.#isOldKind) {
      const refusals = await this.#pushWhole(messages, objects);
      assert.ok(refusals.every((refusal) => !refusal));
    } else {
      const refusals = await this.#push(1n, messages, objects);
      assert.ok(refusals.every((refusal) => !refusal));
    }
  }

  /** Pushes messages with all their objects: whatever dies, none waits for any. */
  async #pushWhole(
    messages: readonly NewLinkMessage[],
    objects: readonly LinkObject[],
  ): Promise<OpenedPush["refusals"]> {
    const push = wholePush(messages, [...objects, ...messages.map(rootOf)]);
    const opened = await this.#link.insist<OpenedPush>("messages.openPush", push);
    assert.deepEqual([opened.missing, opened.sessionId], [[], ""]);
    return opened.refusals;
  }

  /** Pushes messages object by object. */
  async #push(
    nodeId: bigint,
    messages: readonly NewLinkMessage[],
    objects: readonly LinkObject[],
  ): Promise<OpenedPush["refusals"]> {
    const runId = this.#runId;
    const all = new Map([...objects, ...messages.map(rootOf)].map((each) => [each.id, each]));
    const tree: ObjectTree = new Map([...all].map(([id, { children }]) => [id, children]));
    const opened = await this.#link.insist<OpenedPush>("messages.openPush", {
      nodeId,
      runId,
      messages,
      trees: messages.map(() => tree),
    });
    const { sessionId } = opened;
    for (const id of opened.missing) {
      const to = { nodeId, runId, sessionId };
      assert.equal(await this.#link.insist("messages.putObject", to, all.get(id)), true);
    }
    return opened.refusals;
  }

  /** What a node does again and again, as if its SuperLink had never died. */
  async #work(id: bigint): Promise<void> {
    assert.equal(await this.#link.insist("nodes.heartbeat", id, 1800), true);
    const instruction = await this.#link.insist<HandedInstruction | null>(
      "messages.pullInstruction",
      id,
    );
    if (instruction === null) return;
    assert.equal(instruction.dstNodeId, id);
    if (this.#random.uniform() < 0.4) {
      await this.#link.insist("messages.returnInstruction", id, instruction);
      return;
    }
    const { content, messageId } = instruction;
    await this.#fetch({ nodeId: id, runId: this.#runId }, messageId, [
      rootOf(instruction),
      large(content!),
      CONSTANT,
    ]);
    const { reply, objects } = this.#reply(instruction);
    // Sent until it is answered. A node of the older kind is refused the second time, if it is asked to work again.
    const [refusal] = id === this.#ids[0]
      ? await this.#pushWhole([reply], objects)
      : await this.#push(id, [reply], objects);
    if (refusal) {
      assert.match(refusal.reason, /already answered|no longer there/);
    }
  }

  /** Gets a message's objects one by one. */
  async #fetch(
    caller: { nodeId: bigint; runId: bigint },
    root: string,
    expected: readonly LinkObject[],
  ): Promise<void> {
    const tree = await this.#link.insist<ObjectTree>("objects.treeOf", root);
    assert.deepEqual([...tree], expected.map(({ id, children }) => [id, children]));
    for (const { id, bytes } of expected) {
      const found = await this.#link.insist<PulledObject>("objects.pull", caller, id);
      assert.deepEqual(found, { found: true, bytes });
    }
  }

  async #check(
    reply: LinkMessage,
    pushed: readonly NewLinkMessage[],
    firstReplies: Map<string, string>,
  ): Promise<void> {
    const instruction = pushed.find(({ messageId }) => messageId === reply.replyToMessageId)!;
    assert.equal(reply.error, undefined);
    assert.equal(reply.srcNodeId, instruction.dstNodeId);
    const first = firstReplies.get(reply.replyToMessageId) ?? reply.messageId;
    assert.equal(reply.messageId, first, "a second reply to one instruction");
    firstReplies.set(reply.replyToMessageId, first);
    const { reply: sent, objects: [constant, update] } = this.#reply(instruction);
    assert.equal(reply.messageId, sent.messageId);
    await this.#fetch(this.#serverApp, reply.messageId, [rootOf(sent), update!, constant!]);
  }

  async #join(key: Uint8Array): Promise<bigint> {
    const input = { publicKey: key, heartbeatInterval: 1800 };
    return (await this.#link.insist<LinkNode>("nodes.create", input)).nodeId;
  }

  async #pass(seconds: number): Promise<void> {
    // Time goes on while the SuperLink is dead, so it is not passed again.
    this.#link.now += seconds;
    try {
      await this.#link.call("advance", seconds);
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
    for (const id of this.#ids) await this.#link.insist("nodes.heartbeat", id, 1800);
  }

  #instruction(dstNodeId: bigint, content: string): NewLinkMessage {
    return {
      messageId: `instruction ${this.#round} for ${dstNodeId}`,
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

  #reply(instruction: NewLinkMessage): { reply: NewLinkMessage; objects: LinkObject[] } {
    const { messageId, runId, dstNodeId, groupId, messageType, createdAt, ttl } = instruction;
    const update = large(`update for ${messageId}`);
    return {
      reply: {
        messageId: `reply to ${messageId}`,
        runId,
        srcNodeId: dstNodeId,
        dstNodeId: 1n,
        replyToMessageId: messageId,
        groupId,
        messageType,
        createdAt,
        ttl,
        content: update.id,
      },
      objects: [CONSTANT, update],
    };
  }
}
