import { Buffer } from "node:buffer";
import { request as httpsRequest } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { DescMethod } from "@bufbuild/protobuf";
import { parseAddress } from "../../../rpc/address.ts";
import { httpPath } from "../../../rpc/http/path.ts";
import { PROTOBUF } from "../../../rpc/http/media_type.ts";

/** A whole answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** Calls methods over HTTP with any credentials, and shows the whole answer. */
export class HttpCaller {
  readonly #address: string;
  readonly #authority: string;

  /** @param authority in PEM */
  constructor(address: string, authority: string) {
    this.#address = address;
    this.#authority = authority;
  }

  /** Makes a call. @param credentials the header `authorization`; none by default */
  async call(method: DescMethod, body: Uint8Array, credentials?: string): Promise<HttpAnswer> {
    const { promise, request } = this.#open(method, body.length, credentials);
    request.end(Buffer.from(body));
    const answer = await promise;
    const parts: Uint8Array[] = [];
    for await (const part of answer) parts.push(part);
    return {
      status: answer.statusCode!,
      headers: answer.headers,
      body: new Uint8Array(Buffer.concat(parts)),
    };
  }

  /** Sends the headers of a call, and nothing of its body. @returns the status of the answer */
  async head(method: DescMethod, length: number, credentials?: string): Promise<number> {
    const { promise, request } = this.#open(method, length, credentials);
    request.flushHeaders();
    const { statusCode } = await promise;
    request.destroy();
    return statusCode!;
  }

  #open(method: DescMethod, length: number, credentials: string | undefined) {
    const { host, port } = parseAddress(this.#address);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = httpsRequest({
      host,
      port,
      ca: this.#authority,
      path: httpPath(method),
      method: "POST",
      headers: {
        "content-type": PROTOBUF,
        "content-length": String(length),
        connection: "close",
        ...(credentials !== undefined && { authorization: credentials }),
      },
    }, resolve).on("error", reject);
    return { promise, request };
  }
}
