import assert from "node:assert/strict";
import { repositoryPath } from "./repository.ts";
import { assertNoStackTrace } from "./result.ts";
import { startFlwr } from "./flwr.ts";
import type { Stage } from "./stage.ts";

/** How many commands start at the same time: as many as a small machine has cores. */
const AT_ONCE = 2;
/** How long a command may take to refuse, in seconds. */
const REFUSAL_SECONDS = 30;

/** A command line that must be refused. */
export interface Refusal {
  /** What is wrong, for people. */
  what: string;
  args: readonly string[];
  /** What the sentence must say. */
  says: RegExp;
  /** What a line of the log before it must say. */
  logs?: RegExp;
}

/**
 * Runs the command lines and asserts of each that it ends by itself with a status other than 0, and says on stderr in
 * one sentence what is wrong, without a stack trace. All are run, whichever fail.
 */
export async function assertRefusals(stage: Stage, refusals: readonly Refusal[]): Promise<void> {
  const waiting = [...refusals];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await assertRefusal(stage, next).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join("\n"));
}

async function assertRefusal(stage: Stage, { what, args, says, logs }: Refusal): Promise<void> {
  const process = startFlwr(stage, what, args);
  const status = await process.ended(REFUSAL_SECONDS);
  assert.notEqual(status.code, 0, `${what}: the exit status is not 0`);
  assert.equal(status.signal, null, `${what}: it ends by itself`);
  assertNoStackTrace(process);
  const sentences = process.lines.filter((line) => /^error: /i.test(line));
  assert.equal(sentences.length, 1, `${what}: one sentence, got ${JSON.stringify(process.lines)}`);
  assert.match(sentences[0]!, says, what);
  if (logs !== undefined) assert.ok(process.lines.some((line) => logs.test(line)), `${what}: log`);
  assert.ok(
    process.lines.every((line) => !line.includes(repositoryPath("roles"))),
    `${what}: no path of the program itself`,
  );
}
