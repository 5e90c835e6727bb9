import type { RunId } from "../../../entities/metadata.ts";
import type { Clock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { load } from "../../../base/load.ts";
import type { Random } from "../../../base/random.ts";
import { parseAddress } from "../../../rpc/address.ts";
import type { Transport } from "../../../rpc/call.ts";
import type { ChannelOptions } from "../../../rpc/channel.ts";
import type { NodeIdentity } from "../../../rpc/dialects/flwr-1.9/client/credentials.ts";
import type { Probe } from "../../../rpc/probe.ts";
import { probeWire } from "../../../rpc/probe_wire.ts";
import { type Retry, type RetryPolicy, withRetries } from "../../../rpc/retry.ts";
import type { Dialect } from "./negotiated_connection.ts";

/** Options for every dialect. */
export interface DialectOptions extends Pick<ChannelOptions, "address" | "tls"> {
  readonly retry: RetryPolicy;
  readonly identity: NodeIdentity | undefined;
  /** The node's name from `--name`. */
  readonly name: string | undefined;
  /** Whether the node was started with an app of its own. */
  readonly hasOwnApp: boolean;
  readonly onRetry: (retry: Retry) => void;
  /** Called with a run that has begun: its instructions may follow soon. */
  readonly onRunBegun?: (runId: RunId) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Returns the dialects to try at an address, the newest first. The transport is probed before the first call; the
 * generation of gRPC only shows in its answer. Only the modules of that transport are loaded.
 *
 * @param signal stops waiting for a SuperLink that does not answer
 * @throws FlwrError "unavailable" when nothing answers within the retry policy; "failed-precondition" when the address is
 *   not a SuperLink's, or the SuperLink cannot present the key of --auth-superlink-public-key
 */
export async function dialectsAt(
  options: DialectOptions,
  signal: AbortSignal,
): Promise<readonly Dialect[]> {
  const { retry: policy, identity, clock, random, onRetry } = options;
  // HTTP is the more likely one, so it is loaded while the port is probed.
  const http = load<typeof import("./http_dialect.ts")>(
    new URL("./http_dialect.ts", import.meta.url),
  );
  const transport = await withRetries(() => wireAt(options), {
    policy,
    clock,
    random,
    onRetry,
    signal,
  });
  const pinned = identity?.superLinkKey !== undefined;
  if (transport === "http") {
    if (pinned) throw noKeyOverHttp(options);
    return [(await http).currentHttp(options)];
  }
  const { currentGrpc, flwr115, flwr19 } = await load<typeof import("./grpc_dialects.ts")>(
    new URL("./grpc_dialects.ts", import.meta.url),
  );
  // On the current wire a SuperLink has no key; only TLS authenticates it.
  return pinned ? [flwr19(options)] : [currentGrpc(options), flwr115(options), flwr19(options)];
}

async function wireAt({ address, tls, clock }: DialectOptions): Promise<Transport> {
  const parsed = parseAddress(address);
  const wire = await probeWire(parsed, tls);
  if (wire === "http" || wire === "grpc") return wire;
  const [{ probe }, { connectionProblem }] = await Promise.all([
    load<typeof import("../../../rpc/probe.ts")>(new URL("../../../rpc/probe.ts", import.meta.url)),
    load<typeof import("../../../rpc/connection_problem.ts")>(
      new URL("../../../rpc/connection_problem.ts", import.meta.url),
    ),
  ]);
  const found = await probe(parsed, tls);
  const target = { address: parsed, tls };
  // The transport is not the problem then, but e.g. TLS on one side only.
  throw connectionProblem(target, transportOf(found), "", found, clock.now());
}

function transportOf(found: Probe): Transport {
  if (found.kind === "tls") return found.http2 ? "grpc" : "http";
  return found.kind === "plain" && found.protocol === "http2" ? "grpc" : "http";
}

function noKeyOverHttp({ address }: DialectOptions): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `"${address}" speaks HTTP, where a SuperLink has no key to compare with --auth-superlink-public-key`,
    {
      hints: [
        "Give the address of its gRPC Fleet API, port 9092",
        "Or remove the flag: --root-certificates still verifies the SuperLink's certificate",
      ],
    },
  );
}
