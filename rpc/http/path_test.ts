import assert from "node:assert/strict";
import { Control } from "../../proto/gen/current/control_pb.ts";
import { Fleet } from "../../proto/gen/current/fleet_pb.ts";
import { httpPath, pathOf } from "./path.ts";

Deno.test("methods have kebab-case names under their API's prefix", () => {
  const { method } = Fleet;
  assert.equal(httpPath(method.confirmMessageReceived), "/v1/fleet/confirm-message-received");
  assert.equal(httpPath(method.getFab), "/v1/fleet/get-fab");
  assert.equal(
    httpPath(Control.method.completeConnectorOAuth),
    "/v1/control/complete-connector-oauth",
  );
});

Deno.test("a URL's path is as it was sent, and ends where its query starts", () => {
  assert.equal(pathOf("http://127.0.0.1:8000/health"), "/health");
  assert.equal(pathOf("https://[::1]:8000/health?a=/b?c"), "/health");
  assert.equal(pathOf("http://a//b/../c%2e"), "//b/../c%2e");
  assert.equal(pathOf("http://a/*"), "/*");
  assert.equal(pathOf("http://a:80"), "");
});
