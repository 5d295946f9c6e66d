/**
 * Follows data through WebAssembly code: all that is read from memory counts as secret, and so
 * does all that is computed from it. Finds where such a value decides which way the code goes
 * (`if`, `br_if`, `br_table`), what it picks (`select`), where it reads or writes (`address`),
 * or enters an instruction whose duration engines and machines let depend on it (`division`).
 *
 * Pointers and lengths that a function is called with, constants, and what is counted from them
 * are not secret, unless a caller among the followed functions passes in what it read. What a
 * decision only implies (`if (secret) x = 1`) is not followed: the decision itself is reported.
 * Must not know which functions there are, nor which finding is harmless.
 */

import type { Code, Instruction, Program, Signature } from "./disassembly.ts";

/** How a secret shows. */
export type Kind = "if" | "br_if" | "br_table" | "select" | "address" | "division";

/** Findings of each function by its name: how many instructions of which kind. */
export type Findings = Map<string, Partial<Record<Kind, number>>>;

/** Whether a load of that function, written as `i32.load 2 72`, reads nothing secret. */
export type Public = (name: string, load: string) => boolean;

/** Follows the functions whose names are wanted. */
export function follow(program: Program, wanted: (name: string) => boolean, isPublic: Public = () => false): Findings {
  const summaries = new Map<Code, Summary>();
  for (const code of program.functions) {
    if (code && wanted(code.name)) summaries.set(code, { parameters: Array(code.parameters).fill(false), result: false, sites: new Map() });
  }
  let changes = 1;
  const note = (): void => void changes++;
  while (changes > 0) {
    changes = 0;
    for (const [code, summary] of summaries) new Walk(program, code, summary, summaries, isPublic, note).run();
  }
  return tally(summaries);
}

/** What is known of a function so far; it only grows. */
interface Summary {
  /** Whether it is called with a secret there. */
  readonly parameters: boolean[];
  result: boolean;
  /** By place in the code. */
  readonly sites: Map<number, Kind>;
}

function tally(summaries: Map<Code, Summary>): Findings {
  const findings: Findings = new Map();
  for (const [{ name }, { sites }] of summaries) {
    const counts = findings.get(name) ?? {};
    for (const kind of sites.values()) counts[kind] = (counts[kind] ?? 0) + 1;
    findings.set(name, counts);
  }
  return findings;
}

/** A block, loop or if that is being walked through. */
interface Frame {
  readonly kind: string;
  /** Where its body begins. */
  readonly start: number;
  readonly height: number;
  readonly arity: number;
  /** The locals at its entry; of a loop, joined with those at each jump back. */
  readonly entry: boolean[];
  hasNewEntry: boolean;
  /** Of an `if`: whether its other branch has been seen; without one, the body can be passed by. */
  hasElse: boolean;
  /** The locals and results at its end, joined over all ways there; undefined as long as there is none. */
  exit: { locals: boolean[]; results: boolean[] } | undefined;
}

/** One pass through one function. A loop is walked again until nothing more becomes secret. */
class Walk {
  #at = 0;
  #locals: boolean[];
  #stack: boolean[] = [];
  #frames: Frame[] = [];

  constructor(
    readonly program: Program,
    readonly code: Code,
    readonly summary: Summary,
    readonly summaries: Map<Code, Summary>,
    readonly isPublic: Public,
    readonly note: () => void,
  ) {
    this.#locals = [...summary.parameters];
  }

