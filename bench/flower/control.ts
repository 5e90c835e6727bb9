import { readPublicKey } from "../../auth/key_pair.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import type { Credentials } from "../../tests/support/credentials.ts";

/** Opens the Control API of either side's SuperLink. @param http "host:port" */
export async function openControl(
  http: string,
  { caCertificate }: Credentials,
): Promise<ControlClient & Disposable> {
  const rootCertificates = await Deno.readTextFile(caCertificate);
  const control = new ControlClient(openHttpChannel({ address: http, tls: { rootCertificates } }));
  return Object.assign(control, { [Symbol.dispose]: () => control.close() });
}

/** Has the SuperLink admit the first nodes of the credentials. @param nodes how many */
export async function registerNodes(
  http: string,
  credentials: Credentials,
  nodes: number,
): Promise<void> {
  using control = await openControl(http, credentials);
  for (let node = 1; node <= nodes; node++) {
    const file = credentials.nodePublicKey(node);
    const { pem } = await readPublicKey({ file, flag: "the node's key" });
    await control.registerNode({ publicKeyPem: pem });
  }
}
