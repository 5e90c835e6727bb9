import type { ForeignOption } from "../flags/foreign_options.ts";

const RUNTIME_PORT = {
  reason: "ClientApps connect to --host and --port, as in today's Flower",
  hint: "Leave the flag out, or give its address by --host and --port",
};

const RUNTIME_TLS = {
  reason: "Flower has renamed it",
  hint: "Use --ssl-certfile, --ssl-keyfile and --ssl-ca-certfile",
};

const NO_OLD_REST = {
  reason: "Flower 1.9's REST transport is not supported; today's HTTP needs no flag",
  hint: "Leave the flag out on both ends",
};

/** Flags of Flower's own `flower-supernode` and `flower-client-app` (1.9 to today) that are accepted or refused. */
export const SUPERNODE_FOREIGN: readonly ForeignOption[] = [
  { flags: "--rest", refusal: () => NO_OLD_REST },
  // The dialect is negotiated with the SuperLink.
  { flags: "--grpc-rere", refusal: () => undefined },
  {
    flags: "--transport <transport>",
    refusal: (transport) => transport === "grpc-rere" ? undefined : NO_OLD_REST,
  },
  {
    flags: "--flwr-dir <folder>",
    refusal: () => ({
      reason: "apps are installed below Flower's home",
      hint: "Set the environment variable FLWR_HOME instead",
    }),
  },
  { flags: "--clientappio-api-address <address>", refusal: () => RUNTIME_PORT },
  { flags: "--appio-ssl-certfile <file>", refusal: () => RUNTIME_TLS },
  { flags: "--appio-ssl-keyfile <file>", refusal: () => RUNTIME_TLS },
  { flags: "--appio-ssl-ca-certfile <file>", refusal: () => RUNTIME_TLS },
];
