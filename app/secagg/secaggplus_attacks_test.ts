import assert from "node:assert/strict";
import { decryptFernet, encryptFernet } from "../../secagg/fernet.ts";
import type { KeysShared } from "../../secagg/plus/node_state.ts";
import { shareCounts } from "../../secagg/plus/share_counts.ts";
import { decodeShareMessage, encodeShareMessage } from "../../secagg/plus/share_message.ts";
import type { ClientMod } from "../client_mod.ts";
import type { Message } from "../message.ts";
import { ConfigRecord } from "../config_record.ts";
import { MetricRecord } from "../metric_record.ts";
import { RecordDict } from "../record_dict.ts";
import { CONFIGS, STATE } from "./records.ts";
import { secAggPlusMod } from "./secaggplus_mod.ts";
import { stateFromRecord } from "./state_record.ts";
import { Federation, stageOf, type Tamper } from "./testing/federation.ts";
import { assertMean, lose, secure } from "./testing/secure_run.ts";

function withConfigs(reply: Message, key: string, value: Parameters<ConfigRecord["set"]>[1]) {
  const configs = new ConfigRecord();
  for (const [name, typed] of reply.content.configRecord(CONFIGS).typedEntries()) {
    configs.setTyped(name, typed);
  }
  return reply.withContent(
    new RecordDict([...reply.content, [CONFIGS, configs.set(key, value)]]),
  );
}

Deno.test("secagg+ attack: a node that replays a share of an earlier round is found", async () => {
  const old = new Map<string, Uint8Array>();
  const federation = new Federation({
    nodes: 5,
    tamper: (instruction, reply, stage) => {
      if (stage !== "unmask" || instruction.metadata.dstNodeId !== 103n) return undefined;
      const configs = reply.content.configRecord(CONFIGS);
      const owners = configs.get("nids") as number[];
      const shares = configs.get("shares") as Uint8Array[];
      if (instruction.metadata.groupId === "1") {
        owners.forEach((owner, i) => old.set(String(owner), shares[i]!));
        return undefined;
      }
      return withConfigs(reply, "shares", owners.map((owner) => old.get(String(owner))!));
    },
  });
  const result = await federation.run(secure(), 2);
  assert.equal(result.rounds[1]!.train!.aggregated, true);
  assertMean(federation, result, federation.ids);
  assert.ok(federation.notes.some((note) => note.includes("103")), "the log names the node");
});

/** A node changes one bit of each share of another node that it gives. */
const changedShares: Tamper = (instruction, reply, stage) => {
  if (stage !== "unmask" || instruction.metadata.dstNodeId !== 101n) return undefined;
  const configs = reply.content.configRecord(CONFIGS);
  const owners = configs.get("nids") as number[];
  const shares = (configs.get("shares") as Uint8Array[]).map((share) => Uint8Array.from(share));
  owners.forEach((owner, i) => {
    if (owner !== 101) shares[i]![4]! ^= 1;
  });
  return withConfigs(reply, "shares", shares);
};

Deno.test("secagg+ attack: a wrong share gives the right model or none, and names no other node", async () => {
  for (const nodes of [3, 4, 5, 6, 7, 8]) {
    const federation = new Federation({ nodes, tamper: changedShares });
    const { threshold } = shareCounts({ numShares: 1, reconstructionThreshold: 2 / 3 }, nodes);
    const wrong = () => federation.notes.filter((note) => /held by/.test(note));
    if (nodes >= threshold + 2) {
      assertMean(federation, await federation.run(secure()), federation.ids);
      assert.ok(wrong().length > 0);
      assert.ok(wrong().every((note) => /101/.test(note)), wrong().join("\n"));
    } else {
      await assert.rejects(federation.run(secure()), { code: "failed-precondition" });
      assert.deepEqual(wrong(), []);
    }
  }
});

Deno.test("secagg+ attack: of a share that was sent wrong, both its owner and its holder are named", async () => {
  const honest = secAggPlusMod();
  const [dealer, victim] = [101n, 105n];
  const mod: ClientMod = async (message, context, next) => {
    const reply = await honest(message, context, next);
    if (context.nodeId !== dealer || stageOf(message) !== "share_keys") return reply;
    const state = stateFromRecord(context.state.get(STATE) as ConfigRecord) as KeysShared;
    const { shareKey } = state.peers.get(victim)!;
    const configs = reply.content.configRecord(CONFIGS);
    const ciphertexts = [...configs.get("ctxts") as Uint8Array[]];
    const at = (configs.get("dsts") as number[]).indexOf(Number(victim));
    const shares = decodeShareMessage(await decryptFernet(shareKey, ciphertexts[at]!));
    const seedShare = Uint8Array.from(shares.seedShare);
    seedShare[4]! ^= 1;
    ciphertexts[at] = await encryptFernet(shareKey, encodeShareMessage({ ...shares, seedShare }));
    return withConfigs(reply, "ctxts", ciphertexts);
  };
  const federation = new Federation({ nodes: 5, mods: [mod] });
  assertMean(federation, await federation.run(secure()), federation.ids);
  const notes = federation.notes.filter((note) => note.includes("left out"));
  assert.equal(notes.length, 1);
  for (const id of [dealer, victim]) assert.ok(notes[0]!.includes(String(id)), notes[0]!);
});

