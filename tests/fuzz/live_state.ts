import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { StartRunResponseSchema } from "../../proto/gen/current/control_pb.ts";
import {
  ActivateNodeRequestSchema,
  ActivateNodeResponseSchema,
} from "../../proto/gen/current/fleet_pb.ts";
import {
  AcquireTaskRequestSchema,
  AcquireTaskResponseSchema,
} from "../../proto/gen/current/runtime_pb.ts";
import {
  CreateRunRequestSchema,
  CreateRunResponseSchema,
} from "../../proto/gen/flwr-1.9/driver_pb.ts";
import type { Exchange } from "../interop/recorded/transcript.ts";
import { pythonTime, SigningNode } from "../support/signing_node.ts";
import type { LiveIds } from "./live_ids.ts";
import type { Meaningful } from "./structure.ts";
import { type Headers, post, type RawGrpc } from "./transports.ts";

/** No two signatures are made for the same millisecond: one of them would be a replay. */
let lastSigned = 0;

/** A node that is online, a run that is running, and the right to speak for both. */
export interface LiveState {
  readonly nodeId: bigint;
  readonly runId: bigint;
  readonly token: string;
  /** The headers of one call of the node. */
  readonly sign: () => Headers;
  /** What recorded ids become. */
  readonly ids: LiveIds;
  readonly meaningful: Meaningful;
  /** The same for a run that was started by hand; undefined where there is none. */
  readonly handStarted?: LiveState;
}

/** What the recorded requests were about. */
export interface RecordedIds {
  readonly nodeId: bigint;
  readonly runIds: readonly bigint[];
  readonly publicKey: string;
  /** The submission of an app. */
  readonly startRun: Uint8Array;
  readonly objectIds: readonly string[];
}

/** The ids in a recorded conversation. */
export function recordedIds(exchanges: readonly Exchange[]): RecordedIds {
  const runs = exchanges.filter(({ path, status }) =>
    path === "/v1/control/start-run" && status === 200
  );
  const activate = exchanges.find(({ path }) => path === "/v1/fleet/activate-node")!;
  const texts = exchanges.map(({ request }) => new TextDecoder().decode(request)).join(" ");
  return {
    nodeId: fromBinary(ActivateNodeResponseSchema, activate.response).nodeId,
    runIds: runs.map(({ response }) => fromBinary(StartRunResponseSchema, response).runId!),
    publicKey: new TextDecoder().decode(
      fromBinary(ActivateNodeRequestSchema, activate.request).publicKey,
    ),
    startRun: runs[0]!.request,
    objectIds: [...new Set(texts.match(/[0-9a-f]{64}/g))],
  };
}

/** Where a SuperLink is called. */
export interface Doors {
  /** "host:port". */
  readonly http: string;
  readonly driver: RawGrpc;
}

/** Lets a new node join, a new run begin, and another be started by hand. */
export async function renew(
  { http, driver }: Doors,
  recorded: RecordedIds,
): Promise<LiveState> {
  const node = new SigningNode();
  const sign = (): Headers => {
    lastSigned = Math.max(lastSigned + 1, Date.now());
    const { publicKey, timestamp, signature } = node.credentials(pythonTime(lastSigned / 1000));
    return {
      "flwr-public-key": publicKey,
      "flwr-timestamp": timestamp,
      "flwr-signature": signature,
    };
  };
  const ask = async (path: string, headers: Headers, body: Uint8Array): Promise<Uint8Array> => {
    const outcome = await post(http, path, { headers, body });
    if (outcome.status === "200") return outcome.body;
    throw new Error(`A good call is answered: ${path} got ${outcome.status}`);
  };
  const activation = bytes(ActivateNodeRequestSchema, {
    publicKey: node.publicKey,
    heartbeatInterval: 60,
  });
  const joined = await ask("/v1/fleet/activate-node", sign(), activation);
  const { nodeId } = fromBinary(ActivateNodeResponseSchema, joined);
  const acquire = async () => {
    await ask("/v1/control/start-run", {}, recorded.startRun);
    const types = bytes(AcquireTaskRequestSchema, { supportedTaskTypes: ["flwr-serverapp"] });
    const acquired = await ask("/v1/runtime/acquire-task", {}, types);
    // perhaps an older one, which a fuzzed request submitted
    return fromBinary(AcquireTaskResponseSchema, acquired);
  };
  // the first may have gone to a fuzzed call that was given up in this moment
  const first = await acquire();
  const { task, token } = first.task === undefined ? await acquire() : first;
  const runId = task!.runId;
  await ask("/v1/runtime/pull-task-input", { "flwr-task-token": token }, new Uint8Array());
  const created = await driver.call("/flwr.proto.Driver/CreateRun", {
    headers: {},
    body: bytes(CreateRunRequestSchema, { takesToken: true }),
  });
  if (created.status !== "OK") throw new Error(`A good call is answered: got ${created.status}`);
  const byHand = fromBinary(CreateRunResponseSchema, created.body);
  const stateOf = (runId: bigint, token: string, taskId: bigint): LiveState => {
    const numbers = new Map([[recorded.nodeId, nodeId]]);
    for (const id of recorded.runIds) numbers.set(id, runId);
    return {
      nodeId,
      runId,
      token,
      sign,
      ids: { numbers, bytes: new Map([[recorded.publicKey, node.publicKey]]) },
      meaningful: {
        numbers: [nodeId, runId, taskId],
        fields: new Map([["nodeId", nodeId], ["srcNodeId", nodeId], ["dstNodeId", 1n], [
          "runId",
          runId,
        ]]),
        texts: [
          "",
          token,
          "train",
          "@none/default",
          "__proto__",
          ...recorded.objectIds.slice(0, 20),
        ],
        bytes: [node.publicKey, new TextEncoder().encode("ArrayChunk  1\0a"), new Uint8Array()],
      },
    };
  };
  return {
    ...stateOf(runId, token, task!.taskId),
    handStarted: stateOf(BigInt.asUintN(64, byHand.runId), byHand.taskToken, 0n),
  };
}

function bytes<M extends DescMessage>(schema: M, init: MessageInitShape<M>): Uint8Array {
  return toBinary(schema, create(schema, init));
}
