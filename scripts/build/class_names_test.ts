import assert from "node:assert/strict";
import { restoreClassNames } from "./class_names.ts";

Deno.test("a class has its name in the sources, even if it extends the result of a call", () => {
  const text = `var Base = class {
};
var Message = class _Message extends Base {
  static make() {
    return new _Message();
  }
};
var of = (base) => base;
var Reply2 = class _Reply extends of(Message) {
  static #made = new _Reply();
};
return [Base, Message, Reply2];`;
  const names = (built: string) =>
    (new Function(built)() as { name: string }[]).map(({ name }) => name);
  assert.deepEqual(names(text), ["Base", "_Message", "_Reply"]);
  assert.deepEqual(names(restoreClassNames(text)), ["Base", "Message", "Reply"]);
});
