import type { DescMethod, DescService } from "@bufbuild/protobuf";

/** The paths of a service's methods start so: "/v1/fleet" for flwr.proto.Fleet. */
export function apiPrefix(service: DescService): string {
  return `/v1/${service.name.toLowerCase()}`;
}

/** The last part of a method's path: "pull-messages" for PullMessages. */
export function kebabName(method: DescMethod): string {
  return method.name.replaceAll(/([a-z])([A-Z])/g, "$1-$2").toLowerCase();
}

/** The path by which HTTP calls a method, "/v1/fleet/pull-messages". */
export function httpPath(method: DescMethod): string {
  return `${apiPrefix(method.parent)}/${kebabName(method)}`;
}

/** The path of a request's target, without what follows "?". */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}
