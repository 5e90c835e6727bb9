import { ConfigRecord } from "../../app/config_record.ts";
import type { Context } from "../../app/context.ts";
import { Message } from "../../app/message.ts";
import { RecordDict } from "../../app/record_dict.ts";
import { findAppModule } from "../../hosting/app/app_module.ts";
import type { AppHost, HandledMessage } from "../../hosting/app/app_host.ts";
import {
  type SandboxedAppOptions,
  startSandboxedApp,
} from "../../hosting/sandbox/sandboxed_app.ts";
import { TempDir } from "../support/tempdir.ts";

/** A hostile app that runs the code in each message. */
const APP = `
import * as flwr from "flwr";
import { own } from "./own.ts";
const Code = (async () => {}).constructor;
export const app = new flwr.ClientApp().train(async (message, context) => {
  const code = message.content.configRecord("config").string("code");
  const result = await new Code("flwr", "own", "message", "context", code)(flwr, own, message, context);
  return { config: new flwr.ConfigRecord({ result: String(result) }) };
});
`;

/** Options of a test's sandbox. */
export type FixtureOptions =
  & Partial<Omit<SandboxedAppOptions, "module" | "folder" | "name">>
  & { readonly app?: string };

/** A hostile app in a real sandbox. Its folder is `app` in a temporary folder that it cannot access. */
export class EvilApp implements AsyncDisposable {
  private constructor(
    readonly folder: TempDir,
    readonly host: AppHost,
    readonly lines: readonly string[],
  ) {}

  /** @param prepare creates further files before the app starts */
  static async start(
    { app = APP, readable = [], compute = {}, ...options }: FixtureOptions = {},
    prepare: (folder: string) => Promise<void> = () => Promise.resolve(),
  ): Promise<EvilApp> {
    const folder = await TempDir.make();
    try {
      await Deno.mkdir(`${folder.path}/app`);
      await Deno.writeTextFile(`${folder.path}/app/client.ts`, app);
      await Deno.writeTextFile(`${folder.path}/app/own.ts`, "export const own = 'own module';");
      await Deno.writeTextFile(`${folder.path}/secret.txt`, "the node's secret");
      await Deno.writeTextFile(`${folder.path}/secret.ts`, "export const secret = 'secret';");
      await prepare(folder.path);
      const lines: string[] = [];
      const host = await startSandboxedApp({
        module: await findAppModule("client:app", `${folder.path}/app`),
        readable: readable.map((path) => path.replace("FOLDER", folder.path)),
        compute,
        output: (line) => lines.push(line),
        ...options,
      });
      return new EvilApp(folder, host, lines);
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs code in the app. FOLDER stands for the temporary folder. @returns its answer or error */
  async run(code: string, signal?: AbortSignal): Promise<string> {
    const { reply } = await this.handle(code, signal);
    return reply.error?.reason ?? reply.content.configRecord("config").string("result");
  }

  /** Runs code in the app. @returns its whole reply */
  async handle(
    code: string,
    signal: AbortSignal = new AbortController().signal,
    state = new RecordDict(),
  ): Promise<HandledMessage> {
    return await this.host.handle(instruction(this.#placed(code)), contextOf(state), signal);
  }

  #placed(code: string): string {
    return code.replaceAll("FOLDER", this.folder.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.host[Symbol.dispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

/** An instruction with code to run. */
export function instruction(code: string): Message {
  return Message.create({
    content: { config: new ConfigRecord({ code }) },
    dstNodeId: 2n,
    messageType: "train",
  });
}

function contextOf(state: RecordDict): Context {
  return {
    runId: 1n,
    nodeId: 2n,
    nodeConfig: new ConfigRecord(),
    state,
    runConfig: new ConfigRecord(),
  };
}
