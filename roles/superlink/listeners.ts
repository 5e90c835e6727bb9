import { FlwrError } from "../../base/error.ts";
import { type Address, formatAddress, isLoopback } from "../../rpc/address.ts";
import { readFlagAddress } from "../flags/values.ts";
import { OFF, type SuperLinkFlags } from "./flags.ts";

/** Addresses of the APIs, as "host:port". A missing one is switched off. */
export interface Listeners {
  /** Fleet, Control and Runtime of today's Flower, over HTTP. */
  readonly http?: string;
  /** Fleet over gRPC, of all generations. */
  readonly fleet?: string;
  /** Control over gRPC. */
  readonly control?: string;
  /** Driver of Flower 1.9, over gRPC. */
  readonly driver?: string;
  /** A separate port for gRPC's health service. */
  readonly health?: string;
}

/** The flag of each listener's address, for errors. */
export const LISTENER_FLAGS: Readonly<Record<keyof Listeners, string>> = {
  http: "--port",
  fleet: "--fleet-api-address",
  control: "--control-api-address",
  driver: "--driver-api-address",
  health: "--health-server-address",
};

type AddressFlags = Pick<
  SuperLinkFlags,
  | "host"
  | "port"
  | "fleetApiAddress"
  | "controlApiAddress"
  | "driverApiAddress"
  | "healthServerAddress"
  | "controlApiAllowRemote"
  | "driverApiAllowRemote"
>;

/**
 * Reads and checks the addresses to listen on.
 *
 * @throws FlwrError naming the flag: "invalid-argument" for a malformed address, two listeners on one port, or no
 *   listener for nodes; "failed-precondition" for an API without authentication that other machines could reach
 */
export function readListeners(flags: AddressFlags): Listeners {
  const addresses: Partial<Record<keyof Listeners, Address>> = {
    ...given("http", flags.port === OFF ? OFF : httpAddress(flags)),
    ...given("fleet", flags.fleetApiAddress),
    ...given("control", flags.controlApiAddress),
    ...given("driver", flags.driverApiAddress),
    ...given("health", flags.healthServerAddress ?? OFF),
  };
  if (addresses.http === undefined && addresses.fleet === undefined) {
    throw new FlwrError(
      "invalid-argument",
      "No SuperNode can connect, because HTTP and gRPC are both off",
      {
        hints: [`Set --port or --fleet-api-address`],
      },
    );
  }
  refuseOpenApi("control", addresses.control, flags.controlApiAllowRemote, "submit apps");
  refuseOpenApi("driver", addresses.driver, flags.driverApiAllowRemote, "run the ServerApp");
  refuseClashes(addresses);
  return Object.fromEntries(
    Object.entries(addresses).map(([name, address]) => [name, formatAddress(address)]),
  );
}

function httpAddress({ host, port }: AddressFlags): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;
}

function given(name: keyof Listeners, text: string): Partial<Record<keyof Listeners, Address>> {
  if (text === OFF) return {};
  const flag = name === "http" ? "--host and --port" : LISTENER_FLAGS[name];
  return { [name]: readFlagAddress(flag, text, { allowZero: true }) };
}

/** Refuses a non-loopback address of an API without authentication: anyone who reaches it controls all nodes. */
function refuseOpenApi(
  name: "control" | "driver",
  address: Address | undefined,
  allowed: boolean,
  purpose: string,
): void {
  if (address === undefined || isLoopback(address.host) || allowed) return;
  const text = formatAddress(address);
  throw new FlwrError(
    "failed-precondition",
    `The ${name} API has no authentication and would listen beyond this machine: ${
      LISTENER_FLAGS[name]
    } "${text}"`,
    {
      hints: [
        `Use a loopback address such as 127.0.0.1:${address.port} and ${purpose} on this machine`,
        `If the network is trusted, add --${name}-api-allow-remote`,
      ],
    },
  );
}

/** Refuses two listeners on one port, which would fail later with a misleading "port in use". */
function refuseClashes(addresses: Partial<Record<keyof Listeners, Address>>): void {
  const entries = Object.entries(addresses) as [keyof Listeners, Address][];
  for (const [index, [name, address]] of entries.entries()) {
    for (const [other, taken] of entries.slice(0, index)) {
      if (address.port === 0 || address.port !== taken.port || !overlap(address, taken)) continue;
      throw new FlwrError(
        "invalid-argument",
        `${LISTENER_FLAGS[other]} and ${LISTENER_FLAGS[name]} use the same port: ${address.port}`,
        { hints: [`Give each its own port, or switch one off with ${LISTENER_FLAGS[name]} none`] },
      );
    }
  }
}

/** Whether two hosts to listen on have an address in common. */
export function overlap(a: Address, b: Address): boolean {
  const everywhere = (host: string) => host === "0.0.0.0" || host === "::";
  return a.host === b.host || everywhere(a.host) || everywhere(b.host) ||
    (isLoopback(a.host) && isLoopback(b.host));
}
