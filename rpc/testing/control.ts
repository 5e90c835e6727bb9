import { getLogger } from "@logtape/logtape";
import type { DescMethod } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import { Control } from "../../proto/gen/current/control_pb.ts";
import { startHttpServer, type StartHttpServerOptions } from "../http/server.ts";
import { startServer, type StartServerOptions } from "../grpc/server.ts";
import type { RpcServer } from "../server.ts";
import {
  bindService,
  type ServiceBinding,
  type ServiceHandlers,
  type ServiceOptions,
} from "../service.ts";

type Options = Omit<ServiceOptions<typeof Control, string>, "handlers">;

/** The current Control service with the handlers a test needs; the others are "unimplemented". */
export function bindControl(
  handlers: Partial<ServiceHandlers<typeof Control, string>>,
  options: Partial<Options> = {},
): ServiceBinding {
  const refuse = ({ name }: DescMethod) => () => {
    throw new FlwrError("unimplemented", `${name} is not part of this test`);
  };
  const rest = Object.fromEntries(
    Control.methods.map((method) => [method.localName, refuse(method)]),
  );
  return bindService(Control, {
    authenticate: () => Promise.resolve("anyone"),
    ...options,
    handlers: { ...rest, ...handlers } as ServiceHandlers<typeof Control, string>,
  });
}

/** Logger that discards a test server's log. */
export const SILENT = getLogger("silent");

/** Serves the binding over HTTP at /v1/control. */
export function serveHttp(
  binding: ServiceBinding,
  options: Partial<StartHttpServerOptions> = {},
): Promise<RpcServer> {
  const services = [{ prefix: "/v1/control", binding }];
  return startHttpServer({ address: "127.0.0.1:0", services, log: SILENT, ...options });
}

/** Serves the binding over gRPC. */
export function serveGrpc(
  binding: ServiceBinding,
  options: Partial<StartServerOptions> = {},
): Promise<RpcServer> {
  return startServer({ address: "127.0.0.1:0", services: [binding], log: SILENT, ...options });
}
