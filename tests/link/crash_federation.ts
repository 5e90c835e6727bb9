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
import { wholePush } from "./push_complete.ts";
import { Crashed, type CrashingSuperLink } from "./restarting_superlink.ts";

const NODES = 2;
const TTL = 1000;
const APP = { fabId: "flwr/app", fabVersion: "1.0.0" };
const FAB = { hash: "fab", content: new Uint8Array([1]) };
/** Object that is part of every message. */
const CONSTANT = object("constant");
/** Object of several database pages, which become free when it is removed. */
const large = (name: string): LinkObject => ({
  ...object(name, [CONSTANT]),
  bytes: new TextEncoder().encode(name.padEnd(12_000)),
});

/**
 * A ServerApp and its nodes, as they live through the SuperLink's deaths, and what they know: the model against which
 * its answers are checked.
 */
export class Federation {
  readonly #link: CrashingSuperLink;
  readonly #random: Random;
  readonly #keys: readonly Uint8Array[];
  #ids: bigint[] = [];
  #runId = 0n;
  readonly #runs: bigint[] = [];
  #round = 0;

  constructor(link: CrashingSuperLink, random: Random) {
    this.#link = link;
    this.#random = random;
    this.#keys = Array.from({ length: NODES }, (_, index) => new Uint8Array([index]));
  }

  /** Joins the nodes. */
  async found(): Promise<void> {
    for (const key of this.#keys) this.#ids.push(await this.#join(key));
  }

  /** Makes a run of one round: every node gets an instruction and answers, and all replies are checked. */
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
        // In some rounds a node restarts. In the others only the SuperLink can deliver a lost message again.
        if (turn === 0 && this.#random.uniform() < 0.3) {
          assert.equal(await this.#join(this.#keys[index]!), id);
        }
        await this.#work(id);
      }
      // On the 1.9 wire, a reply that was pulled is removed when the time has passed that leases take.
      const isKept = !this.#isOldKind || !this.#link.hasLeases;
      const asked = [...expected, ...isKept ? firstReplies.keys() : []];
      const as = this.#isOldKind ? {} : { runId: this.#runId };
      for (
        const reply of await this.#link.insist<LinkMessage[]>("messages.pullReplies", asked, as)
      ) {
        await this.#check(reply, instructions, firstReplies);
        expected.delete(reply.replyToMessageId);
      }
      if (this.#link.hasLeases && expected.size > 0) {
        await this.#pass(31);
        assert.equal(await this.#link.insist("runs.heartbeat", token), true);
      }
    }
    if (this.#isOldKind) {
      // The ServerApp does not confirm, so pulled replies are removed after some time.
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

  /** Checks that nothing is left of expired messages. */
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

  /** Checks that only the newest runs are kept, in order, with the logs of the newest ones. */
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
      // Lines that were sent again after a crash can occur twice.
      assert.equal(text, logRemovedAt === undefined ? line.repeat(text === line ? 1 : 2) : "");
      if (index === 0) assert.equal(logRemovedAt, undefined);
    }
    assert.equal(lines, logEntries);
    assert.ok(lines * this.#logLine(0n).length <= KEPT_LOG_BYTES);
  }

  /** Log text, with the same length for each run. */
  #logLine(runId: bigint): string {
    return `This is run ${String(runId).padStart(20, "0")}\n`;
  }

  /** Whether this round's ServerApp uses the 1.9 wire, with complete messages. */
  get #isOldKind(): boolean {
    return this.#round % 2 === 0;
  }

  get #serverApp() {
    return { nodeId: 1n, runId: this.#runId };
  }

  /** Starts a run. If the response with the token is lost, the claim expires. */
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
        // The run began before the crash.
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
      // The run finished before the crash.
      assert.equal((error as FlwrError).code, "unauthenticated");
    }
    const run = await this.#link.insist<LinkRun>("runs.get", this.#runId);
    assert.equal(run.state, "finished:completed");
  }

  /** Sends instructions, complete or object by object. */
  async #send(messages: readonly NewLinkMessage[], objects: readonly LinkObject[]): Promise<void> {
    if (this.#isOldKind) {
      const refusals = await this.#pushComplete(messages, objects);
      assert.ok(refusals.every((refusal) => !refusal));
    } else {
      const refusals = await this.#push(1n, messages, objects);
      assert.ok(refusals.every((refusal) => !refusal));
    }
  }

  /** Pushes messages with all their objects inline, so that none waits for objects. */
  async #pushComplete(
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

  /** A node's loop, which ignores crashes of the SuperLink. */
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
    // Repeated until there is a response. On the 1.9 wire the second reply is refused after a redelivery.
    const [refusal] = id === this.#ids[0]
      ? await this.#pushComplete([reply], objects)
      : await this.#push(id, [reply], objects);
    if (refusal) {
      assert.ok(["instruction-answered", "instruction-unknown"].includes(refusal.code));
    }
  }

  /** Pulls a message's objects one by one. */
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
    try {
      // Time passes while the SuperLink is down, so it is not advanced again.
      await this.#link.pass(seconds);
    } catch (error) {
      if (!(error instanceof Crashed)) throw error;
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
