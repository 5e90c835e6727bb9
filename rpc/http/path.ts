import type { DescMethod, DescService } from "@bufbuild/protobuf";

/** The path prefix of a service's methods: "/v1/fleet" for flwr.proto.Fleet. */
export function apiPrefix(service: DescService): string {
  return `/v1/${service.name.toLowerCase()}`;
}

/** The last part of a method's path: "pull-messages" for PullMessages. */
export function kebabName(method: DescMethod): string {
  return method.name.replaceAll(/([a-z])([A-Z])/g, "$1-$2").toLowerCase();
}

/** The path of a method over HTTP, "/v1/fleet/pull-messages". */
export function httpPath(method: DescMethod): string {
  return `${apiPrefix(method.parent)}/${kebabName(method)}`;
}

/** The path of a request's URL as it was sent, without the query. It is meaningful only for a URL with a valid host. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  if (start < 0) return "";
  const query = url.indexOf("?", start);
  return query < 0 ? url.slice(start) : url.slice(start, query);
}
