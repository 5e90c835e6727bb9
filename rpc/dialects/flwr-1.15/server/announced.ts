/** Messages whose content travels as objects, between the descriptions of 1.15 and of today: on the wire they are one. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { FlwrError } from "../../../../base/error.ts";
import {
  type AlongRequest,
  AlongRequestSchema,
  AlongResponseSchema,
} from "../../../../proto/gen/current/along_pb.ts";
import {
  type PullMessagesRequest as CurrentPullRequest,
  PullMessagesRequestSchema as CurrentPullSchema,
  PullMessagesResponseSchema as CurrentPullResponse,
  type PushMessagesRequest as CurrentPushRequest,
  PushMessagesRequestSchema as CurrentPushSchema,
  PushMessagesResponseSchema as CurrentPushResponse,
} from "../../../../proto/gen/current/fleet_pb.ts";
import {
  type PullMessagesRequest,
  type PullMessagesResponse,
  PullMessagesResponseSchema,
  type PushMessagesRequest,
  type PushMessagesResponse,
  PushMessagesResponseSchema,
} from "../../../../proto/gen/flwr-1.15/fleet_pb.ts";
import { ApiError } from "../../../api_error.ts";
import { decodeRequest } from "../../../codec.ts";

/** A node's push as today's Fleet API takes it. Content that came along is left out: it counts as its objects say. */
export function pushOfToday({ messagesList, ...request }: PushMessagesRequest): CurrentPushRequest {
  const { node, messageObjectTrees, clientappRuntimeList, along } = request;
  return create(CurrentPushSchema, {
    ...(node !== undefined && { node: { nodeId: node.nodeId } }),
    messagesList: messagesList.map(({ metadata, content, error }) => ({
      ...(metadata !== undefined && { metadata }),
      ...(content !== undefined && { content: {} }),
      ...(error !== undefined && { error }),
    })),
    messageObjectTrees,
    clientappRuntimeList,
    along: alongOf(along),
  });
}

/** A node's pull as today's Fleet API takes it. */
export function pullOfToday({ node, messageIds, along }: PullMessagesRequest): CurrentPullRequest {
  return create(CurrentPullSchema, {
    ...(node !== undefined && { node: { nodeId: node.nodeId } }),
    messageIds,
    along: alongOf(along),
  });
}

/** @throws FlwrError "invalid-argument" for bytes that are no such message */
function alongOf(bytes: Uint8Array | undefined): AlongRequest | undefined {
  if (bytes === undefined) return undefined;
  try {
    return decodeRequest(AlongRequestSchema, bytes);
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw new FlwrError("invalid-argument", "The objects that came along cannot be read", {
      cause,
    });
  }
}

/** The answer of today's Fleet API to a push, as it leaves. */
export function pushedToday(
  response: MessageInitShape<typeof CurrentPushResponse>,
): PushMessagesResponse {
  const { results, objectsToPush, sessionId, along } = create(CurrentPushResponse, response);
  return create(PushMessagesResponseSchema, {
    results,
    objectsToPush,
    sessionId,
    ...(along && { along: toBinary(AlongResponseSchema, along) }),
  });
}

/** The answer of today's Fleet API to a pull, as it leaves. */
export function pulledToday(
  response: MessageInitShape<typeof CurrentPullResponse>,
): PullMessagesResponse {
  const { messagesList, messageObjectTrees, along } = create(CurrentPullResponse, response);
  return create(PullMessagesResponseSchema, {
    messagesList: messagesList.map(({ metadata, error }) => ({
      ...(metadata !== undefined && { metadata }),
      ...(error === undefined ? { content: {} } : { error }),
    })),
    messageObjectTrees,
    ...(along && { along: toBinary(AlongResponseSchema, along) }),
  });
}
