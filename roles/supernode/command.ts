import { Command } from "commander";
import { serviceManager } from "../../base/service_manager.ts";
import { addConnectionOptions } from "../flags/connection_options.ts";
import { addConfigOption } from "../flags/config_option.ts";
import { addForeignOptions } from "../flags/foreign_options.ts";
import { addLogOptions, applyLogOptions, type LogFlags } from "../flags/log_options.ts";
import { onShutdown } from "../flags/shutdown.ts";
import { addSuperNodeOptions, DEFAULT_SUPERLINK, type SuperNodeFlags } from "./flags.ts";
import { SUPERNODE_FOREIGN } from "./foreign_flags.ts";

const EXAMPLE = `
Examples with TLS and authentication (the files come from "flwr keys generate"):
  flwr supernode \\
    --root-certificates certificates/ca.crt \\
    --superlink 127.0.0.1:8000 \\
    --auth-supernode-private-key keys/client_credentials_1

  flwr supernode client:app \\
    --root-certificates certificates/ca.crt \\
    --superlink 127.0.0.1:9092 \\
    --auth-supernode-private-key keys/client_credentials_1

"client:app" is the export "app" of client.ts or client.js. That app handles every run. If you name no app, each run
supplies its own, sent by "flwr run".

The SuperLink's protocol is detected automatically: HTTP (Flower 1.40 and later), or gRPC (Flower 1.8 to 1.39, except
1.19).
`;

/** The `supernode` command. */
export function command(): Command {
  const command = new Command("supernode")
    .description("Start a SuperNode, which runs ClientApps on this machine's data.")
    .argument("[client-app]", 'the ClientApp as "module:name", for example client:app')
    // Flags after a subcommand's name belong to the subcommand.
    .enablePositionalOptions()
    .addHelpText("after", EXAMPLE)
    .action(async (spec: string | undefined, flags: SuperNodeFlags & LogFlags) => {
      applyLogOptions(flags);
      using service = serviceManager();
      using shutdown = onShutdown();
      // Loaded here, because the subcommands do not need these modules.
      const [{ readSuperNodeConfig }, { runSuperNode }] = await Promise.all([
        import("./config.ts"),
        import("./start.ts"),
      ]);
      const config = await readSuperNodeConfig(spec, flags);
      // It joins when its SuperLink can be reached, for which the service manager need not wait.
      service.ready();
      await runSuperNode(config, shutdown.signal);
    });
  addSuperNodeOptions(addConnectionOptions(command, DEFAULT_SUPERLINK));
  return addForeignOptions(addConfigOption(addLogOptions(command)), SUPERNODE_FOREIGN);
}
