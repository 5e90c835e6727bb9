import { FlwrError } from "../../base/error.ts";
import { isLoopback, parseAddress } from "../../rpc/address.ts";
import type { CallHead } from "../../rpc/call.ts";
import type { FileDownload } from "../../rpc/http/download.ts";
import type { ServiceBinding } from "../../rpc/service.ts";

/** An API that other machines may call only if its owner allows that. */
export interface GuardedApi {
  /** The API's name in errors: "control". */
  readonly name: string;
  /** Whether other machines may call it. */
  readonly allowRemote: boolean;
  /** Why it is guarded, for errors: a clause after "because". */
  readonly danger: string;
  /** The SuperLink's flag that allows remote calls. */
  readonly flag: string;
}

/**
 * Restricts a service to callers on this machine, unless remote calls are allowed. Others are refused by their address,
 * before the request's body is read, with an error that names the flag. A proxy on this machine that is not trusted gives
 * access to everyone who reaches it. (The HTTP server refuses web pages that a browser on this machine shows.)
 *
 * @param ownHosts returns the addresses of this machine
 */
export function guardApi(
  binding: ServiceBinding,
  api: GuardedApi,
  ownHosts: () => ReadonlySet<string> = hostsOfThisMachine,
): ServiceBinding {
  const methods = binding.methods.map((method) => ({
    ...method,
    admit: async (call: CallHead) => {
      if (!api.allowRemote) refuseOthers(call, api, ownHosts);
      return await method.admit?.(call);
    },
  }));
  return { ...binding, methods };
}

/** Restricts a download like {@link guardApi}. */
export function guardDownload(
  download: FileDownload,
  api: GuardedApi,
  ownHosts: () => ReadonlySet<string> = hostsOfThisMachine,
): FileDownload {
  return {
    prefix: download.prefix,
    open: async (path, call) => {
      if (!api.allowRemote) refuseOthers(call, api, ownHosts);
      return await download.open(path, call);
    },
  };
}

function refuseOthers(
  { peer, proxy }: CallHead,
  { name, danger, flag }: GuardedApi,
  ownHosts: () => ReadonlySet<string>,
): void {
  const host = hostOf(peer);
  const isLocal = (host: string) => isLoopback(host) || ownHosts().has(host);
  // A proxy on another machine may have been called from that machine's loopback interface.
  if (isLocal(host) && (proxy === undefined || isLocal(hostOf(proxy)))) return;
  throw new FlwrError(
    "permission-denied",
    `This SuperLink's ${name} API only answers calls from its own machine, because ${danger}. ` +
      `Your address is ${host}. ` +
      `If the network is trusted, start the SuperLink with ${flag}`,
  );
}

function hostOf(peer: string): string {
  return parseAddress(peer, { allowZero: true }).host.replace(/^::ffff:(?=\d+\.)/i, "");
}

/** Addresses of this machine. A caller with one of them is local: nobody else can complete a TCP connection from it. */
function hostsOfThisMachine(): ReadonlySet<string> {
  return new Set(Deno.networkInterfaces().map(({ address }) => address));
}
