import { Buffer } from "node:buffer";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";

/** What gRPC's servers in Python answer to bytes that are no message, and ours as well: INTERNAL, in these words. */
const UNDECODABLE = "Exception deserializing request!";

/** How long an answer may take, in seconds. Calls that may be held are given up earlier, by whoever makes them. */
const ANSWER_SECONDS = 20;

/** Request headers; bytes become base64 over HTTP and "-bin" metadata over gRPC. */
export type Headers = Readonly<Record<string, string | Uint8Array>>;

/**
 * What became of a request: "200", "OK", "INTERNAL"; "held" when it was given up while it waited for work, "undecodable"
 * when it was none.
 */
export interface Outcome {
  readonly status: string;
  readonly body: Uint8Array;
}

/** Statuses that say that a server broke down inside; gRPC's DATA_LOSS would be one, too: nothing is lost here. */
const BREAKDOWNS = new Set(["500", "502", "INTERNAL", "UNKNOWN", "DATA_LOSS"]);

/** Whether a request got an answer that none may get, or none at all. */
export function isBreakdown(status: string): boolean {
  return BREAKDOWNS.has(status) || status.startsWith("no answer");
}

/** A request as bytes. */
export interface RawRequest {
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** After so many seconds without an answer the call is given up, and that is fine; undefined: never. */
  readonly heldAfter?: number;
}

/** Posts to an HTTP API. @param path "/v1/fleet/pull-messages" */
export async function post(address: string, path: string, request: RawRequest): Promise<Outcome> {
  const { headers, body, heldAfter } = request;
  const signal = AbortSignal.timeout(1000 * (heldAfter ?? ANSWER_SECONDS));
  const encoded = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    typeof value === "string" ? value : value.toBase64(),
  ]);
  try {
    const response = await fetch(`http://${address}${path}`, {
      method: "POST",
      headers: { "content-type": "application/protobuf", ...Object.fromEntries(encoded) },
      body: body as Uint8Array<ArrayBuffer>,
      signal,
    });
    return { status: String(response.status), body: await response.bytes() };
  } catch (error) {
    if (signal.aborted && heldAfter !== undefined) {
      return { status: "held", body: new Uint8Array() };
    }
    return { status: `no answer: ${error}`, body: new Uint8Array() };
  }
}

/** A gRPC connection that sends bytes as they are. */
export class RawGrpc implements Disposable {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), { "grpc.enable_retries": 0 });
  }

  /** @param path "/flwr.proto.Fleet/PullMessages" */
  call(path: string, { headers, body, heldAfter }: RawRequest): Promise<Outcome> {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) {
      if (typeof value === "string") metadata.set(name, value);
      else metadata.set(`${name}-bin`, Buffer.from(value));
    }
    const deadline = Date.now() + 1000 * (heldAfter ?? ANSWER_SECONDS);
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Uint8Array) => bytes,
        body,
        metadata,
        { deadline },
        (error: ServiceError | null, answer?: Uint8Array) => {
          const code = error?.code ?? status.OK;
          const isHeld = code === status.DEADLINE_EXCEEDED && heldAfter !== undefined;
          const name = isHeld
            ? "held"
            : error?.details === UNDECODABLE
            ? "undecodable"
            : status[code];
          resolve({ status: name, body: answer ?? new Uint8Array() });
        },
      );
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
