import type { Channel, ChannelOptions } from "../channel.ts";
import { TransportChannel } from "../transport_channel.ts";
import { GrpcTransport } from "./grpc_transport.ts";

/** Opens a gRPC channel. @throws FlwrError "invalid-argument" for a malformed address or root certificates */
export function openChannel(options: ChannelOptions): Channel {
  return new TransportChannel(new GrpcTransport(options), options);
}
