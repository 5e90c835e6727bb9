/** A whole conversation of real Flower 1.41 processes over HTTP: two runs, one of them stopped, and the flwr command. */
import { Buffer } from "node:buffer";
import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { Control } from "../../../proto/gen/current/control_pb.ts";
import { Fleet } from "../../../proto/gen/current/fleet_pb.ts";
import { Runtime } from "../../../proto/gen/current/runtime_pb.ts";
import { repositoryPath } from "../../support/repository.ts";

/** Whom a request was sent to: the SuperLink by three roads, or the SuperNode's Runtime API by a ClientApp. */
export type Road = "fleet" | "control" | "serverapp-runtime" | "clientapp-runtime";

/** One request and its answer. */
export interface Exchange {
  /** Its place in the recording, from 1. */
  readonly line: number;
  readonly road: Road;
  /** Seconds since the recording's start. */
  readonly at: number;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly request: Uint8Array;
  readonly status: number;
  readonly response: Uint8Array;
  readonly method: DescMethod;
}

interface Line {
  readonly proxy: Road;
  readonly t: number;
  readonly path: string;
  readonly req_headers: readonly (readonly [string, string])[];
  readonly req: string;
  readonly status: number;
  readonly resp: string;
}

/** Headers that say who calls and what the body is; the others are the HTTP client's own. */
const KEPT = /^(flwr-|content-type$|accept$|authorization$|x-flwr-)/;

/** The conversation in its order. */
export function transcript(): Exchange[] {
  const file = repositoryPath("tests/vectors/flwr-1.41/transcript.jsonl");
  return Deno.readTextFileSync(file).trim().split("\n").map((text, index) => {
    const line: Line = JSON.parse(text);
    const headers = line.req_headers.map(([name, value]) => [name.toLowerCase(), value] as const);
    return {
      line: index + 1,
      road: line.proxy,
      at: line.t,
      path: line.path,
      headers: new Map(headers.filter(([name]) => KEPT.test(name))),
      request: bytes(line.req),
      status: line.status,
      response: bytes(line.resp),
      method: methodOf(line.path),
    };
  });
}

function bytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

const SERVICES = { fleet: Fleet, control: Control, runtime: Runtime } as const;

/** The method behind "/v1/fleet/pull-messages". */
export function methodOf(path: string): DescMethod {
  const [, , api, name] = path.split("/");
  const service = SERVICES[api as keyof typeof SERVICES];
  const wanted = name!.replaceAll("-", "");
  const method = service.methods.find((method) => method.name.toLowerCase() === wanted);
  if (method === undefined) throw new Error(`No method for ${path}`);
  return method;
}

/** Whether a message is one of the calls that are not offered, whose fields nobody reads. */
export function isNotOffered(desc: DescMessage): boolean {
  return desc.name === "NotOffered";
}
