/**
 * The child's side of apart.ts: one subject, measured as it is told.
 */
import { collect, type Answer, type Task } from "./apart.ts";
import type { Sample, Sampler, Stage } from "./measure.ts";
import { measureNamed } from "./measures/all.ts";
import { subjectsNamed } from "./subjects.ts";

let stage: Stage | undefined;
let sampler: Sampler | undefined;
let isWarm = false;

async function perform(task: Task): Promise<unknown> {
  if (task.verb === "seat") return void (stage = await seated(task));
  if (task.verb === "prepare") return prepare(task.bench);
  if (task.verb === "sample") return sample(task.window);
  sampler?.[Symbol.dispose]?.();
  sampler = undefined;
}

async function seated({ subject: name, credentials }: Task & { verb: "seat" }): Promise<Stage> {
  const [subject] = await subjectsNamed([name]);
  if (subject === undefined) throw new Error("no such subject");
  await subject.evaluate?.();
  const own = (await subject.credentials?.()) ?? credentials;
  let loaded: ReturnType<typeof subject.load> | undefined;
  return { subject, credentials: own, loaded: () => (loaded ??= subject.load(own)) };
}

async function prepare(bench: string): Promise<boolean> {
  const measure = measureNamed(bench);
  if (stage === undefined || measure === undefined) throw new Error(`no ${bench}`);
  isWarm = measure.warm;
  sampler = await measure.prepare(stage);
  return sampler !== undefined;
}

/** What lies about is swept up before; and as a collection shrinks the young heap, a run-up comes first. */
async function sample(window: number): Promise<Sample> {
  if (sampler === undefined) throw new Error("nothing was prepared");
  collect();
  if (isWarm) await sampler.sample(window / 4);
  return sampler.sample(window);
}

process.on("message", (task: Task) => {
  const send = (answer: Answer): void => void process.send?.(answer);
  perform(task).then(
    (value) => send({ value }),
    (error: unknown) => send({ error: error instanceof Error ? String(error.stack) : String(error) }),
  );
});
process.once("disconnect", () => process.exit());
