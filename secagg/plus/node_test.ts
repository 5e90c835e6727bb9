import assert from "node:assert/strict";
import { encryptFernet } from "../fernet.ts";
import { openShares, type PublicKeys, setUp, shareKeys, systemNodeRandomness } from "./node.ts";
import { checkRoundSettings, type RoundSettings } from "./settings.ts";
import { decodeShareMessage, encodeShareMessage } from "./share_message.ts";

const settings: RoundSettings = {
  ...{ sampleNum: 3, shareNum: 3, threshold: 2, clippingRange: 8 },
  ...{ quantizationRange: 2 ** 22, modulus: 2 ** 32, maxWeight: 10 },
};

Deno.test("secagg+ node: a neighbour cannot send shares in another's name, or pass on another's", async () => {
  const ids = [1n, 2n, 3n];
  const states = await Promise.all(ids.map((id) => setUp(id, settings, systemNodeRandomness)));
  const keys = new Map(states.map(({ nodeId, maskKeys, shareKeys }): [bigint, PublicKeys] => [
    nodeId,
    { maskKey: maskKeys.publicKey, shareKey: shareKeys.publicKey },
  ]));
  const [{ state }] = await Promise.all(
    states.map((own) => shareKeys(own, keys, systemNodeRandomness)),
  ) as [Awaited<ReturnType<typeof shareKeys>>];
  const { shareKey } = state.peers.get(2n)!;
  const [seedShare, keyShare] = [new Uint8Array(52), new Uint8Array(324)];
  // Node 2 and the server work together: the key is right, the names inside are not.
  for (const [source, destination, sound] of [[2n, 1n, true], [3n, 1n, false], [2n, 3n, false]]) {
    const message = { source, destination, seedShare, keyShare } as Parameters<
      typeof encodeShareMessage
    >[0];
    const ciphertext = await encryptFernet(shareKey, encodeShareMessage(message));
    const opening = openShares(state, [{ nodeId: 2n, ciphertext }]);
    if (sound) assert.deepEqual((await opening).seedShares.get(2n), seedShare);
    else await assert.rejects(opening, { code: "invalid-argument" });
  }
  const cut = await encryptFernet(shareKey, new Uint8Array(19));
  const opening = openShares(state, [{ nodeId: 2n, ciphertext: cut }]);
  await assert.rejects(opening, { code: "invalid-argument" });
});

Deno.test("share message: ids of 64 bits, and lengths that do not fit", () => {
  const message = {
    ...{ source: 2n ** 64n - 1n, destination: 5n },
    ...{ seedShare: Uint8Array.of(1, 2), keyShare: Uint8Array.of(3) },
  };
  const bytes = encodeShareMessage(message);
  assert.deepEqual(decodeShareMessage(bytes), message);
  for (const length of [0, 19, 20, 22]) {
    assert.throws(() => decodeShareMessage(bytes.subarray(0, length)), {
      code: "invalid-argument",
    });
  }
});

Deno.test("secagg+ settings: a sum that would overflow is refused, one below it is not", () => {
  checkRoundSettings({ ...settings, sampleNum: 1023 });
  const overflow = { ...settings, sampleNum: 1024 };
  assert.throws(() => checkRoundSettings(overflow), { code: "invalid-argument" });
});
