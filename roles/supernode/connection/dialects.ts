import type { Clock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import type { Random } from "../../../base/random.ts";
import { parseAddress } from "../../../rpc/address.ts";
import { type ChannelOptions, openChannel } from "../../../rpc/channel.ts";
import { connectionProblem } from "../../../rpc/connection_problem.ts";
import { CurrentFleetConnection } from "../../../rpc/dialects/current/client/fleet_connection.ts";
import type { NodeIdentity } from "../../../rpc/dialects/flwr-1.9/client/credentials.ts";
import { FleetConnection19 } from "../../../rpc/dialects/flwr-1.9/client/fleet_connection.ts";
import { openHttpChannel } from "../../../rpc/http/channel.ts";
import { type Probe, probe } from "../../../rpc/probe.ts";
import { probeWire, type Wire } from "../../../rpc/probe_wire.ts";
import { type Retry, type RetryPolicy, withRetries } from "../../../rpc/retry.ts";
import type { Dialect } from "./negotiated_connection.ts";

/** What a node brings to every dialect. */
export interface DialectOptions extends Pick<ChannelOptions, "address" | "tls"> {
  readonly retry: RetryPolicy;
  readonly identity: NodeIdentity | undefined;
  /** Whether the node was started with an app of its own. */
  readonly hasOwnApp: boolean;
  readonly onRetry: (retry: Retry) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/** What a port turned out to speak. */
type Spoken = Extract<Wire, "http" | "grpc">;

/**
 * The dialects that can be spoken at an address, the newest first: which transport it has shows before a call is made,
 * which generation of gRPC at the first one.
 *
 * @param signal ends the waiting for a SuperLink that is not there
 * @throws FlwrError "unavailable" when nothing answers within the retry policy; "failed-precondition" when what answers
 *   is no SuperLink, or the SuperLink cannot show the key that it is expected to have
 */
export async function dialectsAt(
  options: DialectOptions,
  signal: AbortSignal,
): Promise<readonly Dialect[]> {
  const { retry: policy, identity, clock, random, onRetry } = options;
  const spoken = await withRetries(() => wireAt(options), {
    policy,
    clock,
    random,
    onRetry,
    signal,
  });
  if (identity?.superLinkKey !== undefined) return [pinned(spoken, options)];
  return spoken === "http" ? [currentHttp(options)] : [currentGrpc(options), flwr19(options)];
}

async function wireAt({ address, tls, clock }: DialectOptions): Promise<Spoken> {
  const parsed = parseAddress(address);
  const wire = await probeWire(parsed, tls);
  if (wire === "http" || wire === "grpc") return wire;
  const found = await probe(parsed, tls);
  const target = { address: parsed, tls };
  // Whatever it speaks is right: what is wrong lies elsewhere, as in TLS on one side only.
  throw connectionProblem(target, transportOf(found), "", found, clock.now());
}

function transportOf(found: Probe): Spoken {
  if (found.kind === "tls") return found.http2 ? "grpc" : "http";
  return found.kind === "plain" && found.protocol === "http2" ? "grpc" : "http";
}

function currentHttp(options: DialectOptions): Dialect {
  return {
    name: "Flower's current wire over HTTP",
    open: (onRetry) => {
      const channel = openHttpChannel({ ...options, onRetry });
      return new CurrentFleetConnection({ ...options, channel, key: options.identity?.key });
    },
  };
}

function currentGrpc(options: DialectOptions): Dialect {
  return {
    name: "Flower's current wire over gRPC",
    open: (onRetry) => {
      const channel = openChannel({ ...options, onRetry });
      // One connection carries all calls of a channel: a large model would keep a heartbeat waiting.
      const heartbeats = openChannel({ ...options, onRetry });
      const key = options.identity?.key;
      return new CurrentFleetConnection({ ...options, channel, heartbeats, key });
    },
  };
}

function flwr19(options: DialectOptions): Dialect {
  return {
    name: "Flower 1.9's wire",
    open: (onRetry) => {
      if (options.hasOwnApp) {
        return new FleetConnection19(openChannel({ ...options, onRetry }), options.identity);
      }
      throw new FlwrError(
        "failed-precondition",
        `"${options.address}" does not speak today's Flower, and older ones send no apps`,
        { hints: ["Name the app that this node is to run: flwr supernode client:app"] },
      );
    },
  };
}

/** The only wire on which a SuperLink shows a key of its own; on the others TLS alone vouches for it. */
function pinned(spoken: Spoken, options: DialectOptions): Dialect {
  if (spoken === "grpc") return flwr19(options);
  throw new FlwrError(
    "failed-precondition",
    `"${options.address}" cannot show the key of --auth-superlink-public-key: over HTTP a SuperLink has none`,
    {
      hints: [
        "Give the address of its gRPC Fleet API, port 9092",
        "Or leave the flag out: the certificate that --root-certificates vouches for stays checked",
      ],
    },
  );
}
