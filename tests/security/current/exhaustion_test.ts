/** Exhaustion: a well-behaved node is answered while other callers are slow or demand much. */
import assert from "node:assert/strict";
import type { DescMethod } from "@bufbuild/protobuf";
import { Fleet } from "../../../proto/gen/current/fleet_pb.ts";
import type { ObjectTree } from "../../../proto/gen/current/message_pb.ts";
import { parseAddress } from "../../../rpc/address.ts";
import { SUPERLINK_NODE_ID } from "../../../entities/metadata.ts";
import { within } from "../../support/deadline.ts";
import { headersOf, type RawHeaders, shown } from "./credentials.ts";
import { CurrentSuperLink, HEARTBEAT_SECONDS, instruct, type Member } from "./superlink.ts";
import { bytesOf, CUT_OFF, openWire } from "./wire.ts";

/** Seconds within which a well-behaved node must be answered, on a busy machine. */
const ANSWER_SECONDS = 10;
/** Number of connections that send nothing or too little. */
const CONNECTIONS = 200;

const { method } = Fleet;

/** Id of an object that does not exist: one repeated digit. */
function idOf(digit: number): string {
  return digit.toString(16).repeat(64).slice(0, 64);
}

/** Sends a heartbeat and a pull of a well-behaved node. */
async function assertServed({ client, nodeId }: Member): Promise<void> {
  const beat = client.heartbeat(nodeId, HEARTBEAT_SECONDS);
  assert.equal(await within(beat, ANSWER_SECONDS, "the answer to a heartbeat"), true);
}

/** TLS connections that send only the beginning of a request. */
async function openMany(
  superLink: CurrentSuperLink,
  address: string,
  said: string,
): Promise<Disposable> {
  const { host: hostname, port } = parseAddress(address);
  const caCerts = [superLink.authority];
  const connections: Deno.TlsConn[] = [];
  for (let opened = 0; opened < CONNECTIONS; opened++) {
    const connection = await Deno.connectTls({ hostname, port, caCerts });
    await connection.write(new TextEncoder().encode(said));
    connections.push(connection);
  }
  return { [Symbol.dispose]: () => connections.forEach((connection) => connection.close()) };
}

const SLOW: Readonly<Record<string, string>> = {
  "say nothing": "",
  "never end their head": "POST /v1/fleet/pull-messages HTTP/1.1\r\nHost: x\r\nX-Slow: ",
  "announce a body and send none":
    "POST /v1/control/list-runs HTTP/1.1\r\nHost: x\r\nContent-Type: application/protobuf\r\n" +
    "Content-Length: 1000000\r\n\r\n",
};

for (const [what, said] of Object.entries(SLOW)) {
  Deno.test(`exhaustion: ${CONNECTIONS} connections that ${what}`, async () => {
    await using superLink = await CurrentSuperLink.start();
    const good = await superLink.member();
    using _connections = await openMany(superLink, superLink.fleet("http"), said);
    await assertServed(good);
    await assertServed(await superLink.member("grpc"));
  });
}

Deno.test("exhaustion: gRPC connections that send nothing", async () => {
  await using superLink = await CurrentSuperLink.start();
  const good = await superLink.member("grpc");
  using _connections = await openMany(superLink, superLink.fleet("grpc"), "");
  await assertServed(good);
});

Deno.test("exhaustion: connections that never start TLS", async () => {
  await using superLink = await CurrentSuperLink.start();
  const good = await superLink.member();
  const { host: hostname, port } = parseAddress(superLink.fleet("http"));
  const silent = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => Deno.connect({ hostname, port })),
  );
  try {
    await assertServed(good);
  } finally {
    for (const connection of silent) connection.close();
  }
});

