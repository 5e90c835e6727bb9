import assert from "node:assert/strict";
import type { Addressed } from "./node.ts";
import type { RingVector } from "./ring_vector.ts";
import { Group, INSTRUCTION, settingsOf } from "./testing/group.ts";

function elements(sum: RingVector): number[] {
  return Array.from({ length: sum.length }, (_, i) => sum.get(i));
}

Deno.test("the sum of all nodes, in both rings, with any number of nodes", async () => {
  for (const ringBits of [32, 64] as const) {
    for (const nodes of [3, 4, 7]) {
      const group = await Group.of(settingsOf(nodes, { ringBits }));
      const { sum, wrongShares } = await group.server.revealed(
        await group.revealed(await group.untilAgreed()),
      );
      const total = group.sumOf(group.ids);
      assert.deepEqual(elements(sum), [total, 2 * total, 3 * total]);
      assert.deepEqual(wrongShares, []);
    }
  }
});

Deno.test("nodes may be lost in each stage, and in several", async () => {
  const [a, b, c] = [101n, 104n, 106n];
  for (
    const lost of [
      { advertise: [a, b] },
      { share: [a, b] },
      { collect: [a, b] },
      { agree: [a, b] },
      { reveal: [a, b] },
      { advertise: [c], share: [b], collect: [a] },
      { collect: [c], agree: [b], reveal: [a] },
    ] as {
      advertise?: bigint[];
      share?: bigint[];
      collect?: bigint[];
      agree?: bigint[];
      reveal?: bigint[];
    }[]
  ) {
    const group = await Group.of(settingsOf(9));
    const signatures = await group.untilAgreed(lost);
    const { sum } = await group.server.revealed(await group.revealed(signatures, lost.reveal));
    const out = [lost.advertise, lost.share, lost.collect].flatMap((ids) => ids ?? []);
    const there = group.ids.filter((id) => !out.includes(id));
    assert.equal(sum.get(0), group.sumOf(there), JSON.stringify(Object.keys(lost)));
  }
});

Deno.test("a round with too few nodes ends in each stage", async () => {
  const lost = [101n, 102n];
  const code = { code: "failed-precondition" };
  for (const stage of ["advertise", "share", "collect", "agree", "reveal"] as const) {
    const group = await Group.of(settingsOf(4));
    await assert.rejects(
      async () => {
        const signatures = await group.untilAgreed({ [stage]: lost });
        const gone = stage === "reveal" ? lost : [];
        await group.server.revealed(await group.revealed(signatures, gone));
      },
      code,
      stage,
    );
  }
});

Deno.test("two masked vectors of one node have nothing in common", async () => {
  const group = await Group.of(settingsOf(3));
  const [first] = await group.untilShared();
  const [id, received] = first!;
  const a = await group.collect(id, received);
  const again = await Group.of(settingsOf(3));
  const deliveries = await again.untilShared();
  const b = await again.collect(id, deliveries.get(id)!);
  assert.notEqual(a.toHex(), b.toHex());
});

Deno.test("one node's garbage in place of shares is left out, and the log can name it", async () => {
  const group = await Group.of(settingsOf(6));
  const signatures = await group.untilAgreed({ collect: [102n] });
  const revealed = await group.revealed(signatures);
  const garbage = new Map(
    [...revealed.get(103n)!].map(([owner, share]) => {
      const changed = share.slice();
      crypto.getRandomValues(changed.subarray(4));
      return [owner, changed];
    }),
  );
  revealed.set(103n, garbage);
  const { sum, wrongShares } = await group.server.revealed(revealed);
  assert.equal(sum.get(0), group.sumOf(group.ids.filter((id) => id !== 102n)));
  // With one share more than the threshold, nobody can be named.
  assert.deepEqual(wrongShares, []);

  const bigger = await Group.of(settingsOf(9));
  const all = await bigger.revealed(await bigger.untilAgreed());
  all.set(103n, new Map(bigger.ids.map((owner) => [owner, new Uint8Array(52)])));
  all.set(104n, new Map(bigger.ids.map((owner) => [owner, all.get(105n)!.get(owner)!])));
  const found = await bigger.server.revealed(all);
  assert.equal(found.sum.get(0), bigger.sumOf(bigger.ids));
  const holders = new Set(found.wrongShares.map(({ holder }) => holder));
  assert.deepEqual(holders, new Set([103n, 104n]));
});

