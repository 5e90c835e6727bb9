// A SuperLink's domain as a process, for the crash test. It answers calls line by line, and kills itself with SIGKILL
// at a failpoint. Arguments: database (a file, or a PostgresTarget as JSON), Unix time, failpoint as JSON (or "null").
import { createInterface } from "node:readline";
import process from "node:process";
import { FakeClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { systemRandom } from "../../base/random.ts";
import { settle } from "../../base/testing/settle.ts";
import { createLink } from "../../link/create_link.ts";
import { PostgresStore } from "../../link/store/postgres/postgres_store.ts";
import { type DurableStep, SqliteStore } from "../../link/store/sqlite/sqlite_store.ts";
import type { LinkStore } from "../../link/store/store.ts";
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

/** A SuperLink that shares its store must extend its lease in time, so the clock takes small steps. */
const STEP_SECONDS = 2;

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
const store: LinkStore = path!.startsWith("{")
  ? await PostgresStore.open(JSON.parse(path!), { onStep: die })
  // Returns every free page.
  : new SqliteStore(path!, { onStep: die, spareBytes: 0 });
/** Number of transactions that began, and that ended. */
const transactions = { begun: 0, ended: 0 };
const transaction = store.transaction.bind(store);
store.transaction = async (...work) => {
  transactions.begun++;
  try {
    return await transaction(...work);
  } finally {
    transactions.ended++;
  }
};
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

/** Gives the housekeeper, which was woken, time for its transactions. */
async function quiet(): Promise<void> {
  for (let before = -1; before !== transactions.begun || transactions.ended < before;) {
    before = transactions.begun;
    await settle();
    await settle();
  }
}

type Method = (...input: readonly unknown[]) => Promise<unknown>;

async function perform({ operation, input }: Call): Promise<unknown> {
  if (operation === "arm") {
    failpoint = input[0] as Failpoint;
    seen = 0;
    return null;
  }
  if (operation === "usage") return await store.usage();
  if (operation === "advance") {
    const target = input[0] as number;
    do {
      await clock.advance(Math.min(store.isShared ? STEP_SECONDS : Infinity, target - clock.now()));
      await quiet();
    } while (clock.now() < target);
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