for (const transport of ["http", "grpc"] as const) {
  const tooLarge = transport === "http" ? ["413", CUT_OFF] : ["RESOURCE_EXHAUSTED"];
  const malformed = transport === "http" ? ["400/1003"] : ["INTERNAL", "INVALID_ARGUMENT"];

  Deno.test(`exhaustion over ${transport}: requests larger than any node needs`, async () => {
    await using superLink = await CurrentSuperLink.start();
    using wire = openWire(transport, superLink.fleet(transport), superLink.authority);
    const member = await superLink.member(transport);
    const { nodeId } = member;
    const headers = async (): Promise<RawHeaders> => headersOf(await shown(member.key));
    // More ids than any client requests.
    const ids = Array.from({ length: 2000 }, () => idOf(1));
    const manyIds = bytesOf(method.pullMessages, { node: { nodeId }, messageIds: ids });
    const refused = async (asked: DescMethod, body: Uint8Array) => {
      const outcome = await wire.outcome(asked, body, await headers());
      assert.ok(tooLarge.includes(outcome), `${asked.name}: ${outcome}`);
    };
    await refused(method.pullMessages, manyIds);
    // A tree whose expansion would need gigabytes.
    const children = Array.from({ length: 400_000 }, () => ({ objectId: idOf(2) }));
    const manyNodes = bytesOf(method.pushMessages, {
      node: { nodeId },
      messageObjectTrees: [{ objectId: idOf(1), children }],
    });
    await refused(method.pushMessages, manyNodes);
    await assertServed(member);
  });

  Deno.test(`exhaustion over ${transport}: trees too wide and too deep to follow`, async () => {
    await using superLink = await CurrentSuperLink.start();
    const task = await superLink.task();
    using wire = openWire(transport, superLink.fleet(transport), superLink.authority);
    const member = await superLink.member(transport);
    const { nodeId } = member;
    const push = async (tree: Pick<ObjectTree, "objectId" | "children">) => {
      const message = {
        content: {},
        metadata: {
          runId: task.runId,
          messageId: tree.objectId,
          srcNodeId: nodeId,
          dstNodeId: SUPERLINK_NODE_ID,
          replyToMessageId: idOf(3),
        },
      };
      const body = bytesOf(method.pushMessages, {
        node: { nodeId },
        messagesList: [message],
        messageObjectTrees: [tree],
      });
      return await wire.outcome(method.pushMessages, body, headersOf(await shown(member.key)));
    };
    const leaf = (): ObjectTree => ({
      $typeName: "flwr.proto.ObjectTree",
      objectId: idOf(2),
      children: [],
    });
    const wide = { objectId: idOf(1), children: Array.from({ length: 200_001 }, leaf) };
    assert.ok(malformed.includes(await push(wide)));
    let deep = leaf();
    for (let level = 0; level < 17; level++) deep = { ...deep, children: [deep] };
    assert.ok(malformed.includes(await push({ ...deep, objectId: idOf(1) })));
    // Deeper than any parser's stack. Encoded by hand, because an encoder's stack would not suffice, either.
    const outcome = await wire.outcome(
      method.pushMessages,
      nestedTree(100_000),
      headersOf(await shown(member.key)),
    );
    assert.ok(malformed.includes(outcome), outcome);
    await assertServed(member);
  });
}

Deno.test("exhaustion: abandoned pushes are limited", async () => {
  await using superLink = await CurrentSuperLink.start();
  const task = await superLink.task();
  const [bad, good] = [await superLink.member(), await superLink.member()];
  const replyToMessageId = await instruct(task, bad.nodeId);
  await bad.client.pullMessages(bad.nodeId);
  using wire = openWire("http", superLink.fleet("http"), superLink.authority);
  const announce = async (number: number) => {
    const messageId = number.toString(16).padStart(64, "0");
    const body = bytesOf(method.pushMessages, {
      node: { nodeId: bad.nodeId },
      messagesList: [{
        content: {},
        metadata: {
          runId: task.runId,
          messageId,
          srcNodeId: bad.nodeId,
          dstNodeId: SUPERLINK_NODE_ID,
          replyToMessageId,
          messageType: "train",
          createdAt: Date.now() / 1000,
          ttl: 3600,
        },
      }],
      messageObjectTrees: [{ objectId: messageId, children: [{ objectId: idOf(2) }] }],
    });
    return await wire.outcome(method.pushMessages, body, headersOf(await shown(bad.key)));
  };
  const outcomes = new Map<string, number>();
  for (let number = 1; number <= 200; number++) {
    const outcome = await announce(number);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  assert.deepEqual([...outcomes], [["200", 64], ["429", 136]]);
  await assertServed(good);
  const own = await instruct(task, good.nodeId);
  const { messagesList } = await good.client.pullMessages(good.nodeId);
  assert.equal(messagesList[0]!.metadata!.messageId, own);
});

/** A PushMessagesRequest with an object tree of this depth, in which each object has one child. */
function nestedTree(levels: number): Uint8Array {
  const head: number[][] = [];
  let length = 0;
  for (let level = 0; level < levels; level++) {
    const field = [level === levels - 1 ? 3 << 3 | 2 : 2 << 3 | 2, ...varint(length)];
    length += field.length;
    head.push(field);
  }
  return Uint8Array.from(head.toReversed().flat());
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; bytes.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(rest % 128 + (rest >= 128 ? 128 : 0));
  }
  return bytes;
}
