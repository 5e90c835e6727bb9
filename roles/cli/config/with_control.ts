import { aborted } from "../../../base/aborted.ts";
import { FlwrError } from "../../../base/error.ts";
import { load } from "../../../base/load.ts";
import { parseAddress } from "../../../rpc/address.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import type { Channel, ChannelOptions } from "../../../rpc/channel.ts";
import { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { execChannel } from "../../../rpc/dialects/current/client/exec_channel.ts";
import { openHttpChannel } from "../../../rpc/http/channel.ts";
import { NO_RETRY } from "../../../rpc/retry.ts";
import type { SuperLinkConnection } from "./connection.ts";
import { tellProblem } from "./tell_problem.ts";

/** Seconds that a command waits for a SuperLink to take its connection. */
const CONNECT_SECONDS = 10;

/** What the Control API is spoken over. */
export type Wire = "http" | "grpc";

/**
 * Works with the Control API of a SuperLink. It is asked over HTTP; one that speaks gRPC alone (Flower's until 1.36)
 * refuses the first call, and the work is begun anew over gRPC, which is loaded only then. One of Flower up to 1.20, which
 * has another name for the API, refuses once more.
 *
 * @param work asks the SuperLink before it does anything else; it is told over what
 * @param signal closes the connection, so that open calls end
 * @throws what the work throws; FlwrErrors of the connection in terms of where that was configured
 */
export async function withControl<T>(
  connection: SuperLinkConnection,
  work: (control: ControlClient, wire: Wire) => Promise<T>,
  signal: AbortSignal = new AbortController().signal,
): Promise<T> {
  const options = await channelOptions(connection);
  const over = (channel: Channel, wire: Wire) => workOver(channel, wire, work, signal);
  try {
    return await over(openHttpChannel(options), "http");
  } catch (error) {
    // The probe ends by itself.
    const speaks = await Promise.race([speaksGrpc(options, error), aborted(signal)]);
    if (speaks !== true || signal.aborted) throw tellProblem(error, connection);
  }
  const { openChannel } = await load<typeof import("../../../rpc/grpc/channel.ts")>(
    new URL("../../../rpc/grpc/channel.ts", import.meta.url),
  );
  try {
    return await over(openChannel(options), "grpc").catch((error) => {
      if (FlwrError.from(error).code !== "unimplemented" || error.cause instanceof ApiError) {
        throw error;
      }
      // Flower up to 1.20 knows it by another name.
      return over(execChannel(openChannel(options)), "grpc");
    });
  } catch (error) {
    throw tellProblem(error, connection);
  }
}

async function workOver<T>(
  channel: Channel,
  wire: Wire,
  work: (control: ControlClient, wire: Wire) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const control = new ControlClient(channel);
  const close = () => control.close();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) close();
  try {
    return await work(control, wire);
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

/** How a SuperLink is reached. A person waits for the answer: nothing is tried twice. */
export async function channelOptions(connection: SuperLinkConnection): Promise<ChannelOptions> {
  const { address } = connection;
  const common = { address, retry: NO_RETRY, connectTimeoutSeconds: CONNECT_SECONDS };
  if (connection.insecure) return { ...common, tls: "insecure" };
  if (connection.rootCertificates === undefined) return { ...common, tls: {} };
  const { readRootCertificates } = await load<typeof import("../../../certs/check.ts")>(
    new URL("../../../certs/check.ts", import.meta.url),
  );
  const rootCertificates = await readRootCertificates({
    file: connection.rootCertificates,
    flag: connection.name === undefined
      ? "--root-certificates"
      : `root-certificates in [superlink.${connection.name}]`,
  });
  return { ...common, tls: { rootCertificates } };
}

async function speaksGrpc({ address, tls }: ChannelOptions, error: unknown): Promise<boolean> {
  if (!(error instanceof FlwrError) || error.cause instanceof ApiError) return false;
  if (error.code !== "failed-precondition" && error.code !== "unavailable") return false;
  const { probeWire } = await load<typeof import("../../../rpc/probe_wire.ts")>(
    new URL("../../../rpc/probe_wire.ts", import.meta.url),
  );
  return await probeWire(parseAddress(address), tls) === "grpc";
}
