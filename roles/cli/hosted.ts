import type { Command } from "commander";
import { type HostedCommand, unsupportedCommand } from "./unsupported_command.ts";

/** Top-level commands that need Flower's hosted service. */
const HOSTED: readonly HostedCommand[] = [
  { name: "chat", purpose: "Talk to Flower's agent" },
  {
    name: "app",
    purpose: "Publish and review apps on Flower's hub",
    hint: 'Share an app as a bundle: "flwr build", then "flwr install FILE" or "flwr run FOLDER"',
  },
];

/** Creates the hosted command of a name. Running it throws FlwrError "unimplemented". */
export function command(name: string): Command {
  const hosted = HOSTED.find((candidate) => candidate.name === name);
  if (hosted === undefined) throw new TypeError(`"${name}" is not among the hosted commands`);
  return unsupportedCommand(hosted);
}
