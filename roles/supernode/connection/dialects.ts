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

/** What a node brings to every dialect. */
export interface DialectOptions extends Pick<ChannelOptions, "address" | "tls"> {
  readonly retry: RetryPolicy;
  readonly identity: NodeIdentity | undefined;
  /** What the node calls itself. */
  readonly name: string | undefined;
  /** Whether the node was started with an app of its own. */
  readonly hasOwnApp: boolean;
  readonly onRetry: (retry: Retry) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The dialects that can be spoken at an address, the newest first: which transport it has shows before a call is made,
 * which generation of gRPC at the first one. Only what is spoken is loaded.
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
  // The likelier of the two, while the port is looked at.
  const http = load<typeof import("./http_dialect.ts")>(
    new URL("./http_dialect.ts", import.meta.url),
  );
  const spoken = await withRetries(() => wireAt(options), {
    policy,
    clock,
    random,
    onRetry,
    signal,
  });
  const pinned = identity?.superLinkKey !== undefined;
  if (spoken === "http") {
    if (pinned) throw noKeyOverHttp(options);
    return [(await http).currentHttp(options)];
  }
  const { currentGrpc, flwr115, flwr19 } = await load<typeof import("./grpc_dialects.ts")>(
    new URL("./grpc_dialects.ts", import.meta.url),
  );
  // On the current wire a SuperLink has no key to show: TLS alone vouches for it.
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
  // Whatever it speaks is right: what is wrong lies elsewhere, as in TLS on one side only.
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
