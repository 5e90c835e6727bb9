import { FlwrError } from "../../base/error.ts";
import { type Address, formatAddress, isLoopback } from "../../rpc/address.ts";

/**
 * Refuses an address of the dashboard that other machines could reach.
 *
 * @param flag the flag with the address, for the error
 * @throws FlwrError "failed-precondition"
 */
export function refuseOpenDashboard(flag: string, address: Address): void {
  if (isLoopback(address.host)) return;
  const { port } = address;
  throw new FlwrError(
    "failed-precondition",
    `The dashboard has no accounts and would listen beyond this machine: ${flag} "${
      formatAddress(address)
    }"`,
    {
      hints: [
        `Use 127.0.0.1:${port}`,
        `From another machine, forward the port: ssh -L ${port}:127.0.0.1:${port} HOST`,
      ],
    },
  );
}
