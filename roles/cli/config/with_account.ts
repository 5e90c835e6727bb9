import { flwrHome } from "../../../fab/home.ts";
import type { Transport } from "../../../rpc/call.ts";
import type { Channel } from "../../../rpc/channel.ts";
import { load } from "../../../base/load.ts";
import { isLocalAddress, type SuperLinkConnection } from "./connection.ts";

/**
 * Returns a function that makes a channel send the tokens of the connection's login, if there is one. Tokens never
 * leave this machine without TLS.
 *
 * @throws FlwrError naming the file with the tokens if that is broken
 */
export async function withAccount(
  { address, insecure, local }: SuperLinkConnection,
): Promise<(channel: Channel, transport: Transport) => Channel> {
  const without = (channel: Channel) => channel;
  if (local !== undefined || (insecure && !isLocalAddress(address))) return without;
  const home = flwrHome();
  const exists = await Deno.stat(`${home}/credentials.yaml`).then(() => true, () => false);
  if (!exists) return without;
  const [{ CredentialsFile }, { AccountChannel }] = await Promise.all([
    load<typeof import("./credentials.ts")>(new URL("./credentials.ts", import.meta.url)),
    load<typeof import("../../../rpc/dialects/current/client/account_channel.ts")>(
      new URL("../../../rpc/dialects/current/client/account_channel.ts", import.meta.url),
    ),
  ]);
  const store = new CredentialsFile(home).of(address);
  const tokens = await store.read();
  if (tokens === undefined) return without;
  return (channel, transport) => new AccountChannel(channel, transport, store, tokens);
}
