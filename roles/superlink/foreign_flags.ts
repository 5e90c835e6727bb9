import type { ForeignOption } from "../flags/foreign_options.ts";

const NO_REST = {
  reason: "Flower 1.9's REST transport is not served here, gRPC is",
  hint: "Leave the flag out on both ends",
};

const NO_ADAPTER = {
  reason: "calls wrapped in Flower's gRPC adapter are not served",
  hint: "Leave the flag out on both ends",
};

const ONE_PORT = {
  reason: "apps connect to --host and --port, as in today's Flower",
  hint: "Leave the flag out, or give its address by --host and --port",
};

const ONE_CERTIFICATE = {
  reason: "all APIs have the one certificate of the --ssl-… files",
  hint: "Leave the flag out",
};

/** Flags of `flower-superlink`, 1.9 and today's. */
export const SUPERLINK_FOREIGN: readonly ForeignOption[] = [
  {
    flags: "--fleet-api-type <type>",
    refusal: (type) => {
      if (type === "grpc-rere") return undefined;
      return type === "grpc-adapter" ? NO_ADAPTER : NO_REST;
    },
  },
  {
    // Apps install nothing here unless that is allowed.
    flags: "--disable-runtime-dependency-installation",
    refusal: () => undefined,
  },
  {
    flags: "--simulation",
    refusal: () => ({
      reason: "this SuperLink runs no nodes itself",
      hint: "Start SuperNodes on this machine: flwr supernode, as many as are needed",
    }),
  },
  { flags: "--serverappio-api-address <address>", refusal: () => ONE_PORT },
  { flags: "--exec-api-address <address>", refusal: () => ONE_PORT },
  { flags: "--appio-ssl-certfile <file>", refusal: () => ONE_CERTIFICATE },
  { flags: "--appio-ssl-keyfile <file>", refusal: () => ONE_CERTIFICATE },
  { flags: "--appio-ssl-ca-certfile <file>", refusal: () => ONE_CERTIFICATE },
  {
    // Flower itself looks at it only when it serves REST.
    flags: "--fleet-api-num-workers <n>",
    refusal: () => undefined,
  },
];
