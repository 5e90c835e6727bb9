/** Wrong and odd requests in the order in which Flower 1.41's SuperLink was sent them, and its answers. */
import assert from "node:assert/strict";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  RegisterNodeRequestSchema,
  StartRunRequestSchema,
  StopRunRequestSchema,
  StreamLogsRequestSchema,
  UnregisterNodeRequestSchema,
} from "../../../proto/gen/current/control_pb.ts";
import {
  ActivateNodeRequestSchema,
  DeactivateNodeRequestSchema,
  PullMessagesRequestSchema,
  PushMessagesRequestSchema,
  RegisterNodeFleetRequestSchema,
  RegisterNodeFleetResponseSchema,
  SendNodeHeartbeatRequestSchema,
  UnregisterNodeFleetRequestSchema,
} from "../../../proto/gen/current/fleet_pb.ts";
import { PushObjectRequestSchema } from "../../../proto/gen/current/message_pb.ts";
import { GetRunRequestSchema } from "../../../proto/gen/current/run_pb.ts";
import { AcquireTaskRequestSchema } from "../../../proto/gen/current/runtime_pb.ts";
import { seededRandom } from "../../../base/random.ts";
import { repositoryPath } from "../../support/repository.ts";
import { pythonTime, SigningNode } from "../../support/signing_node.ts";
import { TimedSuperLink } from "../../support/timed_superlink.ts";

const START = 1_795_426_000;
const MIB = 1 << 20;

interface Recorded {
  readonly name: string;
  readonly status: number;
  readonly content_type: string | null;
  readonly body: string;
}

interface Probe {
  readonly name: string;
  readonly path: string;
  readonly method?: string;
  /** Default: protobuf. */
  readonly contentType?: string | null;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
}

/** What is answered otherwise on purpose: [status, error code], and why. */
const DIFFERENT: Readonly<Record<string, readonly [number, number | undefined]>> = {
  // A node that was killed comes back at once: whoever has the key takes over.
  "activate twice (online)": [200, undefined],
  // A key need not be registered first where every key is admitted.
  "activate unknown key": [200, undefined],
  // A node whose answer was lost on the way asks again, and is not refused.
  "register same key again": [200, undefined],
  "deactivate twice": [200, undefined],
  // Refused before the request is looked at, by the key that signed it.
  "register again after unregister": [412, 2001],
  // Flower's SuperLink breaks down over these.
  "push-object unknown run": [403, 2007],
  "push-messages empty": [400, 3013],
  "control start-run empty": [412, 15],
  // Flower's open SuperLink keeps no artifacts; ours looks for the run.
  "control pull-artifacts": [404, 16],
  // The holder of the key learns that its clock is off, which it can mend.
  "ts -306 s": [401, 9002],
  "ts +6 s": [401, 9002],
  // Versions are not compared: whoever speaks the wire is welcome.
  "runtime, version 1.28.0": [200, undefined],
  "runtime, foreign package name": [200, undefined],
  "runtime, partial version headers": [200, undefined],
};

function bytes<M extends DescMessage>(schema: M, init: MessageInitShape<M>): Uint8Array {
  return toBinary(schema, create(schema, init));
}

