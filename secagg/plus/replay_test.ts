import assert from "node:assert/strict";
import {
  byteListOf,
  bytesOf,
  byteValueOf,
  type GoldenExchange,
  goldenFractions,
  goldenRandomness,
  type GoldenValue,
  keyOrderOf,
  messageOf,
  replyOf,
  tensorsOf,
  WHOLE,
} from "../testing/golden.ts";
import { maskModel, openShares, type PublicKeys, setUp, shareKeys, unmask } from "./node.ts";
import type { KeysShared, SetUp, VectorSent } from "./node_state.ts";
import { ServerRound } from "./server_round.ts";
import type { RoundSettings } from "./settings.ts";

function idsOf(value: GoldenValue): bigint[] {
  return (value as { list: { int: string }[] }).list.map(({ int }) => BigInt(int));
}

function settingsOf(exchange: GoldenExchange): RoundSettings {
  const config = exchange.messages[0]!.instruction["secaggplus_configs"]!.config!;
  const number = (key: string) => {
    const value = config[key] as { int?: string; float?: number };
    return value.float ?? Number(value.int);
  };
  return {
    sampleNum: number("sample_num"),
    shareNum: number("share_num"),
    threshold: number("threshold"),
    clippingRange: number("clipping_range"),
    quantizationRange: number("target_range"),
    modulus: number("mod_range"),
    maxWeight: number("max_weight"),
  };
}

const nodesOf = (exchange: GoldenExchange) => Object.keys(exchange.models);
const byOrder = (a: string, b: string) => (BigInt(a) < BigInt(b) ? -1 : 1);

