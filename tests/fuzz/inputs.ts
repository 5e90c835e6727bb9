import { type DescMessage, type DescMethod, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { Control, Exec } from "../../proto/gen/current/control_pb.ts";
import { Fleet } from "../../proto/gen/current/fleet_pb.ts";
import { Runtime } from "../../proto/gen/current/runtime_pb.ts";
import { Fleet as OlderFleet } from "../../proto/gen/flwr-1.15/fleet_pb.ts";
import { type RecordedCall, recordedCalls } from "../../rpc/testing/recorded.ts";
import type { Exchange } from "../interop/recorded/transcript.ts";
import { alongRequests } from "./along_requests.ts";
import { relabel } from "./live_ids.ts";
import type { LiveState } from "./live_state.ts";
import { mutate, mutations } from "./mutation.ts";
import { structured } from "./structure.ts";
import type { Headers } from "./transports.ts";

/** The listeners of a SuperLink. */
export type Listener = "http" | "fleet" | "control" | "driver";

/** One request that a SuperLink must survive. */
export interface Input {
  readonly listener: Listener;
  /** Of HTTP or of gRPC. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Whether the call may wait for work. */
  readonly mayBeHeld: boolean;
}

/** A method that is called, with recorded requests for it. */
export interface Target {
  readonly api:
    | "fleet"
    | "control"
    | "runtime"
    /** Runtime for ServerApps that were started by hand. */
    | "hand-started"
    | "fleet15"
    | "exec"
    | "fleet19"
    | "driver19";
  readonly method: DescMethod;
  readonly recorded: readonly Uint8Array[];
}

/** Who says to be calling. */
const CALLERS = ["right", "right", "right", "nobody", "garbage"] as const;

/** Calls that wait for work, or stream until a run is over. */
const HELD = /PullMessages|AcquireTask|StreamLogs|StreamRunEvents|PullTask(Ins|Res)/;

/** Every method of every API, with what was recorded of it. */
export function targets(exchanges: readonly Exchange[]): Target[] {
  const today = ([["fleet", Fleet], ["control", Control], ["runtime", Runtime]] as const)
    .flatMap(([api, service]) =>
      service.methods.map((method): Target => ({
        api,
        method,
        recorded: [
          ...exchanges
            .filter((exchange) => exchange.method === method)
            .map(({ request }) => request),
          ...alongRequests(exchanges, method),
        ],
      }))
    );
  const old = ([["fleet19", "fleet"], ["driver19", "driver"]] as const).flatMap(([api, name]) =>
    [...Map.groupBy(recordedCalls(name), ({ path }) => path).values()].map((calls): Target => ({
      api,
      method: methodOf(calls[0]!),
      recorded: calls.map(({ request }) => request),
    }))
  );
  const older = OlderFleet.methods.map((method): Target => ({
    api: "fleet15",
    method,
    recorded: [],
  }));
  const exec = Exec.methods.map((method): Target => ({
    api: "exec",
    method,
    recorded: today.find(({ api, method: { name } }) => api === "control" && name === method.name)!
      .recorded,
  }));
  const handStarted = today.filter(({ api }) => api === "runtime")
    .map((target): Target => ({ ...target, api: "hand-started" }));
  return [...today, ...handStarted, ...exec, ...older, ...old];
}

/** As much of a method as is looked at here. */
function methodOf({ path, input }: RecordedCall): DescMethod {
  const name = path.split("/").at(-1)!;
  return { name, input, parent: { typeName: path.split("/")[1]! } } as DescMethod;
}

/** An input so that it can be sent again. */
export function shown({ listener, path, headers, body }: Input): string {
  const names = Object.keys(headers).join(", ");
  return `${path} at ${listener}, with ${names || "no headers"}, and the body ${body.toHex()}`;
}

/** Requests for the given targets, in terms of what is alive. */
export function inputs(all: readonly Target[], alive: () => LiveState): fc.Arbitrary<Input> {
  const isRefused = ({ method }: Target) => method.input.name === "NotOffered";
  const choices = [{ weight: 1, of: all.filter(isRefused) }, {
    weight: 20,
    of: all.filter((target) => !isRefused(target)),
  }].filter(({ of }) => of.length > 0);
  return fc.record({
    target: fc.oneof(
      ...choices.map(({ weight, of }) => ({ weight, arbitrary: fc.constantFrom(...of) })),
    ),
    pick: fc.nat(1000),
    generated: fc.nat(4),
    mutations,
    overHttp: fc.boolean(),
    caller: fc.constantFrom(...CALLERS),
    seed: fc.integer(),
    garbage: fc.string({ unit: "grapheme-ascii", maxLength: 40 }),
  }).map(({ target, pick, generated, mutations, overHttp, caller, seed, garbage }) => {
    const { method, api } = target;
    const live = api === "hand-started" ? alive().handStarted! : alive();
    const { listener, path } = route(target, overHttp);
    const isRecorded = target.recorded.length > 0 && generated > 1;
    const body = isRecorded
      ? relabelled(method.input, target.recorded[pick % target.recorded.length]!, live)
      : fc.sample(structured(method.input, live.meaningful), { numRuns: 1, seed })[0]!;
    return {
      listener,
      path,
      headers: headersOf(api, caller, live, garbage),
      // what is generated is mostly well-formed as it is
      body: mutate(body, isRecorded ? mutations : mutations.slice(3)),
      mayBeHeld: HELD.test(method.name),
    };
  });
}

function route({ api, method }: Target, overHttp: boolean): { listener: Listener; path: string } {
  const grpc = `/${method.parent.typeName}/${method.name}`;
  if (api === "fleet19" || api === "fleet15") return { listener: "fleet", path: grpc };
  if (api === "exec") return { listener: "control", path: grpc };
  if (api === "driver19" || api === "hand-started") return { listener: "driver", path: grpc };
  if (api !== "runtime" && !overHttp) return { listener: api, path: grpc };
  const kebab = method.name.replace(/(?<!^)([A-Z])/g, "-$1").toLowerCase();
  return { listener: "http", path: `/v1/${api}/${kebab}` };
}

function headersOf(
  api: Target["api"],
  caller: typeof CALLERS[number],
  live: LiveState,
  garbage: string,
): Headers {
  if (caller === "nobody") return {};
  // header values are printable
  const text = garbage.trim();
  if (caller === "garbage") {
    return {
      "flwr-public-key": new TextEncoder().encode(garbage),
      "flwr-timestamp": text,
      "flwr-signature": new TextEncoder().encode(garbage),
      "flwr-task-token": text,
      "authorization": text,
      "public-key": text,
      "auth-token": text,
    };
  }
  if (api === "fleet" || api === "fleet15") return live.sign();
  return api === "runtime" || api === "hand-started" ? { "flwr-task-token": live.token } : {};
}

function relabelled(desc: DescMessage, bytes: Uint8Array, live: LiveState): Uint8Array {
  return toBinary(desc, relabel(fromBinary(desc, bytes), live.ids));
}
