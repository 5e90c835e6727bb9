import { type Command, Option } from "commander";
import { FlwrError } from "../base/error.ts";

/** A flag that Flower's own command has and ours does not need. It is not shown in the help. */
export interface ForeignOption {
  /** As commander reads it: "--rest", "--fab-id <id>". */
  readonly flags: string;
  /**
   * Why the flag cannot be followed, and what to do instead; undefined when what it asks for is what we do anyway.
   *
   * @param value the flag's value; "" for a flag without one
   */
  refusal(value: string): { reason: string; hint: string } | undefined;
}

/** Makes a command understand flags of Flower's own one: a refused one ends it with a sentence. */
export function addForeignOptions(command: Command, options: readonly ForeignOption[]): Command {
  for (const { flags, refusal } of options) {
    const option = new Option(flags).hideHelp();
    command.addOption(option);
    command.on(`option:${option.name()}`, (value: string | undefined) => {
      const refused = refusal(value ?? "");
      if (refused === undefined) return;
      const shown = value === undefined ? option.long : `${option.long} "${value}"`;
      throw new FlwrError("unimplemented", `${shown} is not supported: ${refused.reason}`, {
        hints: [refused.hint],
      });
    });
  }
  return command;
}

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

const NO_BUNDLES = {
  reason: "apps are not installed as bundles (FAB), they are loaded from their folder",
  hint: "Leave the flag out, and name the folder with --dir",
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

/** Flags of `flower-server-app` 1.9. */
export const RUN_FOREIGN: readonly ForeignOption[] = [
  { flags: "--fab-id <id>", refusal: () => NO_BUNDLES },
  { flags: "--fab-version <version>", refusal: () => NO_BUNDLES },
];
