import { FlwrError } from "../../base/error.ts";
import { isLoopback, parseAddress } from "../../rpc/address.ts";
import type { CallHead } from "../../rpc/call.ts";
import type { FileDownload } from "../../rpc/http/download.ts";
import type { ServiceBinding } from "../../rpc/service.ts";

/** An API that other machines may not call unless its owner lets them. */
export interface GuardedApi {
  /** For the sentence: "control". */
  readonly name: string;
  /** Whether the owner lets other machines call it. */
  readonly allowRemote: boolean;
  /** Why it is guarded, to follow "as". */
  readonly danger: string;
  /** The SuperLink's flag that lets them. */
  readonly flag: string;
}

/**
 * A service that answers calls of this machine alone, unless others are allowed; they are refused by their address,
 * before a byte is read, with words that name the flag. A proxy on this machine lets everyone in who reaches it. (Web
 * pages that a browser on this machine shows are refused by the HTTP server.)
 *
 * @param ownHosts the addresses of this machine
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

/** Files for those who may call an API: see {@link guardApi}. */
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
  { peer }: CallHead,
  { name, danger, flag }: GuardedApi,
  ownHosts: () => ReadonlySet<string>,
): void {
  const host = parseAddress(peer, { allowZero: true }).host.replace(/^::ffff:(?=\d+\.)/i, "");
  if (isLoopback(host) || ownHosts().has(host)) return;
  throw new FlwrError(
    "permission-denied",
    `This SuperLink's ${name} API answers calls from its own machine only, as ${danger}: ` +
      `your address is ${host}. ` +
      `If the network is trusted, start the SuperLink with ${flag}`,
  );
}

/** Whoever calls from one of these is on this machine: nobody else can complete a connection in its name. */
function hostsOfThisMachine(): ReadonlySet<string> {
  return new Set(Deno.networkInterfaces().map(({ address }) => address));
}
