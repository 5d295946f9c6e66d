/**
 * Primitives side by side, as a command: what a call costs in our kernels and elsewhere.
 *
 * Owns what is measured and that every answer is right before it is timed. All share this
 * process, for none of them leaves much behind; rounds are interleaved as in rounds.ts.
 */
import { createECDH } from "node:crypto";
import { buildKernels } from "../test/fast/kernels.ts";
import { collect } from "./apart.ts";
import { machine } from "./machine.ts";
import { noise, rate } from "./measure.ts";
import { parsed, type Options } from "./options.ts";
import { isInstalled } from "./peer.ts";
import { kernels } from "./primitives/kernels.ts";
import { noble } from "./primitives/noble.ts";
import { node } from "./primitives/node.ts";
import { joined, type Primitives, type Sealing, type Signing, type Work } from "./primitives/primitive.ts";
import { sodium } from "./primitives/sodium.ts";
import { web } from "./primitives/web.ts";
import type { Result } from "./rounds.ts";
import { spread } from "./statistics.ts";
import { table, type Titled } from "./table.ts";

interface Question extends Titled {
  /** What one piece of work amounts to, in the unit. */
  readonly amount: number;
  ask(library: Primitives): Work | Promise<Work> | undefined;
  /** Is that the right answer? */
  check(answer: Uint8Array | boolean): boolean | Promise<boolean>;
}

async function main({ json, pace, only }: Options): Promise<void> {
  buildKernels();
  const libraries = [
    ...[kernels("xtls"), node, web],
    ...(isInstalled("@noble/curves") ? [await noble()] : []),
    ...(isInstalled("libsodium-wrappers") ? [await sodium()] : []),
  ];
  const asked = (await questions()).filter(({ bench }) => only?.includes(bench) ?? true);
  const results: Result[] = [];
  for (const question of asked) results.push(...(await answered(question, libraries, pace)));
  if (json) return results.forEach((result) => console.log(JSON.stringify(result)));
  console.log(`${JSON.stringify(machine())}\n\n${table(asked, results)}\n`);
  for (const { name, version } of libraries) console.log(`- ${name}: ${version}`);
}

async function questions(): Promise<Question[]> {
  const signing = await signature();
  const agreement = { privateKey: noise(32), publicKey: noise(32) };
  const secret = await (await node.x25519!(agreement))();
  const perSecond = { unit: "1/s", amount: 1 } as const;
  return [
    ...(await Promise.all([16_384, 1024, 64].flatMap((size) => [sealed("chacha", size), sealed("aes128", size)]))),
    {
      ...{ bench: "x25519", title: "X25519, shared secret", ...perSecond },
      ask: (library) => library.x25519?.(agreement),
      check: (answer) => isSame(answer, secret),
    },
    {
      ...{ bench: "p256-sign", title: "P-256, sign", ...perSecond },
      ask: (library) => library.sign?.(signing),
      check: async (answer) =>
        answer instanceof Uint8Array && (await (await node.verify!({ ...signing, signature: joined(answer) }))()) === true,
    },
    {
      ...{ bench: "p256-verify", title: "P-256, verify", ...perSecond },
      ask: (library) => library.verify?.(signing),
      check: (answer) => answer === true,
    },
  ];
}

const TITLES = { chacha: "ChaCha20-Poly1305", aes128: "AES-128-GCM" } as const;

async function sealed(cipher: keyof typeof TITLES, size: number): Promise<Question> {
  const key = noise(cipher === "chacha" ? 32 : 16);
  const input: Sealing = { key, nonce: noise(12), additional: noise(5), plaintext: noise(size) };
  const expected = await (await node[cipher]!(input))();
  return {
    bench: `${cipher}-${size}`,
    title: `${TITLES[cipher]}, seal ${size.toLocaleString("en")} B`,
    unit: "MiB/s",
    amount: size / 2 ** 20,
    ask: (library) => library[cipher]?.(input),
    check: (answer) => isSame(answer, expected),
  };
}

async function signature(): Promise<Signing> {
  const curve = createECDH("prime256v1");
  const publicKey = joined(curve.generateKeys());
  const short = curve.getPrivateKey();
  const privateKey = joined(new Uint8Array(32 - short.length), short);
  const unsigned = { privateKey, publicKey, message: noise(32), signature: new Uint8Array() };
  return { ...unsigned, signature: joined((await (await node.sign!(unsigned))()) as Uint8Array) };
}

const isSame = (answer: unknown, expected: unknown): boolean =>
  answer instanceof Uint8Array && expected instanceof Uint8Array && Buffer.compare(answer, expected) === 0;

async function answered(question: Question, libraries: readonly Primitives[], pace: Options["pace"]): Promise<Result[]> {
  const turns: { name: string; work: Work; values: number[] }[] = [];
  for (const library of libraries) {
    const work = await question.ask(library);
    if (work === undefined) continue;
    if (!(await question.check(await work()))) throw new Error(`${library.name}: ${question.bench} is wrong`);
    turns.push({ name: library.name, work, values: [] });
  }
  for (const { work } of turns) await timed(work, pace.warmUp / 4);
  for (let round = 0; round < pace.rounds; round++)
    for (const { work, values } of turns) values.push((await timed(work, pace.window / 2)) * question.amount);
  return turns.map(({ name, values }) => result(question, name, values));
}

/** Many to a glance at the clock, for some take less than a microsecond. */
async function timed(work: Work, window: number): Promise<number> {
  collect();
  return rate(window, BATCH, () => {
    const first = work();
    if (first instanceof Promise) return first.then(() => repeated(work));
    for (let done = 1; done < BATCH; done++) work();
  });
}

async function repeated(work: Work): Promise<void> {
  for (let done = 1; done < BATCH; done++) await work();
}

const BATCH = 8;

function result({ bench, unit }: Question, subject: string, values: readonly number[]): Result {
  const { median, min, max } = spread(values);
  const rounds = values.length;
  return { bench, subject, value: median, unit, min, max, rounds, better: "more" };
}

await main(parsed(process.argv.slice(2)));
process.exit();
