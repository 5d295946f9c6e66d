/**
 * A WebAssembly module as the functions and instructions that `wasm-objdump` (wabt) prints.
 * Must not know what is looked for in them. Fails on lines that it does not understand.
 */

import { execFileSync } from "node:child_process";

/** One function's code, its final `end` included. */
export interface Code {
  readonly name: string;
  readonly parameters: number;
  readonly results: number;
  readonly instructions: readonly Instruction[];
}

/** `i32.load 2 16` is `{ name: "i32.load", immediates: ["2", "16"] }`. */
export interface Instruction {
  readonly name: string;
  readonly immediates: readonly string[];
}

/** What an instruction must know of the module around it. */
export interface Program {
  /** By index; undefined for an import. */
  readonly functions: readonly (Code | undefined)[];
  readonly signatures: readonly Signature[];
  readonly types: readonly Signature[];
}

export interface Signature {
  readonly parameters: number;
  readonly results: number;
}

/** Reads the module in a file; its names too, if it has a name section. */
export function disassemble(file: string): Program {
  const details = objdump("-x", file);
  const types = [...details.matchAll(/^ - type\[\d+\] \((.*)\) -> (.*)$/gm)].map(([, parameters, results]) => ({
    parameters: count(parameters!),
    results: count(results!),
  }));
  const declared = [...details.matchAll(/^ - func\[(\d+)\] sig=(\d+)(?: <(.*?)>)?/gm)];
  const signatures = declared.map(([, , type]) => types[Number(type)]!);
  const functions: (Code | undefined)[] = declared.map(() => undefined);
  for (const [index, instructions] of bodies(objdump("-d", file))) {
    functions[index] = { name: declared[index]?.[3] ?? `function ${index}`, ...signatures[index]!, instructions };
  }
  return { functions, signatures, types };
}

const count = (list: string): number => (list === "" || list === "nil" ? 0 : list.split(",").length);

function* bodies(listing: string): Generator<[number, Instruction[]]> {
  for (const part of listing.split(/^[0-9a-f]+ func\[/m).slice(1)) {
    const lines = [...part.matchAll(/^ [0-9a-f]+:[^|]*\| +(.+)$/gm)].map(([, line]) => line!);
    yield [parseInt(part, 10), lines.filter((line) => !line.startsWith("local[")).map(instruction)];
  }
}

function instruction(line: string): Instruction {
  const [name, ...immediates] = line.trim().split(/\s+/);
  return { name: name!, immediates };
}

function objdump(option: string, file: string): string {
  return execFileSync("wasm-objdump", [option, file], { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
}
