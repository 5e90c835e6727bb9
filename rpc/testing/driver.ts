import { getLogger } from "@logtape/logtape";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import type { BodyBudgets } from "../body_budgets.ts";
import type { PaceLimits } from "../body_pace.ts";
import { bindService, type Handlers, type ServiceOptions } from "../service.ts";
import { startServer } from "../grpc/server.ts";
import type { RpcServer, ServerTls } from "../server.ts";

type Options = ServiceOptions<typeof Driver, string>;

/** A server for tests of the transport: 1.9's Driver service, of which a test says only what it needs. */
export function serveDriver(
  handlers: Partial<Handlers<typeof Driver, string>> = {},
  options: Partial<Omit<Options, "handlers">> & {
    tls?: ServerTls;
    address?: string;
    pace?: PaceLimits;
    budgets?: BodyBudgets;
  } = {},
): Promise<RpcServer> {
  const { tls, address = "127.0.0.1:0", pace, budgets, ...rest } = options;
  const service = bindService(Driver, {
    authenticate: () => Promise.resolve("anyone"),
    ...rest,
    handlers: {
      createRun: () => Promise.resolve({ runId: 1n }),
      getNodes: ({ runId }) => Promise.resolve({ nodes: [{ nodeId: runId }] }),
      pushTaskIns: ({ taskInsList }) =>
        Promise.resolve({ taskIds: taskInsList.map(({ groupId }) => groupId) }),
      pullTaskRes: () => Promise.resolve({}),
      ...handlers,
    },
  });
  return startServer({
    address,
    tls,
    pace,
    budgets,
    services: [service],
    log: getLogger("silent"),
  });
}
