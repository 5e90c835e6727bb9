/**
 * What tests of an app import: `import { simulate } from "flwr/testing"`.
 *
 * @module
 */
export { simulate, type SimulateOptions, type Simulation } from "./simulate.ts";