  run(): void {
    this.#enter("function", this.code.results);
    for (; this.#frames.length > 0; this.#at++) {
      const instruction = this.code.instructions[this.#at];
      if (!instruction) throw new Error(`${this.code.name} has no end`);
      this.#step(instruction);
    }
  }

  #step({ name, immediates }: Instruction): void {
    switch (name) {
      case "block":
      case "loop":
        return this.#enter(name, immediates.length);
      case "if":
        this.#decide("if", this.#pop());
        return this.#enter(name, immediates.length);
      case "else":
        return this.#otherwise();
      case "end":
        return this.#leave();
      case "br":
        this.#jump(Number(immediates[0]));
        return this.#skip();
      case "br_if":
        this.#decide("br_if", this.#pop());
        return this.#jump(Number(immediates[0]));
      case "br_table":
        this.#decide("br_table", this.#pop());
        for (const depth of immediates) this.#jump(Number(depth));
        return this.#skip();
      case "return":
        this.#jump(this.#frames.length - 1);
        return this.#skip();
      case "unreachable":
        return this.#skip();
      case "call":
        return this.#call(Number(immediates[0]));
      case "call_indirect":
        this.#decide("address", this.#pop());
        return this.#callUnknown(this.program.types[parseInt(immediates.at(-1)!, 10)]!);
      default:
        return this.#compute(name, Number(immediates[0]));
    }
  }

  /** All that goes straight on. */
  #compute(name: string, index: number): void {
    const stack = this.#stack;
    if (name === "local.get") stack.push(this.#locals[index] ?? false);
    else if (name === "local.set") this.#locals[index] = this.#pop();
    else if (name === "local.tee") this.#locals[index] = stack.at(-1)!;
    else if (name === "drop" || name === "global.set") this.#pop();
    else if (name === "nop") return;
    else if (/^global.get$|^memory.size$|\.const$/.test(name)) stack.push(false);
    else if (/^memory.(copy|fill)$/.test(name)) this.#moveMemory(name);
    else if (/store/.test(name)) this.#write();
    else if (/load.*_lane/.test(name)) this.#replace(2, true, () => this.#decide("address", stack.at(-2)!));
    else if (/load/.test(name)) this.#read();
    else if (name === "select") this.#replace(3, false, () => this.#decide("select", stack.at(-1)!));
    else if (/\.(div|rem)/.test(name)) this.#replace(2, false, () => this.#decide("division", stack.at(-1)! || stack.at(-2)!));
    else this.#replace(operands(name), false);
  }

