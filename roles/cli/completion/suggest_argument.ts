import type { Argument } from "commander";
import { load } from "../../../base/load.ts";
import { flwrHome } from "../../../fab/home.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { readExistingConfig } from "../config/config_file.ts";
import { FILES, type Suggestion } from "./suggestion.ts";

/** Maximum wait for ids from a SuperLink, in milliseconds. */
const ASK_MILLISECONDS = 700;

/** Suggests values for an argument. Returns none if the SuperLink does not answer in time. */
export async function suggestArgument(argument: Argument): Promise<Suggestion[]> {
  if (argument.argChoices !== undefined) {
    return argument.argChoices.map((value) => ({ value, summary: "" }));
  }
  switch (argument.name()) {
    case "superlink":
      return await connections();
    case "run-id":
      return await ask(async (control) => {
        const { items } = await control.listRuns();
        return items.map(({ runId, fabId, status, subStatus }) => ({
          value: String(runId),
          summary: `${fabId}, ${subStatus || status}`,
        }));
      });
    case "node-id":
      return await ask(async (control) => {
        const { items } = await control.listNodes();
        return items.filter(({ status }) => status !== "unregistered")
          .map(({ nodeId, name, status }) => ({
            value: String(nodeId),
            summary: name === undefined ? status : `${name}, ${status}`,
          }));
      });
    case "app":
    case "client-app":
    case "fab":
    case "file":
    case "public-key":
      return [FILES];
    default:
      return [];
  }
}

async function connections(): Promise<Suggestion[]> {
  const config = await undefinedOnError(() => readExistingConfig(flwrHome()));
  return (config?.names ?? []).map((value) => ({ value, summary: "SuperLink" }));
}

/** Queries the default SuperLink. */
async function ask(
  question: (control: ControlClient) => Promise<Suggestion[]>,
): Promise<Suggestion[]> {
  const config = await undefinedOnError(() => readExistingConfig(flwrHome()));
  const name = config?.defaultName;
  if (config === undefined || name === undefined) return [];
  const { withControl } = await load<typeof import("../config/with_control.ts")>(
    new URL("../config/with_control.ts", import.meta.url),
  );
  const answer = undefinedOnError(() => withControl(config.connection(name).connection, question));
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ASK_MILLISECONDS);
  try {
    return await Promise.race([answer, late]) ?? [];
  } finally {
    clearTimeout(timer);
  }
}

/** Ignores errors, which must not be printed into the shell's command line. */
async function undefinedOnError<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}
