import type { Server } from "node:net";
import { type Address, formatAddress } from "../address.ts";
import { explainBindError } from "../bind_error.ts";

/** Makes a server listen. @returns the port that was taken @throws FlwrError "unavailable" */
export function listen(server: Server, { host, port }: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(explainBindError(formatAddress({ host, port }), error));
    server.once("error", fail);
    server.listen(port, host, () => {
      server.off("error", fail);
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : port);
    });
  });
}
