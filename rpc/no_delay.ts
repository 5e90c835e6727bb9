/** Linux: levels and options of setsockopt (asm-generic/socket.h, netinet/tcp.h). */
const SOL_SOCKET = 1;
const SO_ACCEPTCONN = 30;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;

/** Bytes of the largest socket address (sockaddr_storage). */
const ADDRESS_BYTES = 128;

const SYMBOLS = {
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
} as const;

/**
 * Sets TCP_NODELAY on a TLS listener's socket. Accepted connections inherit it.
 *
 * Without it, Nagle's algorithm delays the end of a response until the client has acknowledged what came before, and
 * clients acknowledge late: 40 ms for many responses of more than one TLS record. Deno 2.9.3 can set the option for
 * plain TCP (`setNoDelay`) but not for TLS, so this calls the system's library.
 *
 * @returns whether it was set: only on Linux, with permission to call foreign functions. Elsewhere responses may be
 *   late.
 */
export function sendAtOnce(listener: Deno.Listener): boolean {
  if (Deno.build.os !== "linux" || !mayCall()) return false;
  const { port } = listener.addr as Deno.NetAddr;
  try {
    using library = open();
    let found = false;
    for (const fd of openSockets()) {
      if (!isListening(library, fd) || portOf(library, fd) !== port) continue;
      found = library.symbols.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, int(1), 4) === 0 || found;
    }
    return found;
  } catch {
    // No libc.so.6, or no /proc.
    return false;
  }
}

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;

function open(): Library & Disposable {
  const library = Deno.dlopen("libc.so.6", SYMBOLS);
  return Object.assign(library, { [Symbol.dispose]: () => library.close() });
}

/** Whether foreign functions may be called without a permission prompt. */
function mayCall(): boolean {
  return Deno.permissions.querySync({ name: "ffi" }).state === "granted";
}

/** File descriptors of this process that are sockets. */
function* openSockets(): Generator<number> {
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    let target: string;
    try {
      target = Deno.readLinkSync(`/proc/self/fd/${name}`);
    } catch {
      continue; // closed meanwhile
    }
    if (target.startsWith("socket:")) yield Number(name);
  }
}

function isListening({ symbols }: Library, fd: number): boolean {
  const value = int(0);
  return symbols.getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, value, int(4)) === 0 && value[0] === 1;
}

function portOf({ symbols }: Library, fd: number): number | undefined {
  const address = new Uint8Array(ADDRESS_BYTES);
  if (symbols.getsockname(fd, address, int(ADDRESS_BYTES)) !== 0) return undefined;
  // The port follows the address family, in IPv4 and IPv6.
  return new DataView(address.buffer).getUint16(2);
}

function int(value: number): Int32Array<ArrayBuffer> {
  return Int32Array.of(value);
}
