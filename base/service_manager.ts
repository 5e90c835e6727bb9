import { log } from "./log.ts";

/** Linux: values of socket(2) and sendto(2). */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;

/** Bytes of sockaddr_un's path. */
const MAX_PATH_BYTES = 108;

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** The environment variables with which systemd names its socket and its patience (sd_notify(3), sd_watchdog_enabled(3)). */
const SOCKET = "NOTIFY_SOCKET";
const WATCHDOG_USEC = "WATCHDOG_USEC";
const WATCHDOG_PID = "WATCHDOG_PID";

/** Messages in each period in which systemd expects one. */
const SIGNS_OF_LIFE = 2;
const MICROSECONDS_PER_MILLISECOND = 1000;

/** The service manager that has started this process. Disposing of it says that the process stops, if that was not said. */
export interface ServiceManager extends Disposable {
  /** Says that the service is ready, and from then on, if it is expected, that it is alive. */
  ready(): void;
  /** Says that the process stops, once. */
  stopping(): void;
}

/**
 * Finds the service manager that waits for messages of this process, which is systemd for a unit with `Type=notify`. Its
 * environment variables are removed, so that no app inherits them. Without one, nothing is sent.
 */
export function serviceManager(): ServiceManager {
  const path = take(SOCKET);
  const watchdog = watchdogMilliseconds(take(WATCHDOG_USEC), take(WATCHDOG_PID));
  const manager = path === undefined ? undefined : open(path);
  let isReady = false;
  let timer: ReturnType<typeof setInterval> | undefined;
  let isStopping = false;
  const stopping = () => {
    if (!isStopping) manager?.send("STOPPING=1");
    isStopping = true;
  };
  return {
    stopping,
    ready() {
      if (manager === undefined || isReady) return;
      isReady = true;
      manager.send("READY=1");
      if (watchdog === undefined) return;
      timer = setInterval(() => manager.send("WATCHDOG=1"), watchdog / SIGNS_OF_LIFE);
      Deno.unrefTimer(timer);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      stopping();
      manager?.close();
    },
  };
}

function take(name: string): string | undefined {
  const value = Deno.env.get(name);
  if (value !== undefined) Deno.env.delete(name);
  return value === "" ? undefined : value;
}

/** Milliseconds in which a sign of life is expected of this process. Undefined: none is. */
function watchdogMilliseconds(usec = "", pid?: string): number | undefined {
  if (pid !== undefined && pid !== String(Deno.pid)) return undefined;
  const milliseconds = /^\d{1,15}$/.test(usec) ? Number(usec) / MICROSECONDS_PER_MILLISECOND : 0;
  return milliseconds > 0 ? milliseconds : undefined;
}

interface Messenger {
  send(message: string): void;
  close(): void;
}

/** A socket for datagrams to a Unix socket. Deno 2.9.3 has none without a flag, so this calls the system's library. */
function open(path: string): Messenger | undefined {
  const address = socketAddress(path);
  if (Deno.build.os !== "linux" || address === undefined) return warn("the address is not usable");
  try {
    const library = Deno.dlopen("libc.so.6", SYMBOLS);
    const { socket, sendto, close } = library.symbols;
    const descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return warn("there is no socket");
    let hasFailed = false;
    return {
      send(message) {
        const bytes = new TextEncoder().encode(message);
        const length = BigInt(bytes.length);
        const sent = sendto(descriptor, bytes, length, MSG_NOSIGNAL, address, address.length);
        if (sent === length || hasFailed) return;
        hasFailed = true;
        warn(`it does not accept ${message}`);
      },
      close() {
        close(descriptor);
        library.close();
      },
    };
  } catch (error) {
    return warn(String(error));
  }
}

/** A sockaddr_un. Undefined for a path that it cannot have. @param path absolute, or a name after "@" */
function socketAddress(path: string): Uint8Array<ArrayBuffer> | undefined {
  const isAbstract = path.startsWith("@");
  const name = new TextEncoder().encode(isAbstract ? `\0${path.slice(1)}` : `${path}\0`);
  if (!(isAbstract || path.startsWith("/")) || name.length > MAX_PATH_BYTES) return undefined;
  const address = new Uint8Array(2 + name.length);
  // In the byte order of the machine: the platforms of Deno are little-endian.
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  return address;
}

function warn(reason: string): undefined {
  log("service").warn("The service manager cannot be told that this process is ready: {reason}", {
    reason,
  });
}
