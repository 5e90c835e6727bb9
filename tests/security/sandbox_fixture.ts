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

/** An app that does what each message says, in its own code: as evil as its author wants. */
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

/** What a test may say of its sandbox. */
export type FixtureOptions =
  & Partial<Omit<SandboxedAppOptions, "module" | "folder" | "name">>
  & { readonly app?: string };

/** An evil app in a real sandbox. Its folder is `app` in a temporary one, which is out of its reach. */
export class EvilApp implements AsyncDisposable {
  private constructor(
    readonly folder: TempDir,
    readonly host: AppHost,
    readonly lines: readonly string[],
  ) {}

  /** @param prepare makes more files before the app is started */
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

  /** Has the app run code (FOLDER stands for the temporary folder): what it answers, or its error. */
  async run(code: string, signal?: AbortSignal): Promise<string> {
    const { reply } = await this.handle(code, signal);
    return reply.error?.reason ?? reply.content.configRecord("config").string("result");
  }

  /** Has the app run code: all of what it answers. */
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
