/** Messages whose content travels as objects, between the descriptions of 1.15 and of today: on the wire they are one. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  PullMessagesResponseSchema as CurrentPullResponse,
  type PushMessagesRequest as CurrentPushRequest,
  PushMessagesRequestSchema as CurrentPushSchema,
} from "../../../../proto/gen/current/fleet_pb.ts";
import {
  type PullMessagesResponse,
  PullMessagesResponseSchema,
  type PushMessagesRequest,
} from "../../../../proto/gen/flwr-1.15/fleet_pb.ts";

/** A node's push as today's Fleet API takes it. Content that came along is left out: it counts as its objects say. */
export function pushOfToday({ messagesList, ...request }: PushMessagesRequest): CurrentPushRequest {
  const { node, messageObjectTrees, clientappRuntimeList } = request;
  return create(CurrentPushSchema, {
    ...(node !== undefined && { node: { nodeId: node.nodeId } }),
    messagesList: messagesList.map(({ metadata, content, error }) => ({
      ...(metadata !== undefined && { metadata }),
      ...(content !== undefined && { content: {} }),
      ...(error !== undefined && { error }),
    })),
    messageObjectTrees,
    clientappRuntimeList,
  });
}

/** The answer of today's Fleet API to a pull, as it leaves. */
export function pulledToday(
  response: MessageInitShape<typeof CurrentPullResponse>,
): PullMessagesResponse {
  const { messagesList, messageObjectTrees } = create(CurrentPullResponse, response);
  return create(PullMessagesResponseSchema, {
    messagesList: messagesList.map(({ metadata, error }) => ({
      ...(metadata !== undefined && { metadata }),
      ...(error === undefined ? { content: {} } : { error }),
    })),
    messageObjectTrees,
  });
}
