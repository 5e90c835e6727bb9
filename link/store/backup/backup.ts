/** What copies and checks databases, for programs that load it when they need it. */
export { contradictions } from "./check.ts";
export { copyRows } from "./copy.ts";
export { placedFaults, placedTotal } from "./placed_objects.ts";
export { PostgresSide } from "./postgres_side.ts";
export { SqliteSide } from "./sqlite_side.ts";
export { NEWEST_VERSION } from "./tables.ts";
