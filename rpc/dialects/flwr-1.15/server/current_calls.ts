/**
 * Converts messages whose content is sent as objects between the schemas of 1.15 and of current Flower, which are the
 * same on the wire.
 */
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

/**
 * Converts a node's push for the current Fleet API. Omits content in the message itself, because its objects
 * determine it.
 */
export function toCurrentPush(
  { messagesList, ...request }: PushMessagesRequest,
): CurrentPushRequest {
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

/** Converts a node's pull for the current Fleet API. */
export function toCurrentPull(
  { node, messageIds, along }: PullMessagesRequest,
): CurrentPullRequest {
  return create(CurrentPullSchema, {
    ...(node !== undefined && { node: { nodeId: node.nodeId } }),
    messageIds,
    along: alongOf(along),
  });
}

/** Decodes the request's inline objects. @throws FlwrError "invalid-argument" for bytes that are not such a message */
function alongOf(bytes: Uint8Array | undefined): AlongRequest | undefined {
  if (bytes === undefined) return undefined;
  try {
    return decodeRequest(AlongRequestSchema, bytes);
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw new FlwrError("invalid-argument", "The objects sent with the call cannot be read", {
      cause,
    });
  }
}

/** Converts the current Fleet API's response to a push. */
export function fromCurrentPushResponse(
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

/** Converts the current Fleet API's response to a pull. */
export function fromCurrentPullResponse(
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
