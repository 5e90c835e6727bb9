import assert from "node:assert/strict";
import { seconds } from "./connection.ts";
import { Doorkeeper, type GuardedConnection } from "./doorkeeper.ts";
import { MAX_STRANGERS_PER_ADDRESS, OPENINGS, REFUSALS, STRANGER_SECONDS } from "./limits.ts";

/** A connection that records whether it is draining or closed. */
class FakeConnection implements GuardedConnection {
  readonly offence = undefined;
  left = false;
  closed = false;

  constructor(
    readonly host: string,
    readonly streams = 0,
    readonly openedAt = seconds() - STRANGER_SECONDS - 1,
  ) {}

  drain(): void {
    this.left = true;
  }

  close(): void {
    this.closed = true;
  }
}

function open(doorkeeper: Doorkeeper, connection: FakeConnection): FakeConnection {
  assert.ok(doorkeeper.admits(connection.host));
  doorkeeper.opened(connection.host, connection);
  return connection;
}

const HOST = "192.0.2.1";

Deno.test("doorkeeper: an open call keeps a stranger's connection only if its headers were accepted", () => {
  const doorkeeper = new Doorkeeper();
  const [idle, busy, heard, known] = [0, 1, 1, 1].map((streams) =>
    open(doorkeeper, new FakeConnection(HOST, streams))
  );
  const young = open(doorkeeper, new FakeConnection(HOST, 0, seconds()));
  doorkeeper.headersAccepted(heard!);
  doorkeeper.admitted(HOST, known!);
  const all = [idle!, busy!, heard!, known!, young];
  doorkeeper.sweep();
  assert.deepEqual(all.map(({ left }) => left), [true, true, false, false, false]);
  assert.deepEqual(all.map(({ closed }) => closed), [false, false, false, false, false]);
  doorkeeper.sweep();
  assert.deepEqual(all.map(({ closed }) => closed), [true, true, false, false, false]);
});

Deno.test("doorkeeper: the oldest stranger's connection makes room, never a known caller's", () => {
  const doorkeeper = new Doorkeeper();
  const known = open(doorkeeper, new FakeConnection(HOST));
  const [first, second] = [1, 2].map(() => open(doorkeeper, new FakeConnection(HOST, 1)));
  doorkeeper.admitted(HOST, known);
  assert.equal(doorkeeper.makeRoom(), true);
  assert.deepEqual([known.closed, first!.closed, second!.closed], [false, true, false]);
  assert.equal(doorkeeper.makeRoom(), true);
  assert.equal(doorkeeper.makeRoom(), false);
  assert.deepEqual([known.closed, second!.closed], [false, true]);
});

Deno.test("doorkeeper: refused calls of others at its address never cost a known caller its connection", () => {
  const doorkeeper = new Doorkeeper();
  const known = open(doorkeeper, new FakeConnection(HOST));
  const stranger = open(doorkeeper, new FakeConnection(HOST));
  doorkeeper.admitted(HOST, known);
  let refused = 0;
  while (doorkeeper.refused(HOST, stranger)) assert.ok(++refused < 2 * REFUSALS.burst);
  assert.equal(doorkeeper.refused(HOST, known), true);
  assert.equal(doorkeeper.refused(HOST, stranger), false);
});

Deno.test("doorkeeper: the addresses of one IPv6 network count as one caller", () => {
  const doorkeeper = new Doorkeeper();
  let opened = 0;
  while (doorkeeper.admits(`2001:db8:1:2::${opened.toString(16)}`)) {
    assert.ok(++opened < 2 * OPENINGS.burst);
  }
  assert.equal(doorkeeper.admits("2001:db8:1:3::1"), true);
});

Deno.test("doorkeeper: the limits of one address do not count for a trusted proxy", () => {
  const doorkeeper = new Doorkeeper((host) => host === HOST);
  const first = open(doorkeeper, new FakeConnection(HOST, 1));
  for (let i = 0; i < OPENINGS.burst + MAX_STRANGERS_PER_ADDRESS; i++) {
    open(doorkeeper, new FakeConnection(HOST, 1));
  }
  assert.equal(first.closed, false);
  for (let i = 0; i < 2 * REFUSALS.burst; i++) assert.ok(doorkeeper.refused(HOST, first));
  const other = "192.0.2.2";
  const admitted = Array.from({ length: 2 * OPENINGS.burst }, () => doorkeeper.admits(other));
  assert.ok(admitted.includes(false));
});
