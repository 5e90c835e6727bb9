import assert from "node:assert/strict";
import { asShareable } from "../../app/shareable.ts";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { TempDir } from "../../tests/support/tempdir.ts";
import { READ_GRANT_HINT } from "../../base/read_grant.ts";
import { errorPosition, errorType, failureOf, grantHints } from "./failure.ts";

const SECRET = "Müller, Anna 1945-04-12";

class OwnError extends Error {
  override readonly name = SECRET;
}

const renamed = new TypeError(SECRET);
renamed.name = SECRET;

const disguised = new Error(SECRET);
Object.defineProperty(disguised, "constructor", { value: { name: SECRET } });

const computed = { [SECRET]: class extends RangeError {} }[SECRET]!;

const hostile = new Proxy(new Error(SECRET), {
  get() {
    throw new Error(SECRET);
  },
  getPrototypeOf() {
    throw new Error(SECRET);
  },
});

/** Thrown values, with the start of their summary. */
const KINDS: readonly (readonly [thrown: unknown, kind: string])[] = [
  [new TypeError(SECRET), "TypeError"],
  [new FlwrError("data-loss", SECRET), "FlwrError data-loss"],
  [new FlwrError(SECRET as ErrorCode, SECRET), "FlwrError"],
  [new AggregateError([new Error(SECRET)], SECRET), "AggregateError"],
  [new Error("x", { cause: new Error(SECRET) }), "Error"],
  [new DOMException(SECRET, SECRET), "DOMException"],
  [new Deno.errors.NotFound(SECRET), "NotFound"],
  [new OwnError(SECRET), "OwnError"],
  [renamed, "TypeError"],
  [disguised, "Error"],
  [new computed(SECRET), "RangeError"],
  [hostile, "a thrown object"],
  [SECRET, "a thrown string"],
  [42n, "a thrown bigint"],
  [null, "a thrown null"],
  [undefined, "a thrown undefined"],
  [{ message: SECRET }, "a thrown object"],
  [Object.create(null), "a thrown object"],
];

Deno.test("the summary of a thrown value has its type, and no text that could contain data", () => {
  for (const [thrown, kind] of KINDS) {
    assert.equal(errorType(thrown), kind);
    const { summary } = failureOf(thrown, Deno.cwd());
    assert.ok(summary.startsWith(kind), summary);
    assert.doesNotMatch(summary, /ller|Anna|1945/);
  }
});

Deno.test("the details have the text and the stack, with file and line, and those of the causes", () => {
  const cause = new RangeError(SECRET);
  const { details } = failureOf(new Error("outer", { cause }), Deno.cwd());
  assert.ok(details.includes("Error: outer") && details.includes(`RangeError: ${SECRET}`));
  assert.match(details, /failure_test\.ts:\d+:\d+/);
  assert.ok(failureOf("x".repeat(1e6), "").details.length < 10_000);
  assert.equal(failureOf(SECRET, "").details, SECRET);
});

Deno.test("the log says how data is granted where the platform refuses an app to read it", () => {
  const refused = new Deno.errors.NotCapable('Requires read access to "/data/x.csv", run again');
  const { summary, details } = failureOf(refused, Deno.cwd());
  assert.ok(details.includes(READ_GRANT_HINT));
  assert.ok(!summary.includes("/data"));
  for (
    const other of [hostile, new Deno.errors.NotCapable("Requires net access"), new Error("x")]
  ) {
    assert.deepEqual(grantHints(other), []);
    assert.ok(!failureOf(other, "").details.includes(READ_GRANT_HINT));
  }
});

Deno.test("the position is one in the app's code, relative to its folder", async () => {
  await using folder = await TempDir.make();
  const at = (file: string) => new URL(file, `file://${folder.path}/`).href;
  await Deno.mkdir(`${folder.path}/lib`);
  await Deno.writeTextFile(
    `${folder.path}/lib/ä b.ts`,
    `export function fail(value: string): never {\n  throw new TypeError(value);\n}\n`,
  );
  await Deno.writeTextFile(`${folder.path}/cells.csv`, "");
  const { fail } = await import(at("lib/ä b.ts"));
  const thrownBy = (value: string): unknown => {
    try {
      return fail(value);
    } catch (error) {
      return error;
    }
  };
  assert.equal(errorPosition(thrownBy("text"), folder.path), "lib/ä b.ts:2:9");
  // An error text that imitates a stack.
  const forged = `x\n    at f (${at("lib/ä b.ts")}:19450412:1)`;
  assert.equal(errorPosition(thrownBy(forged), folder.path), "lib/ä b.ts:2:9");
  const other = new Error("text");
  assert.equal(errorPosition(other, folder.path), "");
  for (const file of ["cells.csv", "gone.ts", "../lib/x.ts", "lib"]) {
    other.stack = `Error: text\n    at ${at("")}${file}:1:2`;
    assert.equal(errorPosition(other, folder.path), "", file);
  }
  const none: readonly unknown[] = [
    SECRET,
    null,
    hostile,
    Object.assign(new Error(), { stack: 1 }),
  ];
  for (const thrown of none) assert.equal(errorPosition(thrown, folder.path), "");
});

Deno.test("a shareable error keeps its full text in the summary", () => {
  const error = asShareable(new FlwrError("invalid-argument", "There is no handler"));
  assert.equal(failureOf(error, "").summary, "There is no handler");
});
