/** Certificates and keys as the example of Flower 1.9 makes them: with openssl and ssh-keygen. */
import assert from "node:assert/strict";
import { Credentials } from "../support/credentials.ts";
import { joined, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { scenario } from "../support/stage.ts";

const TOOLS = ["openssl", "ssh-keygen"];
const missing = TOOLS.filter((tool) => !isInstalled(tool));
const required = Deno.env.get("CI") === "true";

/** The example's generate.sh, with smaller RSA keys: these tests need no strong ones. */
const GENERATE = String.raw`
set -e
mkdir certificates keys
openssl req -x509 -newkey rsa:2048 -nodes -keyout certificates/ca.key -out certificates/ca.crt \
  -days 2 -subj "/C=DE/ST=HH/O=CA, Inc."
openssl req -newkey rsa:2048 -nodes -keyout certificates/server.key -out certificates/server.csr \
  -subj "/C=DE/ST=HH/O=Flower/CN=localhost"
printf 'subjectAltName=DNS:localhost,IP:::1,IP:127.0.0.1' > certificates/extensions
openssl x509 -req -in certificates/server.csr -CA certificates/ca.crt -CAkey certificates/ca.key \
  -CAcreateserial -out certificates/server.pem -days 2 -sha256 -extfile certificates/extensions
ssh-keygen -q -t ecdsa -b 384 -N "" -f keys/server_credentials -C ""
ssh-keygen -q -t ecdsa -b 384 -N "" -f keys/client_credentials_1 -C ""
sed 's/.$//' keys/client_credentials_1.pub > keys/client_public_keys.csv
`;

scenario("keys and certificates of openssl and ssh-keygen are accepted", async (stage) => {
  assert.deepEqual(missing, [], "these tools are needed");
  const generate = stage.start({
    name: "generate.sh",
    command: "sh",
    args: ["-c", GENERATE],
    cwd: stage.folder.path,
  });
  assert.equal((await generate.ended(60)).code, 0);
  const credentials = new Credentials(stage.folder.path);
  const { fleet } = await startSuperLink({ stage, credentials });
  await joined(startSuperNode({ stage, credentials, fleet, node: 1 }));
}, { ignore: missing.length > 0 && !required });

function isInstalled(tool: string): boolean {
  try {
    // neither knows this argument, and both end at once
    new Deno.Command(tool, { args: ["--no-such-argument"], stdout: "null", stderr: "null" })
      .outputSync();
    return true;
  } catch {
    return false;
  }
}
