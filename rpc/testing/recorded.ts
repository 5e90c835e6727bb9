import { Buffer } from "node:buffer";
import type { DescMessage } from "@bufbuild/protobuf";
import { Driver, file_driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import { file_fleet, Fleet } from "../../proto/gen/flwr-1.9/fleet_pb.ts";
import { file_node } from "../../proto/gen/flwr-1.9/node_pb.ts";
import { file_task } from "../../proto/gen/flwr-1.9/task_pb.ts";

const FOLDER = new URL("../../tests/vectors/flwr-1.9/", import.meta.url);

/** The text of a file of bytes recorded from the real Flower 1.9. */
export function readVector(name: string): string {
  return Deno.readTextFileSync(new URL(name, FOLDER));
}

/** A message recorded from the real Flower 1.9. */
export interface RecordedMessage {
  readonly name: string;
  readonly schema: DescMessage;
  /** As Python wrote it, maps in arbitrary order. */
  readonly wire: Uint8Array;
  /** As Python serializes it deterministically; these bytes are signed. */
  readonly canonical: Uint8Array;
}

/** A call recorded between real Flower 1.9 processes. */
export interface RecordedCall {
  /** Full path, "/flwr.proto.Fleet/Ping". */
  readonly path: string;
  readonly metadata: ReadonlyMap<string, string>;
  readonly input: DescMessage;
  readonly request: Uint8Array;
  readonly output: DescMessage;
  readonly response: Uint8Array;
}

/** The description of a 1.9 message, by its name with or without the package. */
export function schema19(name: string): DescMessage {
  const local = name.replace(/^flwr\.proto\./, "");
  for (const file of [file_fleet, file_driver, file_node, file_task]) {
    const found = file.messages.find((message) => message.name === local);
    if (found !== undefined) return found;
  }
  throw new Error(`No message "${name}" in the 1.9 dialect`);
}

/** messages.json: one message of each kind, made by Flower 1.9's own code. */
export function recordedMessages(): RecordedMessage[] {
  type Entry = { type: string; wire: string; deterministic: string };
  const entries: Record<string, Entry> = JSON.parse(readVector("messages.json"));
  return Object.entries(entries).map(([name, entry]) => ({
    name,
    schema: schema19(entry.type),
    wire: Buffer.from(entry.wire, "base64"),
    canonical: Buffer.from(entry.deterministic, "base64"),
  }));
}

/** requests.json: requests with their canonical bytes, including encodings that Python does not write itself. */
export function recordedRequests(): RecordedMessage[] {
  type Entry = { name: string; message: string; wire_hex: string; canonical_hex: string };
  const entries: Entry[] = JSON.parse(readVector("requests.json"));
  return entries.map((entry) => ({
    name: entry.name,
    schema: schema19(entry.message),
    wire: Buffer.from(entry.wire_hex, "hex"),
    canonical: Buffer.from(entry.canonical_hex, "hex"),
  }));
}

/** A whole session of real Flower 1.9 processes: TLS, authentication, two SuperNodes, two rounds. */
export function recordedCalls(service: "fleet" | "driver"): RecordedCall[] {
  type Entry = { method: string; req_md: [string, string][]; req: string; res: string };
  const desc = service === "fleet" ? Fleet : Driver;
  const lines = readVector(`captured_${service}.jsonl`).trim().split("\n");
  return lines.map((line) => {
    const entry: Entry = JSON.parse(line);
    const method = desc.methods.find(({ name }) => entry.method.endsWith(`/${name}`));
    if (method === undefined) throw new Error(`Unknown method "${entry.method}"`);
    return {
      path: entry.method,
      metadata: new Map(entry.req_md),
      input: method.input,
      request: Buffer.from(entry.req, "base64"),
      output: method.output,
      response: Buffer.from(entry.res ?? "", "base64"),
    };
  });
}
