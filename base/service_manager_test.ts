import assert from "node:assert/strict";
import { testWithAllRights } from "./testing/all_rights.ts";
import { inTemporaryFolder } from "./testing/temporary_folder.ts";

/** Binds a socket for datagrams, runs a command until it has sent some messages, and prints each on a line. */
const RECEIVER = `
import os, socket, subprocess, sys
name, count = sys.argv[1], int(sys.argv[2])
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(name.replace("@", "\\0", 1))
receiver.settimeout(20)
child = subprocess.Popen(sys.argv[3:], env=dict(os.environ, NOTIFY_SOCKET=name), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
message = ""
while message != "STOPPING=1":
    message = receiver.recv(4096).decode()
    print(message, flush=True)
    count -= 1
    if count == 0:
        child.stdin.close()
print(child.stdout.read().decode().strip())
sys.exit(child.wait(timeout=20))
`;

/** Ready until its input ends. */
const SERVICE = `
import { serviceManager } from ${
  JSON.stringify(new URL("service_manager.ts", import.meta.url).href)
};
{
  using manager = serviceManager();
  manager.ready();
  manager.ready();
  for await (const _ of Deno.stdin.readable);
}
console.log(Deno.env.has("NOTIFY_SOCKET"), Deno.env.has("WATCHDOG_USEC"), Deno.env.has("WATCHDOG_PID"));
`;

async function messages(
  name: string,
  count: number,
  env: Record<string, string>,
): Promise<string[]> {
  const config = new URL("../deno.json", import.meta.url).pathname;
  let printed = "";
  await inTemporaryFolder(async (folder) => {
    const service = `${folder}/service.ts`;
    await Deno.writeTextFile(service, SERVICE);
    const run = [Deno.execPath(), "run", "-A", "--config", config, service];
    const { code, stdout, stderr } = await new Deno.Command("python3", {
      args: ["-c", RECEIVER, name.replace("FOLDER", folder), String(count), ...run],
      env,
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    printed = new TextDecoder().decode(stdout);
  });
  return printed.trim().split("\n");
}

const ignore = Deno.build.os !== "linux";
const INHERITED = "false false false";

testWithAllRights(
  "systemd: a service says that it is ready and that it stops, and apps inherit nothing",
  async () => {
    for (const name of ["FOLDER/notify", `@flwr-test-${crypto.randomUUID()}`]) {
      assert.deepEqual(await messages(name, 1, {}), ["READY=1", "STOPPING=1", INHERITED]);
    }
  },
  { ignore },
);

testWithAllRights(
  "systemd: a watched service shows that it is alive, unless another process is watched",
  async () => {
    const watched = await messages("FOLDER/notify", 4, { WATCHDOG_USEC: "100000" });
    assert.equal(watched[0], "READY=1");
    assert.deepEqual(watched.slice(-2), ["STOPPING=1", INHERITED]);
    const alive = watched.slice(1, -2);
    assert.ok(
      alive.length >= 3 && alive.every((message) => message === "WATCHDOG=1"),
      `${watched}`,
    );
    const other = await messages("FOLDER/notify", 1, {
      WATCHDOG_USEC: "100000",
      WATCHDOG_PID: "1",
    });
    assert.deepEqual(other, ["READY=1", "STOPPING=1", INHERITED]);
  },
  { ignore },
);
