/**
 * What an app imports: `import { ClientApp, ServerApp, FedAvg } from "flwr"`.
 *
 * @module
 */
export { ArrayRecord } from "./app/array_record.ts";
export { ClientApp, isClientApp } from "./app/client_app.ts";
export type { ClientMod } from "./app/client_mod.ts";
export { ConfigRecord } from "./app/config_record.ts";
export type { Context } from "./app/context.ts";
export { FedAvg, type FedAvgOptions } from "./app/strategy/fedavg.ts";
export { float } from "./app/float.ts";
export { Grid } from "./app/grid.ts";
export { Message } from "./app/message.ts";
export type { Metadata } from "./app/metadata.ts";
export { MetricRecord } from "./app/metric_record.ts";
export { NdArray } from "./app/nd_array.ts";
export { RecordDict } from "./app/record_dict.ts";
export { isServerApp, ServerApp } from "./app/server_app.ts";
export { FlwrError } from "./base/error.ts";
export { type Tensor, tensor, zeros } from "./tensor/tensor.ts";
