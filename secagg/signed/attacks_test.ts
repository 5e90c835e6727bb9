import assert from "node:assert/strict";
import { advertise, agree, openShares, reveal, share } from "./node.ts";
import { encryptShares } from "./share_message.ts";
import { checkRoundSettings, leastThreshold } from "./settings.ts";
import { Group, identityFor, INSTRUCTION, RUN_ID, settingsOf } from "./testing/group.ts";

const REFUSED = { code: "invalid-argument" };
const DENIED = { code: "permission-denied" };

Deno.test("attack: a server that substitutes a node's keys", async () => {
  const group = await Group.of(settingsOf(4));
  const sent = await group.advertise();
  const forger = await identityFor(102n);
  const { own: forged } = await advertise(102n, group.settings, forger);
  const replace = (change: Partial<typeof forged>) =>
    sent.map((one) => one.nodeId === 102n ? { ...one, ...change } : one);
  const attempts = {
    "its own key pair, signed with a key that is not trusted": replace(forged),
    "its own mask key under the node's signature": replace({ maskKey: forged.maskKey }),
    "its own share key under the node's signature": replace({ shareKey: forged.shareKey }),
    "its own signing key under the node's signature": replace({ signingKey: forged.signingKey }),
    "another commitment": replace({ commitment: forged.commitment }),
    "its own keys under the node's name": replace({
      ...forged,
      identityKey: sent[1]!.identityKey,
    }),
    "no signature": replace({ signature: new Uint8Array(), identityKey: new Uint8Array() }),
    "half a signature": replace({ signature: new Uint8Array() }),
  };
  for (const [what, list] of Object.entries(attempts)) {
    await assert.rejects(group.share(101n, list), DENIED, what);
  }
  await group.share(101n, sent);
});

Deno.test("attack: keys of another round, another run, other settings or another node", async () => {
  const group = await Group.of(settingsOf(4));
  const sent = await group.advertise();
  const identity = group.identities.get(102n)!;
  const other = await identityOfAnotherRun();
  const made = async (settings = group.settings, by = identity, nodeId = 102n) =>
    (await advertise(nodeId, settings, by)).own;
  const attempts = {
    "another round": await made(settingsOf(4, { round: 2 })),
    "another threshold": await made(settingsOf(4, { threshold: 4 })),
    "other metrics": await made(settingsOf(4, { metrics: [["loss", 1]] })),
    "less noise": await made(settingsOf(4, {
      noise: { mechanism: "skellam", clippingNorm: 1, noiseMultiplier: 1, colluding: 0 },
    })),
    "another node's": { ...await made(group.settings, group.identities.get(103n)!, 102n) },
    "another run": { ...await made(group.settings, other.identity) },
  };
  const trusted = group.trust as { keys: Set<string> };
  group.trust = { keys: new Set([...trusted.keys, other.identity.publicKey.toHex()]) };
  for (const [what, own] of Object.entries(attempts)) {
    const list = sent.map((one) => one.nodeId === 102n ? own : one)
      .filter((one) => what !== "another node's" || one.nodeId !== 103n);
    await assert.rejects(group.share(101n, list), DENIED, what);
  }
});

async function identityOfAnotherRun() {
  return { identity: await identityFor(102n, RUN_ID + 1n) };
}

Deno.test("attack: a server that gives one registered key several votes, or lists a node twice", async () => {
  const group = await Group.of(settingsOf(4));
  const sent = await group.advertise();
  const twin = await advertise(105n, group.settings, {
    ...group.identities.get(102n)!,
    publicKey: group.identities.get(102n)!.publicKey,
  });
  const attempts = {
    "one registered key for two nodes": [...sent.slice(0, 3), twin.own],
    "a node twice": [...sent.slice(0, 3), sent[0]!],
    "without this node": sent.slice(1),
    "with other keys of this node": [
      { ...sent[0]!, maskKey: crypto.getRandomValues(new Uint8Array(32)) },
      ...sent.slice(1),
    ],
    "too few": sent.slice(0, 2),
    "more than the round has": [...sent, (await advertise(109n, group.settings, undefined)).own],
  };
  for (const [what, list] of Object.entries(attempts)) {
    await assert.rejects(group.share(101n, list), REFUSED, what);
  }
});

Deno.test("attack: without identities, keys that are not signed are refused unless the test's option is set", async () => {
  const group = await Group.of(settingsOf(3));
  group.identities.clear();
  const sent = await group.advertise();
  await assert.rejects(group.share(101n, sent), DENIED);
  group.trust = "unsigned";
  await group.share(101n, sent);
});

