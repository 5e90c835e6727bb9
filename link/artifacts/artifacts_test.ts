import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { Bench, linkTest } from "../../tests/link/harness.ts";
import { type DurableStep, SqliteStore } from "../store/sqlite/sqlite_store.ts";
import type { LinkArtifact } from "../../entities/artifact.ts";
import { BY_HAND } from "../testing/records.ts";
import { removeArtifacts } from "./pieces.ts";

/** Limits with small pieces and little room. Only their proportions matter. */
const LIMITS = {
  maxArtifactsPerRun: 3,
  maxArtifactBytesPerRun: 100,
  maxArtifactPieceBytes: 10,
  minArtifactPieceBytes: 5,
};

const bytesOf = (length: number, first = 0) =>
  Uint8Array.from({ length }, (_, place) => first + place);

/** Saves a file in pieces of ten bytes. @returns whether it was complete after each piece */
async function save(
  { link, runId }: Pick<Bench, "link" | "runId">,
  name: string,
  bytes: Uint8Array,
): Promise<boolean[]> {
  const whole: boolean[] = [];
  for (let offset = 0; offset === 0 || offset < bytes.length; offset += 10) {
    const piece = { name, size: bytes.length, offset, bytes: bytes.slice(offset, offset + 10) };
    whole.push(await link.artifacts.putPiece(runId, piece));
  }
  return whole;
}

async function read({ link }: Bench, { artifactId, size }: LinkArtifact): Promise<Uint8Array> {
  const bytes: number[] = [];
  for (;;) {
    const piece = await link.artifacts.readPiece(artifactId, bytes.length);
    if (piece === undefined) break;
    bytes.push(...piece);
  }
  assert.equal(bytes.length, size);
  return new Uint8Array(bytes);
}

const names = async ({ link, runId }: Bench) =>
  (await link.artifacts.list(runId)).map(({ name }) => name);

linkTest("an artifact is visible with its last piece, with its size and hashes", async (bench) => {
  const bytes = bytesOf(25);
  assert.deepEqual(await save(bench, "b/model.npz", bytes), [false, false, true]);
  assert.deepEqual(await save(bench, "a.txt", new Uint8Array()), [true]);
  const [empty, model] = await bench.link.artifacts.list(bench.runId);
  assert.deepEqual([empty!.name, empty!.size, empty!.crc32], ["a.txt", 0, 0]);
  assert.deepEqual(model, {
    artifactId: model!.artifactId,
    name: "b/model.npz",
    size: 25,
    crc32: crc32(bytes),
    sha256: createHash("sha256").update(bytes).digest("hex"),
    savedAt: bench.clock.now(),
  });
  assert.deepEqual(await read(bench, model!), bytes);
  assert.deepEqual(await read(bench, empty!), new Uint8Array());
  const saved = bench.events.filter(({ kind }) => kind === "artifact-saved");
  assert.deepEqual(saved, [
    { kind: "artifact-saved", runId: bench.runId, name: "b/model.npz", size: 25 },
    { kind: "artifact-saved", runId: bench.runId, name: "a.txt", size: 0 },
  ]);
}, LIMITS);

linkTest(
  "an artifact that is saved again replaces the first when it is complete",
  async (bench) => {
    const { link, runId } = bench;
    await save(bench, "m", bytesOf(20));
    const [first] = await link.artifacts.list(runId);
    const piece = { name: "m", size: 12, offset: 0, bytes: bytesOf(10, 100) };
    assert.equal(await link.artifacts.putPiece(runId, piece), false);
    assert.deepEqual(await link.artifacts.list(runId), [first]);
    const last = { ...piece, offset: 10, bytes: bytesOf(2, 110) };
    assert.equal(await link.artifacts.putPiece(runId, last), true);
    const [second, ...more] = await link.artifacts.list(runId);
    assert.deepEqual(more, []);
    assert.deepEqual(await read(bench, second!), bytesOf(12, 100));
    assert.equal(await link.artifacts.readPiece(first!.artifactId, 0), undefined);
  },
  LIMITS,
);

linkTest("repeating a piece returns the same result, also after a restart", async (bench) => {
  const { runId } = bench;
  const piece = (offset: number) => ({
    ...{ name: "m", size: 25, offset },
    bytes: bytesOf(25).slice(offset, offset + 10),
  });
  const put = (offset: number) => bench.link.artifacts.putPiece(runId, piece(offset));
  assert.equal(await put(0), false);
  assert.equal(await put(10), false);
  await bench.restart();
  assert.equal(await put(0), false);
  assert.equal(await put(10), false);
  assert.equal(await put(10), false);
  assert.deepEqual(await Promise.all([put(20), put(20)]), [true, true]);
  await bench.restart();
  assert.equal(await put(20), true);
  const [artifact, ...more] = await bench.link.artifacts.list(runId);
  assert.deepEqual(more, []);
  assert.deepEqual(await read(bench, artifact!), bytesOf(25));
}, LIMITS);

