/** The Control and Runtime API over HTTP, compared with the recorded responses of Flower 1.41's SuperLink. */
import assert from "node:assert/strict";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  ListRunsResponseSchema,
  RegisterNodeRequestSchema,
  StartRunRequestSchema,
  StopRunRequestSchema,
  StreamLogsRequestSchema,
  UnregisterNodeRequestSchema,
} from "../../../../proto/gen/current/control_pb.ts";
import { decode } from "../../../codec.ts";
import { startHttpServer } from "../../../http/server.ts";
import { FakeSuperLink } from "../testing/fake_superlink.ts";

interface Recorded {
  readonly name: string;
  readonly status: number;
  /** A message's bytes in hexadecimal. */
  readonly body: string;
}

const recorded = new Map<string, Recorded>(
  (JSON.parse(
    await Deno.readTextFile(
      new URL("../../../../tests/vectors/flwr-1.41/error_probes.json", import.meta.url),
    ),
  ) as Recorded[]).map((probe) => [probe.name, probe]),
);

interface Probe {
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
}

function bytes<M extends DescMessage>(schema: M, init: MessageInitShape<M>): Uint8Array {
  return toBinary(schema, create(schema, init));
}

/** Requests with the same response as Flower's. */
const SAME: Record<string, Probe> = {
  "control with basic auth": {
    path: "control/list-runs",
    headers: { authorization: "Basic x" },
  },
  "control stop unknown run": {
    path: "control/stop-run",
    body: bytes(StopRunRequestSchema, { runId: 9n }),
  },
  "control stream-logs unknown run": {
    path: "control/stream-logs",
    body: bytes(StreamLogsRequestSchema, { runId: 9n }),
  },
  "control start-run 11 MB fab": {
    path: "control/start-run",
    body: bytes(StartRunRequestSchema, { fab: { content: new Uint8Array(11 << 20) } }),
  },
  "control get-login-details": { path: "control/get-login-details" },
  "control register-node bad key": {
    path: "control/register-node",
    body: bytes(RegisterNodeRequestSchema, { publicKey: new TextEncoder().encode("x") }),
  },
  "control unregister unknown": {
    path: "control/unregister-node",
    body: bytes(UnregisterNodeRequestSchema, { nodeId: 9n }),
  },
  "runtime pull-task-input, no token": { path: "runtime/pull-task-input" },
  "runtime, bad token": {
    path: "runtime/pull-task-input",
    headers: { "flwr-task-token": "ab" },
  },
  "runtime, version 1.41.9": {
    path: "runtime/acquire-task",
    headers: { "flwr-package-name": "flwr", "flwr-package-version": "1.41.9" },
  },
};

/** Requests with an intentionally different response: our status and Flower's number. */
const DIFFERENT: Record<string, Probe & { readonly status: number; readonly code?: number }> = {
  // Flower fails on it with an internal error.
  "control start-run empty": { path: "control/start-run", status: 412, code: 15 },
  // Flower's open-source SuperLink stores no artifacts; ours looks for the run.
  "control pull-artifacts": {
    path: "control/pull-artifacts",
    body: new Uint8Array([8, 9]),
    status: 404,
    code: 16,
  },
  // Versions are not compared: every compatible client is accepted.
  "runtime, version 1.28.0": {
    path: "runtime/acquire-task",
    headers: { "flwr-package-name": "flwr", "flwr-package-version": "1.28.0" },
    status: 200,
  },
  "runtime, partial version headers": {
    path: "runtime/acquire-task",
    headers: { "flwr-package-name": "flwr" },
    status: 200,
  },
};

/** Starts both APIs on a free port. */
async function serve() {
  const superlink = await FakeSuperLink.start();
  const server = await startHttpServer({
    address: "127.0.0.1:0",
    services: [
      { prefix: "/v1/control", binding: superlink.control },
      { prefix: "/v1/runtime", binding: superlink.runtime },
    ],
  });
  const ask = async ({ path, headers, body = new Uint8Array() }: Probe) => {
    const response = await fetch(`http://${server.address}/v1/${path}`, {
      method: "POST",
      headers: { "content-type": "application/protobuf", ...headers },
      body: body as Uint8Array<ArrayBuffer>,
    });
    return { status: response.status, body: await response.bytes() };
  };
  return {
    ask,
    async [Symbol.asyncDispose]() {
      await server.close(1);
      await superlink[Symbol.asyncDispose]();
    },
  };
}

/** The number in an error's body. */
const codeOf = (body: string): unknown => JSON.parse(body).code;

for (const [name, probe] of Object.entries(SAME)) {
  Deno.test(`answers as Flower 1.41: ${name}`, async () => {
    await using server = await serve();
    const expected = recorded.get(name)!;
    const { status, body } = await server.ask(probe);
    assert.equal(status, expected.status);
    if (status === 200) assert.equal(body.toHex(), expected.body);
    else assert.equal(codeOf(new TextDecoder().decode(body)), codeOf(expected.body));
  });
}

for (const [name, { status, code, ...probe }] of Object.entries(DIFFERENT)) {
  Deno.test(`answers better than Flower 1.41: ${name}`, async () => {
    await using server = await serve();
    assert.notEqual(recorded.get(name)!.status, status);
    const answer = await server.ask(probe);
    assert.equal(answer.status, status);
    if (code !== undefined) assert.equal(codeOf(new TextDecoder().decode(answer.body)), code);
  });
}

Deno.test("answers as Flower 1.41: an empty list of runs contains only the time", async () => {
  await using server = await serve();
  for (const name of ["control list-runs, no headers", "control with bearer token"]) {
    const headers: Record<string, string> = name.includes("bearer")
      ? { authorization: "Bearer x" }
      : {};
    const { body } = await server.ask({ path: "control/list-runs", headers });
    const theirs = decode(ListRunsResponseSchema, Uint8Array.fromHex(recorded.get(name)!.body));
    const ours = decode(ListRunsResponseSchema, body);
    assert.deepEqual(Object.keys(ours.runDict), Object.keys(theirs.runDict));
    assert.equal(ours.now.length, theirs.now.length);
  }
});
