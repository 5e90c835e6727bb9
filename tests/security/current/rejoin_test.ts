/** T11: registered nodes and a SuperLink reconnect at once after a kill, with TLS. */
import assert from "node:assert/strict";
import { openHttpChannel } from "../../../rpc/http/channel.ts";
import { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { parsePublicKey } from "../../../auth/parse_public_key.ts";
import { Credentials, makeCredentials } from "../../support/credentials.ts";
import { eventually } from "../../support/deadline.ts";
import { freePorts } from "../../support/ports.ts";
import { joined, startFlwr, startSuperLink } from "../../support/flwr.ts";
import { scenario, type Stage } from "../../support/stage.ts";

/** Seconds until a killed process must be back. Flower keeps a dead node's session for 60 s. */
const REJOIN_SECONDS = 20;

/** Keys that the operator registers. */
class RegisteredKeys extends Credentials {
  override superlinkFlags(): string[] {
    return [...this.serverFlags(), "--enable-supernode-auth"];
  }
}

function superNode(stage: Stage, credentials: Credentials, address: string) {
  return startFlwr(stage, "supernode", [
    ...["supernode", "--superlink", address, "--root-certificates", credentials.caCertificate],
    ...["--auth-supernode-private-key", credentials.nodePrivateKey(1)],
  ], { FLWR_HOME: stage.path("home") });
}

scenario(
  "security: a registered node is back at once after it, or its SuperLink, was killed",
  async (stage) => {
    const { folder } = await makeCredentials(stage.folder.path, 1);
    const credentials = new RegisteredKeys(folder);
    const start = (port: string) =>
      startSuperLink({
        stage,
        credentials,
        flags: ["--database", stage.path("link.db"), "--port", port],
      });
    const superLink = await start(String(freePorts(1)[0]));
    const control = async <T>(ask: (client: ControlClient) => Promise<T>): Promise<T> => {
      const rootCertificates = await Deno.readTextFile(credentials.caCertificate);
      const client = new ControlClient(
        openHttpChannel({ address: superLink.http, tls: { rootCertificates } }),
      );
      try {
        return await ask(client);
      } finally {
        client.close();
      }
    };
    const line = await Deno.readTextFile(credentials.nodePublicKey(1));
    const { pem: publicKeyPem } = await parsePublicKey(line, "of the node");
    const nodeId = await control((client) => client.registerNode({ publicKeyPem }));

    const first = superNode(stage, credentials, superLink.http);
    assert.equal(await joined(first), String(nodeId));
    await first.end("SIGKILL");
    const second = superNode(stage, credentials, superLink.http);
    await second.waitForEvent("joined", { nodeId: String(nodeId) }, REJOIN_SECONDS);

    await superLink.process.end("SIGKILL");
    await start(superLink.http.split(":").at(-1)!);
    const isOnline = async () =>
      (await control((client) => client.listNodes())).items
        .some((node) => node.nodeId === nodeId && node.status === "online");
    await eventually(isOnline, REJOIN_SECONDS, "the node to be online");
    await second.end("SIGKILL");
    const third = superNode(stage, credentials, superLink.http);
    await third.waitForEvent("joined", { nodeId: String(nodeId) }, REJOIN_SECONDS);
  },
  { seconds: 180 },
);
