import { FlwrError } from "../../base/error.ts";
import type { DType } from "../../tensor/dtype.ts";
import { uniform } from "../graph/random.ts";
import { sameShape, showShape } from "../graph/shape.ts";
import { input, type Node, type Value } from "../graph/value.ts";
import {
  applyLayer,
  type Initializer,
  type Layer,
  type Scope,
  type StateInitializer,
} from "./layer.ts";

/** Salts of random arrays below this are reserved; layers use those from here on. */
const FIRST_SALT = 16;

/** A named array that belongs to a network. */
export interface Variable {
  /** Full name, as in PyTorch's state_dict. */
  readonly name: string;
  readonly value: Node<"input">;
  readonly initializer: StateInitializer;
  /** Whether the optimiser updates it (then it is float32); otherwise the network itself does. */
  readonly trained: boolean;
}

/** The result of applying a network to symbolic inputs. */
export interface Trace<Output = Value> {
  readonly output: Output;
  /** All variables, in the order of their first use unless a layer sets another one. */
  readonly variables: readonly Variable[];
  /** Values of the untrained variables at the end of a step; those that are missing do not change. */
  readonly updates: ReadonlyMap<Value, Value>;
}

/** State shared by all scopes of one trace. */
class Ledger {
  readonly variables = new Map<string, Variable>();
  readonly updates = new Map<Value, Value>();
  /** For the path of a layer, its parts in the order in which their variables are listed. */
  readonly orders = new Map<string, readonly string[]>();
  #salt = FIRST_SALT;

  constructor(readonly randomKey?: Value) {}

  uniform(shape: readonly number[]): Value {
    if (this.randomKey === undefined) {
      throw new FlwrError("invalid-argument", "Random numbers are available only in training");
    }
    return uniform(this.randomKey, this.#salt++, shape);
  }
}

class TraceScope implements Scope {
  readonly #ledger: Ledger;
  /** Whether the layer was applied before, so that its variables exist. */
  readonly #again: boolean;
  readonly #parts = new Map<Layer, string>();
  #applied = 0;

  constructor(readonly path: string, ledger: Ledger, again: boolean) {
    this.#ledger = ledger;
    this.#again = again;
  }

  get training(): boolean {
    return this.#ledger.randomKey !== undefined;
  }

  parameter(name: string, shape: readonly number[], initializer: Initializer): Value {
    return this.#variable(name, "float32", shape, initializer, true);
  }

  state(
    name: string,
    shape: readonly number[],
    initializer: StateInitializer,
    dtype: DType = "float32",
  ): Value {
    return this.#variable(name, dtype, shape, initializer, false);
  }

  update(state: Value, next: Value): void {
    const { updates } = this.#ledger;
    if (updates.has(state) || !sameShape(state.shape, next.shape) || state.dtype !== next.dtype) {
      throw new FlwrError(
        "invalid-argument",
        updates.has(state)
          ? "A state cannot be updated twice in one step: a layer with a state is applied twice"
          : `A state ${state.dtype} ${showShape(state.shape)} cannot be set to ` +
            `${next.dtype} ${showShape(next.shape)}`,
      );
    }
    updates.set(state, next);
  }

  uniform(shape: readonly number[]): Value {
    return this.#ledger.uniform(shape);
  }

  order(parts: readonly string[]): void {
    this.#ledger.orders.set(this.path, parts);
  }

  within(name: string): Scope {
    return new TraceScope(this.#full(name), this.#ledger, this.#again);
  }

  apply(part: Layer, x: Value, name = String(this.#applied)): Value {
    const known = this.#parts.get(part);
    const path = this.#full(known ?? part.name ?? name);
    this.#parts.set(part, known ?? part.name ?? name);
    this.#applied++;
    const again = this.#again || known !== undefined;
    return applyLayer(part, x, new TraceScope(path, this.#ledger, again));
  }

  #full(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  #variable(
    part: string,
    dtype: DType,
    shape: readonly number[],
    initializer: StateInitializer,
    trained: boolean,
  ): Value {
    const name = this.#full(part);
    const known = this.#ledger.variables.get(name);
    if (known !== undefined && !this.#again) {
      throw new FlwrError("invalid-argument", `Two parameters have the name "${name}"`, {
        hints: ["Give the layers different names"],
      });
    }
    if (known !== undefined) {
      if (sameShape(known.value.shape, shape)) return known.value;
      throw new FlwrError(
        "invalid-argument",
        `The shared parameter "${name}" ${showShape(known.value.shape)} ` +
          `cannot also have the shape ${showShape(shape)}`,
      );
    }
    const value = input(name, dtype, shape) as Node<"input">;
    this.#ledger.variables.set(name, { name, value, initializer, trained });
    return value;
  }
}

/** The variables in the order of their use, except where a layer sets another order. */
function listed({ variables, orders }: Ledger): Variable[] {
  const list = [...variables.values()];
  for (const [path, parts] of orders) {
    const prefix = path === "" ? "" : `${path}.`;
    const places = list.flatMap(({ name }, i) => name.startsWith(prefix) ? [i] : []);
    const rank = ({ name }: Variable) => parts.indexOf(name.slice(prefix.length).split(".")[0]!);
    const ordered = places.map((i) => list[i]!).sort((a, b) => rank(a) - rank(b));
    places.forEach((place, i) => list[place] = ordered[i]!);
  }
  return list;
}

/**
 * Applies a network to a symbolic input and collects its variables.
 *
 * @param randomKey key of random numbers, a uint32 scalar that changes from step to step: with it the network is traced
 * for training, without it for evaluation
 * @throws FlwrError "invalid-argument" when shapes do not fit or two parameters have one name
 */
export function trace(network: Layer, x: Value, randomKey?: Value): Trace {
  const ledger = new Ledger(randomKey);
  return traced(ledger, applyLayer(network, x, new TraceScope("", ledger, false)));
}

/** Like {@link trace}, for a function that is not a layer. */
export function traceParts<Output>(
  connect: (scope: Scope) => Output,
  randomKey?: Value,
): Trace<Output> {
  const ledger = new Ledger(randomKey);
  return traced(ledger, connect(new TraceScope("", ledger, false)));
}

function traced<Output>(ledger: Ledger, output: Output): Trace<Output> {
  return { output, variables: listed(ledger), updates: ledger.updates };
}
