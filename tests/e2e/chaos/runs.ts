/** Runs of one app, whose ServerApps SuperLinks host, or which are started by hand. */
import assert from "node:assert/strict";
import { ConfigRecord } from "../../../app/config_record.ts";
import { FlwrError } from "../../../base/error.ts";
import { buildFab } from "../../../fab/build/build.ts";
import { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../../rpc/http/channel.ts";
import { eventually } from "../../support/deadline.ts";
import { startFlwr } from "../../support/flwr.ts";
import { OurCommand } from "../../support/our_command.ts";
import { repositoryPath } from "../../support/repository.ts";
import type { RunResult } from "../../support/result.ts";
import type { Stage } from "../../support/stage.ts";
import type { Federation, FederationNode } from "./federation.ts";

const APPS = repositoryPath("tests/interop/apps");

/** A run to play. */
export interface PlannedRun {
  /** Who runs its ServerApp: a SuperLink, which may be killed, or a process of its own. */
  readonly host: "superlink" | "by-hand";
  readonly nodes: readonly FederationNode[];
  readonly rounds: number;
}

/** Starts runs in a federation. */
export class Runs implements Disposable {
  readonly #federation: Federation;
  readonly #app: string;
  readonly #client: ControlClient;
  readonly #command: OurCommand;
  #started = 0;

  private constructor(
    federation: Federation,
    app: string,
    client: ControlClient,
    command: OurCommand,
  ) {
    this.#federation = federation;
    this.#app = app;
    this.#client = client;
    this.#command = command;
  }

  static async in(federation: Federation): Promise<Runs> {
    const { stage, credentials, addresses } = federation;
    const rootCertificates = await Deno.readTextFile(credentials.caCertificate);
    const channel = openHttpChannel({ address: addresses.http, tls: { rootCertificates } });
    const address = addresses.http;
    const command = await OurCommand.at({ stage, address, security: "auth", credentials });
    return new Runs(federation, await chaosApp(stage), new ControlClient(channel), command);
  }

  /** Plays a run to its end. @throws if it fails or takes longer */
  async play({ host, nodes, rounds }: PlannedRun, seconds: number): Promise<RunResult> {
    const ids = nodes.map(({ nodeId }) => nodeId).join();
    const name = `${++this.#started}`;
    const config = { "num-rounds": rounds, nodes: ids };
    return host === "by-hand"
      ? await this.#byHand(name, config, seconds)
      : await this.#hosted(config, seconds);
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  async #byHand(
    name: string,
    config: Readonly<Record<string, string | number>>,
    seconds: number,
  ): Promise<RunResult> {
    const { stage, credentials, addresses } = this.#federation;
    const artifacts = stage.path(`by-hand-${name}`);
    const settings = Object.entries(config).map(([key, value]) =>
      `${key}=${JSON.stringify(value)}`
    );
    const run = startFlwr(stage, `run ${name}`, [
      ...["run", "server:app", "--dir", this.#app, "--server", addresses.driver],
      ...["--run-config", settings.join(" "), "--artifacts", artifacts],
      ...["--root-certificates", credentials.caCertificate, "--log-format", "json"],
    ]);
    assert.equal((await run.ended(seconds)).code, 0, `${run.name} exits with 0`);
    return JSON.parse(await Deno.readTextFile(`${artifacts}/result.json`));
  }

  async #hosted(
    config: Readonly<Record<string, string | number>>,
    seconds: number,
  ): Promise<RunResult> {
    const fab = await buildFab(this.#app);
    const overrideConfig = new ConfigRecord(config);
    const { runId } = await this.#client.startRun({ fab, overrideConfig });
    const state = async () => (await this.#client.getRun(runId)).run;
    const { subStatus, details } = await eventually(
      () =>
        reached(async () => {
          const run = await state();
          return run.status === "finished" && run;
        }),
      seconds,
      `run ${runId} to end`,
    );
    assert.equal(`${subStatus}: ${details}`, "completed: ", `run ${runId}`);
    const folder = this.#federation.stage.path(`pulled-${runId}`);
    await eventually(
      async () => {
        const { code } = await this.#command.start([
          "pull",
          `${runId}`,
          "here",
          "--output",
          folder,
          "--force",
        ])
          .ended(60);
        return code === 0;
      },
      60,
      `the results of run ${runId}`,
    );
    return JSON.parse(await Deno.readTextFile(`${folder}/result.json`));
  }
}

/** What a call returns; undefined if it reached no SuperLink. */
async function reached<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (FlwrError.from(error).code === "unavailable") return undefined;
    throw error;
  }
}

/** Puts the app into the stage's folder. */
async function chaosApp(stage: Stage): Promise<string> {
  const folder = stage.path("chaos");
  await Deno.mkdir(`${folder}/quickstart`, { recursive: true });
  const files = {
    "pyproject.toml": `${APPS}/chaos/pyproject.toml`,
    "server.ts": `${APPS}/typescript/chaos_server.ts`,
    // the same model in both languages
    "arithmetic.ts": `${APPS}/typescript/arithmetic.ts`,
    "quickstart/arithmetic.py": `${APPS}/python/arithmetic.py`,
    "quickstart/__init__.py": `${APPS}/quickstart/quickstart/__init__.py`,
    "quickstart/client_app.py": `${APPS}/quickstart/quickstart/client_app.py`,
  };
  for (const [path, source] of Object.entries(files)) {
    await Deno.copyFile(source, `${folder}/${path}`);
  }
  return folder;
}
