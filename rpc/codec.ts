import { Buffer } from "node:buffer";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";

/** A request as it arrived: the bytes stay beside the message because 1.9's authentication signs (nearly) them. */
export interface RawRequest<I extends DescMessage = DescMessage> {
  readonly bytes: Uint8Array;
  /** Absent when the bytes are no such message. */
  readonly message?: MessageShape<I>;
  /** Why they are not. */
  readonly error?: unknown;
}

/**
 * A deserialiser that never throws: grpc-js would answer with words of its own.
 * The `bytes` fields of the message are views of the received bytes, not copies.
 */
export function requestDecoder(schema: DescMessage): (bytes: Uint8Array) => RawRequest {
  return (bytes) => {
    try {
      return { bytes, message: fromBinary(schema, bytes) };
    } catch (error) {
      return { bytes, error };
    }
  };
}

/** Encodes a message, or what it can be made from, into the kind of bytes that grpc-js wants. */
export function encode<M extends DescMessage>(schema: M, message: MessageInitShape<M>): Buffer {
  return asBuffer(toBinary(schema, create(schema, message)));
}

/** The same bytes as a Buffer, not copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
