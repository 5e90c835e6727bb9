import { FlwrError } from "../../../base/error.ts";
import { log } from "../../../base/log.ts";
import { Runtime } from "../../../proto/gen/current/runtime_pb.ts";
import { formatAddress, parseAddress } from "../../../rpc/address.ts";
import {
  runtimeRequestBytes,
  runtimeRequestUnits,
} from "../../../rpc/dialects/current/server/task_policy.ts";
import { runtimeHandlers } from "../../../rpc/dialects/current/server/runtime_service.ts";
import {
  type Executors,
  taskAuthentication,
} from "../../../rpc/dialects/current/server/task_authentication.ts";
import { startHttpServer } from "../../../rpc/http/server.ts";
import type { RpcServer, ServerCertificate } from "../../../rpc/server.ts";
import { bindService } from "../../../rpc/service.ts";
import type { TaskBackend } from "./task_backend.ts";

/** Seconds in which open calls of Python apps may end when the node stops. */
const CLOSE_SECONDS = 3;

/** Options of {@link RuntimeApi}. */
export interface RuntimeApiOptions {
  readonly host: string;
  readonly port: number;
  /** Whether another port may be used if that one is taken, because no other program connects to it. */
  readonly anyPort: boolean;
  /** Undefined: plain text. */
  readonly tls?: ServerCertificate;
  /** Programs that may acquire tasks, besides the processes that the node itself starts. */
  readonly executors: Executors;
  readonly backend: TaskBackend;
}

const WILDCARDS = new Map([["0.0.0.0", "127.0.0.1"], ["::", "::1"]]);

/** The SuperNode's own Runtime API, which Python ClientApps call. */
export class RuntimeApi implements AsyncDisposable {
  readonly #options: RuntimeApiOptions;
  #server: Promise<RpcServer> | undefined;

  constructor(options: RuntimeApiOptions) {
    this.#options = options;
  }

  /**
   * Opens the API, if it is not open.
   *
   * @returns "host:port" for processes on this machine
   * @throws FlwrError "unavailable" when the address cannot be listened on
   */
  async open(): Promise<string> {
    this.#server ??= this.#start();
    const { host, port } = parseAddress((await this.#server).address);
    return formatAddress({ host: WILDCARDS.get(host) ?? host, port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = await this.#server?.catch(() => undefined);
    await server?.close(CLOSE_SECONDS);
  }

  async #start(): Promise<RpcServer> {
    const { port, anyPort } = this.#options;
    const server = await this.#listen(port).catch((error) => {
      if (!anyPort || FlwrError.from(error).code !== "unavailable") throw error;
      return this.#listen(0);
    });
    log("supernode").info("Runtime API for Python ClientApps on {address}", {
      address: server.address,
    });
    return server;
  }

  #listen(port: number): Promise<RpcServer> {
    const { host, tls, executors, backend } = this.#options;
    const binding = bindService(Runtime, {
      ...taskAuthentication({ backend, executors }),
      handlers: runtimeHandlers(backend),
      maxRequestBytes: runtimeRequestBytes,
      maxRequestUnits: runtimeRequestUnits,
    });
    return startHttpServer({
      address: formatAddress({ host, port }),
      ...(tls === undefined ? {} : { tls }),
      services: [{ prefix: "/v1/runtime", binding }],
    });
  }
}