  /** Operands give way to a result, secret if one of them is. */
  #replace(operands: number, isSecret: boolean, look?: () => void): void {
    look?.();
    const taken = this.#take(operands);
    this.#stack.push(isSecret || taken.includes(true));
  }

  /** At a fixed address there are constants alone: nothing in the module's C is static and changes. */
  #read(): void {
    this.#decide("address", this.#pop());
    const { name, immediates } = this.code.instructions[this.#at]!;
    const isFixed = this.code.instructions[this.#at - 1]?.name === "i32.const";
    this.#stack.push(!isFixed && !this.isPublic(this.code.name, [name, ...immediates].join(" ")));
  }

  #write(): void {
    this.#pop();
    this.#decide("address", this.#pop());
  }

  /** Source and target are addresses; a length shows as one does. */
  #moveMemory(name: string): void {
    const [target, source, length] = this.#take(3);
    this.#decide("address", target! || length! || (name === "memory.copy" && source!));
  }

  #call(index: number): void {
    const callee = this.program.functions[index];
    const known = callee && this.summaries.get(callee);
    if (callee && /^_*mem(cpy|move|set)$/.test(callee.name)) return this.#replace(3, false);
    if (!known) return this.#callUnknown(this.program.signatures[index]!);
    for (const [at, isSecret] of this.#take(callee.parameters).entries()) {
      if (!isSecret || known.parameters[at]) continue;
      known.parameters[at] = true;
      this.note();
    }
    if (callee.results > 0) this.#stack.push(known.result);
  }

  /** Whatever another function answers may come from memory. */
  #callUnknown({ parameters, results }: Signature): void {
    this.#take(parameters);
    for (let i = 0; i < results; i++) this.#stack.push(true);
  }

  #decide(kind: Kind, isSecret: boolean): void {
    if (isSecret) this.summary.sites.set(this.#at, kind);
  }

  #enter(kind: string, arity: number): void {
    const { length: height } = this.#stack;
    this.#frames.push({ kind, arity, height, start: this.#at, entry: [...this.#locals], hasNewEntry: false, hasElse: false, exit: undefined });
  }

  #otherwise(): void {
    const frame = this.#frames.at(-1)!;
    this.#arrive(frame);
    this.#beginElse(frame);
  }

  #beginElse(frame: Frame): void {
    frame.hasElse = true;
    this.#begin(frame, this.#at);
  }

  /** At an `end` that is reached from above. */
  #leave(): void {
    const frame = this.#frames.at(-1)!;
    this.#arrive(frame);
    this.#close(frame);
  }

  #close(frame: Frame): void {
    if (frame.kind === "loop" && frame.hasNewEntry) {
      frame.hasNewEntry = false;
      return this.#begin(frame, frame.start);
    }
    if (frame.kind === "if" && !frame.hasElse) this.#reach(frame, frame.entry, []);
    this.#frames.pop();
    if (frame.kind === "function") return this.#conclude(frame);
    if (!frame.exit) return this.#skip();
    this.#stack.length = frame.height;
    this.#stack.push(...frame.exit.results);
    this.#locals = frame.exit.locals;
  }

  #begin(frame: Frame, at: number): void {
    this.#at = at;
    this.#stack.length = frame.height;
    this.#locals = [...frame.entry];
  }

  #conclude({ exit }: Frame): void {
    if (!exit?.results.includes(true) || this.summary.result) return;
    this.summary.result = true;
    this.note();
  }

  #jump(depth: number): void {
    const frame = this.#frames.at(-1 - depth)!;
    if (frame.kind !== "loop") return this.#arrive(frame);
    if (join(frame.entry, this.#locals)) frame.hasNewEntry = true;
  }

  #arrive(frame: Frame): void {
    const results = frame.arity > 0 ? this.#stack.slice(-frame.arity) : [];
    if (this.#stack.length < frame.height + frame.arity) throw new Error(`${this.code.name}: the stack is short at ${this.#at}`);
    this.#reach(frame, this.#locals, results);
  }

  #reach(frame: Frame, locals: readonly boolean[], results: boolean[]): void {
    frame.exit ??= { locals: [...locals], results };
    join(frame.exit.locals, locals);
    join(frame.exit.results, results);
  }

  /** Nobody comes here: on to the next `else` or `end` of the innermost frame. */
  #skip(): void {
    const frame = this.#frames.at(-1);
    if (!frame) return;
    for (let depth = 0; ; ) {
      const name = this.code.instructions[++this.#at]?.name;
      if (name === undefined) throw new Error(`${this.code.name} has no end`);
      if (name === "block" || name === "loop" || name === "if") depth++;
      else if (name === "else" && depth === 0) return this.#beginElse(frame);
      else if (name === "end" && depth-- === 0) return this.#close(frame);
    }
  }

  #pop(): boolean {
    return this.#take(1)[0]!;
  }

  #take(count: number): boolean[] {
    if (this.#stack.length < count) throw new Error(`${this.code.name}: the stack is empty at ${this.#at}`);
    return this.#stack.splice(this.#stack.length - count, count);
  }
}

/** Adds to `known` what is secret in `more`; whether that was anything. */
function join(known: boolean[], more: readonly boolean[]): boolean {
  let grew = false;
  more.forEach((isSecret, at) => {
    if (!isSecret || known[at]) return;
    known[at] = true;
    grew = true;
  });
  return grew;
}

const UNARY =
  /\.(eqz|clz|ctz|popcnt|extend\w*|wrap\w*|trunc\w*|convert\w*|promote\w*|demote\w*|reinterpret\w*|neg|abs|sqrt|ceil|floor|nearest|not|splat|extract_lane\w*|all_true|any_true|bitmask|extadd\w*)$|^memory.grow$/;

/** How many operands an instruction takes that has one result. */
function operands(name: string): number {
  if (name === "v128.bitselect") return 3;
  return UNARY.test(name) ? 1 : 2;
}