for (const exchange of WHOLE) {
  Deno.test(`secagg+ replay: our nodes answer byte for byte as Flower's: ${exchange.name}`, async () => {
    const fractions = goldenFractions();
    const settings = settingsOf(exchange);
    // Flower's global generator decides the rounding of all nodes, one after the other.
    for (const node of nodesOf(exchange).sort(byOrder)) {
      const randomness = goldenRandomness(exchange, node, fractions);
      const id = BigInt(node);
      const first: SetUp = await setUp(id, settings, randomness);
      const published = replyOf(exchange, "setup", node);
      assert.deepEqual(first.maskKeys.publicKey, byteValueOf(published, "pk1"));

      const keys = new Map(
        keyOrderOf(exchange, node).map((other): [bigint, PublicKeys] => {
          const reply = replyOf(exchange, "setup", other);
          const [maskKey, shareKey] = [byteValueOf(reply, "pk1"), byteValueOf(reply, "pk2")];
          return [BigInt(other), { maskKey, shareKey }];
        }),
      );
      const second = await shareKeys(first, keys, randomness);
      const sent = replyOf(exchange, "share_keys", node);
      assert.deepEqual(second.shares.map(({ nodeId }) => nodeId), idsOf(sent.config!["dsts"]!));
      assert.deepEqual(
        second.shares.map(({ ciphertext }) => ciphertext),
        byteListOf(sent, "ctxts"),
      );
      for (const [peer, key] of Object.entries(exchange.secrets[node]!.ss2)) {
        const { shareKey } = second.state.peers.get(BigInt(peer))!;
        assert.deepEqual(shareKey, bytesOf(key));
      }

      const state: KeysShared = second.state;
      const forwarded = messageOf(exchange, "collect_masked_vectors", node)
        .instruction["secaggplus_configs"]!;
      const ciphertexts = byteListOf(forwarded, "ctxts");
      const senders = idsOf(forwarded.config!["srcs"]!);
      const third: VectorSent = await openShares(
        state,
        senders.map((nodeId, i) => ({ nodeId, ciphertext: ciphertexts[i]! })),
      );
      if (node in exchange.drops) continue;
      const { num_examples: numExamples, arrays } = exchange.models[node]!;
      const model = { numExamples, tensors: tensorsOf(arrays) };
      const masked = await maskModel(state, senders, model, randomness);
      const vector = replyOf(exchange, "collect_masked_vectors", node);
      assert.deepEqual(masked.arrays, byteListOf(vector, "masked_params"));

      const asked = messageOf(exchange, "unmask", node).instruction["secaggplus_configs"]!.config!;
      const revealed = replyOf(exchange, "unmask", node);
      // An empty list has no ints: Flower sends one of bools.
      const given = unmask(third, idsOf(asked["active_nids"]!), idsOf(asked["dead_nids"]!));
      assert.deepEqual(given.map(({ owner }) => owner), idsOf(revealed.config!["nids"]!));
      assert.deepEqual(given.map(({ share }) => share), byteListOf(revealed, "shares"));
    }
  });

  Deno.test(`secagg+ replay: our server comes to Flower's model, bit for bit: ${exchange.name}`, async () => {
    const round = new ServerRound(
      ringOf(exchange),
      settingsOf(exchange),
      exchange.result!.map(({ shape }) => shape),
    );
    const nodes = nodesOf(exchange);
    const { lists } = await round.keysReceived(
      new Map(nodes.map((node) => {
        const reply = replyOf(exchange, "setup", node);
        return [BigInt(node), {
          maskKey: byteValueOf(reply, "pk1"),
          shareKey: byteValueOf(reply, "pk2"),
        }];
      })),
    );
    for (const node of nodes) {
      const keys = [...lists.get(BigInt(node))!.keys()].map(String).sort();
      assert.deepEqual(keys, keyOrderOf(exchange, node).sort());
    }

    const { deliveries } = round.sharesReceived(
      new Map(nodes.map((node) => {
        const reply = replyOf(exchange, "share_keys", node);
        const ciphertexts = byteListOf(reply, "ctxts");
        const shares = idsOf(reply.config!["dsts"]!)
          .map((nodeId, i) => ({ nodeId, ciphertext: ciphertexts[i]! }));
        return [BigInt(node), shares];
      })),
    );
    const alive = nodes.filter((node) => !(node in exchange.drops));
    for (const node of nodes) {
      const asked = messageOf(exchange, "collect_masked_vectors", node)
        .instruction["secaggplus_configs"]!;
      const senders = deliveries.get(BigInt(node))!.map(({ nodeId }) => nodeId);
      assert.deepEqual(senders.sort(), idsOf(asked.config!["srcs"]!).sort());
    }
    for (const node of alive) {
      const reply = replyOf(exchange, "collect_masked_vectors", node);
      const { num_examples: numExamples } = exchange.models[node]!;
      round.vectorReceived(BigInt(node), byteListOf(reply, "masked_params"), numExamples);
    }
    const unmasking = round.unmaskLists();
    for (const node of alive) {
      const asked = messageOf(exchange, "unmask", node).instruction["secaggplus_configs"]!.config!;
      const { active, dead } = unmasking.get(BigInt(node))!;
      assert.deepEqual([...active].sort(), idsOf(asked["active_nids"]!).sort());
      assert.deepEqual([...dead].sort(), idsOf(asked["dead_nids"]!).sort());
    }
    const mean = await round.sharesRevealed(
      new Map(alive.map((node) => {
        const reply = replyOf(exchange, "unmask", node);
        const shares = byteListOf(reply, "shares");
        const owners = idsOf(reply.config!["nids"]!);
        return [BigInt(node), new Map(owners.map((owner, i) => [owner, shares[i]!]))];
      })),
    );
    assert.deepEqual(mean.wrongShares, []);
    // Flower's strategy then averages as many copies as there are nodes, by their numbers of examples.
    const weights = alive.sort(byOrder).map((node) => exchange.models[node]!.num_examples);
    const total = weights.reduce((sum, weight) => sum + weight);
    const averaged = (value: number) =>
      weights.map((weight) => value * (weight / total)).reduce((sum, product) => sum + product);
    assert.deepEqual(
      mean.arrays.map((array) => [...array].map(averaged)),
      exchange.result!.map(({ data }) => data),
    );
  });
}

/** A ring in which each node has the neighbours that it has in the exchange. */
function ringOf(exchange: GoldenExchange): bigint[] {
  const [first] = nodesOf(exchange);
  const ring = [first!];
  for (;;) {
    const next = keyOrderOf(exchange, ring.at(-1)!).find((node) => !ring.includes(node));
    if (next === undefined) return ring.map(BigInt);
    ring.push(next);
  }
}
