import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { AuditWriter, type AuditWriterLimits, LateRecord } from "./audit_writer.ts";
import { linesOf } from "./line_reader.ts";
import { OWN_ACTIONS, ownRecord } from "./own_records.ts";
import { type AuditRecord, EMPTY_CHAIN, readRecord } from "./record.ts";
import { FakeSink } from "./testing/fake_sink.ts";
import { ChainCheck } from "./verify.ts";

const RECORD: AuditRecord = ownRecord("started", 0);

function open(limits: Partial<AuditWriterLimits> = {}, sink = new FakeSink()) {
  const clock = new FakeClock();
  const events: string[] = [];
  const writer = new AuditWriter({
    sink,
    clock,
    end: EMPTY_CHAIN,
    onFailure: () => events.push("failed"),
    onRecovery: () => events.push("recovered"),
    onRotationFailure: () => events.push("not rotated"),
    limits,
  });
  return { sink, clock, events, writer };
}

async function faultsOf(text: string): Promise<unknown[]> {
  const check = new ChainCheck();
  const pieces = [new TextEncoder().encode(text)];
  let line = 0;
  for await (const read of linesOf(ReadableStream.from(pieces))) {
    check.add(read, { file: "", line: ++line });
  }
  check.finish();
  return check.faults;
}

/** Lets everything that is ready run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

Deno.test("records of one turn are written at once, in the order of the calls", async () => {
  const { sink, writer } = open();
  const numbers = await Promise.all([
    writer.write(RECORD),
    writer.post(RECORD),
    writer.write(RECORD),
  ]);
  assert.deepEqual([numbers, sink.writes], [[1, 2, 3], 1]);
  assert.deepEqual(sink.lines.map((line) => readRecord(line)?.sequence), [1, 2, 3]);
  assert.deepEqual(await faultsOf(sink.text), []);
  await writer.close();
  assert.deepEqual([sink.isClosed, sink.syncs], [true, 1]);
});

Deno.test("a system call that writes a part of a line does not tear it", async () => {
  const { sink, writer } = open();
  sink.most = 7;
  await Promise.all([writer.write(RECORD), writer.write(RECORD)]);
  assert.equal(sink.lines.length, 2);
  assert.deepEqual(await faultsOf(sink.text), []);
  await writer.close();
});

Deno.test("while the disk is full acts are refused at once, outcomes wait, and the gap is recorded", async () => {
  const { sink, clock, events, writer } = open({ maxWaitSeconds: 0.01, maxWaitingBytes: 1000 });
  await writer.write(RECORD);
  const whole = sink.text.length;
  sink.fails = true;
  await assert.rejects(writer.write(RECORD), { code: "unavailable" });
  assert.deepEqual(events, ["failed"]);
  // None of them waits.
  for (let i = 0; i < 1000; i++) {
    await assert.rejects(writer.write(RECORD), (error) => !(error instanceof LateRecord));
  }
  let lost = 0;
  while (writer.post(RECORD) !== undefined) assert.ok(++lost < 100, "records wait without a bound");
  writer.post(RECORD);
  assert.equal(sink.text.length, whole);

  sink.fails = false;
  await clock.advance(1);
  await settle();
  assert.deepEqual(events, ["failed", "recovered"]);
  const records = sink.lines.map((line) => readRecord(line)!.record);
  const told = records.find(({ event }) => event.action === OWN_ACTIONS.resumed);
  assert.deepEqual(told?.detail, { refused: 1001, lost: 2 });
  assert.deepEqual(await faultsOf(sink.text), []);
  assert.equal(await writer.write(RECORD), records.length + 1);
  await writer.close();
});

Deno.test("a disk that hangs holds up an act for a bounded time, and its record is written later", async () => {
  const { sink, writer } = open({ maxWaitSeconds: 0.01 });
  const release = sink.hold();
  const error = await writer.write(RECORD).catch((error) => error);
  assert.ok(error instanceof LateRecord);
  assert.equal(error.sequence, 1);
  await assert.rejects(writer.write(RECORD), (error) => !(error instanceof LateRecord));
  release();
  await settle();
  assert.equal(readRecord(sink.lines[0]!)?.sequence, 1);
  await writer.close();
});

Deno.test("the end of a log whose disk hangs does not wait for it", async () => {
  const { sink, clock, writer } = open();
  sink.hold();
  writer.post(RECORD);
  const closed = writer.close();
  await clock.advance(5);
  await closed;
  assert.equal(sink.isClosed, true);
  assert.equal(writer.post(RECORD), undefined);
});
