import assert from "node:assert/strict";
import { NodeSessions } from "./node_sessions.ts";

Deno.test("node sessions: the session that joined last is current", () => {
  const sessions = new NodeSessions(10);
  sessions.join(1n, "a");
  sessions.join(1n, "b");
  assert.equal(sessions.isCurrent(1n, "a"), false);
  assert.equal(sessions.isCurrent(1n, "b"), true);
  assert.equal(sessions.isCurrent(2n, "a"), true, "another node");
});

Deno.test("node sessions: a program without a session id is current only if it joined last", () => {
  const sessions = new NodeSessions(10);
  sessions.join(1n, undefined);
  assert.equal(sessions.isCurrent(1n, undefined), true);
  assert.equal(sessions.isCurrent(1n, "a"), false);
  sessions.join(1n, "a");
  assert.equal(sessions.isCurrent(1n, undefined), false);
});

Deno.test("node sessions: after a restart the first call with a session id determines it", () => {
  const sessions = new NodeSessions(10);
  assert.equal(sessions.isCurrent(1n, undefined), true);
  assert.equal(sessions.isCurrent(1n, "a"), true);
  assert.equal(sessions.isCurrent(1n, "b"), false);
});

Deno.test("node sessions: the least recently used node is forgotten first", () => {
  const sessions = new NodeSessions(2);
  sessions.join(1n, "a");
  sessions.join(2n, "a");
  sessions.isCurrent(1n, "a");
  sessions.join(3n, "a");
  assert.equal(sessions.isCurrent(1n, "b"), false, "used since");
  assert.equal(sessions.isCurrent(2n, "b"), true, "forgotten");
});
