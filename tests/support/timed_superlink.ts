import { ExecutorSecret } from "../../auth/executor_secret.ts";
import { RateLimiter } from "../../auth/rate_limiter.ts";
import { FakeClock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { readFab } from "../../fab/read.ts";
import { createLink } from "../../link/create_link.ts";
import type { Link } from "../../link/link.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import { Control } from "../../proto/gen/current/control_pb.ts";
import { Fleet } from "../../proto/gen/current/fleet_pb.ts";
import { Runtime } from "../../proto/gen/current/runtime_pb.ts";
import { controlAuthentication } from "../../rpc/dialects/current/server/control_authentication.ts";
import { controlHandlers } from "../../rpc/dialects/current/server/control_service.ts";
import { currentFleetHandlers } from "../../rpc/dialects/current/server/fleet_service.ts";
import { linkRuntimeBackend } from "../../rpc/dialects/current/server/link_runtime.ts";
import { nodeAuthentication } from "../../rpc/dialects/current/server/node_authentication.ts";
import type { RuntimeBackend } from "../../rpc/dialects/current/server/runtime_backend.ts";
import { runtimeHandlers } from "../../rpc/dialects/current/server/runtime_service.ts";
import { taskAuthentication } from "../../rpc/dialects/current/server/task_authentication.ts";
import { startHttpServer } from "../../rpc/http/server.ts";
import { messageObject } from "../../rpc/objects/message.ts";
import type { RpcServer } from "../../rpc/server.ts";
import { bindService } from "../../rpc/service.ts";

/** How a {@link TimedSuperLink} is made. */
export interface TimedSuperLinkOptions {
  /** Unix time in seconds at which its clock stands. */
  readonly time: number;
  /** Where its ids and tokens come from. */
  readonly random: Random;
  /** The secret of programs that take on tasks; without it, every one of this machine may. */
  readonly secret?: Uint8Array;
}

/** What a recorded request gets back. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: Uint8Array;
}

/**
 * Our SuperLink's HTTP APIs in this process, on a clock that the test moves and with its choice of ids, so that requests
 * which were recorded at another time stay true to the last bit. Pulls are not held: what time would bring, the test does.
 */
export class TimedSuperLink implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly link: Link;
  readonly #server: RpcServer;
  /** What went wrong inside. */
  readonly failures: unknown[];

  private constructor(
    clock: FakeClock,
    link: Link,
    server: RpcServer,
    failures: unknown[],
  ) {
    this.clock = clock;
    this.link = link;
    this.#server = server;
    this.failures = failures;
  }

  static async start({ time, random, secret }: TimedSuperLinkOptions): Promise<TimedSuperLink> {
    const clock = new FakeClock(time);
    const failures: unknown[] = [];
    const link = withoutHolding(
      await createLink({ store: new MemoryStore(), clock, random, messageObject }),
    );
    const backend = linkRuntimeBackend(link, clock);
    const fleet = bindService(Fleet, {
      ...nodeAuthentication({
        link,
        clock,
        joinLimiter: new RateLimiter({ burst: 100, perSecond: 1, clock }),
        onDenied: () => {},
      }),
      handlers: currentFleetHandlers(link, {
        knownKeysOnly: false,
        onError: (error) => failures.push(error),
      }),
    });
    const control = bindService(Control, {
      ...controlAuthentication(),
      handlers: controlHandlers({
        link,
        readFab,
        clock,
        artifactUrl: (runId) => `http://superlink/${runId}`,
      }),
    });
    const runtime = bindService(Runtime, {
      ...taskAuthentication({
        backend,
        executors: secret === undefined ? "this-machine" : new ExecutorSecret(secret, clock),
      }),
      handlers: runtimeHandlers(unlingering(backend)),
    });
    const server = await startHttpServer({
      address: "127.0.0.1:0",
      services: [
        { prefix: "/v1/fleet", binding: fleet },
        { prefix: "/v1/control", binding: control },
        { prefix: "/v1/runtime", binding: runtime },
      ],
    });
    return new TimedSuperLink(clock, link, server, failures);
  }

  /** Makes one call. */
  async call(
    path: string,
    { method = "POST", headers = {}, body }: {
      method?: string;
      headers?: HeadersInit;
      body?: Uint8Array;
    } = {},
  ): Promise<HttpAnswer> {
    const response = await fetch(`http://${this.#server.address}${path}`, {
      method,
      headers,
      body: body as Uint8Array<ArrayBuffer> | undefined,
    });
    const contentType = response.headers.get("content-type");
    return { status: response.status, contentType, body: await response.bytes() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link.close();
    await this.#server.close(1);
  }
}

function withoutHolding(link: Link): Link {
  const { messages, runs } = link;
  const atOnce = { holdSeconds: 0 };
  return {
    ...link,
    runs: { ...runs, claim: (options) => runs.claim({ ...options, ...atOnce }) },
    messages: {
      ...messages,
      pullInstruction: (node, options) => messages.pullInstruction(node, { ...options, ...atOnce }),
      pullReplies: (ids, options) => messages.pullReplies(ids, { ...options, ...atOnce }),
    },
  };
}

function unlingering(backend: RuntimeBackend): RuntimeBackend {
  return {
    ...backend,
    pullMessages: (task, ids, hold) =>
      backend.pullMessages(task, ids, { ...hold, lingerSeconds: 0 }),
  };
}
