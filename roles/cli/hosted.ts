import type { Command } from "commander";
import { type HostedCommand, notOfferedCommand } from "./not_offered.ts";

/** Commands at the top that only Flower's hosted service answers. */
const HOSTED: readonly HostedCommand[] = [
  {
    name: "login",
    purpose: "Log in to a SuperLink with accounts",
    hint: "SuperLinks without accounts need no login: run any other command",
  },
  { name: "chat", purpose: "Talk to Flower's agent" },
  {
    name: "app",
    purpose: "Publish and review apps on Flower's hub",
    hint:
      'Hand an app on as its bundle: "flwr build", then "flwr install FILE" or "flwr run FOLDER"',
  },
];

/** The hosted command of that name. @throws FlwrError when it is run: "unimplemented" */
export function command(name: string): Command {
  const hosted = HOSTED.find((candidate) => candidate.name === name);
  if (hosted === undefined) throw new TypeError(`"${name}" is not among the hosted commands`);
  return notOfferedCommand(hosted);
}
