import { FlwrError } from "../../../base/error.ts";
import { openChannel } from "../../../rpc/grpc/channel.ts";
import { CurrentFleetConnection } from "../../../rpc/dialects/current/client/fleet_connection.ts";
import { OlderFleetConnection } from "../../../rpc/dialects/flwr-1.15/client/fleet_connection.ts";
import { FleetConnection19 } from "../../../rpc/dialects/flwr-1.9/client/fleet_connection.ts";
import type { DialectOptions } from "./dialects.ts";
import type { Dialect } from "./negotiated_connection.ts";

/** The dialect of Flower 1.23 to 1.39. */
export function currentGrpc(options: DialectOptions): Dialect {
  return {
    name: "Flower's current wire over gRPC",
    wire: "current-grpc",
    open: (onRetry) => {
      const channel = openChannel({ ...options, onRetry });
      // A second connection, because a large model would delay heartbeats on the first.
      const heartbeats = openChannel({ ...options, onRetry });
      const key = options.identity?.key;
      return new CurrentFleetConnection({ ...options, channel, heartbeats, key });
    },
  };
}

/**
 * The dialect of Flower 1.15 to 1.22. Its SuperLinks check the node's key before the method, so they refuse today's join
 * with "unauthenticated".
 */
export function flwr115(options: DialectOptions): Dialect {
  return {
    name: "Flower 1.15's wire",
    wire: "flwr-1.15",
    after: new Set(["unauthenticated"]),
    open: (onRetry) => {
      const channel = openChannel({ ...options, onRetry });
      const heartbeats = openChannel({ ...options, onRetry });
      const key = options.identity?.key;
      return new OlderFleetConnection({ ...options, channel, heartbeats, key });
    },
  };
}

/** The dialect of Flower 1.8 to 1.14. */
export function flwr19(options: DialectOptions): Dialect {
  return {
    name: "Flower 1.9's wire",
    wire: "flwr-1.9",
    open: (onRetry) => {
      if (options.hasOwnApp) {
        const channel = openChannel({ ...options, onRetry });
        return new FleetConnection19(channel, options.identity, options.name, options);
      }
      throw new FlwrError(
        "failed-precondition",
        `"${options.address}" runs an older Flower, which does not send apps`,
        { hints: ["Name the app for this node: flwr supernode client:app"] },
      );
    },
  };
}
