/** Forged headers: the body of a caller who only knows a node's public key is not read. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from "node:http2";
import { status } from "@grpc/grpc-js";
import { PrivateKey } from "../../../auth/private_key.ts";
import { Fleet } from "../../../proto/gen/current/fleet_pb.ts";
import { parseAddress } from "../../../rpc/address.ts";
import { httpPath } from "../../../rpc/http/path.ts";
import { methodPath } from "../../../rpc/service.ts";
import { within } from "../../support/deadline.ts";
import { headersOf, pemBytes, type RawHeaders, shown } from "./credentials.ts";
import { CurrentSuperLink, HEARTBEAT_SECONDS, type Member } from "./superlink.ts";
import { bytesOf, openWire } from "./wire.ts";

/** Number of calls that name a member's key. */
const FORGED_CALLS = 1000;
/** Concurrent calls on one gRPC connection, and concurrent HTTP connections. */
const AT_ONCE = 100;
/** Announced size of each body, in bytes. */
const PROMISED = 500_000_000;
/** Generous bound of bytes in the buffers of both ends of an unread connection. */
const IN_BUFFERS = 32 * 1024 * 1024;
const ANSWER_SECONDS = 60;

const { pushObject } = Fleet.method;

/** Headers with a member's key: one used signature, one too old, the others signed with a wrong key. */
async function forgedHeads(
  superLink: CurrentSuperLink,
  { key, nodeId }: Member,
): Promise<RawHeaders[]> {
  const used = headersOf(await shown(key));
  using wire = openWire("http", superLink.fleet("http"), superLink.authority);
  const request = bytesOf(pushObject, { node: { nodeId }, runId: 5n });
  assert.equal(await wire.outcome(pushObject, request, used), "403/2007", "there is no such run");
  const heads = [used, headersOf(await shown(key, -400))];
  const thief = await PrivateKey.generate("P-384");
  while (heads.length < FORGED_CALLS) {
    heads.push(headersOf({ ...await shown(thief), publicKey: pemBytes(key) }));
  }
  return heads;
}

function openTls(superLink: CurrentSuperLink): Promise<Deno.TlsConn> {
  const { host: hostname, port } = parseAddress(superLink.fleet("http"));
  return Deno.connectTls({ hostname, port, caCerts: [superLink.authority] });
}

function httpHead(headers: RawHeaders, length: number, ...more: string[]): string {
  const lines = headers.map(([name, value]) =>
    `${name}: ${typeof value === "string" ? value : value.toBase64()}`
  );
  return [
    `POST ${httpPath(pushObject)} HTTP/1.1`,
    "Host: x",
    "Content-Type: application/protobuf",
    `Content-Length: ${length}`,
    ...lines,
    ...more,
    "",
    "",
  ].join("\r\n");
}

async function say(connection: Deno.TlsConn, text: string): Promise<void> {
  await connection.write(new TextEncoder().encode(text));
}

async function readToEnd(connection: Deno.TlsConn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(4096);
  for (;;) {
    const length = await connection.read(buffer).catch(() => null);
    if (length === null) break;
    text += new TextDecoder().decode(buffer.subarray(0, length));
  }
  connection.close();
  return text;
}

/** Runs work for each item, with a limited number at a time. */
async function forEach<T>(all: readonly T[], act: (each: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await act(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function assertServed({ client, nodeId }: Member): Promise<void> {
  const beat = client.heartbeat(nodeId, HEARTBEAT_SECONDS);
  assert.equal(await within(beat, ANSWER_SECONDS, "the answer to a heartbeat"), true);
}

Deno.test(`${FORGED_CALLS} forged heads over HTTP are refused, and no body is read`, async () => {
  await using superLink = await CurrentSuperLink.start();
  const member = await superLink.member();
  const heads = await forgedHeads(superLink, member);
  await forEach(heads, async (head) => {
    const connection = await openTls(superLink);
    await say(connection, httpHead(head, PROMISED, "Expect: 100-continue"));
    // Deno requests every body at once and leaves it in the system's buffers.
    const answer = (await readToEnd(connection)).replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "");
    assert.match(answer, /^HTTP\/1\.1 401 /);
    // The second has a valid signature with an old time, so the caller learns that its clock is wrong.
    const told = head === heads[1]
      ? /"code":9002/
      : /\{"detail":"Invalid SuperNode authentication"\}$/;
    assert.match(answer, told);
  });
  await assertServed(member);
  // With a valid signature, the same body is read. It is not a valid message.
  const connection = await openTls(superLink);
  await say(connection, httpHead(headersOf(await shown(member.key)), 3, "Connection: close"));
  await say(connection, "abc");
  assert.match(await readToEnd(connection), /^HTTP\/1\.1 400 /);
});

Deno.test("a body that is sent with a forged head over HTTP goes no further than buffers", async () => {
  await using superLink = await CurrentSuperLink.start();
  const member = await superLink.member();
  const [head] = (await forgedHeads(superLink, member)).slice(-1);
  const connection = await openTls(superLink);
  await say(connection, httpHead(head!, PROMISED));
  let sent = 0;
  const answered = readToEnd(connection);
  const part = new Uint8Array(1024 * 1024);
  try {
    while (sent < PROMISED) sent += await connection.write(part);
  } catch {
    // The server closed the connection.
  }
  await answered;
  assert.ok(sent < IN_BUFFERS, `${sent} bytes went`);
  await assertServed(member);
});

Deno.test(`${FORGED_CALLS} forged heads over gRPC are refused, and their streams end`, async () => {
  await using superLink = await CurrentSuperLink.start();
  const member = await superLink.member("grpc");
  const heads = await forgedHeads(superLink, member);
  const session = connect(`https://${superLink.fleet("grpc")}`, { ca: superLink.authority });
  session.on("error", () => {});
  const statuses = new Map<string, number>();
  await within(
    forEach(heads, async (head) => {
      const outcome = await forgedCall(session, head);
      statuses.set(outcome, (statuses.get(outcome) ?? 0) + 1);
    }),
    ANSWER_SECONDS,
    "the end of all streams",
  );
  session.destroy();
  assert.deepEqual([...statuses], [["UNAUTHENTICATED", FORGED_CALLS]]);
  await assertServed(member);
});

/** Makes a call that starts to send its body. @returns its status after the server ended the stream */
async function forgedCall(session: ClientHttp2Session, head: RawHeaders): Promise<string> {
  const headers: OutgoingHttpHeaders = {
    ":method": "POST",
    ":path": methodPath(pushObject),
    "content-type": "application/grpc",
    te: "trailers",
  };
  for (const [name, value] of head) {
    if (typeof value === "string") headers[name] = value;
    else headers[`${name}-bin`] = value.toBase64();
  }
  const stream = session.request(headers);
  stream.on("error", () => {}).resume();
  const [answer, ended] = [once(stream, "response"), once(stream, "aborted")];
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(PROMISED, 1);
  stream.write(prefix);
  stream.write(Buffer.alloc(64 * 1024));
  const [{ "grpc-status": code }] = await answer;
  await ended;
  return status[Number(code)]!;
}
