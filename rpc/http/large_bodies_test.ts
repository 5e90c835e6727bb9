import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { Control } from "../../proto/gen/current/control_pb.ts";
import { parseAddress } from "../address.ts";
import { BUDGET_PATIENCE_SECONDS, ByteBudget } from "../byte_budget.ts";
import { NO_RETRY } from "../retry.ts";
import { type TestCertificates, testCertificates } from "../testing/certificates.ts";
import { bindControl, serveHttp } from "../testing/control.ts";
import { openHttpChannel } from "./channel.ts";

const MIB = 2 ** 20;
const CHUNK = new Uint8Array(5 * MIB);
/** Far more than the buffers of a connection hold. */
const MANY_CHUNKS = new Uint8Array(64 * MIB);
/** Number of other calls during which a body must stay blocked; unblocked it would take a fraction of their time. */
const CALLS_MEANWHILE = 200;

/** Starts a server with room for one chunk in each direction. */
async function start(tls: TestCertificates | undefined) {
  await using cleanup = new AsyncDisposableStack();
  const clock = new FakeClock();
  const options = { bytes: CHUNK.length, slowBytes: 0, clock };
  const budgets = { requests: new ByteBudget(options), responses: new ByteBudget(options) };
  const binding = bindControl({ listRuns: () => Promise.resolve({ now: "answered" }) });
  const server = await serveHttp(binding, { tls, budgets });
  cleanup.defer(() => server.close(1));
  const channel = cleanup.adopt(
    openHttpChannel({
      address: server.address,
      tls: tls === undefined ? "insecure" : { rootCertificates: tls.ca },
      retry: NO_RETRY,
    }),
    (open) => open.close(),
  );
  const owned = cleanup.move();

  return {
    clock,
    budgets,
    /** Opens a connection and announces a body of this size. */
    async announce(bytes: number): Promise<Deno.Conn> {
      const { host: hostname, port } = parseAddress(server.address);
      const connection = tls === undefined
        ? await Deno.connect({ hostname, port })
        : await Deno.connectTls({ hostname: "localhost", port, caCerts: [tls.ca] });
      owned.defer(() => {
        try {
          connection.close();
        } catch (error) {
          if (!(error instanceof Deno.errors.BadResource)) throw error; // closed by the test
        }
      });
      const head = [
        "POST /v1/control/list-runs HTTP/1.1",
        "Host: a",
        "Content-Type: application/protobuf",
        `Content-Length: ${bytes}`,
      ];
      await send(connection, new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
      return connection;
    },
    /** Makes a small call from another client. */
    async ask(): Promise<string> {
      return (await channel.call(Control.method.listRuns, {})).response.now;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function send(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

async function statusOf(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(4096);
  const length = await connection.read(buffer) ?? 0;
  return new TextDecoder().decode(buffer.subarray(0, length)).slice(0, "HTTP/1.1 200".length);
}

/** Waits until a condition holds that other calls bring about. */
async function until(holds: () => boolean, ask: () => Promise<unknown>): Promise<void> {
  while (!holds()) await ask();
}

for (const wire of ["plain text", "TLS"] as const) {
  const certificates = () => wire === "TLS" ? testCertificates() : Promise.resolve(undefined);

  Deno.test(`${wire}: a large body waits at its sender, a small call does not wait`, async () => {
    await using bench = await start(await certificates());
    const first = await bench.announce(CHUNK.length);
    await until(() => bench.budgets.requests.free === 0, bench.ask);
    await send(first, CHUNK.subarray(1));
    const second = await bench.announce(MANY_CHUNKS.length);
    await until(() => bench.budgets.requests.waiting === 1, bench.ask);
    let taken = false;
    const sending = send(second, MANY_CHUNKS).then(() => taken = true);
    for (let call = 0; call < CALLS_MEANWHILE; call++) {
      assert.equal(await bench.ask(), "answered");
    }
    assert.equal(taken, false);
    await send(first, CHUNK.subarray(0, 1));
    // Zero bytes are not a message, but they were read.
    assert.equal(await statusOf(first), "HTTP/1.1 400");
    await sending;
    assert.equal(await statusOf(second), "HTTP/1.1 400");
    assert.equal(bench.budgets.requests.waiting, 0);
  });

  Deno.test(`${wire}: a body that waits too long gets a retryable error`, async () => {
    await using bench = await start(await certificates());
    const first = await bench.announce(CHUNK.length);
    await until(() => bench.budgets.requests.free === 0, bench.ask);
    const second = await bench.announce(CHUNK.length);
    await until(() => bench.budgets.requests.waiting === 1, bench.ask);
    await bench.clock.advance(BUDGET_PATIENCE_SECONDS);
    assert.equal(await statusOf(second), "HTTP/1.1 503");
    await send(first, CHUNK);
    assert.equal(await statusOf(first), "HTTP/1.1 400");
  });

  Deno.test(`${wire}: a client that disconnects while waiting, or within a body, releases its memory`, async () => {
    await using bench = await start(await certificates());
    const { requests } = bench.budgets;
    const first = await bench.announce(CHUNK.length);
    await until(() => requests.free === 0, bench.ask);
    await send(first, CHUNK.subarray(1));
    const second = await bench.announce(CHUNK.length);
    await until(() => requests.waiting === 1, bench.ask);
    await send(second, CHUNK.subarray(0, MIB));
    second.close();
    first.close();
    await until(() => requests.free === CHUNK.length && requests.waiting === 0, bench.ask);
    const third = await bench.announce(CHUNK.length);
    await send(third, CHUNK);
    assert.equal(await statusOf(third), "HTTP/1.1 400");
  });
}
