import { FlwrError } from "../../base/error.ts";
import { sameShape, showShape } from "../graph/shape.ts";
import { input, type Node, type Value } from "../graph/value.ts";
import { applyLayer, type Initializer, type Layer, type Scope } from "./layer.ts";

/** A named float32 array that belongs to a network. */
export interface Variable {
  /** Full name, as in PyTorch's state_dict. */
  readonly name: string;
  readonly value: Node<"input">;
  readonly initializer: Initializer;
  /** Whether the optimiser changes it; otherwise the network itself does. */
  readonly trained: boolean;
}

/** A network applied to a symbolic input. */
export interface Trace {
  readonly output: Value;
  /** All variables in the order they were first used. */
  readonly variables: readonly Variable[];
  /** What the untrained variables become at the end of a step; those that are missing stay as they are. */
  readonly updates: ReadonlyMap<Value, Value>;
}

class TraceScope implements Scope {
  constructor(
    readonly path: string,
    readonly training: boolean,
    readonly variables: Map<string, Variable>,
    readonly updates: Map<Value, Value>,
  ) {}

  parameter(name: string, shape: readonly number[], initializer: Initializer): Value {
    return this.#variable(name, shape, initializer, true);
  }

  state(name: string, shape: readonly number[], initializer: Initializer): Value {
    return this.#variable(name, shape, initializer, false);
  }

  update(state: Value, next: Value): void {
    this.updates.set(state, next);
  }

  within(name: string): Scope {
    return new TraceScope(this.#full(name), this.training, this.variables, this.updates);
  }

  #full(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  #variable(
    part: string,
    shape: readonly number[],
    initializer: Initializer,
    trained: boolean,
  ): Value {
    const name = this.#full(part);
    const known = this.variables.get(name);
    if (known !== undefined) {
      throw new FlwrError("invalid-argument", `Two parameters have the name "${name}"`, {
        hints: ["Give the layers different names"],
      });
    }
    const value = input(name, "float32", shape) as Node<"input">;
    this.variables.set(name, { name, value, initializer, trained });
    return value;
  }
}

/**
 * Applies a network to a symbolic input and collects its variables.
 *
 * @throws FlwrError "invalid-argument" when shapes do not fit or two parameters have one name
 */
export function trace(network: Layer, x: Value, training: boolean): Trace {
  const scope = new TraceScope("", training, new Map(), new Map());
  const output = applyLayer(network, x, scope);
  for (const [state, next] of scope.updates) {
    if (!sameShape(state.shape, next.shape)) {
      throw new FlwrError(
        "invalid-argument",
        `A state of shape ${showShape(state.shape)} cannot become ${showShape(next.shape)}`,
      );
    }
  }
  return { output, variables: [...scope.variables.values()], updates: scope.updates };
}