/** The 49 requests. They build on each other: the node that is registered in one goes on in the next. */
function probes(node: SigningNode, nodeId: () => bigint): (() => Probe)[] {
  const [other, stranger] = [new SigningNode("P-384"), new SigningNode()];
  const { publicKey } = node;
  // no two calls are signed for the same millisecond: one of them would be a replay
  let calls = 0;
  const time = (seconds = 0) => pythonTime(START + seconds + ++calls / 1000);
  const auth = (seconds?: number) => node.headers(time(seconds));
  const self = () => ({ nodeId: nodeId() });
  const register = bytes(RegisterNodeFleetRequestSchema, { publicKey });
  const activate = bytes(ActivateNodeRequestSchema, { publicKey, heartbeatInterval: 30 });
  const pull = () => bytes(PullMessagesRequestSchema, { node: self() });
  const heartbeat = () =>
    bytes(SendNodeHeartbeatRequestSchema, { node: self(), heartbeatInterval: 30 });
  const deactivate = () => bytes(DeactivateNodeRequestSchema, { nodeId: nodeId() });
  const versions = (name: string, version: string) => ({
    "flwr-package-name": name,
    "flwr-package-version": version,
    "flwr-component-name": "SuperExec",
  });
  const fleet = (name: string, rpc: string, body: Uint8Array, headers = auth()) => ({
    name,
    path: `/v1/fleet/${rpc}`,
    headers,
    body,
  });
  const control = (name: string, rpc: string, body?: Uint8Array, headers?: Probe["headers"]) => ({
    name,
    path: `/v1/control/${rpc}`,
    headers,
    body,
  });
  const runtime = (name: string, rpc: string, headers?: Probe["headers"], body?: Uint8Array) => ({
    name,
    path: `/v1/runtime/${rpc}`,
    headers,
    body,
  });
  return [
    () => ({ name: "GET /health", path: "/health", method: "GET", contentType: null }),
    () => ({ name: "HEAD /health", path: "/health", method: "HEAD", contentType: null }),
    () => ({
      name: "GET /v1/fleet/pull-messages",
      path: "/v1/fleet/pull-messages",
      method: "GET",
    }),
    () => ({ name: "POST unknown path", path: "/v1/fleet/nope" }),
    () => fleet("fleet register: no auth headers", "register-node", register, {}),
    () => ({
      ...fleet("fleet register: wrong content-type", "register-node", register),
      contentType: "application/x-protobuf",
    }),
    () => ({
      ...fleet("fleet register: no content-type", "register-node", register),
      contentType: null,
    }),
    () => ({
      ...fleet("content-type application/protobuf; charset=x", "pull-messages", new Uint8Array()),
      contentType: "application/protobuf; charset=x",
    }),
    () => fleet("fleet register: garbage body", "register-node", Uint8Array.of(0xff, 0xff)),
    () =>
      fleet(
        "fleet register: bad signature",
        "register-node",
        register,
        node.headers(time(), "x"),
      ),
    () => fleet("ts -306 s", "register-node", register, auth(-306)),
    () => fleet("ts +6 s", "register-node", register, auth(6)),
    () =>
      fleet(
        "ts naive",
        "register-node",
        register,
        node.headers(time().replace("+00:00", "")),
      ),
    () => {
      // not the key that is registered next: here it would be by now
      const { publicKey } = stranger;
      const body = bytes(ActivateNodeRequestSchema, { publicKey, heartbeatInterval: 30 });
      return fleet("activate unknown key", "activate-node", body, stranger.headers(time()));
    },
    () =>
      fleet(
        "register, ts -300 s, trailing Z",
        "register-node",
        register,
        node.headers(time(-300).replace("+00:00", "Z")),
      ),
    () => fleet("register same key again", "register-node", register),
    () =>
      fleet(
        "activate heartbeat 5 (min 10)",
        "activate-node",
        bytes(ActivateNodeRequestSchema, { publicKey, heartbeatInterval: 5 }),
      ),
    () => fleet("activate ok", "activate-node", activate),
    () => fleet("activate twice (online)", "activate-node", activate),
    () => fleet("pull as another key", "pull-messages", pull(), other.headers(time())),
    () => fleet("pull ok", "pull-messages", pull()),
    () =>
      fleet(
        "get-run unknown run",
        "get-run",
        bytes(GetRunRequestSchema, { node: self(), runId: 5n }),
      ),
    () =>
      fleet(
        "push-object unknown run",
        "push-object",
        bytes(PushObjectRequestSchema, { node: self(), runId: 5n, objectId: "a" }),
      ),
    () =>
      fleet(
        "push-messages empty",
        "push-messages",
        bytes(PushMessagesRequestSchema, { node: self() }),
      ),
    () =>
      fleet("fleet with peer version 1.28.0 (not rejected)", "pull-messages", pull(), {
        ...auth(),
        ...versions("flwr", "1.28.0"),
      }),
    () => control("control list-runs, no headers", "list-runs"),
    () =>
      control("control with bearer token", "list-runs", undefined, { authorization: "Bearer x" }),
    () => control("control with basic auth", "list-runs", undefined, { authorization: "Basic x" }),
    () =>
      control("control stop unknown run", "stop-run", bytes(StopRunRequestSchema, { runId: 9n })),
    () =>
      control(
        "control stream-logs unknown run",
        "stream-logs",
        bytes(StreamLogsRequestSchema, { runId: 9n }),
      ),
    () => control("control start-run empty", "start-run"),
    () =>
      control(
        "control start-run 11 MB fab",
        "start-run",
        bytes(StartRunRequestSchema, { fab: { content: new Uint8Array(11 * MIB) } }),
      ),
    () => control("control pull-artifacts", "pull-artifacts", Uint8Array.of(8, 9)),
    () => control("control get-login-details", "get-login-details"),
    () =>
      control(
        "control register-node bad key",
        "register-node",
        bytes(RegisterNodeRequestSchema, { publicKey: new TextEncoder().encode("x") }),
      ),
    () =>
      control(
        "control unregister unknown",
        "unregister-node",
        bytes(UnregisterNodeRequestSchema, { nodeId: 9n }),
      ),
    () => runtime("runtime pull-task-input, no token", "pull-task-input"),
    () => runtime("runtime, bad token", "pull-task-input", { "flwr-task-token": "ab" }),
    () => runtime("runtime, version 1.28.0", "acquire-task", versions("flwr", "1.28.0")),
    () => runtime("runtime, version 1.41.9", "acquire-task", versions("flwr", "1.41.9")),
    () => runtime("runtime, foreign package name", "acquire-task", versions("other", "1.41.0")),
    () =>
      runtime("runtime, partial version headers", "acquire-task", { "flwr-package-name": "flwr" }),
    () =>
      runtime(
        "runtime acquire, no headers",
        "acquire-task",
        undefined,
        bytes(AcquireTaskRequestSchema, { supportedTaskTypes: ["flwr-serverapp"] }),
      ),
    () => fleet("deactivate ok", "deactivate-node", deactivate()),
    () => fleet("deactivate twice", "deactivate-node", deactivate()),
    () => fleet("heartbeat when offline", "send-node-heartbeat", heartbeat()),
    () =>
      fleet(
        "unregister ok",
        "unregister-node",
        bytes(UnregisterNodeFleetRequestSchema, { nodeId: nodeId() }),
      ),
    () => fleet("heartbeat after unregister", "send-node-heartbeat", heartbeat()),
    () => fleet("register again after unregister", "register-node", register),
  ];
}

