/** Message types whose content has other names in older Flower clients and servers. */
export const LEGACY_TYPES = ["train", "evaluate", "get_parameters", "get_properties"] as const;

/** A message type with legacy names. */
export type LegacyType = typeof LEGACY_TYPES[number];

/** Whether messages of this type have legacy names. */
export function isLegacyType(messageType: string): messageType is LegacyType {
  return (LEGACY_TYPES as readonly string[]).includes(messageType);
}

/**
 * The names of the records of one message type in Flower's older API, in the order in which Flower writes them (flwr
 * 1.9 and 1.41, `recordset_compat`). An undefined record does not exist in that message.
 */
export interface LegacyNames {
  readonly ins: { readonly parameters?: string; readonly config: string };
  readonly res: {
    readonly loss?: string;
    readonly numExamples?: string;
    readonly parameters?: string;
    /** A ConfigRecord of the user's metrics or properties. */
    readonly values?: string;
    readonly status: string;
  };
}

/** The names of each message type. */
export const LEGACY_NAMES: { readonly [T in LegacyType]: LegacyNames } = {
  train: {
    ins: { parameters: "fitins.parameters", config: "fitins.config" },
    res: {
      parameters: "fitres.parameters",
      numExamples: "fitres.num_examples",
      values: "fitres.metrics",
      status: "fitres.status",
    },
  },
  evaluate: {
    ins: { parameters: "evaluateins.parameters", config: "evaluateins.config" },
    res: {
      loss: "evaluateres.loss",
      numExamples: "evaluateres.num_examples",
      values: "evaluateres.metrics",
      status: "evaluateres.status",
    },
  },
  get_parameters: {
    ins: { config: "getparametersins.config" },
    res: { parameters: "getparametersres.parameters", status: "getparametersres.status" },
  },
  get_properties: {
    ins: { config: "getpropertiesins.config" },
    res: { values: "getpropertiesres.properties", status: "getpropertiesres.status" },
  },
};

/** The names of the same records in the current API. */
export const CURRENT_NAMES = {
  arrays: "arrays",
  config: "config",
  metrics: "metrics",
  properties: "properties",
  /** In `metrics`. */
  numExamples: "num-examples",
  /** In `metrics`. */
  loss: "loss",
} as const;
