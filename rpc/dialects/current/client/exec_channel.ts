import type { DescMethod } from "@bufbuild/protobuf";
import { Exec } from "../../../../proto/gen/current/control_pb.ts";
import type { Channel } from "../../../channel.ts";

/**
 * Wraps a channel to a SuperLink of Flower 1.20 or earlier, which serves the Control API as "Exec" with the same
 * messages.
 */
export function execChannel(channel: Channel): Channel {
  return {
    address: channel.address,
    call: (method, request, options) => channel.call(earlier(method), request, options),
    stream: (method, request, options) => channel.stream(earlier(method), request, options),
    close: () => channel.close(),
  };
}

/** The method of the Exec API; the given method if that API lacks it. */
function earlier<M extends DescMethod>(method: M): M {
  const twin = Exec.methods.find(({ name, input, output }) =>
    name === method.name && input === method.input && output === method.output
  );
  return twin as M | undefined ?? method;
}
