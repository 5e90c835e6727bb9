/**
 * The names that tests of an app import: `import { simulate } from "flwr/testing"`.
 *
 * @module
 */
export type { NodeFaults } from "../entities/simulation.ts";
export { simulate, type SimulateOptions, type Simulation } from "./simulate.ts";
