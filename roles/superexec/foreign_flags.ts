import type { ForeignOption } from "../flags/foreign_options.ts";

const NO_OTHER_EXECUTOR = {
  reason: "apps run as processes of this machine",
  hint: "Leave the flag out",
};

/** Flags of Flower's own `flower-superexec` that are accepted or refused with a reason. */
export const SUPEREXEC_FOREIGN: readonly ForeignOption[] = [
  {
    flags: "--appio-api-address <address>",
    refusal: () => ({ reason: "Flower has renamed it", hint: "Use --runtime-api-address" }),
  },
  {
    flags: "--executor <executor>",
    refusal: (executor) => executor === "subprocess" ? undefined : NO_OTHER_EXECUTOR,
  },
  { flags: "--executor-config <config>", refusal: () => NO_OTHER_EXECUTOR },
  // Flower itself ignores this flag.
  { flags: "--plugin-type <type>", refusal: () => undefined },
  {
    flags: "--parent-pid <pid>",
    refusal: () => ({
      reason: "it runs until Ctrl-C or SIGTERM stops it",
      hint: "Leave the flag out",
    }),
  },
];
