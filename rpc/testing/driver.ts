import { getLogger } from "@logtape/logtape";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import type { BodyBudgets } from "../body_budgets.ts";
import type { PaceLimits } from "../body_pace.ts";
import { bindService, type ServiceHandlers, type ServiceOptions } from "../service.ts";
import { startServer } from "../grpc/server.ts";
import type { RpcServer, ServerCertificate } from "../server.ts";

type Options = ServiceOptions<typeof Driver, string>;

/** Starts a server for tests of the transport: Flower 1.9's Driver service with the handlers a test needs. */
export function serveDriver(
  handlers: Partial<ServiceHandlers<typeof Driver, string>> = {},
  options: Partial<Omit<Options, "handlers">> & {
    tls?: ServerCertificate;
    address?: string;
    pace?: PaceLimits;
    budgets?: BodyBudgets;
    stopping?: AbortSignal;
  } = {},
): Promise<RpcServer> {
  const { tls, address = "127.0.0.1:0", pace, budgets, stopping, ...rest } = options;
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
    stopping,
  });
}
