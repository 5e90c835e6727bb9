import type { ForeignOption } from "../../flags/foreign_options.ts";

const NO_BUNDLES = {
  reason: "the app is loaded from its folder, not from an installed bundle (FAB)",
  hint: "Leave the flag out, and set the folder with --dir",
};

/** Flags of Flower's own `flower-server-app` 1.9 and today's `flwr run` that are refused with a reason. */
export const RUN_FOREIGN: readonly ForeignOption[] = [
  { flags: "--fab-id <id>", refusal: () => NO_BUNDLES },
  { flags: "--fab-version <version>", refusal: () => NO_BUNDLES },
  {
    flags: "--federation-config <pairs>",
    refusal: () => ({
      reason: "it configures simulated nodes, which are not supported",
      hint: "Start SuperNodes on this machine: flwr supernode, as many as are needed",
    }),
  },
];