Deno.test("a node that shares another seed than the one that it committed to ends the round, and is named", async () => {
  const group = await Group.of(settingsOf(4));
  const sent = await group.advertise();
  const state = group.advertised.get(102n)!;
  group.advertised.set(102n, { ...state, seed: crypto.getRandomValues(new Uint8Array(32)) });
  const { participants } = await group.server.advertised(sent, false);
  const shares = new Map<bigint, Addressed[]>();
  for (const id of group.ids) shares.set(id, await group.share(id, participants));
  for (const [id, received] of group.server.shared(shares).deliveries) {
    group.server.vectorReceived(id, await group.collect(id, received));
  }
  const signed = new Map<bigint, Uint8Array>();
  for (const id of group.ids) signed.set(id, await group.agree(id, group.ids));
  const { signatures } = await group.server.agreed(signed, INSTRUCTION);
  await assert.rejects(group.server.revealed(await group.revealed(signatures)), {
    code: "failed-precondition",
    message: /masks of node 102/,
  });
});

Deno.test("a share of another round is left out, and too many of them end the round", async () => {
  const group = await Group.of(settingsOf(6));
  const revealed = await group.revealed(await group.untilAgreed());
  const before = await Group.of(settingsOf(6));
  const old = await before.revealed(await before.untilAgreed());
  revealed.set(104n, old.get(104n)!);
  const { sum, wrongShares } = await group.server.revealed(revealed);
  assert.equal(sum.get(0), group.sumOf(group.ids));
  assert.deepEqual(new Set(wrongShares.map(({ holder }) => holder)), new Set([104n]));

  const second = await Group.of(settingsOf(6));
  const again = await second.revealed(await second.untilAgreed());
  for (const id of [101n, 102n, 103n]) again.set(id, old.get(id)!);
  await assert.rejects(second.server.revealed(again), { code: "failed-precondition" });
});

Deno.test("shares that one node cannot read cost nobody the round", async () => {
  const group = await Group.of(settingsOf(6));
  const deliveries = await group.untilShared();
  for (const [id, received] of deliveries) {
    const spoilt = received.map((one) =>
      one.nodeId === 102n && id === 105n ? { ...one, ciphertext: one.ciphertext.slice(1) } : one
    );
    group.server.vectorReceived(id, await group.collect(id, spoilt));
  }
  const survivors = group.server.survivors();
  const sent = new Map<bigint, Uint8Array>();
  for (const id of survivors) sent.set(id, await group.agree(id, survivors));
  const { signatures } = await group.server.agreed(sent, INSTRUCTION);
  const { sum } = await group.server.revealed(await group.revealed(signatures));
  assert.equal(sum.get(0), group.sumOf(group.ids));
});

Deno.test("the server names nodes that send unsound keys, shares, vectors and signatures", async () => {
  const group = await Group.of(settingsOf(6));
  const [a, b, c, d, e, f] = await group.advertise();
  const spoilt = [
    { ...a!, signature: b!.signature },
    { ...b!, maskKey: c!.maskKey },
    c!,
    d!,
    e!,
    f!,
  ];
  const { participants, refusals } = await group.server.advertised(spoilt, false);
  assert.deepEqual(refusals.map(({ nodeId }) => nodeId), [101n, 102n]);
  assert.deepEqual(participants.map(({ nodeId }) => nodeId), [103n, 104n, 105n, 106n]);

  const twice = await Group.of(settingsOf(4));
  const sent = await twice.advertise();
  const copied = sent.map((one, i) => i === 1 ? { ...sent[0]!, nodeId: one.nodeId } : one);
  twice.trust = "unsigned";
  const unsigned = copied.map((one) => ({
    ...one,
    signature: new Uint8Array(),
    identityKey: new Uint8Array(),
  }));
  const weak = unsigned.map((one, i) => i === 2 ? { ...one, maskKey: new Uint8Array(32) } : one);
  await assert.rejects(twice.server.advertised(weak, true), { code: "failed-precondition" });
  const found = await twice.server.advertised(unsigned, true);
  assert.deepEqual(found.refusals.map(({ nodeId }) => nodeId), [102n]);
});

Deno.test("a vector that is too long, too short, sent twice or not owed is refused", async () => {
  const group = await Group.of(settingsOf(4));
  const deliveries = await group.untilShared({ share: [104n] });
  const vector = await group.collect(101n, deliveries.get(101n)!);
  const code = { code: "invalid-argument" };
  for (const bytes of [new Uint8Array(), vector.slice(1), new Uint8Array(16)]) {
    assert.throws(() => group.server.vectorReceived(101n, bytes), code);
  }
  assert.throws(() => group.server.vectorReceived(104n, vector), code);
  group.server.vectorReceived(101n, vector);
  assert.throws(() => group.server.vectorReceived(101n, vector), code);
});
