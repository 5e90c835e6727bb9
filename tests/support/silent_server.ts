/** Takes connections at a port of this machine, and says nothing. */
export function silentServer(): Disposable & {
  readonly address: string;
  /** How many connections it has taken. */
  readonly taken: number;
} {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken: Deno.Conn[] = [];
  const taking = async () => {
    for await (const connection of listener) taken.push(connection);
  };
  taking().catch(() => {});
  return {
    address: `127.0.0.1:${listener.addr.port}`,
    get taken() {
      return taken.length;
    },
    [Symbol.dispose]() {
      listener.close();
      for (const connection of taken) {
        try {
          connection.close();
        } catch {
          // Its peer was first.
        }
      }
    },
  };
}
