import { aborted } from "../../../base/aborted.ts";
import { FlwrError } from "../../../base/error.ts";
import { load } from "../../../base/load.ts";
import { parseAddress } from "../../../rpc/address.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import type { Transport } from "../../../rpc/call.ts";
import type { Channel, ChannelOptions } from "../../../rpc/channel.ts";
import { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { execChannel } from "../../../rpc/dialects/current/client/exec_channel.ts";
import { openHttpChannel } from "../../../rpc/http/channel.ts";
import { NO_RETRY } from "../../../rpc/retry.ts";
import type { SuperLinkConnection } from "./connection.ts";
import { withAccount } from "./with_account.ts";
import { explainControlError } from "./explain_control_error.ts";

/** Seconds that a command waits for a connection to the SuperLink. */
const CONNECT_SECONDS = 10;

/**
 * Runs some work with the Control API of a SuperLink. The first attempt uses HTTP. If the SuperLink only speaks gRPC
 * (Flower up to 1.36), its first call fails, and the work starts again over gRPC, which is loaded only then. Flower up to
 * 1.20 has another name for the API, so a third attempt uses that.
 *
 * @param work must call the SuperLink before it does anything else, because it may be started again
 * @param signal closes the connection, which ends open calls
 * @throws the error of the work. Errors of the connection name the flag or key that configured it
 */
export async function withControl<T>(
  connection: SuperLinkConnection,
  work: (control: ControlClient, transport: Transport) => Promise<T>,
  signal: AbortSignal = new AbortController().signal,
): Promise<T> {
  const options = await channelOptions(connection);
  const account = await withAccount(connection);
  const over = (channel: Channel, transport: Transport) =>
    workOver(account(channel, transport), transport, work, signal);
  try {
    return await over(openHttpChannel(options), "http");
  } catch (error) {
    // The probe has its own timeout, so nothing needs to end it.
    const speaks = await Promise.race([speaksGrpc(options, error), aborted(signal)]);
    if (speaks !== true || signal.aborted) throw explainControlError(error, connection);
  }
  const { openChannel } = await load<typeof import("../../../rpc/grpc/channel.ts")>(
    new URL("../../../rpc/grpc/channel.ts", import.meta.url),
  );
  try {
    return await over(openChannel(options), "grpc").catch((error) => {
      if (FlwrError.from(error).code !== "unimplemented" || error.cause instanceof ApiError) {
        throw error;
      }
      // Flower up to 1.20 has another name for the API.
      return over(execChannel(openChannel(options)), "grpc");
    });
  } catch (error) {
    throw explainControlError(error, connection);
  }
}

async function workOver<T>(
  channel: Channel,
  transport: Transport,
  work: (control: ControlClient, transport: Transport) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const control = new ControlClient(channel);
  const close = () => control.close();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) close();
  try {
    return await work(control, transport);
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

/** Options of a channel to a SuperLink, without retries, because a person waits for the answer. */
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
