import assert from "node:assert/strict";
import { FlwrError } from "../../../../base/error.ts";
import { FakeBackend } from "../testing/fake_backend.ts";
import { CheckpointTransfer } from "./checkpoint_transfer.ts";
import { RuntimeClient } from "./runtime_client.ts";

function start() {
  const backend = new FakeBackend();
  const client = new RuntimeClient(backend.channel(), backend.task.token);
  return { backend, transfer: new CheckpointTransfer(client, 4) };
}

const BYTES = Uint8Array.from({ length: 10 }, (_, place) => place);

Deno.test("checkpoint transfer: a checkpoint goes and comes back in pieces", async () => {
  const { backend, transfer } = start();
  assert.equal(await transfer.load("start-1"), undefined);
  assert.equal(await transfer.save("start-1", BYTES), true);
  assert.deepEqual(
    backend.pieces.map(({ kind, offset, size }) => [kind, offset, size]),
    [["checkpoint", 0, 10], ["checkpoint", 4, 10], ["checkpoint", 8, 10]],
  );
  assert.deepEqual(await transfer.load("start-1"), BYTES);
  assert.equal(await transfer.load("start-2"), undefined);
});

Deno.test("checkpoint transfer: a SuperLink without checkpoints has none", async () => {
  const { backend, transfer } = start();
  const refuse = () => Promise.reject(new FlwrError("unimplemented", "no"));
  backend.putArtifactPiece = refuse;
  backend.readCheckpoint = refuse;
  assert.equal(await transfer.save("start-1", BYTES), false);
  assert.equal(await transfer.load("start-1"), undefined);
});

Deno.test("checkpoint transfer: pieces that do not fit together are refused", async () => {
  const { backend, transfer } = start();
  const answer = (...pieces: ([size: number, bytes: number] | undefined)[]) => {
    backend.readCheckpoint = () => {
      const [size, bytes] = pieces.shift() ?? [10, 1];
      return Promise.resolve({ size, bytes: new Uint8Array(bytes) });
    };
    return assert.rejects(transfer.load("start-1"), { code: "data-loss" });
  };
  await answer([10, 4], [11, 4]);
  await answer([10, 11]);
  await answer([10, 4], [10, 0]);
  await answer([2 ** 40, 4]);
  backend.putArtifactPiece = () => Promise.resolve(false);
  await assert.rejects(transfer.save("start-1", BYTES), { code: "data-loss" });
});
