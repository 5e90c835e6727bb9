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
import type { RpcServer, ServerTls } from "../../../rpc/server.ts";
import { bindService } from "../../../rpc/service.ts";
import type { TaskBackend } from "./task_backend.ts";

/** Seconds that open calls of Python apps may take when the node ends. */
const CLOSE_SECONDS = 3;

/** Where a SuperNode's own Runtime API is. */
export interface RuntimeApiOptions {
  readonly host: string;
  readonly port: number;
  /** Whether another port will do when that one is taken: nobody from elsewhere looks for it. */
  readonly anyPort: boolean;
  /** Without it the API speaks plain text, on loopback. */
  readonly tls?: ServerTls;
  /** Who may take on tasks beside the processes that the node starts itself. */
  readonly executors: Executors;
  readonly backend: TaskBackend;
}

const WILDCARDS = new Map([["0.0.0.0", "127.0.0.1"], ["::", "::1"]]);

/** The Runtime API by which Python ClientApps speak to their SuperNode. It is opened when the first one needs it. */
export class RuntimeApi implements AsyncDisposable {
  readonly #options: RuntimeApiOptions;
  #server: Promise<RpcServer> | undefined;

  constructor(options: RuntimeApiOptions) {
    this.#options = options;
  }

  /**
   * Opens the API, if it is not open.
   *
   * @returns "host:port" by which a process on this machine reaches it
   * @throws FlwrError "unavailable" when it cannot be listened on
   */
  async open(): Promise<string> {
    this.#server ??= this.#start();
    const { host, port } = parseAddress((await this.#server).address);
    return formatAddress({ host: WILDCARDS.get(host) ?? host, port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = await this.#server?.catch(() => undefined); // one that never opened is closed
    await server?.close(CLOSE_SECONDS);
  }

  async #start(): Promise<RpcServer> {
    const { port, anyPort } = this.#options;
    const server = await this.#listen(port).catch((error) => {
      if (!anyPort || FlwrError.from(error).code !== "unavailable") throw error;
      return this.#listen(0);
    });
    log("supernode").info("Python ClientApps are served at {address}", {
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
