/**
 * The child's side of apart.ts: one task in, one sample out, then the end of the process.
 */
import type { Task } from "./apart.ts";
import type { Sample } from "./measure.ts";
import { coldStart } from "./measures/cold.ts";
import { memoryPerTunnel } from "./measures/memory.ts";
import type { Credentials, Subject } from "./subject.ts";
import { subjectsNamed } from "./subjects.ts";

const WORK: Record<string, (subject: Subject, credentials: Credentials) => Promise<Sample>> = {
  "cold-start": coldStart,
  "memory-per-tunnel": memoryPerTunnel,
};

process.once("message", async ({ bench, subject: name, credentials }: Task) => {
  const [subject] = await subjectsNamed([name]);
  const work = WORK[bench];
  if (subject === undefined || work === undefined) throw new Error(`no ${bench} of ${name}`);
  process.send?.(await work(subject, credentials), () => process.exit());
});
