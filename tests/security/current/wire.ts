import { Buffer } from "node:buffer";
import { request as httpsRequest } from "node:https";
import type { IncomingMessage } from "node:http";
import { create, type DescMethod, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { parseAddress } from "../../../rpc/address.ts";
import type { Transport } from "../../../rpc/call.ts";
import { httpPath } from "../../../rpc/http/path.ts";
import { PROTOBUF } from "../../../rpc/http/media_type.ts";
import { methodPath } from "../../../rpc/service.ts";
import type { RawHeaders } from "./credentials.ts";

/** Outcome of a request whose connection the server closed before it was complete. */
export const CUT_OFF = "cut off";

/** Timeout of a call without a response, in milliseconds. */
const CALL_MS = 30_000;

/** A client that sends any bytes and any headers, also repeated ones. */
export interface RawWire extends Disposable {
  /**
   * Makes one call.
   *
   * @returns over HTTP the status with Flower's number, if any ("412/2001"); over gRPC the name of the status
   */
  outcome(method: DescMethod, body: Uint8Array, headers: RawHeaders): Promise<string>;
}

/** Creates a raw client of a server with TLS. @param authority in PEM */
export function openWire(transport: Transport, address: string, authority: string): RawWire {
  return transport === "http" ? httpWire(address, authority) : grpcWire(address, authority);
}

/** Encodes a request. */
export function bytesOf<M extends DescMethod>(
  method: M,
  request: MessageInitShape<M["input"]>,
): Uint8Array {
  return toBinary(method.input, create(method.input, request));
}

function httpWire(address: string, ca: string): RawWire {
  const { host, port } = parseAddress(address);
  return {
    async outcome(method, body, headers) {
      const lines: Record<string, string | string[]> = {
        "content-type": PROTOBUF,
        "content-length": String(body.length),
        connection: "close",
      };
      for (const [name, value] of headers) {
        const text = typeof value === "string" ? value : value.toBase64();
        const before = lines[name];
        lines[name] = before === undefined ? text : [before, text].flat();
      }
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage | undefined>();
      const options = { host, port, ca, path: httpPath(method), method: "POST", headers: lines };
      httpsRequest({ ...options, timeout: CALL_MS }, resolve)
        .on("error", (error: Error & { code?: string }) => {
          if (["EPIPE", "ECONNRESET"].includes(error.code ?? "")) resolve(undefined);
          else reject(error);
        })
        .end(Buffer.from(body));
      const answer = await promise;
      if (answer === undefined) return CUT_OFF;
      let text = "";
      for await (const part of answer) text += String(part);
      const type = answer.headers["content-type"];
      const { code } = type === "application/json" ? JSON.parse(text) : { code: undefined };
      return code === undefined ? `${answer.statusCode}` : `${answer.statusCode}/${code}`;
    },
    [Symbol.dispose]() {},
  };
}

function grpcWire(address: string, authority: string): RawWire {
  const client = new Client(address, credentials.createSsl(Buffer.from(authority)), {
    "grpc.ssl_target_name_override": "localhost",
    "grpc.enable_retries": 0,
  });
  const same = (bytes: Buffer) => bytes;
  return {
    outcome(method, body, headers) {
      const metadata = new Metadata();
      for (const [name, value] of headers) {
        if (typeof value === "string") metadata.add(name, value);
        else metadata.add(`${name}-bin`, Buffer.from(value));
      }
      const { promise, resolve } = Promise.withResolvers<string>();
      const deadline = Date.now() + CALL_MS;
      const done = (error: ServiceError | null) => resolve(status[error?.code ?? status.OK]!);
      const path = methodPath(method);
      if (method.methodKind === "server_streaming") {
        client.makeServerStreamRequest(path, same, same, Buffer.from(body), metadata, { deadline })
          .on("data", () => {}).on("error", done).on("end", () => done(null));
      } else {
        client.makeUnaryRequest(path, same, same, Buffer.from(body), metadata, { deadline }, done);
      }
      return promise;
    },
    [Symbol.dispose]: () => client.close(),
  };
}
