/** Errors must not reveal a node's data unless its owner allows it. */
import assert from "node:assert/strict";
import { AppCrashed, AppNotLoaded } from "../../hosting/app/app_host.ts";
import { EvilApp } from "./sandbox_fixture.ts";

const SECRETS = /Anna|1945|cells|FOLDER|flwr-/;

/** Code that fails with a node's data, and the kind of error. */
const FAILURES: Readonly<Record<string, readonly [code: string, told: RegExp]>> = {
  "a cell in an error's text": [
    `throw new RangeError("Anna")`,
    /^RangeError at client\.ts:6:\d+; /,
  ],
  "a cell in an error's name": [
    `throw Object.assign(new RangeError("x"), { name: "Anna" })`,
    /^RangeError at client\.ts/,
  ],
  "a cell that is thrown itself": [`throw "Anna"`, /^a thrown string; /],
  "a cell in what is behind an error": [
    `throw new Error("x", { cause: new AggregateError([new Error("Anna")], "Anna") })`,
    /^Error at client\.ts/,
  ],
  "a path and a cell that a reader of data names": [
    `await flwr.readCsv("FOLDER/app/cells.csv", { target: "name", inputs: ["age"] })`,
    /^[A-Za-z]+(?: [a-z-]+)?(?: at client\.ts:\d+:\d+)?; /,
  ],
  "an error reply that the app makes itself": [
    `return message.replyError(7, "Anna")`,
    /^The ClientApp replied with error 7; /,
  ],
};

const APP = `
import * as flwr from "flwr";
const Code = (async () => {}).constructor;
export const app = new flwr.ClientApp().train(async (message, context) => {
  const code = message.content.configRecord("config").string("code");
  return await new Code("flwr", "message", code)(flwr, message);
});
`;

Deno.test("security: an error about a node's data reports only its kind and place", async (test) => {
  await using app = await EvilApp.start({ app: APP }, async (folder) => {
    await Deno.writeTextFile(`${folder}/app/cells.csv`, "name,age\nAnna,born 1945\n");
  });
  for (const [what, [code, told]] of Object.entries(FAILURES)) {
    await test.step(what, async () => {
      const { reply, failure } = await app.handle(code);
      assert.ok(reply.error !== undefined && failure !== undefined);
      assert.match(failure.summary, told);
      assert.doesNotMatch(failure.summary, SECRETS);
      assert.ok(!failure.summary.includes(app.folder.path));
      assert.match(failure.details, /Anna|cells\.csv/);
    });
  }
});

Deno.test("security: an uncaught error ends the app, and its text stays on the node", async () => {
  await using app = await EvilApp.start({ app: APP });
  const crash = await app.handle(`setTimeout(() => { throw new TypeError("Anna") });
    await new Promise(() => {})`).catch((error) => error);
  assert.ok(crash instanceof AppCrashed);
  assert.match(crash.failure.summary, /^TypeError/);
  assert.doesNotMatch(crash.failure.summary, SECRETS);
  assert.match(crash.failure.details, /Anna/);
});

Deno.test("security: an error about data while an app is loaded does not contain the data", async () => {
  const app = `import { ClientApp } from "flwr";
    export const app = new ClientApp();
    throw new TypeError(Deno.readTextFileSync(new URL("own.ts", import.meta.url)) + "Anna");`;
  const refused = await EvilApp.start({ app }).catch((error) => error);
  assert.ok(refused instanceof AppNotLoaded);
  assert.match(refused.failure.summary, /^TypeError at client\.ts:3:\d+; /);
  assert.doesNotMatch(refused.failure.summary, SECRETS);
  assert.match(refused.failure.details, /Anna/);
});