Deno.test("secagg+ attack: a wrong share that nobody can see still gives no model: the sum's weight is wrong", async () => {
  // One node lost: as many shares as the threshold are left, which fit together whatever they are.
  const losses = lose("unmask", 103n);
  const federation = new Federation({
    nodes: 3,
    tamper: (...args) => losses(...args) ?? changedShares(...args),
  });
  await assert.rejects(federation.run(secure()), { code: "failed-precondition" });
  assert.ok(federation.notes.some((note) => /weight/.test(note)), federation.notes.join("\n"));
});

Deno.test("secagg+ attack: a number of examples other than the one in the sum ends the round", async () => {
  const federation = new Federation({
    nodes: 4,
    tamper: (instruction, reply, stage) => {
      const { dstNodeId, groupId } = instruction.metadata;
      if (stage !== "collect_masked_vectors" || dstNodeId !== 102n || groupId !== "1") return;
      const examples = ["fitres.num_examples", new MetricRecord({ num_examples: 21 })] as const;
      return reply.withContent(new RecordDict([...reply.content, examples]));
    },
  });
  const result = await federation.run(secure(), 2);
  const aggregated = result.rounds.map(({ train }) => train!.aggregated);
  assert.deepEqual(aggregated, [false, true]);
  assertMean(federation, result, federation.ids);
});

Deno.test("secagg+ attack: a node that sends another node's share, or shares of strangers, is no help", async () => {
  for (const attack of ["copied", "strangers", "short", "none", "many"] as const) {
    const federation = new Federation({
      nodes: 5,
      tamper: (instruction, reply, stage) => {
        if (stage !== "unmask" || instruction.metadata.dstNodeId !== 103n) return undefined;
        const shares = reply.content.configRecord(CONFIGS).get("shares") as Uint8Array[];
        switch (attack) {
          case "copied":
            return withConfigs(reply, "shares", shares.map(() => shares[0]!));
          case "strangers":
            return withConfigs(reply, "nids", shares.map((_, i) => 900n + BigInt(i)));
          case "short":
            return withConfigs(reply, "shares", shares.map((share) => share.subarray(0, 7)));
          case "none":
            return withConfigs(reply, "shares", []);
          case "many":
            return withConfigs(reply, "shares", [...shares, ...shares]);
        }
      },
    });
    const result = await federation.run(secure({ reconstructionThreshold: 0.6 }));
    assertMean(federation, result, federation.ids);
  }
});

Deno.test("secagg+ attack: replies that cannot be used make their node a failure, not a round lost", async () => {
  const attacks: [string, (reply: Message) => Message][] = [
    ["setup", (reply) => withConfigs(reply, "pk1", new Uint8Array(215))],
    ["setup", (reply) => withConfigs(reply, "pk1", "text")],
    ["setup", (reply) => reply.withContent({})],
    ["share_keys", (reply) => withConfigs(reply, "dsts", [101n, 102n, 104n])],
    ["share_keys", (reply) => withConfigs(reply, "ctxts", [])],
    ["collect_masked_vectors", (reply) => withConfigs(reply, "masked_params", [])],
    ["collect_masked_vectors", (reply) => withConfigs(reply, "masked_params", [new Uint8Array(9)])],
    ["collect_masked_vectors", (reply) => {
      const metrics = new MetricRecord({ num_examples: 101 });
      return reply.withContent(
        new RecordDict([...reply.content, ["fitres.num_examples", metrics]]),
      );
    }],
  ];
  for (const [stage, change] of attacks) {
    const federation = new Federation({
      nodes: 5,
      tamper: (instruction, reply, asked) =>
        asked === stage && instruction.metadata.dstNodeId === 105n ? change(reply) : undefined,
    });
    const result = await federation.run(secure());
    const { train } = result.rounds[0]!;
    assert.deepEqual(train!.results, [101n, 102n, 103n, 104n], stage);
    assert.deepEqual(train!.failures.map(({ nodeId, code }) => [nodeId, code]), [[
      105n,
      undefined,
    ]]);
    assertMean(federation, result, [101n, 102n, 103n, 104n]);
  }
});
