import assert from "node:assert/strict";
import { sha256Hex } from "../../base/platform.ts";
import { ownRecord } from "./own_records.ts";
import { type AuditRecord, chainRecord, EMPTY_CHAIN, GENESIS, readRecord } from "./record.ts";

const RECORD: AuditRecord = {
  timestamp: "2026-12-01T02:03:04.005Z",
  actor: { actor_id: "7", description: "alice", ip_address: "192.0.2.1" },
  event: { action: "ControlServicer.StartRun", run_id: null, fab_hash: "ab" },
  status: "started",
};

Deno.test("a record's line has Flower's fields, and a hash that any program can compute", () => {
  const { line, sequence, hash } = chainRecord(RECORD, EMPTY_CHAIN);
  assert.equal(sequence, 1);
  assert.deepEqual(JSON.parse(line), { ...RECORD, sequence: 1, previous: GENESIS, hash });
  assert.equal(hash, sha256Hex(line.slice(0, line.indexOf(',"hash":"'))));
  const read = readRecord(line);
  assert.deepEqual([read?.isWhole, read?.hash, read?.previous], [true, hash, GENESIS]);
  assert.equal(readRecord(line.replace("alice", "mallo"))?.isWhole, false);
});

Deno.test("a name of an account cannot forge a field, a line or a terminal's state", () => {
  const description = `x","hash":"${GENESIS}"}\n\u009b31m\u202e` + "y".repeat(5000);
  const { line } = chainRecord({ ...RECORD, actor: { ...RECORD.actor, description } }, EMPTY_CHAIN);
  assert.match(line, /^[\x20-\x7e]*$/);
  assert.ok(line.length < 1500, `${line.length}`);
  const read = readRecord(line);
  assert.equal(read?.isWhole, true);
  assert.equal(read?.record.actor.description, description.slice(0, 200));
});

Deno.test("what is no record is not read as one", () => {
  const { line } = chainRecord(ownRecord("started", 0), EMPTY_CHAIN);
  for (const other of ["", "{}", "null", line.slice(0, -1), `${line} `, line.slice(1)]) {
    assert.equal(readRecord(other), undefined, other);
  }
});
