import assert from "node:assert/strict";
import type { CallHead } from "../../../call.ts";
import type { AccountGate } from "./account_gate.ts";
import { controlAuthentication } from "./control_authentication.ts";
import { loginHandlers } from "./login_handlers.ts";

/** Accounts that note who asks. */
function accounts() {
  const asked: string[] = [];
  const gate: AccountGate = {
    identify: (_token, host) => {
      asked.push(host);
      return Promise.resolve({ id: "a", name: "a", roles: ["admin"] });
    },
    beginLogin: (host) => {
      asked.push(host);
      return Promise.reject(new Error("not asked"));
    },
    finishLogin: (_code, host) => {
      asked.push(host);
      return Promise.resolve(undefined);
    },
    refresh: (_token, host) => {
      asked.push(host);
      return Promise.resolve({ accessToken: "a", refreshToken: "r" });
    },
  };
  return { asked, gate };
}

Deno.test("the addresses of one IPv6 network count as one caller of accounts", async () => {
  const { asked, gate } = accounts();
  const { admit } = controlAuthentication({ accounts: gate });
  const handlers = loginHandlers(gate);
  for (const peer of ["[2001:db8:1:2::1]:1000", "[2001:db8:1:2:ffff::9]:2000"]) {
    const call = { peer, setHeader() {} } as unknown as Parameters<
      typeof handlers.getAuthTokens
    >[1];
    await handlers.getLoginDetails({} as never, call).catch(() => {});
    await handlers.getAuthTokens({ deviceCode: "d" } as never, call);
    await handlers.refreshAuthTokens({ refreshToken: "r" } as never, call);
    for (const transport of ["http", "grpc"] as const) {
      for (
        const [name, value] of [["authorization", "Bearer t"], ["flwr-oidc-access-token", "t"]]
      ) {
        if (transport === "http" && name !== "authorization") continue;
        await admit!(
          {
            transport,
            method: "/flwr.proto.Control/ListRuns",
            peer,
            header: (asked: string) => asked === name ? value : undefined,
            headerBytes: () => undefined,
          } satisfies CallHead,
        );
      }
    }
  }
  assert.equal(asked.length, 12);
  assert.deepEqual([...new Set(asked)], ["2001:db8:1:2"]);
});
