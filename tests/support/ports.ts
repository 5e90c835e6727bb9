/**
 * Ports below those that systems give to whoever asks for any: no connection and no server on "port 0" takes one of them
 * between this and the moment that a program listens on it.
 */
const FIRST = 20_000;
const COUNT = 12_000;

/**
 * Ports of this machine that nobody listens on: for programs that have to be told one. Where to look first is drawn, so
 * that tests which run at the same time look in different places.
 */
export function freePorts(count: number): number[] {
  const ports: number[] = [];
  const start = Math.floor(Math.random() * COUNT);
  for (let step = 0; step < COUNT && ports.length < count; step++) {
    const port = FIRST + (start + step) % COUNT;
    if (isFree(port)) ports.push(port);
  }
  if (ports.length < count) throw new Error(`No ${count} ports are free from ${FIRST} on`);
  return ports;
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
