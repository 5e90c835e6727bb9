import { constants, type ServerHttp2Stream } from "node:http2";
import type { ServerInterceptingCallInterface } from "@grpc/grpc-js";

/**
 * What grpc-js 1.14 keeps in private fields of a server's call, and of the calls that interceptors lay over it. Where a
 * later version has others, these functions do less, and tests say so.
 */
interface CallFields {
  /** The call below one of an interceptor's. */
  readonly nextCall?: CallFields;
  readonly stream?: ServerHttp2Stream;
  maxReceiveMessageSize?: number;
  readonly decoder?: { maxReadMessageLength?: number };
}

/** The HTTP/2 stream of a call. */
export function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream | undefined {
  return bottomOf(call).stream;
}

/**
 * Bounds the request of one call: a message that announces more is refused before it is read, a compressed one when it
 * becomes larger. grpc-js has an option for all calls of a server alone.
 */
export function limitRequest(call: ServerInterceptingCallInterface, maxBytes: number): void {
  const { decoder } = bottomOf(call);
  if (decoder?.maxReadMessageLength === undefined) return;
  decoder.maxReadMessageLength = maxBytes;
  bottomOf(call).maxReceiveMessageSize = maxBytes;
}

/**
 * Ends the stream of a call that was answered before its request had come whole (RFC 9113, section 8.1). grpc-js would
 * take whatever else the caller sends, for as long as it likes, and keep what came until then.
 */
export function closeUnread(call: ServerInterceptingCallInterface): void {
  const stream = streamOf(call);
  if (stream === undefined || stream.readableEnded) return;
  stream.close(constants.NGHTTP2_NO_ERROR);
}

function bottomOf(call: ServerInterceptingCallInterface): CallFields {
  let fields = call as unknown as CallFields;
  while (fields.nextCall !== undefined) fields = fields.nextCall;
  return fields;
}
