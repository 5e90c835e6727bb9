import { Buffer } from "node:buffer";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";

/**
 * Decodes a message. Its `bytes` fields are views of the received bytes, not copies.
 *
 * @throws Error for bytes that are no such message
 */
export function decode<M extends DescMessage>(schema: M, bytes: Uint8Array): MessageShape<M> {
  return fromBinary(schema, bytes);
}

/** Encodes a message, or what it can be made from, into the kind of bytes that grpc-js wants. */
export function encode<M extends DescMessage>(schema: M, message: MessageInitShape<M>): Buffer {
  return asBuffer(toBinary(schema, create(schema, message)));
}

/** The same bytes as a Buffer, not copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
