import type { Logger } from "@logtape/logtape";
import type { DescMessage, Message, MessageInitShape } from "@bufbuild/protobuf";
import { FlwrError } from "../base/error.ts";
import { causedBy } from "../base/log_limiter.ts";
import { hostOfPeer } from "./address.ts";
import type { AuthenticatedCall, OpenCall } from "./call.ts";
import { ApiError } from "./api_error.ts";
import { decodeRequest, encode, encodeInParts } from "./codec.ts";
import { DECODED_BYTES_PER_TURN, decodeInTurns } from "./decode_in_turns.ts";
import { RequestFault } from "./request_fault.ts";
import type { CallWatch } from "./call_watch.ts";
import type { BoundMethod } from "./service.ts";
import { admitResult, type HeaderAdmission } from "./shared_path.ts";

/** Thrown for bytes that do not decode as the expected message. Each transport has its own text for it. */
export class UndecodableRequest extends RequestFault {
  override readonly name = "UndecodableRequest";
}

/** The fields a message is created from. */
type Initial = MessageInitShape<DescMessage>;

/**
 * Answers a call of a unary method: prove → decode → authenticate → handle → encode.
 *
 * @param admission the admission of the call by its headers, if the transport checked them before reading the request
 * @throws UndecodableRequest, or what the service throws
 */
export async function answerUnary(
  method: BoundMethod,
  bytes: Uint8Array,
  call: OpenCall,
  admission?: HeaderAdmission,
): Promise<Uint8Array> {
  return encode(method.desc.output, await responseTo(method, bytes, call, admission));
}

/** As {@link answerUnary}, but returns the response's bytes in parts, which saves the copy of a large one. */
export async function answerInParts(
  method: BoundMethod,
  bytes: Uint8Array,
  call: OpenCall,
  admission?: HeaderAdmission,
): Promise<Uint8Array[]> {
  return encodeInParts(method.desc.output, await responseTo(method, bytes, call, admission));
}

async function responseTo(
  method: BoundMethod,
  bytes: Uint8Array,
  call: OpenCall,
  admission: HeaderAdmission | undefined,
): Promise<Initial> {
  const [request, known] = await identify(method, bytes, call, admission);
  const end = method.watch && await method.watch.begin(known, request);
  if (end === undefined) return await (method.handle(request, known) as Promise<Initial>);
  try {
    const response = await (method.handle(request, known) as Promise<Initial>);
    end({ response });
    return response;
  } catch (error) {
    end({ error });
    throw error;
  }
}

/** Answers a call of a server-streaming method. Ends the handler's iteration when the caller disconnects. */
export async function* answerStream(
  method: BoundMethod,
  bytes: Uint8Array,
  call: OpenCall,
  admission?: HeaderAdmission,
): AsyncGenerator<Uint8Array, void, void> {
  const [request, known] = await identify(method, bytes, call, admission);
  const end = method.watch && await method.watch.begin(known, request);
  let error: unknown;
  try {
    const responses = method.handle(request, known) as AsyncIterable<Initial>;
    for await (const response of responses) yield encode(method.desc.output, response);
  } catch (cause) {
    error = cause;
    throw cause;
  } finally {
    // Also when the caller stops reading.
    end?.(error === undefined ? { response: undefined } : { error });
  }
}

async function identify(
  method: BoundMethod,
  bytes: Uint8Array,
  call: OpenCall,
  admission: HeaderAdmission | undefined,
): Promise<[Message, AuthenticatedCall<unknown>]> {
  const { desc, prove, authenticate } = method;
  const admitted = await admitResult(method, call, admission);
  const maxRequestBytes = method.maxRequestBytes(admitted);
  // Checked here and not in the handler, because decoding takes many times the memory.
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

/**
 * Logs how a call ended. An internal error, which its caller does not see, is logged as an error; all else is debug
 * output.
 *
 * @param watch told of a call that failed before its caller was identified
 */
export function logOutcome(
  log: Logger,
  call: OpenCall,
  error?: unknown,
  watch?: CallWatch,
): void {
  const { method, peer } = call;
  const known = "caller" in call && call.caller !== undefined;
  // A caller without an account is identified as undefined.
  if (error !== undefined && !("caller" in call)) watch?.refused(call, error);
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
  const isVisibleToCaller = error instanceof RequestFault ||
    error instanceof FlwrError && error.code !== "internal";
  if (isVisibleToCaller) {
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
