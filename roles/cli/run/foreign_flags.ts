import type { ForeignOption } from "../../flags/foreign_options.ts";

const NO_BUNDLES = {
  reason: "apps are not installed as bundles (FAB), they are loaded from their folder",
  hint: "Leave the flag out, and name the folder with --dir",
};

/** Flags of `flower-server-app` 1.9, and of today's `flwr run`. */
export const RUN_FOREIGN: readonly ForeignOption[] = [
  { flags: "--fab-id <id>", refusal: () => NO_BUNDLES },
  { flags: "--fab-version <version>", refusal: () => NO_BUNDLES },
  {
    flags: "--federation-config <pairs>",
    refusal: () => ({
      reason: "it is for simulated nodes, which are not started here",
      hint: "Start SuperNodes on this machine: flwr supernode, as many as are needed",
    }),
  },
];
