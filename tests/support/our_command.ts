import type { Credentials, Security } from "./credentials.ts";
import { connectionToml, flowerEnvironmentVariables } from "./flower.ts";
import { startFlwr } from "./flwr.ts";
import type { Process } from "./process.ts";
import type { Stage } from "./stage.ts";

/** Our `flwr` command, which knows one SuperLink by the name `here` from a configuration file as Python's flwr has it. */
export class OurCommand {
  readonly #stage: Stage;
  readonly #env: Record<string, string>;

  private constructor(stage: Stage, env: Record<string, string>) {
    this.#stage = stage;
    this.#env = env;
  }

  /** Makes the configuration file. */
  static async at({ stage, address, security, credentials }: {
    stage: Stage;
    /** Where the SuperLink serves the `flwr` command. */
    address: string;
    security: Security;
    credentials: Credentials;
  }): Promise<OurCommand> {
    const env = flowerEnvironmentVariables(stage, "flwr-ours");
    await Deno.mkdir(env["FLWR_HOME"]!, { recursive: true });
    const authority = security === "insecure" ? undefined : credentials.caCertificate;
    await Deno.writeTextFile(`${env["FLWR_HOME"]}/config.toml`, connectionToml(address, authority));
    return new OurCommand(stage, env);
  }

  /** Starts a command line, `["ls", "here"]`. */
  start(args: readonly string[]): Process {
    return startFlwr(this.#stage, `flwr ${args[0]}`, args, this.#env);
  }
}
