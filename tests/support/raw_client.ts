import { Buffer } from "node:buffer";
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";

/** Seconds after which a call that nobody answers fails. */
const CALL_SECONDS = 30;

/** What came back from a call, or is coming. */
export interface RawAnswer<O extends DescMessage> {
  readonly message: MessageShape<O>;
  /** Initial metadata. */
  readonly metadata: Metadata;
}

/**
 * A gRPC client with nothing around it: no retries, no authentication, no checks. It sends what an attacker could.
 */
export class RawClient implements Disposable {
  readonly #client: Client;

  /**
   * @param address host and port on the loopback interface
   * @param caCertificate path of the CA to trust; without it the connection is plain text
   */
  constructor(address: string, caCertificate?: string) {
    this.#client = new Client(
      address,
      caCertificate === undefined
        ? credentials.createInsecure()
        : credentials.createSsl(Buffer.from(Deno.readFileSync(caCertificate))),
      { "grpc.ssl_target_name_override": "localhost", "grpc.enable_retries": 0 },
    );
  }

  /** Makes one unary call. Rejects with grpc-js' ServiceError, whose `code` and `details` are the status. */
  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RawAnswer<O>> {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return new Promise((resolve, reject) => {
      let initial = new Metadata();
      const call = this.#client.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
        (bytes: Uint8Array) => fromBinary(method.output, bytes),
        create(method.input, request),
        metadata,
        { deadline: Date.now() + CALL_SECONDS * 1000 },
        (error: ServiceError | null, message?: MessageShape<O>) => {
          if (error !== null) reject(error);
          else resolve({ message: message!, metadata: initial });
        },
      );
      call.on("metadata", (received: Metadata) => initial = received);
    });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