Deno.test("attack: shares of another round, another sender or another receiver are not read", async () => {
  const group = await Group.of(settingsOf(4));
  const deliveries = await group.untilShared();
  const before = await Group.of(settingsOf(4));
  const old = await before.untilShared();
  const own = deliveries.get(101n)!;
  const from = (list: typeof own, id: bigint) => list.find(({ nodeId }) => nodeId === id)!;
  const replaced = (id: bigint, by: { ciphertext: Uint8Array }) =>
    own.map((one) => one.nodeId === id ? { ...one, ciphertext: by.ciphertext } : one);
  const attempts = {
    "another round": replaced(102n, from(old.get(101n)!, 102n)),
    "another sender": replaced(102n, from(own, 103n)),
    "another receiver": replaced(102n, from(deliveries.get(103n)!, 102n)),
    "a bit changed": replaced(102n, {
      ciphertext: from(own, 102n).ciphertext.map((byte, i) => i === 40 ? byte ^ 1 : byte),
    }),
  };
  for (const [what, list] of Object.entries(attempts)) {
    const { state, unreadable } = await openShares(group.shared.get(101n)!, list, INSTRUCTION);
    assert.deepEqual(unreadable, [102n], what);
    assert.ok(!state.shares.has(102n), what);
  }
  const state = group.shared.get(101n)!;
  const none = own.map((one) => ({ ...one, ciphertext: new Uint8Array(132) }));
  await assert.rejects(openShares(state, none, INSTRUCTION), REFUSED, "too few that can be read");
  await assert.rejects(openShares(state, own.slice(0, 1), INSTRUCTION), REFUSED, "too few");
  await assert.rejects(openShares(state, [...own, own[0]!], INSTRUCTION), REFUSED, "one twice");
  const stranger = [...own, { nodeId: 999n, ciphertext: own[0]!.ciphertext }];
  await assert.rejects(openShares(state, stranger, INSTRUCTION), REFUSED, "a stranger's");
  const itself = [...own, { nodeId: 101n, ciphertext: own[0]!.ciphertext }];
  await assert.rejects(openShares(state, itself, INSTRUCTION), REFUSED, "its own");
});

Deno.test("attack: a node that sends another the share of a third is found when it is opened", async () => {
  const group = await Group.of(settingsOf(4));
  const own = (await group.untilShared()).get(101n)!;
  const { session, peers, ownShares } = group.shared.get(102n)!;
  const route = { source: 102n, destination: 101n };
  const ciphertext = await encryptShares(session, peers.get(101n)!.shareSecret, route, ownShares);
  const received = own.map((one) => one.nodeId === 102n ? { ...one, ciphertext } : one);
  const { state, unreadable } = await openShares(group.shared.get(101n)!, received, INSTRUCTION);
  assert.deepEqual(unreadable, [102n]);
  assert.ok(!state.shares.has(102n));
});

Deno.test("attack: a server that lists one node as dead to some and as alive to others", async () => {
  const group = await Group.of(settingsOf(4));
  const survivors = await group.untilCollected();
  const without = survivors.filter((id) => id !== 104n);
  const signatures = new Map<bigint, Uint8Array>();
  // To half of the nodes, 104 is alive; to the other half, it is dead.
  signatures.set(101n, await group.agree(101n, survivors));
  signatures.set(104n, await group.agree(104n, survivors));
  signatures.set(102n, await group.agree(102n, without));
  signatures.set(103n, await group.agree(103n, without));
  for (const id of [101n, 102n, 103n, 104n]) {
    await assert.rejects(group.reveal(id, signatures), DENIED, `${id} gets all signatures`);
    const fitting = [101n, 104n].includes(id) ? [101n, 104n] : [102n, 103n];
    const own = new Map([...signatures].filter(([signer]) => fitting.includes(signer)));
    await assert.rejects(group.reveal(id, own), DENIED, `${id} gets those of its own set`);
  }
});

Deno.test("attack: signatures of nodes that were given another instruction reveal nothing, and their masks stay on the sum", async () => {
  const group = await Group.of(settingsOf(4));
  const other = new Uint8Array(32).fill(1);
  for (const [id, received] of await group.untilShared()) {
    const told = id === 104n ? other : INSTRUCTION;
    group.server.vectorReceived(id, await group.collect(id, received, told));
  }
  const survivors = group.server.survivors();
  const signatures = new Map<bigint, Uint8Array>();
  for (const id of survivors) signatures.set(id, await group.agree(id, survivors));
  for (const id of survivors) await assert.rejects(group.reveal(id, signatures), DENIED, `${id}`);
  // Those that agree are enough to reveal: the sum is hidden by the masks that they have in common with node 104.
  const agreed = await group.server.agreed(signatures, INSTRUCTION);
  assert.deepEqual(agreed.refusals.map(({ nodeId }) => nodeId), [104n]);
  const { sum } = await group.server.revealed(await group.revealed(agreed.signatures));
  const found = [0, 1, 2].map((i) => sum.get(i));
  assert.notDeepEqual(found, [1, 2, 3].map((factor) => factor * group.sumOf(group.ids)));
});

Deno.test("attack: a node never has both shares of another once it has signed", async () => {
  const group = await Group.of(settingsOf(4));
  const survivors = await group.untilCollected({ collect: [104n] });
  await group.agree(101n, survivors);
  const { shares } = group.agreed.get(101n)!;
  const both = group.collected.get(101n)!.shares;
  for (const id of group.ids) {
    const { seedShare, keyShare } = both.get(id)!;
    assert.deepEqual(shares.get(id), id === 104n ? keyShare : seedShare);
  }
  assert.deepEqual(Object.keys(group.agreed.get(101n)!).sort(), [
    "done",
    "instruction",
    "nodeId",
    "session",
    "shares",
    "survivors",
    "threshold",
  ]);
});

