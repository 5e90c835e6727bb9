import type { Channel, ChannelOptions } from "../channel.ts";
import { TransportChannel } from "../transport_channel.ts";
import { HttpTransport } from "./http_transport.ts";

/**
 * Opens a channel to Flower's HTTP APIs: `POST /v1/<api>/<method>`. Its calls share a pool of connections. A long
 * poll takes a connection for itself and delays no other call.
 *
 * @throws FlwrError "invalid-argument" for a malformed address or root certificates
 */
export function openHttpChannel(options: ChannelOptions): Channel {
  return new TransportChannel(new HttpTransport(options), options);
}