linkTest("pieces that do not fit together are refused and change nothing", async (bench) => {
  const { link, runId } = bench;
  const put = (changes: object) =>
    link.artifacts.putPiece(runId, {
      ...{ name: "m", size: 30, offset: 0, bytes: bytesOf(10) },
      ...changes,
    });
  const wrong = { code: "invalid-argument" };
  await assert.rejects(put({ name: "../m" }), { ...wrong, message: /"\.\.\/m"/ });
  await assert.rejects(put({ size: -1 }), wrong);
  await assert.rejects(put({ size: 1.5 }), wrong);
  await assert.rejects(put({ size: NaN }), wrong);
  await assert.rejects(put({ offset: -10 }), wrong);
  await assert.rejects(put({ size: 9 }), { ...wrong, message: /9 bytes/ });
  await assert.rejects(put({ offset: 21 }), wrong);
  await assert.rejects(put({ bytes: bytesOf(11) }), { ...wrong, message: /from 5 to 10/ });
  await assert.rejects(put({ bytes: bytesOf(4) }), wrong);
  await assert.rejects(put({ bytes: bytesOf(0) }), wrong);
  const early = { code: "failed-precondition" };
  await assert.rejects(put({ offset: 10 }), early);
  await put({});
  await assert.rejects(put({ offset: 20 }), early);
  await assert.rejects(put({ offset: 10, size: 31 }), early);
  await put({ offset: 10 });
  await put({ offset: 20 });
  await assert.rejects(put({ offset: 20, bytes: bytesOf(10, 1) }), early);
  assert.deepEqual(await names(bench), ["m"]);
  await assert.rejects(put({ name: "M" }), { ...wrong, message: /"m"/ });
  await assert.rejects(put({ name: "m/x" }), wrong);
}, LIMITS);

linkTest(
  "a run's artifacts are limited in number and bytes, including incomplete ones",
  async (bench) => {
    const { link, runId } = bench;
    await save(bench, "a", bytesOf(40));
    const begun = { name: "b", size: 50, offset: 0, bytes: bytesOf(10) };
    await link.artifacts.putPiece(runId, begun);
    await assert.rejects(save(bench, "c", bytesOf(11)), {
      code: "resource-exhausted",
      message: /to 101 bytes; the limit is 100/,
    });
    await save(bench, "c", bytesOf(10));
    await assert.rejects(save(bench, "d", new Uint8Array()), {
      code: "resource-exhausted",
      message: /limit of 3 artifacts/,
    });
    await save(bench, "a", bytesOf(5));
    await link.artifacts.putPiece(runId, { ...begun, size: 85 });
    await assert.rejects(link.artifacts.putPiece(runId, { ...begun, size: 86 }), {
      code: "resource-exhausted",
    });
    const { run: other } = await link.runs.start(BY_HAND);
    await save({ link, runId: other.runId }, "d", bytesOf(100));
  },
  LIMITS,
);

linkTest("after its end a run keeps complete artifacts and accepts no more", async (bench) => {
  const { link, runId, store } = bench;
  await save(bench, "m", bytesOf(20));
  await link.artifacts.putPiece(runId, { name: "n", size: 20, offset: 0, bytes: bytesOf(10) });
  await link.runs.stop(runId);
  assert.equal((await store.usage()).artifacts, 1);
  assert.deepEqual(await names(bench), ["m"]);
  await assert.rejects(save(bench, "o", bytesOf(1)), {
    code: "failed-precondition",
  });
  await assert.rejects(link.artifacts.list(5n), { code: "not-found" });
  await assert.rejects(save({ link, runId: 5n }, "o", bytesOf(1)), { code: "not-found" });
  await bench.restart();
  assert.deepEqual(await names(bench), ["m"]);
  await bench.store.transaction("durable", (tx) => removeArtifacts(tx, runId));
  assert.deepEqual(await names(bench), []);
  assert.equal((await bench.store.usage()).artifacts, 0);
}, LIMITS);

Deno.test("a store failure at any step loses no artifact and shows none partially", async () => {
  const bytes = bytesOf(25);
  const old = bytesOf(7, 200);
  const folder = await Deno.makeTempDir();
  try {
    let reached = true;
    for (let step = 1; reached; step++) {
      let left = Infinity;
      const onStep = (_: DurableStep) => {
        if (--left === 0) throw new Error("the store failed");
      };
      const path = `${folder}/${step}.db`;
      const bench = new Bench({ open: () => new SqliteStore(path, { onStep }) }, LIMITS);
      await bench.start();
      await save(bench, "m", old);
      left = step;
      const failed = await save(bench, "m", bytes).then(() => false, () => true);
      reached = left <= 0;
      assert.equal(failed, reached);
      left = Infinity;
      await bench.restart();
      const [kept, ...none] = await bench.link.artifacts.list(bench.runId);
      assert.deepEqual(none, []);
      const content = await read(bench, kept!);
      assert.ok([old, bytes].some((known) => known.toHex() === content.toHex()), `step ${step}`);
      // The client tries again if it got no response.
      await save(bench, "m", bytes);
      const [artifact] = await bench.link.artifacts.list(bench.runId);
      assert.deepEqual(await read(bench, artifact!), bytes);
      assert.equal((await bench.store.usage()).artifacts, 1);
      await bench.link.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