Deno.test("attack: lists of survivors that are too short, or have a node twice, a stranger, or not this node", async () => {
  const group = await Group.of(settingsOf(6));
  const survivors = await group.untilCollected({ share: [105n] });
  const state = group.collected.get(101n)!;
  const attempts = {
    "too few": survivors.slice(0, 3),
    "a node twice": [...survivors, 102n],
    "a node twice in place of another": [101n, 102n, 103n, 104n, 104n],
    "a node whose shares never came": [...survivors, 105n],
    "a stranger": [...survivors, 999n],
    "without this node": survivors.filter((id) => id !== 101n),
    "none": [],
  };
  for (const [what, list] of Object.entries(attempts)) {
    await assert.rejects(agree(state, list), REFUSED, what);
  }
});

Deno.test("attack: signatures that are too few, doubled, replayed, forged or of nodes that did not survive", async () => {
  const group = await Group.of(settingsOf(5));
  const signatures = await group.untilAgreed({ collect: [105n] });
  const state = group.agreed.get(101n)!;
  const all = [...signatures];
  const before = await Group.of(settingsOf(5));
  const old = [...await before.untilAgreed({ collect: [105n] })];
  const other = await group.agree(102n, [101n, 102n, 103n, 104n, 105n]);
  const attempts = {
    "too few": all.slice(0, 3),
    "one twice": [...all.slice(0, 3), all[0]!],
    "of another round": old,
    "one of another round": [...all.slice(0, 3), old[3]!],
    "another node's": [...all.slice(0, 3), [104n, all[0]![1]] as const],
    "over another set": [all[0]!, [102n, other] as const, all[2]!, all[3]!],
    "of a node that was lost": [...all, [105n, all[0]![1]] as const],
    "empty": [...all.slice(0, 3), [104n, new Uint8Array()] as const],
  };
  for (const [what, list] of Object.entries(attempts)) {
    await assert.rejects(reveal(state, list), DENIED, what);
  }
  assert.equal((await reveal(state, all)).size, 5);
});

Deno.test("a node that signs another survivor set is left out, and the others go on", async () => {
  const group = await Group.of(settingsOf(5));
  const survivors = await group.untilCollected();
  const sent = new Map<bigint, Uint8Array>();
  for (const id of survivors) {
    sent.set(id, await group.agree(id, id === 103n ? survivors.slice(0, 4) : survivors));
  }
  const { signatures, refusals } = await group.server.agreed(sent, INSTRUCTION);
  assert.deepEqual(refusals.map(({ nodeId }) => nodeId), [103n]);
  const { sum } = await group.server.revealed(await group.revealed(signatures));
  assert.equal(sum.get(0), group.sumOf(survivors));
});

Deno.test("attack: participants' lists that differ between nodes make no shares readable", async () => {
  const group = await Group.of(settingsOf(5));
  const sent = await group.advertise();
  const shares = await share(group.advertised.get(102n)!, RUN_ID, sent.slice(0, 4), group.trust);
  await group.share(101n, sent);
  const received = shares.shares.filter(({ nodeId }) => nodeId === 101n)
    .map(({ ciphertext }) => ({ nodeId: 102n, ciphertext }));
  await assert.rejects(openShares(group.shared.get(101n)!, received, INSTRUCTION), REFUSED);
});

Deno.test("settings under which a sum would not be secret or would overflow are refused, with numbers", () => {
  checkRoundSettings(settingsOf(3));
  const attempts: Parameters<typeof settingsOf>[] = [
    [2],
    [1],
    [10, { threshold: 6 }],
    [10, { threshold: 11 }],
    [10, { threshold: 6.7 }],
    [3, { round: 0 }],
    [3, { ringBits: 16 as 32 }],
    [3, { clippingRange: 0 }],
    [3, { clippingRange: NaN }],
    [3, { maxWeight: -1 }],
    [3, { maxWeight: 2 ** 31 }],
    [3, { quantizationRange: 0 }],
    [3, { quantizationRange: 1.5 }],
    [3, { quantizationRange: 2 ** 30 }],
    [3, { quantizationRange: 2 ** 49, ringBits: 64 }],
    [2_048, { quantizationRange: 2 ** 20 }],
    [3, { metrics: [["loss", 0]] }],
    [3, { metrics: [["loss", 1], ["loss", 2]] }],
    [20_000],
  ];
  for (const [nodes, changes] of attempts) {
    const settings = settingsOf(nodes, changes);
    assert.throws(() => checkRoundSettings(settings), REFUSED, JSON.stringify([nodes, changes]));
  }
  checkRoundSettings(settingsOf(2_047, { quantizationRange: 2 ** 20 }));
  assert.throws(() => checkRoundSettings(settingsOf(2_048, { quantizationRange: 2 ** 20 })), {
    message: /1048576.*at most 1048575.*2048 nodes/,
  });
  assert.deepEqual([3, 4, 5, 6, 9, 10].map(leastThreshold), [2, 3, 4, 4, 6, 7]);
});
