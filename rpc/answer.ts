import type { Logger } from "@logtape/logtape";
import type { DescMessage, Message, MessageInitShape } from "@bufbuild/protobuf";
import { FlwrError } from "../base/error.ts";
import { causedBy } from "../base/log_limiter.ts";
import { hostOfPeer } from "./address.ts";
import type { Call, OpenCall } from "./call.ts";
import { ApiError } from "./api_error.ts";
import { decodeRequest, encode, encodeInParts } from "./codec.ts";
import { DECODED_BYTES_PER_TURN, decodeInTurns } from "./decode_in_turns.ts";
import { RequestFault } from "./request_fault.ts";
import type { BoundMethod } from "./service.ts";
import { type Entry, foundBy } from "./shared_path.ts";

/** Thrown for bytes that are no message of the expected type; each transport has words of its own for it. */
export class UndecodableRequest extends RequestFault {
  override readonly name = "UndecodableRequest";
}

/** What a message is made from. */
type Initial = MessageInitShape<DescMessage>;

/**
 * Answers a call of a unary method: prove → decode → authenticate → handle → encode.
 *
 * @param entry what let the call in by its headers, where that was asked before its request was read
 * @throws UndecodableRequest, or what the service throws
 */
export async function answerUnary(
  method: BoundMethod,
  bytes: Uint8Array,
  call: OpenCall,
  entry?: Entry,
): Promise<Uint8Array> {
  return encode(method.desc.output, await responseTo(method, bytes, call, entry));
}

/** As {@link answerUnary}, with the answer's bytes in parts, of which a large one is not copied. */
export async function answerInParts(
  method: BoundMethod,
  bytes: Uint8Array,
  call: OpenCall,
  entry?: Entry,
): Promise<Uint8Array[]> {
  return encodeInParts(method.desc.output, await responseTo(method, bytes, call, entry));
}

async function responseTo(
  method: BoundMethod,
  bytes: Uint8Array,
  call: OpenCall,
  entry: Entry | undefined,
): Promise<Initial> {
  const [request, known] = await identify(method, bytes, call, entry);
  return await (method.handle(request, known) as Promise<Initial>);
}

/** Answers a call of a server-streaming method. Ends the handler's iteration when the caller is gone. */
export async function* answerStream(
  method: BoundMethod,
  bytes: Uint8Array,
  call: OpenCall,
  entry?: Entry,
): AsyncGenerator<Uint8Array, void, void> {
  const [request, known] = await identify(method, bytes, call, entry);
  const responses = method.handle(request, known) as AsyncIterable<Initial>;
  for await (const response of responses) yield encode(method.desc.output, response);
}

async function identify(
  method: BoundMethod,
  bytes: Uint8Array,
  call: OpenCall,
  entry: Entry | undefined,
): Promise<[Message, Call<unknown>]> {
  const { desc, prove, authenticate } = method;
  const admitted = await foundBy(method, call, entry);
  const maxRequestBytes = method.maxRequestBytes(admitted);
  // To decode takes many times the memory, so it is not left to the handler.
  if (bytes.length > maxRequestBytes) {
    throw new FlwrError(
      "resource-exhausted",
      `The request is larger than ${maxRequestBytes} bytes: ${bytes.length}`,
    );
  }
  const found = prove === undefined ? admitted : await prove(call, desc, bytes, admitted);
  let request: Message;
  try {
    const most = method.maxRequestUnits;
    request = bytes.length > DECODED_BYTES_PER_TURN
      ? await decodeInTurns(desc.input, bytes, most)
      : decodeRequest(desc.input, bytes, most);
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw new UndecodableRequest(`Not a ${desc.input.typeName}`, { cause });
  }
  const caller = await authenticate(call, desc, bytes, request, found);
  call.onIdentified?.(caller);
  return [request, Object.assign(call, { caller })];
}

/** Logs how a call ended: what its caller is not told of as an error, the rest for debugging. */
export function logOutcome(log: Logger, call: OpenCall, error?: unknown): void {
  const { method, peer } = call;
  const known = "caller" in call && call.caller !== undefined;
  const cause = known ? {} : causedBy("refused calls", hostOfPeer(peer));
  if (error === undefined) return log.debug("{method} from {peer}", { method, peer, ...cause });
  if (error instanceof UndecodableRequest) {
    const { cause: fault } = error;
    return log.debug("{method} from {peer} cannot be decoded: {fault}", {
      method,
      peer,
      fault,
      ...cause,
    });
  }
  const told = error instanceof RequestFault ||
    error instanceof FlwrError && error.code !== "internal";
  if (told) {
    return log.debug("{method} from {peer} is refused: {message}", {
      method,
      peer,
      message: error.message,
      ...cause,
    });
  }
  log.error("{method} from {peer} failed: {error}", {
    method,
    peer,
    error,
    ...causedBy("failed calls", hostOfPeer(peer)),
  });
}