Deno.test("wrong and odd requests get Flower 1.41's statuses and error codes", async () => {
  const file = repositoryPath("tests/vectors/flwr-1.41/error_probes.json");
  const recorded: Recorded[] = JSON.parse(await Deno.readTextFile(file));
  await using superlink = await TimedSuperLink.start({ time: START, random: seededRandom(1) });
  let nodeId = 0n;
  const asked = probes(new SigningNode(), () => nodeId);
  assert.equal(asked.length, recorded.length);
  const different: string[] = [];
  const wrong: string[] = [];
  for (const [index, make] of asked.entries()) {
    const { name, path, method, contentType = "application/protobuf", headers, body } = make();
    const theirs = recorded[index]!;
    assert.equal(name, theirs.name);
    const answer = await superlink.call(path, {
      method,
      headers: { ...headers, ...(contentType !== null && { "content-type": contentType }) },
      ...(method === undefined && { body: body ?? new Uint8Array() }),
    });
    const isJson = answer.contentType?.includes("json") ?? false;
    const code = isJson ? JSON.parse(new TextDecoder().decode(answer.body)).code : undefined;
    const expected = DIFFERENT[name] ?? [theirs.status, codeOf(theirs)];
    if (DIFFERENT[name] !== undefined) different.push(name);
    else if (answer.contentType !== theirs.content_type) wrong.push(name);
    const [status, number] = expected;
    if (answer.status !== status || code !== number) {
      wrong.push(`${name}: expected ${expected}, got ${answer.status},${code}`);
    }
    if (name === "register, ts -300 s, trailing Z") {
      nodeId = fromBinary(RegisterNodeFleetResponseSchema, answer.body).nodeId;
    }
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(different.sort(), Object.keys(DIFFERENT).sort());
  assert.deepEqual(superlink.failures, []);
});

function codeOf({ content_type: type, body }: Recorded): number | undefined {
  return type === "application/json" ? JSON.parse(body).code : undefined;
}
