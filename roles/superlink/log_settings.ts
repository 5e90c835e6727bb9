import { formatBytes } from "../../base/readable.ts";
import { log } from "../../base/log.ts";
import { addressOf } from "../../link/store/postgres/target.ts";
import type { ProxyRange } from "../../rpc/proxies/trusted_proxies.ts";
import type { SuperLinkConfig } from "./config.ts";
import type { DatabaseConfig } from "./database.ts";
import type { LargeObjectConfig } from "./object_store_flags.ts";

type Settings = Pick<SuperLinkConfig, "database" | "largeObjects" | "proxies" | "oneOfMany">;

const logger = log("superlink");

/** Logs where a SuperLink stores its state and which proxies it trusts. Of several processes, the first does. */
export function logSettings({ database, largeObjects, proxies, oneOfMany }: Settings): void {
  if (oneOfMany !== undefined && oneOfMany.number > 1) return;
  logDatabase(database);
  if (largeObjects !== undefined) logObjectStore(largeObjects);
  if (proxies.ranges.length > 0) {
    logger.info("The trusted proxies {proxies} name their callers in the header {header}", {
      event: "trusted-proxies",
      proxies: proxies.ranges.map(rangeText).join(", "),
      header: proxies.header,
    });
  }
}

function logDatabase(database: DatabaseConfig): void {
  const facts = { event: "database", kind: database.kind };
  switch (database.kind) {
    case "memory":
      return logger.info(
        "Runs and nodes are stored in memory (--database :memory:), until this SuperLink stops",
        facts,
      );
    case "sqlite": {
      const { file, isDefault } = database;
      const more = isDefault ? ". --database names another place, and :memory: none" : "";
      return logger.info(`Runs and nodes are stored in {file}${more}`, { ...facts, file });
    }
    case "postgres":
      return logger.info("Runs and nodes are stored in PostgreSQL, {address}", {
        ...facts,
        address: addressOf(database.target),
      });
  }
}

function logObjectStore({ store, from }: LargeObjectConfig): void {
  logger.info("Parts of messages from {size} on are stored in {address}", {
    event: "object-store",
    address: store.kind === "s3" ? store.target.address : store.folder,
    size: formatBytes(from),
  });
}

/** A range as the user writes it: one address has no number of bits. */
function rangeText({ address, bits }: ProxyRange): string {
  return bits === (address.includes(":") ? 128 : 32) ? address : `${address}/${bits}`;
}
