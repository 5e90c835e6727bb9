import { CurrentFleetConnection } from "../../../rpc/dialects/current/client/fleet_connection.ts";
import { openHttpChannel } from "../../../rpc/http/channel.ts";
import type { DialectOptions } from "./dialects.ts";
import type { Dialect } from "./negotiated_connection.ts";

/** The dialect of Flower since 1.40. */
export function currentHttp(options: DialectOptions): Dialect {
  return {
    name: "Flower's current wire over HTTP",
    wire: "current-http",
    open: (onRetry) => {
      const channel = openHttpChannel({ ...options, onRetry });
      return new CurrentFleetConnection({ ...options, channel, key: options.identity?.key });
    },
  };
}
