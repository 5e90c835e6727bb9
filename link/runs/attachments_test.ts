import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type Bench, linkTest } from "../../tests/link/harness.ts";

/** Limits with small pieces and little room. */
const LIMITS = {
  maxPieceBytes: 10,
  maxNamedPieces: 4,
  maxPieces: 3,
  maxAttachedBytes: 25,
  sparePieceSeconds: 100,
};

const bytesOf = (length: number, first = 0) =>
  Uint8Array.from({ length }, (_, place) => first + place);
const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const A = bytesOf(10);
const B = bytesOf(5, 50);

function createRun({ link }: Bench, hash: string, pieces: string[]) {
  const fab = { hash, content: new Uint8Array([1]), pieces };
  return link.runs.create({ fabId: "flwr/app", fabVersion: "1.0.0", fab });
}

linkTest(
  "a piece is identified by its bytes, and stays while a run's FAB needs it",
  async (bench) => {
    const { link } = bench;
    const [a, b] = [hashOf(A), hashOf(B)];
    assert.deepEqual(await link.runs.keepPieces([a, b]), [a, b]);
    assert.deepEqual(await link.runs.keepPieces([a, b], A), [b]);
    assert.deepEqual(await link.runs.keepPieces([a], A), [], "a repeated piece is stored once");
    await assert.rejects(createRun(bench, "fab", [a, b]), { code: "failed-precondition" });
    assert.equal(await link.runs.getFab("fab"), undefined, "nothing was stored");
    await link.runs.keepPieces([], B);
    const first = await createRun(bench, "fab", [a, b]);
    const second = await createRun(bench, "other", [b]);

    assert.deepEqual(await link.runs.getFabPiece("fab", a), A);
    assert.deepEqual(await link.runs.getFabPiece("other", b), B);
    assert.equal(
      await link.runs.getFabPiece("other", a),
      undefined,
      "the piece does not belong to that FAB",
    );
    await bench.pass(1000);
    await bench.restart();
    assert.deepEqual(await bench.link.runs.getFabPiece("fab", a), A);

    await bench.link.runs.stop(first.runId);
    assert.equal(await bench.link.runs.getFabPiece("fab", a), undefined);
    await bench.pass(99);
    assert.deepEqual(
      await bench.link.runs.keepPieces([a, b]),
      [],
      "kept for the next run",
    );
    await bench.pass(99);
    assert.deepEqual(
      await bench.link.runs.keepPieces([b]),
      [],
      "only the named piece is kept longer",
    );
    await bench.pass(2);
    assert.deepEqual(await bench.link.runs.keepPieces([a, b]), [a]);
    await bench.link.runs.stop(second.runId);
    await bench.pass(101);
    const { pieces, fabPieces } = await bench.store.usage();
    assert.deepEqual({ pieces, fabPieces }, { pieces: 0, fabPieces: 0 });
  },
  LIMITS,
);

linkTest("pieces are limited in size, number and total bytes", async (bench) => {
  const { link } = bench;
  for (const length of [0, 11]) {
    await assert.rejects(link.runs.keepPieces([], bytesOf(length)), { code: "invalid-argument" });
  }
  await assert.rejects(link.runs.keepPieces(Array.from({ length: 5 }, () => hashOf(A))), {
    code: "invalid-argument",
  });
  for (const name of ["", "../x", hashOf(A).toUpperCase()]) {
    await assert.rejects(link.runs.keepPieces([name]), { code: "invalid-argument" });
  }
  for (const first of [0, 100]) await link.runs.keepPieces([], bytesOf(10, first));
  await assert.rejects(link.runs.keepPieces([], bytesOf(6, 7)), { code: "resource-exhausted" });
  await link.runs.keepPieces([], bytesOf(1, 7));
  await assert.rejects(link.runs.keepPieces([], bytesOf(1, 9)), { code: "resource-exhausted" });
  assert.deepEqual(
    await link.runs.keepPieces([], bytesOf(10)),
    [],
    "a stored piece needs no room",
  );
  await bench.pass(101);
  await link.runs.keepPieces([], bytesOf(1, 9));
}, LIMITS);

linkTest(
  "a piece stays until no FAB needs it, also if a FAB is submitted twice",
  async (bench) => {
    const { link } = bench;
    const a = hashOf(A);
    await link.runs.keepPieces([], A);
    const runs = [
      await createRun(bench, "fab", [a, a]),
      await createRun(bench, "fab", [a]),
      await createRun(bench, "next", [a]),
    ];
    for (const { runId } of runs) {
      await bench.pass(101);
      assert.deepEqual(await link.runs.keepPieces([a]), []);
      await link.runs.stop(runId);
    }
    await bench.pass(101);
    assert.deepEqual(await link.runs.keepPieces([a]), [a]);
  },
  LIMITS,
);
