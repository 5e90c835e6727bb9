import { eventually } from "./deadline.ts";
import type { Process } from "./process.ts";
import type { Stage } from "./stage.ts";

/** Seconds within which HAProxy must listen. */
const START_SECONDS = 20;

/** Why tests with HAProxy do not run here, as the line that says so. */
export const NO_HAPROXY = "No HAProxy found (Debian: apt-get install haproxy): " +
  "the tests with a load balancer do not run";

/** Whether Debian's HAProxy is installed. */
export function hasHaproxy(): boolean {
  return programOf("haproxy") !== undefined;
}

/** The path of a program that is installed, also where only root looks for it. */
function programOf(name: string): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(":").concat("/usr/sbin");
  return folders.map((folder) => `${folder}/${name}`).find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** A port of the balancer, and the servers behind it. */
export interface Balanced {
  readonly name: string;
  /** "127.0.0.1:8000". */
  readonly address: string;
  /**
   * File with the certificate and the key with which the balancer itself ends TLS, and passes on single HTTP calls
   * (default: it passes on the bytes). A SuperNode of Flower 1.41 ends for good when a connection is closed in its TLS
   * handshake, as when the balancer finds the SuperLink dead. A 503 makes it try again.
   */
  readonly certificate?: string;
  readonly servers: readonly {
    readonly address: string;
    /** Port that shows with `GET /health` over TLS whether the server is up. */
    readonly healthPort: number;
  }[];
}

/** Starts a TCP load balancer, and waits until it listens. It closes the connections of a server that goes down. */
export async function startHaproxy(stage: Stage, ports: readonly Balanced[]): Promise<Process> {
  const file = stage.path("haproxy.cfg");
  await Deno.writeTextFile(file, configuration(ports));
  const process = stage.start({
    name: "haproxy",
    command: programOf("haproxy") ?? "haproxy",
    args: ["-db", "-f", file],
  });
  for (const { address } of ports) {
    await eventually(() => listens(address), START_SECONDS, `HAProxy to listen on ${address}`);
  }
  return process;
}

function configuration(ports: readonly Balanced[]): string {
  return `global
  maxconn 4000
defaults
  mode tcp
  timeout connect 2s
  # Calls are held for up to 20 s.
  timeout client 60s
  timeout server 60s
  retries 3
  option redispatch 1
  balance leastconn
${ports.map(section).join("")}`;
}

function section({ name, address, certificate, servers }: Balanced): string {
  const endsTls = certificate !== undefined;
  const lines = servers.map((server, n) =>
    `  server ${name}${n} ${server.address} ${endsTls ? "ssl" : ""} ` +
    `check check-ssl verify none port ${server.healthPort}\n`
  );
  return `listen ${name}
  bind ${address} ${endsTls ? `ssl crt ${certificate} alpn http/1.1` : ""}
  mode ${endsTls ? "http" : "tcp"}
  option httpchk GET /health
  default-server inter 500ms fastinter 200ms fall 2 rise 1 on-marked-down shutdown-sessions
${lines.join("")}`;
}

async function listens(address: string): Promise<boolean> {
  const [hostname, port] = address.split(":");
  try {
    (await Deno.connect({ hostname, port: Number(port) })).close();
    return true;
  } catch {
    return false;
  }
}
