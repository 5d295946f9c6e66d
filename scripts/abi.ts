/**
 * Makes wasm/abi.ts from wasm/abi.txt, the one description of the module's imports and exports.
 *
 *     tsx scripts/abi.ts            write wasm/abi.ts
 *     tsx scripts/abi.ts --check    fail when wasm/abi.ts is stale
 *
 * It knows the text's grammar and TypeScript's; what the functions do stands in core/*.h.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("../wasm/abi.txt", import.meta.url));
const TARGET = fileURLToPath(new URL("../wasm/abi.ts", import.meta.url));

const NUMBERS = new Map([
  ["i32", "number"],
  ["u32", "number"],
  ["f64", "number"],
  ["void", "void"],
]);
const MEMORY = new Map([
  ["bytes", "Bytes"],
  ["out", "Out"],
]);

/** One function of the module: its name, `[parameter, type]` pairs and the type it returns. */
export interface Signature {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, type: string])[];
  readonly result: string;
}

/** What wasm/abi.txt says. */
export interface Abi {
  readonly version: number;
  readonly imports: readonly Signature[];
  readonly exports: readonly Signature[];
}

/**
 * Reads the text of wasm/abi.txt.
 *
 * @throws SyntaxError that names the line which is no comment, `abi N`, `import …` or `export …`
 */
export function parseAbi(text: string): Abi {
  const abi = { version: 0, imports: [] as Signature[], exports: [] as Signature[] };
  for (const line of text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    const [, version] = /^abi (\d+)$/.exec(line) ?? [];
    const [, direction, rest] = /^(import|export) (.+)$/.exec(line) ?? [];
    if (version !== undefined) abi.version = Number(version);
    else if (direction === "import") abi.imports.push(parseSignature(rest ?? ""));
    else if (direction === "export") abi.exports.push(parseSignature(rest ?? ""));
    else throw new SyntaxError(`abi.txt: cannot read "${line}"`);
  }
  return abi;
}

function parseSignature(text: string): Signature {
  const [, name, list, result] = /^(xtls_\w+)\((.*)\): (\w+)$/.exec(text) ?? [];
  if (name === undefined || list === undefined || result === undefined)
    throw new SyntaxError(`abi.txt: cannot read the signature "${text}"`);
  const parameters = list === "" ? [] : list.split(", ").map(parseParameter);
  return { name, parameters, result };
}

function parseParameter(text: string): readonly [string, string] {
  const [, name, type] = /^(\w+): (\w+)$/.exec(text) ?? [];
  if (name === undefined || type === undefined)
    throw new SyntaxError(`abi.txt: cannot read the parameter "${text}"`);
  return [name, type];
}

/** The text of wasm/abi.ts. */
export function printAbi({ version, imports, exports }: Abi): string {
  return `// Generated from abi.txt by scripts/abi.ts: change that and run \`make abi\`.

declare const brand: unique symbol;

/** An address in the module's memory; the brand keeps one kind of block from passing for another. */
export type Pointer<Kind extends string> = number & { readonly [brand]: Kind };

/** Raw memory. */
export type Bytes = Pointer<"bytes">;
/** Raw memory of at least four bytes, where a pointer or a u32 is written. */
export type Out = Bytes;
${structs([...imports, ...exports]).map(printStruct).join("")}
/** What \`xtls_abi_version\` must return for this file to hold. */
export const ABI_VERSION = ${version};

/** The module name under which the module asks for its imports. */
export const IMPORT_MODULE = "env";

/** What the host provides. */
export interface Imports {
${imports.map(printSignature).join("")}}

/** What the module provides. */
export interface Exports {
  readonly memory: WebAssembly.Memory;
  /** The linker's, when the module has constructors to run: to be called once, before anything else. */
  _initialize?(): void;
${exports.map(printSignature).join("")}}

export const IMPORT_NAMES = [
${imports.map(printName).join("")}] as const satisfies readonly (keyof Imports)[];

export const EXPORT_NAMES = [
  "memory",
${exports.map(printName).join("")}] as const satisfies readonly (keyof Exports)[];
`;
}

/** Every opaque struct that a signature names. */
function structs(signatures: readonly Signature[]): string[] {
  const types = signatures.flatMap(({ parameters, result }) => [...parameters.map(([, type]) => type), result]);
  return [...new Set(types)].filter((type) => !NUMBERS.has(type) && !MEMORY.has(type));
}

function printStruct(name: string): string {
  return `/** An \`xtls_${name}\` of core/${name}.h. */\nexport type ${typeName(name)} = Pointer<"${name}">;\n`;
}

function printSignature({ name, parameters, result }: Signature): string {
  const list = parameters.map(([parameter, type]) => `${camelCase(parameter)}: ${typeName(type)}`);
  return `  ${name}(${list.join(", ")}): ${typeName(result)};\n`;
}

function printName({ name }: Signature): string {
  return `  "${name}",\n`;
}

function typeName(type: string): string {
  return NUMBERS.get(type) ?? MEMORY.get(type) ?? `${type[0]?.toUpperCase()}${type.slice(1)}Pointer`;
}

function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function main(): void {
  const text = printAbi(parseAbi(readFileSync(SOURCE, "utf8")));
  if (!process.argv.includes("--check")) writeFileSync(TARGET, text);
  else if (readFileSync(TARGET, "utf8") !== text) {
    console.error("wasm/abi.ts is not what wasm/abi.txt says: run `make abi`");
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
