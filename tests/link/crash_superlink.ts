// A SuperLink's domain as a process, for the crash test. It answers calls line by line, and kills itself with SIGKILL
// at a
// failpoint. Arguments: database, Unix time, failpoint as JSON (or "null").
import { createInterface } from "node:readline";
import process from "node:process";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { systemRandom } from "../../base/random.ts";
import { settle } from "../../base/testing/settle.ts";
import { createLink } from "../../link/create_link.ts";
import { type DurableStep, SqliteStore } from "../../link/store/sqlite/sqlite_store.ts";
import { errorObject } from "./harness.ts";
import {
  type Answer,
  type Call,
  decode,
  encode,
  type Failpoint,
  KEPT_LOG_BYTES,
  KEPT_RUNS,
  type Operation,
} from "./crash_protocol.ts";

const [path, now, armed] = Deno.args;
let failpoint: Failpoint | null = JSON.parse(armed!);
let current: Operation | undefined;
let seen = 0;

function die(step: DurableStep): void {
  if (current === failpoint?.operation && step === failpoint?.step) {
    if (++seen === failpoint.occurrence) Deno.kill(Deno.pid, "SIGKILL");
  }
}

const clock = new FakeClock(Number(now));
// Returns every free page.
const store = new SqliteStore(path!, { onStep: die, spareBytes: 0 });
const link = await createLink({
  store,
  clock,
  random: systemRandom,
  messageObject: errorObject,
  limits: {
    // Every crash causes another delivery of handed-out instructions.
    maxDeliveries: 1000,
    maxFinishedRuns: KEPT_RUNS,
    maxFinishedLogBytes: KEPT_LOG_BYTES,
  },
});

type Method = (...input: readonly unknown[]) => Promise<unknown>;

async function perform({ operation, input }: Call): Promise<unknown> {
  if (operation === "arm") {
    failpoint = input[0] as Failpoint;
    seen = 0;
    return null;
  }
  if (operation === "usage") return await store.usage();
  if (operation === "advance") {
    await clock.advance(input[0] as number);
    // Gives the housekeeper, which was woken, time for its transaction.
    await settle();
    return await store.usage();
  }
  const [noun, method] = operation.split(".") as [keyof typeof link, string];
  const operations = link[noun] as unknown as Record<string, Method>;
  return await operations[method]!(...input);
}

for await (const line of createInterface({ input: process.stdin })) {
  const call = decode(line) as Call;
  current = call.operation;
  const answer = await perform(call).then(
    (output): Answer => ({ output: output ?? null }),
    (error): Answer => ({ code: FlwrError.from(error).code }),
  );
  current = undefined;
  console.log(encode(answer));
}
await link.close();
