/**
 * The recorded conversation once more, with our SuperLink in the place of Flower's. Its clock shows the recorded times and
 * it draws the recorded ids, tokens and sessions, so every request is sent as it was recorded: signatures, ids of messages
 * and all. The answers must be the recorded ones but for what is listed here.
 */
import assert from "node:assert/strict";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { PushObjectRequestSchema } from "../../../proto/gen/current/message_pb.ts";
import { TimedSuperLink } from "../../support/timed_superlink.ts";
import { prime, RecordedRandom } from "./recorded_random.ts";
import { answerOf, Recording } from "./recording.ts";
import { type Exchange, transcript } from "./transcript.ts";
import { Unrecorded } from "./unrecorded.ts";

/** When the recording began: the first request was signed in this second. */
const START = Date.parse("2026-11-23T09:28:51.69Z") / 1000;
/** What the recorded programs that take on tasks shared with the SuperLink. */
const SECRET = new TextEncoder().encode("superexec-secret");

Deno.test("the recorded conversation gets the recorded answers", async () => {
  const all = transcript();
  const recording = await Recording.of(all);
  const random = new RecordedRandom();
  await using superlink = await TimedSuperLink.start({ time: START, random, secret: SECRET });
  const unrecorded = new Unrecorded(recording, superlink.link, random);
  for (const exchange of inOrder(all.filter(({ road }) => road !== "clientapp-runtime"))) {
    await superlink.clock.advance(Math.max(0, START + exchange.at - superlink.clock.now()));
    prime(random, exchange, recording);
    const { line, path, headers, request: body } = exchange;
    const answer = await superlink.call(path, { headers: Object.fromEntries(headers), body });
    assert.deepEqual(
      shown(exchange, answer.status, answer.body),
      shown(exchange, exchange.status, exchange.response),
      `the answer of line ${line}, ${path}`,
    );
    await unrecorded.follow(exchange);
  }
  assert.deepEqual(superlink.failures, []);
});

/**
 * The exchanges with every ServerApp's objects right after the messages that they belong to. Flower hands out a message
 * while its objects are still on their way, and a node fetches them as they come; here it is handed out whole.
 */
function inOrder(exchanges: readonly Exchange[]): Exchange[] {
  const isObject = ({ road, method }: Exchange) =>
    road === "serverapp-runtime" && method.name === "PushObject";
  const sessionOf = (push: Exchange) => fromBinary(PushObjectRequestSchema, push.request).sessionId;
  return exchanges.filter((exchange) => !isObject(exchange)).flatMap((exchange) => {
    if (exchange.road !== "serverapp-runtime" || exchange.method.name !== "PushMessages") {
      return [exchange];
    }
    const { sessionId } = answerOf(exchange);
    return [
      exchange,
      ...exchanges.filter((push) => isObject(push) && sessionOf(push) === sessionId),
    ];
  });
}

/** An answer to compare: its status, and its content but for what may differ. */
function shown({ method }: Exchange, status: number, body: Uint8Array): unknown {
  if (status !== 200) return [status, JSON.parse(new TextDecoder().decode(body)).code];
  return [status, comparable(toJson(method.output, fromBinary(method.output, body)), method.name)];
}

/** Times differ by the milliseconds that a call took: they are there in both answers or in none. */
const TIMES =
  /^(now|onlineUntil|(pending|starting|running|finished|registered|unregistered|last(A|Dea)ctivated)At)$/;

/** What is different on purpose, by field or by method and field. */
const DIFFERENT = new Set([
  // A field that no Flower reads any more.
  "reconnect",
  // Which task of a run sent a message counts for agents only: a run here has one.
  "srcTaskId",
  "dstTaskId",
  // Traffic counts the bytes of this wire, and the recording leaves some calls out.
  "bytesSent",
  "bytesRecv",
  "clientappRuntime",
  // Whose run it is goes to the apps, too: Flower tells only the flwr command.
  "accountName",
  // Words for people.
  "ListFederations description",
  // A node that never joined has not said how often it will be heard of.
  "ListNodes heartbeatInterval",
  // The ServerApp gets its run as it is now, "running"; Flower's answer is older by that step.
  "PullTaskInput status",
  "PullTaskInput pendingAt",
  "PullTaskInput startingAt",
  "PullTaskInput primaryTaskId",
]);

function comparable(value: unknown, method: string): unknown {
  if (Array.isArray(value)) return value.map((element) => comparable(element, method));
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value)
    .filter(([name]) => !DIFFERENT.has(name) && !DIFFERENT.has(`${method} ${name}`))
    .map(([name, field]) => {
      if (TIMES.test(name)) return [name, "a time"] as const;
      // in any order
      if (name === "objectsToPush") return [name, [...field].sort()] as const;
      return [name, comparable(field, method)] as const;
    });
  return Object.fromEntries(fields);
}
