/** The metrics endpoints of a SuperLink and a SuperNode, read by the parsers of Prometheus' Python client. */
import assert from "node:assert/strict";
import { startFlwr, startSuperLink } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { findPython, NO_PYTHON, pinnedEnvironment } from "../support/python.ts";
import { repositoryPath } from "../support/repository.ts";
import { scenario } from "../support/stage.ts";

const python = NIGHTLY ? await findPython() : undefined;
if (NIGHTLY && python === undefined) console.log(NO_PYTHON);

/** Parses stdin in the format that the argument names, and prints the number of samples of each family. */
const PARSE = `
import json, sys
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics
text = sys.stdin.read()
parse = openmetrics if sys.argv[1] == "openmetrics" else parser
families = list(parse.text_string_to_metric_families(text))
print(json.dumps({f.name: [f.type, len(f.samples)] for f in families}))
`;

type Families = Record<string, [type: string, samples: number]>;

scenario(
  "Prometheus' own parsers read the metrics of a SuperLink and a SuperNode",
  async (stage) => {
    const environment = await pinnedEnvironment(python!, {
      name: "prometheus-client",
      requirements: repositoryPath("tests/interop/requirements/prometheus-client-0.26.0.txt"),
      probe: "import prometheus_client",
    }, console.log);
    const flags = ["--metrics-address", "127.0.0.1:0", "--metrics-node-names"];
    const { process: server, http } = await startSuperLink({ stage, flags });
    const node = startFlwr(stage, "supernode", [
      ...["supernode", "--insecure", "--superlink", http],
      ...["--name", 'odd "name"\\', "--metrics-address", "127.0.0.1:0"],
    ]);
    await node.waitForEvent("joined");
    const parsed = async (address: string, format: "openmetrics" | "prometheus") => {
      const accept = format === "openmetrics" ? "application/openmetrics-text" : "text/plain";
      const response = await fetch(`http://${address}/metrics`, { headers: { accept } });
      return await parse(environment, format, await response.text());
    };
    for (
      const [process, own] of [[server, "flwr_nodes"], [node, "flwr_supernode_joined"]] as const
    ) {
      const listening = process.records.find(({ event, fields }) =>
        event === "listening" && fields["api"] === "metrics"
      );
      const address = listening?.fields["address"];
      const open = await parsed(`${address}`, "openmetrics");
      const plain = await parsed(`${address}`, "prometheus");
      assert.deepEqual(Object.keys(open), Object.keys(plain));
      assert.equal(open[own]?.[0], "gauge");
    }
  },
  { seconds: 180, ignore: python === undefined },
);

async function parse(python: string, format: string, text: string): Promise<Families> {
  const child = new Deno.Command(python, {
    args: ["-c", PARSE, format],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
